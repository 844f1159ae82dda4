"""Figures of notebook 10: planned effects overall and by run, and the tone curve over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facefair_lib.figures import style
from facefair_lib.figures.counterfactual import tint_axis
from facefair_lib.figures.intervals import DODGE, contrast_title, dots_along, model_handles, name_rows
from facefair_lib.scores.resampling import ALPHA

_ROW = 0.3  # inches per effect
FAMILY_TITLES: Mapping[str, str] = {
    "tones_of_groups": "Skin tones of two groups",
    "darkest_tone": "Darkest tone",
    "morphology": "Face shapes of two groups",
    "total": "Both together",
    "emotions": "Emotions",
    "outlines": "Outline error (% of eye distance)",
    "networks": "DeepLabV3 less PSPNet",
}
"""Titles of the plan's families, in the order in which they are drawn."""


def planned_effects(effects: pd.DataFrame, by_run: pd.DataFrame, margin: float) -> Figure:
    """Draw every planned effect with its interval over people and runs, a tick per run, and the margin.

    Parameters
    ----------
    effects, by_run : what ``tables.answer.effects_table`` and ``runs_table`` return
    margin : share below which a difference does not matter; drawn as a band where the plan tests it
    """
    needed = ("family", "contrast", "model", "difference", "low", "high", "p_adjusted", "p_margin")
    style.require_columns(effects, needed, "effects")
    rows = {name: effects.loc[effects["family"] == name, "contrast"].nunique() for name in FAMILY_TITLES}
    columns = _two_columns({name: number for name, number in rows.items() if number})
    with style.look():
        height = max(sum(rows[name] + 1 for name in column) for column in columns)
        figure = style.new_figure(style.PAGE_WIDTH, 0.7 + _ROW * height)
        for part, column in zip(figure.subfigures(1, 2), columns, strict=True):
            if not column:
                continue
            panels = np.atleast_1d(part.subplots(len(column), 1, height_ratios=[rows[name] for name in column]))
            for axes, name in zip(panels, column, strict=True):
                _draw_family(axes, effects[effects["family"] == name], by_run[by_run["family"] == name], margin)
                axes.set_title(FAMILY_TITLES[name], loc="left", pad=2)
            panels[-1].set_xlabel("difference (points)")
        models = style.models_in(effects[effects["model"].isin(style.MODEL_COLOURS)])
        run = Line2D([], [], linestyle="none", marker="|", color=style.GREY, label="one run alone")
        figure.legend(handles=[*model_handles(models), run], loc="outside upper center", ncols=len(models) + 1)
    return style.describe(
        figure,
        "Planned effects of both networks with 95 % intervals over people and runs; ticks are single runs, filled "
        "marks differ from zero after adjustment, the band is the margin within which a difference would not matter.",
    )


def _two_columns(rows: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Split families into two columns of about the same height, keeping their order."""
    names, ends = list(rows), np.cumsum([number + 1 for number in rows.values()])
    cut = int(np.argmin(np.abs(ends - ends[-1] / 2))) + 1 if names else 0
    return names[:cut], names[cut:]


def _draw_family(axes: Axes, effects: pd.DataFrame, by_run: pd.DataFrame, margin: float) -> None:
    names = list(dict.fromkeys(effects["contrast"]))
    axes.axvline(0, color=style.GREY, linewidth=0.6, linestyle=":")
    if effects["p_margin"].notna().any():
        axes.axvspan(-100 * margin, 100 * margin, color=style.PALE, linewidth=0)
    for row in effects.to_dict("records"):
        place = names.index(row["contrast"]) + DODGE.get(row["model"], 0.0)
        colour = style.MODEL_COLOURS.get(row["model"], style.INK)
        marker = style.MODEL_MARKERS.get(row["model"], "D")
        alone = by_run[(by_run["contrast"] == row["contrast"]) & (by_run["model"] == row["model"])]
        axes.plot(100 * alone["difference"], np.full(len(alone), place), "|", color=style.GREY, markersize=6, zorder=2)
        axes.plot([100 * row["low"], 100 * row["high"]], [place, place], color=colour, linewidth=1.3)
        face = colour if row["p_adjusted"] < ALPHA else "white"
        axes.plot(100 * row["difference"], place, marker, color=colour, markerfacecolor=face, markersize=4)
    name_rows(axes, [contrast_title(name) for name in names])


def tones_over_runs(curve: pd.DataFrame, swatches: Sequence[str], mitigated: pd.DataFrame | None = None) -> Figure:
    """Draw the tone curve over people and runs, and beside it what training on even tones changes.

    Parameters
    ----------
    curve : what ``tables.answer.curve_table`` returns
    swatches : colour of each tone, from 1 on
    mitigated : what ``tables.answer.mitigation_table`` returns; without it, its panel is left out
    """
    style.require_columns(curve, ("model", "skin_tone", "difference", "low", "high", "p_adjusted"), "tone curve")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 2.5)
        panels = np.atleast_1d(figure.subplots(1, 1 if mitigated is None else 2))
        _draw_tones(panels[0], curve, swatches)
        panels[0].set_ylabel("against the middle tone (points)")
        if mitigated is not None:
            shown = mitigated[mitigated["of"] == "tone"]
            _draw_tones(panels[1], shown.assign(skin_tone=shown["level"].astype(float)), swatches)
            panels[1].set_ylabel("gain from even tones (points)")
        figure.legend(handles=model_handles(style.models_in(curve)), loc="outside upper center", ncols=2)
    return style.describe(
        figure,
        "Score at each skin tone against a middle tone, with 95 % intervals over people and runs, and what training on "
        "people of even tones changes at each tone.",
    )


def _draw_tones(axes: Axes, table: pd.DataFrame, swatches: Sequence[str]) -> None:
    axes.axhline(0, color=style.GREY, linewidth=0.6, linestyle=":")
    axes.grid(axis="y")
    for model in style.models_in(table):
        part = table[table["model"] == model].sort_values("skin_tone")
        places, points = part["skin_tone"] + DODGE[model] / 2, 100 * part["difference"]
        colour = style.MODEL_COLOURS[model]
        low, high = (100 * part[end].fillna(part["difference"]) for end in ("low", "high"))
        axes.plot(places, points, color=colour)
        axes.vlines(places, low, high, color=colour, linewidth=1.3)
        dots_along(axes, places, points, model, part["p_adjusted"])
    tint_axis(axes, swatches)
    axes.set_xlabel("Monk skin tone")
