"""The table of instruments: what can play a part, and how its sound is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """One instrument.

    Parameters
    ----------
    programmes
        General MIDI programmes (from 0) that may play it.
    patches
        Kinds of our own synthesis that may play it, see `synths.PATCHES`.
    centre
        MIDI note in the middle of its register.
    amplifier
        How it is amplified: ``clean``, ``crunch``, ``high gain``, ``fuzz``, ``bass``, or nothing.
    doubled
        How likely it is played twice, once on each side.
    """

    programmes: tuple[int, ...]
    patches: tuple[str, ...] = ()
    centre: int = 62
    amplifier: str = ""
    doubled: float = 0.0


_ELECTRIC = (26, 27, 28)

INSTRUMENTS = {
    "piano": Instrument((0, 1, 2, 3), centre=62),
    "electric piano": Instrument((4, 5), ("fm keys", "tine"), 62),
    "fm keys": Instrument((5,), ("fm keys", "tine"), 64),
    "clavinet": Instrument((7, 6), ("clavinet",), 58),
    "organ": Instrument((16, 17, 19), ("organ",), 62),
    "rock organ": Instrument((18, 16), ("organ",), 62, "crunch"),
    "accordion": Instrument((21, 23), (), 66),
    "harmonica": Instrument((22,), (), 70),
    "nylon guitar": Instrument((24,), ("nylon string",), 58),
    "steel guitar": Instrument((25,), ("steel string",), 58, doubled=0.4),
    "twelve-string": Instrument((25, 15), ("steel string",), 62, doubled=0.6),
    "jazz guitar": Instrument((26,), ("electric string",), 58, "clean"),
    "clean guitar": Instrument((27, 26), ("electric string",), 60, "clean", 0.25),
    "muted guitar": Instrument((28,), ("muted string",), 60, "clean", 0.2),
    "crunch guitar": Instrument(_ELECTRIC, ("electric string",), 58, "crunch", 0.4),
    "overdriven guitar": Instrument((27, 29), ("electric string",), 58, "crunch", 0.5),
    "distorted guitar": Instrument((27, 30, 28), ("electric string",), 55, "high gain", 0.6),
    "high-gain guitar": Instrument(
        (28, 30, 27), ("electric string", "muted string"), 52, "high gain", 0.75
    ),
    "fuzz guitar": Instrument((27, 30), ("electric string",), 55, "fuzz", 0.4),
    "pedal steel": Instrument((26, 27), ("electric string",), 64, "clean"),
    "fiddle": Instrument((40, 110), (), 70),
    "strings": Instrument((48, 49, 44), ("string ensemble",), 64),
    "synth strings": Instrument((50, 51), ("string ensemble", "saw pad"), 64),
    "choir pad": Instrument((91, 94, 89), ("soft pad",), 62),
    "warm pad": Instrument((88, 89, 92, 95), ("soft pad", "saw pad"), 60),
    "saw pad": Instrument((90, 81), ("saw pad",), 60),
    "trumpet": Instrument((56, 59), (), 68),
    "trombone": Instrument((57,), (), 55),
    "brass section": Instrument((61, 62, 63), ("brass",), 63),
    "soprano sax": Instrument((64,), (), 70),
    "alto sax": Instrument((65,), (), 65),
    "tenor sax": Instrument((66,), (), 58),
    "baritone sax": Instrument((67,), (), 48),
    "oboe": Instrument((68, 69), (), 70),
    "clarinet": Instrument((71,), (), 66),
    "flute": Instrument((73, 75, 72), (), 76),
    "saw lead": Instrument((81, 84), ("saw lead", "super saw"), 67),
    "square lead": Instrument((80,), ("square lead",), 67),
    "synth lead": Instrument((80, 81, 82, 87), ("saw lead", "square lead", "fm lead"), 69),
    "pluck synth": Instrument((), ("pluck", "fm pluck"), 66),
    "vibraphone": Instrument((11,), ("fm bell",), 70),
    "marimba": Instrument((12, 13), (), 66),
    "glockenspiel": Instrument((9, 14), ("fm bell",), 84),
    "music box": Instrument((10, 8), ("fm bell",), 80),
    "steel drums": Instrument((114,), (), 68),
    "kalimba": Instrument((108,), ("fm pluck",), 70),
    "harp": Instrument((46,), ("nylon string",), 66),
    "mandolin": Instrument((25, 15), ("steel string",), 72),
    "banjo": Instrument((105,), ("steel string",), 66),
    "dulcimer": Instrument((15,), ("steel string",), 68),
    "upright bass": Instrument((32, 32, 35), ("upright bass",), 36),
    "finger bass": Instrument((33, 35), ("electric bass",), 36, "bass"),
    "pick bass": Instrument((34, 33), ("electric bass",), 36, "bass"),
    "slap bass": Instrument((36, 37), ("electric bass",), 36, "bass"),
    "distorted bass": Instrument((34, 33), ("electric bass",), 36, "crunch"),
    "synth bass": Instrument((38, 39), ("saw bass", "square bass", "fm bass", "acid bass"), 36),
    "sub bass": Instrument((), ("sub bass", "eight-oh-eight"), 36),
    "reese bass": Instrument((), ("reese bass",), 36),
}

BASSES = {
    "sub": ("sub bass",),
    "reese": ("reese bass", "sub bass"),
    "walking": ("upright bass", "upright bass", "finger bass"),
    "slap": ("upright bass",),
    "slap funk": ("slap bass", "slap bass", "finger bass"),
    "funk": ("finger bass", "slap bass", "synth bass"),
    "synth sixteenths": ("synth bass",),
    "offbeat": ("synth bass", "sub bass"),
    "octaves": ("finger bass", "synth bass", "pick bass"),
    "riff": ("pick bass", "distorted bass", "finger bass"),
    "two beat": ("upright bass", "finger bass"),
    "bossa": ("upright bass", "finger bass"),
    "tumbao": ("upright bass", "finger bass"),
    "long": ("finger bass", "synth bass", "sub bass", "upright bass"),
}
"""Who plays a way of playing the bass; the others are played by `PLAIN_BASSES`."""

PLAIN_BASSES = ("finger bass", "pick bass", "finger bass", "pick bass", "synth bass")
"""Who plays the rest."""
ELECTRONIC_BASSES = ("synth bass", "synth bass", "sub bass", "finger bass")
"""Who plays the rest in a song with a drum machine."""
