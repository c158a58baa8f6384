"""Clips, WAV files and job lists by themselves, in a Lua with a stand-in for Ardour's times."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import mido
import numpy as np
import pytest
import soundfile

from bridge.resources import shipped
from tests.daws.reaper.standin import lua_runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCRIPTS = shipped("daw_scripts")
FOLDERS = (SCRIPTS / "ardour" / "dawbridge", SCRIPTS / "reaper" / "lib")

LOADER = """
function(own, shared)
  local loaded = {}
  local function need(name)
    if not loaded[name] then
      local file = "/" .. name .. ".lua"
      local chunk = loadfile(own .. file) or loadfile(shared .. file)
      loaded[name] = chunk(need)
    end
    return loaded[name]
  end
  return need
end
"""
# The first four quarter notes at 120 a minute, then 60 a minute: 48,000 samples a second.
TEMPO_MAP = """
Temporal = { ticks_per_beat = 1920, TempoMap = { read = function()
  return { quarters_at_sample = function(_, sample)
    local quarters = sample / 24000
    if quarters > 4 then quarters = 4 + (sample - 96000) / 48000 end
    local ticks = math.floor(quarters * 1920 + 0.5)
    return setmetatable({}, { __tostring = function()
      return ("%d:%d"):format(ticks // 1920, ticks % 1920)
    end })
  end }
end } }
"""


@pytest.fixture
def lua() -> Any:
    runtime = lua_runtime("5.3")
    runtime.execute(
        'ARDOUR = { LuaAPI = { build_filename = function(a, b) return a .. "/" .. b end } }\n'
        "Session = { folder = '/' }\n"
        "function Session:path() return self.folder end\n"
        "function Session:nominal_sample_rate() return 48000 end\n" + TEMPO_MAP
    )
    return runtime


@pytest.fixture
def need(lua: Any) -> Callable[[str], Any]:
    found: Callable[[str], Any] = lua.eval(LOADER)(*map(str, FOLDERS))
    return found


def clip(path: Path) -> None:
    """Write notes on every quarter note for eight of them, behind a track with the tempo alone."""
    file = mido.MidiFile(ticks_per_beat=960)
    conductor, notes = mido.MidiTrack(), mido.MidiTrack()
    file.tracks.extend((conductor, notes))
    conductor.append(mido.MetaMessage("set_tempo", tempo=500_000))
    notes.append(mido.MetaMessage("track_name", name="Bäss"))
    for pitch in range(40, 48):
        notes.append(mido.Message("note_on", note=pitch, velocity=90))
        notes.append(mido.Message("pitchwheel", pitch=100, time=100))
        notes.append(mido.Message("note_off", note=pitch, time=860))
    file.save(path)


# Imports nothing: keeps what would be imported, and says that it was.
KEEP = (
    "function(api, path) api.import = function(from) os.rename(from, path) return 'region' end end"
)


@pytest.mark.parametrize(
    ("start", "quarters"),
    [
        (0, [0, 1, 2, 3, 4, 4.5, 5, 5.5]),
        (48_000, [0, 1, 2, 2.5, 3, 3.5, 4, 4.5]),
        (96_000, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
    ],
)
def test_notes_keep_their_seconds_where_the_tempo_changes(
    lua: Any, need: Callable[[str], Any], tmp_path: Path, start: int, quarters: list[float]
) -> None:
    (tmp_path / "dawbridge").mkdir()
    lua.globals().Session.folder = str(tmp_path)
    clip(tmp_path / "clip.mid")
    lua.eval(KEEP)(need("api"), str(tmp_path / "kept.mid"))
    part = lua.table_from({"start": start, "length": 192_000, "tempo": 120.0})
    assert need("clips")["import"](part, str(tmp_path / "clip.mid")) == "region"
    file = mido.MidiFile(tmp_path / "kept.mid")
    assert (file.type, len(file.tracks), file.ticks_per_beat) == (0, 1, 960)
    assert file.tracks[0].name == "Bäss"
    tick, found = 0, []
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "note_on":
            found.append(tick / 960)
    assert found == pytest.approx(quarters, abs=2 / 960)
    assert len([one for one in file.tracks[0] if one.type == "pitchwheel"]) == 8
    assert not list((tmp_path / "dawbridge").iterdir())


def test_a_file_is_written_block_by_block(
    lua: Any, need: Callable[[str], Any], tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    samples = generator.uniform(-2, 2, (2, 1_000)).astype(np.float32)
    path = tmp_path / "sound.wav"
    writer = need("wav").create(str(path), 2, 48_000, 1_000)
    for first, last in ((0, 300), (300, 1_000)):
        rows = [lua.table_from(row.tolist()) for row in samples[:, first:last]]
        writer.write(writer, lua.table_from(rows))
    assert writer.close(writer)
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == 48_000
    assert np.array_equal(read.T, samples)
    assert need("wav").head(str(path)) == (2, 48_000)


def test_headers_of_other_files(need: Callable[[str], Any], tmp_path: Path) -> None:
    path = tmp_path / "some.wav"
    target = io.BytesIO()
    soundfile.write(target, np.zeros((10, 1)), 44_100, format="WAV", subtype="PCM_24")
    junk = b"JUNK" + struct.pack("<I", 8) + b"fmt_____"
    data = target.getvalue()
    path.write_bytes(data[:12] + junk + data[12:])
    assert need("wav").head(str(path)) == (1, 44_100)
    path.write_bytes(b"fLaC" + bytes(100))
    assert need("wav").head(str(path)) is None
    assert need("wav").head(str(tmp_path / "not there.wav")) is None


def test_jobs_outlive_ardour(lua: Any, need: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "dawbridge").mkdir()
    lua.globals().Session.folder = str(tmp_path)
    jobs = need("jobs")
    make = lua.eval("function(id, label) return { id = id, label = label, parts = { 1, 2.5 } } end")
    first, second = make("a", 'say "hi"\\\n'), make("b", "Jörg")
    assert jobs.keep(first)
    assert jobs.keep(second)
    assert jobs.claim(first)
    assert not jobs.claim(first), "somebody imports it"
    read = jobs.read()
    assert [read[1]["label"], read[2]["label"]] == ['say "hi"\\\n', "Jörg"]
    assert [read[1]["parts"][1], read[1]["parts"][2]] == [1, 2.5]
    assert jobs.forget("a")
    assert not jobs.forget("a")
    assert jobs.forget("b")
    assert not list((tmp_path / "dawbridge").iterdir())
    assert jobs.new_id() != jobs.new_id()


def test_what_the_daemon_is_asked_for(lua: Any, need: Callable[[str], Any]) -> None:
    part = lua.table_from(
        {"id": "x-1", "path": "/a b/c.wav", "start_s": 0.1, "length_s": 2.0, "start": 24_000,
         "tempo": 96.5, "meter": "6/8", "track_name": "Bass DI", "name": "take"}
    )  # fmt: skip
    words = list(need("part").words(part, "midi", 48_000).values())
    assert words[:2] == ["run", "midi"]
    options = dict(word[2:].split("=", 1) for word in words[2:])
    assert float(options.pop("start")) == 0.1
    assert options == {
        "id": "x-1", "path": "/a b/c.wav", "length": "2", "position": "0.5", "rate": "48000",
        "tempo": "96.5", "meter": "6/8", "track": "Bass DI", "transcription": "bass",
    }  # fmt: skip


OWN = "ACE Reasonable Synth"

# An Ardour whose plugins are those of `installed`, and which knows neither VST nor Audio Units.
PLUGINS = """
function(installed)
  ARDOUR.PluginType = { LV2 = 2, VST3 = 7 }
  function ARDOUR.LuaAPI.new_plugin_info(name, kind)
    local is_there = installed[name] == kind
    return { name = name, isnil = function() return not is_there end }
  end
end
"""


@pytest.mark.parametrize(
    ("installed", "asked"),
    [
        ({"Surge": 7, "ACE": 2}, ("bass", "Surge", None)),
        ({"ACE": 2}, ("bass", "ACE", None)),
        ({"Surge": 7, "ACE": 2}, ("unheard-of", "ACE", None)),
        ({OWN: 2}, ("bass", OWN, "does not find Surge or ACE")),
        ({OWN: 2}, ("keys", OWN, None)),
        ({}, ("bass", None, "No instrument is installed that could play “Bass MIDI”")),
    ],
)
def test_the_first_instrument_that_is_installed_plays(
    lua: Any, tmp_path: Path, installed: dict[str, int], asked: tuple[str, str | None, str | None]
) -> None:
    role, wanted, said = asked
    (tmp_path / "wishes.lua").write_text(
        'return { bass = { "Surge", "ACE" }, keys = {}, default = { "ACE" } }', encoding="utf-8"
    )
    lua.eval(PLUGINS)(lua.table_from(installed))
    found = lua.eval(LOADER)(str(FOLDERS[0]), str(tmp_path))("instruments").of(role, "Bass MIDI")
    plugin, sentence = found if isinstance(found, tuple) else (found, None)
    assert (plugin and plugin.name) == wanted
    assert said in sentence if said else sentence is None


# As much of Ardour 6.9 as placing needs: times are numbers, and no argument may be left out.
SIX = """
Temporal, C = nil, { StringVector = function() return { push_back = function() end } end }
Editing, calls, all = {}, {}, {}
local function region(id)
  local made = {}
  function made:to_stateful() return self end
  function made:id() return self end
  function made:to_s() return id end
  function made:set_length(...) calls.set_length = table.pack(...) end
  return made
end
local function list() return { iter = function() return pairs(all) end } end
ARDOUR.RegionFactory = { regions = list }
ARDOUR.SrcQuality, ARDOUR.MidiTrackNameSource, ARDOUR.MidiTempoMapDisposition = {}, {}, {}
ARDOUR.PluginInfo = function() return "no plugin" end
Editor = {}
function Editor:do_import(...) calls.do_import = table.pack(...) all.new = region("new") end
track = { playlist = function() return {
  region_list = function() return { iter = function()
    local name, one
    return function() name, one = next(all, name) return one end
  end } end,
  add_region = function(_, ...) calls.add_region = table.pack(...) all.put = region("put") end,
} end }
"""


def test_every_argument_that_six_asks_for(lua: Any, need: Callable[[str], Any]) -> None:
    lua.execute(SIX)
    api = need("api")
    lua.globals().region = api["import"]("stem.wav")
    assert api.put(lua.globals().track, lua.globals().region, 4_800)
    api.set_length(lua.globals().region, 48_000)
    calls = lua.globals().calls
    assert (calls.do_import.n, calls.do_import[7], calls.do_import[9]) == (9, 0, False)
    assert [calls.add_region[index] for index in range(2, 8)] == [4_800, 1, False, 0, 0, False]
    assert [calls.set_length[index] for index in (1, 2)] == [48_000, 0]
