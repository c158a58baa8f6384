"""What a recipe and a run ask of a separation."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engines.separation.plan import SeparationPlan, check_stems, parse_stems, settle
from bridge.errors import BadArgumentsError, PresetError
from bridge.models import RunOptions


@pytest.mark.parametrize(
    ("text", "stems", "rest"),
    [
        ("", (), False),
        ("  ", (), False),
        ("vocals", ("vocals",), False),
        ("vocals,drums", ("vocals", "drums"), False),
        (" drums , vocals ", ("drums", "vocals"), False),
        ("vocals,vocals", ("vocals",), False),
        ("vocals+rest", ("vocals",), True),
        ("vocals, drums + rest", ("vocals", "drums"), True),
    ],
)
def test_stems_are_read(text: str, stems: tuple[str, ...], rest: bool) -> None:
    assert parse_stems(text) == (stems, rest)


@pytest.mark.parametrize(
    "text", ["+rest", "vocals+", "vocals+drums", ",", "vocals,", "a+rest+rest"]
)
def test_stems_that_are_not_understood_are_refused(text: str) -> None:
    with pytest.raises(BadArgumentsError, match=r"vocals\+rest"):
        parse_stems(text)


def test_a_recipe_that_says_nothing_asks_for_all_stems_of_the_best_model() -> None:
    assert settle({}, RunOptions()) == SeparationPlan(
        model="auto",
        stems=(),
        rest=False,
        shifts=0,
        overlap=0.25,
        full_precision=False,
        residual=False,
    )


def test_a_quality_settles_what_recipe_and_run_leave_open() -> None:
    draft = settle({}, RunOptions(quality="draft"))
    normal = settle({"quality": "draft"}, RunOptions(quality="normal"))
    best = settle({"quality": "best"}, RunOptions())
    assert normal == settle({}, RunOptions())
    assert draft.overlap < normal.overlap < best.overlap
    assert (draft.shifts, normal.shifts, best.shifts) == (0, 0, 0)
    assert [plan.full_precision for plan in (draft, normal, best)] == [False, False, True]
    assert (draft.model, normal.model, best.model) == ("unet", "auto", "auto")
    assert settle({}, RunOptions(quality="draft", model="htdemucs")).model == "htdemucs"
    asked = settle({"quality": "best", "shifts": 1, "overlap": 0.3}, RunOptions(overlap=0.0))
    assert (asked.shifts, asked.overlap, asked.full_precision) == (1, 0.0, True)


def test_the_run_wins_over_the_recipe() -> None:
    line = {"model": "mdx", "stems": "vocals", "shifts": 2, "overlap": 0.1, "residual": True}
    assert settle(line, RunOptions()) == SeparationPlan(
        model="mdx",
        stems=("vocals",),
        rest=False,
        shifts=2,
        overlap=0.1,
        full_precision=False,
        residual=True,
    )
    request = RunOptions(model="dsp", stems="bass+rest", shifts=0, overlap=0.0)
    assert settle(line, request) == SeparationPlan(
        model="dsp",
        stems=("bass",),
        rest=True,
        shifts=0,
        overlap=0.0,
        full_precision=False,
        residual=True,
    )
    assert settle(line, RunOptions(stems="")).stems == ()
    assert settle({}, RunOptions(residual=True)).residual


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"overlop": 0.5}, "Did you mean 'overlap'"),
        ({"device": "cpu"}, "no option 'device'"),
        ({"overlap": 0.96}, "overlap"),
        ({"overlap": "0.5"}, "overlap"),
        ({"quality": "bset"}, "quality"),
        ({"shifts": -1}, "shifts"),
        ({"shifts": 1.5}, "shifts"),
        ({"residual": 1}, "residual"),
        ({"stems": ["vocals"]}, "stems"),
    ],
)
def test_a_wrong_line_of_a_recipe_is_a_fault_of_the_preset(
    line: dict[str, Any], fault: str
) -> None:
    with pytest.raises(PresetError, match=fault):
        settle(line, RunOptions())


def test_stems_are_checked_against_the_model() -> None:
    plan = settle({}, RunOptions(stems="vocal"))
    with pytest.raises(BadArgumentsError, match=r"Did you mean 'vocals'.*drums, vocals"):
        check_stems(plan, ("drums", "vocals"), "duo")
    with pytest.raises(BadArgumentsError, match="nothing is left"):
        check_stems(settle({}, RunOptions(stems="drums,vocals+rest")), ("drums", "vocals"), "duo")
