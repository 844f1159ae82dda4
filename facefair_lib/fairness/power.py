"""The smallest gap that could be found: by the two-sided t test of one score per person, or by shuffling group labels.

solve_power of statsmodels 0.15 agrees to five digits from about ten people on. With fewer, which matter here, it may
end far from the answer without a warning (3 pairs at alpha 0.05 / 3: 24 % too small).

Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 2.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from facefair_lib.fairness.groups import MIN_SUBJECTS, group_bootstrap
from facefair_lib.fairness.subjects import check_scores
from facefair_lib.scores.resampling import ALPHA, PERMUTATIONS, POWER, REPLICATES, encode_labels, permuted_totals

_LEAST_ALPHA = 1e-9  # no family of comparisons needs less, unless a member has no spread


def detectable_unpaired(spread: float, subjects_per_group: int, *, alpha: float = ALPHA) -> float:
    """Smallest gap between two groups of different people that is found with power 0.8.

    Parameters
    ----------
    spread : standard deviation of the score of one person, in the unit of the answer
    subjects_per_group : people in each group
    alpha : of the two-sided t test

    Returns
    -------
    gap; NaN with fewer than two people per group
    """
    if subjects_per_group < 2:
        return math.nan
    shift = _noncentrality(2 * subjects_per_group - 2, alpha)
    return spread * shift * math.sqrt(2 / subjects_per_group)


def detectable_paired(
    spread_of_differences: float,
    subjects: int,
    *,
    alpha: float = ALPHA,
    critical: float | None = None,
) -> float:
    """Smallest mean difference of pairs that is found with power 0.8.

    Parameters
    ----------
    spread_of_differences : standard deviation of one person's difference
    subjects : people
    alpha : as in `detectable_unpaired`
    critical : the |t| required by the adjusted test of a family, instead of that of alpha

    Returns
    -------
    difference; NaN with fewer than two people, or if ``critical`` is out of reach or 0 because members of the family
    have no spread
    """
    if subjects < 2:
        return math.nan
    if critical is not None:
        alpha = 2 * float(stats.t.sf(critical, subjects - 1))
    if not _LEAST_ALPHA <= alpha < POWER:
        return math.nan
    shift = _noncentrality(subjects - 1, alpha)
    return spread_of_differences * shift / math.sqrt(subjects)


def detectable_gap(
    scores: np.ndarray,
    labels: np.ndarray,
    units: np.ndarray,
    *,
    replicates: int = REPLICATES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """Smallest gap between best and worst group that the test of ``group_gap.gaps`` finds with power 0.8.

    The scores, shifted to equal group means, are resampled unit by unit. Two groups are then moved apart, with the
    others halfway between them, where they help least. The gap is found if it is larger than 95 % of those obtained by
    shuffling the labels of these same scores.

    Parameters
    ----------
    scores : (N,) one score per image; NaN = absent
    labels, units : (N,) group of each image, and the unit that is drawn and shuffled as one (``subjects.units``)
    replicates, permutations, seed : as in ``group_gap.gaps``

    Returns
    -------
    largest detectable gap of all pairs of groups; NaN with fewer than two groups of ``MIN_SUBJECTS`` units
    """
    scores = check_scores(scores, len(labels))
    table = pd.DataFrame({"score": scores, "label": labels, "unit": units}).dropna(subset="score")
    people = table.groupby("label")["unit"].nunique()
    table = table[table["label"].map(people) >= MIN_SUBJECTS]
    if table["label"].nunique() < 2:
        return math.nan
    labels, units = table["label"].to_numpy(), table["unit"].to_numpy()
    code, names = encode_labels(labels, "labels")
    member = code[:, None] == np.arange(len(names))  # (N, G)
    centred = (table["score"] - table.groupby("label")["score"].transform("mean")).to_numpy()
    drawn = group_bootstrap(units, labels, replicates=replicates, seed=seed)
    sums, sizes = (drawn.totals(member * value[:, None]) for value in (centred, np.ones(len(code))))
    errors = sums / sizes * np.sqrt(people[names] / (people[names] - 1)).to_numpy()  # (B, G)
    parts = np.column_stack([centred, member, np.ones(len(code))])  # (N, 1 + G + 1)
    totals = permuted_totals(parts, labels, units, permutations=permutations, seed=seed)
    chance = totals[..., :-1] / totals[..., -1:]  # (P, G, 1 + G)
    return max(_found_by_shuffling(errors, chance, place) for place in _places(len(names)))


def _places(groups: int) -> np.ndarray:
    """Positions of the groups if two of them are 1 apart and the others halfway between: (pairs, G)."""
    pairs = list(combinations(range(groups), 2))
    places = np.zeros((len(pairs), groups))
    for row, pair in enumerate(pairs):
        places[row, pair] = 0.5, -0.5
    return places


def _found_by_shuffling(errors: np.ndarray, chance: np.ndarray, place: np.ndarray) -> float:
    """Gap between groups at ``place`` (G,) that is found with power 0.8, (B, G), (P, G, 1 + G)."""
    of_place = chance[..., 1:] @ place  # (P, G) shuffled labels mix the groups' positions, too

    def missing(gap: float) -> float:
        by_chance = np.ptp(chance[..., 0] + gap * of_place, axis=1)
        return POWER - np.mean(np.ptp(errors + gap * place, axis=1) > np.quantile(by_chance, 1 - ALPHA))

    reach = 4 * float(np.ptp(errors, axis=1).max())
    return optimize.brentq(missing, 0, reach, rtol=1e-4) if missing(0) > 0 > missing(reach) else math.nan


def _power_of(noncentrality: float, freedom: float, alpha: float) -> float:
    critical = stats.t.ppf(1 - alpha / 2, freedom)
    # The tail on the other side matters only near zero, where scipy computes it accurately.
    other = stats.nct.cdf(-critical, freedom, noncentrality) if noncentrality < 3 else 0.0
    return float(stats.nct.sf(critical, freedom, noncentrality) + other)


@lru_cache(maxsize=4096)  # tables need the same few sizes again and again
def _noncentrality(freedom: float, alpha: float) -> float:
    """Shift of t, in standard errors, that is found with power 0.8."""
    reach = stats.t.ppf(1 - alpha / 2, freedom) + 4
    while _power_of(reach, freedom, alpha) < POWER:  # few degrees of freedom have long tails
        reach *= 1.5
    return optimize.brentq(lambda shift: _power_of(shift, freedom, alpha) - POWER, 0, reach)
