"""The walls of the house, and promises that the code makes about itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bridge
from bridge.errors import BridgeError, by_code, codes
from bridge.resources import shipped

PACKAGE = Path(bridge.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("torch", "demucs", "basic_pitch", "onnxruntime", "pedalboard", "librosa", "scipy", "numpy")

PROTOCOL_CODES = {
    "bad_packet", "bad_address", "bad_arguments", "no_selection", "not_found",
    "unsupported_audio", "too_long", "forbidden_path", "forbidden_peer", "unknown_recipe",
    "unknown_model", "model_unavailable", "unknown_chain", "unknown_job", "queue_full",
    "disk_full", "out_of_memory", "plugin_failed", "engine_failed", "timeout", "internal",
}  # fmt: skip


def test_imports_go_one_way() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_importing_the_daemon_loads_no_model_library() -> None:
    script = (
        "import sys, bridge.daemon, bridge.cli.service; from bridge.engines.stages import stages;"
        f"stages(); print([m for m in {HEAVY} if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_importing_does_nothing(path: Path) -> None:
    """No module calls a function for its effect when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        assert not is_call, f"line {node.lineno} does something at import"


def test_every_code_of_the_contract_has_one_class() -> None:
    assert set(codes()) >= PROTOCOL_CODES
    for code, cls in codes().items():
        assert by_code(code) is cls
        assert code in (sys.modules["bridge.errors"].__doc__ or "")
        assert cls.__name__ in (sys.modules["bridge.errors"].__doc__ or "")
    assert issubclass(by_code("something new"), BridgeError)


def test_only_the_command_line_prints_or_exits() -> None:
    for path in MODULES:
        if "cli" in path.relative_to(PACKAGE).parts:
            continue
        names = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not names & {"print", "exit", "quit"}, path


def test_what_ships_is_found() -> None:
    assert (shipped("presets") / "recipes" / "stems.toml").is_file()
    assert shipped("daw_scripts").is_dir()
    with pytest.raises(FileNotFoundError, match="not installed completely"):
        shipped("nothing")
