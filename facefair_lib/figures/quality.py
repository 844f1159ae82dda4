"""Figure of notebook 05: measures that need no mask, by group, each with its correlation with the true score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.figures import style
from facefair_lib.figures.intervals import DODGE, MINUS, model_handles, model_look, name_rows, part_rows, whiskers
from facefair_lib.scores import titles

_COLUMNS = (
    "measure", "model", "group", "value", "low", "high", "small", "n_subjects",
    "correlation", "correlation_low", "correlation_high",
)  # fmt: skip


def quality_by_group(table: pd.DataFrame) -> Figure:
    """Draw a panel per measure: its mean over each group's photographs, with 95 % intervals over people.

    Parameters
    ----------
    table : from ``tables.quality.group_quality_table``; groups with too few people are grey and marked as such

    Returns
    -------
    Below each panel is the measure's rank correlation with the true image IoU, on people whose masks are known
    """
    style.require_columns(table, _COLUMNS, "measures by group")
    measures = titles.in_order(table["measure"], titles.MEASURE_TITLES)
    order = titles.in_order(table["group"], titles.GROUP_TITLES)
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 1.3 + 0.26 * len(order))
        panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
        for axes, measure in zip(panels, measures, strict=True):
            _panel(axes, table[table["measure"] == measure], order)
            axes.set_title(titles.title(measure).replace(" ", "\n", 1), fontsize=style.SMALL_SIZE)
        people = table.groupby("group")["n_subjects"].max()
        name_rows(panels[0], [_row_name(group, int(people[group])) for group in order])
        part_rows(panels[0])
        figure.legend(handles=model_handles(style.models_in(table)), loc="outside upper center", ncols=2)
        below = "Under each panel: rank correlation with the true image IoU on rendered people, 95 % interval"
        figure.supxlabel(below, fontsize=style.SMALL_SIZE)
    return style.describe(
        figure,
        "Measures that need no mask, averaged over each group's photographs, with 95 % intervals over people, and "
        "their rank correlation with the true image IoU on rendered people.",
    )


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    worth = []
    for model in style.models_in(rows):
        part = rows[rows["model"] == model].set_index("group").reindex(order)
        small = part["small"].fillna(True).to_numpy(bool)
        look = model_look(model)
        for chosen, colour in ((~small, look["color"]), (small, style.SMALL_CELL)):
            places = np.flatnonzero(chosen) + DODGE[model]
            whiskers(axes, part[chosen], places, **{**look, "color": colour})
        worth.append(_correlation(part.iloc[0]))
    axes.set_xlabel("\n".join(worth), fontsize=style.SMALL_SIZE)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def _row_name(group: str, people: int) -> str:
    few = ", too few: not ranked" if people < MIN_SUBJECTS else ""
    return f"{titles.title(group)} (n = {people}{few})"


def _correlation(row: pd.Series) -> str:
    numbers = (f"{row[name]:+.2f}" for name in ("correlation", "correlation_low", "correlation_high"))
    value, low, high = (number.replace("-", MINUS) for number in numbers)
    return f"{titles.MODEL_TITLES[row['model']]} {value}\n({low} to {high})"
