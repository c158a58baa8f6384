"""pedalboard's effects as nodes that keep time.

What was measured of pedalboard 0.9.26 (rates 8 to 96 kHz, mono and stereo, blocks of 300 samples
and more):

- Most effects give a sample for each sample.
- BrickwallLimiter, Resample and MP3Compressor hold samples back and cut the delay off themselves;
  silence fed in at the end brings out the rest. Blocks of any size give the same samples.
- PitchShift and GSMFullRateCompressor forget a second of what they were given whenever ``process``
  returns, because preparing empties the delay line that they are primed with. They are right only
  if everything is given at once. PitchShift then moves attacks, by 9 samples for a tenth of a
  semitone to 740 for an octave; that is measured and taken back.
- MP3Compressor takes the rates of MPEG only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bridge.errors import PluginFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import Audio
    from bridge.engines.effects.nodes import Node

_LEAST_FRAMES = 8192
"""Given to pedalboard at a time. It works in blocks of so many; a block that is longer than every
one before makes it prepare the effect anew, which forgets its state, and Rubber Band's result
depends on the length. So no call is shorter."""

_MOST_LATENCY_S = 2.0
"""An effect that still holds samples back after so much silence has lost them."""

_SEGMENT_S, _OVERLAP_S = 8.0, 1.5
_LEAD_S, _FADE_S = 0.4, 0.02

_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class SuspectError(Exception):
    """One of several effects that run together failed; which one is yet to be found."""


class Processor(Protocol):
    """What pedalboard's effects and loaded plugins have in common."""

    def process(self, block: Audio, sample_rate: int, *, reset: bool = ...) -> Audio:
        """Return what comes out; fewer samples while some are held back."""


@dataclass
class Streamed:
    """One effect, or several that run together, which keep their state from block to block.

    Parameters
    ----------
    processor
        The effect, a ``Pedalboard`` of effects, or a plugin.
    title
        How to call it in a sentence; None if it is several effects.
    channels, sample_rate
        Of the audio.
    """

    processor: Processor
    title: str | None
    channels: int
    sample_rate: int
    _waiting: list[Audio] = field(default_factory=list)
    _given: int = 0
    _returned: int = 0

    def process(self, block: Audio) -> Audio:
        """Process the next samples; blocks that are too short wait for more."""
        self._given += block.shape[1]
        if self._waiting:
            block = np.concatenate([*self._waiting, block], axis=1)
        if block.shape[1] < _LEAST_FRAMES:
            self._waiting = [block]
            return block[:, :0]
        self._waiting = []
        return self._call(block)

    def finish(self) -> Audio:
        """Feed silence until as much has come out as went in."""
        given = self._given
        most = given + round(_MOST_LATENCY_S * self.sample_rate)
        silence = np.zeros((self.channels, _LEAST_FRAMES), dtype=np.float32)
        rest = [silence[:, :0]]
        while self._returned < given:
            if self._given > most:
                raise self._fault("holds audio back for ever. Take it out of the chain.")
            rest.append(self.process(silence))
        whole = np.concatenate(rest, axis=1)
        return whole[:, : whole.shape[1] - (self._returned - given)]

    def _call(self, block: Audio) -> Audio:
        try:
            out = self.processor.process(block, self.sample_rate, reset=False)
        except (ValueError, RuntimeError) as exc:
            raise self._fault(f"failed: {exc}") from exc
        if not np.isfinite(out.sum(dtype=np.float64)):  # as NaN and infinity outlive any sum
            raise self._fault(
                "made samples that are not numbers. Turn its parameters towards their defaults."
            )
        self._returned += out.shape[1]
        return out

    def _fault(self, what: str) -> Exception:
        return (
            SuspectError(what) if self.title is None else PluginFailedError(f"{self.title}, {what}")
        )


class Segmented:
    """An effect that must be given everything at once, over audio of any length.

    Eight seconds are given at once. Where there is more, segments overlap by 1.5 s, and each
    is faded into the next where the overlap is quietest. What has one segment is as in one pass.
    """

    def __init__(self, render: Callable[[Audio], Audio], channels: int, sample_rate: int) -> None:
        self._render = render
        self._segment = round(_SEGMENT_S * sample_rate)
        self._overlap = round(_OVERLAP_S * sample_rate)
        self._lead = round(_LEAD_S * sample_rate)
        self._fade = round(_FADE_S * sample_rate)
        self._held: Audio = np.zeros((channels, 0), dtype=np.float32)
        self._begun = 0
        """How much of `_held` is out already and only leads into the segment."""
        self._last: Audio = self._held
        """How the segment before goes on from there, to fade out of."""

    def process(self, block: Audio) -> Audio:
        """Process the next samples; nothing comes out until a segment is full."""
        self._held = np.concatenate([self._held, block], axis=1)
        done = [block[:, :0]]
        while self._held.shape[1] >= self._segment:
            done.append(self._next())
        return np.concatenate(done, axis=1)

    def finish(self) -> Audio:
        """Process the last segment."""
        if self._held.shape[1] <= self._begun:
            return self._held[:, :0]
        return self._faded(self._render(self._held))

    def _next(self) -> Audio:
        heard = self._held[:, : self._segment]
        made = self._render(heard)
        cut = self._segment - self._overlap + self._quietest(heard[:, -self._overlap :])
        out = self._faded(made[:, :cut])
        self._last = made[:, cut : cut + self._fade]
        self._held = self._held[:, cut - self._lead :]
        self._begun = self._lead
        return out

    def _quietest(self, overlap: Audio) -> int:
        """Return where the fade begins: the lead from either end at least."""
        energies = np.square(overlap, dtype=np.float64).sum(axis=0)[self._lead : -self._lead]
        return self._lead + int(np.convolve(energies, np.ones(self._fade), mode="valid").argmin())

    def _faded(self, made: Audio) -> Audio:
        out: Audio = made[:, self._begun :].copy()
        frames = min(self._last.shape[1], out.shape[1])
        rising = np.linspace(0.0, 1.0, self._fade, dtype=np.float32)[:frames]
        out[:, :frames] = rising * out[:, :frames] + (1.0 - rising) * self._last[:, :frames]
        return out


def at_once(effect: Processor, delay: int, sample_rate: int) -> Callable[[Audio], Audio]:
    """Return a function that gives an effect a whole segment and takes its delay back.

    Parameters
    ----------
    effect
        One of pedalboard's.
    delay
        By how many samples attacks come late; negative if they come early.
    sample_rate
        In Hz.
    """

    def render(audio: Audio) -> Audio:
        frames = audio.shape[1]
        padded = max(frames + max(0, delay), _LEAST_FRAMES)
        out = effect.process(np.pad(audio, ((0, 0), (0, padded - frames))), sample_rate, reset=True)
        if delay < 0:
            out = np.pad(out, ((0, 0), (-delay, 0)))
        return out[:, max(0, delay) : max(0, delay) + frames]

    return render


@lru_cache(maxsize=256)
def pitch_delay(semitones: float, sample_rate: int) -> int:
    """Return by how many samples PitchShift moves an attack: the median over eight impulses.

    Rubber Band smears an impulse over some milliseconds; what counts is its peak, which wanders by
    a tenth of the delay with the impulse's place.
    """
    import pedalboard

    spacing = sample_rate // 5
    reach = sample_rate // 12
    places = [(number + 1) * (spacing + 37) for number in range(8)]
    audio = np.zeros((1, places[-1] + spacing), dtype=np.float32)
    audio[:, places] = 0.5
    out = np.abs(pedalboard.PitchShift(semitones).process(audio, sample_rate, reset=True)[0])
    peaks = [int(out[place - reach : place + reach].argmax()) - reach for place in places]
    return round(float(np.median(peaks)))


class AtRate:
    """A node that works at another sample rate."""

    def __init__(self, make: Callable[[int], Node], channels: int, rate: int, inner: int) -> None:
        from soxr import ResampleStream

        self._node = make(inner)
        self._there = ResampleStream(rate, inner, channels, dtype="float32")
        self._back = ResampleStream(inner, rate, channels, dtype="float32")
        self._nothing: Audio = np.zeros((channels, 0), dtype=np.float32)
        self._given = self._returned = 0

    def process(self, block: Audio) -> Audio:
        """Process the next samples."""
        self._given += block.shape[1]
        return self._through(self._node.process(_converted(self._there, block)))

    def finish(self) -> Audio:
        """Return the rest; rates that do not divide leave a sample too few or too many."""
        last = self._node.process(_converted(self._there, self._nothing, last=True))
        rest = self._through(np.concatenate([last, self._node.finish()], axis=1), last=True)
        missing = self._given - self._returned
        return np.pad(rest, ((0, 0), (0, missing))) if missing > 0 else rest

    def _through(self, block: Audio, *, last: bool = False) -> Audio:
        out = _converted(self._back, block, last=last)[:, : self._given - self._returned]
        self._returned += out.shape[1]
        return out


def _converted(stream: Any, block: Audio, *, last: bool = False) -> Audio:
    out = stream.resample_chunk(np.ascontiguousarray(block.T), last=last)
    return np.ascontiguousarray(out.T)


def mp3_rate(sample_rate: int) -> int:
    """Return the rate that MP3 is coded at: this one, or 44.1 or 48 kHz, whichever is nearer."""
    if sample_rate in _MP3_RATES:
        return sample_rate
    return 44_100 if sample_rate % 11_025 == 0 else 48_000
