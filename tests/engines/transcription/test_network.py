"""Our arrangement of the network gives the original's answers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.transcription import network
from bridge.engines.transcription.network import WINDOW_FRAMES, WINDOW_SAMPLES, hear_window
from bridge.errors import EngineFailedError, ModelUnavailableError
from tests.engines.transcription.tones import melody


def window(level: float = 1.0) -> np.ndarray:
    chord = [(0.1 * index, 0.9, float(pitch)) for index, pitch in enumerate((33, 52, 64, 71.3, 88))]
    audio = level * melody(2.0, chord)[:WINDOW_SAMPLES]
    return np.pad(audio, (0, WINDOW_SAMPLES - len(audio)))[np.newaxis].astype(np.float32)


@pytest.mark.parametrize("level", [1.0, 1e-3])
def test_rearranging_changed_nothing(level: float) -> None:
    ours = hear_window(window(level))
    original = hear_window(window(level), rearranged=False)

    assert {name: block.shape for name, block in ours.items()} == {
        "notes": (WINDOW_FRAMES, 88),
        "onsets": (WINDOW_FRAMES, 88),
        "contours": (WINDOW_FRAMES, 264),
    }
    assert ours["notes"].max() > 0.5
    for name, block in original.items():
        np.testing.assert_allclose(ours[name], block, atol=2e-5)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"gone\.onnx is missing: install basic-pitch"):
        hear_window(window(), tmp_path / "gone.onnx")


def test_a_spoilt_file_is_the_engine_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.onnx"
    path.write_bytes(b"no network")

    with pytest.raises(EngineFailedError, match="cannot be loaded"):
        hear_window(window(), path)


def test_the_original_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ModelUnavailableError, match=r"install basic-pitch 0\.4\.0"):
        network.network_path()


def test_basic_pitch_itself_is_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "basic_pitch", raising=False)

    hear_window(window(), network.network_path())

    assert "basic_pitch" not in sys.modules
