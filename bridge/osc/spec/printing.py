"""The contract as Markdown: what `dawbridge protocol` prints and the README holds."""

from __future__ import annotations

from bridge.errors import codes
from bridge.osc.spec.events import EVENTS, NOTE
from bridge.osc.spec.options import OPTIONS
from bridge.osc.spec.requests import REQUESTS


def error_codes() -> list[tuple[str, str]]:
    """Return every wire code with what it means, for the tables."""
    return [(code, (cls.__doc__ or "").split(";")[0].rstrip(".")) for code, cls in codes().items()]


def markdown() -> str:
    """Return the contract as Markdown tables: what `dawbridge protocol` prints."""
    lines = ["| address | arguments | what happens | answer |", "|---|---|---|---|"]
    lines += [f"| `{r.address}` | {r.signature} | {r.does} | {r.answers} |" for r in REQUESTS]
    lines += ["", "| option | value | default |", "|---|---|---|"]
    lines += [f"| `{o.name}` | {o.value} | {o.default} |" for o in OPTIONS]
    lines += ["", "| event | arguments after the job's id | when |", "|---|---|---|"]
    lines += [f"| `{e.address}` | {e.arguments} | {e.doc} |" for e in (*EVENTS.values(), NOTE)]
    lines += ["", "| error code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in error_codes()]
    return "\n".join(lines) + "\n"
