"""A real Ardour: regions selected, an action pressed over OSC, a real daemon, a saved session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest
import soundfile

from tests.daws.ardour.program import RATE, missing, running
from tests.daws.ardour.scenes import (
    PLACE,
    RECIPE,
    SELECT_RANGE,
    STEMS,
    TRANSCRIBE,
    finish,
    press,
    select,
    song,
)
from tests.daws.ardour.session_file import PlacedRegion, audio, playlists, plugins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.daws.ardour.program import Ardour
    from tests.end_to_end.conftest import Daemon

pytestmark = pytest.mark.skipif(
    bool(missing()) and not os.environ.get("CI"), reason=f"not installed: {', '.join(missing())}"
)

STEMS_SUM = 1e-4
NOTE_QUARTERS = 1 / 960

# The second is not installed anywhere, the third comes with Ardour.
INSTRUMENTS = """[bass]
name = "Bass"
program = 34
channel = 2
color = "#8c5bd6"
ardour = ["A “bass” that nobody has", "ACE Fluid Synth", "ACE Reasonable Synth"]
"""
Notes = list[tuple[float, int]]

# The second of two regions gets another gain and fade.
CUT = """
  track:playlist():split_region(region, Temporal.timepos_t({at}))
  for one in track:playlist():region_list():iter() do
    if one:position():samples() == {at} then
      one:trim_front(Temporal.timepos_t({at} + {gap}))
      one:to_audioregion():set_scale_amplitude(-0.5)
      one:to_audioregion():set_fade_in_length(9600)
    end
  end
"""


@pytest.fixture
def ardour(tmp_path: Path, daemon: Daemon) -> Iterator[Ardour]:
    """An Ardour whose programs reach a daemon, which has its models loaded by then."""
    recipes = daemon.folder / "presets" / "recipes"
    recipes.mkdir(parents=True)
    (recipes / "stems-to-midi.toml").write_text(RECIPE + TRANSCRIBE, encoding="utf-8")
    (daemon.folder / "presets" / "instruments.toml").write_text(INSTRUMENTS, encoding="utf-8")
    song(tmp_path / "first.wav", 1, 0.5)
    with daemon.client() as client:
        request = ("/bridge/run", "stems-to-midi", "path", str(tmp_path / "first.wav"))
        client.request(*request, answer="/bridge/job/queued")
    with running(tmp_path / "Jörg's “studio”", daemon.environment) as made:
        yield made


def summed(ardour: Ardour, tracks: dict[str, list[PlacedRegion]], index: int) -> np.ndarray:
    """Return the sum of the stems of a region, by its place on its track."""
    regions = [tracks[stem][index] for stem in STEMS]
    total: np.ndarray = np.sum([audio(ardour.session, one) for one in regions], axis=0)
    return total


def frames(path: Path) -> int:
    """Return a file's length in samples."""
    return int(soundfile.info(path).frames)


def onsets(path: Path) -> Notes:
    """Return the notes of a MIDI file: where they begin, in quarter notes, and their pitch."""
    found = []
    file = mido.MidiFile(path)
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                found.append((tick / file.ticks_per_beat, message.note))
    return sorted(found)


def check_clips(
    ardour: Ardour, daemon: Daemon, tracks: dict[str, list[PlacedRegion]], source: str
) -> None:
    """Check that a track's regions have the notes, and no others, that were heard in each."""
    count = 0
    for index, selected in enumerate(tracks[source], 1):
        for stem in STEMS:
            name = f"ardour-*-{index}/{source} - {stem.lower()}.mid"
            (file,) = daemon.folder.glob(f"data/jobs/*{name}")
            heard, placed = onsets(file), []
            for clip in tracks.get(f"{stem} MIDI", []):
                if clip.position == selected.position:
                    placed += onsets(
                        ardour.session / "interchange/Song/midifiles" / clip.sources[0]
                    )
            assert [pitch for _, pitch in placed] == [pitch for _, pitch in heard]
            begins = [quarter for quarter, _ in heard]
            assert [quarter for quarter, _ in placed] == pytest.approx(begins, abs=NOTE_QUARTERS)
            count += len(heard)
    assert count > 0


def check_placed(tracks: dict[str, list[PlacedRegion]], source: str) -> None:
    """Check that stems and clips of a track's regions lie where they do."""
    for index, selected in enumerate(tracks[source]):
        assert selected.is_muted, "its stems sound in its place"
        for stem in STEMS:
            region = tracks[stem][index]
            assert region.name == f"{selected.name} - {stem.lower()}"
            assert (region.position, region.length) == (selected.position, selected.length)
    places = [(one.position, one.length) for one in tracks[source]]
    clips = [clip for stem in STEMS for clip in tracks.get(f"{stem} MIDI", [])]
    assert {(clip.position, clip.length) for clip in clips} == set(places)
    assert all(clip.start == 0 for clip in clips)


def check_audio(ardour: Ardour, tracks: dict[str, list[PlacedRegion]], band: np.ndarray) -> None:
    """Check that the stems sum to what the two regions play, the second with its fade and gain."""
    played = band[:, 5_003 : 5_003 + 100_011]
    assert np.abs(summed(ardour, tracks, 0) - played).max() < STEMS_SUM
    assert all(tracks[stem][0].has_fades for stem in STEMS), "Ardour's own of 64 samples"
    played = -0.5 * band[:, 5_003 + 101_020 : 5_003 + 200_011]
    difference = np.abs(summed(ardour, tracks, 1) - played)
    assert difference[:, 9_600:-64].max() < STEMS_SUM
    assert difference[:, :1_000].max() > 0.01, "the fade is in what was sent"
    assert not any(tracks[stem][1].has_fades for stem in STEMS)


def test_stems_and_midi_of_two_regions_and_of_a_range_after_a_crash(
    ardour: Ardour, daemon: Daemon, tmp_path: Path
) -> None:
    """The whole way: two regions, one with fades and gain; undo; a crash before a job is done."""
    band, solo = song(tmp_path / "Band.wav", 2, 5.0), song(tmp_path / "Solo.wav", 1)
    cut = CUT.format(at=200_012, gap=1_009)
    place = {"position": 100_001, "start": 5_003, "length": 200_011, "more": cut}
    ardour.evaluate(PLACE.format(path=tmp_path / "Band.wav", name="Band", **place))
    louder = "region:to_audioregion():set_scale_amplitude(-0.5)"
    place = {"position": 300_007, "start": 777, "length": 96_001, "more": louder}
    where = ardour.evaluate(PLACE.format(path=tmp_path / "Solo.wav", name="Solo", **place))
    assert where == "300007 96001"
    select(ardour, "Band")
    press(ardour, "stems and MIDI")
    tracks = finish(ardour)

    shown = ["Band", "Bass", "Bass MIDI", "Rest", "Rest MIDI", "Solo"]
    assert list(tracks) == shown, ardour.sentences
    places = [(one.position, one.length) for one in tracks["Band"]]
    assert places == [(100_001, 100_011), (201_021, 98_991)]
    check_placed(tracks, "Band")
    check_clips(ardour, daemon, tracks, "Band")

    check_audio(ardour, tracks, band)
    loaded = plugins(ardour.saved())
    assert loaded["Bass MIDI"] == ["ACE Fluid Synth"], "what the musician chose"
    assert loaded["Rest MIDI"], "what is shipped, of which some are installed"

    count = sum(map(len, tracks.values()))
    ardour.evaluate("Editor:undo(1) Editor:redo(1)")
    assert sum(map(len, playlists(ardour.saved(), RATE).values())) == count
    ardour.evaluate("Editor:undo(1)")
    undone = playlists(ardour.saved(), RATE)
    assert {one: len(row) for one, row in undone.items() if row} == {"Band": 2, "Solo": 1}
    assert not any(one.is_muted for one in undone["Band"])

    ardour.evaluate(SELECT_RANGE.format(start=320_011, end=360_018))
    press(ardour, "MIDI")
    (sent,) = [path for path in ardour.session.glob("dawbridge/*.wav") if frames(path) == 40_007]
    heard = soundfile.read(sent, dtype="float32")[0]
    played = -0.5 * solo[0, 777 + 20_004 : 777 + 60_011]
    assert np.abs(heard - played).max() < 1e-6
    ardour.crash()
    assert ardour.has_jobs
    ardour.start()
    ardour.press("collect")
    tracks = finish(ardour)
    (region,) = tracks["Mix MIDI"]
    assert (region.position, region.length) == (320_011, 40_007)
    assert sum(map(len, tracks.values())) == 4
