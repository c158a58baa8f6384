"""Annotated notes as people write them, and a recording scored against them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.engines.evaluation_notes import heard_notes, read_notes
from bridge.engines.note_scores import score_notes
from bridge.engines.transcription.settings import NetworkSettings
from bridge.errors import SourceNotFoundError, UnsupportedAudioError
from tests.engines.transcription.tones import melody

NOTES = [(0.5, 1.0, 60.0), (1.25, 1.75, 64.5)]


def written(folder: Path, text: str) -> Path:
    path = folder / "notes.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "onset_s,offset_s,midi_pitch\n0.5,1.0,60\n1.25,1.75,64.5\n",
        "0.5\t1.0\t60\n1.25\t1.75\t64.5",
        "\ufeff0.5 1.0 60\n\n# a remark\n1.25   1.75   64.5\n",
        "Start;Duration;Frequency\n0.5;0.5;261.6255653\n1.25;0.5;339.2863815\n",
        "pitch,onset,offset,velocity\n60,0.5,1.0,90\n64.5,1.25,1.75,80\n",
        '"onset","offset","note"\r\n0.5,1.0,60\r\n1.25,1.75,64.5\r\n',
    ],
)
def test_ways_to_write_notes(tmp_path: Path, text: str) -> None:
    table = read_notes(written(tmp_path, text))

    np.testing.assert_allclose(table.intervals_s, [note[:2] for note in NOTES])
    np.testing.assert_allclose(table.pitches, [note[2] for note in NOTES], atol=1e-6)


def test_no_notes_are_no_fault(tmp_path: Path) -> None:
    assert read_notes(written(tmp_path, "")).pitches.size == 0
    assert read_notes(written(tmp_path, "onset,offset,pitch\n")).pitches.size == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0.5,1.0\n", "line 1: an onset and an offset in seconds and a MIDI note"),
        ("0.5,1.0,60\n1.0,x,60\n", "line 2"),
        ("1.0,0.5,60\n", "must not be negative or after the offset"),
        ("-1.0,0.5,60\n", "must not be negative"),
        ("0.5,1.0,nan\n", "the pitch a number"),
        ("onset,offset,freq_hz\n0.5,1.0,0\n", "the pitch a number"),
        ("time,what\n0.5,60\n", "must name an onset, an offset and a pitch; it says time, what"),
    ],
)
def test_what_is_no_list_of_notes(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UnsupportedAudioError, match=sentence):
        read_notes(written(tmp_path, text))


def test_annotations_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"notes\.csv' are not there"):
        read_notes(tmp_path / "notes.csv")


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")

    with pytest.raises(UnsupportedAudioError, match="cannot be read"):
        read_notes(path)


@pytest.mark.parametrize("decoder", ["ours", "upstream"])
def test_a_recording_is_heard_as_a_job_hears_it(tmp_path: Path, decoder: str) -> None:
    played = [(0.3 + 0.5 * step, 0.45, 55.0 + 2 * step) for step in range(6)]
    path = tmp_path / "scale.wav"
    soundfile.write(path, melody(4.0, played, 44_100), 44_100)
    settings = NetworkSettings(
        engine="basic-pitch", decoder=decoder, onset_threshold=0.5, frame_threshold=0.3
    )
    rows = "".join(f"{onset},{onset + length},{pitch}\n" for onset, length, pitch in played)

    heard = heard_notes(path, settings, tmp_path, lambda _: None)

    assert score_notes(read_notes(written(tmp_path, rows)), heard).recall == 1.0
