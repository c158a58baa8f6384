"""Where drums are struck, to a few milliseconds: how much louder the spectrum becomes.

The sum over frequencies of the rise in magnitude from frame to frame, known as spectral flux
(S. Dixon, "Onset Detection Revisited", DAFx 2006, section 2.1). What follows a stroke, however loud
it booms, rises slowly; the stroke itself rises at all frequencies at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.transcription.drums.peaks import PeakRule, find_peaks, refine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer

    Curve = NDArray[np.float32]

SAMPLE_RATE = 44_100
HOP_SAMPLES = 128
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES

_FRAME_SAMPLES = 512
_BLOCK_FRAMES = 4096
_EARLIER_S = 0.08
"""How long a kick may boom before it is loudest."""

_LATER_S = 0.035
_APART_FRAMES = round(0.03 * FRAMES_PER_SECOND)
_STRONG = 0.5
"""Share of the strongest attack nearby that makes one of its own, not a rattle of the last."""

_AROUND_FRAMES = 35
_PROMINENCE = 2.0
"""How much stronger an attack is than what is usual in the 0.1 s on either side."""


def strength(buffer: DiskBuffer) -> Curve:
    """Return how much louder a recording becomes, of shape ``(frames,)``, not negative.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged. Frame ``f`` is centred on sample
        ``f * HOP_SAMPLES``.
    """
    frames = -(-buffer.frames // HOP_SAMPLES)
    taper = np.hanning(_FRAME_SAMPLES).astype(np.float32)
    rises = np.zeros(frames, dtype=np.float32)
    for first in range(0, frames, _BLOCK_FRAMES):
        count = min(_BLOCK_FRAMES, frames - first)
        start = (first - 1) * HOP_SAMPLES - _FRAME_SAMPLES // 2
        audio = buffer.read(start, count * HOP_SAMPLES + _FRAME_SAMPLES).mean(axis=0)
        windows = np.lib.stride_tricks.sliding_window_view(audio, _FRAME_SAMPLES)[::HOP_SAMPLES]
        magnitudes = np.abs(np.fft.rfft(windows * taper, axis=1))
        rises[first : first + count] = np.maximum(0.0, np.diff(magnitudes, axis=0)).sum(axis=1)
    return rises


def attack_before(rises: Curve, heard_s: float) -> float | None:
    """Return when a drum was struck that is heard at a time, in seconds; None if nothing was.

    The last strong attack is taken: that of a hi-hat just before belongs to the hi-hat.

    Parameters
    ----------
    rises
        As `strength` returned them.
    heard_s
        Where the drum rises most.
    """
    first = max(0, int((heard_s - _EARLIER_S) * FRAMES_PER_SECOND))
    near = rises[first : int((heard_s + _LATER_S) * FRAMES_PER_SECOND) + 1]
    around = rises[max(0, first - _AROUND_FRAMES) : first + len(near) + _AROUND_FRAMES]
    least = max(_STRONG * float(near.max(initial=0.0)), _PROMINENCE * float(np.median(around)))
    found = find_peaks(near, PeakRule(least, 0, _APART_FRAMES))
    if not found.size:
        return None
    last = int(found[-1]) + first
    begin = max(0, last - 1)
    beside = rises[begin : last + 2] / rises[last]
    place = float(refine(beside, np.array([last - begin]))[0])
    return (begin + place) / FRAMES_PER_SECOND
