"""How small a gap could be found, and how many people it takes.

All functions follow the two-sided t test of one score per person (difference of two groups, or of pairs). Pictures of
one person resemble each other: m pictures with correlation rho are worth m / (1 + (m - 1) rho) independent ones.

Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 2; design effect: Kish, Survey
Sampling (1965), section 5.4.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.subjects import PAIRED, contrasts, pair_of_groups, subject_scores

POWER = 0.8
ALPHA = 0.05


def design_effect(images: float, correlation: float) -> float:
    """Factor by which ``images`` pictures per person with this intraclass correlation inflate a variance."""
    if images < 1 or not 0 <= correlation <= 1:
        raise InputError(
            "design effect",
            found=f"{images} images per person, correlation {correlation}",
            expected="at least 1 image, a correlation from 0 to 1",
            do="correct them",
        )
    return 1 + (images - 1) * correlation


def spread_of_differences(spread: float, correlation: float) -> float:
    """Standard deviation of the difference of two scores with standard deviation ``spread`` and this correlation."""
    return spread * math.sqrt(2 * (1 - correlation))


def detectable_unpaired(
    spread: float,
    subjects_per_group: int,
    *,
    images: float = 1,
    correlation: float = 0.0,
    power: float = POWER,
    alpha: float = ALPHA,
    comparisons: int = 1,
) -> float:
    """Smallest gap between two groups of different people that is found with the power asked for.

    Parameters
    ----------
    spread : standard deviation of the score of ONE IMAGE, in the unit of the answer
    subjects_per_group : people in each group
    images, correlation : pictures of each person, and how alike they are (intraclass correlation)
    power, alpha : of the two-sided t test
    comparisons : tests made; alpha is divided by it (Bonferroni)

    Returns
    -------
    gap; NaN with fewer than two people per group
    """
    if subjects_per_group < 2:
        return math.nan
    of_person = _spread_of_person(spread, images, correlation)
    shift = _noncentrality(2 * subjects_per_group - 2, power, alpha / comparisons)
    return of_person * shift * math.sqrt(2 / subjects_per_group)


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


def subjects_unpaired(
    gap: float,
    spread: float,
    *,
    images: float = 1,
    correlation: float = 0.0,
    power: float = POWER,
    alpha: float = ALPHA,
    comparisons: int = 1,
) -> int:
    """People needed in EACH of two groups of different people; parameters as in `detectable_unpaired`."""
    of_person = _spread_of_person(spread, images, correlation)
    return _needed(
        lambda n: (2 * n - 2, gap / of_person * math.sqrt(n / 2)), gap, of_person, power, alpha / comparisons
    )


def subjects_paired(
    gap: float, spread_of_differences: float, *, power: float = POWER, alpha: float = ALPHA, comparisons: int = 1
) -> int:
    """People needed when each is seen under both conditions; parameters as in `detectable_paired`."""
    return _needed(
        lambda n: (n - 1, gap / spread_of_differences * math.sqrt(n)),
        gap,
        spread_of_differences,
        power,
        alpha / comparisons,
    )


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


def _spread_of_person(spread: float, images: float, correlation: float) -> float:
    return spread * math.sqrt(design_effect(images, correlation) / images)


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


def _needed(describe, gap: float, spread: float, power: float, alpha: float) -> int:
    """Smallest whole n >= 2 whose (freedom, noncentrality) = describe(n) gives the power."""
    if not gap > 0 or not spread > 0:
        raise InputError(
            "power", found=f"a gap of {gap}, a spread of {spread}", expected="both above 0", do="correct them"
        )
    low, high = 1, 2
    while _power_of(describe(high)[1], describe(high)[0], alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:  # power grows with n
        middle = (low + high) // 2
        if _power_of(describe(middle)[1], describe(middle)[0], alpha) < power:
            low = middle
        else:
            high = middle
    return high
