"""Figures of notebook 04: scores by class, confusion between classes, and where the two models differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.heat_map import draw_heat_map
from facefair_lib.figures.intervals import DODGE, model_look, name_rows, part_rows, whiskers
from facefair_lib.figures.pictures import FIRST_RIGHT, SECOND_RIGHT, Picture, check_pairs, iou_caption, picture_rows
from facefair_lib.scores import titles
from facefair_lib.settings import labels

_MODELS = tuple(titles.MODEL_TITLES)
_PRINT_FROM = 0.005  # smaller shares are left blank: 121 numbers are too many to read


def class_scores(classes: pd.DataFrame, differences: pd.DataFrame | None = None, metric: str = "iou") -> Figure:
    """Figure 6: each class's score by both models with 95 % intervals, in class order.

    Parameters
    ----------
    classes : columns model, class, metric, value, low, high, n_images
    differences : columns class, metric, difference, low, high (DeepLabV3 minus PSPNet); adds a second panel
    metric : which metric of the tables is drawn
    """
    style.require_columns(classes, ("model", "class", "metric", "value", "low", "high", "n_images"), "class scores")
    title = style.title_of(metric, titles.METRIC_TITLES, "metric")
    chosen = style.rows_of(classes, metric, "class scores")
    with style.look():
        width, ratios = (style.COLUMN_WIDTH, [1]) if differences is None else (style.PAGE_WIDTH, [3, 2])
        figure = style.new_figure(width, 4.1)
        panels = figure.subplots(1, len(ratios), sharey=True, width_ratios=ratios, squeeze=False)[0]
        _class_axis(panels[0], chosen)
        for model in style.models_in(chosen):
            part = chosen[chosen["model"] == model].set_index("class").reindex(labels.CLASS_NAMES)
            whiskers(panels[0], part, np.arange(len(part)) + DODGE[model], **model_look(model))
        panels[0].set(xlim=(0, 1), xlabel=f"{title} (95 % interval)")
        handles, texts = panels[0].get_legend_handles_labels()
        if differences is not None:
            figure.get_layout_engine().set(wspace=0.05)
            _draw_differences(panels[1], style.rows_of(differences, metric, "differences of the models"), title)
        figure.legend(handles, texts, loc="outside upper center", ncols=2)
    return style.describe(figure, f"{title} of each class for DeepLabV3 and PSPNet, with 95 % intervals.")


def _class_axis(axes: Axes, chosen: pd.DataFrame) -> None:
    """Write the class names down the left side, with the number of images below each name."""
    counts = chosen.drop_duplicates("class").set_index("class")["n_images"].reindex(labels.CLASS_NAMES)
    name_rows(axes, labels.CLASS_TITLES)
    part_rows(axes)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("bottom")
    for place, count in enumerate(counts):
        text = "absent" if np.isnan(count) or count == 0 else f"n = {count:,.0f}"
        axes.annotate(
            text, (0, place), (-4, -1), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
            ha="right", va="top", fontsize=6, color=style.GREY,
        )  # fmt: skip


def _draw_differences(axes: Axes, differences: pd.DataFrame, title: str) -> None:
    style.require_columns(differences, ("class", "difference", "low", "high"), "differences of the models")
    part = differences.rename(columns={"difference": "value"}).set_index("class").reindex(labels.CLASS_NAMES)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    whiskers(axes, part, np.arange(len(part)), fmt="D", color=style.INK)
    reach = 1.1 * np.nanmax(np.abs(part[["value", "low", "high"]].to_numpy(float)), initial=0.01)
    axes.set(xlim=(-reach, reach), xlabel=f"Difference in {title}, DeepLabV3 − PSPNet")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    part_rows(axes)


def confusion_matrix(counts: np.ndarray) -> Figure:
    """Draw pooled confusion counts as shares of each row.

    Parameters
    ----------
    counts : (11, 11) int, rows = target; the row of a class without pixels stays blank

    Raises
    ------
    ValueError
        if the counts have another shape
    """
    if counts.shape != (labels.NUM_CLASSES,) * 2:
        raise ValueError(f"confusion counts have shape {counts.shape}; expected {(labels.NUM_CLASSES,) * 2}")
    total = counts.sum(1, keepdims=True)
    shares = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    with style.look():
        figure = style.new_figure(4.6, 4.2)
        axes = figure.subplots()
        texts = np.vectorize(_percent)(np.nan_to_num(shares))
        roots = np.sqrt(shares)  # makes small confusions visible
        draw_heat_map(axes, roots, texts, (labels.CLASS_TITLES,) * 2, ("Blues", Normalize(0, 1)), fontsize=6.5)
        axes.set_aspect("equal")
        axes.tick_params(axis="x", labelrotation=45, labelrotation_mode="xtick")
        axes.set(xlabel="predicted", ylabel="true")
    return style.describe(figure, "Confusion matrix: per cent of each true class's pixels by predicted class.")


def _percent(share: float) -> str:
    return "" if share < _PRINT_FROM else f"{100 * share:.0f}" if share >= 0.01 else "<1"


def disagreement(target: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Map which of two predictions is right at each pixel.

    Parameters
    ----------
    target, first, second : (H, W) uint8 class indices

    Returns
    -------
    (H, W) uint8: 0 both right, 1 only the first, 2 only the second, 3 both wrong, 255 where the target is ignored
    """
    if not target.shape == first.shape == second.shape:
        raise InputError(
            "disagreement map",
            found=f"shapes {target.shape}, {first.shape}, {second.shape}",
            expected="three masks of one shape",
            do="give them as stored: predictions have the size of their targets",
        )
    wrong = (first != target) * SECOND_RIGHT + (second != target) * FIRST_RIGHT  # (H, W)
    return np.where(target == labels.IGNORE_INDEX, labels.IGNORE_INDEX, wrong).astype(np.uint8)


def example_rows(examples: pd.DataFrame, scores: pd.DataFrame, model: str = "deeplabv3") -> pd.DataFrame:
    """Choose the rows of figure 7: best, median and worst image of ``model`` and the largest difference.

    Parameters
    ----------
    examples : columns rank, image_id, row, model (``examples.csv``)
    scores : columns model, image_id, image_iou (``images.csv``)

    Returns
    -------
    rank, image_id, row, deeplabv3_iou, pspnet_iou: one row per image, ready for ``model_examples``
    """
    style.require_columns(examples, ("rank", "image_id", "row", "model"), "examples of the models")
    style.require_columns(scores, ("model", "image_id", "image_iou"), "scores of the images")
    chosen = examples.loc[examples["model"] == model, ["rank", "image_id", "row"]].reset_index(drop=True)
    style.require_columns(chosen, ("rank",), f"examples of {model}")
    known = scores.set_index(["model", "image_id"])["image_iou"]
    for key in _MODELS:
        chosen[f"{key}_iou"] = [float(known.get((key, image_id), np.nan)) for image_id in chosen["image_id"]]
    return chosen


def model_examples(
    examples: pd.DataFrame, images: np.ndarray, targets: np.ndarray, predictions: Mapping[str, np.ndarray]
) -> Figure:
    """Figure 7: where the two models differ, one row per example.

    Parameters
    ----------
    examples : columns rank, deeplabv3_iou, pspnet_iou (image IoU, 0 to 1 or NaN), from ``example_rows``
    images : (N, H, W, 3) uint8, in the order of ``examples``
    targets : (N, H, W) uint8 class indices
    predictions : model -> (N, H, W) uint8 class indices, for both models
    """
    style.require_columns(examples, ("rank", "deeplabv3_iou", "pspnet_iou"), "examples of the models")
    check_pairs(images, targets, "examples of the models")
    for model in _MODELS:
        if model not in predictions:
            raise InputError(
                "examples of the models",
                found=f"predictions of {', '.join(predictions) or 'no model'}",
                expected=f"predictions of {' and '.join(_MODELS)}",
                do=f"add those of {model}",
            )
        check_pairs(images, predictions[model], f"predictions of {model}")
    if len(examples) != len(images):
        raise InputError(
            "examples of the models",
            found=f"{len(examples)} rows beside {len(images)} images",
            expected="one image per row",
            do="index the arrays with the rows of the table first",
        )
    rows = []
    for i, (image, target) in enumerate(zip(images, targets, strict=True)):
        masks = {model: predictions[model][i] for model in _MODELS}
        row = [Picture(image), Picture(target, "mask")]
        row += [Picture(mask, "mask", iou_caption(examples[f"{m}_iou"].iloc[i])) for m, mask in masks.items()]
        rows.append([*row, Picture(disagreement(target, *masks.values()), "disagreement")])
    figure = picture_rows(
        rows,
        column_titles=("Image", "Truth", *titles.MODEL_TITLES.values(), "Who is right"),
        row_titles=[str(rank).replace("_", " ").capitalize() for rank in examples["rank"]],
    )
    return style.describe(figure, "Example images with truth, both models' masks and a map of who is right, by rank.")
