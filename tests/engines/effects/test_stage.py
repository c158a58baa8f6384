"""The stage: which chain goes where, and that the plan needs nothing but itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.stage import EffectsStage
from bridge.engines.take import Take
from bridge.errors import BadArgumentsError, PluginFailedError, PresetError, UnknownChainError
from bridge.models import RunOptions
from tests.engines.effects.plugin_chains import standin
from tests.engines.takes import Presets, RememberingReport, make_take, noise


def gain(gain_db: float) -> dict[str, Any]:
    return {"description": "level", "effect": [{"type": "Gain", "gain_db": gain_db}]}


PRESETS = Presets({"half": gain(-6.0206), "double": gain(6.0206), "wrong": {"effect": []}})


def plan(options: dict[str, Any], **request: Any) -> dict[str, Any]:
    return EffectsStage().plan(options, RunOptions.model_validate(request), PRESETS)


def gains(take: Take, before: dict[str, np.ndarray]) -> dict[str, float]:
    return {
        name: round(float(np.std(take.stems[name].read()) / np.std(audio)), 2)
        for name, audio in before.items()
    }


def run(
    host: EffectsHost, folder: Path, stems: dict[str, np.ndarray], plan: dict[str, Any]
) -> tuple[dict[str, float], RememberingReport]:
    take, report = make_take(folder, stems), RememberingReport()
    take.dry = dict(take.stems)
    EffectsStage(host=host).run(take, json.loads(json.dumps(plan)), report)
    for name, audio in stems.items():
        np.testing.assert_array_equal(take.dry[name].read(), audio)
        np.testing.assert_array_equal(take.stems[name].read().shape, audio.shape)
    assert report.fractions[-1] == 1.0
    assert report.fractions == sorted(report.fractions)
    return gains(take, stems), report


FOUR = {name: noise(0.1, seed=n) for n, name in enumerate(["vocals", "drums", "rest", "residual"])}


@pytest.mark.parametrize(
    ("options", "request_", "result"),
    [
        ({"slot": "post", "chain": "half"}, {}, [0.5, 0.5, 0.5, 1.0]),
        ({"slot": "post", "chain": "half"}, {"post": "double"}, [2.0, 2.0, 2.0, 1.0]),
        ({"slot": "post", "chain": "half"}, {"post": "none"}, [1.0, 1.0, 1.0, 1.0]),
        ({"slot": "post", "chain": "half"}, {"pre": "double"}, [0.5, 0.5, 0.5, 1.0]),
        ({"slot": "post"}, {}, [1.0, 1.0, 1.0, 1.0]),
        ({"slot": "post"}, {"post": "vocals:half, drums:double"}, [0.5, 2.0, 1.0, 1.0]),
        ({"slot": "post", "chain": "vocals:half"}, {}, [0.5, 1.0, 1.0, 1.0]),
        ({"slot": "post"}, {"post": "vocals:none,rest:half"}, [1.0, 1.0, 0.5, 1.0]),
    ],
)
def test_each_stem_gets_its_chain(
    host: EffectsHost,
    tmp_path: Path,
    options: dict[str, Any],
    request_: dict[str, str],
    result: list[float],
) -> None:
    found, report = run(host, tmp_path, FOUR, plan(options, **request_))
    assert list(found.values()) == result
    assert report.warnings == []


def test_before_separation_the_mix_is_processed(host: EffectsHost, tmp_path: Path) -> None:
    made = plan({"slot": "pre", "chain": "double"}, pre="half", post="double")
    found, _ = run(host, tmp_path, {"mix": noise(0.1)}, made)
    assert found == {"mix": 0.5}


def test_a_stem_that_is_not_there_is_warned_of(host: EffectsHost, tmp_path: Path) -> None:
    made = plan({"slot": "post"}, post="vocals:half,piano:half")
    found, report = run(host, tmp_path, FOUR, made)
    assert found["vocals"] == 0.5
    assert report.codes == ["no_such_stem"]
    assert "'piano'" in report.warnings[0][1]


def test_stages_may_follow_each_other(host: EffectsHost, tmp_path: Path) -> None:
    take, report = make_take(tmp_path, {"mix": noise(0.1)}), RememberingReport()
    before = take.stems["mix"].read()
    for name in ("half", "half", "double"):
        EffectsStage(host=host).run(take, plan({"slot": "post", "chain": name}), report)
    np.testing.assert_allclose(take.stems["mix"].read(), before / 2, rtol=1e-4)
    np.testing.assert_array_equal(take.original.read(), before)


def test_the_plan_holds_the_chain_itself() -> None:
    made = plan({"slot": "post", "chain": "half"})
    (effect,) = made["every"]["effects"]
    assert (effect["type"], effect["parameters"]) == ("Gain", {"gain_db": -6.0206})


@pytest.mark.usefixtures("standins")
def test_a_failing_plugin_fails_the_stage_with_its_name(host: EffectsHost, tmp_path: Path) -> None:
    bad = standin(tmp_path, "Bad One", kind="raises")
    effect = {"type": "Plugin", "plugin": str(bad)}
    made = EffectsStage().plan(
        {"slot": "post", "chain": "voice"}, RunOptions(), Presets({"voice": {"effect": [effect]}})
    )
    take = make_take(tmp_path, {"vocals": noise(0.1)})
    with pytest.raises(PluginFailedError, match="'Bad One' of the chain 'voice' failed: the lic"):
        EffectsStage(host=host).run(take, made, RememberingReport())


@pytest.mark.parametrize(
    ("options", "request_", "error", "message"),
    [
        ({}, {}, PresetError, 'needs slot = "pre"'),
        ({"slot": "mid"}, {}, PresetError, "not 'mid'"),
        ({"slot": "pre", "chian": "half"}, {}, PresetError, "'chian'. Did you mean 'chain'"),
        ({"slot": "pre", "chain": 3}, {}, PresetError, "chain's name, not 3"),
        ({"slot": "pre"}, {"pre": "gone"}, UnknownChainError, "'gone'"),
        ({"slot": "pre"}, {"pre": "vocals:half"}, UnknownChainError, "'vocals:half'"),
        ({"slot": "post"}, {"post": "vocals:gone"}, UnknownChainError, "'gone'"),
        ({"slot": "post"}, {"post": "wrong"}, PresetError, "'wrong' has no effects"),
        ({"slot": "post"}, {"post": "vocals:half,drums"}, BadArgumentsError, "not a list"),
        ({"slot": "post"}, {"post": "vocals:"}, BadArgumentsError, "not a list"),
        (
            {"slot": "post"},
            {"post": "vocals:half,vocals:double"},
            BadArgumentsError,
            "'vocals' twice",
        ),
    ],
)
def test_faults_are_found_in_the_plan(
    options: dict[str, Any], request_: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan(options, **request_)


def test_planning_loads_no_audio_library() -> None:
    code = (
        "import sys, bridge.engines.effects.stage, bridge.engines.writing_stage;"
        "print([m for m in ('numpy', 'pedalboard', 'scipy', 'soundfile') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert out.stdout.strip() == "[]"
