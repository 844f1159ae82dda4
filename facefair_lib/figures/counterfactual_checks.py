"""Further figures of notebook 07: other ways to compare groups, training data, boundary errors, quality measures.

Scores are shares in the tables and points (per cent) in the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from facefair_lib.figures import style
from facefair_lib.figures.intervals import (
    DODGE,
    MINUS,
    contrast_title,
    draw_marks,
    model_handles,
    name_rows,
    part_rows,
    signed_points,
    titles_of_counts,
    whiskers,
)
from facefair_lib.scores import titles
from facefair_lib.settings import labels

GROUP_MARKERS: Mapping[str, str] = MappingProxyType({"asian": "o", "black": "s", "caucasian": "^"})


def gap_sources(sources: pd.DataFrame) -> Figure:
    """Draw the gap between best and worst group in three cohorts: correlated attributes, balanced ones, counterfactual.

    Parameters
    ----------
    sources : columns model, cohort, gap, expected_by_chance, low, high, p_value, n_subjects, detectable; an interval
        that starts below zero is drawn from zero, because no gap is negative
    """
    needed = ("model", "cohort", "gap", "expected_by_chance", "low", "high", "p_value", "n_subjects", "detectable")
    style.require_columns(sources, needed, "sources of the gap")
    cohorts, models = titles.in_order(sources["cohort"], titles.COHORT_TITLES), style.models_in(sources)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 0.95 + 0.5 * len(cohorts))
        axes = figure.subplots()
        for model in models:
            part = sources[sources["model"] == model].set_index("cohort").reindex(cohorts)
            places = np.arange(len(cohorts)) + DODGE[model]
            draw_marks(axes, part["gap"], part.assign(low=part["low"].clip(lower=0)), places, model, part["p_value"])
            for column, marker, size in (("expected_by_chance", "|", 7), ("detectable", "x", 4)):
                axes.plot(100 * part[column], places, marker, color=style.INK, markersize=size, linestyle="none")
        people = sources.groupby("cohort")["n_subjects"]
        names = [f"{titles.title(c)}\nn = {titles_of_counts(people.get_group(c))} people" for c in cohorts]
        name_rows(axes, names)
        figure.supxlabel(f"Best minus worst group, {titles.COMPARED_BY_TEXT} (points)", fontsize=style.TEXT_SIZE)
        axes.set_xlim(left=0)
        marks = [("|", "gap by chance"), ("x", "smallest detectable gap")]
        handles = [
            Line2D([], [], color=style.INK, marker=marker, markersize=5, linestyle="none", label=text)
            for marker, text in marks
        ]
        entries = style.by_rows([*model_handles(models), *handles], 2)
        figure.legend(handles=entries, loc="outside upper center", ncols=2, handletextpad=0.3)
    return style.describe(
        figure,
        "Gap between best and worst group with 95 % intervals, by the way people were drawn: correlated attributes, "
        "balanced attributes, counterfactual; with the gap expected by chance and the smallest detectable one.",
    )


def adjusted_gaps(adjusted: pd.DataFrame) -> Figure:
    """Draw differences between groups before and after adjustment for pose, light, face size and glasses.

    Parameters
    ----------
    adjusted : columns model, cohort, contrast, kind (raw or adjusted), estimate, low, high, n_subjects
    """
    style.require_columns(
        adjusted, ("model", "cohort", "contrast", "kind", "estimate", "low", "high", "n_subjects"), "adjusted gaps"
    )
    models = style.models_in(adjusted)
    cohorts = titles.in_order(adjusted["cohort"], titles.COHORT_TITLES)
    contrasts = list(dict.fromkeys(adjusted["contrast"]))
    keys = [(cohort, contrast) for cohort in cohorts for contrast in contrasts]
    places = np.array([i + 0.9 * (i // len(contrasts) + 1) for i in range(len(keys))])  # a heading above each cohort
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 0.8 + 0.26 * places[-1])
        panels = np.atleast_1d(figure.subplots(1, len(models), sharex=True, sharey=True))
        for axes, model in zip(panels, models, strict=True):
            _draw_adjusted(axes, adjusted[adjusted["model"] == model], keys, places, model)
            axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
        names = [contrast_title(contrast) for _, contrast in keys]
        panels[0].set_ylim(places[-1] + 0.6, -0.5)
        people = adjusted.groupby("cohort")["n_subjects"]
        heads = [f"{titles.title(c)}, n = {titles_of_counts(people.get_group(c))}" for c in cohorts]
        panels[0].set_yticks([*places, *(places[:: len(contrasts)] - 0.9)], names + heads)
        for label in panels[0].get_yticklabels()[len(names) :]:
            label.set_fontweight("bold")
        figure.supxlabel(f"Difference in {titles.COMPARED_BY_TEXT} (points)", fontsize=style.TEXT_SIZE)
        marks = [
            Line2D(
                [], [], color=style.INK, marker="o", markerfacecolor=face, linestyle="none", markersize=4, label=text
            )
            for face, text in (("white", "raw"), (style.INK, "adjusted"))
        ]
        figure.legend(handles=marks, loc="outside upper center", ncols=2, handletextpad=0.2)
    return style.describe(
        figure, "Differences between groups, raw and adjusted for pose, light, face size and glasses, with intervals."
    )


def _draw_adjusted(
    axes: Axes, rows: pd.DataFrame, keys: Sequence[tuple[str, str]], places: np.ndarray, model: str
) -> None:
    axes.axvline(0, color=style.GREY, linewidth=0.6)
    for kind, shift, p in (("raw", -0.16, 1.0), ("adjusted", 0.16, 0.0)):
        part = rows[rows["kind"] == kind].set_index(["cohort", "contrast"]).reindex(keys)
        draw_marks(axes, part["estimate"], part, places + shift, model, pd.Series(p, part.index))
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x")


def composition_effect(composition: pd.DataFrame, slope: pd.DataFrame, fits: pd.DataFrame) -> Figure:
    """Figure 12: a group's score, relative to the others, against its share of the training people.

    Parameters
    ----------
    composition : columns group, share, relative, low, high
    slope : one row with slope (per ten points of share), low, high, p_value, n_fits
    fits : what ``tables.composition.composition_points`` returns: one dot per fit and group
    """
    style.require_columns(composition, ("group", "share", "relative", "low", "high"), "composition")
    style.require_columns(slope, ("slope", "low", "high", "p_value", "n_fits"), "slope of the composition")
    groups = titles.in_order(composition["group"], titles.GROUP_TITLES)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 2.9)
        axes = figure.subplots()
        axes.axhline(0, color=style.GREY, linewidth=0.6, linestyle=":")
        _draw_slope(axes, composition, slope.iloc[0])
        for shift, group in zip(np.linspace(-1.2, 1.2, len(groups)), groups, strict=True):
            _draw_group(axes, composition, fits, group, shift)
        r = slope.iloc[0]
        p = "p < 0.001" if r["p_value"] < 0.001 else f"p = {r['p_value']:.3f}"
        span = f"[{signed_points(r['low'], 2)}, {signed_points(r['high'], 2)}]"
        axes.set_title(
            f"{signed_points(r['slope'], 2)} {span} per ten points of share, {p}", fontsize=style.SMALL_SIZE, pad=4,
            fontweight="normal",
        )  # fmt: skip
        axes.set(xlabel=f"Share of the group in training (%), {int(r['n_fits'])} fits")
        axes.set_ylabel(f"{titles.COMPARED_BY_TITLE} {MINUS} other groups (points)")
        axes.set_xlim(-4, max(60.0, 100 * composition["share"].max() + 4))
        axes.grid(axis="y")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, handletextpad=0.2)
    return style.describe(
        figure,
        "Score of a group relative to the other groups against its share of the training people: one dot per fit, "
        "means with intervals, and the common slope with its band.",
    )


def _draw_slope(axes: Axes, composition: pd.DataFrame, slope: pd.Series) -> None:
    """Draw the common line through the mean point, and the wedge of its interval."""
    centre, level = 100 * composition["share"].mean(), 100 * composition["relative"].mean()
    shares = np.linspace(0, 100 * composition["share"].max(), 50)

    def line(column: str) -> np.ndarray:
        return level + 100 * slope[column] * (shares - centre) / 10

    low, high = line("low"), line("high")
    axes.fill_between(shares, np.minimum(low, high), np.maximum(low, high), color=style.PALE, zorder=0)
    axes.plot(shares, line("slope"), color=style.GREY, linewidth=1, zorder=1)


def _draw_group(axes: Axes, composition: pd.DataFrame, fits: pd.DataFrame, group: str, shift: float) -> None:
    """Draw a group's means with intervals above its fits; shifted a little, so that groups do not overlap."""
    colour = style.GROUP_COLOURS.get(group, style.GREY)
    own = fits[fits["group"] == group]
    axes.plot(
        100 * own["share"] + shift + 0.55, 100 * own["relative"], "o", color=colour, alpha=0.6, markersize=2,
        markeredgewidth=0, zorder=4,
    )  # fmt: skip
    rows = 100 * composition.loc[composition["group"] == group, ["share", "relative", "low", "high"]]
    whiskers(
        axes, rows.assign(value=rows["relative"]), rows["share"].to_numpy() + shift, vertical=True, color=colour,
        fmt=GROUP_MARKERS.get(group, "D"), markersize=4.5, markeredgecolor=style.INK, markeredgewidth=0.5,
        label=titles.title(group),
    )  # fmt: skip


def boundary_traps(traps: pd.DataFrame) -> Figure:
    """Draw, by class and group, the area, the F1 after losing one pixel all round, and the models' boundary errors.

    Parameters
    ----------
    traps : columns model (empty for rows of the labels alone), group, class, area_share, one_pixel_f1,
        boundary_error (per cent of the distance between the eyes)
    """
    needed = ("model", "group", "class", "area_share", "one_pixel_f1", "boundary_error")
    style.require_columns(traps, needed, "traps")
    known = traps.assign(model=traps["model"].fillna(""))
    models, groups = style.models_in(known[known["model"] != ""]), titles.in_order(known["group"], titles.GROUP_TITLES)
    label_rows = known.drop_duplicates(["class", "group"])  # area and F1 depend on no model
    panels_of = [
        (label_rows, "area_share", 100, "Area (% of the picture)"),
        (label_rows, "one_pixel_f1", 100, "F1 of a mask that lost\none pixel all round (%)"),
        *(
            (known[known["model"] == m], "boundary_error", 1, f"{name}: boundary error\n(% of eye distance)")
            for m, name in titles.MODEL_TITLES.items() if m in models
        ),
    ]  # fmt: skip
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        panels = figure.subplots(1, len(panels_of), sharey=True)
        for axes, (rows, column, unit, text) in zip(panels, panels_of, strict=True):
            _draw_by_class(axes, rows, column, unit, groups)
            axes.set(xlabel=text, ylabel="")
        panels[0].set_xscale("log")
        panels[0].xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
        panels[1].set_xlim(right=100)
        if models:
            high = 1.05 * known["boundary_error"].max()
            for axes in panels[2:]:
                axes.set_xlim(0, high if np.isfinite(high) and high > 0 else 1)
        names = [titles.title(group) for group in groups]
        figure.legend(panels[0].lines[: len(groups)], names, loc="outside upper center", ncols=3, handletextpad=0.2)
    return style.describe(
        figure,
        "By class and group: share of the picture, F1 of the true mask eroded by one pixel, and the median boundary "
        "error of each model relative to the distance between the eyes.",
    )


def _draw_by_class(axes: Axes, rows: pd.DataFrame, column: str, unit: float, groups: Sequence[str]) -> None:
    import seaborn

    seaborn.pointplot(
        rows.assign(shown=unit * rows[column]), x="shown", y="class", order=labels.CLASS_NAMES, hue="group",
        hue_order=groups, palette=[style.GROUP_COLOURS.get(group, style.GREY) for group in groups],
        markers=[GROUP_MARKERS.get(group, "D") for group in groups], markersize=3.4, markeredgewidth=1,
        dodge=0.44, linestyle="none", errorbar=None, legend=False, ax=axes,
    )  # fmt: skip
    name_rows(axes, labels.CLASS_TITLES)
    part_rows(axes)


def quality_measures(quality: pd.DataFrame, pictures: pd.DataFrame) -> Figure:
    """Draw how well measures that need no mask follow the true score.

    Parameters
    ----------
    quality : columns measure, model, correlation (Spearman), low, high
    pictures : columns model, measure, value, image_iou, one row per picture: a scatter plot per measure
    """
    style.require_columns(quality, ("measure", "model", "correlation", "low", "high"), "quality measures")
    style.require_columns(pictures, ("model", "measure", "value", "image_iou"), "pictures")
    measures = titles.in_order(quality["measure"], titles.MEASURE_TITLES)
    rows = -(-(len(measures) + 1) // 3)
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 0.35 + 1.65 * rows)
        forest, *others = figure.subplots(rows, 3).flat
        _draw_correlations(forest, quality, measures)
        for axes, measure in zip(others, measures, strict=False):
            _draw_scatter(axes, pictures[pictures["measure"] == measure], titles.title(measure))
        for axes in others[len(measures) :]:
            axes.remove()
        models = style.models_in(quality)
        figure.legend(handles=model_handles(models), loc="outside upper center", ncols=2, handletextpad=0.2)
    return style.describe(
        figure,
        "Spearman correlation of measures that need no mask with the true score, with 95 % intervals, and each measure "
        "against the true score of single pictures.",
    )


def _draw_correlations(axes: Axes, quality: pd.DataFrame, measures: Sequence[str]) -> None:
    axes.axvline(0, color=style.GREY, linewidth=0.6)
    for model in style.models_in(quality):
        part = quality[quality["model"] == model].set_index("measure").reindex(measures)
        beyond = (part["low"] > 0) | (part["high"] < 0)
        hundredth = part[["low", "high"]] / 100  # draw_marks multiplies by 100
        draw_marks(
            axes, part["correlation"] / 100, hundredth, np.arange(len(measures)) + DODGE[model], model,
            pd.Series(np.where(beyond, 0.0, 1.0), part.index),
        )  # fmt: skip
    name_rows(axes, [titles.title(measure) for measure in measures])
    axes.set(xlim=(-1, 1), xlabel="Spearman correlation")


def _draw_scatter(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    import seaborn

    seaborn.scatterplot(
        rows.assign(score=100 * rows["image_iou"]), x="value", y="score", hue="model", style="model", s=3.2, alpha=0.45,
        palette=dict(style.MODEL_COLOURS), markers=dict(style.MODEL_MARKERS), linewidth=0, legend=False, ax=axes,
    )  # fmt: skip
    axes.set(xlabel=title, ylabel="True image IoU (%)")
    axes.xaxis.set_major_locator(MaxNLocator(4))
