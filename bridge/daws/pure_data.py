"""Pure Data: a patch for vanilla Pd, and the knob that it is made of.

What is seen has no wires: widgets send to names, and `pure_data_inside` does the rest. Nothing but
vanilla objects are used; ``listbox`` needs Pd 0.52.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.daws.pd_patch import Patch
from bridge.daws.pure_data_inside import OUT, buttons, inside, on_press

if TYPE_CHECKING:
    from bridge.daws.surface import Choice, Surface, SurfaceKnob

PATCH_NAME = "dawbridge.pd"
KNOB_NAME = "dawbridge-knob.pd"

_COLOURS = "-262144 -1 -1"
_FONT = "0 12"
_ROW = 26
_COLUMN = 160
_STEP = 18
"""Pixels between one choice of a radio and the next."""


def files(surface: Surface) -> dict[str, str]:
    """Return the patch and its knob, by file name."""
    return {PATCH_NAME: main_patch(surface), KNOB_NAME: knob_patch()}


def knob_patch() -> str:
    r"""Return the abstraction of one knob, a fader and its value.

    Its arguments are the knob's path below ``/bridge/chain``, its name inside Pd, and its label.
    """
    patch = Patch(500, 160)
    fader = patch.add(
        "obj",
        6,
        5,
        "hsl 128 15 0 1 0 0 empty dawbridge-fader-\\$2 \\$3 136 8 0 10 " + _COLOURS + " 0 1",
    )
    patch.add("listbox", 385, 5, "12 0 0 0 - dawbridge-value-\\$2 - 0")
    form = patch.add("obj", 6, 60, "oscformat bridge/chain/\\$1/fader")
    patch.wire(fader, form, patch.add("obj", 6, 90, f"s {OUT}"))
    return patch.text() + f"#X coords 0 -1 1 1 480 {_ROW} 2 0 0;\n"


def main_patch(surface: Surface) -> str:
    """Return the patch: buttons, choices, progress, and a subpatch of knobs for each chain."""
    patch = Patch(1080, 640)
    patch.add("text", 20, 10, "dawbridge: select bars in the DAW \\, or a file here. Then press.")
    _button(patch, (20, 50), "connect")
    look = f"tgl 20 0 empty dawbridge-connected connected 26 10 {_FONT} {_COLOURS} 0 1"
    patch.add("obj", 130, 50, look)
    _button(patch, (240, 50), "file")
    for number, (name, _) in enumerate(buttons(surface)):
        _button(patch, (20, 100 + number * _ROW), name)
    bar = f"hsl 512 20 0 1 0 0 empty dawbridge-progress empty -2 -8 {_FONT} {_COLOURS} 0 1"
    patch.add("obj", 240, 100, bar)
    patch.add("listbox", 240, 130, "72 0 0 0 - dawbridge-state - 0")
    for number, choice in enumerate(surface.choices):
        _choice(patch, choice, 240 + number * _COLUMN, 180)
    patch.add("text", 900, 70, "knobs")
    for number, (name, knobs) in enumerate(surface.chains.items()):
        patch.put(_chain_patch(name, knobs), 900, 100 + number * _ROW)
    patch.put(inside(surface), 20, 600)
    return patch.text()


def _button(patch: Patch, place: tuple[int, int], name: str, label: str = "") -> None:
    """Put a button; its name is its label too if it has none."""
    names = f"dawbridge-pressed-{name} dawbridge-press-{name} {label or name}"
    patch.add("obj", *place, f"bng 20 250 50 0 {names} 26 10 {_FONT} {_COLOURS}")


def _choice(patch: Patch, choice: Choice, x: int, y: int) -> None:
    """Put a column of radio buttons."""
    patch.add("text", x - 4, y, choice.option)
    names = f"dawbridge-picked-{choice.option} dawbridge-{choice.option} empty"
    look = f"vradio {_STEP} 0 0 {len(choice.values)} {names} 0 -8 {_FONT} {_COLOURS} 0"
    patch.add("obj", x, y + 20, look)
    for number, value in enumerate(choice.values):
        patch.add("text", x + 22, y + 18 + number * _STEP, value)


def _chain_patch(name: str, knobs: tuple[SurfaceKnob, ...]) -> Patch:
    """Return the subpatch of a chain: its knobs in two columns, and reset."""
    rows = (len(knobs) + 1) // 2
    patch = Patch(1000, 80 + rows * _ROW, name)
    _button(patch, (10, 10), f"reset-{name}", "reset")
    for number, knob in enumerate(knobs):
        path = f"{knob.chain}/{knob.place}/{knob.name}"
        label = f"{knob.place}:{knob.effect}:{knob.name}"
        column, row = divmod(number, rows)
        text = f"dawbridge-knob {path} {path.replace('/', '-')} {label}"
        patch.add("obj", 10 + column * 490, 44 + row * _ROW, text)
    on_press(patch, (1200, 10), f"reset-{name}", f"bridge/chain/{name}/reset")
    patch.wire(
        patch.add("obj", 1200, 50, "r dawbridge-refresh"),
        patch.add("msg", 1480, 50, "1"),
        patch.add("obj", 1510, 50, f"oscformat bridge/chain/{name}"),
        patch.add("obj", 1760, 50, f"s {OUT}"),
    )
    return patch
