"""Table of notebook 08: what labelled photographs add to networks trained on rendered people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from facefair_lib.scores.confusion import merge_counts
from facefair_lib.scores.metrics import f1_per_class, mean_f1_foreground
from facefair_lib.scores.resampling import REPLICATES, subject_bootstrap
from facefair_lib.settings import labels
from facefair_lib.tables.checks import check_tables, interval_bounds


def adaptation_table(
    runs: pd.DataFrame,
    counts: np.ndarray,
    images: pd.DataFrame,
    *,
    groups: Mapping[str, Sequence[str]] = labels.FASSEG_GROUPS,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Score the networks of every budget on the same test photographs.

    Parameters
    ----------
    runs : R rows with model, start, photographs, draw
    counts : (R, N, 11, 11) integer, in the order of ``runs``
    images : N rows with image_id and subject_id
    groups : merged name -> class names, the background group first

    Returns
    -------
    model, start, photographs, class, f1, low, high, n_draws, n_images, n_subjects: the mean over draws of photographs,
    with a 95 % interval over draws and test people; class "mean" is the mean over the classes except background
    """
    check_tables({f"run {run}": part for run, part in enumerate(counts)}, images)
    names, lookup = labels.merge_lookup(groups)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    size = (len(images), bootstrap.subjects())
    table = []
    for key, rows in runs.reset_index(drop=True).groupby(["model", "start", "photographs"], sort=False):
        merged = merge_counts(counts[rows.index], lookup)  # (D, N, K, K)
        value = _scores(merged.sum(1)).mean(0)  # (K,)
        totals = np.stack([bootstrap.totals(draw) for draw in merged])  # (D, B, K, K)
        resampled = _over_draws(_scores(totals), seed)  # (B, K)
        for index, name in enumerate([*names[1:], "mean"]):
            low, high = interval_bounds(resampled[:, index], size[1])
            table.append((*key, name, value[index], low, high, len(rows), *size))
    columns = ["model", "start", "photographs", "class", "f1", "low", "high", "n_draws", "n_images", "n_subjects"]
    return pd.DataFrame(table, columns=columns)


def _scores(totals: np.ndarray) -> np.ndarray:
    """F1 of the foreground classes and, last, their mean: (..., K, K) -> (..., K)."""
    return np.concatenate([f1_per_class(totals)[..., 1:], mean_f1_foreground(totals)[..., None]], -1)


def _over_draws(scores: np.ndarray, seed: int) -> np.ndarray:
    """Mean over draws that are themselves drawn with replacement, (D, B, K) -> (B, K)."""
    draws, replicates = scores.shape[:2]
    chosen = np.random.default_rng(seed).integers(draws, size=(draws, replicates))  # (D, B)
    return np.take_along_axis(scores, chosen[..., None], axis=0).mean(0)
