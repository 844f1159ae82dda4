"""The reproduction's figures of single questions: the knife edge, known people, pictures fed wrongly, nine pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from facefair_lib.figures import style

_FULL = 255
_F1_COLOUR, _IOU_COLOUR, _MARKED = "#999999", "#0072b2", "#d55e00"


def knife_edge(values: pd.DataFrame, edge: pd.DataFrame) -> Figure:
    """Where the colour values lie beside the threshold, and what a perfect prediction scores that is a little too dark.

    Parameters
    ----------
    values : columns value (0 to 255), share of all channel values (``legacy.colours.channel_values``)
    edge : columns shrink (factor on the prediction), f1, iou (``knife_edge.csv``)
    """
    style.require_columns(values, ("value", "share"), "channel values")
    style.require_columns(edge, ("shrink", "f1", "iou"), "knife edge")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 2.1)
        left, right = figure.subplots(1, 2)
        _draw_values(left, values[values["value"] > 0])
        dark = 100 * (1 - edge["shrink"])
        right.plot(dark, edge["f1"], color=_F1_COLOUR, label="F1 (truth above 0, prediction above 0.1)")
        right.plot(dark, edge["iou"], color=_IOU_COLOUR, label="IoU (both above 0.5)")
        right.set(xlabel="perfect prediction, too dark by (%)", ylabel="score", ylim=(0, 1.05))
        right.set_xlim(left=0, right=dark.max())
        right.legend(loc="center right")
        right.grid(axis="y")
    return style.describe(
        figure,
        "Share of the channel values of label pictures, beside the threshold of one half, and F1 and IoU of a perfect "
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
    """Every tested person's score by the network that knows them over that of the one that does not.

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
        axes.plot(100 * people["new"], 100 * people["known"], "o", color=_IOU_COLOUR, markersize=4, alpha=0.8)
        text = f"known minus new: {100 * difference:+.1f} points\n({100 * low:+.1f} to {100 * high:+.1f})".replace(
            "-", "−"
        )
        axes.text(0.04, 0.96, text, transform=axes.transAxes, va="top")
        axes.set(xlim=span, ylim=span, aspect="equal")
        axes.set(xlabel="image IoU, person new to the network (%)", ylabel="image IoU, person known (%)")
        axes.grid()
    return style.describe(
        figure,
        "Image IoU of each tested person by a network that was trained on other pictures of them, and by one not.",
    )


def wrongly_fed(ways: pd.DataFrame) -> Figure:
    """The same network, the same pictures, fed in four ways.

    Parameters
    ----------
    ways : columns way, value, low, high as shares (``fed.csv``)
    """
    style.require_columns(ways, ("way", "value", "low", "high"), "ways to feed a network")
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 0.6 + 0.28 * len(ways))
        axes = figure.subplots()
        rows = ways.reset_index(drop=True)
        axes.hlines(rows.index, 100 * rows["low"], 100 * rows["high"], color=_IOU_COLOUR, linewidth=1.6, alpha=0.5)
        axes.plot(100 * rows["value"], rows.index, "o", color=_IOU_COLOUR, markersize=4.5)
        axes.set_yticks(rows.index, rows["way"])
        axes.set(xlabel="mean IoU of classes, unseen people (%)", ylim=(len(rows) - 0.5, -0.5))
        axes.set_xlim(left=0)
        axes.grid(axis="x")
    return style.describe(
        figure, "Mean IoU of one trained network whose pictures are fed as trained and in other ways."
    )


def repeated_grids(scores: np.ndarray, rows: tuple[str, ...], columns: tuple[str, ...]) -> Figure:
    """The same experiment several times, with nothing but chance in it; the best cell of each is ringed.

    Parameters
    ----------
    scores : (R, len(rows), len(columns)) scores of R imaginary experiments, as shares
    rows, columns : names of the cells
    """
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 1.75)
        low, high = 100 * scores.min(), 100 * scores.max()
        for axes, grid in zip(figure.subplots(1, len(scores)), 100 * scores, strict=True):
            axes.imshow(grid, cmap="Blues", vmin=low - (high - low) / 3, vmax=high + (high - low) / 4)
            for (row, column), value in np.ndenumerate(grid):
                axes.text(column, row, f"{value:.0f}", ha="center", va="center")
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            box = (column - 0.46, row - 0.46)
            axes.add_patch(Rectangle(box, 0.92, 0.92, fill=False, edgecolor=_MARKED, linewidth=1.6))
            means = grid.mean(1)
            axes.set_yticks(range(len(rows)), rows if axes.get_subplotspec().is_first_col() else [""] * len(rows))
            axes.set_xticks(range(len(columns)), columns)
            axes.set_title(f"best group: {rows[means.argmax()]}", fontsize=style.SMALL_SIZE)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
    return style.describe(
        figure,
        f"{len(scores)} imaginary experiments of {len(rows)} by {len(columns)} pictures without any difference between "
        "the cells; the best cell and the best group change each time.",
    )


def nine_photographs(
    ranges: np.ndarray, ranking: pd.DataFrame, detectable: pd.DataFrame, *, per_group: int, chance: float
) -> Figure:
    """What nine photographs can show: noise between cells, the order of groups, the smallest gap that would be found.

    Parameters
    ----------
    ranges : (replicates,) best minus worst cell where there is no difference, as shares
    ranking : columns gap, whole_order
    detectable : columns per_group, gap
    per_group : pictures per group in the experiment
    chance : share of random orders that are right
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
    axes.hist(100 * ranges, bins=40, color="#9ecae1", density=True)
    axes.axvline(100 * ranges.mean(), color=style.INK, linewidth=1)
    axes.text(100 * ranges.mean() + 0.6, axes.get_ylim()[1] * 0.97, f"mean {100 * ranges.mean():.0f}", va="top")
    axes.set(xlabel="best minus worst cell (points)", yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_title("Equal groups, pure noise")


def _draw_detectable(axes: Axes, detectable: pd.DataFrame, per_group: int) -> None:
    axes.plot(detectable["per_group"], 100 * detectable["gap"], color=style.INK)
    here = detectable[detectable["per_group"] == per_group]
    axes.plot(here["per_group"], 100 * here["gap"], "o", color="#d55e00", markersize=5)
    for count, gap in here[["per_group", "gap"]].itertuples(index=False):
        axes.annotate(f"{100 * gap:.1f}", (count, 100 * gap), (6, 2), textcoords="offset points")
    axes.set(xscale="log", yscale="log", xlabel="pictures per group", ylabel="smallest detectable gap (points)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ScalarFormatter())
    axes.grid(which="major")
    axes.set_title("Two groups, power 80 %")
