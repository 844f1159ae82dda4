"""Equality within a margin, by two one-sided tests. A large p value of an ordinary test never shows equality.

Groups are called equivalent within ``delta`` if the gap is shown to be both above -delta and below +delta, which
happens exactly when the 90 % interval lies inside -delta .. delta.

Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987); Lakens, Social Psychological and
Personality Science 8 (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.subjects import PAIRED, contrasts, pair_of_groups, subject_scores
from facefair_lib.scores.resampling import ALPHA

DELTAS = (0.01, 0.02, 0.03)
"""Margins in the unit of the scores: one, two and three points."""


@dataclass(frozen=True)
class Equivalence:
    """Result of two one-sided tests.

    Parameters
    ----------
    delta : margin, in the unit of the scores
    difference : mean difference, first minus second
    low90, high90 : 90 % interval of the difference
    p_value : larger of the two one-sided p values
    equivalent : whether p_value < ``ALPHA``
    n_subjects : people
    """

    delta: float
    difference: float
    low90: float
    high90: float
    p_value: float
    equivalent: bool
    n_subjects: int


def equivalence_paired(differences: np.ndarray, delta: float) -> Equivalence:
    """Test whether a mean paired difference lies within -delta .. delta.

    Parameters
    ----------
    differences : (S,) one per subject; NaN is left out
    delta : positive margin

    Returns
    -------
    Equivalence; NaN and not equivalent with fewer than two subjects
    """
    _check_delta(delta)
    differences = _sample(differences)
    if len(differences) < 2:
        return _undefined(delta, len(differences))
    from statsmodels.stats.weightstats import DescrStatsW  # slow to import and rarely needed

    sample = DescrStatsW(differences)
    with _no_spread_allowed():
        p_value, interval = sample.ttost_mean(-delta, delta)[0], sample.tconfint_mean(2 * ALPHA)
    return _result(delta, differences.mean(), interval, p_value, len(differences))


def equivalence_unpaired(first: np.ndarray, second: np.ndarray, delta: float) -> Equivalence:
    """Test whether the difference of two groups' means lies within -delta .. delta, with Welch's degrees of freedom.

    Parameters
    ----------
    first, second : (n1,), (n2,) one score per subject; NaN is left out
    delta : positive margin

    Returns
    -------
    Equivalence; NaN and not equivalent if a group has fewer than two subjects
    """
    _check_delta(delta)
    first, second = _sample(first), _sample(second)
    people = len(first) + len(second)
    if min(len(first), len(second)) < 2:
        return _undefined(delta, people)
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    samples = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    with _no_spread_allowed():
        p_value = samples.ttost_ind(-delta, delta, usevar="unequal")[0]
        interval = samples.tconfint_diff(2 * ALPHA, usevar="unequal")
    return _result(delta, first.mean() - second.mean(), interval, p_value, people)


def equivalence_table(
    scores: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    deltas: Sequence[float] = DELTAS,
    *,
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Test every pair of groups for equivalence within each margin.

    Parameters
    ----------
    scores : (N,) one per image, NaN = absent; each subject counts once, with their mean
    labels, subjects : (N,) group and subject of each image
    deltas : margins
    order : groups in the order of the contrasts; sorted by default

    Returns
    -------
    One row per pair and margin: contrast, delta, difference, low90, high90, p_value, equivalent, n_subjects. Two groups
    with the same subjects are compared by paired differences, others by Welch's test.

    Notes
    -----
    ALL groups are equivalent only if every pair is; this needs no further adjustment (intersection-union).
    """
    rows = subject_scores(scores, subjects, labels)
    names = list(np.unique(rows.labels)) if order is None else list(order)
    table = []
    for contrast, first, second in contrasts(names):
        kind, a, b = pair_of_groups(rows, names[first], names[second])
        for delta in deltas:
            result = equivalence_paired(a - b, delta) if kind == PAIRED else equivalence_unpaired(a, b, delta)
            table.append({"contrast": contrast, **vars(result)})
    return pd.DataFrame(table, columns=["contrast", *Equivalence.__dataclass_fields__])


def _no_spread_allowed() -> np.errstate:
    """Silence division by zero: without spread, t is infinite and the p value is 0 or 1."""
    return np.errstate(divide="ignore", invalid="ignore")


def _result(delta: float, difference: float, interval: tuple[float, float], p_value: float, people: int) -> Equivalence:
    low, high = map(float, interval)
    return Equivalence(delta, float(difference), low, high, float(p_value), bool(p_value < ALPHA), people)


def _undefined(delta: float, people: int) -> Equivalence:
    return Equivalence(delta, np.nan, np.nan, np.nan, np.nan, False, people)


def _check_delta(delta: float) -> None:
    if not 0 < delta < np.inf:
        raise InputError(
            "equivalence", found=f"the margin {delta}", expected="a positive number", do="pass e.g. 0.02 for two points"
        )


def _sample(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or np.isinf(values).any():
        raise InputError(
            "equivalence",
            found=f"values of shape {values.shape}" + (", some infinite" if np.isinf(values).any() else ""),
            expected="one finite number or NaN per subject",
            do="average the images of each subject first",
        )
    return values[np.isfinite(values)]
