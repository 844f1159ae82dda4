"""What the models reached: scores by class (figure 6) and by group (figure 8), with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

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
from facefair_lib.figures.heat_map import draw_heat_map, hatch_cells
from facefair_lib.scores import titles
from facefair_lib.settings import labels

_DODGE = {"deeplabv3": -0.16, "pspnet": 0.16}
# One hue from light to mid blue: dark type stays readable on every value, also in grey print.
_HEAT = LinearSegmentedColormap.from_list("facefair_heat", ["#f7fbff", "#c6dbef", "#6baed6", "#3f8fc5"])


def class_scores(classes: pd.DataFrame, differences: pd.DataFrame | None = None, metric: str = "iou") -> Figure:
    """Figure 6: each class's score for both models, with 95 % intervals, in class order.

    Parameters
    ----------
    classes : columns model, class, metric, value, low, high, n_images
    differences : columns class, metric, difference, low, high (DeepLabV3 minus PSPNet); adds a second panel
    metric : which metric of the tables is drawn
    """
    style.require_columns(classes, ("model", "class", "metric", "value", "low", "high", "n_images"), "class scores")
    title = style.title_of(metric, titles.METRIC_TITLES, "metric")
    chosen = _rows_of(classes, metric, "class scores")
    with style.look():
        width = style.COLUMN_WIDTH if differences is None else style.PAGE_WIDTH
        figure = style.new_figure(width, 4.1)
        panels = np.atleast_1d(
            figure.subplots(
                1, 1 if differences is None else 2, sharey=True, width_ratios=[1] if differences is None else [3, 2]
            )
        )
        _class_axis(panels[0], chosen)
        for model in style.models_in(chosen):
            part = chosen[chosen["model"] == model].set_index("class").reindex(labels.CLASS_NAMES)
            _whiskers(panels[0], part, np.arange(len(part)) + _DODGE[model], model)
        panels[0].set(xlim=(0, 1), xlabel=f"{title} (95 % interval)")
        handles, texts = panels[0].get_legend_handles_labels()
        if differences is not None:
            figure.get_layout_engine().set(wspace=0.05)
            _draw_differences(panels[1], _rows_of(differences, metric, "differences of the models"), title)
        figure.legend(handles, texts, loc="outside upper center", ncols=2)
    return style.describe(figure, f"{title} of each class for DeepLabV3 and PSPNet, with 95 % intervals.")


def _rows_of(table: pd.DataFrame, metric: str, name: str) -> pd.DataFrame:
    style.require_columns(table, ("metric",), name)
    rows = table[table["metric"] == metric]
    if rows.empty:
        raise InputError(
            name,
            found=f"the metrics {', '.join(sorted(set(table['metric'])))}",
            expected=f"rows of the metric {metric!r}",
            do="choose one of the metrics of the table",
        )
    return rows


def _class_axis(axes: Axes, chosen: pd.DataFrame) -> None:
    """Class names down the left side, in class order, with the number of images below each name."""
    counts = chosen.drop_duplicates("class").set_index("class")["n_images"].reindex(labels.CLASS_NAMES)
    places = np.arange(len(labels.CLASS_NAMES))
    axes.set(yticks=places, ylim=(len(places) - 0.5, -0.5))
    axes.set_yticklabels(labels.CLASS_TITLES)
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("bottom")
    for place, count in zip(places, counts, strict=True):
        text = "absent" if np.isnan(count) or count == 0 else f"n = {count:,.0f}"
        axes.annotate(
            text, (0, place), (-4, -1), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
            ha="right", va="top", fontsize=6, color=style.GREY,
        )  # fmt: skip
    for place in places[1:]:
        axes.axhline(place - 0.5, color=style.PALE, linewidth=0.5, zorder=0)
    axes.grid(axis="x")


def _whiskers(axes: Axes, part: pd.DataFrame, places: np.ndarray, model: str, *, vertical: bool = False) -> None:
    """One model's values with their intervals; nothing is drawn where the value is NaN."""
    value = part["value"].to_numpy(float)
    known = np.isfinite(value)
    ends = np.abs(np.stack([value - part["low"], part["high"] - value]))[:, known]  # (2, K)
    across, along = (places[known], value[known]) if vertical else (value[known], places[known])
    axes.errorbar(
        across,
        along,
        **{"yerr" if vertical else "xerr": ends},
        fmt=style.MODEL_MARKERS[model],
        color=style.MODEL_COLOURS[model],
        markersize=3.6,
        markeredgecolor="white",
        markeredgewidth=0.4,
        elinewidth=1.1,
        label=titles.MODEL_TITLES[model],
    )


def _draw_differences(axes: Axes, differences: pd.DataFrame, title: str) -> None:
    style.require_columns(differences, ("class", "difference", "low", "high"), "differences of the models")
    part = differences.set_index("class").reindex(labels.CLASS_NAMES)
    value = part["difference"].to_numpy(float)
    known = np.isfinite(value)
    ends = np.abs(np.stack([value - part["low"], part["high"] - value]))[:, known]  # (2, K)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    axes.errorbar(
        value[known], np.flatnonzero(known), xerr=ends, fmt="D", color=style.INK, markersize=3.4, elinewidth=1.1
    )
    reach = 1.1 * np.nanmax(np.abs(part[["difference", "low", "high"]].to_numpy(float)), initial=0.01)
    axes.set(xlim=(-reach, reach), xlabel=f"Difference in {title}, DeepLabV3 − PSPNet")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    for place in range(1, len(part)):
        axes.axhline(place - 0.5, color=style.PALE, linewidth=0.5, zorder=0)


def group_scores(
    cells: pd.DataFrame, groups: pd.DataFrame, metric: str = "image_iou", *, fewest_subjects: int = MIN_SUBJECTS
) -> Figure:
    """Figure 8: both models' scores by group and emotion, and the groups' means with 95 % intervals.

    Parameters
    ----------
    cells : columns model, group, emotion, metric, value, n_images, n_subjects
    groups : columns model, group, metric, value, low, high, n_subjects
    metric : which metric of the tables is drawn
    fewest_subjects : a cell with fewer people is grey and has no place on the colour scale: it is not ranked
    """
    style.require_columns(cells, ("model", "group", "emotion", "metric", "value", "n_images", "n_subjects"), "cells")
    style.require_columns(groups, ("model", "group", "metric", "value", "low", "high", "n_subjects"), "groups")
    title = style.title_of(metric, titles.METRIC_TITLES, "metric")
    cells, groups = _rows_of(cells, metric, "cells"), _rows_of(groups, metric, "groups")
    models, order = style.models_in(cells), titles.in_order(cells["group"], titles.GROUP_TITLES)
    norm = shared_norm(cells, fewest_subjects)
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 1.0 + 0.5 * max(3, len(order)))
        *panels, right = figure.subplots(1, len(models) + 1, width_ratios=[*[1] * len(models), 1.15])
        for axes, model in zip(panels, models, strict=True):
            image = draw_cells(axes, cells[cells["model"] == model], order, norm, fewest_subjects)
            axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
        for axes in panels[1:]:
            axes.set_yticklabels([])
        bar = figure.colorbar(image, ax=panels, location="bottom", fraction=0.06, aspect=45, pad=0.03, shrink=0.9)
        bar.set_label(_scale_title(cells, title, fewest_subjects), fontsize=style.SMALL_SIZE)
        bar.outline.set_visible(False)
        bar.ax.xaxis.set_major_locator(MaxNLocator(5))
        _draw_groups(right, groups, order, title)
    return style.describe(
        figure, f"{title} by group and emotion for DeepLabV3 and PSPNet, and by group with 95 % intervals."
    )


def _scale_title(cells: pd.DataFrame, title: str, fewest_subjects: int) -> str:
    small = (cells["n_subjects"] < fewest_subjects).any()
    note = f"; hatched: fewer than {fewest_subjects} people, not ranked" if small else ""
    return f"{title} (n = people{note})"


def shared_norm(cells: pd.DataFrame, fewest_subjects: int) -> Normalize:
    """One colour scale for both models, over the cells that are compared; columns value and n_subjects."""
    shown = cells.loc[cells["n_subjects"] >= fewest_subjects, "value"].dropna()
    if shown.empty:
        return Normalize(0, 1)
    # A scale narrower than a tenth would make noise look like contrast.
    centre, half = (shown.min() + shown.max()) / 2, max(0.05, (shown.max() - shown.min()) / 2)
    return Normalize(max(0.0, centre - half), min(1.0, centre + half))


def draw_cells(
    axes: Axes, cells: pd.DataFrame, order: Sequence[str], norm: Normalize, fewest_subjects: int
) -> ScalarMappable:
    """Heat map of one model: groups in rows, emotions in columns; small cells stay off the colour scale."""
    table = cells.set_index(["group", "emotion"])
    if not table.index.is_unique:
        raise InputError(
            "cells", found="a group and emotion twice for one model", expected="one row per cell", do="check the table"
        )
    emotions = titles.in_order(cells["emotion"], titles.EMOTION_TITLES)
    table = table.reindex(pd.MultiIndex.from_product([order, emotions]))
    shape = (len(order), len(emotions))
    values, people = table["value"].to_numpy(float).reshape(shape), table["n_subjects"].fillna(0).to_numpy(int)
    people = people.reshape(shape)  # (groups, emotions)
    small = (people < fewest_subjects) | np.isnan(values)
    texts = np.vectorize(_cell_text)(values, people, small)
    names = ([titles.title(group) for group in order], [titles.title(emotion) for emotion in emotions])
    shades = draw_heat_map(axes, np.where(small, np.nan, values), texts, names, (_HEAT, norm))
    hatch_cells(axes, small, texts)
    return shades


def _cell_text(value: float, people: int, small: bool) -> str:
    """Value over number of people; that of a small cell in brackets."""
    number = "–" if np.isnan(value) else f"({value:.2f})" if small else f"{value:.2f}"
    return f"{number}\nn = {people}"


def _draw_groups(axes: Axes, groups: pd.DataFrame, order: Sequence[str], title: str) -> None:
    """Each group's score with its interval, number of people below its name."""
    places = np.arange(len(order))
    people = groups.drop_duplicates("group").set_index("group")["n_subjects"].reindex(order).fillna(0)
    for model in style.models_in(groups):
        part = groups[groups["model"] == model].set_index("group").reindex(order)
        _whiskers(axes, part, places + _DODGE[model] * 0.8, model, vertical=True)
    axes.set_xticks(places, [f"{titles.title(group)}\nn = {count:,.0f}" for group, count in people.items()])
    axes.set(xlim=(-0.5, len(order) - 0.5), ylabel=title)
    axes.set_title("Group means, 95 % intervals", pad=3)
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))  # room for the legend above every interval
    axes.grid(axis="y")
    axes.legend(loc="upper center", ncols=2, handletextpad=0.3, borderaxespad=0.1)
