"""Figures of notebook 05: pictures of nine people (Tables II to IV) and scores by group and emotion (figure 8)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.data.grid import names_emotions
from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.figures import style
from facefair_lib.figures.heat_map import draw_emotions
from facefair_lib.figures.intervals import DODGE, model_look, whiskers
from facefair_lib.figures.pictures import Picture, check_pairs, check_pictures, iou_caption, overlay, picture_rows
from facefair_lib.scores import titles
from facefair_lib.scores.metrics import COMPARED_BY

_GROUPS, _EMOTIONS = tuple(titles.GROUP_TITLES), tuple(titles.EMOTION_TITLES)
_OPACITY = 0.55  # of a mask's colours in an overlay


def experiment_grid(
    images: np.ndarray, people: pd.DataFrame, masks: np.ndarray | None = None, *, scores: str | None = None
) -> Figure:
    """Tables II to IV: the nine people, or a model's masks of them.

    Parameters
    ----------
    images : (9, H, W, 3) uint8, in the order of ``people``
    people : columns group and emotion, every combination once; gender and age, where known, become captions
    masks : (9, H, W) uint8 predicted class indices; the mask and its overlay are then shown in place of the image
    scores : column of ``people`` with the image IoU of ``masks``; NaN for a person without a true mask

    Raises
    ------
    InputError
        if a combination is missing or occurs twice, or if the arrays do not fit the table
    """
    places = _places(people)
    if masks is None:
        check_pictures(images, "image", "experiment images")
    else:
        check_pairs(images, masks, "experiment images")
    if len(images) != len(people):
        raise InputError(
            "experiment images",
            found=f"{len(images)} images for {len(people)} people",
            expected="one per person, in the order of the table",
            do="take both from the same rows",
        )
    wide = masks is not None
    texts = _captions(people, scores, with_person=not wide)
    rows = []
    for group in _GROUPS:
        row: list[Picture] = []
        for emotion in _EMOTIONS:
            i = places[group, emotion]
            if wide:
                row += [Picture(masks[i], "mask", texts[i]), Picture(overlay(images[i], masks[i], _OPACITY))]
            else:
                row.append(Picture(images[i], caption=texts[i]))
        rows.append(row)
    added = ["Overlay"] if wide else []
    heads = [text for emotion in titles.EMOTION_TITLES.values() for text in (emotion, *added)]
    figure = picture_rows(
        rows,
        column_titles=heads,
        row_titles=tuple(titles.GROUP_TITLES.values()),
        width=style.PAGE_WIDTH if wide else style.COLUMN_WIDTH,
    )
    shown = "predicted masks and overlays" if wide else "images"
    return style.describe(figure, f"The experiment: {shown} of nine people, three groups by three emotions.")


def _places(people: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Map (group, emotion) to the row of the table."""
    style.require_columns(people, ("group", "emotion"), "people of the experiment")
    found = list(zip(people["group"], people["emotion"], strict=True))
    wanted = [(group, emotion) for group in _GROUPS for emotion in _EMOTIONS]
    wrong = sorted(f"{g} {e}" for g, e in {*found, *wanted} if found.count((g, e)) != wanted.count((g, e)))
    if wrong:
        raise InputError(
            "people of the experiment",
            found=f"{len(found)} rows; missing, unknown or repeated: {', '.join(wrong)}",
            expected=f"each of {', '.join(_GROUPS)} with each of {', '.join(_EMOTIONS)} once",
            do="select the nine people whose role is 'shown'",
        )
    return {pair: row for row, pair in enumerate(found)}


def _captions(people: pd.DataFrame, scores: str | None, *, with_person: bool) -> list[str]:
    if scores is not None:
        style.require_columns(people, (scores,), "people of the experiment")
        return [iou_caption(value) for value in people[scores]]
    if not with_person:
        return [""] * len(people)
    known = [column for column in ("gender", "age") if column in people.columns]
    texts = people[known].map(
        lambda value: "" if pd.isna(value) else f"{value:.0f}" if isinstance(value, float) else str(value)
    )
    return [", ".join(filter(None, row)) for row in texts.itertuples(index=False)]


def group_scores(cells: pd.DataFrame, groups: pd.DataFrame, metric: str = COMPARED_BY) -> Figure:
    """Figure 8: both models' scores by group and emotion, and the groups' means with 95 % intervals.

    If no emotion is known, only the groups' means are drawn.

    Parameters
    ----------
    cells : columns model, group, emotion, metric, value, n_images, n_subjects; one with fewer than ``MIN_SUBJECTS``
        people is hatched, not coloured and not ranked
    groups : columns model, group, metric, value, low, high, n_subjects
    metric : which metric of the tables is drawn
    """
    style.require_columns(cells, ("model", "group", "emotion", "metric", "value", "n_images", "n_subjects"), "cells")
    style.require_columns(groups, ("model", "group", "metric", "value", "low", "high", "n_subjects"), "groups")
    title = style.title_of(metric, titles.METRIC_TITLES, "metric")
    cells, groups = style.rows_of(cells, metric, "cells"), style.rows_of(groups, metric, "groups")
    models, order = style.models_in(cells), titles.in_order(cells["group"], titles.GROUP_TITLES)
    posed = names_emotions(cells)
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH if posed else style.COLUMN_WIDTH, 1.0 + 0.5 * max(3, len(order)))
        heat = len(models) if posed else 0
        *panels, right = figure.subplots(1, heat + 1, squeeze=False, width_ratios=[*[1] * heat, 1.15])[0]
        if posed:
            draw_emotions(figure, panels, cells, _scale_title(cells, title), aspect=45, shrink=0.9)
        _draw_groups(right, groups, order, title)
    split = "by group and emotion for DeepLabV3 and PSPNet, and by group" if posed else "by group"
    return style.describe(figure, f"{title} {split} with 95 % intervals.")


def _scale_title(cells: pd.DataFrame, title: str) -> str:
    small = (cells["n_subjects"] < MIN_SUBJECTS).any()
    note = f"; hatched: fewer than {MIN_SUBJECTS} people, not ranked" if small else ""
    return f"{title} (n = people{note})"


def _draw_groups(axes: Axes, groups: pd.DataFrame, order: Sequence[str], title: str) -> None:
    """Draw each group's score with its interval; the number of people is below the name."""
    places = np.arange(len(order))
    people = groups.drop_duplicates("group").set_index("group")["n_subjects"].reindex(order).fillna(0)
    for model in style.models_in(groups):
        part = groups[groups["model"] == model].set_index("group").reindex(order)
        whiskers(axes, part, places + DODGE[model], vertical=True, **model_look(model))
    axes.set_xticks(places, [f"{titles.title(group)}\nn = {count:,.0f}" for group, count in people.items()])
    axes.set(xlim=(-0.5, len(order) - 0.5), ylabel=title)
    axes.set_title("Group means, 95 % intervals", pad=3)
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))  # room for the legend above every interval
    axes.grid(axis="y")
    axes.legend(loc="upper center", ncols=2, handletextpad=0.3, borderaxespad=0.1)
