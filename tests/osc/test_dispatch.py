"""The whole contract, packet by packet, with jobs that run nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge import PROTOCOL_VERSION, __version__
from bridge.core import events as ev
from bridge.errors import InternalError
from bridge.models import ClipNote, ClipsFile, MidiClip, TempoChange, Timing
from bridge.osc import spec
from bridge.osc.clients import EXPIRY_S
from bridge.osc.codec import encode
from tests.fakes import Core, FakePeer, make_stem
from tests.osc.conftest import Bridge


def test_ping_brings_back_what_was_sent(bridge: Bridge) -> None:
    sent = (1, 0.5, "x", True, None)
    assert bridge.send("/bridge/ping", *sent) == [
        ("/bridge/pong", __version__, PROTOCOL_VERSION, *sent)
    ]


def test_hello_with_a_port_moves_all_replies_there(bridge: Bridge) -> None:
    assert bridge.send("/bridge/hello", "desk", "controller", 9001.0) == []
    desk = bridge.peer.other_ports[9001]
    assert desk.addresses() == ["/bridge/welcome"]
    bridge.send("/bridge/ping")
    bridge.select()
    assert desk.addresses() == ["/bridge/welcome", "/bridge/pong", "/bridge/selected"]
    assert not bridge.peer.received


def test_hello_needs_a_known_kind(bridge: Bridge) -> None:
    (error,) = bridge.send("/bridge/hello", "desk", "toaster")
    assert error[:3] == ("/bridge/error", "/bridge/hello", "bad_arguments")


def test_too_many_clients(bridge: Bridge) -> None:
    for number in range(4):
        bridge.send("/bridge/hello", "x", "other", peer=FakePeer(f"udp 127.0.0.1:{number}"))
    (error,) = bridge.send("/bridge/hello", "desk", "other")
    assert error[2] == "queue_full"


def test_every_client_hears_of_every_job_until_it_leaves(bridge: Bridge) -> None:
    other, gone = FakePeer("udp 127.0.0.1:1"), FakePeer("udp 127.0.0.1:2")
    for peer in (other, gone):
        bridge.send("/bridge/hello", "x", "other", peer=peer)
    bridge.send("/bridge/bye", peer=gone)
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "a")
    assert other.last().address == "/bridge/job/queued"
    assert "/bridge/job/queued" not in gone.addresses()
    bridge.clock.now_s += EXPIRY_S + 1
    bridge.core.finish("a")
    assert other.last().address == "/bridge/job/queued"
    assert bridge.peer.last().address == "/bridge/job/done"


def test_a_word_now_and_then_keeps_a_client(bridge: Bridge) -> None:
    bridge.send("/bridge/hello", "x", "other")
    for _ in range(3):
        bridge.clock.now_s += EXPIRY_S * 0.9
        bridge.send("/bridge/ping")
    assert len(bridge.clients.listed) == 1


def test_a_whole_job_as_a_daw_sees_it(bridge: Bridge, core: Core) -> None:
    bridge.send("/bridge/select", str(core.audio), 1, 2.5, "tempo", 96.0, "track", "Gitarre")
    assert bridge.peer.last().address == "/bridge/selected"
    assert bridge.peer.last().arguments == (str(core.audio), 1.0, 2.5)
    bridge.send("/bridge/run", "stems-to-midi", "id", "a", "residual", "true")
    order = core.runner.started[0]
    assert order.job.options.residual is True
    assert order.job.options.track == "Gitarre"
    core.lifecycle.progressed("a", 0.25, "separate")
    stem = make_stem(core.service.data / "out" / "vocals.wav")
    clip = MidiClip(
        stem="vocals",
        path="/out/vocals.mid",
        notes=(ClipNote(start_quarters=0, length_quarters=1, pitch=60, velocity=90, channel=0),),
        tempo=96.0,
        track_name="Gitarre vocals",
        instrument_role="voice",
    )
    manifest = core.finish("a", stem=stem, clip=clip)
    told = [(m.address, *m.arguments) for m in bridge.peer.received[1:]]
    assert told == [
        ("/bridge/job/queued", "a", "stems-to-midi", 0),
        ("/bridge/job/progress", "a", 0.25, "separate", 0.0),
        ("/bridge/job/stem", "a", "vocals", stem.path, 1.0, 44100, -6.0),
        ("/bridge/job/midi", "a", "vocals", clip.path, 1, 96.0, "Gitarre vocals", "voice"),
        ("/bridge/job/done", "a", str(manifest), 1.0),
    ]


def test_notes_follow_their_clip_when_asked_for(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems-to-midi", "id", "a", "notes", True)
    note = ClipNote(start_quarters=1.5, length_quarters=0.25, pitch=64, velocity=80, channel=9)
    clip = MidiClip(
        stem="drums", path="/d.mid", notes=(note,), tempo=96.0, track_name="d", instrument_role="d"
    )
    core.lifecycle.reported(ev.ClipReady(job="a", clip=clip, with_notes=True))
    last = bridge.peer.last()
    assert (last.address, *last.arguments) == (
        "/bridge/job/note", "a", "drums", 1.5, 0.25, 64, 80, 9,
    )  # fmt: skip


def test_what_was_heard_is_told(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems-to-midi", "id", "a")
    heard = Timing(
        tempo=92.5,
        meter="3/4",
        tempo_from="estimated",
        meter_from="default",
        tempo_confidence=0.75,
        downbeat_s=0.5,
        tempo_map=(TempoChange(time_s=0.0, quarters=0.0, tempo=92.5),),
        key="F# minor",
        key_confidence=0.5,
    )
    core.lifecycle.reported(ev.TimingKnown(job="a", timing=heard))
    last = bridge.peer.last()
    assert (last.address, *last.arguments) == (
        "/bridge/job/timing", "a", 92.5, "estimated", 0.75, "3/4", "default", -1.0,
        "F# minor", 0.5, 0.5, 1,
    )  # fmt: skip


def test_the_file_with_all_clips_is_told(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems-to-midi", "id", "a")
    file = ClipsFile(path="/all.mid", clip_count=4, note_count=321)
    core.lifecycle.reported(ev.ClipsFileReady(job="a", file=file))
    last = bridge.peer.last()
    assert (last.address, *last.arguments) == ("/bridge/job/clips", "a", "/all.mid", 4, 321)


@pytest.mark.parametrize(
    ("option", "value"),
    [("quantize_strength", 1.5), ("swing", -0.1), ("swing", "much"), ("bars", "two")],
)
def test_notes_cannot_go_further_than_the_grid(
    bridge: Bridge, core: Core, option: str, value: object
) -> None:
    bridge.select()
    (error,) = bridge.send("/bridge/run", "stems-to-midi", option, value)
    assert error[2] == "bad_arguments"
    assert option in error[3]


def test_a_button_runs_when_pressed_and_not_when_let_go(bridge: Bridge, core: Core) -> None:
    bridge.select()
    assert bridge.send("/bridge/run/stems", 0.0) == []
    assert not core.runner.started
    bridge.send("/bridge/run/stems", 1.0)
    bridge.send("/bridge/run/vocals")
    bridge.send("/bridge/run/midi", "id", "c", "quantize", "1/16")
    assert [job.recipe for job in core.store.recent(9)] == ["midi", "vocals", "stems"]
    (error,) = bridge.send("/bridge/run/stems", "loud")
    assert error[2:] == ("bad_arguments", "A button takes a number alone, not 'loud'.")
    (error,) = bridge.send("/bridge/run/stmes", 1.0)
    assert error[2] == "unknown_recipe"
    assert "stems" in error[3]


def test_a_request_sent_twice_runs_once_and_is_answered_twice(bridge: Bridge, core: Core) -> None:
    bridge.select()
    first = bridge.send("/bridge/run", "stems", "id", "a")
    again = bridge.send("/bridge/run", "stems", "id", "a")
    assert again[: len(first)] == first
    assert len(core.runner.started) == 1


def test_a_job_is_told_again_from_the_first(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "a")
    core.finish("a")
    late = FakePeer("udp 127.0.0.1:7")
    told = bridge.send("/bridge/job", "a", peer=late)
    assert [event[0] for event in told] == ["/bridge/job/queued", "/bridge/job/done"]
    (error,) = bridge.send("/bridge/job", "b", peer=late)
    assert error[2] == "unknown_job"


def test_who_asks_for_a_running_job_hears_the_rest(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "a")
    late = FakePeer("udp 127.0.0.1:7")
    bridge.send("/bridge/job", "a", peer=late)
    core.finish("a")
    assert late.last().address == "/bridge/job/done"
    bridge.clients.publish(ev.Cancelled(job="a"))
    assert late.last().address == "/bridge/job/done", "it was not forgotten when the job ended"


def test_cancel(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "a")
    bridge.send("/bridge/run", "stems", "id", "b", "stems", "vocals")
    assert bridge.send("/bridge/cancel", "b") == [("/bridge/job/cancelled", "b")]
    other = FakePeer("udp 127.0.0.1:7")
    assert bridge.send("/bridge/cancel", peer=other) == []
    core.lifecycle.stopped("a")
    assert bridge.peer.last().address == "/bridge/job/cancelled"
    (error,) = bridge.send("/bridge/cancel")
    assert error[2] == "unknown_job"
    assert bridge.send("/bridge/cancel", "a") == [("/bridge/job/cancelled", "a")]


def test_listings(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "a")
    assert bridge.send("/bridge/jobs", 5.0) == [
        ("/bridge/job/state", "a", "running", "stems", 0.0, str(core.audio)),
        ("/bridge/jobs/end", 1),
    ]
    assert bridge.send("/bridge/models") == [
        ("/bridge/model", "dsp", "rules", "drums,bass", True),
        ("/bridge/models/end", 1),
    ]
    *recipes, end = bridge.send("/bridge/recipes")
    assert end == ("/bridge/recipes/end", len(recipes))
    assert {recipe[1] for recipe in recipes} >= {"stems", "karaoke"}
    *chains, end = bridge.send("/bridge/chains")
    assert end == ("/bridge/chains/end", len(chains))
    assert all(chain[3] > 0 for chain in chains)
    assert bridge.send("/bridge/status") == [("/bridge/status", "a", 1)]


def test_a_default_holds_for_the_host_that_set_it(bridge: Bridge, core: Core) -> None:
    bridge.select()
    assert bridge.send("/bridge/set", "quantize", "1/8") == [("/bridge/set", "quantize", "1/8")]
    stranger = FakePeer("udp 10.0.0.9:1", host="10.0.0.9")
    bridge.send("/bridge/run", "midi", "id", "a", peer=stranger)
    bridge.send("/bridge/run", "midi", "id", "b", peer=FakePeer("udp 127.0.0.1:55"))
    bridge.send("/bridge/set", "quantize", "default")
    bridge.send("/bridge/run", "midi", "id", "c")
    grids = {job: core.service.job(job).options.quantize for job in "abc"}
    assert grids == {"a": "off", "b": "1/8", "c": "off"}
    for wrong in (("quantize", "1/7"), ("path", "/x"), ("nothing", 1)):
        assert bridge.send("/bridge/set", *wrong)[0][2] == "bad_arguments"


def test_a_pattern_reaches_every_address_that_it_matches(bridge: Bridge) -> None:
    told = bridge.send("/bridge/{ping,status}")
    assert [reply[0] for reply in told] == ["/bridge/pong", "/bridge/status"]
    (error,) = bridge.send("/bridge/x*")
    assert error[2] == "bad_address"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/bridge/pings", "bad_address"),
        ("/live/song", "bad_address"),
        ("/bridge/run/RECIPE", "bad_address"),
        ("/bridge/run/", "bad_address"),
        ("/bridge/[", "bad_address"),
        ("/bridge/select", "bad_arguments"),
        ("/bridge/run", "bad_arguments"),
        ("/bridge/job", "bad_arguments"),
        ("/bridge/run/stems", "no_selection"),
    ],
)
def test_faults_are_answered_and_counted(bridge: Bridge, address: str, code: str) -> None:
    (error,) = bridge.send(address)
    assert error[:3] == ("/bridge/error", address, code)
    assert error[3].endswith((".", "?"))
    assert bridge.dispatcher.faults[code] == 1


def test_what_is_not_osc_is_answered(bridge: Bridge) -> None:
    bridge.dispatcher.receive(b"hello", bridge.peer)
    assert bridge.peer.last().arguments[:2] == ("", "bad_packet")


@pytest.mark.filterwarnings("ignore")
def test_a_mistake_of_ours_is_answered_too(
    bridge: Bridge, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_most: int) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(core.service, "jobs", breaks)
    (error,) = bridge.send("/bridge/jobs")
    assert error[2] == InternalError.code


addresses = st.sampled_from([request.address for request in spec.REQUESTS]) | st.text(max_size=20)
arguments = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.floats(width=32),
        st.integers(-(2**31), 2**31 - 1),
        st.booleans(),
        st.sampled_from(["id", "path", "tempo", "stems", "a"]),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(addresses, arguments)
def test_no_message_is_left_without_sense(bridge: Bridge, address: str, values: list[Any]) -> None:
    packet = encode("/" + address.lstrip("/"), values)
    bridge.dispatcher.receive(packet, bridge.peer)
    assert not bridge.dispatcher.faults["internal"]
