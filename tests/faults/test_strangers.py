"""Nobody gets in: every attempt of the table, and what was mended for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bridge.core.toml_text import MOST_DEPTH, parse
from bridge.errors import PluginFailedError
from tests.faults.strangers import strangers

if TYPE_CHECKING:
    from pathlib import Path


def test_every_attempt(tmp_path: Path) -> None:
    outcomes = list(strangers(tmp_path))
    assert len(outcomes) >= 30
    assert not {outcome.done: outcome.lost for outcome in outcomes if outcome.lost}


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000 + "a = 1",
        "x = {" + "a." * 100_000 + "a = 1}",
        "[" + "a." * 100_000 + "a]",
        '"=".' * 50_000 + "a = 1",
        "'}' . " * 40_000 + "a = 1",
        "a = " + "[" * 100_000,
        "a = " + "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1),
        "a = " + "{a = " * 300 + "1" + "}" * 300,
    ],
)
def test_toml_that_takes_for_ever_is_refused_at_once(text: str) -> None:
    """Python's parser took hours for the first, on the event loop."""
    began_s = time.thread_time()
    with pytest.raises(ValueError, match=r"in a row|nested|too deep"):
        parse(text)
    assert time.thread_time() - began_s < 20.0


def test_toml_as_people_write_it_is_parsed() -> None:
    text = 'a.b."c.d" = [0.1, 0.2, 0.3]\ndescription = "One. Two. Three, four… \\"five\\"."\n'
    assert parse(text)["a"]["b"]["c.d"] == [0.1, 0.2, 0.3]


def test_an_impulse_response_that_is_no_audio_is_told(tmp_path: Path) -> None:
    """The effect was left out without a word, and the sound came out dry."""
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.effects.chain import run_chain
    from bridge.engines.effects.chain_file import parse_chain

    path = tmp_path / "hall.wav"
    path.write_text("no audio")
    row = {"type": "Convolution", "impulse_response_filename": str(path)}
    chain = parse_chain("hall", {"effect": [row]})
    buffer = DiskBuffer.create(tmp_path / "in.f32", 2, 1000, 44_100)
    with pytest.raises(PluginFailedError, match="no audio"):
        run_chain(chain, buffer, tmp_path / "out.f32")
