"""Scores without a mask: measures of predictions whose truth is unknown, and how far these can be trusted.

Performance can be guessed from agreement and consistency; how well is measured where the truth is known. Source:
Valindria et al., "Reverse classification accuracy", IEEE TMI 36 (2017).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.data.grid import UNKNOWN
from facefair_lib.fairness.features import feature_table
from facefair_lib.fairness.subjects import units
from facefair_lib.scores import without_masks
from facefair_lib.scores.metrics import image_scores
from facefair_lib.scores.resampling import REPLICATES
from facefair_lib.tables.checks import CountsByModel, label_rows

COLUMNS = ["image_id", "group", "emotion", "model", "measure", "value"]


def picture_table(
    masks_by_model: Mapping[str, np.ndarray], looks: Mapping[str, Mapping[str, np.ndarray]], people: pd.DataFrame
) -> pd.DataFrame:
    """Measure every prediction without its true mask.

    Parameters
    ----------
    masks_by_model : two models -> (N, H, W) predicted classes
    looks : model -> measure -> (N,), of ``steadiness.look_twice``
    people : N rows with image_id, group, emotion

    Returns
    -------
    image_id, group, emotion, model, measure, value; measures in the order of ``without_masks.MEASURES``
    """
    first, second = masks_by_model.values()
    agreed = without_masks.label_agreement(first, second)  # (N,)
    names = people[["image_id", "group", "emotion"]].reset_index(drop=True)
    tables = []
    for model, masks in masks_by_model.items():
        known = {"model_agreement": agreed, "plausibility": without_masks.plausibility(masks), **looks[model]}
        for measure in without_masks.MEASURES:
            tables.append(names.assign(model=model, measure=measure, value=known[measure]))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def with_truth(pictures: pd.DataFrame, counts_by_model: CountsByModel, people: pd.DataFrame) -> pd.DataFrame:
    """Add the true ``image_iou``, the subject and the unit (``subjects.units``) to rows of ``picture_table``."""
    truth = pd.concat(
        people[["image_id", "subject_id"]].assign(
            unit=units(people), model=model, image_iou=image_scores(counts)["image_iou"]
        )
        for model, counts in counts_by_model.items()
    )
    return pictures.merge(truth, on=["image_id", "model"], how="left", validate="many_to_one")


def quality_table(pictures: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0) -> pd.DataFrame:
    """Correlate each measure with the true score.

    Parameters
    ----------
    pictures : of ``with_truth``

    Returns
    -------
    measure, model, correlation (Spearman), low, high, n_images, n_subjects
    """
    table = []
    for (measure, model), rows in pictures.groupby(["measure", "model"], sort=False):
        columns = (rows[name].to_numpy() for name in ("value", "image_iou", "unit"))
        found = without_masks.predicts(*columns, replicates=replicates, seed=seed)
        people = rows.dropna(subset=["value", "image_iou"])["subject_id"].nunique()
        table.append({"measure": measure, "model": model, **vars(found), "n_subjects": people})
    columns = ["measure", "model", "correlation", "low", "high", "n_images", "n_subjects"]
    return pd.DataFrame(table, columns=columns)


def group_quality_table(
    pictures: pd.DataFrame,
    people: pd.DataFrame,
    quality: pd.DataFrame,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Average each measure over the photographs of each group, beside its correlation with the true score.

    Parameters
    ----------
    pictures : of ``picture_table``, for photographs
    people : table of the photographs with image_id, subject_id and group
    quality : of ``quality_table``, for people whose true masks are known; the same models and measures

    Returns
    -------
    measure, model, group, value, low, high (95 % over people), small, n_images, n_subjects as in ``feature_table``;
    correlation, correlation_low, correlation_high, n_validated: the rank correlation with the true image IoU and the
    number of pictures it was measured on. Photographs of an unknown group are left out.

    Notes
    -----
    The correlation was measured on other pictures. That it holds for these photographs, and equally in every group, is
    an assumption that cannot be checked without masks.
    """
    known = people.set_index("image_id")[["subject_id", "group"]]
    known = known.assign(group=known["group"].where(known["group"] != UNKNOWN, None))
    tables = []
    for (measure, model), rows in pictures.groupby(["measure", "model"], sort=False):
        shown = known.loc[rows["image_id"]]
        table = feature_table(rows["value"].to_numpy(), shown, replicates=replicates, seed=seed)
        tables.append(label_rows(table.rename(columns={"level": "group"}), measure=measure, model=model))
    names = {"low": "correlation_low", "high": "correlation_high", "n_images": "n_validated"}
    worth = quality.drop(columns="n_subjects").rename(columns=names)
    table = pd.concat(tables, ignore_index=True).drop(columns="feature")
    return table.merge(worth, on=["measure", "model"], how="left", validate="many_to_one")
