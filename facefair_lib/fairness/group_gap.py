"""The gap between the best and the worst group, and what can be said about it.

A max - min gap is never negative, so it is biased upward and its naive bootstrap interval cannot reach 0. Three numbers
accompany it: the gap expected by chance (from shuffled labels), the permutation p value, and an interval of the true
gap that holds for all pairs of groups at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from facefair_lib.fairness.groups import MIN_SUBJECTS, group_bootstrap
from facefair_lib.scores.confusion import check_counts
from facefair_lib.scores.metrics import ESTIMANDS, evaluate
from facefair_lib.scores.resampling import (
    LEVEL,
    PERMUTATIONS,
    REPLICATES,
    encode_labels,
    permutation_p_value,
    permuted_totals,
    sum_by,
)


@dataclass(frozen=True)
class Gap:
    """Best group minus worst group, and how to read it.

    Parameters
    ----------
    gap : largest minus smallest group score
    expected_by_chance : mean gap under shuffled labels
    corrected : gap - expected_by_chance
    low, high : 95 % interval of the true gap, gap -+ q, where q bounds the errors of all pairs of groups at once; `low`
        <= 0 says that the data are compatible with no gap, which is so whenever the p value is clearly above 0.05
    p_value : share of shuffles with at least this gap
    best, worst : names of the groups
    """

    gap: float = np.nan
    expected_by_chance: float = np.nan
    corrected: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p_value: float = np.nan
    best: str = ""
    worst: str = ""


def gaps(
    counts: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    *,
    estimands: Iterable[str] = tuple(ESTIMANDS),
    replicates: int = REPLICATES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> dict[str, Gap]:
    """Measure the gap between groups under several estimands.

    Parameters
    ----------
    counts : (N, C, C) integer, one matrix per image
    labels : (N,) group of each image
    subjects : (N,) subject of each image
    estimands : keys of ``metrics.ESTIMANDS``
    replicates, permutations : sizes of bootstrap and permutation test
    seed : of both

    Returns
    -------
    key -> Gap between the groups of at least ``MIN_SUBJECTS`` subjects; NaN and no names with fewer than two of them

    Notes
    -----
    The p values of several estimands are not adjusted for each other. A large p value does not show that groups are
    equal: read `high`, the largest gap compatible with the data.
    """
    counts, estimands = check_counts(counts), tuple(estimands)
    code, names = encode_labels(labels, "labels", len(counts))
    unit, _ = encode_labels(subjects, "subject_id", len(counts))
    ranked = [g for g in range(len(names)) if len(np.unique(unit[code == g])) >= MIN_SUBJECTS]
    if len(ranked) < 2:
        return dict.fromkeys(estimands, Gap())
    kept = np.isin(code, ranked)
    counts, unit = counts[kept], unit[kept]
    code, names = np.searchsorted(ranked, code[kept]), names[ranked]  # groups numbered 0 .. G - 1 again
    bootstrap = group_bootstrap(unit, code, replicates=replicates, seed=seed)

    def shuffled(parts: np.ndarray) -> np.ndarray:
        return permuted_totals(parts, code, unit, permutations=permutations, seed=seed)  # (P, G, K)

    def resampled(parts: np.ndarray) -> np.ndarray:
        return np.stack([bootstrap.totals(parts, code == g) for g in range(len(names))], 1)  # (B, G, K)

    observed = evaluate(counts, lambda parts: sum_by(code, parts, len(names)), estimands)  # (G,)
    null = evaluate(counts, shuffled, estimands)  # (P, G)
    replicated = evaluate(counts, resampled, estimands)  # (B, G)
    return {key: _describe_gap(names, observed[key], null[key], replicated[key]) for key in estimands}


def _describe_gap(names: np.ndarray, observed: np.ndarray, null: np.ndarray, replicated: np.ndarray) -> Gap:
    """Compose a gap from group scores (G,), shuffled ones (P, G) and bootstrap replicates (B, G)."""
    if np.isnan(observed).any():
        return Gap()
    gap = float(np.ptp(observed))
    chance = np.ptp(null, axis=1)  # (P,) NaN where a shuffled group has no score
    chance = chance[np.isfinite(chance)]
    # |largest true difference - largest observed one| <= largest error of any pair, so a quantile of that bounds it.
    errors = np.ptp(replicated - observed, axis=1)  # (B,)
    errors = errors[np.isfinite(errors)]
    # With few people the bootstrap is slightly too narrow; the shuffles are exact if there is no gap. Take the wider.
    reach = max((float(np.quantile(sample, LEVEL)) for sample in (errors, chance) if len(sample)), default=np.nan)
    expected = float(chance.mean()) if len(chance) else np.nan
    return Gap(
        gap=gap,
        expected_by_chance=expected,
        corrected=gap - expected,
        low=gap - reach,
        high=gap + reach,
        p_value=permutation_p_value(gap, chance),
        best=str(names[observed.argmax()]),
        worst=str(names[observed.argmin()]),
    )
