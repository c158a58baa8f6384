"""Chain files: what is taken, and the sentence for every fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.engines.effects.chain_spec import ChainSpec, parse_chain
from bridge.engines.effects.table import EFFECTS, Effect
from bridge.errors import PresetError


def chain(*effects: dict[str, Any]) -> dict[str, Any]:
    return {"description": "for a test", "effect": list(effects)}


def test_what_is_left_out_has_pedalboards_default() -> None:
    parsed = parse_chain("room", chain({"type": "Reverb", "room_size": 1}))
    (effect,) = parsed.effects
    assert effect.parameters["room_size"] == 1.0
    assert effect.parameters["damping"] == 0.5
    assert parsed.description == "for a test"


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_a_plan_survives_json(effect: Effect) -> None:
    parsed = parse_chain("x", chain({"type": effect.name}))
    text = json.dumps(parsed.model_dump(mode="json"))
    again = ChainSpec.model_validate(json.loads(text))
    assert again == parsed
    defaults = {parameter.name: parameter.default for parameter in effect.parameters}
    assert again.effects[0].parameters == defaults
    assert all(
        type(again.effects[0].parameters[name]) is type(value) for name, value in defaults.items()
    )


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_every_range_is_kept(effect: Effect) -> None:
    for parameter in effect.parameters:
        if parameter.choices or isinstance(parameter.default, bool):
            wrong: list[Any] = ["no such", 7]
        else:
            wrong = [parameter.low - 0.01, parameter.high + 0.01, "1", True, float("nan")]
        for value in wrong:
            row = {"type": effect.name, parameter.name: value}
            with pytest.raises(
                PresetError, match=f"Effect 2 .*'x', {effect.name}: {parameter.name}"
            ):
                parse_chain("x", chain({"type": "Gain"}, row))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "'x' has no effects"),
        ({"effect": []}, "'x' has no effects"),
        ({"effect": "Reverb"}, "'x' has no effects"),
        ({"effects": []}, "unknown entry 'effects'. Did you mean 'effect'"),
        ({"description": 3, "effect": [{"type": "Gain"}]}, "description .* must be text"),
        (chain({"room_size": 1.0}), "Effect 1 .*needs a type"),
        (chain({"type": "reverb"}), "Effect 1 .*unknown type 'reverb'. Did you mean 'Reverb'"),
        (chain({"type": "PitchShift"}), "unknown type 'PitchShift'"),
        (
            chain({"type": "Gain"}, {"type": "Compressor", "treshold_db": -3}),
            "Effect 2 .*Compressor, has no parameter 'treshold_db'. Did you mean 'threshold_db'",
        ),
        (
            chain({"type": "Gain", "gain_db": 99}),
            r"gain_db is 99, but must be a number from -60 to 60 \(dB\)",
        ),
        (chain({"type": "LadderFilter", "mode": "LPF"}), "mode is 'LPF', but must be one of LPF12"),
        (chain({"type": "BrickwallLimiter", "true_peak": 1}), "must be true or false"),
    ],
)
def test_each_fault_has_its_sentence(table: dict[str, Any], message: str) -> None:
    with pytest.raises(PresetError, match=message):
        parse_chain("x", table)
