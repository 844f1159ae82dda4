"""Is one model fairer than another? The difference of two gaps, on the same images.

The null is: both models have the same gap (best minus worst group). Two reference distributions stand for it, and the
LARGER of their p values counts, since neither is right everywhere:

* swapping the two models' scores of a person, once the models' means are made equal: exact where both models treat the
  groups alike, and right where there is no gap at all, where a bootstrap of a maximum fails;
* the bootstrap over people, centred at what was observed: right where the gaps are equal in size and lie between
  different groups, where swapping would take the spread for too small.

The interval reaches as far as the wider of both, so it excludes 0 exactly where the p value is below 0.05.

Source: paired permutation of two systems: Nichols and Holmes, Human Brain Mapping 15 (2002); why extremes need more
than the bootstrap: Andrews, Econometrica 68 (2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS, group_bootstrap
from facefair_lib.fairness.subjects import check_scores, subject_scores
from facefair_lib.uncertainty import LEVEL, REPLICATES, encode_labels, permutation_p_value, sum_by


@dataclass(frozen=True)
class GapComparison:
    """Gap of the first model minus gap of the second.

    Parameters
    ----------
    gap_first, gap_second : best minus worst group of each model
    difference : gap_first - gap_second; positive = the second is fairer
    low, high : 95 % interval
    p_value : of equal gaps
    """

    gap_first: float = np.nan
    gap_second: float = np.nan
    difference: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p_value: float = np.nan


def compare_gaps(
    first: np.ndarray,
    second: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> GapComparison:
    """Compare the gaps of two models on the same images.

    Parameters
    ----------
    first, second : (N,) the models' scores of the same images; an image without a score in either model is left out
    labels, subjects : (N,) group and subject of each image
    replicates : of the bootstrap and of the swaps
    seed : of both

    Returns
    -------
    GapComparison of the groups' means over subjects; groups of fewer than ``MIN_SUBJECTS`` subjects are left out, and
    with fewer than two groups all is NaN
    """
    first, second = (check_scores(scores, len(labels)) for scores in (first, second))
    if len(first) != len(second):
        raise InputError("two models", found="different numbers of images", expected="the same images", do="align them")
    kept = np.isfinite(first) & np.isfinite(second)
    labels, subjects = np.asarray(labels, object)[kept], np.asarray(subjects, object)[kept]
    if not kept.any():
        return GapComparison()
    rows = subject_scores(np.stack([first[kept], second[kept]], 1), subjects, labels)  # (R, 2)
    groups, people = np.unique(rows.labels.astype(str), return_counts=True)
    ranked = np.isin(rows.labels.astype(str), groups[people >= MIN_SUBJECTS])
    if (people >= MIN_SUBJECTS).sum() < 2:
        return GapComparison()
    code, names = encode_labels(rows.labels[ranked], "labels")
    unit, _ = encode_labels(rows.subjects[ranked], "subject_id")
    scores = rows.scores[ranked]
    gaps = np.ptp(_group_means(code, scores, len(names)), axis=0)  # (2,)
    difference = float(gaps[0] - gaps[1])
    errors = np.abs(_bootstrapped(code, unit, scores, len(names), replicates, seed) - difference)  # (B,)
    chance = np.abs(_swapped(code, unit, scores, len(names), replicates, seed))  # (B,)
    reach = max(_critical(sample) for sample in (errors, chance))
    p_value = max(permutation_p_value(abs(difference), sample) for sample in (errors, chance))
    return GapComparison(float(gaps[0]), float(gaps[1]), difference, difference - reach, difference + reach, p_value)


def _group_means(code: np.ndarray, scores: np.ndarray, groups: int) -> np.ndarray:
    """Average rows by group, (R,), (R, 2) -> (G, 2)."""
    return sum_by(code, scores, groups) / np.bincount(code, minlength=groups)[:, None]


def _bootstrapped(
    code: np.ndarray, unit: np.ndarray, scores: np.ndarray, groups: int, replicates: int, seed: int
) -> np.ndarray:
    """Difference of the gaps in each replicate of the subjects, (B,)."""
    bootstrap = group_bootstrap(unit, code, replicates=replicates, seed=seed)
    member = code[:, None] == np.arange(groups)  # (R, G)
    summands = np.concatenate([member[:, :, None] * scores[:, None], member[:, :, None]], axis=2)  # (R, G, 3)
    totals = bootstrap.totals(summands)  # (B, G, 3)
    gaps = np.ptp(totals[..., :2] / totals[..., 2:], axis=1)  # (B, 2)
    return gaps[:, 0] - gaps[:, 1]


def _swapped(code: np.ndarray, unit: np.ndarray, scores: np.ndarray, groups: int, swaps: int, seed: int) -> np.ndarray:
    """Difference of the gaps after swapping the models of random subjects, (B,)."""
    middle, half = scores.mean(1), (scores[:, 0] - scores[:, 1]) / 2  # (R,)
    half = half - half.mean()
    cell = unit * groups + code  # one row each
    by_subject = sum_by(cell, half[:, None], (unit.max() + 1) * groups).reshape(-1, groups)  # (S, G)
    signs = 2.0 * np.random.default_rng(seed).integers(0, 2, (swaps, len(by_subject))) - 1  # (B, S)
    count = np.bincount(code, minlength=groups)
    centre = sum_by(code, middle[:, None], groups)[:, 0] / count  # (G,)
    moved = signs @ by_subject / count  # (B, G)
    return np.ptp(centre + moved, axis=1) - np.ptp(centre - moved, axis=1)


def _critical(sample: np.ndarray) -> float:
    """Largest value that a test at 5 % does not reject, by the same count as the p value."""
    needed = int(np.ceil((1 - LEVEL) * (1 + len(sample)) - 1e-9)) - 1
    return float(-np.partition(-sample, needed - 1)[needed - 1]) if needed > 0 else np.inf
