"""The script's modules by themselves: OSC, warp markers, regions, settings, MIDI files."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.presets import Presets
from bridge.osc import codec
from bridge.resources import shipped
from tests.daws.ableton.script import FOLDER, PURE, module

errors, midi_file, osc, placing, region, settings, steps, warp = map(
    module, ("errors", "midi_file", "osc", "placing", "region", "settings", "steps", "warp")
)
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.booleans(),
    st.none(),
)
MARKERS = [(0.5, 0.0), (2.0, 3.1), (4.5, 8.0), (4.52, 8.03125)]


# Live's Pythons


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_its_grammar_is_python_37s(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_what_it_uses_is_in_python_37() -> None:
    vermin = Path(sys.executable).with_name("vermin")
    words = ["--quiet", "--no-tips", "--target=3.7-", "--violations", str(FOLDER)]
    checked = subprocess.run([vermin, *words], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def pythons_37() -> list[str]:
    """Return every Python 3.7 that is installed here."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in versions.glob("3.7.*/bin/python3.7")]
    on_path = shutil.which("python3.7")
    return [*found, *([on_path] if on_path else [])]


def test_real_python_37_runs_it() -> None:
    """What tests run here in a newer Python, once in Live 11's own."""
    program = f"""
import sys, importlib
sys.path.insert(0, {str(FOLDER.parent)!r})
sys.dont_write_bytecode = True
modules = {{name: importlib.import_module("DawBridge." + name) for name in {PURE!r}}}
from pathlib import Path
from DawBridge import jobs, link, osc, region, selection, settings, steps, store, warp
assert osc.decode(osc.encode("/a", 1, 2.5, "ü", None, True)) == [("/a", (1, 2.5, "ü", None, True))]
chosen, faults = settings.load(Path({str(FOLDER)!r}))
assert len(faults) == 1 and "install ableton" in faults[0], faults
one, other = link.Link(0, 9), link.Link(0, 9)
one.reply(("127.0.0.1", other.port), "/bridge/run/stems", 1.0)
received = []
while not received:
    received = other.receive()
assert received[0].message.arguments == (1.0,)
line = warp.WarpMap({MARKERS!r})
playback = region.Playback(True, 1.0, region.Span(0.5, 6.0), 8.0)
found = region.region(playback, line, 10.0, None)
place = selection.Place("session", 0, "Bass DI", 2, 0.0, 0.0)
selected = selection.Selection(
    "/a.wav", "a", 0, place, selection.Sound(0.4, 0, 0.0, 0), playback, line.markers,
    found.start_s, found.end_s, found.start, found.end, found.passes, 120.0, "4/4")
job = jobs.Job(jobs.new_id(), "midi", {{}}, selected, "set-1")
assert job.request()[-2:] == ["transcription", "bass"]
assert jobs.from_file(job.table()).selection == selected
assert steps.advance(iter([None]))
print(sys.version_info[:2])
"""
    tried = [
        subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
        for python in pythons_37()
    ]
    # pyenv's shim is on the path even where no 3.7 is chosen.
    ran = [each for each in tried if "command not found" not in each.stderr]
    if not ran:
        pytest.skip("no Python 3.7 is installed here")
    for each in ran:
        assert each.stdout.strip() == "(3, 7)", each.stderr


def test_its_colours_are_those_of_the_instruments() -> None:
    instruments = Presets((shipped("presets"),)).instruments()
    role_of = {"vocals": "voice", "other": "keys"}
    for stem, colour in placing.COLOURS.items():
        assert instruments[role_of.get(stem, stem)]["color"] == f"#{colour:06x}"
    assert instruments["default"]["color"] == f"#{placing.DEFAULT_COLOUR:06x}"


# OSC


@given(st.lists(VALUES, max_size=8))
def test_the_daemon_reads_what_it_writes(values: list[Any]) -> None:
    (message,) = codec.decode(osc.encode("/bridge/run/x", *values))
    assert message == codec.Message("/bridge/run/x", tuple(values))


@given(st.lists(VALUES, max_size=8))
def test_it_reads_what_the_daemon_writes(values: list[Any]) -> None:
    packet = codec.encode("/bridge/job/state", values)
    assert osc.decode(codec.bundle([packet, packet])) == [("/bridge/job/state", tuple(values))] * 2


@given(st.binary(max_size=64))
def test_bytes_that_are_not_osc_are_refused(packet: bytes) -> None:
    for made in (packet, b"/a\0\0," + packet, b"#bundle\0" + bytes(8) + packet):
        try:
            osc.decode(made)
        except errors.BadPacketError:
            continue


# Warp markers and regions


@given(st.floats(-50.0, 50.0))
def test_there_and_back_is_the_same_place(beats: float) -> None:
    line = warp.WarpMap(MARKERS)
    assert line.beats(line.seconds(beats)) == pytest.approx(beats, abs=1e-9)


def test_time_goes_straight_between_markers_and_on_beyond_them() -> None:
    line = warp.WarpMap(MARKERS)
    assert line.seconds(1.55) == pytest.approx(1.25)
    assert line.seconds(-3.1) == pytest.approx(-1.0)
    assert line.seconds(8.0 + 1.5625) == pytest.approx(5.5)  # as fast as the hidden marker says


def test_a_part_sounds_on_the_same_beats() -> None:
    line = warp.WarpMap(MARKERS)
    part = line.part(1.0, 7.0)
    assert [time_s for time_s, _ in part] == pytest.approx([0.0, 1.0, 3.5, 6.0])
    for (low_s, low), (high_s, high) in pairwise(part):
        middle_s = (low_s + high_s) / 2
        assert (low + high) / 2 == pytest.approx(line.beats(1.0 + middle_s))


@pytest.mark.parametrize("markers", [[], [(0.0, 0.0)], [(0.0, 1.0), (1.0, 0.0)]])
def test_markers_that_are_no_line_are_refused(markers: list[tuple[float, float]]) -> None:
    with pytest.raises(errors.BridgeError, match="Warp off and on"):
        warp.WarpMap(markers)


@pytest.mark.parametrize(
    ("playback", "length", "passes"),
    [
        # looping, start, loop, end
        ((False, 1.0, (1.0, 5.0), 5.0), None, [(1.0, 5.0)]),
        ((True, 1.0, (1.0, 5.0), 9.0), None, [(1.0, 5.0), (1.0, 5.0)]),
        ((True, 0.0, (1.0, 5.0), 9.0), None, [(0.0, 5.0), (1.0, 5.0)]),  # an intro
        ((True, 2.0, (1.0, 5.0), 9.0), None, [(2.0, 5.0), (1.0, 5.0)]),
        ((True, 6.0, (1.0, 5.0), 9.0), None, [(6.0, 20.0)]),  # behind its loop
        ((True, 2.0, (1.0, 5.0), 9.0), 8.5, [(2.0, 5.0), (1.0, 5.0), (1.0, 2.5)]),
        ((True, 2.0, (1.0, 5.0), 9.0), 2.0, [(2.0, 4.0)]),
        ((True, 6.0, (1.0, 5.0), 9.0), 2.0, [(6.0, 8.0)]),
    ],
)
def test_what_a_clip_plays(
    playback: Any, length: float | None, passes: list[tuple[float, float]]
) -> None:
    looping, start, loop, end = playback
    made = region.Playback(looping, start, region.Span(*loop), end)
    assert made.played(length, 20.0) == passes
    found = region.region(made, None, 20.0, length)
    assert (found.start_s, found.end_s) == (
        min(each[0] for each in passes),
        max(each[1] for each in passes),
    )


def test_what_lies_outside_of_the_file_is_not_sent() -> None:
    playback = region.Playback(False, -4.0, region.Span(-4.0, 9.0), 9.0)
    found = region.region(playback, None, 3.0, None)
    assert (found.start_s, found.end_s, found.passes) == (0.0, 3.0, [(-4.0, 9.0)])
    with pytest.raises(errors.BridgeError, match="plays nothing of its file"):
        region.region(region.Playback(False, 4.0, region.Span(4.0, 9.0), 9.0), None, 3.0, None)


# MIDI files


def test_notes_are_read_as_mido_writes_them() -> None:
    track = mido.MidiTrack()
    file = mido.MidiFile(type=1, ticks_per_beat=96, tracks=[mido.MidiTrack(), track])
    for kind, channel, pitch, velocity, ticks in (
        ("note_on", 0, 60, 100, 0),
        ("note_on", 1, 60, 80, 24),
        ("note_on", 0, 60, 0, 24),  # ends the first, not the one on channel 2
        ("note_off", 1, 60, 0, 300),
        ("note_on", 0, 72, 1, 0),  # never ends
    ):
        message = mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=ticks)
        track.append(message)
    track.insert(2, mido.Message("pitchwheel", channel=0, pitch=99))
    track.insert(3, mido.MetaMessage("text", text="x" * 200))
    track.insert(4, mido.Message("sysex", data=(1, 2, 3)))
    content = io.BytesIO()
    file.save(file=content)
    notes: list[Any] = []
    assert list(midi_file.read(content.getvalue(), notes)) == []
    assert notes == [(0.0, 0.5, 60, 100), (0.25, 348 / 96, 60, 80)]


def test_many_notes_are_read_in_steps() -> None:
    track = mido.MidiTrack()
    for _ in range(1000):
        track += [mido.Message("note_on", note=60, time=1), mido.Message("note_off", note=60)]
    content = io.BytesIO()
    mido.MidiFile(type=0, tracks=[track]).save(file=content)
    notes: list[Any] = []
    assert len(list(midi_file.read(content.getvalue(), notes))) >= 5
    assert len(notes) == 1000


@given(st.binary(max_size=80))
def test_bytes_that_are_no_midi_file_are_refused(data: bytes) -> None:
    head = b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x20"
    for made in (data, head + data):
        try:
            list(midi_file.read(made, []))
        except errors.BridgeError:
            continue


# Settings


def load(folder: Path, ini: str, daemon: str = "{}") -> tuple[Any, list[str]]:
    (folder / "daemon.json").write_text(daemon, encoding="utf-8")
    (folder / "settings.ini").write_text(ini, encoding="utf-8")
    loaded, faults = settings.load(folder)
    return loaded, list(faults)


def test_settings_are_read(tmp_path: Path) -> None:
    ini = """
[controller]
port = 9001
[midi]
Stems-To-MIDI = note 1 36, CC 16 127
[options]
model = htdemucs
[placing]
mute_midi = no
[instruments]
bass = Operator, user_library/Presets/100% Bass.adv
"""
    daemon = '{"port": 7799, "instruments": {"bass": ["Drift"], "default": ["Simpler"]}}'
    loaded, faults = load(tmp_path, ini, daemon)
    assert faults == []
    assert (loaded.daemon_port, loaded.controller_port) == (7799, 9001)
    assert loaded.controls == {
        ("note", 0, 36): "Stems-To-MIDI",
        ("cc", 15, 127): "Stems-To-MIDI",
    }
    assert (loaded.mute_source, loaded.mute_midi) == (True, False)
    assert loaded.options == {"model": "htdemucs"}
    assert loaded.instrument("bass") == ["Operator", "user_library/Presets/100% Bass.adv"]
    assert loaded.instrument("keys") == ["Simpler"]


def test_the_shipped_settings_are_right_and_change_nothing(tmp_path: Path) -> None:
    ini = (FOLDER / "settings.ini").read_text(encoding="utf-8")
    loaded, faults = load(tmp_path, ini)
    assert faults == []
    assert loaded == load(tmp_path, "")[0]
    uncommented = "\n".join(
        line[1:] if line.startswith(";") and "=" in line and ";  " not in line else line
        for line in ini.splitlines()
        if not line.startswith("; ")
    )
    loaded, faults = load(tmp_path, uncommented)
    assert faults == []
    assert len(loaded.controls) == 5


@pytest.mark.parametrize(
    ("ini", "fault"),
    [
        ("[controller]\nport = many", "“many” is no port"),
        ("[midi]\nstems = note 17 36", "“note 17 36” is no control"),
        ("[midi]\nstems = pad 1 36", "the channel first, 1 to 16"),
        ("[placing]\nmute_midi = perhaps", "“yes” or “no”, not “perhaps”"),
        ("[colours]\n", r"has no section \[colours\]"),
        ("port = 1", "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_and_left_out(tmp_path: Path, ini: str, fault: str) -> None:
    loaded, faults = load(tmp_path, ini)
    assert loaded == load(tmp_path, "")[0]
    assert len(faults) == 1
    assert re.search(fault, faults[0])


@pytest.mark.parametrize("daemon", ["", "[]", "{"])
def test_without_the_installers_file_it_says_what_to_run(tmp_path: Path, daemon: str) -> None:
    loaded, faults = load(tmp_path, "", daemon)
    assert "dawbridge install ableton" in faults[0]
    assert (loaded.daemon_port, loaded.program) == (7770, [])


# Steps


def test_a_tick_takes_no_more_steps_than_fit() -> None:
    now_s = iter(range(1000))
    told = iter([None, None, steps.NEXT_TICK, None])

    def clock() -> float:
        return float(next(now_s)) * 0.001

    ticks = 1
    while not steps.advance(told, clock, budget_s=0.0015):
        ticks += 1
    assert ticks == 3
