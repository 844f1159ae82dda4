"""Do two models treat groups differently, and is one fairer? Both on the same images.

`model_by_group` answers the first question: does the difference of the two models' scores depend on the group? It needs
no maximum, so it has full power. `compare_gaps` answers the second: how far apart are the two gaps (best minus worst
group)? Its null hypothesis is that they are equal. A gap is a maximum, whose distribution depends on the true means:
where groups are nearly equal, which of them is best and worst is itself chance. So the bootstrap over people is
evaluated around several centres, and the LARGEST p value counts. Each model's group means are

* where they were observed;
* made equal where the data do not tell them apart: a gap that is absent can only be overestimated;
* pulled far apart in the order observed: a gap that is present can be underestimated, too;

in all nine combinations for two models. Each end of the interval reaches as far as the widest of them, so it excludes 0
exactly when the p value is below 0.05. The price is power, mostly where gaps are small: to know whether the models
differ, read the p value of `model_by_group`.

Source: interaction by shuffling: Anderson and ter Braak, Journal of Statistical Computation and Simulation 73 (2003);
ties: Andrews and Soares, Econometrica 78 (2010) (moments that are nearly tied are tied); expansion for few people:
Hesterberg, The American Statistician 69 (2015).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facefair_lib.fairness.groups import MIN_SUBJECTS, group_bootstrap
from facefair_lib.fairness.subjects import check_scores, subject_scores
from facefair_lib.scores.resampling import (
    LEVEL,
    PERMUTATIONS,
    REPLICATES,
    encode_labels,
    is_constant_within,
    permutation_p_value,
    permuted_totals,
    sum_by,
)

_APART = 1e3  # the factor by which group means are pulled apart so that best and worst cannot change


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
    replicates, seed : of the bootstrap over subjects, each drawn with all images, in all groups, for both models

    Returns
    -------
    GapComparison of the groups' means over subjects; groups of fewer than ``MIN_SUBJECTS`` subjects are left out, and
    with fewer than two groups everything is NaN
    """
    compared = _compared(first, second, labels, subjects)
    if compared is None:
        return GapComparison()
    scores, code, unit, names = compared
    means = _group_means(code, scores, len(names))  # (G, 2)
    errors = _bootstrap_errors(code, unit, scores, len(names), replicates, seed)  # (B, G, 2)
    gaps = np.ptp(means, axis=0)  # (2,)
    difference = float(gaps[0] - gaps[1])
    centres = itertools.product(*(_centres(means[:, model], errors[..., model]) for model in (0, 1)))
    null = [_gap_difference(np.stack(centre, 1) + errors) - _gap_difference(np.stack(centre, 1)) for centre in centres]
    low, high, p_value = _one_side_at_a_time(difference, null)
    return GapComparison(float(gaps[0]), float(gaps[1]), difference, low, high, p_value)


@dataclass(frozen=True)
class Interaction:
    """Whether the difference of two models depends on the group.

    Parameters
    ----------
    f : mean square of the groups over what is left within them
    p_value : share of label shuffles with at least this f
    """

    f: float = np.nan
    p_value: float = np.nan


def model_by_group(
    first: np.ndarray,
    second: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Interaction:
    """Test whether two models treat groups differently.

    Each subject's score by the second model is subtracted from that by the first; if the models treat groups alike, the
    difference does not depend on the group. Labels are shuffled over subjects, or within them if subjects are in all
    groups, as people of a matched set are.

    Parameters
    ----------
    first, second, labels, subjects : as in `compare_gaps`
    permutations, seed : of the shuffles

    Returns
    -------
    Interaction, NaN with fewer than two groups of ``MIN_SUBJECTS``
    """
    compared = _compared(first, second, labels, subjects)
    if compared is None:
        return Interaction()
    scores, code, unit, names = compared
    apart = scores[:, 0] - scores[:, 1]  # (R,)
    paired = not is_constant_within(code, unit)
    level = sum_by(unit, apart[:, None], unit.max() + 1)[:, 0] / np.bincount(unit)
    apart = apart - (level[unit] if paired else apart.mean())
    people = np.bincount(code)
    null = permuted_totals(apart[:, None], code, unit, permutations=permutations, seed=seed)[..., 0]  # (P, G)
    between = float((sum_by(code, apart[:, None], len(names))[:, 0] ** 2 / people).sum())
    left = len(apart) - len(names) - (unit.max() if paired else 0)
    within = float((apart**2).sum()) - between
    f = (between / (len(names) - 1)) / (within / left) if within > 0 else np.nan
    return Interaction(f, permutation_p_value(between, (null**2 / people).sum(1)))


def _compared(
    first: np.ndarray, second: np.ndarray, labels: np.ndarray, subjects: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Mean scores of subjects in their groups (R, 2), group (R,), subject (R,), names (G,); None below two groups."""
    first, second = (check_scores(scores, len(labels)) for scores in (first, second))
    kept = np.isfinite(first) & np.isfinite(second)
    labels, subjects = np.asarray(labels, object)[kept], np.asarray(subjects, object)[kept]
    if not kept.any():
        return None
    rows = subject_scores(np.stack([first[kept], second[kept]], 1), subjects, labels)  # (R, 2)
    groups, people = np.unique(rows.labels.astype(str), return_counts=True)
    ranked = np.isin(rows.labels.astype(str), groups[people >= MIN_SUBJECTS])
    if (people >= MIN_SUBJECTS).sum() < 2:
        return None
    code, names = encode_labels(rows.labels[ranked], "labels")
    unit, _ = encode_labels(rows.subjects[ranked], "subject_id")
    return rows.scores[ranked], code, unit, names


def _group_means(code: np.ndarray, scores: np.ndarray, groups: int) -> np.ndarray:
    """Average rows by group, (R,), (R, 2) -> (G, 2)."""
    return sum_by(code, scores, groups) / np.bincount(code, minlength=groups)[:, None]


def _gap_difference(means: np.ndarray) -> np.ndarray:
    """Gap of the first model minus gap of the second, (..., G, 2) -> (...)."""
    gaps = np.ptp(means, axis=-2)
    return gaps[..., 0] - gaps[..., 1]


def _bootstrap_errors(
    code: np.ndarray, unit: np.ndarray, scores: np.ndarray, groups: int, replicates: int, seed: int
) -> np.ndarray:
    """Errors of the group means in each replicate of the subjects, (B, G, 2), expanded for few subjects."""
    bootstrap = group_bootstrap(unit, code, replicates=replicates, seed=seed)
    member = code[:, None] == np.arange(groups)  # (R, G)
    summands = np.concatenate([member[:, :, None] * scores[:, None], member[:, :, None]], axis=2)  # (R, G, 3)
    totals = bootstrap.totals(summands)  # (B, G, 3)
    people = np.bincount(code, minlength=groups)  # (G,)
    tail = (1 - LEVEL) / 2
    expansion = np.sqrt(people / (people - 1)) * stats.t.isf(tail, people - 1) / stats.norm.isf(tail)
    errors = totals[..., :2] / totals[..., 2:] - _group_means(code, scores, groups)
    return errors * expansion[:, None]


def _centres(means: np.ndarray, errors: np.ndarray) -> list[np.ndarray]:
    """Candidates for the true group means, as far as they matter to the distribution of the range; each (G,)."""
    return [means, _tied(means, errors), _APART * means]


def _tied(means: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Move groups that the errors (B, G) do not tell apart from the best or the worst onto it, (G,) -> (G,)."""
    reach = np.quantile(np.ptp(errors, axis=1), LEVEL)
    best, worst = means.max(), means.min()
    if best - worst <= reach:
        return np.full_like(means, means.mean())
    to_best, to_worst = best - means, means - worst
    tied = np.where((to_best <= reach) & (to_best <= to_worst), best, means)
    return np.where((to_worst <= reach) & (to_worst < to_best), worst, tied)


def _one_side_at_a_time(difference: float, null: list[np.ndarray]) -> tuple[float, float, float]:
    """Interval and p value that hold under each of several distributions of the error, each (B,).

    The errors of a difference of maxima are skewed (a gap that is absent can only be overestimated), so each end of the
    interval has its own tail of 2.5 %, and the p value is twice the smaller one-sided one.
    """
    tail = (1 - LEVEL) / 2
    low = difference - max(_upper_point(errors, tail) for errors in null)
    high = difference + max(_upper_point(-errors, tail) for errors in null)
    above = max(permutation_p_value(difference, errors) for errors in null)
    below = max(permutation_p_value(-difference, -errors) for errors in null)
    return low, high, min(1.0, 2 * min(above, below))


def _upper_point(sample: np.ndarray, tail: float) -> float:
    """Largest value that a one-sided test at ``tail`` does not reject, by the same count as the p value."""
    needed = int(np.ceil(tail * (1 + len(sample)) - 1e-9)) - 1
    return float(-np.partition(-sample, needed - 1)[needed - 1]) if needed > 0 else np.inf
