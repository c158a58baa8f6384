"""Recipes and their kin, as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bridge.core.presets import Presets
from bridge.errors import PresetError, UnknownChainError, UnknownRecipeError
from bridge.resources import shipped

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = """
description = "{0}"
[[stage]]
kind = "write"
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "chains").mkdir()
    return tmp_path


def test_the_named_recipes_ship() -> None:
    names = {recipe.name for recipe in Presets((shipped("presets"),)).recipes()}
    assert names >= {"stems", "vocals", "midi", "stems-to-midi", "process", "karaoke"}


def test_your_own_replaces_the_shipped_one_by_name(own: Path) -> None:
    (own / "recipes" / "stems.toml").write_text(RECIPE.format("mine"))
    presets = Presets((own, shipped("presets")))
    assert presets.recipe("stems").description == "mine"
    assert presets.recipe("vocals").description != "mine"


def test_a_recipe_is_read_again_when_it_changes(own: Path) -> None:
    path = own / "recipes" / "mine.toml"
    path.write_text(RECIPE.format("first"))
    presets = Presets((own,))
    assert presets.recipe("mine").description == "first"
    path.write_text(RECIPE.format("second"))
    os.utime(path, ns=(1, 1))
    assert presets.recipe("mine").description == "second"
    path.unlink()
    with pytest.raises(UnknownRecipeError):
        presets.recipe("mine")


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    presets = Presets((shipped("presets"),))
    with pytest.raises(UnknownRecipeError, match="Did you mean 'karaoke'"):
        presets.recipe("kareoke")
    with pytest.raises(UnknownChainError, match="Known are"):
        presets.chain("../recipes/stems")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("= nonsense", "not valid TOML.*line 1"),
        ('descripton = "x"', "Did you mean 'description'"),
        ('description = "x"', "stages"),
        ('stage = "write"', r"\[\[stage\]\]"),
        ("x" * 300_000, "larger than a preset"),
        ("\ud800", None),
    ],
)
def test_a_wrong_file_spoils_only_itself(own: Path, content: str, message: str | None) -> None:
    path = own / "recipes" / "wrong.toml"
    path.write_text(content, errors="surrogatepass")
    presets = Presets((own, shipped("presets")))
    with pytest.raises(PresetError, match=message or "not valid TOML"):
        presets.recipe("wrong")
    assert "stems" in {recipe.name for recipe in presets.recipes()}


def test_a_knob_turns_a_copy(own: Path) -> None:
    (own / "chains" / "mine.toml").write_text('[[effect]]\ntype = "Gain"\ngain_db = 1.0\n')
    presets = Presets((own,))
    presets.turn("mine", "0", "gain_db", 3.0)
    presets.turn("mine", "chain", "width", 0.5)
    assert presets.chain("mine")["effect"][0]["gain_db"] == 3.0
    assert presets.chain("mine")["width"] == 0.5
    assert presets.chain_file("mine") == {"effect": [{"type": "Gain", "gain_db": 1.0}]}
    presets.turn_back("mine")
    assert presets.chain("mine") == presets.chain_file("mine")


def test_a_turn_does_not_reach_another_effect_that_took_its_place(own: Path) -> None:
    path = own / "chains" / "mine.toml"
    path.write_text('[[effect]]\ntype = "Gain"\n[[effect]]\ntype = "Reverb"\n')
    presets = Presets((own,))
    presets.turn("mine", "0", "gain_db", 3.0)
    presets.turn("mine", "1", "room_size", 0.25)
    path.write_text('[[effect]]\ntype = "Reverb"\n')
    os.utime(path, ns=(1, 1))
    assert presets.chain("mine") == {"effect": [{"type": "Reverb"}]}


def test_a_chain_of_your_own_that_comes_later_replaces_the_shipped_one(own: Path) -> None:
    presets = Presets((own, shipped("presets")))
    assert presets.chain_place("plate")[0].parent == shipped("presets") / "chains"
    text = 'description = "mine"\n[[effect]]\ntype = "Gain"\n'
    (own / "chains" / "plate.toml").write_text(text)
    assert presets.chain_place("plate") == (own / "chains" / "plate.toml", text)
    assert presets.chain("plate")["description"] == "mine"
