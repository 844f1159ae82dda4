"""Values with their intervals, and how differences are written.

Scores are shares in the tables; differences are points (per cent) in the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from facefair_lib.figures import style
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA

MINUS = "−"
DODGE = {"deeplabv3": -0.15, "pspnet": 0.15}
"""Shift of each model's marks within a row that is one unit high."""


def signed_points(share: float, digits: int = 1) -> str:
    """Write a difference of shares in points with its sign: 0.012 -> ``+1.2``; a printed zero has no sign."""
    text = f"{abs(100 * share):.{digits}f}"
    return text if not text.strip("0.") else f"{MINUS if share < 0 else '+'}{text}"


def contrast_title(contrast: str) -> str:
    """Write a contrast: ``asian-black`` -> ``Asian − Black``."""
    return f" {MINUS} ".join(titles.title(group) for group in contrast.split("-"))


def titles_of_counts(counts: pd.Series) -> str:
    """Write numbers of people or pictures as ``40`` or ``36 to 40``."""
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low} to {high}"


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Label rows from the top down, one per name."""
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def part_rows(axes: Axes, every: int = 1) -> None:
    """Draw pale lines between the rows, or between groups of ``every`` rows."""
    for row in range(every, len(axes.get_yticks()), every):
        axes.axhline(row - 0.5, color=style.PALE, linewidth=0.5, zorder=0)


def whiskers(axes: Axes, part: pd.DataFrame, places: np.ndarray, *, vertical: bool = False, **look: object) -> None:
    """Draw values with their intervals (columns value, low, high); NaN values are left out.

    ``look`` are options of ``errorbar``, such as those of ``model_look``.
    """
    value = part["value"].to_numpy(float)
    known = np.isfinite(value)
    ends = np.abs(np.stack([value - part["low"], part["high"] - value]))[:, known]  # (2, K)
    across, along = (places[known], value[known]) if vertical else (value[known], places[known])
    look = {"yerr" if vertical else "xerr": ends, "markersize": 3.6, "elinewidth": 1.1, **look}
    axes.errorbar(across, along, **look)


def model_look(model: str) -> dict[str, object]:
    """Options of ``whiskers`` for a model."""
    return {
        "fmt": style.MODEL_MARKERS[model], "color": style.MODEL_COLOURS[model], "markeredgecolor": "white",
        "markeredgewidth": 0.4, "label": titles.MODEL_TITLES[model],
    }  # fmt: skip


def draw_marks(
    axes: Axes, values: pd.Series, ends: pd.DataFrame, places: np.ndarray, model: str, p_values: pd.Series
) -> None:
    """Draw one model's shares with their intervals in points; filled where p < 0.05, left out where NaN."""
    colour = style.MODEL_COLOURS[model]
    for value, low, high, place, p in zip(values, ends["low"], ends["high"], places, p_values, strict=True):
        if np.isfinite(value):
            axes.plot([100 * low, 100 * high], [place, place], color=colour, linewidth=1.1, zorder=2)
            axes.plot(
                100 * value, place, style.MODEL_MARKERS[model], color=colour, markersize=3.8, markeredgewidth=0.9,
                markerfacecolor=colour if p < ALPHA else "white", zorder=3,
            )  # fmt: skip


def dots_along(axes: Axes, places: pd.Series, values: pd.Series, model: str, p_values: pd.Series) -> None:
    """Draw one model's dots on its curve; filled where p < 0.05."""
    colour, marker, clear = style.MODEL_COLOURS[model], style.MODEL_MARKERS[model], (p_values < ALPHA).to_numpy()
    for chosen, face in ((clear, colour), (~clear, "white")):
        axes.plot(places[chosen], values[chosen], marker, color=colour, markersize=3.8, markerfacecolor=face)


def model_handles(models: Sequence[str]) -> list[Line2D]:
    """Make a legend entry per model."""
    return [
        Line2D([], [], color=style.MODEL_COLOURS[m], marker=style.MODEL_MARKERS[m], linestyle="none", markersize=4,
               label=titles.MODEL_TITLES[m])
        for m in models
    ]  # fmt: skip
