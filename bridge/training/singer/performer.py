"""Who sings, and how: ranges of every trait by style, and performers drawn from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True)
class Performer:
    """One singer in one performance.

    Parameters
    ----------
    tract_scale
        Formants relative to an adult man's: 0.9 a bass, 1.17 a woman, 1.35 a child.
    glottal_ratio
        The glottal formant's place in multiples of the fundamental: 0.8 breathy, 2 pressed.
    tilt_hz
        Above it the pulses fall by a further 6 dB per octave.
    voicing
        Level of the pulses: 0 whispers.
    breath
        Level of the noise from the glottis within vowels, relative to them.
    sibilance
        Factor on the noise of consonants.
    bandwidth_scale
        Factor on the formants' bandwidths.
    ring_db
        Level of the singer's formant near 3 kHz.
    effort_db
        How far everything above 600 Hz stands out: louder voices have stronger overtones (J.
        Sundberg and M. Nordenberg, "Effects of vocal loudness variation on spectrum balance as
        reflected by the alpha measure of long-term-average spectra of speech", JASA 120, 2006).
    presence_db
        The same above 3 kHz.
    jitter, shimmer, subharmonic, growl
        See `synthesis.Glottis`.
    drive_db
        Gain into a soft limiter: a shouting voice into a poor microphone.
    vibrato_hz, vibrato_cents, vibrato_delay_s
        Rate, depth to one side, and how long a note stands before it begins.
    glide_s
        How long the pitch takes from note to note.
    scoop_semitones
        How far below a phrase's first note the pitch begins.
    drift_cents
        How far the pitch wanders.
    pitched
        How much of the melody's intervals is sung: 1 singing, 0.1 speech.
    speech_semitones
        How far the pitch moves within a spoken syllable.
    melisma
        Probability that a note goes on with the syllable before it.
    consonants
        Factor on the length of consonants.
    held
        How much of a note's length is sung, 0 to 1.
    swell_db
        How far the level moves within a phrase.
    inhale
        Level of the breaths between phrases.
    """

    tract_scale: float
    glottal_ratio: float
    tilt_hz: float
    voicing: float
    breath: float
    sibilance: float
    bandwidth_scale: float
    ring_db: float
    effort_db: float
    presence_db: float
    jitter: float
    shimmer: float
    subharmonic: float
    growl: float
    drive_db: float
    vibrato_hz: float
    vibrato_cents: float
    vibrato_delay_s: float
    glide_s: float
    scoop_semitones: float
    drift_cents: float
    pitched: float
    speech_semitones: float
    melisma: float
    consonants: float
    held: float
    swell_db: float
    inhale: float


Ranges = dict[str, tuple[float, float]]

COMMON: Ranges = {
    "tract_scale": (0.96, 1.04),  # times a man's, a woman's or a child's
    "glottal_ratio": (1.0, 1.6),
    "tilt_hz": (2500.0, 8000.0),
    "voicing": (1.0, 1.0),
    "breath": (0.01, 0.14),
    "sibilance": (0.4, 1.3),
    "bandwidth_scale": (0.8, 1.4),
    "ring_db": (0.0, 5.0),
    "effort_db": (0.0, 16.0),
    "presence_db": (-13.0, 6.0),
    "jitter": (0.001, 0.005),
    "shimmer": (0.01, 0.06),
    "subharmonic": (0.0, 0.0),
    "growl": (0.0, 0.0),
    "drive_db": (-12.0, 0.0),
    "vibrato_hz": (4.7, 6.3),
    "vibrato_cents": (0.0, 80.0),
    "vibrato_delay_s": (0.05, 0.5),
    "glide_s": (0.03, 0.12),
    "scoop_semitones": (0.0, 3.0),
    "drift_cents": (6.0, 28.0),
    "pitched": (1.0, 1.0),
    "speech_semitones": (0.0, 0.0),
    "melisma": (0.0, 0.25),
    "consonants": (0.7, 1.3),
    "held": (0.8, 1.0),
    "swell_db": (0.5, 4.0),
    "inhale": (0.0, 0.12),
}

STYLES: dict[str, tuple[float, Ranges]] = {
    "pop": (5.0, {}),
    "straight": (1.5, {"vibrato_cents": (0.0, 8.0), "drift_cents": (2.0, 7.0)}),
    "soul": (
        1.5,
        {"melisma": (0.3, 0.6), "vibrato_cents": (25.0, 70.0), "scoop_semitones": (1.0, 3.0)},
    ),
    "croon": (
        1.0,
        {
            "breath": (0.08, 0.2),
            "effort_db": (-4.0, 4.0),
            "tilt_hz": (900.0, 2000.0),
            "glottal_ratio": (0.8, 1.1),
        },
    ),
    "belt": (
        1.5,
        {
            "glottal_ratio": (1.6, 2.4),
            "tilt_hz": (5000.0, 12000.0),
            "effort_db": (8.0, 18.0),
            "ring_db": (3.0, 9.0),
        },
    ),
    "rough": (
        1.5,
        {
            "jitter": (0.006, 0.02),
            "shimmer": (0.08, 0.25),
            "subharmonic": (0.0, 0.4),
            "growl": (0.0, 0.5),
            "drive_db": (0.0, 14.0),
            "effort_db": (5.0, 18.0),
            "tilt_hz": (5000.0, 12000.0),
            "glottal_ratio": (1.4, 2.2),
            "breath": (0.05, 0.2),
        },
    ),
    "shout": (
        1.0,
        {
            "pitched": (0.5, 1.0),
            "speech_semitones": (0.5, 3.0),
            "jitter": (0.006, 0.025),
            "shimmer": (0.1, 0.3),
            "growl": (0.2, 0.8),
            "subharmonic": (0.1, 0.6),
            "drive_db": (8.0, 20.0),
            "effort_db": (8.0, 18.0),
            "tilt_hz": (6000.0, 14000.0),
            "breath": (0.1, 0.3),
        },
    ),
    "classical": (
        0.8,
        {
            "vibrato_cents": (50.0, 110.0),
            "vibrato_delay_s": (0.0, 0.2),
            "ring_db": (8.0, 15.0),
            "consonants": (0.5, 0.9),
            "held": (0.95, 1.0),
        },
    ),
    "falsetto": (
        1.0,
        {
            "glottal_ratio": (0.7, 1.0),
            "effort_db": (-6.0, 3.0),
            "tilt_hz": (800.0, 1800.0),
            "breath": (0.05, 0.2),
            "ring_db": (0.0, 2.0),
        },
    ),
    "rap": (
        1.6,
        {
            "pitched": (0.0, 0.35),
            "speech_semitones": (1.0, 4.0),
            "consonants": (0.7, 1.2),
            "melisma": (0.0, 0.03),
            "held": (0.6, 0.95),
            "vibrato_cents": (0.0, 0.0),
            "tilt_hz": (3000.0, 8000.0),
        },
    ),
    "speech": (
        0.6,
        {
            "pitched": (0.0, 0.15),
            "speech_semitones": (0.5, 3.0),
            "melisma": (0.0, 0.0),
            "held": (0.5, 0.95),
            "vibrato_cents": (0.0, 0.0),
            "consonants": (0.9, 1.4),
        },
    ),
    "whisper": (0.3, {"voicing": (0.0, 0.15), "breath": (0.5, 1.0), "held": (0.6, 1.0)}),
}
"""How often a style comes, relative to the others, and where it leaves what is common."""

SPOKEN = ("rap", "speech")

_MEN_BELOW, _WOMEN_ABOVE = 50.0, 70.0  # as MIDI notes; between them it may be either
_MEN, _WOMEN = (1.0, 0.05), (1.17, 0.06)  # mean and deviation of the tract's scale


def draw_style(rng: np.random.Generator) -> str:
    """Return the name of a style by its weight."""
    weights = [weight for weight, _ in STYLES.values()]
    return str(rng.choice(list(STYLES), p=[weight / sum(weights) for weight in weights]))


def draw(
    style: str,
    pitch: float,
    rng: np.random.Generator,
    fixed: Mapping[str, float] | None = None,
) -> Performer:
    """Return a performer of a style.

    Parameters
    ----------
    style
        A key of `STYLES`.
    pitch
        The melody's middle as a MIDI note: high melodies come from shorter tracts, mostly.
    rng
        What the traits are drawn from.
    fixed
        Traits that are given.
    """
    ranges = COMMON | STYLES[style][1]
    traits = {
        name: float(rng.uniform(*ranges[name])) for name in (one.name for one in fields(Performer))
    }
    woman = rng.random() < (pitch - _MEN_BELOW) / (_WOMEN_ABOVE - _MEN_BELOW)
    scale = float(rng.normal(*(_WOMEN if woman else _MEN)))
    if rng.random() < 0.06:
        scale = float(rng.uniform(1.25, 1.4))  # a child
    traits["tract_scale"] *= min(1.4, max(0.85, scale))
    if rng.random() < 0.3:
        traits["vibrato_cents"] *= 0.2
    return Performer(**(traits | dict(fixed or {})))
