"""Figure of notebook 08: scores on photographs against the number of labelled photographs."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facefair_lib.figures import style
from facefair_lib.scores import titles

_STARTS = {"rendered": ("from rendered people", "-"), "alone": ("from the photographs alone", "--")}
_COLUMNS = ("model", "start", "photographs", "class", "f1", "low", "high")


def adaptation_curves(table: pd.DataFrame) -> Figure:
    """Draw mean F1 on test photographs against the number of photographs that a network was fitted to.

    Parameters
    ----------
    table : ``adaptation.csv``; scores 0 to 1

    Returns
    -------
    A panel per network; solid lines start from rendered people, dashed ones see only photographs; bands: 95 % intervals
    """
    style.require_columns(table, _COLUMNS, "adaptation to photographs")
    means = table[table["class"] == "mean"]
    models = titles.in_order(means["model"].unique(), titles.MODEL_TITLES)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 2.3)
        axes = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
        for panel, model in zip(axes, models, strict=True):
            _curves(panel, means[means["model"] == model], style.MODEL_COLOURS[model])
            panel.set_title(titles.MODEL_TITLES[model])
            panel.set_xlabel("labelled photographs")
        axes[0].set_ylabel("mean F1 (%)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    best = means.sort_values("f1").iloc[-1]
    return style.describe(
        figure,
        f"Mean F1 on test photographs against the number of labelled photographs, {len(models)} networks. "
        f"The highest is {100 * best['f1']:.1f} per cent with {best['photographs']} photographs, "
        f"{_STARTS[best['start']][0]}.",
    )


def _curves(panel: Axes, rows: pd.DataFrame, colour: str) -> None:
    """Draw one network's lines and bands."""
    for start, (title, dashes) in _STARTS.items():
        line = rows[rows["start"] == start].sort_values("photographs")
        x, y = line["photographs"], 100 * line["f1"]
        panel.plot(x, y, dashes, color=colour, marker="o", markersize=3, label=title)
        panel.fill_between(x, 100 * line["low"], 100 * line["high"], color=colour, alpha=0.15, linewidth=0)
    panel.set_xticks(sorted(rows["photographs"].unique()))
