"""Knobs, chains and `again`, packet by packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge.osc.codec import encode
from tests.fakes import Core, FakePeer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.osc.conftest import Bridge

WET = "/bridge/chain/plate/0/wet_level"


def said(peer: FakePeer) -> list[tuple[Any, ...]]:
    return [(message.address, *message.arguments) for message in peer.received]


class CountingPeer(FakePeer):
    """Counts packets, whatever they hold."""

    packets = 0

    def send(self, packets: Iterable[bytes]) -> None:
        packets = list(packets)
        self.packets += len(packets)
        super().send(packets)


def test_a_knob_is_echoed_in_both_forms_to_every_controller(bridge: Bridge, core: Core) -> None:
    other, stranger = FakePeer("udp 127.0.0.1:1"), FakePeer("udp 127.0.0.1:2")
    bridge.send("/bridge/hello", "x", "controller", peer=other)
    other.received.clear()
    both = [(WET, 0.25), (f"{WET}/fader", 0.25)]
    assert bridge.send(WET, 0.25) == both
    assert said(other) == both
    assert not stranger.received
    assert core.service.presets.chain("plate")["effect"][0]["wet_level"] == 0.25


def test_a_fader_moves_over_the_range(bridge: Bridge, core: Core) -> None:
    knob = "/bridge/chain/clean/0/cutoff_frequency_hz"
    (value, fader) = bridge.send(f"{knob}/fader", 1)
    assert (value[0], fader) == (knob, (f"{knob}/fader", 1.0))
    assert value[1] == core.service.presets.chain("clean")["effect"][0]["cutoff_frequency_hz"]
    low = bridge.send(f"{knob}/fader", 0.0)[0][1]
    middle = bridge.send(f"{knob}/fader", 0.5)[0][1]
    assert middle == pytest.approx((low * value[1]) ** 0.5, rel=1e-4)


def test_switches_come_and_go_in_every_dress(bridge: Bridge) -> None:
    bypass = "/bridge/chain/plate/0/bypass"
    for sent in (True, 1, 1.0, "on"):
        assert bridge.send(bypass, sent) == [(bypass, True), (f"{bypass}/fader", 1.0)]
        assert bridge.send(bypass, False) == [(bypass, False), (f"{bypass}/fader", 0.0)]


def test_an_echo_is_one_packet_for_each_that_came(bridge: Bridge) -> None:
    desk, other = CountingPeer("udp 127.0.0.1:1"), CountingPeer("udp 127.0.0.1:2")
    for peer in (desk, other):
        bridge.send("/bridge/hello", "x", "controller", peer=peer)
        peer.packets = 0
    for step in range(100):
        bridge.send(f"{WET}/fader", step / 100, peer=desk)
    assert (desk.packets, other.packets) == (100, 100)


def test_turning_reads_and_writes_no_file(
    bridge: Bridge, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge.send(WET, 0.5)

    def touched(*_: object, **__: object) -> None:
        raise AssertionError("a knob went to the disk")

    for name in ("open", "read_text", "write_text", "glob", "iterdir"):
        monkeypatch.setattr(f"pathlib.Path.{name}", touched)
    monkeypatch.setattr(core.store, "_write", touched)
    assert bridge.send(WET, 0.75)[0] == (WET, 0.75)


def test_a_controller_can_draw_a_chain(bridge: Bridge) -> None:
    bridge.send(WET, 0.5)
    *knobs, end = bridge.send("/bridge/chain/plate")
    assert end == ("/bridge/chain/plate/end", len(knobs) // 2)
    told = dict(knobs)
    assert len(told) == len(knobs)
    assert (told[WET], told[f"{WET}/fader"]) == (0.5, 0.5)
    assert told["/bridge/chain/plate/chain/loudness_lufs"] is None
    for address, value in told.items():
        if address.endswith("/fader"):
            assert 0.0 <= value <= 1.0
            assert address.removesuffix("/fader") in told


def test_all_turns_are_taken_back(bridge: Bridge, core: Core) -> None:
    before = bridge.send("/bridge/chain/plate")
    other = FakePeer("udp 127.0.0.1:1")
    bridge.send("/bridge/hello", "x", "controller", peer=other)
    bridge.send(WET, 0.5)
    bridge.send("/bridge/chain/plate/chain/width", 0.0)
    other.received.clear()
    told = bridge.send("/bridge/chain/plate/reset")
    assert told[-1] == ("/bridge/chain/plate/end", 2)
    assert {entry[0] for entry in told[:-1]} == {
        WET, f"{WET}/fader",
        "/bridge/chain/plate/chain/width", "/bridge/chain/plate/chain/width/fader",
    }  # fmt: skip
    assert said(other) == told[:-1]
    assert bridge.send("/bridge/chain/plate") == before


@pytest.mark.parametrize(
    ("address", "value", "code", "sentence"),
    [
        ("/bridge/chain/palte/0/wet", 0.5, "unknown_chain", "Did you mean 'plate'"),
        ("/bridge/chain/palte", None, "unknown_chain", "Did you mean 'plate'"),
        ("/bridge/chain/palte/reset", None, "unknown_chain", "Did you mean 'plate'"),
        ("/bridge/chain/plate/9/wet", 0.5, "bad_arguments", "no effect '9'"),
        ("/bridge/chain/plate/0/wetlevel", 0.5, "bad_arguments", "Did you mean 'wet_level'"),
        (WET, 1.5, "bad_arguments", "goes from 0 to 1"),
        (WET, "loud", "bad_arguments", "takes a number"),
        (WET, None, "bad_arguments", "lacks its argument 'value'"),
        (f"{WET}/fader", 1.5, "bad_arguments", "A fader goes from 0 to 1"),
        (f"{WET}/fader", "up", "bad_arguments", "'position' must be a number"),
        (f"{WET}/slider", 0.5, "bad_address", "Did you mean"),
        ("/bridge/chain/plate/0", None, "bad_address", "no address"),
        ("/bridge/chain//0/wet", 0.5, "bad_address", "no address"),
        ("/bridge/chain/NAME/PLACE/PARAM", 0.5, "bad_address", "no address"),
    ],
)
def test_what_cannot_be_turned(
    bridge: Bridge, address: str, value: Any, code: str, sentence: str
) -> None:
    (error,) = bridge.send(address, *([] if value is None else [value]))
    assert error[:3] == ("/bridge/error", address, code)
    assert sentence in error[3]


def test_a_pattern_reaches_knobs(bridge: Bridge, core: Core) -> None:
    told = bridge.send("/bridge/chain/{plate,glue}/*/bypass", True)
    values = {entry[0] for entry in told if not entry[0].endswith("/fader")}
    effects = core.service.presets.chain("glue")["effect"]
    assert values == {f"/bridge/chain/glue/{n}/bypass" for n in range(len(effects))} | {
        "/bridge/chain/plate/0/bypass"
    }
    ends = bridge.send("/bridge/chain/{plate,glue}/reset")
    assert [entry for entry in ends if entry[0].endswith("/end")] == [
        ("/bridge/chain/glue/end", len(effects)),
        ("/bridge/chain/plate/end", 1),
    ]
    assert bridge.send("/bridge/chain/{plate,glue}/9/*", 1.0)[0][2] == "bad_address"


def test_a_chain_is_saved_under_a_name_of_ones_own(bridge: Bridge, core: Core) -> None:
    bridge.send(WET, 0.5)
    (saved,) = bridge.send("/bridge/chains/save", "plate", "mine")
    assert saved[:2] == ("/bridge/chain", "mine")
    assert saved[3] == 1
    assert saved in bridge.send("/bridge/chains")
    told = dict(entry for entry in bridge.send("/bridge/chain/mine"))
    assert told["/bridge/chain/mine/0/wet_level"] == 0.5
    (error,) = bridge.send("/bridge/chains/save", "plate", "mine")
    assert error[2] == "bad_arguments"
    (error,) = bridge.send("/bridge/chains/save", "palte", "other")
    assert error[2] == "unknown_chain"


def test_again_is_a_button_a_job_or_options(bridge: Bridge, core: Core) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "first", "post", "plate")
    core.finish("first")
    assert bridge.send("/bridge/again", 0.0) == []
    assert len(core.store.recent(9)) == 1
    for number, (sent, post) in enumerate(
        [
            ((), "plate"),
            ((1.0,), "plate"),
            (("first",), "plate"),
            (("first", "post", "glue"), "glue"),
            (("post", "glue", "id", "named"), "glue"),
        ]
    ):
        bridge.send(f"{WET}/fader", number / 10)  # or else it would be the result that is there
        told = bridge.send("/bridge/again", *sent)
        assert told[0][0] == "/bridge/job/queued", told
        job = core.service.job(told[0][1])
        assert (job.recipe, job.options.post) == ("stems", post)
        core.finish(job.id)
        assert bridge.peer.last().address == "/bridge/job/done"
    assert core.service.knows("named")
    again = bridge.send("/bridge/again", "first", "id", "named")
    assert again[0] == ("/bridge/job/queued", "named", "stems", 0)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (("nobody",), "unknown_job"),
        (("first", "path", "/x.wav"), "bad_arguments"),
        (("first", "tmpo", 90.0), "bad_arguments"),
        (("first", "post"), "bad_arguments"),
        (("first", "post", "palte"), "unknown_chain"),
        (("first", "id", "a b"), "bad_arguments"),
    ],
)
def test_what_cannot_be_run_again(bridge: Bridge, core: Core, sent: Any, code: str) -> None:
    bridge.select()
    bridge.send("/bridge/run", "stems", "id", "first")
    core.finish("first")
    (error,) = bridge.send("/bridge/again", *sent)
    assert error[:3] == ("/bridge/error", "/bridge/again", code)
    assert len(core.store.recent(9)) == 1


def test_knobs_may_come_in_a_bundle(bridge: Bridge, core: Core) -> None:
    from bridge.osc.codec import bundle

    packet = bundle([encode(WET, (0.5,)), encode("/bridge/chain/plate/0/room_size", (0.25,))])
    bridge.dispatcher.receive(packet, bridge.peer)
    effect = core.service.presets.chain("plate")["effect"][0]
    assert (effect["wet_level"], effect["room_size"]) == (0.5, 0.25)
