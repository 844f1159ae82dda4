"""How small a gap could be found: of the two-sided t test of one score per person, between groups or of pairs.

solve_power of statsmodels 0.15 gives the same to five digits from about ten people on; with fewer it may end far from
the answer and say nothing (3 pairs at alpha 0.05 / 3: 24 % too small), and few people are what is asked about here.

Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 2.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.subjects import PAIRED, contrasts, pair_of_groups, subject_scores
from facefair_lib.scores.resampling import ALPHA, POWER


def detectable_unpaired(
    spread: float, subjects_per_group: int, *, power: float = POWER, alpha: float = ALPHA, comparisons: int = 1
) -> float:
    """Smallest gap between two groups of different people that is found with the power asked for.

    Parameters
    ----------
    spread : standard deviation of the score of one person, in the unit of the answer
    subjects_per_group : people in each group
    power, alpha : of the two-sided t test
    comparisons : tests made; alpha is divided by it (Bonferroni)

    Returns
    -------
    gap; NaN with fewer than two people per group
    """
    if subjects_per_group < 2:
        return math.nan
    shift = _noncentrality(2 * subjects_per_group - 2, power, alpha / comparisons)
    return spread * shift * math.sqrt(2 / subjects_per_group)


def detectable_paired(
    spread_of_differences: float, subjects: int, *, power: float = POWER, alpha: float = ALPHA, comparisons: int = 1
) -> float:
    """Smallest mean difference of pairs that is found with the power asked for.

    Parameters
    ----------
    spread_of_differences : standard deviation of one person's difference
    subjects : people
    power, alpha, comparisons : as in `detectable_unpaired`

    Returns
    -------
    difference; NaN with fewer than two people
    """
    if subjects < 2:
        return math.nan
    shift = _noncentrality(subjects - 1, power, alpha / comparisons)
    return spread_of_differences * shift / math.sqrt(subjects)


def detectable_between(scores: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    """Smallest gap between any two groups that these data would find with power 0.8.

    Parameters
    ----------
    scores : (N,) one score per image
    labels, subjects : (N,)

    Returns
    -------
    largest of the pairs' detectable gaps, corrected for the number of pairs; NaN where a group has fewer than two
    people with a score
    """
    rows = subject_scores(scores, subjects, labels)
    names = np.unique(rows.labels)
    pairs = contrasts(list(names))
    gaps = []
    for _, first, second in pairs:
        kind, a, b = pair_of_groups(rows, names[first], names[second])
        if min(len(a), len(b)) < 2:
            return math.nan
        if kind == PAIRED:
            gaps.append(detectable_paired(float((a - b).std(ddof=1)), len(a), comparisons=len(pairs)))
            continue
        # Two groups of unlike size and spread are worth two alike ones of this spread of the difference.
        of_difference = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        shift = _noncentrality(len(a) + len(b) - 2, POWER, ALPHA / len(pairs))
        gaps.append(of_difference * shift)
    return max(gaps, default=math.nan)


def _power_of(noncentrality: float, freedom: float, alpha: float) -> float:
    critical = stats.t.ppf(1 - alpha / 2, freedom)
    # The tail on the other side matters only next to zero, where scipy computes it well.
    other = stats.nct.cdf(-critical, freedom, noncentrality) if noncentrality < 3 else 0.0
    return float(stats.nct.sf(critical, freedom, noncentrality) + other)


@lru_cache(maxsize=4096)  # tables ask for the same few sizes again and again
def _noncentrality(freedom: float, power: float, alpha: float) -> float:
    """Shift of t, in standard errors, that is found with this power."""
    if not alpha < power < 1:
        raise InputError("power", found=f"power {power}", expected=f"between {alpha:g} and 1", do="ask for 0.8")
    critical = stats.t.ppf(1 - alpha / 2, freedom)
    reach = critical + 4
    while _power_of(reach, freedom, alpha) < power:  # few degrees of freedom have long tails
        reach *= 1.5
    return optimize.brentq(lambda shift: _power_of(shift, freedom, alpha) - power, 0, reach)
