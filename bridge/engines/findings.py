"""What is learned of a region while it is read: its hash, its peak, and what is odd about it.

Warnings
--------
``truncated_source``
    The file ends before its own header says; the region holds what there is.
``folded``
    More than two channels were folded to stereo; `engines.folding` says how.
``not_finite``
    Samples that are not numbers, or so large that sums of them are none, were replaced by silence.
``clipped_input``
    Float samples above full scale, or runs of full-scale samples in integer audio.
``silent_source``
    Nothing in the region is louder than `levels.SILENT_DBFS`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.levels import is_silent
from bridge.models import JobWarning
from bridge.units import amplitude_to_db

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.audio_formats import AudioReader

CLIPPED_RUN = 4
"""So many samples in a row at full scale mean clipping; one or two are a normalised peak."""


LARGEST = np.float32(1e6)
"""+120 dBFS: beyond it is no audio but damage, and a filter's sums would leave float32."""


@dataclass
class Findings:
    """What is known of the blocks that were taken so far.

    Parameters
    ----------
    full_scale
        The largest sample that the encoding holds; None for lossy ones, which overshoot.
    """

    full_scale: float | None
    hash: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=32))
    frames: int = 0
    peak: float = 0.0
    not_finite: int = 0
    clipped: bool = False
    _hot_tail: NDArray[np.bool_] | None = None

    @property
    def digest(self) -> str:
        """The content hash so far, as hexadecimal digits."""
        return self.hash.hexdigest()

    def take(self, block: Audio) -> Audio:
        """Note what a block holds and return it with only samples that can be added up."""
        self.hash.update(block.T.tobytes())
        self.frames += block.shape[1]
        finite = np.abs(block) <= LARGEST  # false for what is not a number
        if not finite.all():
            self.not_finite += int(block.size - np.count_nonzero(finite))
            block = np.where(finite, block, np.float32(0.0))
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        if self.full_scale is not None and not self.clipped:
            self.clipped = self._clips(block, self.full_scale)
        return block

    def _clips(self, block: Audio, full_scale: float) -> bool:
        if self.peak > 1.0:
            return True
        hot = np.abs(block) >= full_scale
        if self._hot_tail is not None:
            hot = np.concatenate([self._hot_tail, hot], axis=1)
        self._hot_tail = hot[:, -(CLIPPED_RUN - 1) :]
        run = hot[:, : max(0, hot.shape[1] - CLIPPED_RUN + 1)]
        for shift in range(1, CLIPPED_RUN):
            run = run & hot[:, shift : shift + run.shape[1]]
        return bool(run.any())


def warnings_of(
    reader: AudioReader, findings: Findings, start: int, frames: int
) -> tuple[JobWarning, ...]:
    """Return what the musician should know of a region.

    Parameters
    ----------
    reader
        The file.
    findings
        Of what was read.
    start, frames
        The stretch that was asked for.
    """
    said = []
    ends_with_file = start + frames >= reader.frames
    if findings.frames < frames or (reader.cut_off and ends_with_file):
        end_s = (start + findings.frames) / reader.sample_rate
        said.append(
            JobWarning(
                code="truncated_source",
                message=(
                    f"The file is damaged or cut off at {end_s:.3f} s; the results end there too."
                ),
            )
        )
    if reader.channels > 2:
        said.append(
            JobWarning(
                code="folded",
                message=(
                    f"{reader.channels} channels were folded to stereo: front left and right as "
                    "they are, centre and surrounds 3 dB lower, without the LFE."
                ),
            )
        )
    if findings.not_finite:
        said.append(
            JobWarning(
                code="not_finite",
                message=(
                    f"{findings.not_finite} samples are not numbers and were replaced by silence. "
                    "A plugin may have failed while the file was rendered."
                ),
            )
        )
    if findings.clipped:
        said.append(
            JobWarning(
                code="clipped_input",
                message=(
                    f"The recording reaches {amplitude_to_db(findings.peak):+.1f} dBFS and "
                    "clips; separation may leave the distortion in any stem."
                ),
            )
        )
    if is_silent(findings.peak):
        said.append(JobWarning(code="silent_source", message="The region is silent."))
    return tuple(said)
