"""Where something in a chain file stands."""

from __future__ import annotations

import pytest

from bridge.engines.effects.chain_place import Place, line_of

TEXT = """\
description = "type = 1"   # 1
width = 0.5

[[effect]]                  # 4
type = "Gain"
gain_db = 3.0

[[effect]]  # 8
type = "Mix"

[[effect.path]]             # 11
gain_db = -3.0

[[ effect.path.effect ]]    # 14
type = "Clipping"
threshold_db = -6.0

[[effect.path]]             # 18
gain_db = -9.0
[[effect.path.effect]]      # 20
"type" = "Reverb"
wet = 0.5
[[effect.path.effect]]      # 23
type = "Chorus"

[[effect]]                  # 26
type = "Plugin"
[effect.parameters]         # 28
drive = 3
"""


@pytest.mark.parametrize(
    ("place", "key", "line"),
    [
        ("chain", "description", 1),
        ("chain", "width", 2),
        ("chain", "tail_s", None),
        ("0", None, 4),
        ("0", "gain_db", 6),
        ("1", "type", 9),
        ("1", "gain_db", 8),  # which it has not: its paths have
        ("1.0", "gain_db", 12),
        ("1.0.0", "threshold_db", 16),
        ("1.1", "gain_db", 19),
        ("1.1.0", "type", 21),
        ("1.1.0", "wet", 22),
        ("1.1.1", None, 23),
        ("2", "drive", 29),
        ("2", "parameters", 26),
        ("3", None, None),
        ("1.0.1", None, None),
    ],
)
def test_the_line_of_a_key(place: str, key: str | None, line: int | None) -> None:
    assert line_of(TEXT, place, key) == line


def test_an_inline_table_has_no_line() -> None:
    assert line_of('effect = [{type = "Gain"}]', "0", "type") is None


def test_places_in_words() -> None:
    place = Place("x").inner(1).inner(0).inner(2)
    assert place.title == "Effect 3 of path 1 of effect 2 of the chain 'x'"
    assert Place("x").title == "The chain 'x'"
    assert Place("x").header("effect") == "[[effect]]"
    assert place.header("path") == "[[effect.path.effect.path]]"
