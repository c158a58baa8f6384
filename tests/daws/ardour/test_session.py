"""A real Ardour: regions selected, an action pressed over OSC, a real daemon, a saved session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest
import soundfile

from tests.daws.ardour.program import RATE, missing, running, wait_until
from tests.daws.ardour.session_file import PlacedRegion, audio, playlists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.daws.ardour.program import Ardour
    from tests.end_to_end.conftest import Daemon

pytestmark = pytest.mark.skipif(
    bool(missing()) and not os.environ.get("CI"), reason=f"not installed: {', '.join(missing())}"
)

STEMS = ["Bass", "Rest"]
JOB_S = 240.0
STEMS_SUM = 1e-4

# Two stems of the quick model: what Ardour does with four takes twice as long.
RECIPE = """description = "Bass and rest"
[[stage]]
kind = "separate"
model = "dsp"
stems = "bass+rest"
[[stage]]
kind = "write"
[[stage]]
kind = "transcribe"
"""
Notes = list[tuple[float, int]]

# Puts a file on a track of its own, cut at both ends, and says which region that is.
PLACE = """
local files = C.StringVector()
files:push_back("{path}")
Editor:do_import(files, Editing.ImportDistinctFiles, Editing.ImportAsTrack,
  ARDOUR.SrcQuality.SrcBest, ARDOUR.MidiTrackNameSource.SMFTrackName,
  ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore, Temporal.timepos_t({position} - {start}),
  ARDOUR.PluginInfo(), ARDOUR.Track(), false)
local track = Session:route_by_name("{name}"):to_track()
for region in track:playlist():region_list():iter() do
  region:trim_front(Temporal.timepos_t({position}))
  region:trim_end(Temporal.timepos_t({position} + {length}))
  {more}
  return region:position():samples() .. " " .. region:length():samples()
end
"""
SELECT = """
local list = ArdourUI.SelectionList()
for _, name in ipairs({{ {names} }}) do
  local track = Session:route_by_name(name):to_track()
  for region in track:playlist():region_list():iter() do
    list:push_back(Editor:regionview_from_region(region))
  end
end
Editor:set_selection(list, ArdourUI.SelectionOp.Set)
return Editor:get_selection().regions:regionlist():size()
"""
SELECT_RANGE = """
Editor:get_selection():clear_all()
Editor:set_loop_range(Temporal.timepos_t({start}), Temporal.timepos_t({end}), "loop")
Editor:access_action("Editor", "select-loop-range")
"""


@pytest.fixture
def ardour(tmp_path: Path, daemon: Daemon) -> Iterator[Ardour]:
    """An Ardour whose programs reach a daemon."""
    recipes = daemon.folder / "presets" / "recipes"
    recipes.mkdir(parents=True)
    (recipes / "stems-to-midi.toml").write_text(RECIPE, encoding="utf-8")
    with running(tmp_path / "Jörg's “studio”", daemon.environment) as made:
        yield made


def song(path: Path, channels: int, seconds: float = 4.0) -> np.ndarray:
    """Write a melody over a bass with clicks; return it, (channels, samples)."""
    generator = np.random.default_rng(channels)
    time_s = np.arange(round(seconds * RATE)) / RATE
    tone = np.zeros_like(time_s)
    for index, pitch in enumerate((60, 64, 67, 72, 64, 60, 67)):
        begin_s = index * 0.5 + 0.1
        on = (time_s >= begin_s) & (time_s < begin_s + 0.35)
        tone += on * 0.25 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s)
    low = 0.2 * np.sin(2 * np.pi * 55.0 * time_s)
    samples = 0.01 * generator.standard_normal((channels, time_s.size)) + tone + low
    samples[-1] *= 0.7
    samples = samples.astype(np.float32)
    soundfile.write(path, samples.T, RATE, subtype="FLOAT")
    return samples


def select(ardour: Ardour, *names: str) -> None:
    """Select every region of some tracks."""
    listed = ", ".join(f'"{name}"' for name in names)
    assert int(ardour.evaluate(SELECT.format(names=listed))) >= len(names)


def finish(ardour: Ardour) -> dict[str, list[PlacedRegion]]:
    """Wait until everything is imported; save, and return the tracks."""
    wait_until(lambda: not ardour.has_jobs, JOB_S, f"jobs; Ardour said: {ardour.sentences}")
    return playlists(ardour.saved(), RATE)


def press(ardour: Ardour, name: str) -> None:
    """Press an action and wait until it has begun a job, or said why not."""
    before = ardour.sentences
    ardour.press(name)
    wait_until(lambda: ardour.has_jobs or ardour.sentences != before, 60.0, f"{name} to begin")
    assert ardour.sentences == before


def summed(ardour: Ardour, tracks: dict[str, list[PlacedRegion]], suffix: str = "") -> np.ndarray:
    """Return the sum of the only regions on a group of stems' tracks."""
    regions = [one for stem in STEMS for one in tracks[stem + suffix]]
    assert len(regions) == len(STEMS)
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
                found.append((round(tick / file.ticks_per_beat, 2), message.note))
    return sorted(found)


def clips_of(ardour: Ardour, daemon: Daemon, track: str) -> tuple[list[Notes], list[Notes]]:
    """Return the notes of a source track's clips: as heard, and as they are in the session."""
    heard = daemon.folder.glob(f"data/jobs/*/{track} - *.mid")
    files = [path for path in heard if not path.stem.endswith(" all")]
    placed = ardour.session.glob(f"interchange/Song/midifiles/{track} - *.mid")
    return sorted(filter(None, map(onsets, files))), sorted(filter(None, map(onsets, placed)))


def check_placed(
    ardour: Ardour,
    daemon: Daemon,
    tracks: dict[str, list[PlacedRegion]],
    source: str,
    suffix: str = "",
) -> None:
    """Check that stems and clips of a track's only region lie where it does."""
    (selected,) = tracks[source]
    assert selected.is_muted, "its stems sound in its place"
    for stem in STEMS:
        (region,) = tracks[stem + suffix]
        assert region.name == f"{selected.name} - {stem.lower()}"
        assert (region.position, region.length) == (selected.position, selected.length)
    clips = [tracks.get(f"{stem} MIDI{suffix}", []) for stem in STEMS]
    assert any(clips)
    for clip in (one for row in clips for one in row):
        assert (clip.position, clip.length) == (selected.position, selected.length)
    heard, placed = clips_of(ardour, daemon, source)
    assert heard == placed


def test_stems_and_midi_of_two_regions_and_of_a_range_after_a_crash(
    ardour: Ardour, daemon: Daemon, tmp_path: Path
) -> None:
    """The whole way: two regions, one with fades and gain; undo; a crash before a job is done."""
    band, solo = song(tmp_path / "Band.wav", 2), song(tmp_path / "Solo.wav", 1)
    place = {"position": 100_001, "start": 5_003, "length": 120_011, "more": ""}
    ardour.evaluate(PLACE.format(path=tmp_path / "Band.wav", name="Band", **place))
    changed = (
        "local one = region:to_audioregion() one:set_scale_amplitude(-0.5) "
        "one:set_fade_in_length(9600)"
    )
    place = {"position": 300_007, "start": 777, "length": 96_001, "more": changed}
    where = ardour.evaluate(PLACE.format(path=tmp_path / "Solo.wav", name="Solo", **place))
    assert where == "300007 96001"
    select(ardour, "Band", "Solo")
    press(ardour, "stems and MIDI")
    tracks = finish(ardour)

    assert [one for one in tracks if not one.endswith((" MIDI", " 2"))] == [
        "Band",
        *STEMS,
        "Solo",
    ], ardour.sentences
    check_placed(ardour, daemon, tracks, "Band")
    check_placed(ardour, daemon, tracks, "Solo", " 2")

    played = band[:, 5_003 : 5_003 + 120_011]
    assert np.abs(summed(ardour, tracks) - played).max() < STEMS_SUM
    assert all(tracks[stem][0].has_fades for stem in STEMS), "Ardour's own of 64 samples"
    played = -0.5 * solo[:, 777 : 777 + 96_001]
    difference = np.abs(summed(ardour, tracks, " 2") - played)
    assert difference[:, 9_600:-64].max() < STEMS_SUM
    assert difference[:, :1_000].max() > 0.01, "the fade is in what was sent"
    assert not any(tracks[stem + " 2"][0].has_fades for stem in STEMS)

    count = sum(map(len, tracks.values()))
    ardour.evaluate("Editor:undo(1) Editor:redo(1)")
    assert sum(map(len, playlists(ardour.saved(), RATE).values())) == count
    ardour.evaluate("Editor:undo(1)")
    undone = playlists(ardour.saved(), RATE)
    assert {one: len(row) for one, row in undone.items() if row} == {"Band": 1, "Solo": 1}
    assert not undone["Band"][0].is_muted

    ardour.evaluate(SELECT_RANGE.format(start=320_011, end=360_018))
    press(ardour, "MIDI")
    (sent,) = [path for path in ardour.session.glob("dawbridge/*.wav") if frames(path) == 40_007]
    heard = soundfile.read(sent, dtype="float32")[0]
    played = -0.5 * solo[0, 777 + 20_004 : 777 + 60_011]
    assert np.abs(heard - played).max() < 1e-6
    ardour.kill()
    assert ardour.has_jobs
    ardour.start()
    ardour.press("collect")
    tracks = finish(ardour)
    (region,) = tracks["Mix MIDI"]
    assert (region.position, region.length) == (320_011, 40_007)
    assert sum(map(len, tracks.values())) == 3
