"""Figures 4 and 5: a model's loss and scores over the epochs."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.scores import titles

PANELS = ("accuracy", "f1", "iou", "loss", "precision", "recall")
"""The six panels, in the order of the published figures."""
_DASHES = ("", (4, 1.5))  # of the training split and of the other one


def training_curves(history: pd.DataFrame, model: str, best_epoch: int, *, beside: str = "validation") -> Figure:
    """Figures 4 and 5: accuracy, F1, IoU, loss, precision and recall of the training split and another one.

    Parameters
    ----------
    history : columns epoch (from 1), split (train and ``beside``), loss and the five scores (0 to 1)
    model : key of the model, for the description
    best_epoch : the epoch whose weights were kept; it is marked in every panel
    beside : the other split: ``test`` for a protocol that chooses its epoch on the test set
    """
    style.require_columns(history, ("epoch", "split", *PANELS), "training history")
    name = style.title_of(model, titles.MODEL_TITLES, "model")
    splits = ("train", beside)
    for split in splits:
        if best_epoch not in set(history.loc[history["split"] == split, "epoch"]):
            raise InputError(
                f"training history of {name}",
                found=f"no row of split {split!r} for the best epoch {best_epoch}",
                expected="both splits at every epoch from 1",
                do="give the history and best_epoch of the same run",
            )
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 3.7)
        grid = figure.subplots(2, 3, sharex=True)
        scores = [metric for metric in PANELS if metric != "loss"]
        floor = max(0.0, history[scores].min().min() - 0.04)
        for axes, metric in zip(grid.flat, PANELS, strict=True):
            _draw_panel(axes, history, metric, best_epoch, splits)
            if metric != "loss":
                axes.set_ylim(floor, min(1.0, history[scores].max().max() + 0.04))
        for axes in grid[-1]:
            axes.set_xlabel("Epoch")
        best, *curves = grid[0, 0].lines[: 1 + len(splits)]
        names = [*(titles.SPLIT_TITLES[split] for split in splits), "Best epoch (weights kept)"]
        figure.legend([*curves, best], names, loc="outside lower center", ncols=3, handlelength=2.4)
    return style.describe(
        figure, f"{name}: accuracy, F1, IoU, loss, precision and recall over the epochs, training and {beside}."
    )


def _draw_panel(axes: Axes, history: pd.DataFrame, metric: str, best_epoch: int, splits: tuple[str, str]) -> None:
    import seaborn

    axes.axvline(best_epoch, color=style.GREY, linewidth=0.7, linestyle=":")
    by_split = {"hue": "split", "hue_order": splits, "palette": dict(style.SPLIT_COLOURS), "legend": False, "ax": axes}
    alone = "o" if len(set(history["epoch"])) == 1 else None  # a line through one point is invisible
    seaborn.lineplot(
        history, x="epoch", y=metric, style="split", style_order=splits, dashes=_DASHES, errorbar=None,
        marker=alone, **by_split,
    )  # fmt: skip
    best = history[history["epoch"] == best_epoch]
    seaborn.scatterplot(best, x="epoch", y=metric, s=16, zorder=3, **by_split)
    axes.set(xlabel="", ylabel="")
    axes.set_title(titles.METRIC_TITLES[metric], loc="left", pad=3)
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.margins(x=0.03)
    if metric == "loss":
        axes.set_ylim(bottom=0)
