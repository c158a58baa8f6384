"""Which audio is sent: the very stretch of the file, or what the item plays, written out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.daws.reaper.project import Source, samples_of
from tests.daws.reaper.studio import RATE, Studio, recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.daws.reaper.project import Item


def sent(studio: Studio, *items: Item) -> list[dict[str, str]]:
    """Press Stems on items; return the options of each job."""
    told = recorder(studio.scripts, studio.folder)
    studio.project.select(*items)
    studio.press("Stems")
    studio.reaper.run_to_end()
    calls = []
    for words in told():
        assert words[:2] == ["run", "stems"]
        calls.append(dict(word[2:].split("=", 1) for word in words[2:]))
    return calls


def samples(call: dict[str, str]) -> NDArray[np.float32]:
    """Return the audio that a job is to work on."""
    start = round(float(call["start"]) * RATE)
    return samples_of(call["path"])[start : start + round(float(call["length"]) * RATE)]


def file_of(source: Source) -> NDArray[np.float32]:
    return samples_of(source.root().path)


def test_a_trimmed_item_is_a_stretch_of_its_file(studio: Studio) -> None:
    source = studio.audio("long take.wav", 4.0)
    item = studio.track("Git").add_item(source, 10.0, 1.25, D_STARTOFFS=0.5)
    (call,) = sent(studio, item)
    assert call["path"] == source.path
    assert np.array_equal(samples(call), file_of(source)[22050 : 22050 + 55125])
    assert float(call["position"]) == 10.0
    assert (call["tempo"], call["meter"], call["track"]) == ("120", "4/4", "Git")


def test_a_start_between_two_samples_begins_with_the_one_before(studio: Studio) -> None:
    source = studio.audio("a.wav")
    offset_s = 1000.6 / RATE
    item = studio.track().add_item(source, 3.0, 0.5, D_STARTOFFS=offset_s)
    (call,) = sent(studio, item)
    assert round(float(call["start"]) * RATE, 6) == 1000
    assert float(call["position"]) == pytest.approx(3.0 - 0.6 / RATE, abs=1e-9)
    assert len(samples(call)) == 22051, "the last sample counts too"


def test_the_time_selection_cuts_every_item(studio: Studio) -> None:
    track, source = studio.track(), studio.audio("a.wav")
    first, second = track.add_item(source, 0.0, 2.0), track.add_item(source, 2.0, 2.0)
    beyond = track.add_item(source, 5.0, 1.0)
    studio.project.selection_s = (1.5, 2.5)
    calls = sent(studio, first, second, beyond)
    assert [(float(c["start"]), float(c["length"])) for c in calls] == [(1.5, 0.5), (0.0, 0.5)]
    assert [float(call["position"]) for call in calls] == [1.5, 2.0]


@pytest.mark.parametrize(("rate", "channels"), [(96_000, 1), (48_000, 2), (22_050, 1)])
def test_a_file_keeps_its_own_rate_and_channels(studio: Studio, rate: int, channels: int) -> None:
    """The project's rate is another: what is sent are the file's samples, not converted ones."""
    audio = np.random.default_rng(rate).uniform(-0.5, 0.5, (rate * 2, channels))
    path = studio.folder / "a.wav"
    soundfile.write(path, audio.astype(np.float32), rate, subtype="FLOAT")
    item = studio.track().add_item(Source.of_file(path), 4.0, 0.7, D_STARTOFFS=0.5)
    (call,) = sent(studio, item)
    assert call["path"] == str(path)
    assert (float(call["start"]), float(call["length"])) == (0.5, 0.7)

    item.take.values["D_PLAYRATE"] = 2.0
    (written,) = [call for call in sent(studio, item) if call["path"] != str(path)]
    info = soundfile.info(written["path"])
    assert (info.samplerate, info.channels) == (rate, channels)
    played = item.take.audio(rate, channels, 0.0, info.frames)
    assert np.array_equal(samples_of(written["path"]), played)


def test_reaper_closed_while_an_item_is_read(studio: Studio) -> None:
    """What was open is closed; collected later, the item is read again from its beginning."""
    told = recorder(studio.scripts, studio.folder)
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 60.0)
    item.take.values["D_PLAYRATE"] = 0.8
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.tick()
    assert len(studio.reaper.api.accessors) == 1
    studio.reaper.quit()
    assert told() == []
    item.values["D_LENGTH"] = 60.0
    studio.reaper.collect(studio.scripts)
    (words,) = told()
    (path,) = [word.removeprefix("--path=") for word in words if word.startswith("--path=")]
    assert soundfile.info(path).frames == 60 * RATE


def test_a_section_of_a_section_is_a_stretch_of_the_file(studio: Studio) -> None:
    source = studio.audio("a.wav")
    inner = source.section(0.25, 1.5).section(0.25, 1.0)
    item = studio.track().add_item(inner, 0.0, 0.5, D_STARTOFFS=0.25)
    (call,) = sent(studio, item)
    assert call["path"] == source.path
    assert float(call["start"]) == 0.75


def looped_section(item: Item) -> None:
    item.take.source = item.source.section(0.5, 0.25)
    item.values["B_LOOPSRC"] = 1.0


CHANGES: dict[str, Callable[[Item], object]] = {
    "play rate": lambda item: item.take.values.update(D_PLAYRATE=0.8),
    "pitch": lambda item: item.take.values.update(D_PITCH=-2.0),
    "pitch envelope": lambda item: item.take.envelopes.add("Pitch"),
    "stretch markers": lambda item: setattr(item.take, "stretch_markers", 2),
    "volume": lambda item: item.take.values.update(D_VOL=0.5),
    "polarity": lambda item: item.take.values.update(D_VOL=-1.0),
    "reversed stereo": lambda item: item.take.values.update(I_CHANMODE=1),
    "mono downmix": lambda item: item.take.values.update(I_CHANMODE=2),
    "left": lambda item: item.take.values.update(I_CHANMODE=3),
    "loop": lambda item: item.values.update(B_LOOPSRC=1.0, D_LENGTH=3.3),
    "silence at the end": lambda item: item.values.update(D_LENGTH=3.3),
    "silence at the start": lambda item: item.take.values.update(D_STARTOFFS=-0.5),
    "reverse": lambda item: setattr(
        item.take, "source", item.source.section(0.0, 2.0, is_reversed=True)
    ),
    "a section that loops": looped_section,
    "stretch at tempo changes": lambda item: item.values.update(C_AUTOSTRETCH=1.0),
    "a lossy file": lambda item: setattr(item.source, "kind", "MP3"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_item_plays_is_written_out(studio: Studio, change: str) -> None:
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 1.2, D_STARTOFFS=0.3)
    CHANGES[change](item)
    (call,) = sent(studio, item)
    assert call["path"].startswith(str(studio.folder / "Song 1" / "Media"))
    assert Path(call["path"]).name == "source.wav"
    frames = round(item.value("D_LENGTH") * RATE)
    channels = 1 if item.take.value("I_CHANMODE") in {2, 3} else 2
    expected = item.take.audio(RATE, channels, 0.0, frames) * item.take.value("D_VOL")
    heard = samples(call)
    assert heard.shape == (frames, channels)
    assert np.array_equal(heard, expected.astype(np.float32))
    assert soundfile.info(call["path"]).subtype == "FLOAT"
    assert float(call["position"]) == 1.0


def test_a_part_of_a_slowed_item_is_written_out_from_its_place(studio: Studio) -> None:
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    item.take.values["D_PLAYRATE"] = 0.8
    studio.project.selection_s = (1.5, 2.0)
    (call,) = sent(studio, item)
    assert np.array_equal(samples(call), item.take.audio(RATE, 2, 0.5, RATE // 2))


def test_reaper_goes_on_while_a_long_item_is_read(studio: Studio) -> None:
    """An hour is read in slices; closing the tab meanwhile ends it and leaves nothing."""
    recorder(studio.scripts, studio.folder)
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 600.0)
    item.take.values["D_PLAYRATE"] = 0.8
    studio.project.select(item)
    studio.press("Stems")
    for _ in range(3):
        studio.reaper.tick()
    media = Path(studio.project.media)
    assert "reading the item" in studio.reaper.sentences()
    assert list(media.rglob("source.wav"))
    studio.tab("Song 2")
    del studio.reaper.projects[0]
    studio.reaper.run_to_end()
    assert not list(media.rglob("source.wav"))
    assert "was removed while it was read" in studio.reaper.sentences()


def test_more_than_a_wav_holds_is_refused(studio: Studio) -> None:
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 7000.0)
    assert sent(studio, item) == []
    assert "2 GB" in studio.reaper.sentences()


def test_an_item_that_changes_while_it_is_read_is_not_sent(studio: Studio) -> None:
    told = recorder(studio.scripts, studio.folder)
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 600.0)
    item.take.values["D_PITCH"] = 1.0
    studio.project.select(item)
    studio.press("Stems")
    item.take.changes += 1
    studio.reaper.run_to_end()
    assert told() == []
    assert "was changed while it was read" in studio.reaper.sentences()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Bass DI", "bass"),
        ("BASS DRUM in", "drums"),
        ("Lead Vox", "vocals"),
        ("Gtr", None),
        ("Backing Vocals", "vocals"),
    ],
)
def test_a_tracks_name_says_what_is_transcribed(
    studio: Studio, name: str, kind: str | None
) -> None:
    told = recorder(studio.scripts, studio.folder)
    item = studio.track(name).add_item(studio.audio("a.wav"), 0.0, 1.0)
    studio.project.select(item)
    studio.press("MIDI of selected item")
    studio.reaper.run_to_end()
    (words,) = told()
    assert words[:2] == ["run", "midi"]
    assert [w for w in words if w.startswith("--transcription")] == (
        [f"--transcription={kind}"] if kind else []
    )


def test_each_item_gets_the_tempo_at_its_place(studio: Studio) -> None:
    from tests.daws.reaper.project import TempoMark

    studio.project.tempi = [TempoMark(0.0, 97.0), TempoMark(4.0, 120.5, 6, 8)]
    track, source = studio.track(), studio.audio("a.wav")
    calls = sent(studio, track.add_item(source, 1.0, 1.0), track.add_item(source, 5.0, 1.0))
    told: list[tuple[Any, ...]] = [(call["tempo"], call["meter"]) for call in calls]
    assert told == [("97", "4/4"), ("120.5", "6/8")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux' full device")
@pytest.mark.parametrize("frames", [100, 100_000])
def test_a_full_disk_is_said(studio: Studio, frames: int) -> None:
    """Whether it is noticed while the item is written or when the file is closed."""
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 2.0)
    studio.project.select(item)
    full = studio.folder / "full.wav"
    full.symlink_to("/dev/full")
    script = studio.scripts / "bounce.lua"
    script.write_text(
        f"""
        package.path = [[{studio.scripts}/lib/?.lua]]
        local one = reaper.EnumProjects(-1)
        local take = reaper.GetActiveTake(reaper.GetSelectedMediaItem(one, 0))
        local sound = {{ frames = {frames}, channels = 2, rate = 44100, gain = 1, from_s = 0 }}
        local work, is_done, why = require("bounce").start(one, take, sound, [[{full}]]), nil, nil
        repeat
          is_done, why = work:step(reaper.time_precise())
        until is_done ~= nil
        reaper.MB(tostring(is_done) .. why, "", 0)
        """
    )
    studio.reaper.run(script)
    assert "false" in studio.reaper.said[0]
    assert "the disk may be full" in studio.reaper.said[0]
    assert not full.is_symlink()
