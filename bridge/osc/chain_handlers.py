"""The rows of the contract that are about effect chains and their knobs: see `handlers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.core.chain_saving import save_chain
from bridge.osc.calls import registering
from bridge.osc.codec import bundle, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.core.knobs import KnobValue, ShownKnob
    from bridge.osc.calls import Call, Handler

HANDLERS: dict[str, Handler] = {}
handles = registering(HANDLERS)


@handles("/bridge/chains")
def chains(call: Call) -> list[bytes]:
    """List the effect chains."""
    found = call.service.presets.chains()
    packets = [_chain_packet(name, table) for name, table in found.items()]
    return [*packets, encode("/bridge/chains/end", (len(found),))]


@handles("/bridge/chains/save")
def save(call: Call, name: str, as_name: str) -> list[bytes]:
    """Write a chain with its knobs as they were turned under a name of the musician's own."""
    presets = call.service.presets
    save_chain(presets, name, as_name)
    return [_chain_packet(as_name, presets.chain(as_name))]


@handles("/bridge/chain/NAME")
def knobs(call: Call) -> list[bytes]:
    """Tell every knob of a chain."""
    name = call.names["NAME"]
    shown = call.service.knobs.shown(name)
    return [*(_knob_packet(name, knob) for knob in shown), _end_packet(name, len(shown))]


@handles("/bridge/chain/NAME/PLACE/PARAM")
def turn(call: Call, value: KnobValue) -> list[bytes]:
    """Turn a knob; every client hears the value as taken."""
    names = call.names
    return _told(
        call, call.service.knobs.turn(names["NAME"], names["PLACE"], names["PARAM"], value)
    )


@handles("/bridge/chain/NAME/PLACE/PARAM/fader")
def turn_fader(call: Call, position: float) -> list[bytes]:
    """Turn a knob to where a fader stands; every client hears the value as taken."""
    names = call.names
    knob = call.service.knobs.turn_fader(names["NAME"], names["PLACE"], names["PARAM"], position)
    return _told(call, knob)


@handles("/bridge/chain/NAME/reset")
def reset(call: Call) -> list[bytes]:
    """Take all turns of a chain back; every client hears the values that hold again."""
    name = call.names["NAME"]
    turned = call.service.knobs.reset(name)
    return [*_told(call, *turned), _end_packet(name, len(turned))]


def _told(call: Call, *knobs: ShownKnob) -> list[bytes]:
    """Tell the other clients of some knobs; return what the sender is told."""
    packets = [_knob_packet(call.names["NAME"], knob) for knob in knobs]
    call.clients.tell_others(packets, call.replies_to)
    return packets


def _knob_packet(chain: str, knob: ShownKnob) -> bytes:
    """Return both forms of a knob as one packet, so that an echo is no more than what was sent."""
    address = f"/bridge/chain/{chain}/{knob.place}/{knob.name}"
    tags = "f" if isinstance(knob.value, float) else ""
    return bundle(
        [
            encode(address, (knob.value,), tags),
            encode(f"{address}/fader", (knob.fader,), "f"),
        ]
    )


def _end_packet(chain: str, count: int) -> bytes:
    return encode(f"/bridge/chain/{chain}/end", (count,))


def _chain_packet(name: str, table: Mapping[str, Any]) -> bytes:
    effects = table.get("effect", ())
    return encode("/bridge/chain", (name, str(table.get("description", "")), len(effects)))
