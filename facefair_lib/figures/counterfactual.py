"""Figures of notebook 07: one person in three groups and three skin tones, and how the score changes with them.

Scores are shares in the tables and points (per cent) in the figures. A filled mark has p < 0.05 after adjustment for
the number of comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.figures import style
from facefair_lib.figures.heat_map import draw_emotions, draw_heat_map, hatch_cells, scale_below
from facefair_lib.figures.intervals import (
    DODGE,
    MINUS,
    contrast_title,
    dots_along,
    draw_marks,
    model_handles,
    model_look,
    name_rows,
    part_rows,
    signed_points,
    titles_of_counts,
    whiskers,
)
from facefair_lib.figures.pictures import Picture, check_pairs, iou_caption, picture_rows
from facefair_lib.scores import titles
from facefair_lib.scores.resampling import ALPHA
from facefair_lib.settings import labels

# Purple to orange is colour-blind safe; both ends are pale enough for dark type.
_DIVERGING = LinearSegmentedColormap.from_list("facefair_diverging", ["#9d8ec7", "#f7f7f7", "#f0a04b"])
_NARROWEST = 0.02  # half the width of the narrowest scale: a narrower one would make noise look like contrast


def outline(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw the outlines of a mask's classes on its image, one pixel wide, in the colours of the classes.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    mask : (H, W) uint8 class indices

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    check_pairs(image[None], mask[None], "outline")
    around = np.pad(mask, 1, mode="edge")
    neighbours = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    border = np.any([mask != neighbour for neighbour in neighbours], axis=0)
    border &= mask != labels.INDEX["background"]  # the outline of the head is drawn inside it
    return np.where(border[..., None], labels.encode(mask), image)


def counterfactual_examples(
    images: np.ndarray, people: pd.DataFrame, masks: np.ndarray, predictions: Mapping[str, np.ndarray] | None = None
) -> Figure:
    """Draw one person in three groups (rows) and three skin tones (columns), with outlines and predicted masks.

    Parameters
    ----------
    images : (N, H, W, 3) uint8, in the order of ``people``
    people : columns group and skin_tone (Monk), every combination once; ``<model>_iou`` (0 to 1) becomes a caption
    masks : (N, H, W) uint8 true class indices
    predictions : model -> (N, H, W) uint8 predicted class indices
    """
    style.require_columns(people, ("group", "skin_tone"), "counterfactual pictures")
    predictions = dict(predictions or {})
    check_pairs(images, masks, "counterfactual pictures")
    for model, predicted in predictions.items():
        check_pairs(images, predicted, f"predictions of {style.title_of(model, titles.MODEL_TITLES, 'model')}")
    groups = titles.in_order(people["group"], titles.GROUP_TITLES)
    tones = sorted(set(people["skin_tone"]))
    place = {key: row for row, key in enumerate(zip(people["group"], people["skin_tone"], strict=True))}
    if len(place) != len(people) or len(images) != len(people) or len(place) != len(groups) * len(tones):
        raise InputError(
            "counterfactual pictures",
            found=f"{len(images)} pictures of {len(groups)} groups and {len(tones)} tones, {len(people)} rows",
            expected="each group with each tone once, one row per picture",
            do="give the pictures of one base identity in all groups and tones",
        )
    models = titles.in_order(predictions, titles.MODEL_TITLES)
    rows = []
    for group in groups:
        row = []
        for tone in tones:
            i = place[group, tone]
            row.append(Picture(outline(images[i], masks[i])))
            row += [Picture(predictions[m][i], "mask", _iou_text(people, i, m)) for m in models]
        rows.append(row)
    figure = picture_rows(
        rows,
        column_titles=[
            text for tone in tones for text in (f"Tone {tone:g}", *(titles.MODEL_TITLES[model] for model in models))
        ],
        row_titles=[titles.title(group) for group in groups],
        width=style.PAGE_WIDTH if models else style.COLUMN_WIDTH,
    )
    shown = " and the masks of " + " and ".join(titles.MODEL_TITLES[model] for model in models) if models else ""
    return style.describe(
        figure, f"One rendered person in {len(groups)} groups and {len(tones)} skin tones, with label outlines{shown}."
    )


def _iou_text(people: pd.DataFrame, row: int, model: str) -> str:
    column = f"{model}_iou"
    return iou_caption(people[column].iloc[row]).replace("image ", "") if column in people else ""


def counterfactual_pairs(pairs: pd.DataFrame, means: pd.DataFrame, effects: pd.DataFrame) -> Figure:
    """Figure 9: each identity's score as three groups, each in its typical tone, and the differences in two parts.

    Scores are drawn relative to the identity's own mean, because identities differ far more from each other than the
    versions of one identity do. The bold line is the mean with its interval over identities.

    Parameters
    ----------
    pairs : columns model, subject_id, group, relative (``tables.counterfactual.relative_pairs``)
    means : columns model, group, relative, low, high (``tables.counterfactual.mean_pairs``)
    effects : columns model, contrast, component, difference, low, high, p_adjusted
    """
    style.require_columns(pairs, ("model", "subject_id", "group", "relative"), "pairs")
    style.require_columns(means, ("model", "group", "relative", "low", "high"), "means of the pairs")
    needed = ("model", "contrast", "component", "difference", "low", "high", "p_adjusted")
    style.require_columns(effects, needed, "effects")
    models, groups = style.models_in(pairs), titles.in_order(pairs["group"], titles.GROUP_TITLES)
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        *panels, right = figure.subplots(1, len(models) + 1, width_ratios=[*[1] * len(models), 1.35])
        reach = 105 * max(0.01, pairs["relative"].abs().max())
        for axes, model in zip(panels, models, strict=True):
            middle = means[means["model"] == model].set_index("group").reindex(groups)
            _draw_slopes(axes, pairs[pairs["model"] == model], middle, model)
            axes.set_ylim(-reach, reach)
        for axes in panels[1:]:
            axes.sharey(panels[0])
            axes.tick_params(labelleft=False)
        panels[0].set_ylabel(f"{titles.COMPARED_BY_TITLE}\n{MINUS} own mean (points)")
        _draw_effects(right, effects)
    return style.describe(
        figure,
        "Score of each counterfactual identity as each of three groups in its typical tone, relative to its own mean, "
        "with the mean over identities, and the differences between groups split into morphology and skin tone, with "
        "95 % intervals.",
    )


def _draw_slopes(axes: Axes, pairs: pd.DataFrame, means: pd.DataFrame, model: str) -> None:
    """Draw one thin line per identity and, in bold, the groups' means with their intervals."""
    import seaborn

    places, colour = np.arange(len(means)), style.MODEL_COLOURS[model]
    seaborn.lineplot(
        x=pairs["group"].map(means.index.get_loc), y=100 * pairs["relative"], units=pairs["subject_id"],
        estimator=None, color=style.GREY, linewidth=0.4, alpha=0.35, ax=axes,
    )  # fmt: skip
    axes.axhline(0, color=style.GREY, linewidth=0.6, linestyle=":")
    middle = 100 * means[["relative", "low", "high"]].rename(columns={"relative": "value"})
    look = {"markersize": 5, "linewidth": 2, "elinewidth": 1.6, "capsize": 3, "zorder": 3}
    whiskers(axes, middle, places, vertical=True, color=colour, marker=style.MODEL_MARKERS[model], **look)
    for place, mean in zip(places, means["relative"], strict=True):
        axes.annotate(
            signed_points(mean), (place, 100 * mean), (9, 3), textcoords="offset points", color=colour,
            fontweight="bold", fontsize=style.SMALL_SIZE, zorder=5,
            bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.6, "linewidth": 0},
        )  # fmt: skip
    axes.set_xticks(places, [titles.title(group) for group in means.index])
    axes.set(xlim=(-0.3, len(means) - 0.45), xlabel="", ylabel="")
    axes.set_title(f"{titles.MODEL_TITLES[model]}, n = {pairs['subject_id'].nunique()}", color=colour, pad=4)


def _draw_effects(axes: Axes, effects: pd.DataFrame) -> None:
    """Draw a forest plot of all contrasts, each total above its two parts."""
    contrasts = list(dict.fromkeys(effects["contrast"]))
    keys = [(contrast, component) for contrast in contrasts for component in titles.COMPONENT_TITLES]
    axes.axvline(0, color=style.GREY, linewidth=0.6)
    for model in style.models_in(effects):
        part = effects[effects["model"] == model].set_index(["contrast", "component"]).reindex(keys)
        places = np.arange(len(keys)) + 1.2 * DODGE[model]
        draw_marks(axes, part["difference"], part, places, model, part["p_adjusted"])
    names = [
        contrast_title(contrast) if component == "total" else titles.COMPONENT_TITLES[component].lower()
        for contrast, component in keys
    ]
    name_rows(axes, names)
    for label, (_, component) in zip(axes.get_yticklabels(), keys, strict=True):
        label.set_fontweight("bold" if component == "total" else "normal")
    part_rows(axes, len(titles.COMPONENT_TITLES))
    axes.set_xlabel(f"Difference in {titles.COMPARED_BY_TEXT}\n(points); filled: p < {ALPHA:g}, adjusted")
    axes.legend(
        handles=model_handles(style.models_in(effects)), loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2,
        handletextpad=0.2, borderaxespad=0.1,
    )  # fmt: skip


def skin_tone_curve(tones: pd.DataFrame, groups: pd.DataFrame, swatches: Sequence[str]) -> Figure:
    """Figure 10: score against skin tone with everything else held fixed, and its mean over each group's own tones.

    Scores are drawn relative to the identity's own mean over the tones; the axis shows the tones' colours.

    Parameters
    ----------
    tones : columns model, skin_tone, relative, relative_low, relative_high, p_adjusted, n_subjects; a mark is filled
        if the tone differs from the best one
    groups : columns model, group, relative, relative_low, relative_high
    swatches : ten hexadecimal colours, tone 1 first (``facefair_heads.shading.skin.MONK_SCALE``)
    """
    style.require_columns(tones, ("model", "skin_tone", *_RELATIVE, "p_adjusted", "n_subjects"), "skin tones")
    style.require_columns(groups, ("model", "group", *_RELATIVE), "skin tones of groups")
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, 2.6)
        curve, means = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
        for axes in (curve, means):
            axes.axhline(0, color=style.GREY, linewidth=0.6, linestyle=":")
            axes.grid(axis="y")
        for model in style.models_in(tones):
            _draw_curve(curve, tones[tones["model"] == model].sort_values("skin_tone"), model)
        tint_axis(curve, swatches)
        curve.set(xlabel=f"Monk skin tone ({titles_of_counts(tones['n_subjects'])} identities at each)")
        curve.set_ylabel(f"{titles.COMPARED_BY_TITLE}\n{MINUS} own mean (points)")
        curve.yaxis.set_major_locator(MaxNLocator(6))
        _draw_group_tones(means, groups)
        handles = model_handles(style.models_in(tones))
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return style.describe(
        figure,
        "Score against skin tone for both models, all else about person and picture held fixed, with 95 % bands, and "
        "the mean of this curve over the tones of each group.",
    )


_RELATIVE = ("relative", "relative_low", "relative_high")


def _draw_curve(axes: Axes, part: pd.DataFrame, model: str) -> None:
    """Draw one model's curve with its band; a mark is filled if the tone differs from the best one."""
    colour = style.MODEL_COLOURS[model]
    value, low, high = (100 * part[column] for column in _RELATIVE)
    axes.fill_between(part["skin_tone"], low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(part["skin_tone"], value, color=colour, label=titles.MODEL_TITLES[model])
    dots_along(axes, part["skin_tone"], value, model, part["p_adjusted"])


def _draw_group_tones(axes: Axes, groups: pd.DataFrame) -> None:
    """Draw each group's mean over its own tones, on the scale of the curve."""
    names = titles.in_order(groups["group"], titles.GROUP_TITLES)
    for model in style.models_in(groups):
        part = groups[groups["model"] == model].set_index("group").reindex(names)
        shown = 100 * part[list(_RELATIVE)].set_axis(["value", "low", "high"], axis=1)
        whiskers(axes, shown, np.arange(len(names)) + DODGE[model], vertical=True, **model_look(model))
    axes.set_xticks(range(len(names)), [titles.title(group) for group in names])
    axes.set(xlim=(-0.5, len(names) - 0.5), xlabel="in the tones of each group")


def tint_axis(axes: Axes, swatches: Sequence[str]) -> None:
    """Draw the tones' colours along the lower edge of a panel, one above each number."""
    for tone, code in enumerate(swatches, start=1):
        axes.add_patch(
            Rectangle(
                (tone - 0.5, -0.075), 1, 0.075, transform=axes.get_xaxis_transform(), facecolor=f"#{code.lstrip('#')}",
                edgecolor="white", linewidth=0.5, clip_on=False,
            )
        )  # fmt: skip
    axes.set_xticks(range(1, len(swatches) + 1))
    axes.set_xlim(0.5, len(swatches) + 0.5)
    axes.tick_params(axis="x", length=0, pad=13)


def class_gaps(classes: pd.DataFrame) -> Figure:
    """Figure 11: each group's score on each class, relative to the mean of the groups.

    Parameters
    ----------
    classes : columns model, group, class, relative, p_adjusted, n_subjects; a class that fewer than ``MIN_SUBJECTS``
        people show is hatched and not coloured
    """
    style.require_columns(classes, ("model", "group", "class", "relative", "p_adjusted", "n_subjects"), "classes")
    models, groups = style.models_in(classes), titles.in_order(classes["group"], titles.GROUP_TITLES)
    large = classes.loc[classes["n_subjects"] >= MIN_SUBJECTS, "relative"].abs().max()
    reach = max(_NARROWEST, 0 if np.isnan(large) else large)
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 4.2)
        figure.get_layout_engine().set(wspace=0.02)
        panels = np.atleast_1d(figure.subplots(1, len(models), sharey=True))
        for axes, model in zip(panels, models, strict=True):
            part = classes[classes["model"] == model].set_index(["class", "group"])
            cells = part.reindex(pd.MultiIndex.from_product([labels.CLASS_NAMES, groups]))
            names = (_class_names(classes), [titles.title(group) for group in groups])
            shades = _draw_class_cells(axes, cells, names, reach)
            axes.tick_params(axis="x", labelrotation=90)
            axes.set_title(titles.MODEL_TITLES[model], color=style.MODEL_COLOURS[model], pad=3)
            axes.tick_params(axis="y", labelleft=axes is panels[0])
        scale_below(figure, shades, panels, f"IoU {MINUS} mean of the groups (points)", fraction=0.04, pad=0.02)
        note = f"* p < {ALPHA:g} after adjustment; hatched: fewer than {MIN_SUBJECTS} people"
        figure.supxlabel(note, fontsize=6.5)
    return style.describe(
        figure,
        "IoU of each class and group relative to the mean of the groups, by model; stars mark differences that remain "
        "after adjustment for all groups and classes.",
    )


def _class_names(classes: pd.DataFrame) -> list[str]:
    """Write class titles above the number of people in the smallest group."""
    people = classes.groupby("class")["n_subjects"].min()
    counts = [people.get(name, 0) for name in labels.CLASS_NAMES]
    return [f"{text}\nn = {count:.0f}" for text, count in zip(labels.CLASS_TITLES, counts, strict=True)]


def _draw_class_cells(
    axes: Axes, cells: pd.DataFrame, names: tuple[list[str], list[str]], reach: float
) -> ScalarMappable:
    """Draw the heat map of one model; the rows of ``cells`` are ordered by class, then group."""
    columns = ("relative", "n_subjects", "p_adjusted")
    shape = (len(names[0]), len(names[1]))
    values, people, p = (cells[column].to_numpy(float).reshape(shape) for column in columns)
    small = ~(people >= MIN_SUBJECTS) | np.isnan(values)
    texts = np.vectorize(_gap_text)(values, small, p < ALPHA)
    scale = (_DIVERGING, Normalize(-100 * reach, 100 * reach))
    shades = draw_heat_map(axes, np.where(small, np.nan, 100 * values), texts, names, scale)
    for text in axes.texts:
        text.set_fontweight("bold" if text.get_text().endswith("*") else "normal")
    hatch_cells(axes, small, texts)
    return shades


def _gap_text(value: float, small: bool, clear: bool) -> str:
    """Write points, with a star if they are significant and in brackets if the cell is small."""
    number = "–" if np.isnan(value) else signed_points(value)
    if small:
        return f"({number})" if number != "–" else number
    return f"{number}*" if clear else number


def emotion_cells(features: pd.DataFrame) -> Figure:
    """Draw the score of every group and emotion, one heat map per model.

    Parameters
    ----------
    features : rows of ``features.csv``; those of the feature group_emotion are drawn, whose level names group and
        emotion, such as ``asian sad``; a cell with fewer than ``MIN_SUBJECTS`` people is hatched and not coloured
    """
    style.require_columns(features, ("model", "feature", "level", "value", "n_subjects"), "features")
    cells = features[features["feature"] == "group_emotion"]
    style.require_columns(cells, ("level",), "features with the feature group_emotion")
    parts = [re.split(r"\W+|_", str(level)) for level in cells["level"]]
    if any(len(part) != 2 for part in parts):
        raise InputError(
            "features",
            found=f"the level {cells['level'].iloc[0]!r}",
            expected="group and emotion, as in 'asian sad'",
            do="write both into the level",
        )
    cells = cells.assign(group=[part[0] for part in parts], emotion=[part[1] for part in parts])
    with style.look():
        figure = style.new_figure(style.COLUMN_WIDTH, 2.3)
        figure.get_layout_engine().set(wspace=0.02)
        panels = np.atleast_1d(figure.subplots(1, len(style.models_in(cells))))
        draw_emotions(figure, panels, cells, f"{titles.COMPARED_BY_TITLE} (n = people)")
    return style.describe(figure, f"{titles.COMPARED_BY_TITLE} by group and emotion, for both models.")
