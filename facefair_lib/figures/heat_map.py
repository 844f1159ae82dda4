"""Heat maps with a text in every cell; cells with too few people to be compared are hatched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize

from facefair_lib.figures import style

DARK = {"fontsize": style.SMALL_SIZE, "color": style.INK}


def draw_heat_map(
    axes: Axes,
    values: np.ndarray,
    texts: np.ndarray,
    names: tuple[Sequence[str], Sequence[str]],
    scale: tuple[str | Colormap, Normalize],
    **writing: object,
) -> ScalarMappable:
    """Colour each cell by its value and write its text on it.

    Parameters
    ----------
    values : (rows, columns); NaN has no colour
    texts : (rows, columns) str
    names : of the rows and of the columns
    scale : colour map and norm
    writing : how the texts look; by default dark and small
    """
    import seaborn  # brings pyplot along, which nothing else needs

    cmap, norm = scale
    seaborn.heatmap(
        values, ax=axes, cmap=cmap, norm=norm, vmin=norm.vmin, vmax=norm.vmax, annot=texts, fmt="",
        annot_kws=writing or DARK, linewidths=1.2, cbar=False, xticklabels=False, yticklabels=False,
    )  # fmt: skip
    axes.set_yticks(np.arange(len(names[0])) + 0.5, names[0])
    axes.set_xticks(np.arange(len(names[1])) + 0.5, names[1])
    axes.tick_params(length=0)
    return axes.collections[0]


def hatch_cells(axes: Axes, small: np.ndarray, texts: np.ndarray) -> None:
    """Let a hatched ground show in the cells without a colour, and write the texts of small cells, (rows, columns)."""
    axes.patch.set(facecolor=style.SMALL_CELL, edgecolor="white", hatch="////")
    for row, column in np.argwhere(small):
        place = (column + 0.5, row + 0.5)
        axes.text(*place, texts[row, column], ha="center", va="center", **{**DARK, "color": style.GREY})
