"""Pure Data: what is inside the patch, out of sight: what it sends, and what it does when it hears.

Widgets are reached by names: ``dawbridge-pressed-NAME`` is a button that was pressed,
``dawbridge-press-NAME`` presses it, ``dawbridge-picked-OPTION`` is the number of what was chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.daws.pd_patch import Patch
from bridge.daws.surface import HELLO_INTERVAL_S

if TYPE_CHECKING:
    from bridge.daws.surface import Choice, Surface

REPLY_PORT = 7771
"""Where the patch listens, since Pd before 0.51 hears nothing on the socket that it sends from."""

OUT = "dawbridge-out"
"""Name that OSC bytes for the daemon are sent to inside Pd."""


def inside(surface: Surface) -> Patch:
    """Return the subpatch."""
    patch = Patch(900, 600, "inside")
    for number, (name, address) in enumerate(buttons(surface)):
        on_press(patch, (20, 20 + number * 30), name, address)
    _select(patch)
    for number, choice in enumerate(surface.choices):
        _choice(patch, choice, 700 + number * 400)
    _network(patch, surface)
    return patch


def buttons(surface: Surface) -> list[tuple[str, str]]:
    """Return the name and the address of every button that needs nothing but a press."""
    runs = [(name, f"bridge/run/{name}") for name in surface.recipes]
    return [*runs, ("again", "bridge/again"), ("cancel", "bridge/cancel")]


def on_press(patch: Patch, place: tuple[int, int], name: str, address: str) -> None:
    """Put what sends 1 to an address when a button is pressed."""
    x, y = place
    patch.wire(
        patch.add("obj", x, y, f"r dawbridge-pressed-{name}"),
        patch.add("msg", x + 280, y, "1"),
        patch.add("obj", x + 310, y, f"oscformat {address}"),
        patch.add("obj", x + 560, y, f"s {OUT}"),
    )


def _select(patch: Patch) -> None:
    """Put what selects a whole file: one that is chosen, or whose symbol comes by name."""
    whole = patch.add("obj", 20, 560, "list append 0 0")
    patch.wire(
        patch.add("obj", 20, 500, "r dawbridge-pressed-file"),
        patch.add("obj", 20, 530, "openpanel"),
        whole,
        patch.add("obj", 20, 590, "oscformat bridge/select"),
        patch.add("obj", 20, 620, f"s {OUT}"),
    )
    patch.wire(patch.add("obj", 220, 530, "r dawbridge-file"), whole)


def _choice(patch: Patch, choice: Choice, x: int) -> None:
    """Put what sets an option, and what moves its radio to what others set it to."""
    picked = patch.add("obj", x, 50, "sel " + " ".join(map(str, range(len(choice.values)))))
    form = patch.add("obj", x, 500, "oscformat bridge/set")
    patch.wire(patch.add("obj", x, 20, f"r dawbridge-picked-{choice.option}"), picked)
    patch.wire(form, patch.add("obj", x, 530, f"s {OUT}"))
    which = patch.add("obj", x + 200, 50, "sel " + " ".join(choice.values))
    shown = patch.add("obj", x + 200, 530, f"s dawbridge-{choice.option}")
    patch.wire(patch.add("obj", x + 200, 20, f"r dawbridge-heard-{choice.option}"), which)
    for number, value in enumerate(choice.values):
        sent = patch.add("msg", x, 90 + number * 20, f"list {choice.option} {value}")
        patch.connect(picked, number, sent)
        patch.wire(sent, form)
        moved = patch.add("msg", x + 200, 90 + number * 20, f"set {number}")
        patch.connect(which, number, moved)
        patch.wire(moved, shown)


def _network(patch: Patch, surface: Surface) -> None:
    """Put what sends to the daemon, keeps in touch with it, and hears it."""
    x = 2000
    out = patch.add("obj", x, 0, f"r {OUT}")
    net = patch.add("obj", x, 90, "netsend -u -b")
    patch.wire(
        out, patch.add("obj", x, 30, "list prepend send"), patch.add("obj", x, 60, "list trim"), net
    )
    connect = patch.add("msg", x + 200, 60, f"connect {surface.host} {surface.port}")
    patch.wire(connect, net)
    # Whenever it is time, connect if that is needed, then say hello.
    beat = patch.add("obj", x + 200, -120, f"metro {HELLO_INTERVAL_S * 1000}")
    patch.wire(
        patch.add("obj", x + 200, -180, "loadbang"), patch.add("msg", x + 200, -150, "1"), beat
    )
    both = patch.add("obj", x + 200, -90, "t b b b")
    patch.wire(beat, both)
    silent = patch.add("msg", x + 600, -60, "0")  # until the daemon answers
    patch.connect(both, 2, silent)
    patch.wire(silent, patch.add("obj", x + 600, -30, "s dawbridge-connected"))
    patch.connect(patch.add("obj", x + 300, -120, "r dawbridge-pressed-connect"), 0, both)
    state = patch.add("obj", x + 300, 0, "f")
    patch.connect(both, 1, state)
    patch.connect(net, 0, state, 1)
    closed = patch.add("obj", x + 300, 30, "sel 0")
    patch.wire(state, closed, connect)
    hello = patch.add("msg", x + 400, -60, f"list PureData controller {REPLY_PORT}")
    patch.wire(
        both,
        hello,
        patch.add("obj", x + 400, -30, "oscformat bridge/hello"),
        patch.add("obj", x + 400, 0, f"s {OUT}"),
    )
    _hearing(patch, x)


def _hearing(patch: Patch, x: int) -> None:
    heard = patch.add("obj", x, 200, f"netreceive -u -b {REPLY_PORT}")
    kinds = patch.add("obj", x, 290, "route welcome job chain set selected error")
    patch.wire(
        heard,
        patch.add("obj", x, 230, "oscparse"),
        patch.add("obj", x, 250, "list trim"),
        patch.add("obj", x, 270, "route bridge"),
        kinds,
    )
    state = patch.add("obj", x, 700, "s dawbridge-state")
    printed = patch.add("obj", x + 500, 670, "list trim")
    patch.wire(printed, patch.add("obj", x + 500, 700, "print dawbridge"))
    told = patch.add("obj", x, 640, "list prepend set")
    patch.wire(told, patch.add("obj", x, 670, "list trim"), state)
    welcome = patch.add("obj", x, 330, "t b b")
    patch.wire(kinds, welcome, patch.add("obj", x, 360, "s dawbridge-refresh"))
    answered = patch.add("msg", x + 160, 360, "1")
    patch.connect(welcome, 1, answered)
    patch.wire(answered, patch.add("obj", x + 160, 390, "s dawbridge-connected"))
    for number, word in enumerate(("welcome", "job", "", "set", "selected", "error")):
        if word:
            prefix = patch.add(
                "obj", x + 500 + number * 20, 400 + number * 30, f"list prepend {word}"
            )
            patch.connect(kinds, number, prefix)
            patch.wire(prefix, printed)
            if word in {"selected", "error"}:
                patch.wire(prefix, told)
    _hearing_jobs(patch, kinds, told)
    _hearing_knobs(patch, kinds)
    choice = patch.add("msg", x + 900, 400, "\\; dawbridge-heard-\\$1 symbol \\$2")
    offered = patch.add("obj", x + 900, 370, "route model stems pre post")
    patch.connect(kinds, 3, offered)
    for number, option in enumerate(("model", "stems", "pre", "post")):
        again = patch.add("obj", x + 900 + number * 160, 385, f"list prepend {option}")
        patch.connect(offered, number, again)
        patch.wire(again, choice)


def _hearing_jobs(patch: Patch, kinds: int, told: int) -> None:
    """Put what shows progress and states. After the event's name come the job's id and the rest."""
    x = 3200
    events = patch.add("obj", x, 330, "route progress queued done failed cancelled state")
    patch.connect(kinds, 1, events)
    bar = patch.add("obj", x, 700, "s dawbridge-progress")
    second = patch.add("msg", x, 360, "\\$2")
    whole = patch.add("obj", x, 345, "list")
    patch.wire(events, whole, second, bar)
    stage = patch.add("msg", x + 100, 360, "list \\$1 \\$3 \\$4 s left")
    patch.wire(whole, stage, told)
    for number, (word, fraction) in enumerate(
        (("queued", "0"), ("done", "1"), ("failed", "0"), ("cancelled", "0")), start=1
    ):
        prefix = patch.add("obj", x + number * 200, 390, f"list prepend {word}")
        split = patch.add("obj", x + number * 200, 360, "t a b")
        at = patch.add("msg", x + number * 200, 420, fraction)
        patch.connect(events, number, split)
        patch.wire(split, prefix, told)
        patch.connect(split, 1, at)
        patch.wire(at, bar)
    late = patch.add("obj", x + 1000, 360, "list")  # what a latecomer is told of each job
    patch.connect(events, 5, late)
    patch.wire(late, patch.add("msg", x + 1000, 390, "\\$4"), bar)
    patch.wire(late, patch.add("msg", x + 1000, 420, "list \\$2 \\$1 \\$3"), told)


def _hearing_knobs(patch: Patch, kinds: int) -> None:
    """Put what moves the knobs: four words are a value, five end in a fader's position."""
    x = 4400
    split = patch.add("obj", x, 330, "t a a a")
    patch.connect(kinds, 2, split)
    value, fader = (patch.add("obj", x + n * 200, 420, "list") for n in range(2))
    patch.connect(split, 2, value, 1)
    patch.connect(split, 1, fader, 1)
    lengths = patch.add("obj", x, 390, "sel 4 5")
    patch.wire(split, patch.add("obj", x, 360, "list length"), lengths)
    patch.connect(lengths, 0, value)
    patch.connect(lengths, 1, fader)
    names = "\\$1-\\$2-\\$3"
    patch.wire(value, patch.add("msg", x, 450, f"\\; dawbridge-value-{names} set \\$4"))
    patch.wire(fader, patch.add("msg", x + 200, 450, f"\\; dawbridge-fader-{names} set \\$5"))
