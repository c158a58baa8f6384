"""Settings: defaults < TOML file < environment < flags. All faults are reported at once.

Every field of `Settings` is a key of the TOML file, an environment variable (``DAWBRIDGE_`` and the
name in capitals; lists are split at the path separator) and, for the common ones, a flag of
`dawbridge serve`. `dawbridge config` prints what is in force and where each value came from.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from bridge.errors import SettingsError, nearest
from bridge.models import Value

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX = "DAWBRIDGE_"
DEFAULT_PORT = 7770
DEFAULT_OSCQUERY_PORT = 7780
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def default_output_roots() -> tuple[Path, ...]:
    """Return where DAW projects usually lie: home, temporary folder, and mounted drives."""
    roots = [Path.home(), Path(tempfile.gettempdir())]
    if sys.platform == "win32":
        roots += [Path(f"{letter}:\\") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ"]
    elif sys.platform == "darwin":
        roots.append(Path("/Volumes"))
    else:
        roots += [Path("/media"), Path("/mnt"), Path("/run/media")]
    return tuple(roots)


def _platform_folder(kind: str) -> Path:
    import platformdirs  # noqa: PLC0415 - only when a default is needed

    find = platformdirs.user_data_path if kind == "data" else platformdirs.user_config_path
    return find("dawbridge", appauthor=False)


class Settings(Value):
    """What the musician may set; `description` is what `dawbridge config` prints."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=DEFAULT_PORT, ge=1, le=65535, description="UDP and TCP port")
    data: Path = Field(
        default_factory=lambda: _platform_folder("data"),
        description="folder for jobs, results and scratch files",
    )
    presets: Path = Field(
        default_factory=lambda: _platform_folder("config") / "presets",
        description="folder with recipes, chains and presets of your own",
    )
    models: Path | None = Field(
        default=None, description="folder with separation models (safetensors) of your own"
    )
    plugin_folders: tuple[Path, ...] = Field(
        default=(), description="folders with plugins, besides those where they are installed"
    )
    read_roots: tuple[Path, ...] = Field(
        default=(), description="read audio only below these folders; none = wherever you may read"
    )
    output_roots: tuple[Path, ...] = Field(
        default_factory=default_output_roots,
        description="write results only below these folders (and the data folder)",
    )
    peers: tuple[str, ...] = Field(
        default=(), description="addresses or networks besides this machine that may send requests"
    )
    offline: bool = Field(default=False, description="never fetch model weights")
    allow_pickle: bool = Field(
        default=False,
        description="load .th models from the models folder; such a file can run any code",
    )
    fetch_timeout_s: float = Field(
        default=60.0, gt=0, le=3600, description="give up a download that stands still this long"
    )
    stall_timeout_s: float = Field(
        default=180.0, ge=1, le=86400, description="end a job that makes no progress this long"
    )
    idle_unload_s: float = Field(
        default=1800.0,
        ge=0,
        le=1e7,
        description="end a worker, and free the memory of its models, after this long without a "
        "job; 0 never does",
    )
    kept_stems_mib: int = Field(
        default=2048,
        ge=0,
        le=1 << 24,
        description="keep separated stems up to this many MiB, so that a job with another chain or "
        "knob need not separate again; 0 keeps none",
    )
    plugin_timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="give up a plugin that does not answer this long, loading or processing",
    )
    oscquery: bool = Field(
        default=True,
        description="describe the addresses over HTTP (OSCQuery) and announce them over zeroconf",
    )
    oscquery_host: str = Field(
        default="127.0.0.1", description="address to listen on for OSCQuery's HTTP and WebSocket"
    )
    oscquery_port: int = Field(
        default=DEFAULT_OSCQUERY_PORT,
        ge=0,
        le=65535,
        description="its TCP port; 0 takes any that is free",
    )
    oscquery_names: tuple[str, ...] = Field(
        default=(),
        description="names of this machine besides localhost, and of servers whose web pages may "
        "use OSCQuery",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="how much the log tells"
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port on this machine where Prometheus reads figures; 0 = off",
    )
    max_region_s: float = Field(
        default=4 * 3600.0, gt=0, le=86400, description="longest region, in seconds"
    )
    max_queue: int = Field(default=64, ge=1, le=10000, description="most jobs that may wait")
    max_clients: int = Field(
        default=32, ge=1, le=1000, description="most clients and TCP connections at once"
    )
    max_packet_bytes: int = Field(
        default=65536, ge=1024, le=1 << 24, description="largest OSC packet taken over TCP"
    )

    @field_validator("data", "presets", "models", "plugin_folders", "read_roots", "output_roots")
    @classmethod
    def _absolute(cls, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, tuple):
            return tuple(_resolved(path) for path in value)
        return _resolved(value)

    @field_validator("peers")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for peer in value:
            try:
                ipaddress.ip_network(peer, strict=False)
            except ValueError:
                raise ValueError(
                    f"'{peer}' is no address or network such as 192.168.1.20 or 192.168.1.0/24"
                ) from None
        return value

    @field_validator("oscquery_names")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9.-]+", name):
                raise ValueError(f"'{name}' is no name such as studio.local, without a port")
        return tuple(name.lower() for name in value)

    @model_validator(mode="after")
    def _strangers_need_roots(self) -> Settings:
        is_open = bool(self.peers) or self.host not in LOOPBACK_HOSTS
        if is_open and not self.read_roots:
            raise ValueError(
                "other machines may send requests (host or peers), so read_roots must name the "
                "folders they may read from"
            )
        return self


def load_settings(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Gather the settings.

    Parameters
    ----------
    file
        The TOML file; None takes the platform's, if it is there.
    environment
        Variables; None takes the process' own.
    flags
        Values given on the command line; None values count as not given.

    Returns
    -------
    settings
    origins
        For each setting that is not a default, where it came from.

    Raises
    ------
    SettingsError
        With every fault on a line of its own.
    """
    environment = os.environ if environment is None else environment
    named = file or _path_or_none(environment.get(ENVIRONMENT_PREFIX + "CONFIG"))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    faults: list[str] = []
    sources = (
        (str(named or default_config_file()), _from_file(named, faults)),
        ("the environment", _from_environment(environment, faults)),
        ("the command line", {k: v for k, v in (flags or {}).items() if v is not None}),
    )
    for origin, given in sources:
        for name, value in given.items():
            if name not in Settings.model_fields:
                hint = nearest(name, Settings.model_fields)
                faults.append(f"{origin}: there is no setting '{name}'.{hint}")
                continue
            values[name] = value
            origins[name] = origin
    try:
        settings = Settings.model_validate(values)
    except ValidationError as exc:
        faults.extend(_sentence(error, origins) for error in exc.errors())
        raise SettingsError("\n".join(faults)) from exc
    if faults:
        raise SettingsError("\n".join(faults))
    return settings, origins


def default_config_file() -> Path:
    """Return where the TOML file lies on this platform."""
    return _platform_folder("config") / "config.toml"


def _resolved(path: Path) -> Path:
    return path.expanduser().resolve()


def _path_or_none(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _from_file(named: Path | None, faults: list[str]) -> dict[str, Any]:
    path = named or default_config_file()
    if named is None and not path.exists():
        return {}
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        faults.append(f"{path} cannot be read: {exc.strerror}.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        faults.append(f"{path} is not valid TOML: {exc}.")
    return {}


def _from_environment(environment: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == ENVIRONMENT_PREFIX + "CONFIG":
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        field = Settings.model_fields.get(name)
        if field is None:
            hint = nearest(name, Settings.model_fields)
            faults.append(f"the environment: {variable} is no setting.{hint}")
        elif isinstance(field.get_default(call_default_factory=True), tuple):
            separator = "," if name in {"peers", "oscquery_names"} else os.pathsep
            values[name] = tuple(part for part in text.split(separator) if part)
        else:
            values[name] = text
    return values


def _sentence(error: Any, origins: Mapping[str, str]) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    message = error["msg"].removeprefix("Value error, ")
    if not name:
        return f"{message}."
    return f"{origins.get(name, 'the defaults')}: {name}: {message}."
