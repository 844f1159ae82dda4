"""Figure 7: where the two models differ, picture by picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.pictures import FIRST_RIGHT, SECOND_RIGHT, Picture, check_pairs, iou_caption, picture_rows
from facefair_lib.scores import titles
from facefair_lib.settings import labels

_MODELS = tuple(titles.MODEL_TITLES)


def disagreement(target: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Say of each pixel which of two predictions is right.

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
            do="resize none of them: predictions are stored at the size of their targets",
        )
    wrong = (first != target) * SECOND_RIGHT + (second != target) * FIRST_RIGHT  # (H, W)
    return np.where(target == labels.IGNORE_INDEX, labels.IGNORE_INDEX, wrong).astype(np.uint8)


def example_rows(examples: pd.DataFrame, scores: pd.DataFrame, model: str = "deeplabv3") -> pd.DataFrame:
    """Choose the rows of figure 7: best, median and worst image of ``model``, and the largest difference.

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
    examples: pd.DataFrame,
    images: np.ndarray,
    targets: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    *,
    palette: str = "paper",
) -> Figure:
    """Figure 7: where the two models differ, one row per example.

    Parameters
    ----------
    examples : columns rank, deeplabv3_iou, pspnet_iou (image IoU, 0 to 1 or NaN); one row per row of the figure
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
    rows = [
        _example_row(example, images[i], targets[i], *(predictions[model][i] for model in _MODELS))
        for i, example in enumerate(examples.itertuples())
    ]
    figure = picture_rows(
        rows,
        column_titles=("Image", "Truth", *titles.MODEL_TITLES.values(), "Who is right"),
        row_titles=[str(rank).replace("_", " ").capitalize() for rank in examples["rank"]],
        palette=palette,
    )
    return style.describe(figure, "Example images with truth, both models' masks and a map of who is right, by rank.")


def _example_row(
    example: object, image: np.ndarray, target: np.ndarray, first: np.ndarray, second: np.ndarray
) -> list[Picture]:
    return [
        Picture(image),
        Picture(target, "mask"),
        Picture(first, "mask", iou_caption(example.deeplabv3_iou)),
        Picture(second, "mask", iou_caption(example.pspnet_iou)),
        Picture(disagreement(target, first, second), "disagreement"),
    ]
