"""The life of a job."""

from __future__ import annotations

import pytest

from bridge.core.jobs import TRANSITIONS, Step, after, is_final
from bridge.errors import InternalError
from bridge.models import JobState


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(JobState)


def test_every_state_leads_to_an_end() -> None:
    def ends(state: JobState, seen: frozenset[JobState]) -> bool:
        if is_final(state):
            return True
        following = set(TRANSITIONS[state].values()) - seen - {state}
        return any(ends(next_state, seen | {state}) for next_state in following)

    assert all(ends(state, frozenset()) for state in JobState)


def test_a_finished_job_stays_finished() -> None:
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        for step in Step:
            with pytest.raises(InternalError, match=state.value):
                after(state, step)


def test_a_result_that_came_despite_the_cancel_is_kept() -> None:
    assert after(JobState.CANCELLING, Step.FINISH) is JobState.DONE
