"""The OSC contract as tables; argument checks, `dawbridge protocol` and the README derive from it.

`REQUESTS` are what clients send, `OPTIONS` the name-value pairs that follow a request's own
arguments, `EVENTS` what clients get.
"""

from bridge.osc.spec.events import ERROR_ADDRESS, ERROR_TAGS, EVENTS, NOTE, EventSpec
from bridge.osc.spec.options import OPTIONS, Option
from bridge.osc.spec.printing import error_codes, markdown
from bridge.osc.spec.requests import REQUESTS, Argument, Request

__all__ = [
    "ERROR_ADDRESS",
    "ERROR_TAGS",
    "EVENTS",
    "NOTE",
    "OPTIONS",
    "REQUESTS",
    "Argument",
    "EventSpec",
    "Option",
    "Request",
    "error_codes",
    "markdown",
]
