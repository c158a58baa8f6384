"""One row of the table: what was done to the bridge, how often, and what was lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Outcome:
    """What came of one kind of fault.

    Parameters
    ----------
    fault, done
        What went wrong, and what the harness did to make it so.
    times
        How often.
    held
        What was measured or seen meanwhile.
    lost
        A sentence for each thing that should not have happened; empty if all is well.
    """

    fault: str
    done: str
    times: int = 0
    held: str = ""
    lost: list[str] = field(default_factory=list)

    def expect(self, condition: object, sentence: str) -> None:
        """Write down what was lost, unless a condition holds."""
        if not condition:
            self.lost.append(sentence)

    def check(self) -> None:
        """Raise AssertionError with everything that was lost, if anything was."""
        assert not self.lost, f"{self.fault}: " + "; ".join(self.lost)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes as the README's table."""
    lines = [
        "| fault | what was done | how often | what was seen | lost |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {o.fault} | {o.done} | {o.times:,} | {o.held} | {'; '.join(o.lost) or 'nothing'} |"
        for o in outcomes
    ]
    return "\n".join(lines)
