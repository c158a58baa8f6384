"""What clients send, one row for each address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.osc.converters import integer, number, scalar, text

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Argument:
    """One fixed argument of a request."""

    name: str
    convert: Callable[[Any], Any]
    is_optional: bool = False


@dataclass(frozen=True)
class Request:
    """One row of the contract.

    Parameters
    ----------
    address
        Parts in capitals stand for any text: a recipe's name, a knob's place.
    arguments
        What comes first, in order.
    does, answers
        For the tables.
    takes_options, takes_anything
        What may follow.
    is_button
        It can be a button of a controller: a lone number but zero presses it, and zero, which
        lets it go, does nothing.
    """

    address: str
    arguments: tuple[Argument, ...]
    does: str
    answers: str
    takes_options: bool = False
    takes_anything: bool = False
    is_button: bool = False

    @property
    def signature(self) -> str:
        """The arguments as the contract writes them."""
        if self.takes_anything:
            return "any"
        words = [
            f"[{_tag(item)} {item.name}]" if item.is_optional else f"{_tag(item)} {item.name}"
            for item in self.arguments
        ]
        if self.takes_options:
            words.append("options")
        ways = [", ".join(words)] if words else []
        return " or ".join([*ways, "n press"] if self.is_button else ways)

    @property
    def has_names(self) -> bool:
        """Tell whether the address holds parts that stand for any text."""
        return any(part.isupper() for part in self.address.split("/"))

    def named(self, address: str) -> dict[str, str] | None:
        """Return what an address has for the parts in capitals; None if it is another address."""
        own, parts = self.address.split("/"), address.split("/")
        if len(own) != len(parts):
            return None
        pairs = list(zip(own, parts, strict=True))
        if any(part != name and not (name.isupper() and part) for name, part in pairs):
            return None
        return {name: part for name, part in pairs if name.isupper()}


JOB = Argument("job", text)

REQUESTS: tuple[Request, ...] = (
    Request(
        "/bridge/ping",
        (),
        "answers at once, also while a job runs",
        "`/bridge/pong` version, protocol, then what was sent",
        takes_anything=True,
    ),
    Request(
        "/bridge/hello",
        (Argument("name", text), Argument("kind", text), Argument("reply port", integer, True)),
        "lists the client; it gets the events of all jobs until `/bridge/bye`, 10 minutes without "
        "a word, or (on Linux) two seconds in which nobody listens at its port. The kind "
        "`controller` gets OSC's plain types only (`i` `f` `s` `b`): doubles as floats, true and "
        "false as 1 and 0, nil as the text `off`",
        "`/bridge/welcome` version, protocol; to a controller then the present state: "
        "`/bridge/selected`, `/bridge/set` for each option that its host set, `/bridge/job/state` "
        "and `/bridge/job/progress` for each unfinished job",
    ),
    Request("/bridge/bye", (), "forgets the client", "", is_button=True),
    Request(
        "/bridge/select",
        (Argument("path", text), Argument("start", number), Argument("length", number)),
        "makes this the selected region, for every client; seconds in the file, length 0 = to its "
        "end",
        "to every client: `/bridge/selected` path, start, length",
        takes_options=True,
    ),
    Request(
        "/bridge/run",
        (Argument("recipe", text),),
        "runs the recipe on the selection, or on the region that the options name",
        "the job's events",
        takes_options=True,
    ),
    Request(
        "/bridge/run/RECIPE",
        (),
        "the same, an address for each recipe. Wherever a press is named, a number but zero acts, "
        "and zero, which is the release, does nothing",
        "the job's events",
        takes_options=True,
        is_button=True,
    ),
    Request(
        "/bridge/again",
        (Argument("job", text, True),),
        "runs a job once more with the knobs as they are now, without its clips, on stems that "
        "are separated already; without an id the newest finished job. "
        "Options given here win over the job's",
        "the new job's events",
        takes_options=True,
        is_button=True,
    ),
    Request(
        "/bridge/cancel",
        (Argument("job", text, True),),
        "stops a job; without an id the newest unfinished one",
        "`/bridge/job/cancelled`, or the event that the job had ended with",
        is_button=True,
    ),
    Request(
        "/bridge/jobs",
        (Argument("most", integer, True),),
        "lists the newest jobs (20)",
        "`/bridge/job/state` for each, then `/bridge/jobs/end` i count",
    ),
    Request("/bridge/job", (JOB,), "tells a job's events again, from the first", "its events"),
    Request(
        "/bridge/recipes",
        (),
        "lists the recipes",
        "`/bridge/recipe` s name, s description for each, then `/bridge/recipes/end` i count",
        is_button=True,
    ),
    Request(
        "/bridge/models",
        (),
        "lists the separation models",
        "`/bridge/model` s name, s description, s stems, T/F weights are here for each, then "
        "`/bridge/models/end` i count",
        is_button=True,
    ),
    Request(
        "/bridge/chains",
        (),
        "lists the effect chains",
        "`/bridge/chain` s name, s description, i effects for each, then `/bridge/chains/end` "
        "i count",
        is_button=True,
    ),
    Request(
        "/bridge/set",
        (Argument("option", text), Argument("value", lambda value: value)),
        "a default for the next runs of this client's host; the text `default` takes it back",
        "to every client of this host: `/bridge/set` option, value",
    ),
    Request(
        "/bridge/chains/save",
        (Argument("name", text), Argument("as", text)),
        "writes a chain with its knobs as they were turned into your presets folder; another "
        "chain's file is not written over",
        "`/bridge/chain` s name, s description, i effects of the new one",
    ),
    Request(
        "/bridge/chain/NAME",
        (),
        "tells every knob of an effect chain, so that a controller can draw itself",
        "both forms of each knob, as below, then `/bridge/chain/NAME/end` i count",
        is_button=True,
    ),
    Request(
        "/bridge/chain/NAME/PLACE/PARAM",
        (Argument("value", scalar),),
        "turns a knob; out of range it is refused. PLACE is `0`, `1`, … for an effect, `2.1` for "
        "path 1 of effect 2, `2.1.0` for the first effect in it, and `chain` for the chain's own. "
        "Used by jobs planned from now on: one that waits or runs keeps its values",
        "to every client, in one bundle: `/bridge/chain/NAME/PLACE/PARAM` the value as taken "
        "(nil = off), `/bridge/chain/NAME/PLACE/PARAM/fader` f 0…1",
    ),
    Request(
        "/bridge/chain/NAME/PLACE/PARAM/fader",
        (Argument("position", number),),
        "the same from 0…1 over the knob's range: linear, or by ratios where the table of effects "
        "says `log`; switches and choices in equal steps. Outside 0…1 it is refused",
        "the same",
    ),
    Request(
        "/bridge/chain/NAME/reset",
        (),
        "takes all turns of a chain back",
        "both forms of each knob that had been turned, to every client; then "
        "`/bridge/chain/NAME/end` i count",
        is_button=True,
    ),
    Request(
        "/bridge/status",
        (),
        "tells how the daemon is",
        "`/bridge/status` s name, value, and so on",
        is_button=True,
    ),
)


def _tag(argument: Argument) -> str:
    tags = {"text": "s", "number": "n", "integer": "i", "scalar": "n/s"}
    return tags.get(argument.convert.__name__, "any")
