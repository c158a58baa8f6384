"""The contract's tables."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import JobEvent
from bridge.errors import BadArgumentsError, codes
from bridge.models import Region, RunOptions
from bridge.osc import spec
from bridge.osc.arguments import parse_arguments, parse_option, parse_options, region, run_options
from bridge.osc.converters import boolean, integer, number, scalar
from bridge.osc.dispatch import HANDLERS

REQUESTS = {request.address: request for request in spec.REQUESTS}

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=8),
)


def test_every_request_has_a_handler_and_every_handler_a_request() -> None:
    assert set(HANDLERS) == set(REQUESTS)


def test_every_event_has_an_address() -> None:
    assert set(spec.EVENTS) == set(JobEvent.__subclasses__())
    for row in spec.EVENTS.values():
        assert len(row.tags) == 1 + (row.arguments.count(",") + 1 if row.arguments else 0)


def test_every_option_of_the_core_is_in_the_contract() -> None:
    names = {option.name for option in spec.OPTIONS if not option.is_region}
    assert names == set(RunOptions.model_fields) | {"id"}
    region = {option.name for option in spec.OPTIONS if option.is_region}
    assert region == {name.removesuffix("_s") for name in Region.model_fields}


def test_the_printed_contract_holds_every_word() -> None:
    printed = spec.markdown()
    for word in (
        *REQUESTS,
        *(row.address for row in spec.EVENTS.values()),
        *(option.name for option in spec.OPTIONS),
        *codes(),
    ):
        assert f"`{word}`" in printed


@pytest.mark.parametrize("value", [3, 3.0, "3", True + 2])
def test_whole_numbers_come_in_every_dress(value: Any) -> None:
    assert integer(value) == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (1, True), (0.0, False), ("true", True), ("OFF", False), (None, False)],
)
def test_booleans_come_in_every_dress(value: Any, expected: bool) -> None:
    assert boolean(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (1, 1.0), (0.5, 0.5), ("0.5", 0.5), ("off", False), ("LPF24", "LPF24")],
)
def test_a_knob_takes_what_there_is(value: Any, expected: Any) -> None:
    taken = scalar(value)
    assert taken == expected
    assert isinstance(taken, type(expected))


def test_addresses_are_told_by_their_parts() -> None:
    knob = REQUESTS["/bridge/chain/NAME/PLACE/PARAM"]
    assert knob.named("/bridge/chain/plate/0/wet") == {
        "NAME": "plate",
        "PLACE": "0",
        "PARAM": "wet",
    }
    for other in ("/bridge/chain/plate/0", "/bridge/chain//0/wet", "/bridge/chains/plate/0/wet"):
        assert knob.named(other) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "abc", None, b"x", True])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ValueError, match="a number"):
        number(value)


def test_faults_name_the_argument_and_what_was_expected() -> None:
    select = REQUESTS["/bridge/select"]
    with pytest.raises(BadArgumentsError, match="lacks its argument 'length'"):
        parse_arguments(select, ["/x.wav", 0.0])
    with pytest.raises(BadArgumentsError, match="'start' must be a number"):
        parse_arguments(select, ["/x.wav", "soon", 1.0])
    with pytest.raises(BadArgumentsError, match="1 too many"):
        parse_arguments(REQUESTS["/bridge/job"], ["a", "b"])


def test_faults_of_options() -> None:
    with pytest.raises(BadArgumentsError, match="Did you mean 'tempo'"):
        parse_options(["tmpo", 120])
    with pytest.raises(BadArgumentsError, match="pairs"):
        parse_options(["tempo"])
    with pytest.raises(BadArgumentsError, match=r"'format'.*'wav16'"):
        run_options({"format": "wav8"})
    with pytest.raises(BadArgumentsError, match="'tempo'"):
        run_options({"tempo": -1.0})
    with pytest.raises(BadArgumentsError, match="start_s"):
        region("/x.wav", -1.0, 0.0)


@given(st.sampled_from(spec.REQUESTS), st.lists(anything, max_size=8))
def test_no_arguments_do_harm(request: spec.Request, values: list[Any]) -> None:
    with contextlib.suppress(BadArgumentsError):
        _, rest = parse_arguments(request, values)
        run_options({k: v for k, v in parse_options(rest).items() if k not in {"path", "start"}})


@given(st.sampled_from(spec.OPTIONS), anything)
def test_no_option_does_harm(option: spec.Option, value: Any) -> None:
    with contextlib.suppress(BadArgumentsError):
        given_options = {option.name: parse_option(option.name, value)}
        run_options(given_options)
