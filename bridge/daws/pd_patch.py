"""Pd's file format: a canvas written line by line.

One line for each element, in the order that connections count them by; a subpatch is one element.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class Patch:
    """A canvas while it is written.

    Parameters
    ----------
    width, height
        Of its window.
    name
        Of a subpatch; empty for a file.
    """

    width: int
    height: int
    name: str = ""
    lines: list[str] = field(default_factory=list)
    count: int = 0
    wires: list[str] = field(default_factory=list)

    def add(self, kind: str, x: int, y: int, text: str = "") -> int:
        """Put an element (``obj``, ``msg``, ``text``, …) on the canvas; return its number."""
        self.lines.append(f"#X {kind} {x} {y} {text}".rstrip() + ";")
        self.count += 1
        return self.count - 1

    def put(self, inner: Patch, x: int, y: int) -> int:
        """Put a finished subpatch on the canvas; return its number."""
        self.lines += [*inner.text().splitlines(), f"#X restore {x} {y} pd {inner.name};"]
        self.count += 1
        return self.count - 1

    def wire(self, *numbers: int) -> None:
        """Connect elements in a row, first outlet to first inlet."""
        for source, target in pairwise(numbers):
            self.connect(source, 0, target)

    def connect(self, source: int, outlet: int, target: int, inlet: int = 0) -> None:
        """Connect an outlet to an inlet."""
        self.wires.append(f"#X connect {source} {outlet} {target} {inlet};")

    def text(self) -> str:
        """Return the canvas as Pd's file has it."""
        name = f" {self.name} 0" if self.name else " 12"
        head = f"#N canvas 60 60 {self.width} {self.height}{name};"
        return "\n".join([head, *self.lines, *self.wires]) + "\n"
