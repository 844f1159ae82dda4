"""The reproduction's figures: colours in the wrong order, impossible scores, the ladder."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from facefair_lib.figures import style
from facefair_lib.scores import titles
from facefair_lib.scores.metrics import iou_floor

_SCORES = (
    ("f1", "F1 as reported", "D"),
    ("iou", "IoU as reported", "s"),
    ("true_iou", "IoU of classes, unseen people", "o"),
)
_SCORE_COLOURS = {"f1": "#999999", "iou": "#56b4e9", "true_iou": "#0072b2"}
_SOURCE_LOOKS = (("", 4.5), ("white", 4.5), ("white", 2.8))  # face (empty: as the edge) and size of a marker
_WIDE = 0.85  # of a colour patch, in rows
_COLUMNS = (0, 3.3, 4.7, 6.2, 11.4, 13.2)  # where the columns of the colour table begin


def colour_story(codes: pd.DataFrame) -> Figure:
    """Each class's label colour, the colour it is shown in with red and blue swapped, and its code at a threshold.

    Parameters
    ----------
    codes : columns title, red, green, blue, shown_red, shown_green, shown_blue, code, shares_with, reads_as_paper,
        reads_as_vendor (``legacy.colours.code_table``)
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
    """Whose colour the shown colour is: of the class itself, or of others in the paper's and the vendor's table."""
    paper, vendor = (str(row[f"reads_as_{palette}"]) for palette in ("paper", "vendor"))
    names = {key: titles.in_text(titles.title(name)) for key, name in (("paper", paper), ("vendor", vendor)) if name}
    if not names:
        return "no class"
    if len(names) == 2 and paper == vendor:
        return "itself" if titles.title(paper) == row["title"] else names["paper"]
    return ", ".join(f"{name} ({key})" for key, name in names.items())


def iou_against_f1(rows: pd.DataFrame) -> Figure:
    """Reported IoU over reported F1, with the floor that one threshold for both would keep.

    Parameters
    ----------
    rows : columns model, source (such as "course paper"; drawn filled, with a white face and smaller, in their order),
        f1, iou
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
    """What each correction does to the reported scores and to the true one.

    Parameters
    ----------
    ladder : columns model, step, title, f1, iou, true_iou, low, high (``ladder.csv``)
    fits : columns model, step, and the scores of every single fit (``ladder_fits.csv``); where a step has several,
        each is drawn, small: what moves a score less than another seed does tells nothing
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
        "Reported F1, reported IoU and true IoU with its interval, from the published protocol to the corrected.",
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
    axes.set_yticks(rows.index, rows["title"])
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.grid(axis="x")
