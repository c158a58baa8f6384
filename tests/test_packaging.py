"""The wheel: built, installed in an empty environment, run from another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what is installed, so that no network is needed."""
    source = tmp_path_factory.mktemp("source")
    for name in ("bridge", "presets", "daw_scripts", "pyproject.toml", "README.md"):
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, source / name)
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (path,) = built.glob("dawbridge-*.whl")
    return path


def test_the_wheel_carries_presets_and_scripts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(archive.read(n).decode() for n in names if n.endswith("/METADATA"))
    assert "bridge/shipped/presets/recipes/stems-to-midi.toml" in names
    assert "bridge/shipped/presets/instruments.toml" in names
    assert any(name.startswith("bridge/shipped/daw_scripts/") for name in names)
    assert not [name for name in names if name.startswith("tests/")]
    assert "License-Expression: GPL-3.0-or-later" in metadata


def test_the_installed_wheel_runs_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment)
    scheme = sysconfig.get_preferred_scheme("prefix")
    paths = sysconfig.get_paths(scheme, vars={"base": str(environment)})
    packages = Path(paths["purelib"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # The dependencies are those that are here; only the program itself is new.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [str(python), *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    home = run("-c", "import bridge; print(bridge.__file__)").strip()
    assert Path(home).parent.parent == packages
    assert "stems-to-midi" in run("-m", "bridge", "recipes", "--json")
    assert "plate" in run("-m", "bridge", "chains", "--json")
    assert "/bridge/run/RECIPE" in run("-m", "bridge", "protocol")
