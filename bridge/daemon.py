"""The daemon: start, wire, serve, stop in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from bridge import __version__
from bridge.core.lifecycle import STEMS_FOLDER, Lifecycle, Limits
from bridge.core.paths import PathPolicy
from bridge.core.presets import Presets
from bridge.core.scheduler import Scheduler
from bridge.core.service import Service
from bridge.core.store import Store
from bridge.engines.devices import settle_device
from bridge.engines.effects import knobs
from bridge.engines.effects.plugins_library import PluginLibrary
from bridge.engines.effects.stage import EffectsStage
from bridge.engines.kept_stems import KeptStems
from bridge.engines.separation.catalogue import catalogue
from bridge.engines.separation.stage import SeparateStage
from bridge.engines.stages import stages
from bridge.engines.worker.leftovers import release_names
from bridge.engines.worker.pool import WorkerPool
from bridge.engines.worker.process import memory_bytes
from bridge.errors import ForbiddenPathError, SettingsError
from bridge.osc.clients import Clients
from bridge.osc.dispatch import Dispatcher
from bridge.osc.metrics import MetricsServer
from bridge.osc.oscquery.running import OscQuery
from bridge.osc.server import OscServer
from bridge.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.config import Settings

log = logging.getLogger(__name__)

STORE_NAME = "jobs.sqlite"
LOCK_NAME = "daemon.lock"


def serve(settings: Settings) -> None:
    """Run the daemon until it is asked to stop.

    Raises
    ------
    SettingsError
        The port or the data folder is taken.
    BridgeError
        The data folder cannot be used.
    """
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    started_s = time.monotonic()
    kept = KeptStems(settings.data / STEMS_FOLDER, settings.kept_stems_mib << 20)
    with _own_folder(settings.data), contextlib.closing(Store(settings.data / STORE_NAME)) as store:
        kept.tidy()
        clients = Clients(settings.max_clients, time.monotonic)
        pool = WorkerPool(lambda: lifecycle, settings.stall_timeout_s, settings.idle_unload_s)
        lifecycle = Lifecycle(
            store, Scheduler(settings.max_queue), _limits(settings), settings.data, pool, clients
        )
        service = _service(settings, lifecycle)
        oscquery = _oscquery(settings)

        def status() -> dict[str, Any]:
            values = _status(service, clients, pool, dispatcher, started_s)
            return values | {"unsent": server.unsent} | oscquery.status()

        def models() -> Any:
            return catalogue(settings.models, allow_pickle=settings.allow_pickle)

        dispatcher = Dispatcher(service, clients, models, status)
        metrics = MetricsServer(settings.metrics_port, status)
        server = OscServer(
            settings.host,
            settings.port,
            dispatcher,
            peers=settings.peers,
            max_connections=settings.max_clients,
            max_packet_bytes=settings.max_packet_bytes,
        )
        await server.start()
        try:
            log.info("dawbridge %s listens on %s:%d", __version__, settings.host, settings.port)
            for job in store.unfinished():
                release_names(job)
            lifecycle.recover()
            await metrics.start()
            oscquery.start(dispatcher, server.receive)
            await _asked_to_stop()
        finally:
            log.info("dawbridge stops")
            await oscquery.stop()
            await metrics.stop()
            await server.stop()
            await pool.stop()


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_region_s=settings.max_region_s,
        models_folder=str(settings.models) if settings.models else None,
        allow_pickle=settings.allow_pickle,
        offline=settings.offline,
        fetch_timeout_s=settings.fetch_timeout_s,
        plugin_timeout_s=settings.plugin_timeout_s,
        kept_stems_bytes=settings.kept_stems_mib << 20,
    )


def _oscquery(settings: Settings) -> OscQuery:
    return OscQuery(
        is_on=settings.oscquery,
        host=settings.oscquery_host,
        port=settings.oscquery_port,
        osc_host=settings.host,
        osc_port=settings.port,
        names=settings.oscquery_names,
        peers=settings.peers,
        max_connections=settings.max_clients,
        max_packet_bytes=settings.max_packet_bytes,
    )


def _service(settings: Settings, lifecycle: Lifecycle) -> Service:
    return Service(
        lifecycle=lifecycle,
        presets=Presets((settings.presets, shipped("presets"))),
        policy=PathPolicy(settings.read_roots, (*settings.output_roots, settings.data)),
        kinds={
            **stages(),
            "effects": EffectsStage(PluginLibrary.below(settings.data)),
            "separate": SeparateStage(settings.models, allow_pickle=settings.allow_pickle),
        },
        knob_table=knobs,
        data=settings.data,
        settle_device=settle_device,
    )


@contextlib.contextmanager
def _own_folder(data: Path) -> Iterator[None]:
    """Make the data folder ours: one daemon at a time, and no scratch files of an earlier one."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data / LOCK_NAME, timeout=0)
        lock.acquire()
    except Timeout:
        raise SettingsError(
            f"Another dawbridge uses the data folder {data}. Stop it, or choose another folder "
            "with --data."
        ) from None
    except OSError as exc:
        raise ForbiddenPathError(f"The data folder {data} cannot be used: {exc.strerror}.") from exc
    try:
        shutil.rmtree(data / "work", ignore_errors=True)
        yield
    finally:
        lock.release()


async def _asked_to_stop() -> None:
    """Wait for a signal: Ctrl-C, or whatever the system sends to end a program."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, asked.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(asked.set))
    await asked.wait()


def _status(
    service: Service,
    clients: Clients,
    pool: WorkerPool,
    dispatcher: Dispatcher,
    started_s: float,
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "version": __version__,
        "process": os.getpid(),
        "data": str(service.data),
        "uptime": time.monotonic() - started_s,
        "memory": memory_bytes(),
        "running": ",".join(service.lifecycle.scheduler.running),
        "running.count": len(service.lifecycle.scheduler.running),
        "waiting": service.lifecycle.scheduler.waiting,
        "clients": ",".join(client.name for client in clients.listed),
        "clients.count": len(clients.listed),
        "packets": dispatcher.packets,
    }
    for device, host in pool.hosts.items():
        values[f"worker.{device}.process"] = host.pid or 0
        values[f"worker.{device}.starts"] = host.starts
        values[f"worker.{device}.memory"] = host.memory_bytes
    values["worker.losses"] = pool.losses
    for outcome in ("finished", "failed", "cancelled"):
        values[f"jobs.{outcome}"] = service.lifecycle.ended[outcome]
    for code, count in sorted(service.lifecycle.failures.items()):
        values[f"failures.{code}"] = count
    for stage, seconds in sorted(pool.stage_seconds.items()):
        values[f"seconds.{stage}"] = float(seconds)
    for code, count in sorted(dispatcher.faults.items()):
        values[f"faults.{code}"] = count
    return values
