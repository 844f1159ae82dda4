"""Heat maps of the fairness section: classes by group, and emotions by group."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.figures import style
from facefair_lib.figures.counterfactual import MINUS, signed_points
from facefair_lib.figures.heat_map import draw_heat_map, hatch_cells
from facefair_lib.figures.performance import draw_cells, shared_norm
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA
from facefair_lib.settings import labels

# Purple to orange: told apart under the common colour-vision deficiencies; pale enough for dark type.
_DIVERGING = LinearSegmentedColormap.from_list("facefair_diverging", ["#9d8ec7", "#f7f7f7", "#f0a04b"])
_NARROWEST = 0.02  # half of a narrower scale would make noise look like contrast


def class_gaps(classes: pd.DataFrame, *, fewest_subjects: int = MIN_SUBJECTS) -> Figure:
    """Figure 11: each group's score on each class, relative to the mean of the groups.

    Parameters
    ----------
    classes : columns model, group, class, relative, p_adjusted, n_subjects
    fewest_subjects : a class that fewer people show is hatched and has no place on the colour scale
    """
    style.require_columns(classes, ("model", "group", "class", "relative", "p_adjusted", "n_subjects"), "classes")
    models, groups = style.models_in(classes), titles.in_order(classes["group"], titles.GROUP_TITLES)
    large = classes.loc[classes["n_subjects"] >= fewest_subjects, "relative"].abs().max()
    reach = max(_NARROWEST, 0 if np.isnan(large) else large)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 4.2)
        figure.get_layout_engine().set(wspace=0.02)
        panels = np.atleast_1d(figure.subplots(1, len(models), sharey=True))
        for axes, model in zip(panels, models, strict=True):
            part = classes[classes["model"] == model].set_index(["class", "group"])
            cells = part.reindex(pd.MultiIndex.from_product([labels.CLASS_NAMES, groups]))
            names = (_class_names(classes), [titles.title(group) for group in groups])
            shades = _draw_class_cells(axes, cells, names, reach, fewest_subjects)
            axes.tick_params(axis="x", labelrotation=90)
            axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
            axes.tick_params(axis="y", labelleft=axes is panels[0])
        bar = figure.colorbar(shades, ax=panels, location="bottom", fraction=0.04, aspect=40, pad=0.02)
        bar.set_label(f"IoU {MINUS} mean of the groups (points)", fontsize=style.SMALL_SIZE)
        note = f"* p < {ALPHA:g} after adjustment; hatched: fewer than {fewest_subjects} people"
        figure.supxlabel(note, fontsize=6.5)
        bar.outline.set_visible(False)
        bar.ax.xaxis.set_major_locator(MaxNLocator(5))
    return style.describe(
        figure,
        "IoU of each class and group relative to the mean of the groups, by model; stars mark differences that remain "
        "after adjustment for all groups and classes.",
    )


def _class_names(classes: pd.DataFrame) -> list[str]:
    """Class titles with the number of people of the smallest group below."""
    people = classes.groupby("class")["n_subjects"].min()
    counts = [people.get(name, 0) for name in labels.CLASS_NAMES]
    return [f"{text}\nn = {count:.0f}" for text, count in zip(labels.CLASS_TITLES, counts, strict=True)]


def _draw_class_cells(
    axes: Axes, cells: pd.DataFrame, names: tuple[list[str], list[str]], reach: float, fewest_subjects: int
) -> ScalarMappable:
    """Heat map of one model from rows in the order of (class, group)."""
    columns = ("relative", "n_subjects", "p_adjusted")
    shape = (len(names[0]), len(names[1]))
    values, people, p = (cells[column].to_numpy(float).reshape(shape) for column in columns)
    small = ~(people >= fewest_subjects) | np.isnan(values)
    texts = np.vectorize(_gap_text)(values, small, p < ALPHA)
    scale = (_DIVERGING, Normalize(-100 * reach, 100 * reach))
    shades = draw_heat_map(axes, np.where(small, np.nan, 100 * values), texts, names, scale)
    for text in axes.texts:
        text.set_fontweight("bold" if text.get_text().endswith("*") else "normal")
    hatch_cells(axes, small, texts)
    return shades


def _gap_text(value: float, small: bool, clear: bool) -> str:
    """Points with a star where they are clear; those of a small cell in brackets."""
    number = "–" if np.isnan(value) else signed_points(value)
    if small:
        return f"({number})" if number != "–" else number
    return f"{number}*" if clear else number


def emotion_cells(features: pd.DataFrame, *, fewest_subjects: int = MIN_SUBJECTS) -> Figure:
    """Score of every group and emotion, one heat map per model.

    Parameters
    ----------
    features : rows of ``features.csv``, those of the feature group_emotion are drawn; level names group and emotion,
        such as ``asian sad``; columns group and emotion may stand in its place
    fewest_subjects : a cell with fewer people is hatched and not ranked
    """
    style.require_columns(features, ("model", "value", "n_subjects"), "features")
    cells = features[features["feature"] == "group_emotion"] if "feature" in features else features
    if not {"group", "emotion"} <= set(cells.columns):
        style.require_columns(cells, ("level",), "features with the feature group_emotion")
        parts = [re.split(r"\W+|_", str(level)) for level in cells["level"]]
        if any(len(part) != 2 for part in parts):
            raise InputError(
                "features",
                found=f"the level {cells['level'].iloc[0]!r}",
                expected="group and emotion, as in 'asian sad'",
                do="give both, or columns group and emotion",
            )
        cells = cells.assign(group=[part[0] for part in parts], emotion=[part[1] for part in parts])
    models, groups = style.models_in(cells), titles.in_order(cells["group"], titles.GROUP_TITLES)
    norm = shared_norm(cells, fewest_subjects)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 2.3)
        figure.get_layout_engine().set(wspace=0.02)
        panels = np.atleast_1d(figure.subplots(1, len(models)))
        for axes, model in zip(panels, models, strict=True):
            shades = draw_cells(axes, cells[cells["model"] == model], groups, norm, fewest_subjects)
            axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
        for axes in panels[1:]:
            axes.set_yticklabels([])
        bar = figure.colorbar(shades, ax=panels, location="bottom", fraction=0.06, aspect=40, pad=0.03)
        bar.set_label("Image IoU (n = people)", fontsize=style.SMALL_SIZE)
        bar.outline.set_visible(False)
        bar.ax.xaxis.set_major_locator(MaxNLocator(5))
    return style.describe(figure, "Image IoU by group and emotion, for both models.")
