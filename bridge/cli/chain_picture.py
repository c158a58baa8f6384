"""A chain's frequency response and transfer curve as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.engines.effects.response import LEVELS_DBFS, NOISE_DBFS, TONE_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.engines.effects.response import Response

FORMATS = (".png", ".svg", ".pdf")

_INK, _GRID = "#1f4e79", "#d0d0d0"
_TICKS_HZ = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
_LEAST_SPAN_DB = 12.0
_FLOOR_DB = -60.0
"""Of the pictured gain: what is quieter is gone."""


def draw(name: str, response: Response, path: Path) -> None:
    """Write a picture; its format is that of the file's ending.

    The transfer curve is drawn where the gain depends on the level.

    Parameters
    ----------
    name
        The chain's, for the title.
    response
        What was measured.
    path
        Its ending is one of `FORMATS`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    from matplotlib.figure import Figure

    panels = 2 if response.has_dynamics else 1
    figure = Figure(figsize=(4.6 if panels == 1 else 7.6, 3.2), dpi=110, layout="constrained")
    figure.suptitle(f"Chain '{name}'", fontsize=11)
    if panels == 1:
        _frequencies(figure.add_subplot(), response)
    else:
        left, right = figure.subplots(1, 2, width_ratios=(1.45, 1.0))
        _frequencies(left, response)
        _levels(right, response)
    figure.savefig(path)


def _frequencies(axes: Any, response: Response) -> None:
    gains = [max(gain, _FLOOR_DB) for gain in response.gains_db]
    middle = (max(gains) + min(gains)) / 2.0
    half = max((max(gains) - min(gains)) / 2.0 + 1.5, _LEAST_SPAN_DB / 2.0)
    axes.semilogx(response.frequencies_hz, gains, color=_INK, linewidth=1.6)
    axes.set_xlim(20, 20_000)
    axes.set_ylim(middle - half, middle + half)
    axes.set_xticks(_TICKS_HZ, [f"{t // 1000}k" if t >= 1_000 else str(t) for t in _TICKS_HZ])
    axes.minorticks_off()
    axes.set_title(f"Frequency response, noise at {NOISE_DBFS:g} dBFS", fontsize=9)
    _labelled(axes, "Frequency (Hz)", "Gain (dB)")


def _levels(axes: Any, response: Response) -> None:
    axes.plot(LEVELS_DBFS, LEVELS_DBFS, color="#909090", linestyle="--", linewidth=1.0)
    outputs = [max(level, _FLOOR_DB) for level in response.outputs_dbfs]
    axes.plot(response.inputs_dbfs, outputs, color=_INK, linewidth=1.6)
    axes.set_xlim(-60, 0)
    axes.set_ylim(-60, max(3.0, max(outputs) + 3.0))
    axes.set_xticks(range(-60, 1, 12))
    axes.set_yticks(range(-60, int(axes.get_ylim()[1]) + 1, 12))
    axes.set_title(f"Transfer curve, tone of {TONE_HZ / 1000:g} kHz", fontsize=9)
    _labelled(axes, "Level in (dBFS)", "Level out (dBFS)")


def _labelled(axes: Any, across: str, up: str) -> None:
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
