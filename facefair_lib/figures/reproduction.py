"""Figures of notebook 06: swapped colours, impossible scores, the ladder of corrections and further checks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from facefair_lib.figures import style
from facefair_lib.figures.heat_map import draw_heat_map
from facefair_lib.figures.intervals import MINUS, name_rows, titles_of_counts
from facefair_lib.scores import titles
from facefair_lib.scores.metrics import iou_floor

_SCORES = (
    ("f1", "F1 as reported", "D"),
    ("iou", "IoU as reported", "s"),
    ("true_iou", "IoU of classes, unseen people", "o"),
)
_SCORE_COLOURS = {"f1": "#999999", "iou": "#56b4e9", "true_iou": "#0072b2"}
_SOURCE_LOOKS = (("", 4.5), ("white", 4.5), ("white", 2.8))  # fill (empty: the colour of the edge), size of a marker
_FULL = 255
_MARKED = "#d55e00"
_WIDE = 0.85  # of a colour patch, in rows
_COLUMNS = (0, 3.3, 4.7, 6.2, 11.4, 13.2)  # left edges of the columns of the colour table


def budget(epochs: int, pictures: Iterable[int], size: int, seeds: Iterable[int]) -> str:
    """Write the last sentence of a caption, such as ``On a budget of 8 epochs, 89 to 105 training pictures of 64 x 64
    pixels, 1 to 2 seeds.``

    Parameters
    ----------
    pictures : training pictures of every fit that is shown
    size : side of the pictures in pixels
    seeds : numbers of fits that differ only in their seed
    """
    learnt, fits = (titles_of_counts(pd.Series(numbers)) for numbers in (list(pictures), list(seeds)))
    return (
        f"On a budget of {epochs} epoch{'s' * (epochs != 1)}, {learnt} training pictures of {size} x {size} pixels, "
        f"{fits} seed{'s' * (fits != '1')}."
    )


def colour_story(codes: pd.DataFrame) -> Figure:
    """Draw each class's label colour, its colour with red and blue swapped, and its code at a threshold.

    Parameters
    ----------
    codes : columns title, red, green, blue, shown_red, shown_green, shown_blue, code, shares_with, reads_as_paper,
        reads_as_vendor (``reproduction.colours.code_table``)
    """
    needed = ("title", "red", "green", "blue", "shown_red", "shown_green", "shown_blue", "code", "shares_with")
    style.require_columns(codes, (*needed, "reads_as_paper", "reads_as_vendor"), "colour codes")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 0.55 + 0.21 * len(codes))
        axes = figure.subplots()
        for place, row in enumerate(codes.to_dict("records")):
            _colour_row(axes, place, row)
        heads = ("Class", "Label", "Shown", "Reads as", "R G B", "Same code as")
        for x, head in zip(_COLUMNS, heads, strict=True):
            axes.text(x, -0.95, head, fontweight="bold", va="center")
        axes.set(xlim=(-0.1, 17.8), ylim=(len(codes) - 0.4, -1.4))
        axes.set_axis_off()
    return style.describe(
        figure,
        "Label colour of each class, the colour it is shown in when red and blue are exchanged, the class that has "
        "this colour in either colour table, and which of three channels are above one half.",
    )


def _colour_row(axes: Axes, place: int, row: dict[str, object]) -> None:
    axes.text(_COLUMNS[0], place, row["title"], va="center")
    for x, prefix in zip(_COLUMNS[1:3], ("", "shown_"), strict=True):
        colour = [float(row[f"{prefix}{name}"]) / 255 for name in ("red", "green", "blue")]
        axes.add_patch(
            Rectangle((x, place - _WIDE / 2), 1.0, _WIDE, facecolor=colour, edgecolor=style.GREY, linewidth=0.4)
        )
    axes.text(_COLUMNS[3], place, _readings(row), va="center", color=style.INK)
    for channel, on in enumerate(str(row["code"])):
        spot = (_COLUMNS[4] + 0.42 * channel, place - 0.3)
        face = style.INK if on == "1" else "white"
        axes.add_patch(Rectangle(spot, 0.34, 0.6, facecolor=face, edgecolor=style.GREY, linewidth=0.5))
    shared = [titles.in_text(titles.title(name)) for name in str(row["shares_with"]).split()]
    axes.text(_COLUMNS[5], place, ", ".join(shared) or "–", va="center", color=style.INK if shared else style.GREY)


def _readings(row: dict[str, object]) -> str:
    """Write which classes have the shown colour: the class itself, or others in the paper's and the vendor's table."""
    paper, vendor = (str(row[f"reads_as_{palette}"]) for palette in ("paper", "vendor"))
    names = {key: titles.in_text(titles.title(name)) for key, name in (("paper", paper), ("vendor", vendor)) if name}
    if not names:
        return "no class"
    if len(names) == 2 and paper == vendor:
        return "itself" if titles.title(paper) == row["title"] else names["paper"]
    return ", ".join(f"{name} ({key})" for key, name in names.items())


def iou_against_f1(rows: pd.DataFrame) -> Figure:
    """Draw reported IoU against reported F1, with the floor that holds if both use one threshold.

    Parameters
    ----------
    rows : columns model, source (such as "course paper"), f1, iou; marks of the first source are filled, those of the
        second empty, those of the others empty and small
    """
    style.require_columns(rows, ("model", "source", "f1", "iou"), "pairs of scores")
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 2.7)
        axes = figure.subplots()
        f1 = np.linspace(0, 1, 101)
        floor = iou_floor(f1)
        axes.fill_between(f1, floor, f1, color=style.PALE, zorder=0, label="possible")
        axes.plot(f1, floor, color=style.GREY, linewidth=1, label="F1 / (2 − F1)")
        for position, source in enumerate(dict.fromkeys(rows["source"])):
            for model in style.models_in(rows):
                part = rows[(rows["source"] == source) & (rows["model"] == model)]
                if part.empty:  # a network may skip a step
                    continue
                colour = style.MODEL_COLOURS[model]
                face, size = _SOURCE_LOOKS[min(position, len(_SOURCE_LOOKS) - 1)]
                label = f"{titles.MODEL_TITLES[model]}, {source}"
                axes.plot(
                    part["f1"], part["iou"], style.MODEL_MARKERS[model], color=colour, markerfacecolor=face or colour,
                    markersize=size, linestyle="none", label=label,
                )  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="F1 as reported", ylabel="IoU as reported")
        axes.legend(loc="upper left")
    return style.describe(figure, "Reported IoU against reported F1, below the floor that one shared threshold allows.")


def ladder_steps(ladder: pd.DataFrame, fits: pd.DataFrame, empty: float) -> Figure:
    """Draw what each correction does to the reported scores and to the true one.

    Parameters
    ----------
    ladder : columns model, step, title, f1, iou, true_iou, low, high (``ladder.csv``)
    fits : columns model, step and the scores of every fit (``ladder_fits.csv``); the fits of a step that has several
        are drawn small: a change smaller than their spread shows nothing
    empty : the true IoU of a mask of background alone
    """
    style.require_columns(ladder, ("model", "step", "title", "f1", "iou", "true_iou", "low", "high"), "ladder")
    style.require_columns(fits, ("model", "step", "f1", "iou", "true_iou"), "fits of the ladder")
    models = style.models_in(ladder)
    sizes = [int((ladder["model"] == model).sum()) for model in models]
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 0.75 + 0.19 * sum(sizes) + 0.25 * len(models))
        panels = np.atleast_1d(figure.subplots(len(models), 1, sharex=True, height_ratios=sizes))
        for axes, model in zip(panels, models, strict=True):
            rows = ladder[ladder["model"] == model].reset_index(drop=True)
            _draw_ladder(axes, rows, fits[fits["model"] == model])
            axes.axvline(
                empty, color=_SCORE_COLOURS["true_iou"], linewidth=0.9, linestyle=":", label="of an empty mask"
            )
            axes.set_title(titles.MODEL_TITLES[model], pad=3)
        panels[-1].set_xlabel("score")
        handles, texts = panels[0].get_legend_handles_labels()
        figure.legend(handles, texts, loc="outside lower center", ncols=len(handles))
    return style.describe(
        figure,
        "Reported F1, reported IoU and true IoU with its interval, from the published protocol to the corrected one.",
    )


def _draw_ladder(axes: Axes, rows: pd.DataFrame, fits: pd.DataFrame) -> None:
    for score, title, marker in _SCORES:
        colour = _SCORE_COLOURS[score]
        axes.plot(rows[score], rows.index, color=colour, linewidth=0.7, alpha=0.6)
        axes.plot(rows[score], rows.index, marker, color=colour, markersize=4.5, linestyle="none", label=title)
        for place, step in rows["step"].items():
            single = fits.loc[fits["step"] == step, score]
            if len(single) > 1:
                spots = {"markersize": 2.5, "markerfacecolor": "white", "markeredgewidth": 0.7, "linestyle": "none"}
                axes.plot(single, [place] * len(single), marker, color=colour, **spots)
    axes.hlines(rows.index, rows["low"], rows["high"], color=_SCORE_COLOURS["true_iou"], linewidth=1.6, alpha=0.5)
    name_rows(axes, rows["title"])
    axes.set(xlim=(0, 1))


def knife_edge(values: pd.DataFrame, edge: pd.DataFrame) -> Figure:
    """Draw where colour values lie relative to the threshold, and the scores of a perfect but too dark prediction.

    Parameters
    ----------
    values : columns value (0 to 255), share (of all channel values) (``reproduction.colours.channel_values``)
    edge : columns shrink (factor on the prediction), f1, iou (``knife_edge.csv``)
    """
    style.require_columns(values, ("value", "share"), "channel values")
    style.require_columns(edge, ("shrink", "f1", "iou"), "knife edge")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 2.1)
        left, right = figure.subplots(1, 2)
        _draw_values(left, values[values["value"] > 0])
        dark = 100 * (1 - edge["shrink"])
        right.plot(dark, edge["f1"], color=_SCORE_COLOURS["f1"], label="F1 (truth above 0, prediction above 0.1)")
        right.plot(dark, edge["iou"], color=_SCORE_COLOURS["true_iou"], label="IoU (both above 0.5)")
        right.set(xlabel="perfect prediction, too dark by (%)", ylabel="score", ylim=(0, 1.05))
        right.set_xlim(left=0, right=dark.max())
        right.legend(loc="center right")
        right.grid(axis="y")
    return style.describe(
        figure,
        "Share of the channel values of label pictures, with the threshold of one half, and F1 and IoU of a perfect "
        "prediction that is a little too dark.",
    )


def _draw_values(axes: Axes, positive: pd.DataFrame) -> None:
    shares = positive["share"] / positive["share"].sum()
    level = positive["value"] / _FULL
    axes.vlines(level, 0, shares, color=style.INK, linewidth=4)
    for x, share in zip(level, shares, strict=True):
        axes.annotate(f"{share:.0%} at {x:.3f}", (x, share), (0, 3), textcoords="offset points", ha="center")
    axes.vlines(0.5, 0.9, 1.12, color=_MARKED, linewidth=1)  # above the bars: one of them is next to it
    axes.annotate(
        "threshold 0.5", (0.5, 1.01), (-4, 0), textcoords="offset points", ha="right", va="center", color=_MARKED
    )
    axes.set(
        xlim=(0, 1.05), ylim=(0, 1.12), xlabel="channel value of a label colour", ylabel="share of the values above 0"
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def known_people(people: pd.DataFrame, difference: float, low: float, high: float) -> Figure:
    """Draw each tested person's score by a network that knows them against that by one that does not.

    Parameters
    ----------
    people : columns subject_id, known, new: mean image IoU as shares (``leak_people.csv``)
    difference, low, high : known minus new over all pictures, with its interval, as shares
    """
    style.require_columns(people, ("known", "new"), "tested people")
    with style.look():
        figure = style.new_figure(3.0, 2.9)
        axes = figure.subplots()
        scores = 100 * people[["known", "new"]].to_numpy()
        span = (scores.min() - 2, scores.max() + 2)
        axes.plot(span, span, color=style.GREY, linewidth=0.8, linestyle="--")
        axes.plot(scores[:, 1], scores[:, 0], "o", color=_SCORE_COLOURS["true_iou"], markersize=4, alpha=0.8)
        text = f"known minus new: {100 * difference:+.1f} points\n({100 * low:+.1f} to {100 * high:+.1f})"
        axes.text(0.04, 0.96, text.replace("-", MINUS), transform=axes.transAxes, va="top")
        axes.set(xlim=span, ylim=span, aspect="equal")
        axes.set(xlabel="image IoU, person new to the network (%)", ylabel="image IoU, person known (%)")
        axes.grid()
    return style.describe(
        figure,
        "Image IoU of each tested person by a network trained on other pictures of them, and by one that was not.",
    )


def wrongly_fed(ways: pd.DataFrame) -> Figure:
    """Draw the scores of networks whose input pictures are prepared in several ways.

    Parameters
    ----------
    ways : columns way, value, low, high as shares (``fed.csv``, and ``started.csv`` below it)
    """
    style.require_columns(ways, ("way", "value", "low", "high"), "ways to feed a network")
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 0.6 + 0.28 * len(ways))
        axes = figure.subplots()
        rows = ways.reset_index(drop=True)
        colour = _SCORE_COLOURS["true_iou"]
        axes.hlines(rows.index, 100 * rows["low"], 100 * rows["high"], color=colour, linewidth=1.6, alpha=0.5)
        axes.plot(100 * rows["value"], rows.index, "o", color=colour, markersize=4.5)
        name_rows(axes, rows["way"])
        axes.set(xlabel="mean IoU, unseen people (%)")
        axes.set_xlim(left=0)
    return style.describe(
        figure,
        "Mean IoU of one trained network given its pictures as in training and in other ways, and of networks started "
        "from pretrained weights and fitted to pictures given correctly and as published.",
    )


def repeated_grids(scores: np.ndarray, rows: tuple[str, ...], columns: tuple[str, ...]) -> Figure:
    """Draw an experiment repeated several times with chance alone at work; the best cell of each is framed.

    Parameters
    ----------
    scores : (R, len(rows), len(columns)) scores of R imaginary experiments, as shares
    rows, columns : names of the cells
    """
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 1.75)
        low, high = 100 * scores.min(), 100 * scores.max()
        norm = Normalize(low - (high - low) / 3, high + (high - low) / 4)
        for axes, grid in zip(figure.subplots(1, len(scores)), 100 * scores, strict=True):
            texts = np.vectorize("{:.0f}".format)(grid)
            draw_heat_map(axes, grid, texts, (rows, columns), ("Blues", norm), fontsize=style.TEXT_SIZE)
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            box = (column + 0.04, row + 0.04)
            axes.add_patch(Rectangle(box, 0.92, 0.92, fill=False, edgecolor=_MARKED, linewidth=1.6))
            axes.tick_params(labelleft=axes.get_subplotspec().is_first_col())
            axes.set_aspect("equal")
            axes.set_title(f"best group: {rows[grid.mean(1).argmax()]}", fontsize=style.SMALL_SIZE)
    return style.describe(
        figure,
        f"{len(scores)} imaginary experiments of {len(rows)} by {len(columns)} pictures without any difference between "
        "the cells; the best cell and the best group change each time.",
    )


def limits_of_nine_photographs(
    ranges: np.ndarray, ranking: pd.DataFrame, detectable: pd.DataFrame, *, per_group: int, chance: float
) -> Figure:
    """Draw what nine photographs can show: noise between cells, the order of groups, the smallest detectable gap.

    Parameters
    ----------
    ranges : (replicates,) best minus worst cell if there is no difference, as shares
    ranking : columns gap (true gap), whole_order (how often the order is right), as shares
    detectable : columns per_group, gap (as a share)
    per_group : pictures per group in the experiment
    chance : share of random orders that are right; drawn as a line
    """
    style.require_columns(ranking, ("gap", "whole_order"), "ranking")
    style.require_columns(detectable, ("per_group", "gap"), "detectable gaps")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 2.15)
        left, middle, right = figure.subplots(1, 3)
        _draw_ranges(left, ranges)
        middle.plot(100 * ranking["gap"], ranking["whole_order"], color=style.INK)
        middle.axhline(chance, color=style.GREY, linestyle=":", linewidth=1)
        middle.text(100 * ranking["gap"].max(), chance - 0.02, "by chance", ha="right", va="top", color=style.GREY)
        middle.set(xlabel="true gap, best to worst group (points)", ylabel="right order of groups", ylim=(0, 1))
        middle.yaxis.set_major_formatter(PercentFormatter(1))
        middle.set_title(f"Order, {per_group} pictures per group")
        _draw_detectable(right, detectable, per_group)
    return style.describe(
        figure,
        "Best minus worst of nine equal cells, how often three groups come out in their true order, and the smallest "
        "detectable gap by the number of pictures per group.",
    )


def _draw_ranges(axes: Axes, ranges: np.ndarray) -> None:
    import seaborn

    seaborn.histplot(100 * ranges, bins=40, stat="density", color="#9ecae1", alpha=1, linewidth=0, ax=axes)
    axes.axvline(100 * ranges.mean(), color=style.INK, linewidth=1)
    axes.text(100 * ranges.mean() + 0.6, axes.get_ylim()[1] * 0.97, f"mean {100 * ranges.mean():.0f}", va="top")
    axes.set(xlabel="best minus worst cell (points)", ylabel="", yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_title("Equal groups, pure noise")


def _draw_detectable(axes: Axes, detectable: pd.DataFrame, per_group: int) -> None:
    axes.plot(detectable["per_group"], 100 * detectable["gap"], color=style.INK)
    here = detectable[detectable["per_group"] == per_group]
    axes.plot(here["per_group"], 100 * here["gap"], "o", color=_MARKED, markersize=5)
    for count, gap in here[["per_group", "gap"]].itertuples(index=False):
        axes.annotate(f"{100 * gap:.1f}", (count, 100 * gap), (6, 2), textcoords="offset points")
    axes.set(xscale="log", yscale="log", xlabel="pictures per group", ylabel="smallest detectable gap (points)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ScalarFormatter())
    axes.grid(which="major")
    axes.set_title("Two groups, power 80 %")
