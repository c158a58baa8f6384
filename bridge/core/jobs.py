"""The life of a job, as a table.

::

    queued ──start──▶ running ──finish──▶ done
      │  ▲              │  │ └──fail────▶ failed
      │  └──interrupt───┘  └──cancel──▶ cancelling ──stopped──▶ cancelled
      └─────cancel──────────────────────────────────────────────▶

`interrupt` happens when the daemon died while the job ran: it goes back to the queue, once.
A job that finished or failed although it was asked to stop is done or failed: nothing is thrown
away because a key was pressed too late.
"""

from __future__ import annotations

from enum import Enum

from bridge.errors import InternalError
from bridge.models import JobState


class Step(str, Enum):
    """What happens to a job."""

    START = "start"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"
    STOPPED = "stopped"
    INTERRUPT = "interrupt"


TRANSITIONS: dict[JobState, dict[Step, JobState]] = {
    JobState.QUEUED: {
        Step.START: JobState.RUNNING,
        Step.CANCEL: JobState.CANCELLED,
        Step.FINISH: JobState.DONE,  # answered from an earlier result, without running
        Step.FAIL: JobState.FAILED,
    },
    JobState.RUNNING: {
        Step.FINISH: JobState.DONE,
        Step.FAIL: JobState.FAILED,
        Step.CANCEL: JobState.CANCELLING,
        Step.INTERRUPT: JobState.QUEUED,
    },
    JobState.CANCELLING: {
        Step.CANCEL: JobState.CANCELLING,
        Step.STOPPED: JobState.CANCELLED,
        Step.FINISH: JobState.DONE,
        Step.FAIL: JobState.FAILED,
        Step.INTERRUPT: JobState.CANCELLED,
    },
    JobState.DONE: {},
    JobState.FAILED: {},
    JobState.CANCELLED: {},
}

MAX_ATTEMPTS = 2
"""How often a job is started: once, and once more after the daemon died under it."""


def is_final(state: JobState) -> bool:
    """Tell whether nothing can happen to a job any more."""
    return not TRANSITIONS[state]


def after(state: JobState, step: Step) -> JobState:
    """Return the state that follows.

    Raises
    ------
    InternalError
        If the table does not hold the step: a fault of this program, never of a request.
    """
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise InternalError(f"A job that is {state.value} cannot {step.value}.") from None
