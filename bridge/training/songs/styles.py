"""The table of styles: what a song of each kind is built from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """One kind of music.

    Parameters
    ----------
    tempo
        Slowest and fastest, quarter notes a minute.
    grooves
        Rows of `grooves.GROOVES`.
    progressions
        Roman numerals, one chord a bar unless the song's harmonic rhythm says otherwise.
    modes
        Rows of `harmony.SCALES` for the melody.
    bass
        Ways to play the bass, see `bass_lines.LINES`.
    parts
        Who may play the other stem: ``(way of playing, instruments to choose from)``.
    kits
        ``acoustic``, ``electronic`` or both.
    swing
        Share of the swung pair that its first note takes: lowest and highest; 0.5 is straight.
    swing_unit
        Length of the swung note in quarters: 0.5 or 0.25.
    sung
        How likely there is a voice.
    flow
        Syllables a quarter note that the voice sings: lowest and highest.
    drive
        How overdriven the amplifiers are, 0..1.
    weight
        How often it is drawn in relation to the others.
    """

    tempo: tuple[float, float]
    grooves: tuple[str, ...]
    progressions: tuple[str, ...]
    modes: tuple[str, ...]
    bass: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    kits: tuple[str, ...] = ("acoustic",)
    swing: tuple[float, float] = (0.5, 0.5)
    swing_unit: float = 0.5
    sung: float = 0.88
    flow: tuple[float, float] = (0.8, 2.0)
    drive: float = 0.3
    weight: float = 1.0


_POP = ("I V vi IV", "vi IV I V", "I vi IV V", "I IV vi V", "IV V iii vi", "I iii IV V", "I IV")
_ROCK = ("I bVII IV I", "I IV V IV", "i bVII bVI V", "i bVI bVII i", "I V IV IV", "i bIII bVII IV")
_BLUES = ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 V7 I7 I7")
_JAZZ = ("ii7 V7 Imaj7 vi7", "Imaj7 vi7 ii7 V7", "iim7b5 V7 i7 i7", "iii7 VI7 ii7 V7", "i7 IV7")
_MINOR = ("i bVI bIII bVII", "i iv bVII bIII", "i bVII", "i iv v i", "i bVI iv V", "i i iv iv")
_SOUL = (
    "Imaj7 ii7 iii7 IVmaj7",
    "ii7 V9",
    "i7 IV9",
    "Imaj7 IVmaj7",
    "I vi ii V",
    "vi7 ii7 V9 Imaj9",
)
_PUNK = ("I IV V V", "I V vi IV", "i bVI bVII V", "I bVII IV IV", "I bIII IV bVI")
_DANCE = ("i bVI bVII i", "vi IV I V", "i i bVII bVI", "i", "i7 iv7", "IV I vi V", "i bIII iv bVI")

_GUITARS = ("clean guitar", "overdriven guitar", "crunch guitar", "jazz guitar")
_LOUD = ("distorted guitar", "high-gain guitar", "overdriven guitar", "fuzz guitar")
_KEYS = ("piano", "electric piano", "organ", "rock organ", "clavinet")
_SYNTHS = ("saw lead", "square lead", "pluck synth", "fm keys", "synth lead")
_PADS = ("strings", "warm pad", "synth strings", "choir pad", "saw pad", "organ")
_HORNS = ("brass section", "trumpet", "trombone", "tenor sax", "alto sax", "baritone sax")
_WINDS = ("flute", "clarinet", "oboe", "harmonica", "accordion", "soprano sax")
_MALLETS = ("vibraphone", "marimba", "glockenspiel", "steel drums", "kalimba", "music box")
_ACOUSTIC = ("steel guitar", "nylon guitar", "twelve-string")
_FOLK = ("mandolin", "banjo", "fiddle", "harp", "accordion", "harmonica", "dulcimer")

STYLES = {
    "pop": Style(
        (80, 132), ("pop", "rock", "four floor", "ballad"), _POP, ("major", "minor"),
        ("roots", "kick", "eighths", "long", "synth sixteenths"),
        (("strum", _ACOUSTIC + _GUITARS), ("arpeggio", _GUITARS + _SYNTHS + _KEYS),
         ("pad", _PADS), ("block", _KEYS), ("line", _SYNTHS + _MALLETS), ("stabs", _HORNS)),
        ("acoustic", "electronic"),
        weight=2.5,
    ),
    "britpop": Style(
        (78, 140), ("rock", "pop", "shuffle rock"), _POP + _ROCK, ("major", "mixolydian"),
        ("roots", "eighths", "melodic"),
        (("strum", (*_ACOUSTIC, "overdriven guitar", "crunch guitar")), ("power", _LOUD),
         ("line", ("crunch guitar", "overdriven guitar", "organ", "strings")),
         ("pad", ("strings", "organ", "rock organ")), ("block", ("piano",))),
        drive=0.5,
        weight=2,
    ),
    "rock": Style(
        (92, 160), ("rock", "heavy rock", "half time", "tom rock"), _ROCK + _POP,
        ("minor", "mixolydian", "major", "dorian"), ("eighths", "roots", "kick", "riff"),
        (("power", _LOUD), ("riff", _LOUD), ("power", _LOUD), ("strum", _GUITARS + _ACOUSTIC),
         ("line", _LOUD), ("pad", ("rock organ", "strings")), ("block", ("piano", "organ"))),
        drive=0.7,
        weight=3,
    ),
    "indie": Style(
        (96, 172), ("rock", "disco", "tom rock", "punk"), _POP + _ROCK, ("major", "dorian"),
        ("eighths", "melodic", "octaves"),
        (("arpeggio", _GUITARS), ("strum", _GUITARS), ("line", (*_GUITARS, "synth lead")),
         ("pad", _PADS), ("ostinato", (*_SYNTHS, "glockenspiel"))),
        drive=0.4,
        weight=2,
    ),
    "punk": Style(
        (150, 205), ("punk", "d-beat", "rock"), _PUNK, ("major", "minor"),
        ("eighths", "roots"), (("power", _LOUD), ("power", _LOUD), ("line", _LOUD)),
        drive=0.85, flow=(1.0, 2.0),
    ),
    "metal": Style(
        (90, 200), ("double kick", "blast", "heavy rock", "half time"),
        ("i bVI bVII i", "i bII i bVII", "i i bIII bII", "i bVI iv bVII"),
        ("phrygian", "minor", "harmonic minor"), ("riff", "eighths", "kick"),
        (("riff", ("high-gain guitar", "distorted guitar")),
         ("power", ("high-gain guitar", "distorted guitar")),
         ("line", ("high-gain guitar", "distorted guitar")), ("pad", ("strings", "choir pad"))),
        drive=1.0, sung=0.8, flow=(0.8, 2.5),
        weight=1.5,
    ),
    "rockabilly": Style(
        (140, 200), ("train", "shuffle rock", "jump"), (*_BLUES, "I I IV V", "I vi IV V"),
        ("mixolydian", "major"), ("walking", "slap", "two beat"),
        (("chuck", ("clean guitar", "jazz guitar", "steel guitar", "crunch guitar")),
         ("line", ("clean guitar", "crunch guitar", "tenor sax")), ("boogie", ("piano",)),
         ("stabs", ("baritone sax", "tenor sax"))),
        swing=(0.54, 0.66), drive=0.35,
        weight=1.5,
    ),
    "blues": Style(
        (60, 140), ("shuffle rock", "slow blues", "rock"), _BLUES, ("mixolydian", "dorian"),
        ("walking", "roots", "boogie"),
        (("chuck", _GUITARS), ("line", ("overdriven guitar", "crunch guitar", "harmonica")),
         ("comp", ("piano", "organ", "rock organ")), ("stabs", _HORNS)),
        swing=(0.58, 0.67), drive=0.45,
        weight=1.5,
    ),
    "soul": Style(
        (70, 126), ("soul", "pop", "ballad"), _SOUL + _POP, ("major", "dorian", "mixolydian"),
        ("melodic", "kick", "funk"),
        (("chuck", ("clean guitar", "jazz guitar")), ("comp", ("electric piano", "organ", "piano")),
         ("stabs", _HORNS), ("pad", ("strings", "organ")), ("line", _HORNS)),
        swing=(0.5, 0.56), swing_unit=0.25,
        weight=1.5,
    ),
    "funk": Style(
        (92, 122), ("funk", "funk two", "disco"), ("i7", "I9", "i7 IV9", "ii7 V9", "i7 i7 IV9 i7"),
        ("dorian", "mixolydian"), ("funk", "slap funk", "octaves"),
        (("scratch", ("clean guitar", "muted guitar")), ("comp", ("clavinet", "electric piano")),
         ("stabs", _HORNS), ("line", (*_HORNS, "synth lead")), ("pad", ("organ", "strings"))),
        swing=(0.5, 0.57), swing_unit=0.25, sung=0.8,
        weight=1.5,
    ),
    "disco": Style(
        (108, 128), ("disco", "four floor"), _SOUL + _DANCE, ("dorian", "minor", "major"),
        ("octaves", "funk", "melodic"),
        (("scratch", ("clean guitar", "muted guitar")), ("line", ("strings", "brass section")),
         ("comp", ("electric piano", "piano", "clavinet")), ("stabs", _HORNS), ("pad", _PADS)),
        ("acoustic", "electronic"),
    ),
    "house": Style(
        (116, 130), ("four floor", "techno"), _DANCE, ("minor", "dorian"),
        ("offbeat", "synth sixteenths", "long", "octaves"),
        (("stabs", ("piano", "organ", "saw lead", "fm keys")), ("pad", _PADS),
         ("arpeggio", _SYNTHS), ("ostinato", _SYNTHS)),
        ("electronic",), sung=0.75,
    ),
    "techno": Style(
        (122, 150), ("techno", "four floor"), ("i", "i i i bII", "i bVI"), ("minor", "phrygian"),
        ("offbeat", "synth sixteenths"),
        (("ostinato", _SYNTHS), ("arpeggio", _SYNTHS), ("stabs", _SYNTHS), ("pad", _PADS)),
        ("electronic",), sung=0.45,
        weight=0.7,
    ),
    "drum and bass": Style(
        (160, 178), ("breakbeat", "breakbeat two"), _DANCE + _MINOR, ("minor", "dorian"),
        ("long", "reese", "offbeat"),
        (("pad", _PADS), ("stabs", _SYNTHS + _KEYS), ("arpeggio", _SYNTHS)),
        ("electronic", "acoustic"), sung=0.6, flow=(0.4, 1.0),
    ),
    "synth-pop": Style(
        (96, 150), ("four floor", "rock", "machine"), _POP + _MINOR, ("minor", "major"),
        ("synth sixteenths", "octaves", "eighths", "offbeat"),
        (("arpeggio", _SYNTHS), ("pad", _PADS), ("line", _SYNTHS), ("ostinato", _SYNTHS),
         ("block", ("fm keys", "saw pad"))),
        ("electronic",),
        weight=1.2,
    ),
    "hip-hop": Style(
        (72, 104), ("boom bap", "machine", "funk two"), _MINOR + _SOUL, ("minor", "dorian"),
        ("kick", "long", "melodic"),
        (("ostinato", (*_KEYS, *_MALLETS, "strings", "flute")),
         ("comp", ("electric piano", "piano")),
         ("pad", _PADS), ("stabs", _HORNS), ("arpeggio", ("nylon guitar", "harp", "clean guitar"))),
        ("acoustic", "electronic"), swing=(0.5, 0.62), swing_unit=0.25, flow=(2.0, 4.0),
        weight=1.5,
    ),
    "trap": Style(
        (64, 84), ("trap", "trap two"), _MINOR, ("minor", "harmonic minor", "phrygian"),
        ("sub", "sub"),
        (("ostinato", (*_MALLETS, "piano", "pluck synth", "flute", "nylon guitar")), ("pad", _PADS),
         ("line", _SYNTHS), ("arpeggio", ("pluck synth", "harp", "nylon guitar"))),
        ("electronic",), flow=(1.5, 4.0),
    ),
    "r and b": Style(
        (60, 100), ("machine", "trap two", "ballad", "soul"), _SOUL, ("major", "minor", "dorian"),
        ("sub", "melodic", "kick", "long"),
        (("comp", ("electric piano", "fm keys", "piano")), ("pad", _PADS), ("arpeggio", _GUITARS),
         ("ostinato", _SYNTHS)),
        ("electronic", "acoustic"), swing=(0.5, 0.6), swing_unit=0.25, flow=(1.0, 3.0),
    ),
    "reggae": Style(
        (66, 96), ("one drop", "steppers"), ("i iv", "I IV V IV", "I ii", "i bVII", "I V vi IV"),
        ("major", "minor", "dorian"), ("reggae",),
        (("skank", ("clean guitar", "muted guitar", "piano", "organ")), ("bubble", ("organ",)),
         ("stabs", _HORNS), ("line", (*_HORNS, "harmonica", "clean guitar"))),
        swing=(0.5, 0.62), swing_unit=0.25,
        weight=1.2,
    ),
    "latin": Style(
        (88, 130), ("son", "samba", "bossa"), ("i7 iv7 V7 i7", "I IV V IV", "ii7 V7 Imaj7 Imaj7"),
        ("minor", "major", "dorian"), ("tumbao", "bossa"),
        (("montuno", ("piano", "nylon guitar")), ("stabs", _HORNS), ("line", (*_HORNS, "flute")),
         ("chuck", ("nylon guitar",)), ("pad", ("strings",))),
    ),
    "bossa": Style(
        (100, 150), ("bossa", "samba"), _JAZZ, ("major", "dorian"), ("bossa",),
        (("comp", ("nylon guitar", "jazz guitar")), ("comp", ("electric piano", "piano")),
         ("line", ("flute", "alto sax", "vibraphone", "trumpet")), ("pad", ("strings",))),
        sung=0.75,
        weight=0.7,
    ),
    "jazz": Style(
        (90, 190), ("swing", "brushes", "jump"), (*_JAZZ, *_BLUES), ("dorian", "major"),
        ("walking", "two beat"),
        (("comp", ("piano", "jazz guitar", "vibraphone", "organ")), ("line", _HORNS + _WINDS[:2]),
         ("stabs", _HORNS), ("line", ("piano", "jazz guitar", "vibraphone"))),
        swing=(0.58, 0.68), sung=0.6,
        weight=1.2,
    ),
    "country": Style(
        (84, 180), ("train", "rock", "ballad"), ("I IV V I", "I V vi IV", "I I IV I V V I I"),
        ("major", "mixolydian"), ("two beat", "roots", "walking"),
        (("strum", _ACOUSTIC), ("chuck", ("clean guitar", "crunch guitar")),
         ("line", ("fiddle", "clean guitar", "pedal steel", "banjo")), ("block", ("piano",)),
         ("arpeggio", ("banjo", "mandolin", "steel guitar")), ("pad", ("pedal steel", "strings"))),
        drive=0.25,
        weight=1.5,
    ),
    "folk": Style(
        (70, 150), ("folk", "brushes", "waltz", "six-eight"),
        (*_POP, "i bVII bVI bVII", "I IV I V"),
        ("major", "dorian", "mixolydian"), ("two beat", "long", "roots"),
        (("arpeggio", _ACOUSTIC), ("strum", _ACOUSTIC), ("line", (*_FOLK, "flute")),
         ("pad", ("accordion", "strings")), ("arpeggio", _FOLK)),
        drive=0.1,
        weight=1.5,
    ),
    "ballad": Style(
        (60, 88), ("ballad", "pop", "six-eight ballad", "waltz"), _POP + _SOUL, ("major", "minor"),
        ("long", "roots", "melodic"),
        (("block", ("piano", "electric piano")), ("arpeggio", ("piano", "nylon guitar", "harp")),
         ("pad", _PADS), ("line", (*_WINDS, "overdriven guitar", "strings")), ("power", _LOUD)),
        flow=(0.6, 1.6),
        weight=1.5,
    ),
    "six-eight rock": Style(
        (84, 140), ("six-eight", "six-eight ballad"), _ROCK + _MINOR, ("minor", "mixolydian"),
        ("roots", "kick", "long"),
        (("power", _LOUD), ("arpeggio", _GUITARS), ("strum", _ACOUSTIC), ("pad", _PADS),
         ("line", _LOUD)),
        drive=0.6,
    ),
    "waltz": Style(
        (84, 180), ("waltz",), _POP + _JAZZ, ("major", "minor"), ("two beat", "long"),
        (("block", ("piano", "accordion", "electric piano")), ("line", (*_WINDS, "fiddle")),
         ("pad", _PADS), ("strum", _ACOUSTIC)),
        swing=(0.5, 0.64), sung=0.75,
        weight=0.6,
    ),
    "ambient": Style(
        (60, 100), ("machine", "half time", "ballad"), ("Imaj7 IVmaj7", "i bVI", "vi IV", "I"),
        ("major", "minor", "dorian"), ("long", "sub"),
        (("pad", _PADS), ("pad", _PADS), ("arpeggio", _SYNTHS + _MALLETS + _ACOUSTIC),
         ("line", _WINDS + _SYNTHS)),
        ("electronic", "acoustic"), sung=0.65, flow=(0.3, 0.9),
        weight=0.6,
    ),
}  # fmt: skip
