"""Writes the transcriber's weights as the engine reads them, and a card that tells their story."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bridge.training import card
from bridge.training.weights import write_half

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.engines.note_scores import OnsetScores
    from bridge.training.drums.network import DrumNetwork

    Tuned = Mapping[str, tuple[float, OnsetScores]]


def export(network: DrumNetwork, thresholds: Mapping[str, float], path: Path) -> None:
    """Write a network's weights, its sizes and its thresholds."""
    facts = {"shape": network.shape.to_json(), "thresholds": json.dumps(dict(thresholds))}
    write_half(network, facts, path)


def write_drum_card(
    path: Path,
    network: DrumNetwork,
    facts: Mapping[str, Mapping[str, object]],
    scored: Mapping[str, Tuned],
) -> None:
    """Write the card beside the weights.

    Parameters
    ----------
    path
        Of the card.
    network
        Whose sizes are told.
    facts
        Further tables: data, training.
    scored
        By what was scored, each drum's threshold and scores.
    """
    tables: dict[str, dict[str, object]] = {
        "network": {
            "channels": list(network.shape.channels),
            "width": network.shape.width,
            "dilations": list(network.shape.dilations),
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
        }
    }
    tables |= {name: dict(table) for name, table in facts.items()}
    for title, tuned in scored.items():
        for drum, (threshold, score) in tuned.items():
            tables[f'{title}."{drum}"'] = {
                "threshold": threshold,
                "precision": score.precision,
                "recall": score.recall,
                "f_measure": score.f_measure,
                "onset_bias_ms": score.onset_bias_ms,
                "onset_spread_ms": score.onset_spread_ms,
            }
    card.write(path, tables)
