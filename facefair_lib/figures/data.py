"""Figures of notebook 01: the share of each class, and the path from the images read to the three splits."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.scores import titles
from facefair_lib.settings import labels

_SPLITS = tuple(titles.SPLIT_TITLES)


def class_shares(shares: pd.DataFrame) -> Figure:
    """Draw each class's share of the pixels, by split, on a logarithmic scale.

    Parameters
    ----------
    shares : columns split, class, share (0 to 1)
    """
    style.require_columns(shares, ("split", "class", "share"), "class shares")
    if unknown := sorted(set(shares["class"]) - set(labels.CLASS_NAMES)):
        raise InputError(
            "class shares",
            found=f"the classes {', '.join(unknown)}",
            expected=f"some of {', '.join(labels.CLASS_NAMES)}",
            do="use the class names of labels.CLASSES",
        )
    splits = [split for split in _SPLITS if (shares["split"] == split).any()]
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 3.6)
        axes = figure.subplots()
        _draw_bars(axes, shares, splits)
        _draw_swatches(axes)
        names = [titles.SPLIT_TITLES[split] for split in splits]
        figure.legend(axes.containers, names, loc="outside upper center", ncols=len(names), **style.SWATCHES)
    return style.describe(figure, "Share of the pixels of each class in each split, on a logarithmic scale.")


def _draw_bars(axes: Axes, shares: pd.DataFrame, splits: list[str]) -> None:
    import seaborn

    seaborn.barplot(
        shares, x="share", y="class", hue="split", order=labels.CLASS_NAMES, hue_order=splits, errorbar=None,
        palette=dict(style.SPLIT_COLOURS), saturation=1, gap=0.08, legend=False, ax=axes,
    )  # fmt: skip
    axes.set_xscale("log")
    least = shares.loc[shares["share"] > 0, "share"].min()
    axes.set_xlim(10 ** np.floor(np.log10(least)) if np.isfinite(least) else 1e-4, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))
    axes.set(ylim=(labels.NUM_CLASSES - 0.4, -0.6), xlabel="Share of the pixels, per cent (logarithmic)", ylabel="")
    axes.set_yticks(range(labels.NUM_CLASSES), labels.CLASS_TITLES)
    axes.tick_params(axis="y", length=0, pad=13)
    axes.grid(axis="x")


def _draw_swatches(axes: Axes) -> None:
    """Draw each class's mask colour next to its name."""
    for place, rgb in enumerate(labels.PALETTES["paper"] / 255):
        axes.plot(
            -0.028, place, "s", transform=axes.get_yaxis_transform(), color=rgb, markersize=5.5, clip_on=False,
            markeredgecolor=style.GREY, markeredgewidth=0.4,
        )  # fmt: skip


def data_flow(flow: pd.DataFrame, published: Mapping[str, int] | None = None) -> Figure:
    """Draw the path of the images: read, duplicates removed, subsample, train / validation / test.

    Parameters
    ----------
    flow : columns step, images, people, removed; rows in order, the last ones are train, validation and test
    published : step -> number of images in the published study, shown below ours
    """
    style.require_columns(flow, ("step", "images", "people", "removed"), "data flow")
    trunk = flow[~flow["step"].isin(_SPLITS)]
    leaves = flow[flow["step"].isin(_SPLITS)]
    published = dict(published or {})
    if trunk.empty or leaves.empty or set(published) - set(flow["step"]):
        raise InputError(
            "data flow",
            found=f"the steps {', '.join(flow['step'])}; published numbers for {', '.join(published) or 'none'}",
            expected=f"steps before and among {', '.join(_SPLITS)}; published numbers for steps of the table",
            do="list the steps in order and give the published numbers under the same names",
        )
    with style.look():
        height = 0.68 * max(2, len(leaves)) + 0.08
        figure, axes = style.canvas(style.PAGE_WIDTH, height)
        _draw_flow(axes, trunk, leaves, published, height)
    return style.describe(
        figure, "The images from reading to the three splits: how many stay and how many are removed."
    )


def _draw_flow(
    axes: Axes, trunk: pd.DataFrame, leaves: pd.DataFrame, published: Mapping[str, int], height: float
) -> None:
    gap, margin = 0.48, 0.06
    box = (style.PAGE_WIDTH - 2 * margin - gap * len(trunk)) / (len(trunk) + 1)
    middle = height / 2
    right = margin
    for order, row in enumerate(trunk.itertuples()):
        left = margin + order * (box + gap)
        if order:
            _arrow(axes, (right, middle), (left, middle))
            if row.removed > 0:
                axes.text((right + left) / 2, middle + 0.06, f"−{row.removed:,.0f}", **_NOTE, va="bottom")
        _box(axes, (left, middle), (box, 0.92), row, published)
        right = left + box
    left = style.PAGE_WIDTH - margin - box
    for order, row in enumerate(leaves.itertuples()):
        y = height - (order + 0.5) * height / len(leaves)
        _arrow(axes, (right, middle), (left, y))
        _box(axes, (left, y), (box, 0.6), row, published, style.SPLIT_COLOURS[row.step])


_NOTE = {"ha": "center", "fontsize": style.SMALL_SIZE, "color": style.GREY}


def _box(
    axes: Axes,
    place: tuple[float, float],
    size: tuple[float, float],
    row: object,
    published: Mapping[str, int],
    colour: str = style.GREY,
) -> None:
    """Draw one box: step, images, people and, where known, the published number.

    ``place`` is the middle of the left side.
    """
    (left, middle), (width, height) = place, size
    shape = FancyBboxPatch(
        (left, middle - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.05",
        facecolor="#f6f6f6", edgecolor=colour, linewidth=0.9,
    )  # fmt: skip
    axes.add_patch(shape)
    small = {"fontsize": style.SMALL_SIZE}
    name = wrap(row.step[:1].upper() + row.step[1:], max(8, int(width / 0.062)))
    lines = [*((line, {**small, "fontweight": "bold"}) for line in name), (f"{row.images:,.0f} images", {})]
    lines.append((f"{row.people:,.0f} people", {**small, "color": style.GREY}))
    if row.step in published:
        lines.append((f"published: {published[row.step]:,}", {"fontsize": 6.5, "color": "#8a5a00"}))
    for order, (text, font) in enumerate(lines):
        y = middle + 0.135 * ((len(lines) - 1) / 2 - order)
        axes.text(left + width / 2, y, text, ha="center", va="center", **font)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>,head_width=0.16,head_length=0.3", "color": style.GREY, "lw": 0.8}
    axes.annotate("", end, start, arrowprops={**look, "shrinkA": 1, "shrinkB": 1})
