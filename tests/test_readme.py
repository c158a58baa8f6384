"""The README says what the code does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.readme_tables import README, filled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = README.parent


def test_its_tables_are_those_of_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run `python -m tests.readme_tables`"


def test_both_commands_are_there() -> None:
    text = README.read_text(encoding="utf-8")
    assert "pip install uv && uv run dawbridge demo " in text
    assert "pip install uv && uv run pytest " in text


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[<>=; ]", line)[0] for line in project["dependencies"]}
    text = README.read_text(encoding="utf-8").partition("| dependency |")[2]
    assert named == set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE))


def test_every_warning_that_a_job_can_have_is_named() -> None:
    text = README.read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in Path(ROOT / "bridge").rglob("*.py")]
    calls = r'(?:\.warning\(\s*|code=)"([a-z0-9_]+)"'
    raised = {code for source in sources for code in re.findall(calls, source)}
    assert raised
    assert not [code for code in raised if f"`{code}`" not in text]
