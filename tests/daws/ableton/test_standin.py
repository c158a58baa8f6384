"""The stand-in refuses what Live refuses: otherwise its silence would prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daws.ableton.handles import NOTIFYING, ArgumentError, Vector
from tests.daws.ableton.scripts import lib, song_of
from tests.daws.ableton.versions import VERSIONS, api, is_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.standin import Live


HAS = {
    ("Clip", "add_warp_marker"): "11.3.25 12.0 12.0.5 12.1.10 12.2 12.3",
    ("Clip", "sample_rate"): "11.3.25 12.0 12.0.5 12.1.10 12.2 12.3",
    ("Clip", "warp_markers"): "11.0 11.3.25 12.0 12.0.5 12.1.10 12.2 12.3",
    ("ClipSlot", "create_audio_clip"): "11.3.25 12.0.5 12.1.10 12.2 12.3",
    ("Track", "create_audio_clip"): "11.3.25 12.0.5 12.1.10 12.2 12.3",
    ("Track", "create_midi_clip"): "12.1.10 12.2 12.3",
    ("Clip", "is_session_clip"): "12.2 12.3",
    ("Track", "insert_device"): "12.3",
    ("Song", "file_path"): "11.3.25 12.0 12.0.5 12.1.10 12.2 12.3",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_has_what_it_had(lives: Callable[..., Live], version: str) -> None:
    live = lives(version)
    module = lib(live)
    for (owner, name), versions in HAS.items():
        cls = getattr(getattr(module, owner), owner)
        assert hasattr(cls, name) == (version in versions.split()), (owner, name)
    application = module.Application.get_application()
    numbers = (application.get_major_version(), application.get_minor_version())
    assert f"{numbers[0]}.{numbers[1]}" == ".".join(version.split(".")[:2])
    song = song_of(live)
    assert hasattr(song, "group_tracks") is False
    assert hasattr(song.tracks[0], "create_audio_clip") == ("create" in _calls(version))


def _calls(version: str) -> list[str]:
    return ["create"] if is_in(version, ["11.3.25", "12.0.5"]) else []


def test_a_line_of_versions_ends_where_the_next_began() -> None:
    came_twice = ["11.3.25", "12.0.5"]
    assert [is_in(version, came_twice) for version in ("11.3.24", "11.3.25", "11.3.43")] == [
        False, True, True,
    ]  # fmt: skip
    assert [is_in(version, came_twice) for version in ("12.0", "12.0.5", "13.0")] == [
        False, True, True,
    ]  # fmt: skip


def test_every_member_is_done(lives: Callable[..., Live]) -> None:
    """A member of the table that the model lacks would be an AttributeError of ours."""
    live = lives()
    browser = live.application.browser
    things = [*live.models(), browser, browser.__dict__["drums"]]
    slot = live.set.tracks[1].clip_slots[0]
    things += [slot.create_clip(4.0), live.set.tracks[1].insert_device("Drift")]
    kinds = {thing.kind: thing for thing in things}
    assert kinds.keys() == api().keys()
    for kind, thing in kinds.items():
        done = {*dir(type(thing)), *vars(thing)}
        assert [member.name for member in api()[kind] if member.name not in done] == [], kind


def test_objects_are_new_each_time_and_equal(lives: Callable[..., Live]) -> None:
    song = song_of(lives())
    assert isinstance(song.tracks, Vector)
    first, again = song.tracks[0], song.tracks[0]
    assert first is not again
    assert first == again
    assert hash(first) == hash(again)
    assert first != song.tracks[1]
    assert first in song.tracks
    assert not isinstance(song.tracks, list | tuple)
    with pytest.raises(RuntimeError, match="cannot be instantiated"):
        type(first)()


def test_what_is_deleted_is_dead(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)
    track = song.tracks[1]
    slot, clip = track.clip_slots[0], track.clip_slots[0].create_clip(4.0)
    live.select(live.set.tracks[1].clip_slots[0].clip)
    assert song.view.detail_clip == clip
    song.delete_track(1)
    for thing in (track, slot, clip):
        assert thing == None  # noqa: E711 - so scripts ask Live
        assert thing is not None
        with pytest.raises(RuntimeError, match="gone"):
            _ = thing.canonical_parent
    assert song.view.detail_clip is None
    with pytest.raises(RuntimeError, match="gone"):
        song.tracks[0].delete_clip(clip)
    with pytest.raises(IndexError):
        song.delete_track(0)


def test_types_are_those_of_cpp(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)
    track = song.tracks[0]
    with pytest.raises(ArgumentError, match=r"Track\.name"):
        track.name = 3
    with pytest.raises(TypeError):
        track.color = 1.5
    with pytest.raises(TypeError):
        song.create_audio_track("1")
    with pytest.raises(TypeError):
        song.create_audio_track(1, 2)
    with pytest.raises(TypeError):
        song.tracks[1].clip_slots[0].create_clip(None)
    with pytest.raises(TypeError):
        track.duplicate_clip_to_arrangement(track, 0.0)
    song.tempo = 100
    assert song.tempo == 100.0
    with pytest.raises(AttributeError):
        song.tracks = ()
    with pytest.raises(AttributeError):
        song.tracks[1].clip_slots[0].create_clip(4.0).start_time = 3.0
    assert live.world.violations == []
    track.nickname = "x"
    assert live.world.violations == ["Track has no nickname in 12.3"]


def test_numbers_and_colours_are_kept_as_live_keeps_them(lives: Callable[..., Live]) -> None:
    song = song_of(lives())
    song.tempo = 123.4
    assert song.tempo == pytest.approx(123.4, abs=1e-5)
    assert song.tempo != 123.4
    song.tracks[0].color = 0xFF8800
    assert song.tracks[0].color == 0xF66C03
    song.set_data("a", {"b": [1, "c"]})
    assert song.get_data("a", None) == {"b": [1, "c"]}
    assert song.get_data("d", 5) == 5
    with pytest.raises(TypeError):
        song.set_data("a", {1, 2})


def test_nothing_is_changed_while_live_notifies(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)
    heard: list[str] = []

    def listener() -> None:
        heard.append(song.view.detail_clip.name)
        for change in (
            lambda: song.create_midi_track(-1),
            lambda: setattr(song, "tempo", 90.0),
            lambda: song.set_data("a", 1),
        ):
            with pytest.raises(RuntimeError, match=NOTIFYING):
                change()

    song.view.add_detail_clip_listener(listener)
    live.set.tracks[1].clip_slots[0].create_clip(4.0).name = "Hook"
    live.select(live.set.tracks[1].clip_slots[0].clip)
    assert heard == ["Hook"]


def test_listeners_are_counted(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)

    def listener() -> None:
        pass

    song.add_tempo_listener(listener)
    assert song.tempo_has_listener(listener)
    with pytest.raises(RuntimeError, match="already"):
        song.add_tempo_listener(listener)
    song.remove_tempo_listener(listener)
    with pytest.raises(RuntimeError, match="not connected"):
        song.remove_tempo_listener(listener)
    song.tracks[1].add_name_listener(listener)
    live.disconnect()
    assert live.world.violations == ["left behind after disconnect: 1 listeners of Track.name"]


MISDEEDS = {
    "time.sleep(0.001)": "sleeps",
    "threading.Thread(target=print).start()": "starts a thread",
    "subprocess.run(['true'])": "waits for a program",
    "subprocess.Popen(['true']).wait()": "waits for a program",
    "socket.socket(type=socket.SOCK_DGRAM).bind(('', 0))": "is bound to ''",
    "wait(socket.socket(type=socket.SOCK_DGRAM))": "sendto of a socket waits",
}


@pytest.mark.parametrize("line", MISDEEDS)
def test_what_would_stop_live_is_seen(lives: Callable[..., Live], line: str) -> None:
    live = lives(
        script=f"""
        import socket, subprocess, threading, time
        from _Framework.ControlSurface import ControlSurface
        opened = []
        def wait(one):
            one.sendto(b"x", ("127.0.0.1", 9))
            one.close()
        class Script(ControlSurface):
            def update_display(self):
                opened.append({line})
        def create_instance(c_instance):
            return Script(c_instance)
        """
    )
    live.tick()
    for one in live.sockets:
        one.close()
    assert any(MISDEEDS[line] in what for what in live.world.violations), live.world.violations
    live.disconnect()


def test_a_port_that_stays_bound_is_seen(lives: Callable[..., Live]) -> None:
    live = lives(
        script="""
        import socket
        from _Framework.ControlSurface import ControlSurface
        class Script(ControlSurface):
            def __init__(self, c_instance):
                super().__init__(c_instance)
                self.port = socket.socket(type=socket.SOCK_DGRAM)
                self.port.bind(("127.0.0.1", 0))
            def disconnect(self):
                pass
        def create_instance(c_instance):
            return Script(c_instance)
        """
    )
    live.disconnect()
    for one in live.sockets:
        one.close()
    left = [what.partition(": ")[2] for what in live.world.violations]
    assert left[0].startswith("a socket on ('127.0.0.1'")
    assert "1 listeners of Song.View.selected_track" in left
    assert len(left) == 5


def test_a_tick_that_raises_is_logged_and_another_set_gets_another_script(
    lives: Callable[..., Live],
) -> None:
    live = lives(
        script="""
        import Live
        from _Framework.ControlSurface import ControlSurface
        made = []
        class Script(ControlSurface):
            def __init__(self, c_instance):
                super().__init__(c_instance)
                made.append(self)
                self.track = self.song().tracks[0]
                self.show_message(str(len(made)))
            def update_display(self):
                super().update_display()
                self.log_message(made[0].track == None)
                raise ValueError("a fault")
            def build_midi_map(self, handle):
                Live.MidiMap.forward_midi_note(self._c_instance.handle(), handle, 0, 36)
            def receive_midi(self, message):
                self.show_message(str(message))
        def create_instance(c_instance):
            return Script(c_instance)
        """
    )
    live.tick()
    live.load(live.new_set())
    live.tick()
    live.midi(0x90, 36, 100)
    live.midi(0x90, 37, 100)
    assert live.messages == ["1", "2", "(144, 36, 100)"]
    assert [line.rpartition(" ")[2] for line in live.log] == ["False", "True"]
    assert len(live.tracebacks) == 2
    assert "ValueError: a fault" in live.tracebacks[0]
    assert len(live.ticks) == 2
    live.disconnect()
    assert live.world.violations == []
