"""Settings: where they come from, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.config import DEFAULT_PORT, Settings, default_output_roots, load_settings
from bridge.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_are_loopback_and_the_contracts_port(tmp_path: Path) -> None:
    settings, origins = load_settings(environment={"DAWBRIDGE_DATA": str(tmp_path)})
    assert (settings.host, settings.port) == ("127.0.0.1", DEFAULT_PORT)
    assert settings.output_roots == tuple(root.resolve() for root in default_output_roots())
    assert not settings.allow_pickle
    assert origins == {"data": "the environment"}


def test_flags_win_over_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("port = 1\nmax_queue = 2\nmax_clients = 3\n")
    environment = {"DAWBRIDGE_PORT": "10", "DAWBRIDGE_MAX_QUEUE": "20"}
    settings, origins = load_settings(
        file=file, environment=environment, flags={"port": 100, "host": None}
    )
    assert (settings.port, settings.max_queue, settings.max_clients) == (100, 20, 3)
    assert origins == {
        "port": "the command line",
        "max_queue": "the environment",
        "max_clients": str(file),
    }


def test_the_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("port = 4321\n")
    settings, _ = load_settings(environment={"DAWBRIDGE_CONFIG": str(file)})
    assert settings.port == 4321


def test_lists_in_the_environment(tmp_path: Path) -> None:
    environment = {
        "DAWBRIDGE_READ_ROOTS": f"{tmp_path}:{tmp_path / 'b'}",
        "DAWBRIDGE_PEERS": "192.168.1.20,10.0.0.0/8",
    }
    settings, _ = load_settings(environment=environment)
    assert settings.read_roots == (tmp_path, tmp_path / "b")
    assert settings.peers == ("192.168.1.20", "10.0.0.0/8")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('port = 0\nmax_que = 3\nhosts = "x"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings(file=file, environment={"DAWBRIDGE_STALL_TIMEOUT_S": "soon"})
    message = str(caught.value)
    for part in ("port", "Did you mean 'max_queue'", "Did you mean 'host'", "stall_timeout_s"):
        assert part in message
    assert len(message.splitlines()) == 4


def test_a_file_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file=tmp_path / "no.toml", environment={})
    (tmp_path / "bad.toml").write_text("= 1")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(file=tmp_path / "bad.toml", environment={})


@pytest.mark.parametrize("opened", [{"host": "0.0.0.0"}, {"peers": ("192.168.1.20",)}])
def test_strangers_need_read_roots(opened: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="read_roots"):
        load_settings(environment={}, flags=opened)
    load_settings(environment={}, flags={**opened, "read_roots": (tmp_path,)})


def test_a_peer_that_is_no_address() -> None:
    with pytest.raises(SettingsError, match=r"'studio' is no address"):
        load_settings(environment={}, flags={"peers": ("studio",), "read_roots": ("/",)})


def test_names_for_oscquery() -> None:
    environment = {"DAWBRIDGE_OSCQUERY_NAMES": "Studio.local,desk", "DAWBRIDGE_OSCQUERY": "off"}
    settings, _ = load_settings(environment=environment)
    assert settings.oscquery_names == ("studio.local", "desk")
    assert not settings.oscquery
    assert Settings().oscquery
    assert Settings().oscquery_host == "127.0.0.1"
    with pytest.raises(SettingsError, match=r"'http://desk:80' is no name"):
        load_settings(environment={"DAWBRIDGE_OSCQUERY_NAMES": "http://desk:80"})


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
