"""Scores by every feature of the people, one at a time and in twos."""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.fairness.features import feature_table
from facefair_lib.scores.metrics import image_scores
from facefair_lib.scores.resampling import REPLICATES
from facefair_lib.settings.labels import INDEX
from facefair_lib.tables.checks import CountsByModel, check_tables, label_rows

_NOT_FACE = (INDEX["background"], INDEX["hair"])


def with_face_share(people: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Add ``face_share``, the share of a picture that its face fills, hair left out, and ``turn``, degrees of yaw to
    either side; labels (N, H, W) uint8 are the true ones.
    """
    labels = np.asarray(labels)
    share = 1 - np.isin(labels, _NOT_FACE).mean((1, 2))
    return people.assign(face_share=share, turn=people["yaw"].abs())


def features_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score every level of every feature: model, feature, level, value, low, high, small, n_images, n_subjects."""
    if people.empty:
        columns = ["model", "feature", "level", "value", "low", "high", "small", "n_images", "n_subjects"]
        return pd.DataFrame(columns=columns)
    check_tables(counts_by_model, people)
    tables = [
        label_rows(
            feature_table(image_scores(counts)["image_iou"], people, replicates=replicates, seed=seed),
            model=model,
        )
        for model, counts in counts_by_model.items()
    ]
    return pd.concat(tables, ignore_index=True)
