"""`doctor`: is everything here that the bridge needs? For each fault, the one thing to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bridge.cli import FAILED
from bridge.cli.connection import connect, settings
from bridge.core.presets import Presets
from bridge.engines.devices import settle_device
from bridge.engines.effects.plugins_library import PluginLibrary
from bridge.engines.separation.catalogue import catalogue
from bridge.errors import BridgeError
from bridge.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.config import Settings

LOW_DISK_BYTES = 5 << 30
"""Two songs with scratch files and float stems."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    what
        What was found.
    remedy
        The one thing to do; empty if all is well.
    is_fault
        Whether the bridge cannot work like this; otherwise it works less well.
    """

    what: str
    remedy: str = ""
    is_fault: bool = False


def doctor(config: Path | None) -> None:
    """Print every finding; the status is 1 if one is a fault."""
    chosen = settings(config)
    has_fault = False
    for finding in examine(chosen):
        mark = "ok  " if not finding.remedy else "FAIL" if finding.is_fault else "note"
        typer.echo(f"{mark}  {finding.what}")
        if finding.remedy:
            typer.echo(f"      → {finding.remedy}")
        has_fault |= finding.is_fault
    raise typer.Exit(FAILED if has_fault else 0)


def examine(chosen: Settings) -> Iterator[Finding]:
    """Look at everything, one thing after the other."""
    yield _port(chosen)
    yield _oscquery(chosen)
    yield from _folders(chosen)
    yield _disk(chosen)
    yield _device()
    yield _separation(chosen)
    yield _transcription()
    yield from _presets(chosen)
    yield _plugins(chosen)


def _port(chosen: Settings) -> Finding:
    where = f"port {chosen.port} on {chosen.host}"
    try:
        with connect(chosen) as client:
            version = client.request("/bridge/ping", answer="/bridge/pong").arguments[0]
    except ConnectionRefusedError:
        return Finding(f"{where} is free; no daemon runs now")
    except OSError as exc:
        return Finding(
            f"{where} cannot be used: {exc}",
            "Stop the other program, or set DAWBRIDGE_PORT to another port.",
            is_fault=True,
        )
    return Finding(f"dawbridge {version} answers on {where}")


def _oscquery(chosen: Settings) -> Finding:
    """Look at what the running daemon says of OSCQuery: it works without, so nothing is a fault."""
    if not chosen.oscquery:
        return Finding("OSCQuery is off, as the settings say")
    try:
        with connect(chosen) as client:
            parts = client.request("/bridge/status", answer="/bridge/status").arguments
    except OSError:
        return Finding("OSCQuery is on while the daemon runs")
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    state, announced = values.get("oscquery", "off"), values.get("oscquery.announced", "not yet")
    if not state.startswith("http"):
        remedy = "Set DAWBRIDGE_OSCQUERY_PORT to another port, or to 0, and start the daemon again."
        return Finding(f"OSCQuery is {state}", remedy)
    if announced.startswith("no: "):
        reason = announced.removeprefix("no: ")
        remedy = f"Hosts do not list it by themselves: give them {state}."
        return Finding(f"OSCQuery cannot be announced over zeroconf: {reason}", remedy)
    return Finding(f"OSCQuery on {state}, announced: {announced}")


def _folders(chosen: Settings) -> Iterator[Finding]:
    try:
        chosen.data.mkdir(parents=True, exist_ok=True)
        probe = chosen.data / f".doctor-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as exc:
        remedy = "Make it writable, or choose another with DAWBRIDGE_DATA."
        yield Finding(
            f"data folder {chosen.data} cannot be written: {exc.strerror}", remedy, is_fault=True
        )
    else:
        yield Finding(f"data folder {chosen.data} can be written")
    for name in ("presets", "daw_scripts"):
        try:
            yield Finding(f"shipped {name} in {shipped(name)}")
        except FileNotFoundError as exc:
            yield Finding(str(exc), "Install dawbridge again.", is_fault=True)
    for root in chosen.read_roots:
        if not root.is_dir():
            yield Finding(f"read root {root} is not there", "Take it out of the settings.")


def _disk(chosen: Settings) -> Finding:
    place = next(p for p in (chosen.data, *chosen.data.parents) if p.exists())
    free = shutil.disk_usage(place).free
    remedy = "" if free >= LOW_DISK_BYTES else "Free some space: long songs need gigabytes."
    return Finding(f"{free / 1e9:.1f} GB free for results", remedy)


def _device() -> Finding:
    wanted = settle_device("auto")
    try:
        import torch
    except (ImportError, OSError) as exc:
        return Finding(f"torch cannot be loaded: {exc}", "Install dawbridge again.", is_fault=True)
    usable = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if usable[wanted]:
        return Finding(
            f"device {wanted}, torch {torch.__version__}, Python {sys.version.split()[0]}"
        )
    return Finding(
        f"this machine has {wanted}, but torch {torch.__version__} cannot use it",
        "Update the graphics driver; until then models run on the CPU.",
    )


def _separation(chosen: Settings) -> Finding:
    found = catalogue(chosen.models, allow_pickle=chosen.allow_pickle)
    here = [m.name for m in found if m.weights_here and not m.built_in]
    built_in = [m.name for m in found if m.built_in]
    if here:
        return Finding(f"separation models here: {', '.join(here)}")
    return Finding(
        f"no downloaded separation model here; built in: {', '.join(built_in)}",
        "Run `dawbridge models --fetch htdemucs` once, online, for much better stems.",
    )


def _transcription() -> Finding:
    missing = [n for n in ("basic_pitch", "onnxruntime") if importlib.util.find_spec(n) is None]
    if missing:
        return Finding(
            f"{', '.join(missing)} is missing", "Install dawbridge again.", is_fault=True
        )
    return Finding("basic-pitch and onnxruntime are here")


def _presets(chosen: Settings) -> Iterator[Finding]:
    presets = Presets((chosen.presets, shipped("presets")))
    yield Finding(f"{len(presets.recipes())} recipes, {len(presets.chains())} chains")
    for kind, get in (("recipes", presets.recipe), ("chains", presets.chain)):
        for path in sorted((chosen.presets / kind).glob("*.toml")):
            try:
                get(path.stem)
            except BridgeError as exc:
                yield Finding(str(exc), "Mend this file, or take it away.")


def _plugins(chosen: Settings) -> Finding:
    library = PluginLibrary.below(chosen.data)
    try:
        count, bad = len(library.plugins()), sorted(library.contents().quarantine)
    except BridgeError as exc:
        return Finding(str(exc), "Delete it, then scan again.")
    if not bad:
        return Finding(f"{count} plugins known from the last scan")
    names = ", ".join(Path(path).stem for path in bad)
    return Finding(
        f"{count} plugins known from the last scan; in quarantine: {names}",
        "`dawbridge plugins list` says why; update them, or have them tried again with forget.",
    )
