"""What a transcription preset holds, and which preset and instrument a stem gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError, model_validator

from bridge.engines.midi import Instrument
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.models import Value

if TYPE_CHECKING:
    from bridge.core.ports import PresetLibrary

Likelihood = Annotated[float, Field(gt=0.0, le=1.0)]


class Kind(NamedTuple):
    """How a kind of stem is heard and played: the names of a preset and of an instrument."""

    preset: str
    role: str


KINDS = {
    "drums": Kind("drums", "drums"),
    "bass": Kind("bass", "bass"),
    "vocals": Kind("voice", "voice"),
    "guitar": Kind("guitar", "guitar"),
    "piano": Kind("keys", "piano"),
    "other": Kind("other", "keys"),
    "rest": Kind("other", "rest"),
    "mix": Kind("other", "mix"),
}
"""The stems that separators give, and what can be said of a recording that is one stem."""

DEFAULT_KIND = Kind("other", "default")
AUTO = "auto"


class NetworkSettings(Value):
    """A preset for the basic-pitch network.

    Attributes
    ----------
    onset_threshold
        Onset likelihood that opens a note.
    frame_threshold
        Note likelihood that keeps it open; it may dip below for 0.13 s.
    release_share
        Share of a note's own likelihood at which it ends; 0 waits for `frame_threshold`.
    leftover_threshold
        Note likelihood that a note without an onset must reach; 1 allows none.
    min_note_s
        Shorter notes are dropped.
    lowest_pitch, highest_pitch
        MIDI note numbers, both included.
    monophonic
        Whether notes may not overlap.
    bends
        Whether the pitch is followed within a note.
    quietest_db
        Notes this far below the stem's loud ones are dropped.
    onset_delay_ms, offset_delay_ms
        How much later than it begins and ends such a sound is heard to; taken off.
    decoder
        ``ours``, or ``upstream`` for the very notes that basic-pitch's own program gives: it takes
        only the two thresholds, the shortest note, and whether pitches bend.
    """

    engine: Literal["basic-pitch"]
    decoder: Literal["ours", "upstream"] = "ours"
    description: str = ""
    role: str = "default"
    onset_threshold: Likelihood
    frame_threshold: Likelihood
    release_share: float = Field(default=0.0, ge=0.0, le=1.0)
    leftover_threshold: Likelihood = 1.0
    min_note_s: float = Field(default=0.1, ge=0.02, le=2.0)
    lowest_pitch: int = Field(default=21, ge=21, le=108)
    highest_pitch: int = Field(default=108, ge=21, le=108)
    monophonic: bool = False
    bends: bool = False
    quietest_db: float = Field(default=-50.0, ge=-120.0, le=0.0)
    onset_delay_ms: float = Field(default=0.0, ge=-50.0, le=50.0)
    offset_delay_ms: float = Field(default=0.0, ge=-200.0, le=200.0)

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> NetworkSettings:
        if self.lowest_pitch > self.highest_pitch:
            raise ValueError("lowest_pitch is above highest_pitch")
        return self


class DrumNetworkSettings(Value):
    """A preset for the trained drum transcriber.

    Attributes
    ----------
    strictness
        What the thresholds that were tuned with the network are multiplied by: above 1 fewer
        strokes are found and more of them are right, below 1 the other way.
    """

    engine: Literal["drum-network"]
    description: str = ""
    role: str = "drums"
    strictness: float = Field(default=1.0, ge=0.2, le=4.0)


class DrumFactorSettings(Value):
    """A preset for the drum transcriber that factorises the spectrogram.

    Attributes
    ----------
    threshold
        How far a drum's activation must exceed its moving median to be a stroke, as a share of
        its maximum.
    free_templates
        How many templates are free to explain what is not drums.
    """

    engine: Literal["drum-nmf"]
    description: str = ""
    role: str = "drums"
    threshold: Likelihood = 0.12
    free_templates: int = Field(default=10, ge=1, le=50)


DrumSettings = DrumNetworkSettings | DrumFactorSettings

_ENGINES: dict[str, type[NetworkSettings | DrumNetworkSettings | DrumFactorSettings]] = {
    "basic-pitch": NetworkSettings,
    "drum-network": DrumNetworkSettings,
    "drum-nmf": DrumFactorSettings,
}

Settings = Annotated[NetworkSettings | DrumSettings, Field(discriminator="engine")]


class Listening(Value):
    """How one stem is heard and played."""

    preset: str
    settings: Settings
    instrument: Instrument


class TranscriptionPlan(Value):
    """What is settled about a run.

    Attributes
    ----------
    by_stem
        By the stem's name.
    otherwise
        For stems of any other name.
    named
        Stems that the musician named; one that does not exist is worth a warning.
    """

    by_stem: dict[str, Listening]
    otherwise: Listening
    named: tuple[str, ...] = ()


def settle(choice: str, presets: PresetLibrary) -> TranscriptionPlan:
    """Look up what every stem gets.

    Parameters
    ----------
    choice
        ``auto`` (by the stem's name), the name of a preset or of a kind of stem for all, or pairs
        as in ``vocals:voice,bass:bass``; stems without a pair are heard by their names.
    presets
        Where presets and instruments are.

    Raises
    ------
    BadArgumentsError
        The choice cannot be read, or names a preset that does not exist.
    PresetError
        A preset or an instrument is wrong.
    """
    if ":" not in choice and choice != AUTO:
        return TranscriptionPlan(by_stem={}, otherwise=_chosen(choice, presets))
    by_stem = {stem: _listening(kind, presets) for stem, kind in KINDS.items()}
    pairs = _pairs(choice) if choice != AUTO else {}
    by_stem |= {stem: _chosen(name, presets) for stem, name in pairs.items()}
    return TranscriptionPlan(
        by_stem=by_stem, otherwise=_listening(DEFAULT_KIND, presets), named=tuple(pairs)
    )


def _pairs(choice: str) -> dict[str, str]:
    """Read ``vocals:voice,bass:bass``."""
    pairs: dict[str, str] = {}
    for item in choice.split(","):
        stem, _, name = (part.strip() for part in item.partition(":"))
        if not stem or not name:
            raise BadArgumentsError(
                f"The transcription '{choice}' cannot be read: write one preset for all stems, "
                f"or pairs such as vocals:voice,bass:bass."
            )
        if stem in pairs:
            raise BadArgumentsError(f"The transcription '{choice}' names '{stem}' twice.")
        pairs[stem] = name
    return pairs


def _chosen(name: str, presets: PresetLibrary) -> Listening:
    """Return what a kind of stem or else a preset of this name says."""
    if name in KINDS:
        return _listening(KINDS[name], presets)
    settings = _settings(name, presets)
    return Listening(preset=name, settings=settings, instrument=_instrument(settings.role, presets))


def _listening(kind: Kind, presets: PresetLibrary) -> Listening:
    return Listening(
        preset=kind.preset,
        settings=_settings(kind.preset, presets),
        instrument=_instrument(kind.role, presets),
    )


def _settings(name: str, presets: PresetLibrary) -> NetworkSettings | DrumSettings:
    table = presets.transcription(name)
    what = f"Transcription preset '{name}'"
    model = _ENGINES.get(str(table.get("engine")))
    if model is None:
        raise PresetError(f"{what}: engine must be one of {', '.join(_ENGINES)}.")
    try:
        return model.model_validate(dict(table))
    except ValidationError as exc:
        raise _fault(what, exc, model) from exc


def _instrument(role: str, presets: PresetLibrary) -> Instrument:
    entry: dict[str, Any] = {"role": role, **presets.instrument(role)}
    for program in ("live", "ardour"):  # what these load; their installers pass it on
        entry.pop(program, None)
    try:
        return Instrument.model_validate(entry)
    except ValidationError as exc:
        raise _fault(f"Instrument '{role}' in instruments.toml", exc, Instrument) from exc


def _fault(what: str, exc: ValidationError, model: type[BaseModel]) -> PresetError:
    """Return the first thing that is wrong with a table, as a sentence."""
    first = exc.errors()[0]
    field = str(first["loc"][-1]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return PresetError(
            f"{what}: '{field}' is not a setting.{nearest(field, model.model_fields)}"
        )
    where = f"{field}: " if field else ""
    return PresetError(f"{what}: {where}{first['msg'].removeprefix('Value error, ')}.")
