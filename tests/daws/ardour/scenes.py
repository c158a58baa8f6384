"""What the tests do in a real Ardour: put files on tracks, select, press, wait for the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soundfile

from tests.daws.ardour.program import RATE, wait_until
from tests.daws.ardour.session_file import PlacedRegion, playlists

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daws.ardour.program import Ardour

JOB_S = 240.0
STEMS = ["Bass", "Rest"]

# Two stems of the quick model: what Ardour does with four takes twice as long.
RECIPE = """description = "Bass and rest"
[[stage]]
kind = "separate"
model = "dsp"
stems = "bass+rest"
[[stage]]
kind = "write"
"""
TRANSCRIBE = """[[stage]]
kind = "transcribe"
"""

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
    assert ardour.sentences == before, ardour.sentences
