"""Songs without the singer, who is tested by himself, and quick to render."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.training import singer
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.audio import Audio
    from bridge.training.songs.values import NoteEvent


@pytest.fixture
def humming(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[NoteEvent]]:
    """Let a sine stand for the singer; return the lines that it was given."""
    lines: list[Sequence[NoteEvent]] = []

    def hum(line: Sequence[NoteEvent], duration_s: float, rng: np.random.Generator) -> Audio:
        lines.append(line)
        time_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
        audio = np.zeros((1, len(time_s)), dtype=np.float32)
        for note in line:
            held = (time_s >= note.start_s) & (time_s < note.start_s + note.length_s)
            hertz = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
            audio[0, held] = 0.3 * np.sin(2 * np.pi * hertz * time_s[held])
        return audio

    monkeypatch.setattr(singer, "sing", hum)
    return lines
