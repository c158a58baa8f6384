"""Every kind of region in a real Ardour, one press for all: some minutes, so only if wished.

``ARDOUR_REGIONS=1 pytest tests/daws/ardour/test_regions.py``
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.daws.ardour.program import RATE, running
from tests.daws.ardour.scenes import RECIPE, STEMS, finish, press, select, song
from tests.daws.ardour.session_file import PlacedRegion, audio, playlists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.daws.ardour.program import Ardour
    from tests.end_to_end.conftest import Daemon

pytestmark = pytest.mark.skipif(
    not os.environ.get("ARDOUR_REGIONS"), reason="takes minutes; ARDOUR_REGIONS=1 asks for it"
)

STEMS_SUM = 1e-4
AT = 480_000
CUT_AT = 100_003

IMPORT = """
local files = C.StringVector()
files:push_back("{path}")
Editor:do_import(files, Editing.ImportDistinctFiles, Editing.ImportAsTrack,
  ARDOUR.SrcQuality.SrcBest, ARDOUR.MidiTrackNameSource.SMFTrackName,
  ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore, Temporal.timepos_t({at}),
  ARDOUR.PluginInfo(), ARDOUR.Track(), false)
"""
EACH = """
local playlist = Session:route_by_name("{name}"):to_track():playlist()
local regions = {{}}
for region in playlist:region_list():iter() do
  regions[#regions + 1] = region
end
for _, region in ipairs(regions) do
  {work}
end
"""
SPLIT = f"playlist:split_region(region, Temporal.timepos_t({AT + CUT_AT}))"
STRETCH = f"""
  local band = ARDOUR.LuaAPI.Rubberband(region:to_audioregion(), false)
  band:set_strech_and_pitch(1.25, 1)
  local stretched = band:process(function() return false end)
  playlist:remove_region(region)
  playlist:add_region(stretched, Temporal.timepos_t({AT}), 1, false)
"""
COMBINE = 'Editor:access_action("Region", "combine-regions")'


@pytest.fixture
def ardour(tmp_path: Path, daemon: Daemon) -> Iterator[Ardour]:
    """An Ardour whose programs reach a daemon."""
    recipes = daemon.folder / "presets" / "recipes"
    recipes.mkdir(parents=True)
    (recipes / "stems.toml").write_text(RECIPE, encoding="utf-8")
    with running(tmp_path / "studio", daemon.environment) as made:
        yield made


def bring_in(ardour: Ardour, path: Path) -> None:
    """Import a file onto a track of its own."""
    ardour.evaluate(IMPORT.format(path=path, at=AT))


def sums(ardour: Ardour, tracks: dict[str, list[PlacedRegion]], source: str) -> list[np.ndarray]:
    """Return the sum of the stems of each region of a track; they lie where it does."""
    names = list(tracks)
    below = names[names.index(source) + 1 :][: len(STEMS)]
    assert [name.split(" ")[0] for name in below] == STEMS
    found = []
    for index, selected in enumerate(tracks[source]):
        stems = [tracks[name][index] for name in below]
        for one in stems:
            assert (one.position, one.length) == (selected.position, selected.length)
        found.append(np.sum([audio(ardour.session, one) for one in stems], axis=0))
    return found


def test_every_kind_of_region(ardour: Ardour, tmp_path: Path) -> None:
    """Two on a track, muted, compound, stretched, mono and stereo, of a file at another rate."""
    stereo = song(tmp_path / "Stereo.wav", 2)
    mono = song(tmp_path / "Mono.wav", 1)
    song(tmp_path / "Slow.wav", 1)
    slow = soundfile.read(tmp_path / "Mono.wav", dtype="float32")[0]
    soundfile.write(tmp_path / "Disc.wav", slow, 44_100, subtype="FLOAT")
    for name in ("Stereo", "Mono", "Slow", "Disc"):
        bring_in(ardour, tmp_path / f"{name}.wav")
    for name in ("Stereo", "Mono"):
        ardour.evaluate(EACH.format(name=name, work=SPLIT))
    select(ardour, "Mono")
    ardour.evaluate(COMBINE)
    ardour.evaluate(EACH.format(name="Slow", work=STRETCH))
    ardour.evaluate(EACH.format(name="Stereo", work="region:set_muted(true)"))
    before = playlists(ardour.saved(), RATE)
    assert [len(before[name]) for name in ("Stereo", "Mono", "Slow", "Disc")] == [2, 1, 1, 1]

    select(ardour, "Stereo", "Mono", "Slow", "Disc")
    press(ardour, "stems")
    tracks = finish(ardour)
    assert ardour.sentences == ""
    assert all(one.is_muted for name in before for one in tracks[name])

    first, second = sums(ardour, tracks, "Stereo")
    assert np.abs(first - stereo[:, :CUT_AT]).max() < STEMS_SUM
    assert np.abs(second - stereo[:, CUT_AT:]).max() < STEMS_SUM
    (compound,) = sums(ardour, tracks, "Mono")
    inner = np.abs(compound - mono)
    assert inner[:, 64 : CUT_AT - 64].max() < STEMS_SUM
    assert inner[:, CUT_AT + 64 : -64].max() < STEMS_SUM
    for name in ("Slow", "Disc"):
        (total,) = sums(ardour, tracks, name)
        (source,) = before[name]
        assert np.abs(total - audio(ardour.session, source)).max() < STEMS_SUM
    assert before["Slow"][0].length == pytest.approx(1.25 * mono.shape[1], abs=RATE / 10)
    assert before["Disc"][0].length == pytest.approx(mono.shape[1] * 48_000 / 44_100, abs=2)
