"""Figure of notebook 09: each network's score against its operations, and the gap between groups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from facefair_lib.figures import style
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA

# Okabe and Ito's palette, with the study's two networks as in all figures; markers tell networks apart without colour.
NETWORK_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        **style.MODEL_COLOURS,
        **{"fcn": "#009e73", "unet": "#cc79a7", "segnet": "#e69f00", "deeplabv3plus": "#56b4e9"},
        **{"upernet": style.INK, "segformer": "#b8a900"},
    }
)
NETWORK_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        **style.MODEL_MARKERS,
        **{"fcn": "^", "unet": "D", "segnet": "v", "deeplabv3plus": "P", "upernet": "X", "segformer": "p"},
    }
)
_COLUMNS = (
    *("network", "model", "backbone", "parameters", "flops", "iou", "iou_low", "iou_high", "front"),
    *("gap", "expected_by_chance", "gap_low", "gap_high", "p_adjusted"),
)
_VARIANT_MARKERS = "hd*<>8"
"""Markers of further variants of a model, which differ from the first in trunk, weights or fine maps."""
_SIZES = (1e6, 1e7)
"""Numbers of parameters in the legend."""
_WIDE = 4
"""The scale of operations is logarithmic if they differ by more than this factor."""


def model_comparison(table: pd.DataFrame) -> Figure:
    """Draw mean IoU against operations with the Pareto front, and the gap between groups against mean IoU.

    Parameters
    ----------
    table : ``comparison.csv``; scores 0 to 1. If no gap was tested, its panel is left out.

    Returns
    -------
    Left: the area of a mark grows with the number of parameters; a dashed line is the Pareto front. Right: a filled
    mark has p < 0.05 after adjustment for the number of networks; a dash is the mean gap expected by chance.
    """
    style.require_columns(table, _COLUMNS, "comparison of the networks")
    order = titles.in_order(table["model"], titles.NETWORK_TITLES)
    rows = _marked(table.sort_values("model", key=lambda models: models.map(order.index), kind="stable"))
    with_gaps = bool(table["gap"].notna().any())
    with style.look():
        height = (2.9 if with_gaps else 3.3) + 0.13 * (len(rows) - len(order))
        figure = style.new_figure(style.PAGE_WIDTH if with_gaps else style.COLUMN_WIDTH, height)
        panels = np.atleast_1d(figure.subplots(1, 2 if with_gaps else 1))
        _scores(panels[0], rows)
        if with_gaps:
            _gaps(panels[1], rows)
        variants = table.loc[table["model"].duplicated(), "model"].unique()
        entries = [_handle(row, several=row["model"] in variants) for row in rows]
        entries += [_size_handle(parameters) for parameters in _SIZES]
        columns = 2 if len(variants) or not with_gaps else 5  # what tells variants apart takes room
        figure.legend(handles=style.by_rows(entries, columns), loc="outside upper center", ncols=columns)
    return style.describe(figure, _description(rows))


def _marked(table: pd.DataFrame) -> list[dict]:
    """List the table's rows, each with a ``marker`` of its own, and with ``fine_maps``, which older tables lack."""
    rows = table.assign(variant=table.groupby("model").cumcount()).to_dict("records")
    further = iter(_VARIANT_MARKERS)
    for row in rows:
        row.setdefault("fine_maps", False)
        row["marker"] = next(further, "o") if row["variant"] else NETWORK_MARKERS.get(row["model"], "o")
    return rows


def _scores(axes: Axes, rows: list[dict]) -> None:
    """Draw mean IoU against operations, with intervals and the Pareto front."""
    for row in rows:
        x, y = row["flops"] / 1e9, 100 * row["iou"]
        ends = [[100 * (row["iou"] - row["iou_low"])], [100 * (row["iou_high"] - row["iou"])]]
        colour = NETWORK_COLOURS.get(row["model"], style.INK)
        axes.errorbar(x, y, yerr=ends, fmt="none", ecolor=colour, elinewidth=0.8, alpha=0.6)
        area = _area(row["parameters"])
        axes.scatter(x, y, s=area, marker=row["marker"], color=colour, edgecolor="white", linewidth=0.5, zorder=3)
    _front(axes, rows)
    operations = [row["flops"] / 1e9 for row in rows]
    if max(operations) > _WIDE * min(operations):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set(xlabel="Operations for one picture (GFLOP)", ylabel="Mean IoU, test people (%)")
    axes.margins(x=0.12, y=0.1)
    axes.grid(axis="y")


def _front(axes: Axes, rows: list[dict]) -> None:
    """Draw the Pareto front as steps, as far as the most expensive network: no network is above them."""
    front = sorted((row["flops"] / 1e9, 100 * row["iou"]) for row in rows if row["front"])
    if front:
        most = max(row["flops"] for row in rows) / 1e9
        x, y = zip(*front, (most, front[-1][1]), strict=True)
        axes.step(x, y, where="post", color=style.GREY, linewidth=0.9, linestyle="--", zorder=1)


def _gaps(axes: Axes, rows: list[dict]) -> None:
    """Draw the gap between best and worst group against mean IoU; intervals are cut at zero, as no gap is negative."""
    for row in (row for row in rows if np.isfinite(row["gap"])):
        x, y = 100 * row["iou"], 100 * row["gap"]
        ends = [[y - 100 * max(row["gap_low"], 0)], [100 * row["gap_high"] - y]]
        colour = NETWORK_COLOURS.get(row["model"], style.INK)
        look = {"color": colour, "markerfacecolor": colour if row["p_adjusted"] < ALPHA else "white"}
        axes.errorbar(x, y, yerr=np.nan_to_num(ends), fmt=row["marker"], markersize=5, elinewidth=0.9, **look)
        axes.plot(x, 100 * row["expected_by_chance"], "_", color=colour, markersize=9)
    axes.set(
        xlabel="Mean IoU, test people (%)",
        ylabel=f"Best minus worst group,\n{titles.COMPARED_BY_TEXT} (points)",
        ylim=(0, None),
    )
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y")


def _area(parameters: float) -> float:
    """Area of a mark in square points: 28 for a million parameters, growing with their square root."""
    return 28 * np.sqrt(parameters / 1e6)


def _handle(row: dict, *, several: bool) -> Line2D:
    """Make the legend entry of a network; backbone and weights are named if the network occurs several times."""
    label = titles.network_title(row["model"], row["fine_maps"])
    if several:
        start = ", ImageNet" if row.get("weights") == "imagenet" else ""
        label = f"{label}, {titles.backbone_title(row['backbone'])}{start}"
    return Line2D(
        [], [], marker=row["marker"], color=NETWORK_COLOURS.get(row["model"], style.INK),
        markersize=5, linestyle="none", label=label,
    )  # fmt: skip


def _size_handle(parameters: float) -> Line2D:
    return Line2D(
        [], [], marker="o", color=style.PALE, markeredgecolor=style.GREY, markersize=np.sqrt(_area(parameters)),
        linestyle="none", label=f"{parameters / 1e6:g} million parameters",
    )  # fmt: skip


def _description(rows: list[dict]) -> str:
    best = max(rows, key=lambda row: row["iou"])
    front = [titles.NETWORK_TITLES.get(row["model"], row["model"]) for row in rows if row["front"]]
    return (
        f"Mean IoU of {len(rows)} networks against their operations for one picture, and the gap between groups of "
        f"people against mean IoU. The highest mean IoU is {100 * best['iou']:.1f} per cent, of "
        f"{titles.NETWORK_TITLES.get(best['model'], best['model'])}; on the front: {', '.join(front)}."
    )
