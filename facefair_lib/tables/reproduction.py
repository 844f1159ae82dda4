"""Tables of notebook 06: the true score of every step of the ladder, and of one network fed in several ways."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.scores.metrics import mean_iou
from facefair_lib.scores.resampling import REPLICATES, subject_bootstrap
from facefair_lib.tables.checks import check_tables, interval_bounds

CountsByStep = Mapping[str, np.ndarray]


def ladder_changes(
    counts: Mapping[str, CountsByStep], images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score every step on the same pictures and compare it with the step before.

    Parameters
    ----------
    counts : model -> step -> (F, N, 11, 11) integer counts of F fits, rows = target; steps in their order
    images : N rows in the order of the counts, with image_id and subject_id

    Returns
    -------
    model, step, value, low, high, change, change_low, change_high, luck: the mean IoU over fits; its difference from
    the step before over the first fits that both have, NaN for the first step; both with 95 % intervals over people,
    the difference paired; luck is the largest difference between two fits of the step, which differ only in their
    seed, NaN with one fit
    """
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    people = bootstrap.subjects()
    table = []
    for model, steps in counts.items():
        check_tables({f"{step} {fit}": part for step, fits in steps.items() for fit, part in enumerate(fits)}, images)
        before = None
        for step, fits in steps.items():
            values = mean_iou(fits.sum(1))  # (F,)
            resampled = np.stack([mean_iou(bootstrap.totals(part)) for part in fits])  # (F, B)
            row = [values.mean(), *interval_bounds(resampled.mean(0), people)]
            change = [np.nan] * 3
            if before is not None:
                value, draws = (_mean_change(*pair) for pair in zip(before, (values, resampled), strict=True))
                change = [value, *interval_bounds(draws, people)]
            table.append((model, step, *row, *change, np.ptp(values) if len(values) > 1 else np.nan))
            before = values, resampled
    columns = ["model", "step", "value", "low", "high", "change", "change_low", "change_high", "luck"]
    return pd.DataFrame(table, columns=columns)


def _mean_change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean difference over the first fits that both have, (F, ...) and (G, ...) -> (...)."""
    both = min(len(before), len(after))
    return (after[:both] - before[:both]).mean(0)


def fed_table(
    counts: CountsByStep, images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score one network that is fed the same pictures in several ways.

    Parameters
    ----------
    counts : way -> (N, 11, 11) integer counts; the first way is that of training
    images : N rows in the order of the counts, with image_id and subject_id

    Returns
    -------
    way, value, low, high, change, change_low, change_high: mean IoU and its difference from the first way, paired
    """
    check_tables(counts, images)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    people = bootstrap.subjects()
    resampled = {way: mean_iou(bootstrap.totals(part)) for way, part in counts.items()}  # (B,) each
    values = {way: float(mean_iou(part.sum(0))) for way, part in counts.items()}
    first = next(iter(counts))
    table = [
        (
            way, values[way], *interval_bounds(resampled[way], people),
            values[way] - values[first], *interval_bounds(resampled[way] - resampled[first], people),
        )
        for way in counts
    ]  # fmt: skip
    columns = ["way", "value", "low", "high", "change", "change_low", "change_high"]
    return pd.DataFrame(table, columns=columns)
