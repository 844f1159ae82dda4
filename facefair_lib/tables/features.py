"""Scores by every feature of the people, singly and in pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from facefair_lib.fairness.features import feature_table
from facefair_lib.scores.metrics import fixed_iou, shown_iou_per_class
from facefair_lib.scores.resampling import REPLICATES
from facefair_lib.settings.labels import INDEX, OPTIONAL_PARTS
from facefair_lib.tables.checks import CountsByModel, check_tables, label_rows, per_model

COLUMNS = ["model", "feature", "level", "value", "low", "high", "small", "n_images", "n_subjects"]
_NOT_FACE = (INDEX["background"], INDEX["hair"])


def with_face_share(people: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Add ``face_share``, the share of a picture that its face fills, without hair, and ``turn``, the absolute yaw in
    degrees; ``labels`` are the true classes, (N, H, W) uint8.
    """
    share = 1 - np.isin(labels, _NOT_FACE).mean((1, 2))
    return people.assign(face_share=share, turn=people["yaw"].abs())


def features_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score every level of every feature on the fixed classes: ``COLUMNS``."""
    if people.empty:
        return pd.DataFrame(columns=COLUMNS)
    check_tables(counts_by_model, people)
    sizes = {"replicates": replicates, "seed": seed}
    return per_model(counts_by_model, lambda counts: feature_table(fixed_iou(counts), people, **sizes))


def optional_parts_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each optional part by every feature, only on the pictures that show the part.

    Returns
    -------
    class and ``COLUMNS``: ``value`` is the mean IoU of the class, ``n_images`` the number of pictures that show it
    """
    if people.empty:
        return pd.DataFrame(columns=["class", *COLUMNS])
    check_tables(counts_by_model, people)
    tables = []
    for name, (model, counts) in itertools.product(OPTIONAL_PARTS, counts_by_model.items()):
        of_part = shown_iou_per_class(counts)[:, INDEX[name]]  # (N,)
        table = feature_table(of_part, people, replicates=replicates, seed=seed)
        tables.append(label_rows(table, **{"class": name, "model": model}))
    return pd.concat(tables, ignore_index=True)
