"""The card that lies beside weights and tells how they were made."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from bridge.training.singer.speakers import ESPEAK, PEOPLE
from bridge.training.songs import drumkits
from bridge.training.songs.soundfonts import SOUNDFONTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.training.separator.cache import SongCache
    from bridge.training.separator.network import UNet

    Facts = Mapping[str, object]


def made_with(network: UNet, songs: SongCache) -> dict[str, dict[str, object]]:
    """Return the network's sizes and what it has heard."""
    shape = network.shape
    return {
        "network": {
            "bands": shape.bands,
            "channels": list(shape.channels),
            "full_channels": shape.full_channels,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
        },
        "data": {
            "songs": len(songs.songs()),
            "song_hours": songs.duration_s / 3600.0,
            "song_seeds": songs.seeds(),
            "soundfonts": [
                f"{font.file} ({font.package}): {font.licence}"
                for font in SOUNDFONTS
                if font.split == "train"
            ],
            "drumkits": [
                f"{kit.folder} ({drumkits.PACKAGE}): {kit.licence}, {kit.author}"
                for kit in drumkits.DRUMKITS
                if kit.split == "train"
            ],
            "speakers": [
                f"{speaker.name} ({speaker.package}): {speaker.licence}"
                for speaker in (ESPEAK, *PEOPLE)
            ],
        },
    }


def learnt_before(start: Path | None) -> dict[str, object]:
    """Return the steps and hours that weights had behind them which a training begins with."""
    if start is None:
        return {}
    path = start.with_suffix(".toml")
    told = tomllib.loads(path.read_text(encoding="utf-8"))["training"] if path.is_file() else {}
    return {
        f"{name}_before": told.get(name, 0) + told.get(f"{name}_before", 0)
        for name in ("steps", "mixed_hours", "minutes")
    }


def write(weights: Path, tables: Mapping[str, Facts]) -> None:
    """Write the card of a weights file: TOML tables; numbers that are not finite are left out."""
    lines = []
    for title, facts in tables.items():
        lines.append(f"[{title}]")
        for name, fact in facts.items():
            if isinstance(fact, float):
                if math.isfinite(fact):
                    lines.append(f"{name} = {fact:.4g}")
            else:  # JSON writes whole numbers, text and lists as TOML does
                lines.append(f"{name} = {json.dumps(fact, ensure_ascii=False)}")
        lines.append("")
    weights.with_suffix(".toml").write_text("\n".join(lines), encoding="utf-8")
