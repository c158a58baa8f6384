"""The name-value pairs that follow a request's own arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.osc.converters import boolean, integer, number, text

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Option:
    """One name-value pair of select and run."""

    name: str
    convert: Callable[[Any], Any]
    value: str
    default: str
    is_region: bool = False


OPTIONS: tuple[Option, ...] = (
    Option(
        "id",
        text,
        "the job's name, 1 to 64 of `A-Z a-z 0-9 . _ -`; the same id again is the same job",
        "made by the daemon",
    ),
    Option("path", text, "a file, in place of the selection", "the selection", is_region=True),
    Option("start", number, "seconds in the file", "0", is_region=True),
    Option("length", number, "seconds; 0 = to the file's end", "0", is_region=True),
    Option(
        "output",
        text,
        "folder for the results, inside an allowed root",
        "a new folder for the job under the data folder",
    ),
    Option("tempo", number, "quarter notes a minute", "estimated from the audio"),
    Option("meter", text, 'such as `"6/8"`', "estimated; 4/4 where unsure"),
    Option(
        "position",
        number,
        "seconds on the DAW's timeline where the region begins; also written into the WAVs as a "
        "broadcast-wave time reference",
        "0",
    ),
    Option("track", text, "the source track's name", "the file's name"),
    Option("rate", integer, "sample rate of the results", "the file's"),
    Option("model", text, "a model's name, or `auto`", "the recipe's"),
    Option(
        "stems",
        text,
        '`"vocals,drums"`; `"vocals+rest"` gives the named stem and everything else in one, '
        '`"-vocals"` only the latter',
        "the recipe's",
    ),
    Option(
        "quality",
        text,
        "of the separation: `draft` `normal` `best`; `shifts` and `overlap` win over it",
        "the recipe's",
    ),
    Option("format", text, "`wav16` `wav24` `wav32f` `flac` `mp3`", "wav32f"),
    Option("bitrate", integer, "kbit/s of an mp3", "256"),
    Option(
        "residual",
        boolean,
        "also write what the stems leave out, so that all files sum to the source",
        "false",
    ),
    Option("shifts", integer, "Demucs' shift trick: so many passes, averaged", "the recipe's"),
    Option("overlap", number, "of Demucs' windows, 0 to 0.95", "the recipe's"),
    Option("device", text, "`auto` `cpu` `mps` `cuda` `cuda:1`", "auto"),
    Option("pre", text, "effect chain before the stages; `none` for none", "the recipe's"),
    Option(
        "post",
        text,
        'effect chain for the stems; also `"vocals:plate,drums:glue"`; `none` for none',
        "the recipe's",
    ),
    Option(
        "transcription",
        text,
        'transcription preset, also `"vocals:voice,bass:bass"`; for a recording that is one stem, '
        "its kind: `drums` `bass` `vocals` `other`",
        "the recipe's",
    ),
    Option(
        "quantize",
        text,
        "note grid: `off` `1/4` `1/8` `1/16` `1/32`, with `t` for triplets",
        "off",
    ),
    Option(
        "quantize_strength",
        number,
        "how far notes go to the grid: 0 not at all, 1 all the way",
        "1",
    ),
    Option(
        "swing",
        number,
        "delays every second line of a straight grid by up to half a step: 0 is straight, 0.67 "
        "a triplet's feel, 1 dotted (an MPC's 50 %, 67 %, 75 %)",
        "0",
    ),
    Option("bars", boolean, "pad the clips' lengths to whole bars", "false"),
    Option(
        "mpe",
        boolean,
        "MPE clips: a channel for each sounding note, so that chords keep their bends",
        "false",
    ),
    Option("notes", boolean, "also send every note as `/bridge/job/note`", "false"),
    Option("reuse", boolean, "answer from an earlier result of the same audio and options", "true"),
)
