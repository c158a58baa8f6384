"""What is measured of a chain is what its effects are known to do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.chain_spec import ChainSpec
from bridge.engines.effects.response import Response, measure


def run(chain: ChainSpec, given: DiskBuffer, path: Path) -> DiskBuffer:
    return run_chain(chain, given, path)


def measured(folder: Path, *effects: dict[str, Any], **settings: Any) -> Response:
    return measure(parse_chain("x", {"effect": list(effects), **settings}), folder, run)


def gain_at(response: Response, hertz: float) -> float:
    places = [abs(math.log(f / hertz)) for f in response.frequencies_hz]
    return response.gains_db[places.index(min(places))]


def test_filters_are_seen_in_the_frequency_response(tmp_path: Path) -> None:
    response = measured(
        tmp_path,
        {"type": "HighpassFilter", "cutoff_frequency_hz": 100.0},
        {"type": "PeakFilter", "cutoff_frequency_hz": 2_000.0, "gain_db": 6.0},
    )
    assert gain_at(response, 2_000.0) == pytest.approx(6.0, abs=0.3)
    assert gain_at(response, 100.0) == pytest.approx(-3.0, abs=0.5)
    assert gain_at(response, 50.0) == pytest.approx(-7.0, abs=0.7)
    assert gain_at(response, 15_000.0) == pytest.approx(0.0, abs=0.3)
    assert response.frequencies_hz[0] == 20.0
    assert response.frequencies_hz[-1] == pytest.approx(20_000.0)
    assert not response.has_dynamics


def test_a_compressor_is_seen_in_the_transfer_curve(tmp_path: Path) -> None:
    response = measured(
        tmp_path,
        {"type": "Compressor", "threshold_db": -30.0, "ratio": 4.0},
        output_gain_db=6.0,
    )
    curve = dict(zip(response.inputs_dbfs, response.outputs_dbfs, strict=True))
    assert curve[-50.0] == pytest.approx(-44.0, abs=0.3)
    assert curve[0.0] - curve[-20.0] == pytest.approx(5.0, abs=0.5)
    assert response.has_dynamics


def test_loudness_and_tail_are_left_out(tmp_path: Path) -> None:
    response = measured(tmp_path, {"type": "Gain", "gain_db": -3.0}, loudness_lufs=-5, tail_s=9)
    assert gain_at(response, 1_000.0) == pytest.approx(-3.0, abs=0.1)
    assert response.outputs_dbfs[-1] == pytest.approx(-3.0, abs=0.1)
