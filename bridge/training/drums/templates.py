"""The drum templates of the factorisation: how the kits' strokes sound on average.

A template is a magnitude spectrum that sums to 1: the median, over kits, of the mean over the
frames of a stroke's first tenth of a second. The median, because single recordings rumble.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save

from bridge.engines.transcription.drums import nmf
from bridge.engines.transcription.drums.kit import DRUMS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from bridge.engines.transcription.drums.kit import Drum
    from bridge.training.drums.strokes import Kit

TEMPLATE_DRUMS = ("kick", "snare", "closed hi-hat")
_FRAMES = 9
_LOUD = 2
"""How many of a sound's strokes, from the loudest, count."""


def templates(kits: Collection[Kit]) -> dict[str, nmf.Matrix]:
    """Return a template for each of `TEMPLATE_DRUMS`."""
    found = {}
    for drum in DRUMS:
        if drum.name in TEMPLATE_DRUMS:
            spectra = [_spectrum(kit, drum) for kit in kits]
            usual = np.median([one for one in spectra if one is not None], axis=0)
            found[drum.name] = np.asarray(usual / usual.sum(), dtype=np.float32)
    return found


def _spectrum(kit: Kit, drum: Drum) -> nmf.Matrix | None:
    """Return the mean magnitude spectrum of a kit's strokes on a drum, which sums to 1."""
    spectra = []
    for key in drum.keys:
        for stroke in kit.get(key, ())[-_LOUD:]:
            samples = (_FRAMES - 1) * nmf.HOP_SAMPLES + nmf.FRAME_SAMPLES
            audio = np.zeros(samples, dtype=np.float32)
            # The first frame is centred on the onset, as when a recording is heard.
            place = nmf.FRAME_SAMPLES // 2 - stroke.onset
            heard = stroke.audio[: samples - place].astype(np.float32)
            audio[place : place + len(heard)] = heard
            spectrum = nmf.spectrogram(audio, _FRAMES).mean(axis=1)
            spectra.append(spectrum / spectrum.sum())
    return np.mean(spectra, axis=0, dtype=np.float32) if spectra else None


def write_templates(found: Mapping[str, nmf.Matrix], path: Path) -> None:
    """Write templates as the engine reads them."""
    path.write_bytes(save({name: np.ascontiguousarray(row) for name, row in found.items()}))
