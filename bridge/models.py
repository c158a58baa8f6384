"""The frozen values that travel through the program: paths and numbers, never arrays.

Conventions
-----------
Every value is immutable, refuses unknown fields and is checked once, where it enters. Paths are
absolute strings. Times end in ``_s`` (seconds), levels in ``_dbfs`` or ``_lufs``; ``frames`` counts
samples per channel.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Meter = Annotated[str, Field(pattern=r"^([1-9]|[1-5][0-9]|6[0-4])/(1|2|4|8|16|32)$")]
Tempo = Annotated[float, Field(ge=10.0, le=960.0, description="quarter notes a minute")]
SampleRate = Annotated[int, Field(ge=8_000, le=384_000)]
Quality = Literal["draft", "normal", "best"]
Precision = Literal["float32", "bfloat16", "float16"]
QuantizeGrid = Literal["off", "1/4", "1/4t", "1/8", "1/8t", "1/16", "1/16t", "1/32", "1/32t"]


class Value(BaseModel):
    """Base of every value: frozen, unknown fields refused, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AudioFormat(str, Enum):
    """File formats of the results."""

    WAV16 = "wav16"
    WAV24 = "wav24"
    WAV32F = "wav32f"
    FLAC = "flac"
    MP3 = "mp3"

    @property
    def suffix(self) -> str:
        """The file name's ending, with its dot."""
        return {"flac": ".flac", "mp3": ".mp3"}.get(self.value, ".wav")


class Region(Value):
    """A stretch of an audio file; length 0 means to the file's end."""

    path: str
    start_s: float = Field(default=0.0, ge=0.0)
    length_s: float = Field(default=0.0, ge=0.0)


class RunOptions(Value):
    """The options of a run, as the contract names them; None leaves a choice to the recipe.

    The region's own options (`path`, `start`, `length`) and the job's `id` are not here: they
    become `Region` and `Job.id`.
    """

    output: str | None = None
    tempo: Tempo | None = None
    meter: Meter | None = None
    position: float = Field(default=0.0, ge=0.0)
    track: str | None = Field(default=None, max_length=256)
    rate: SampleRate | None = None
    model: str | None = None
    stems: str | None = None
    quality: Quality | None = None
    format: AudioFormat = AudioFormat.WAV32F
    bitrate: int = Field(default=256, ge=32, le=320, description="kbit/s, for mp3")
    residual: bool = False
    shifts: int | None = Field(default=None, ge=0, le=20)
    overlap: float | None = Field(default=None, ge=0.0, le=0.95)
    device: str | None = Field(default=None, pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    pre: str | None = None
    post: str | None = None
    transcription: str | None = None
    quantize: QuantizeGrid = "off"
    quantize_strength: float = Field(default=1.0, ge=0.0, le=1.0)
    swing: float = Field(default=0.0, ge=0.0, le=1.0)
    bars: bool = False
    mpe: bool = False
    notes: bool = False
    reuse: bool = True


class StageSpec(Value):
    """One line of a recipe: a kind of work and what the recipe settles about it."""

    kind: str
    options: dict[str, Any] = Field(default_factory=dict)


class Recipe(Value):
    """An ordered list of stages under a name."""

    name: str
    description: str
    stages: tuple[StageSpec, ...] = Field(min_length=1)


class PlannedStage(Value):
    """A stage with everything settled: what the worker is told to do."""

    kind: str
    plan: dict[str, Any]


class ModelInfo(Value):
    """A separation model as listings show it."""

    name: str
    description: str
    stems: tuple[str, ...]
    built_in: bool = Field(description="ships with the program, needs no download")
    weights_here: bool


class JobState(str, Enum):
    """Where a job is in its life; `core.jobs` holds the transitions."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Value):
    """A request that was accepted."""

    id: JobId
    recipe: str
    region: Region
    options: RunOptions
    stages: tuple[PlannedStage, ...]
    folder: str = Field(description="the job's own folder, where its manifest lies")
    output: str = Field(
        description="where its files go: the same folder, or one that was asked for"
    )
    device: str
    created_at: float = Field(description="seconds since the epoch")
    state: JobState = JobState.QUEUED
    progress: float = Field(default=0.0, ge=0.0, le=1.0)
    attempts: int = 0


class WorkOrder(Value):
    """What a worker is handed: the job, where it may write, and the limits it keeps."""

    job: Job
    work_folder: str
    max_region_s: float
    models_folder: str | None = None
    allow_pickle: bool = False
    offline: bool = False
    fetch_timeout_s: float = 60.0
    plugin_timeout_s: float = 30.0
    stems_folder: str | None = Field(
        default=None, description="where separated stems are kept for later jobs; None keeps none"
    )
    kept_stems_bytes: int = Field(default=0, ge=0, description="most that is kept there")
    replaces: tuple[str, ...] = Field(
        default=(), description="files of an interrupted attempt at this job, to be overwritten"
    )


class Source(Value):
    """Where the audio came from, as the manifest records it."""

    path: str
    start_s: float
    length_s: float
    frames: int
    sample_rate: int
    channels: int
    content_hash: str


class TempoChange(Value):
    """A tempo from a moment on."""

    time_s: float = Field(description="from the region's start")
    quarters: float = Field(description="quarter notes from the region's start")
    tempo: float


class Timing(Value):
    """Tempo, meter and key, who said so, and how sure that is."""

    tempo: float = Field(description="quarter notes a minute; the mean of a tempo map")
    meter: str
    tempo_from: Literal["host", "estimated", "default"]
    meter_from: Literal["host", "estimated", "default"]
    tempo_confidence: float | None = Field(
        default=None, description="probability 0…1; None unless estimated"
    )
    meter_confidence: float | None = Field(
        default=None, description="probability 0…1; None unless estimated"
    )
    downbeat_s: float | None = Field(
        default=None, description="the first beginning of a bar that was heard in the region"
    )
    tempo_map: tuple[TempoChange, ...] = Field(
        default=(), description="for a recording that drifts; the first change is at 0 s"
    )
    key: str | None = Field(default=None, description="such as F# minor; heard, never asked for")
    key_confidence: float | None = Field(default=None, description="probability 0…1")


class Stem(Value):
    """One audio file of the results."""

    name: str
    path: str
    frames: int
    sample_rate: int
    channels: int
    peak_dbfs: float
    loudness_lufs: float | None = Field(description="integrated, ITU-R BS.1770; None if too short")
    silent: bool

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


class ClipNote(Value):
    """A note of a clip, in quarter notes from the clip's start."""

    start_quarters: float
    length_quarters: float
    pitch: int = Field(ge=0, le=127)
    velocity: int = Field(ge=1, le=127)
    channel: int = Field(ge=0, le=15)


class MidiClip(Value):
    """One MIDI file of the results."""

    stem: str
    path: str
    notes: tuple[ClipNote, ...]
    tempo: float
    track_name: str
    instrument_role: str
    color: str | None = Field(default=None, description="#rrggbb for the track in the DAW")


class ClipsFile(Value):
    """One MIDI file with every clip of the results, a track each."""

    path: str
    clip_count: int
    note_count: int


class JobWarning(Value):
    """Something the musician should know that did not stop the job."""

    code: str
    message: str


class ManifestClip(Value):
    """A MIDI file as the manifest lists it."""

    stem: str
    path: str
    note_count: int
    track_name: str
    instrument_role: str
    color: str | None = Field(default=None, description="#rrggbb for the track in the DAW")


class Manifest(Value):
    """Everything about a finished job; `dawbridge schema` prints this as JSON Schema."""

    protocol: int
    version: str
    job: str
    recipe: str
    state: Literal["done"]
    source: Source
    timing: Timing
    model: str | None
    device: str
    precision: Precision | None = Field(
        default=None, description="what the model multiplied in; None if nothing was separated"
    )
    options: RunOptions
    stages: tuple[PlannedStage, ...]
    stems: tuple[Stem, ...]
    clips: tuple[ManifestClip, ...]
    clips_file: ClipsFile | None = Field(
        default=None, description="all clips in one file; None where there is only one clip"
    )
    warnings: tuple[JobWarning, ...]
    seconds_per_stage: dict[str, float]
    reused_from: str | None = Field(default=None, description="the job whose result this is")
    kept_from: str | None = Field(
        default=None, description="the job that separated these stems; None if this one did"
    )
