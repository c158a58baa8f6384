"""Damaged files give a named error or audio that can be worked with, and cost little."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.engines.audio_files import read_region
from bridge.errors import BridgeError, UnsupportedAudioError
from bridge.models import Region
from tests.faults.recordings import FORMATS, RATE, corpus


def test_a_part_of_the_corpus(tmp_path: Path) -> None:
    corpus(tmp_path, 8 * len(FORMATS), seed=7).check()


def test_a_child_that_crashes_loses_its_case_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness itself: a crash must not look like the end of the corpus."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, soundfile\n"
        "class Crashing(soundfile.SoundFile):\n"
        "    def __init__(self, path, *more):\n"
        "        if str(path).endswith('.caf'): os.abort()\n"
        "        super().__init__(path, *more)\n"
        "soundfile.SoundFile = Crashing\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    outcome = corpus(tmp_path, len(FORMATS), seed=7)
    assert "2 crashes" in outcome.held
    outcome.check()


def read(path: Path, folder: Path, **options: object) -> np.ndarray:
    region = Region(path=str(path), start_s=0.1)
    return read_region(region, folder, max_region_s=60.0, **options).audio.read()  # type: ignore[arg-type]


def test_a_place_that_cannot_be_reached_is_a_named_error(tmp_path: Path) -> None:
    """libsndfile's own error came through when the data's size in the header was nonsense."""
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros((RATE, 2)), RATE, subtype="PCM_16")
    whole = path.read_bytes()
    at = whole.index(b"fmt ") + 20
    faults = []
    for align in range(1, 64):  # frames of another size than the data has
        path.write_bytes(whole[:at] + struct.pack("<H", align) + whole[at + 2 :])
        try:
            read(path, tmp_path)
        except BridgeError as exc:
            faults.append(exc.code)
    assert set(faults) <= {"unsupported_audio"}


def test_seeking_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros((RATE, 2)), RATE, subtype="PCM_16")

    def fail(*_: object) -> None:
        raise soundfile.LibsndfileError(38)

    monkeypatch.setattr(soundfile.SoundFile, "seek", fail)
    with pytest.raises(UnsupportedAudioError, match="cannot be reached"):
        read(path, tmp_path)


def test_samples_too_large_to_add_up_become_silence(tmp_path: Path) -> None:
    """They were finite in the file, and infinite once they were resampled."""
    path = tmp_path / "song.wav"
    audio = np.full((RATE, 2), 0.25, dtype=np.float32)
    audio[RATE // 2 : RATE // 2 + 100] = np.float32(3e38)
    soundfile.write(path, audio, RATE, subtype="FLOAT")
    found = read(path, tmp_path, sample_rate=48_000)
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 0.5
