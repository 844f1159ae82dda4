"""Scores without a mask: what can be said of a prediction where nobody knows the truth, and whether it can be trusted.

Source of the question: performance can be guessed from agreement and consistency; how well, must be measured where the
truth is known (Valindria et al., "Reverse classification accuracy", IEEE TMI 36, 2017).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.fairness.subjects import units
from facefair_lib.scores import without_masks
from facefair_lib.scores.metrics import image_scores
from facefair_lib.scores.resampling import REPLICATES
from facefair_lib.tables.checks import CountsByModel

COLUMNS = ["image_id", "group", "emotion", "model", "measure", "value"]


def picture_table(
    masks_by_model: Mapping[str, np.ndarray], looks: Mapping[str, Mapping[str, np.ndarray]], people: pd.DataFrame
) -> pd.DataFrame:
    """Measure every prediction without its truth.

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
    """Say how well each measure goes with the true score.

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
