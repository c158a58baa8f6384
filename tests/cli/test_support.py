"""The support bundle: what helps, and nobody's names."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.cli.support import Names
from bridge.core.store import Store
from bridge.logs import LOG_NAME, LOGS_FOLDER
from bridge.models import Job, PlannedStage, Region, RunOptions
from tests.end_to_end.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which a job ran."""
    data = tmp_path / "data"
    (data / LOGS_FOLDER).mkdir(parents=True)
    source = "/home/anna/Geheime Songs/Für Elise (live).wav"
    job = Job(
        id="a",
        recipe="stems",
        region=Region(path=source),
        options=RunOptions(track="Annas Stimme"),
        stages=(PlannedStage(kind="write", plan={}),),
        folder=str(data / "jobs" / "a"),
        output="/mnt/disk/Geheime Songs",
        device="cpu",
        created_at=1.0,
    )
    store = Store(data / "jobs.sqlite")
    store.save(job)
    store.close()
    told = {"message": f"'Für Elise (live).wav' changed; {source} is gone", "job": "a"}
    (data / LOGS_FOLDER / LOG_NAME).write_text(json.dumps(told) + "\n", encoding="utf-8")
    monkeypatch.setenv("DAWBRIDGE_DATA", str(data))
    monkeypatch.setenv("DAWBRIDGE_PRESETS", str(tmp_path / "presets"))
    monkeypatch.setenv("DAWBRIDGE_PORT", str(free_port()))
    return data


def bundle(folder: Path, *flags: str) -> Mapping[str, str]:
    found = CliRunner().invoke(app, ["support-bundle", "--output", str(folder), *flags])
    assert found.exit_code == 0, found.output
    (path,) = folder.glob("dawbridge-support-*.zip")
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name).decode("utf-8") for name in opened.namelist()}


NAMES = ("anna", "Annas Stimme", "Geheime", "Elise", "Songs")


def test_it_holds_no_names(data: Path, tmp_path: Path) -> None:
    found = bundle(tmp_path)
    everything = "\n".join(found.values())
    assert not [name for name in NAMES if name in everything]
    assert str(tmp_path) not in everything
    assert {"versions.json", "settings.json", "status.json", "doctor.txt", "jobs.jsonl"} <= set(
        found
    )
    assert json.loads(found["versions.json"])["numpy"]
    assert "no daemon" in json.loads(found["status.json"])
    (job,) = map(json.loads, found["jobs.jsonl"].splitlines())
    assert (job["id"], job["state"]) == ("a", "queued")
    assert job["region"]["path"].endswith(".wav")


def test_names_are_kept_when_asked_for(data: Path, tmp_path: Path) -> None:
    found = bundle(tmp_path, "--with-names")
    assert "Für Elise (live).wav" in json.loads(found["jobs.jsonl"])["region"]["path"]
    assert "changed" in found[f"logs/{LOG_NAME}"]


def test_the_same_name_has_the_same_number() -> None:
    names = Names({"/home/x/my song.wav"})
    text = names.replaced(
        "read /home/x/my song.wav, wrote /home/x/out.wav, read /home/x/my song.wav"
    )
    assert text.count("<name 1>.wav") == 2
    assert "x" not in text.replace("<", "")


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Users\\anna\\song.wav",
        "\\\\server\\anna\\song.wav",
        "~/anna/song.wav",
        "/anna/song.wav",
    ],
)
def test_whatever_looks_like_a_path_is_replaced(path: str) -> None:
    assert "anna" not in Names(set()).replaced(f"cannot open {path}: no")


def test_addresses_of_other_machines_are_replaced() -> None:
    text = Names(set()).replaced("from udp 192.168.1.20:9000 to 127.0.0.1:7770")
    assert "192.168" not in text
    assert "127.0.0.1:7770" in text
