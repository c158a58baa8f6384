"""Chain files: what is taken, and the sentence for every fault."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.chain_spec import ChainSpec, PluginSpec
from bridge.engines.effects.table import EFFECTS, Effect
from bridge.errors import PresetError, UnknownChainError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


WITHOUT_FILES = [effect for effect in EFFECTS if effect.name != "Convolution"]


@dataclass
class Library:
    """Chain files in a folder."""

    folder: Path

    def write(self, name: str, text: str) -> ChainSpec:
        path = self.folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return parse_chain(name, self.chain(name), self)

    def chain(self, name: str) -> dict[str, Any]:
        read: dict[str, Any] = tomllib.loads(self.chain_place(name)[1])
        return read

    def chain_place(self, name: str) -> tuple[Path, str]:
        path = self.folder / f"{name}.toml"
        if not path.exists():
            raise UnknownChainError(f"There is no effect chain '{name}'.")
        return path, path.read_text(encoding="utf-8")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def chain(*effects: dict[str, Any]) -> dict[str, Any]:
    return {"description": "for a test", "effect": list(effects)}


def test_what_is_left_out_has_pedalboards_default() -> None:
    parsed = parse_chain("room", chain({"type": "Reverb", "room_size": 1}))
    (effect,) = parsed.effects
    assert effect.parameters["room_size"] == 1.0
    assert effect.parameters["damping"] == 0.5
    assert parsed.description == "for a test"


@pytest.mark.parametrize("effect", WITHOUT_FILES, ids=lambda effect: effect.name)
def test_a_plan_survives_json(effect: Effect) -> None:
    parsed = parse_chain("x", chain({"type": effect.name}))
    text = json.dumps(parsed.model_dump(mode="json"))
    again = ChainSpec.model_validate(json.loads(text))
    assert again == parsed
    defaults = {parameter.name: parameter.default for parameter in effect.parameters}
    assert again.effects[0].parameters == defaults
    assert all(
        type(again.effects[0].parameters[name]) is type(value) for name, value in defaults.items()
    )


@pytest.mark.parametrize("effect", WITHOUT_FILES, ids=lambda effect: effect.name)
def test_every_range_is_kept(effect: Effect) -> None:
    for parameter in effect.parameters:
        if parameter.choices or isinstance(parameter.default, bool):
            wrong: list[Any] = ["no such", 7]
        else:
            wrong = [parameter.low - 0.01, parameter.high + 0.01, "1", True, float("nan")]
        for value in wrong:
            row = {"type": effect.name, parameter.name: value}
            with pytest.raises(
                PresetError, match=f"Effect 2 .*'x', {effect.name}: {parameter.name}"
            ):
                parse_chain("x", chain({"type": "Gain"}, row))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "'x' has no effects"),
        ({"effect": []}, "'x' has no effects"),
        ({"effect": "Reverb"}, "'x' has no effects"),
        ({"effects": []}, "unknown entry 'effects'. Did you mean 'effect'"),
        ({"description": 3, "effect": [{"type": "Gain"}]}, "description .* must be text"),
        (chain({"room_size": 1.0}), "Effect 1 .*needs a type"),
        (chain({"type": "reverb"}), "Effect 1 .*unknown type 'reverb'. Did you mean 'Reverb'"),
        (chain({"type": "IIRFilter"}), "unknown type 'IIRFilter'"),
        ({"width": 3.0}, r"The chain 'x': width is 3.0, but must be a number from 0 to 2"),
        ({"widht": 1.0}, "The chain 'x' has an unknown entry 'widht'. Did you mean 'width'"),
        (chain({"type": "Gain", "wett": 1}), "has no parameter 'wett'. Did you mean 'wet'"),
        (chain({"type": "Gain", "wet": 1.5}), "Gain: wet is 1.5, but must be a number from 0 to 1"),
        (chain({"type": "Gain", "bypass": 1}), "Gain: bypass is 1, but must be true or false"),
        (chain({"type": "Mix"}), "Effect 1 .*Mix, has no paths"),
        (chain({"type": "Mix", "path": [{"gain": 1}]}), "Path 1 of effect 1 .*'gain'. Did you"),
        (
            chain({"type": "Mix", "path": [{}, {"effect": [{"type": "Gain"}, {"type": "Gian"}]}]}),
            "Effect 2 of path 2 of effect 1 of the chain 'x' has the unknown type 'Gian'. Did you",
        ),
        (chain({"type": "Convolution"}), "Convolution, needs a file: impulse_response_filename"),
        (
            chain({"type": "Convolution", "impulse_response_filename": "/none.wav"}),
            "impulse_response_filename: there is no file",
        ),
        (chain({"type": "Plugin"}), "Plugin, needs a name or a file"),
        (chain({"type": "Plugin", "plugin": 3}), "Plugin: plugin must be text"),
        (chain({"type": "Plugin", "plugin": "No Such"}), "Plugin: there is no file 'No Such'"),
        (chain({"type": "Plugin", "plugin": __file__, "state": "€"}), "state is not base64"),
        (chain({"type": "Plugin", "plugin": __file__, "parameters": [1]}), "takes numbers, text"),
        (chain({"include": 3}), "needs the name of a chain"),
        (chain(*[{"type": "Gain"}] * 257), "more than 256 effects"),
        (
            chain({"type": "Gain"}, {"type": "Compressor", "treshold_db": -3}),
            "Effect 2 .*Compressor, has no parameter 'treshold_db'. Did you mean 'threshold_db'",
        ),
        (
            chain({"type": "Gain", "gain_db": 99}),
            r"gain_db is 99, but must be a number from -60 to 60 \(dB\)",
        ),
        (chain({"type": "LadderFilter", "mode": "LPF"}), "mode is 'LPF', but must be one of LPF12"),
        (chain({"type": "BrickwallLimiter", "true_peak": 1}), "must be true or false"),
    ],
)
def test_each_fault_has_its_sentence(table: dict[str, Any], message: str) -> None:
    with pytest.raises(PresetError, match=message):
        parse_chain("x", table)


def test_a_fault_names_file_line_and_the_nearest_name(library: Library) -> None:
    text = '[[effect]]\ntype = "Gain"\n\n[[effect]]\ntype = "Reverb"\nrom_size = 0.5\n'
    with pytest.raises(
        PresetError,
        match=r"mine\.toml, line 6: Effect 2 of the chain 'mine', Reverb, has no parameter "
        r"'rom_size'\. Did you mean 'room_size'\?",
    ):
        library.write("mine", text)
    with pytest.raises(PresetError, match=r"mine\.toml, line 6: .* room_size is 7, but must be"):
        library.write("mine", text.replace("rom_size = 0.5", "room_size = 7"))
    with pytest.raises(PresetError, match=r"mine\.toml, line 5: .*unknown type 'Revreb'"):
        library.write("mine", text.replace("Reverb", "Revreb"))


def test_an_include_puts_the_effects_in_place(library: Library) -> None:
    library.write("inner", '[[effect]]\ntype = "Invert"\n[[effect]]\ntype = "Clipping"\n')
    text = '[[effect]]\ntype = "Gain"\n[[effect]]\ninclude = "inner"\n'
    assert [e.type for e in library.write("outer", text).effects] == ["Gain", "Invert", "Clipping"]
    (_, mixed) = library.write("outer", text + "wet = 0.25\n").effects
    assert (mixed.type, mixed.wet) == ("Mix", 0.25)
    assert [effect.type for effect in mixed.paths[0].effects] == ["Invert", "Clipping"]
    assert len(library.write("outer", text + "bypass = true\n").effects) == 1


def test_a_fault_in_an_included_chain_names_that_file(library: Library) -> None:
    (library.folder / "inner.toml").write_text("[[effect]]\ntype = 'Gian'\n", encoding="utf-8")
    with pytest.raises(PresetError, match=r"inner\.toml, line 2: "):
        library.write("outer", '[[effect]]\ninclude = "inner"\n')


def test_chains_that_include_each_other_are_named_as_a_ring(library: Library) -> None:
    for name, other in (("b", "c"), ("c", "a")):
        (library.folder / f"{name}.toml").write_text(
            f'[[effect]]\ninclude = "{other}"\n', encoding="utf-8"
        )
    with pytest.raises(PresetError, match=r"c\.toml, line 2: .*ring: a → b → c → a\."):
        library.write("a", '[[effect]]\ninclude = "b"\n')
    with pytest.raises(UnknownChainError, match="'none'"):
        library.write("a", '[[effect]]\ninclude = "none"\n')


def test_includes_that_multiply_are_stopped(library: Library) -> None:
    library.write("c0", '[[effect]]\ntype = "Gain"\n')
    for number in range(1, 12):
        text = f'[[effect]]\ninclude = "c{number - 1}"\n' * 2
        (library.folder / f"c{number}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PresetError, match="more than 256 effects"):
        parse_chain("c11", library.chain("c11"), library)


def test_files_lie_beside_the_chain(library: Library) -> None:
    for name in ("room.wav", "Fuzz.vst3", "warm.vstpreset"):
        (library.folder / name).touch()
    text = (
        '[[effect]]\ntype = "Convolution"\nimpulse_response_filename = "room.wav"\n'
        '[[effect]]\ntype = "Plugin"\nplugin = "Fuzz.vst3"\nplugin_name = "Fuzz II"\n'
        'preset = "warm.vstpreset"\n[effect.parameters]\ndrive = 3\nmode = "hot"\non = true\n'
    )
    room, fuzz = library.write("mine", text).effects
    assert room.parameters["impulse_response_filename"] == str(library.folder / "room.wav")
    assert fuzz.plugin == PluginSpec(
        path=str(library.folder / "Fuzz.vst3"),
        name="Fuzz II",
        parameters={"drive": 3.0, "mode": "hot", "on": True},
        preset=str(library.folder / "warm.vstpreset"),
    )


def test_a_plugin_is_found_by_name(library: Library) -> None:
    def find(name: str) -> str:
        if name != "Fuzz":
            raise PresetError(f"There is no plugin '{name}'.")
        return "/plugins/Fuzz.vst3"

    table = chain({"type": "Plugin", "plugin": "Fuzz"})
    (effect,) = parse_chain("x", table, find_plugin=find).effects
    assert effect.plugin == PluginSpec(path="/plugins/Fuzz.vst3")
    with pytest.raises(PresetError, match=r"Effect 1 .*Plugin: There is no plugin 'Fuss'"):
        parse_chain("x", chain({"type": "Plugin", "plugin": "Fuss"}), find_plugin=find)


def test_a_nested_plan_survives_json() -> None:
    row = {"type": "Mix", "path": [{"effect": [{"type": "Mix", "path": [{"gain_db": 1}]}]}]}
    parsed = parse_chain("x", {"loudness_lufs": -14, "tail_s": 2, "effect": [row]})
    again = ChainSpec.model_validate(json.loads(json.dumps(parsed.model_dump(mode="json"))))
    assert again == parsed
    assert again.loudness_lufs == -14.0
    assert again.effects[0].paths[0].effects[0].paths[0].gain_db == 1.0


def test_mixes_too_deep_are_refused() -> None:
    row: dict[str, Any] = {"type": "Gain"}
    for _ in range(12):
        row = {"type": "Mix", "path": [{"effect": [row]}]}
    with pytest.raises(PresetError, match="too deep"):
        parse_chain("x", chain(row))
