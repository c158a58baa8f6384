"""Many channels folded to stereo.

Up to five channels follow Recommendation ITU-R BS.775-3, Annex 4, Table 2: front left and right
keep their level, the centre goes to both sides at -3 dB, each surround to its own side at -3 dB.
The LFE channel is left out, as that table leaves it out. A single back channel is first split
between the two surrounds at equal power (-3 dB), so it reaches each side at -6 dB. Nothing is
scaled down afterwards: float audio above full scale does not clip.

Which channel is which is told by their number, in the order that the container's specification
gives: WAV's (also AIFF's, FLAC's and CAF's usual one), or Vorbis' for Ogg.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio

MAX_CHANNELS = 8

_MINUS_3_DB = math.sqrt(0.5)
_MINUS_6_DB = 0.5

_TO_LEFT_AND_RIGHT = {
    "L": (1.0, 0.0),
    "R": (0.0, 1.0),
    "C": (_MINUS_3_DB, _MINUS_3_DB),
    "LFE": (0.0, 0.0),
    "Ls": (_MINUS_3_DB, 0.0),
    "Rs": (0.0, _MINUS_3_DB),
    "Lb": (_MINUS_3_DB, 0.0),
    "Rb": (0.0, _MINUS_3_DB),
    "Cb": (_MINUS_6_DB, _MINUS_6_DB),
}

_WAV_ORDER = {
    1: "C",
    2: "L R",
    3: "L R C",
    4: "L R Lb Rb",
    5: "L R C Ls Rs",
    6: "L R C LFE Ls Rs",
    7: "L R C LFE Cb Ls Rs",
    8: "L R C LFE Lb Rb Ls Rs",
}

_VORBIS_ORDER = {
    **_WAV_ORDER,
    3: "L C R",
    5: "L C R Ls Rs",
    6: "L C R Ls Rs LFE",
    7: "L C R Ls Rs Cb LFE",
    8: "L C R Ls Rs Lb Rb LFE",
}


def channel_names(channels: int, *, vorbis_order: bool = False) -> tuple[str, ...]:
    """Return the loudspeaker of each channel: ``L R C LFE Ls Rs Lb Rb Cb``.

    Parameters
    ----------
    channels
        1 to `MAX_CHANNELS`.
    vorbis_order
        True for Ogg Vorbis and Opus (Vorbis I specification, section 4.3.9).
    """
    return tuple((_VORBIS_ORDER if vorbis_order else _WAV_ORDER)[channels].split())


def folding_matrix(channels: int, *, vorbis_order: bool = False) -> NDArray[np.float32]:
    """Return the gains to left and right of each channel.

    Returns
    -------
    np.ndarray [shape=(2, channels), dtype=float32]
    """
    names = channel_names(channels, vorbis_order=vorbis_order)
    gains: NDArray[np.float32] = np.array([_TO_LEFT_AND_RIGHT[name] for name in names], np.float32)
    return np.ascontiguousarray(gains.T)


def fold(audio: Audio, *, vorbis_order: bool = False) -> Audio:
    """Return audio with at most two channels; mono and stereo are returned as they are.

    Parameters
    ----------
    audio
        Shape ``(1…8, samples)``.
    """
    if audio.shape[0] <= 2:
        return audio
    folded: Audio = folding_matrix(audio.shape[0], vorbis_order=vorbis_order) @ audio
    return folded
