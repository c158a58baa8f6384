r"""How well a model separates songs whose stems are known.

Conventions
-----------
Two measures, both in dB and higher is better. The *global* ratio of the MDX challenges compares a
whole song (Y. Mitsufuji et al., "Music Demixing Challenge 2021", Frontiers in Signal Processing,
2022, equation 1):

.. math:: 10 \log_{10} \frac{\sum s^2}{\sum (s - \hat s)^2} .

The *median* ratio is BSSEval v4's SDR of images: the same ratio in windows of one second that do
not overlap, and their median (F.-R. Stöter, A. Liutkus and N. Ito, "The 2018 Signal Separation
Evaluation Campaign", LVA/ICA 2018). In its decomposition the spatial, interfering and artificial
errors sum to the difference of estimate and reference, so that this one ratio of v4 needs none
of its filters. Windows in which any reference or any estimate is silent are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.errors import SourceNotFoundError, UnsupportedAudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bridge.engines.audio import Audio
    from bridge.engines.separation.window_model import Bag

    Stems = Mapping[str, Audio]

WINDOW_S = 1.0
REST = "other"
"""The stem that takes whatever is none of the others."""
_ENDINGS = (".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3", ".opus")


@dataclass(frozen=True)
class Score:
    """How well one stem was found, in dB; NaN where its reference is silent."""

    global_sdr_db: float
    median_sdr_db: float


@dataclass(frozen=True)
class KnownSong:
    """A song whose stems are known; the mix is their sum.

    Parameters
    ----------
    name
        Of its folder.
    stems
        Each ``(channels, samples)`` float32, all of one shape.
    sample_rate
        In Hz.
    """

    name: str
    stems: Stems
    sample_rate: int

    @property
    def mix(self) -> Audio:
        """The sum of the stems."""
        return np.asarray(sum(self.stems.values()), dtype=np.float32)


def song_folders(folder: Path, stems: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the folder, or those in it, that hold a file for at least two of the stems.

    Raises
    ------
    SourceNotFoundError
        If there is none.
    """
    if folder.is_dir():
        candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
        found = tuple(path for path in candidates if len(_files(path, stems)) > 1)
        if found:
            return found
    raise SourceNotFoundError(
        f"No song in '{folder}'. A song is a folder with one file for each stem: "
        f"{', '.join(f'{stem}.wav' for stem in stems)} (or flac, ogg, …)."
    )


def read_song(folder: Path, stems: tuple[str, ...], scratch: Path) -> KnownSong:
    """Read a song; a stem without a file is silent, shorter files end in silence.

    Raises
    ------
    UnsupportedAudioError
        If a file is not audio, or the files differ in sample rate.
    """
    from bridge.engines.audio_files import read_region
    from bridge.models import Region

    read: dict[str, Audio] = {}
    rates = {}
    for stem, path in _files(folder, stems).items():
        buffer = read_region(Region(path=str(path)), scratch, max_region_s=math.inf).audio
        read[stem], rates[stem] = buffer.read(), buffer.sample_rate
        buffer.path.unlink()
    if len(set(rates.values())) > 1:
        raise UnsupportedAudioError(
            f"The stems in '{folder.name}' differ in sample rate: "
            + ", ".join(f"{stem} {rate} Hz" for stem, rate in rates.items())
            + ". Export them at one rate."
        )
    channels = max(audio.shape[0] for audio in read.values())
    frames = max(audio.shape[1] for audio in read.values())
    even = {stem: np.zeros((channels, frames), dtype=np.float32) for stem in stems}
    for stem, audio in read.items():
        even[stem][:, : audio.shape[1]] = audio
    return KnownSong(folder.name, even, next(iter(rates.values())))


def estimate(
    song: KnownSong, bag: Bag, scratch: Path, progress: Callable[[float], None] | None = None
) -> dict[str, Audio]:
    """Separate a song's mix as a job does: at the model's rate, window by window.

    Stems that the model tells apart and the song does not, as guitar and piano, count as other.
    """
    from bridge.engines.resampling import resample, resampled_frames
    from bridge.engines.separation.overlap_add import separate

    mix = DiskBuffer.of(scratch / "mix.f32", song.mix, song.sample_rate)
    frames = max(1, resampled_frames(mix.frames, mix.sample_rate, bag.sample_rate))
    heard = resample(mix, bag.sample_rate, scratch / "heard.f32", frames)
    extra = tuple(stem for stem in bag.stems if stem not in song.stems)
    outputs = {stem: (stem, *extra) if stem == REST else (stem,) for stem in song.stems}
    found = {}
    for stem, buffer in separate(bag, heard, outputs, scratch, progress=progress).items():
        found[stem] = resample(buffer, mix.sample_rate, scratch / "back.f32", mix.frames).read()
    return found


def mixture_as_estimate(song: KnownSong) -> dict[str, Audio]:
    """Return the mix in place of every stem: what any separation has to beat."""
    return dict.fromkeys(song.stems, song.mix)


def scores(song: KnownSong, estimates: Stems) -> dict[str, Score]:
    """Score the estimates of a song's stems."""
    windows = _window_ratios_db(song, estimates)
    return {
        stem: Score(
            global_sdr_db(reference, estimates[stem]),
            float(np.median(windows[stem])) if windows[stem].size else math.nan,
        )
        for stem, reference in song.stems.items()
    }


def global_sdr_db(reference: Audio, estimate: Audio) -> float:
    """Return the ratio of a whole song in dB; NaN where the reference is silent."""
    signal, error = _powers(reference, estimate)
    if signal == 0.0:
        return math.nan
    return _ratio_db(signal, error)


def _window_ratios_db(song: KnownSong, estimates: Stems) -> dict[str, np.ndarray]:
    frames = round(WINDOW_S * song.sample_rate)
    length = next(iter(song.stems.values())).shape[1]
    ratios: dict[str, list[float]] = {stem: [] for stem in song.stems}
    for start in range(0, max(1, length - frames + 1), frames):
        stretch = slice(start, start + frames)
        heard = [audio[:, stretch] for audio in (*song.stems.values(), *estimates.values())]
        if not all(audio.any() for audio in heard):
            continue
        for stem, reference in song.stems.items():
            powers = _powers(reference[:, stretch], estimates[stem][:, stretch])
            ratios[stem].append(_ratio_db(*powers))
    return {stem: np.array(values) for stem, values in ratios.items()}


def _powers(reference: Audio, estimate: Audio) -> tuple[float, float]:
    error = np.subtract(reference, estimate, dtype=np.float64)
    return float(np.square(reference, dtype=np.float64).sum()), float(np.square(error).sum())


def _ratio_db(signal: float, error: float) -> float:
    return 10.0 * math.log10(signal / error) if error > 0.0 else math.inf


def _files(folder: Path, stems: tuple[str, ...]) -> dict[str, Path]:
    """Return the file of every stem that has one."""
    found = {}
    for stem in stems:
        for ending in _ENDINGS:
            path = folder / f"{stem}{ending}"
            if path.is_file():
                found[stem] = path
                break
    return found
