"""Heat maps with text in every cell; cells with too few people for a comparison are hatched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.figures import style
from facefair_lib.scores import titles

DARK = {"fontsize": style.SMALL_SIZE, "color": style.INK}
# One hue from light to mid blue, so that dark type is legible on every value, in greyscale print too.
_HEAT = LinearSegmentedColormap.from_list("facefair_heat", ["#f7fbff", "#c6dbef", "#6baed6", "#3f8fc5"])


def draw_heat_map(
    axes: Axes,
    values: np.ndarray,
    texts: np.ndarray,
    names: tuple[Sequence[str], Sequence[str]],
    scale: tuple[str | Colormap, Normalize],
    **writing: object,
) -> ScalarMappable:
    """Colour each cell by its value and write its text in it; returns the shades, for a colour scale.

    Parameters
    ----------
    values : (rows, columns); NaN is left uncoloured
    texts : (rows, columns) str
    names : names of the rows and of the columns
    scale : colour map and norm
    writing : text properties; small and dark by default
    """
    import seaborn  # imported here because it imports pyplot

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
    """Hatch the cells that have no colour, and write the texts of the small ones; both arrays are (rows, columns)."""
    axes.patch.set(facecolor=style.SMALL_CELL, edgecolor="white", hatch="////")
    for row, column in np.argwhere(small):
        place = (column + 0.5, row + 0.5)
        axes.text(*place, texts[row, column], ha="center", va="center", **{**DARK, "color": style.GREY})


def scale_below(figure: Figure, shades: ScalarMappable, panels: Sequence[Axes], title: str, **options: object) -> None:
    """Draw the colour scale of all panels below them; ``options`` are those of ``colorbar``."""
    options = {"fraction": 0.06, "aspect": 40, "pad": 0.03, **options}
    bar = figure.colorbar(shades, ax=panels, location="bottom", **options)
    bar.set_label(title, fontsize=style.SMALL_SIZE)
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_locator(MaxNLocator(5))


def draw_emotions(figure: Figure, panels: Sequence[Axes], cells: pd.DataFrame, title: str, **options: object) -> None:
    """Draw both models' heat maps, groups in rows and emotions in columns, on one colour scale.

    Cells with fewer than ``MIN_SUBJECTS`` people are not coloured; ``options`` are those of ``colorbar``.
    """
    norm, order = _shared_norm(cells), titles.in_order(cells["group"], titles.GROUP_TITLES)
    for axes, model in zip(panels, style.models_in(cells), strict=True):
        shades = _draw_cells(axes, cells[cells["model"] == model], order, norm)
        axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
    for axes in panels[1:]:
        axes.set_yticklabels([])
    scale_below(figure, shades, panels, title, **options)


def _shared_norm(cells: pd.DataFrame) -> Normalize:
    """Make one colour scale for both models from the cells with enough people."""
    shown = cells.loc[cells["n_subjects"] >= MIN_SUBJECTS, "value"].dropna()
    if shown.empty:
        return Normalize(0, 1)
    # A scale narrower than 0.1 would make noise look like contrast.
    centre, half = (shown.min() + shown.max()) / 2, max(0.05, (shown.max() - shown.min()) / 2)
    return Normalize(max(0.0, centre - half), min(1.0, centre + half))


def _draw_cells(axes: Axes, cells: pd.DataFrame, order: Sequence[str], norm: Normalize) -> ScalarMappable:
    """Draw the heat map of one model: groups in rows, emotions in columns; small cells are not coloured."""
    table = cells.set_index(["group", "emotion"])
    if not table.index.is_unique:
        raise InputError(
            "cells", found="a group and emotion twice for one model", expected="one row per cell", do="check the table"
        )
    emotions = titles.in_order(cells["emotion"], titles.EMOTION_TITLES)
    table = table.reindex(pd.MultiIndex.from_product([order, emotions]))
    shape = (len(order), len(emotions))
    values = table["value"].to_numpy(float).reshape(shape)
    people = table["n_subjects"].fillna(0).to_numpy(int).reshape(shape)
    small = (people < MIN_SUBJECTS) | np.isnan(values)
    texts = np.vectorize(_cell_text)(values, people, small)
    names = ([titles.title(group) for group in order], [titles.title(emotion) for emotion in emotions])
    shades = draw_heat_map(axes, np.where(small, np.nan, values), texts, names, (_HEAT, norm))
    hatch_cells(axes, small, texts)
    return shades


def _cell_text(value: float, people: int, small: bool) -> str:
    """Value above number of people; the value of a small cell is in brackets."""
    number = "–" if np.isnan(value) else f"({value:.2f})" if small else f"{value:.2f}"
    return f"{number}\nn = {people}"
