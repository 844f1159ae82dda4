"""Scores by group with intervals: Fairlearn's overall and by_group, from confusion counts, with people as the unit.

Groups of fewer than ``MIN_SUBJECTS`` people keep their row, flagged `small`, but are never ranked best or worst.

Source: Fairlearn's MetricFrame (Weerts et al., JMLR 24, 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from facefair_lib.scores.confusion import check_counts
from facefair_lib.scores.metrics import ESTIMANDS, evaluate
from facefair_lib.scores.resampling import (
    REPLICATES,
    SubjectBootstrap,
    encode_labels,
    is_constant_within,
    percentile_interval,
    subject_bootstrap,
)

MIN_SUBJECTS = 10
"""Number of people below which a group is flagged and not ranked."""


def group_bootstrap(
    subjects: np.ndarray, labels: np.ndarray, *, replicates: int = REPLICATES, seed: int = 0
) -> SubjectBootstrap:
    """Draw subjects within each group, or from the whole set if some are shown in several groups.

    A subject shown in several groups (counterfactual pictures) is drawn with the pictures of all of them, which keeps
    the comparison paired.
    """
    unit, _ = encode_labels(subjects, "subject_id")
    code, _ = encode_labels(labels, "labels", len(unit))
    strata = code if is_constant_within(code, unit) else None
    return subject_bootstrap(unit, strata=strata, replicates=replicates, seed=seed)


def overall(
    counts: np.ndarray,
    bootstrap: SubjectBootstrap,
    rows: np.ndarray | None = None,
    estimands: Iterable[str] = tuple(ESTIMANDS),
) -> pd.DataFrame:
    """Score one set of images under several estimands.

    Parameters
    ----------
    counts : (N, C, C) integer, one matrix per image
    bootstrap : replicates over the subjects of these N images
    rows : (N,) bool, the images of the set; all by default
    estimands : keys of ``metrics.ESTIMANDS``

    Returns
    -------
    One row per estimand: metric, value, low, high (95 % percentile, expanded for few subjects), n_images, n_subjects,
    small, dropped (replicates without a value). A single subject has no interval: NaN.
    """
    counts = check_counts(counts)
    rows = np.ones(len(counts), bool) if rows is None else rows
    estimands = tuple(estimands)
    values = evaluate(counts[rows], lambda parts: parts.sum(0), estimands)
    n_images, n_subjects = int(rows.sum()), bootstrap.subjects(rows)
    replicates = evaluate(counts, lambda parts: bootstrap.totals(parts, rows), estimands) if n_subjects > 1 else {}
    sizes = (n_images, n_subjects, n_subjects < MIN_SUBJECTS)
    table = []
    for key in estimands:
        interval = percentile_interval(replicates.get(key, np.empty(0)), people=n_subjects)
        table.append((key, float(values[key]), interval.low, interval.high, *sizes, interval.dropped))
    columns = ["metric", "value", "low", "high", "n_images", "n_subjects", "small", "dropped"]
    return pd.DataFrame(table, columns=columns)


def by_group(
    counts: np.ndarray,
    labels: np.ndarray,
    bootstrap: SubjectBootstrap,
    estimands: Iterable[str] = tuple(ESTIMANDS),
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Score every group of images.

    Parameters
    ----------
    counts : (N, C, C) integer
    labels : (N,) group of each image
    bootstrap : replicates over the subjects of these N images, preferably from `group_bootstrap`
    estimands : keys of ``metrics.ESTIMANDS``
    order : groups in the order of the rows; sorted by default

    Returns
    -------
    One row per group and estimand: group, then the columns of `overall`

    Notes
    -----
    A class mean covers the classes that a group shows or is predicted to show. If one group shows a class that another
    does not (beards), that class is part of their difference: compare groups by ``metrics.COMPARED_BY``, which leaves
    such classes out.
    """
    code, names = encode_labels(labels, "labels", len(check_counts(counts)))
    number = {name: position for position, name in enumerate(names)}
    estimands = tuple(estimands)
    tables = []
    for name in names if order is None else order:
        table = overall(counts, bootstrap, code == number.get(name, -1), estimands)
        table.insert(0, "group", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
