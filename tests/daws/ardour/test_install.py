"""The scripts go into Ardour's folder and slots, are repaired there, and go away again."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.daws import ardour
from bridge.daws.ardour_slots import SLOTS_FILE, Script, UnknownSlotsError, with_scripts
from bridge.errors import PresetError, SettingsError
from bridge.resources import shipped
from tests.daws.reaper.standin import lua_runtime

SCRIPTS = shipped("daw_scripts")
NAMES = ["Bridge: stems", "Bridge: stems and MIDI", "Bridge: MIDI", "Bridge: collect"]

QUOTED_BYTECODE = r"""(function()
  local text = string.format("%q", string.dump(function() return ']" = {} \\ ', 1.5, "\n" end))
  return (text:gsub(".", function(sign) return ("%02x"):format(sign:byte()) end))
end)()"""


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def restored(content: bytes) -> dict[int, Any]:
    """Return the slots as Ardour's Lua restores them."""
    text = ET.fromstring(content).findtext("ActionScript") or ""
    lua = lua_runtime("5.3")
    lua.execute("scripts = {}")
    lua.eval("function(text) load(text)() end")(base64.b64decode(text))
    return dict(lua.eval("scripts"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "ardour7"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("win32", {"LOCALAPPDATA": "{home}/Local"}, "Local/Ardour8"),
        ("win32", {}, "AppData/Local/Ardour7"),
        ("darwin", {}, "Library/Preferences/Ardour7"),
        ("linux", {}, ".config/ardour6"),
        ("linux", {"XDG_CONFIG_HOME": "{home}/cfg"}, "cfg/ardour8"),
        ("linux", {}, ".var/app/org.ardour.Ardour/config/ardour7"),
    ],
)
def test_config_folders_are_found(
    tmp_path: Path, platform: str, environment: dict[str, str], folder: str
) -> None:
    given = {name: text.format(home=tmp_path) for name, text in environment.items()}
    assert ardour.find_config_folders(tmp_path, given, platform) == []
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder).with_name("ardour5").mkdir()
    assert ardour.find_config_folders(tmp_path, given, platform) == [tmp_path / folder]


def test_installed_twice_it_changes_nothing_and_uninstalled_nothing_is_left(config: Path) -> None:
    (config / "scripts").mkdir()
    (config / "scripts" / "mine.lua").touch()
    ardour.plan_install(config, SCRIPTS, {}).carry_out()
    assert ardour.plan_install(config, SCRIPTS, {}).changes == ()
    assert {"scripts/bridge_stems.lua", "scripts/dawbridge/program.txt"} <= files(config)
    assert set(ardour.SHARED) <= {path.name for path in (config / "scripts").rglob("*.lua")}
    slots = restored((config / SLOTS_FILE).read_bytes())
    assert [slots[number]["n"] for number in sorted(slots)] == NAMES
    (config / "scripts" / "dawbridge" / "part.lua").unlink()
    (change,) = ardour.plan_install(config, SCRIPTS, {}).changes
    assert change.path.name == "part.lua"
    ardour.plan_uninstall(config).carry_out()
    assert files(config) == {"scripts/mine.lua", SLOTS_FILE}
    assert restored((config / SLOTS_FILE).read_bytes()) == {}


def test_instruments_are_those_of_the_musician(config: Path) -> None:
    chosen = {
        "bass": {"name": "Bass", "ardour": ['The "Bass" \\ 9', "Größer"]},
        "drums": {"name": "Drums"},
    }
    ardour.plan_install(config, SCRIPTS, chosen).carry_out()
    written = config / "scripts" / "dawbridge" / ardour.WISHES
    wishes = lua_runtime("5.3").eval("loadfile")(str(written))()
    found = {role: list(names.values()) for role, names in wishes.items()}
    assert found == {"bass": ['The "Bass" \\ 9', "Größer"], "drums": []}
    with pytest.raises(PresetError, match=r"'bass' in instruments\.toml: ardour is a list of"):
        ardour.plan_install(config, SCRIPTS, {"bass": {"ardour": "ACE"}})


def test_other_scripts_keep_their_slots() -> None:
    """Also those that Ardour wrote itself, with bytecode in Lua's own quoting."""
    bytecode = bytes.fromhex(lua_runtime("5.3").eval(QUOTED_BYTECODE))
    statements = (
        b'scripts = {} scripts[2] = {} scripts[2]["n"] = "Mine" '
        b'scripts[2]["s"] = "a\\\n \\"b\\" = {}"'
        b'  scripts[2]["c"] = true scripts[2]["a"] = {} scripts[2]["a"]["x [1]"] = "/x"   '
        b'scripts[2]["f"] = ' + bytecode + b" "
    )
    encoded = base64.b64encode(statements).decode()
    before = (
        f'<UIScripts><ActionScript lua="Lua 5.3">{encoded}</ActionScript><ActionHooks>'
        '<LuaCallback id="5" name="Theirs" signals="1"/></ActionHooks></UIScripts>'
    ).encode()
    ours = [Script.read(SCRIPTS / "ardour" / name) for name in (*ardour.ACTIONS, ardour.HOOK)]
    after = with_scripts(before, ours)
    assert after is not None
    slots = restored(after)
    assert {number: slot["n"] for number, slot in slots.items()} == dict(
        zip([2, 1, 3, 4, 5], ["Mine", *NAMES], strict=True)
    )
    assert slots[2]["s"] == 'a\n "b" = {}'
    assert dict(slots[2]["a"]) == {"x [1]": "/x"}
    hooks = [one.get("name") for one in ET.fromstring(after).iter("LuaCallback")]
    assert hooks == ["Theirs", "Bridge: watch"]
    assert with_scripts(after, ours) == after
    assert restored(with_scripts(after, []) or b"").keys() == {2}


@pytest.mark.parametrize(
    "content",
    [b"no XML", b"<UIScripts/>", b"<UIScripts><ActionScript>cHJpbnQoKQ==</ActionScript>"
     b"<ActionHooks/></UIScripts>"],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_stays_as_it_is(config: Path, content: bytes) -> None:
    (config / SLOTS_FILE).write_bytes(content)
    planned = ardour.plan_install(config, SCRIPTS, {})
    planned.carry_out()
    assert (config / SLOTS_FILE).read_bytes() == content
    assert "Script Manager" in planned.steps[-1]


def test_all_slots_taken() -> None:
    many = [Script(f"No {number}", "function factory() end") for number in range(32)]
    full = with_scripts(None, many)
    with pytest.raises(UnknownSlotsError, match="no slot is free"):
        with_scripts(full, [Script("Bridge: x", "function factory() end")])


def test_a_flatpak_leaves_its_sandbox(tmp_path: Path) -> None:
    config = tmp_path / ".var/app/org.ardour.Ardour/config/ardour8"
    config.mkdir(parents=True)
    planned = ardour.plan_install(config, SCRIPTS, {})
    planned.carry_out()
    words = (config / "scripts/dawbridge/program.txt").read_text().splitlines()
    assert words[:2] == ["/usr/bin/flatpak-spawn", "--host"]
    assert "flatpak override --user" in planned.steps[0]


def test_the_commands(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == status, result.output
        return result.output

    named = ("--to", str(config))
    assert "write scripts/bridge_stems.lua" in invoke("install", "ardour", *named, "--dry-run")
    assert files(config) == set()
    assert "Edit > Lua Scripts" in invoke("install", "ardour", *named)
    assert "nothing to change" in invoke("install", "ardour", *named)
    invoke("uninstall", "ardour", *named)
    assert files(config) == {SLOTS_FILE}
    monkeypatch.setattr(ardour, "find_config_folders", lambda *_: [])
    assert "--to" in invoke("install", "ardour", status=1)
    with pytest.raises(SettingsError, match="configuration folder"):
        ardour.config_folder(config.parent)
