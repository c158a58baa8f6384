"""Presets and instruments: which stem gets which, and what is said about a faulty one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.core.presets import Presets
from bridge.engines.transcription.settings import KINDS, DrumSettings, NetworkSettings, settle
from bridge.errors import BadArgumentsError, PresetError

SHIPPED = Path(__file__).resolve().parents[3] / "presets"


def presets(folder: Path | None = None) -> Presets:
    return Presets((folder, SHIPPED) if folder else (SHIPPED,))


def write(folder: Path, name: str, **changes: Any) -> Presets:
    fields = {"engine": "basic-pitch", "onset_threshold": 0.5, "frame_threshold": 0.3, **changes}
    (folder / "transcription").mkdir(exist_ok=True)
    lines = [
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {str(value).lower()}"
        for key, value in fields.items()
        if value is not None
    ]
    (folder / "transcription" / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")
    return presets(folder)


@pytest.mark.parametrize("name", ["voice", "bass", "keys", "guitar", "other", "drums"])
def test_shipped_presets_are_right(name: str) -> None:
    listening = settle(name, presets()).otherwise

    assert listening.settings.description
    assert listening.instrument.role != "default"


def test_auto_goes_by_the_stem_s_name() -> None:
    plan = settle("auto", presets())

    heard = {stem: (item.preset, item.instrument.role) for stem, item in plan.by_stem.items()}
    assert heard["vocals"] == ("voice", "voice")
    assert heard["bass"] == ("bass", "bass")
    assert heard["drums"] == ("drums", "drums")
    assert heard["piano"] == ("keys", "piano")
    assert heard["guitar"] == ("guitar", "guitar")
    assert heard["mix"] == ("other", "mix")
    assert plan.otherwise.preset == "other"
    assert plan.otherwise.instrument.role == "default"


def test_drums_are_on_channel_ten_and_nothing_else_is() -> None:
    plan = settle("auto", presets())

    for stem, listening in plan.by_stem.items():
        assert (listening.instrument.channel == 10) == (stem == "drums")


def test_every_kind_has_its_own_instrument() -> None:
    names = {settle(kind, presets()).otherwise.instrument.name for kind in KINDS}

    assert len(names) == len(KINDS)


def test_one_name_is_for_all_stems() -> None:
    plan = settle("drums", presets())

    assert plan.by_stem == {}
    assert isinstance(plan.otherwise.settings, DrumSettings)
    assert plan.otherwise.instrument.role == "drums"


def test_a_kind_is_a_name_too() -> None:
    assert settle("vocals", presets()).otherwise == settle("voice", presets()).otherwise


def test_pairs_and_the_rest_by_name() -> None:
    plan = settle("vocals:bass, strings : voice", presets())

    assert plan.by_stem["vocals"].preset == "bass"
    assert plan.by_stem["strings"].preset == "voice"
    assert plan.by_stem["drums"].preset == "drums"
    assert plan.named == ("vocals", "strings")


@pytest.mark.parametrize("choice", ["vocals:", ":voice", "vocals:voice,", "vocals:voice,bass"])
def test_a_choice_that_cannot_be_read(choice: str) -> None:
    with pytest.raises(BadArgumentsError, match="cannot be read"):
        settle(choice, presets())


def test_a_stem_named_twice() -> None:
    with pytest.raises(BadArgumentsError, match="names 'vocals' twice"):
        settle("vocals:voice,vocals:bass", presets())


@pytest.mark.parametrize("choice", ["voise", "vocals:voise", ""])
def test_a_preset_that_does_not_exist(choice: str) -> None:
    with pytest.raises(BadArgumentsError, match="no transcription preset"):
        settle(choice, presets())


def test_a_musician_s_own_preset(tmp_path: Path) -> None:
    library = write(tmp_path, "flute", role="flute", monophonic=True, lowest_pitch=60)

    listening = settle("flute", library).otherwise

    assert isinstance(listening.settings, NetworkSettings)
    assert listening.settings.lowest_pitch == 60
    assert listening.instrument.role == "flute"
    assert listening.instrument.name == "Instrument"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"onset_treshold": 0.5}, "'onset_treshold' is not a setting. Did you mean 'onset_thresh"),
        ({"onset_threshold": 1.5}, "onset_threshold: .*less than or equal to 1"),
        ({"onset_threshold": None}, "onset_threshold: Field required"),
        ({"monophonic": "perhaps"}, "monophonic: .*boolean"),
        ({"engine": "magic"}, "engine must be one of basic-pitch, drum-network, drum-nmf"),
        ({"engine": None}, "engine must be one of basic-pitch, drum-network, drum-nmf"),
        ({"decoder": "theirs"}, "decoder: .*'ours' or 'upstream'"),
        ({"lowest_pitch": 70, "highest_pitch": 60}, "lowest_pitch is above highest_pitch"),
    ],
)
def test_a_faulty_preset_is_named(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    library = write(tmp_path, "mine", **changes)

    with pytest.raises(PresetError, match=rf"Transcription preset 'mine': {sentence}"):
        settle("mine", library)


def test_a_faulty_drum_preset_is_named(tmp_path: Path) -> None:
    (tmp_path / "transcription").mkdir()
    (tmp_path / "transcription/mine.toml").write_text('engine = "drum-network"\nstrictnes = 1.2\n')

    with pytest.raises(
        PresetError, match=r"'strictnes' is not a setting\. Did you mean 'strictness'"
    ):
        settle("mine", presets(tmp_path))


def test_a_faulty_instrument_is_named(tmp_path: Path) -> None:
    (tmp_path / "instruments.toml").write_text(
        '[bass]\nname = "Bass"\nprogram = 34\nchannel = 17\ncolor = "#000000"\n'
    )

    with pytest.raises(PresetError, match=r"Instrument 'bass' in instruments\.toml: channel"):
        settle("bass", presets(tmp_path))
