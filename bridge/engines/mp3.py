"""What MP3 can hold, and how libsndfile is asked for it. Light: the daemon imports it."""

from __future__ import annotations

BITRATES = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""kbit/s that are written. Below 64 LAME's tag does not fit into a frame, and without it players
do not know where the audio begins and ends."""

SAMPLE_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Hz."""

_BITRATE_RANGES = ((32_000, 32, 320), (16_000, 8, 160), (0, 8, 64))
"""From a sample rate on, the lowest and highest kbit/s: MPEG-1, MPEG-2, MPEG-2.5 Layer III."""


def nearest_sample_rate(sample_rate: int) -> int:
    """Return the rate in Hz that an MP3 of this audio has: the same, or the next it can hold.

    Above 48 kHz that is 44.1 kHz for its multiples and 48 kHz for all others.
    """
    if sample_rate > SAMPLE_RATES[-1]:
        return 44_100 if sample_rate % 44_100 == 0 else 48_000
    return min(rate for rate in SAMPLE_RATES if rate >= sample_rate)


def compression_level(bitrate: int, sample_rate: int) -> float:
    """Return libsndfile's 0…1 for a constant bitrate in kbit/s.

    0 is the highest bitrate that the sample rate allows, and what a higher one becomes.
    """
    _, lowest, highest = next(row for row in _BITRATE_RANGES if sample_rate >= row[0])
    return (highest - min(bitrate, highest)) / (highest - lowest)
