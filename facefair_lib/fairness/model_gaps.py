"""Is one model fairer than another? The difference of two gaps, on the same images.

The null is: both models have the same gap (best minus worst group). A gap is a maximum, and where groups are nearly
equal its bootstrap is wrong: two models that err alike, one with a small gap one way and one with the same gap the
other way, look different in 11 of 100 worlds. So the bootstrap is run under the null instead: the group means are moved
to where the gaps are equal, by as little as the data make likely, and errors of bootstrapped people are added there.
Which groups would be best and worst under the null is not known; every choice gives such a point, and the LARGEST
p value of those that the data do not rule out counts. The interval holds the differences that the same test does not
reject.

Where models differ in one group rather than in the gap, ask `class_family` about the difference of their scores.

Source: bootstrap under a restricted estimate: Silvapulle and Sen, Constrained Statistical Inference (2005), chapter 4;
nuisance parameters within a confidence set: Berger and Boos, Journal of the American Statistical Association 89 (1994);
expansion for few people: Hesterberg, The American Statistician 69 (2015).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facefair_lib.fairness.groups import MIN_SUBJECTS, group_bootstrap
from facefair_lib.fairness.subjects import check_scores, subject_scores
from facefair_lib.uncertainty import LEVEL, REPLICATES, encode_labels, sum_by

_RULED_OUT = 3.0  # standard errors; points of the null that are further away than any data would lie count no more
_STEPS = 14  # halvings of the interval's ends: to 1/16,000 of their distance
_TIE = 1e-9


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
    replicates, seed : of the bootstrap over subjects, all of whose images, groups and models go together

    Returns
    -------
    GapComparison of the groups' means over subjects; groups of fewer than ``MIN_SUBJECTS`` subjects are left out, and
    with fewer than two groups all is NaN
    """
    first, second = (check_scores(scores, len(labels)) for scores in (first, second))
    kept = np.isfinite(first) & np.isfinite(second)
    if not kept.any():
        return GapComparison()
    labels, subjects = np.asarray(labels, object)[kept], np.asarray(subjects, object)[kept]
    rows = subject_scores(np.stack([first[kept], second[kept]], 1), subjects, labels)  # (R, 2)
    group, _ = encode_labels(rows.labels, "labels")
    ranked = np.bincount(group)[group] >= MIN_SUBJECTS  # (R,)
    if len(np.unique(group[ranked])) < 2:
        return GapComparison()
    code, _ = encode_labels(rows.labels[ranked], "labels")
    unit, _ = encode_labels(rows.subjects[ranked], "subject_id")
    means = _group_means(code, rows.scores[ranked])  # (G, 2)
    errors = _bootstrap_errors(code, unit, rows.scores[ranked], replicates, seed)  # (B, G, 2)
    low, high, p_value = _EqualGaps(means, errors).interval()
    gaps = np.ptp(means, axis=0)
    return GapComparison(float(gaps[0]), float(gaps[1]), float(gaps[0] - gaps[1]), low, high, p_value)


def _group_means(code: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Average rows by group, (R,), (R, 2) -> (G, 2)."""
    people = np.bincount(code)
    return sum_by(code, scores, len(people)) / people[:, None]


def _bootstrap_errors(code: np.ndarray, unit: np.ndarray, scores: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Errors of the group means in each replicate of the subjects, (B, G, 2), expanded for few subjects."""
    bootstrap = group_bootstrap(unit, code, replicates=replicates, seed=seed)
    people = np.bincount(code)  # (G,)
    member = code[:, None] == np.arange(len(people))  # (R, G)
    summands = np.concatenate([member[:, :, None] * scores[:, None], member[:, :, None]], axis=2)  # (R, G, 3)
    totals = bootstrap.totals(summands)  # (B, G, 3)
    tail = (1 - LEVEL) / 2
    expansion = np.sqrt(people / (people - 1)) * stats.t.isf(tail, people - 1) / stats.norm.isf(tail)
    return (totals[..., :2] / totals[..., 2:] - _group_means(code, scores)) * expansion[:, None]


def _gap_difference(means: np.ndarray) -> np.ndarray:
    """Gap of the first model minus gap of the second, (..., G, 2) -> (...)."""
    gaps = np.ptp(means, axis=-2)
    return gaps[..., 0] - gaps[..., 1]


class _EqualGaps:
    """The test of one value of the difference of the gaps, and its inversion.

    Parameters
    ----------
    means : (G, 2) observed
    errors : (B, G, 2) of the means
    """

    def __init__(self, means: np.ndarray, errors: np.ndarray) -> None:
        self.means, self.errors = means, errors
        flat = errors.reshape(len(errors), -1)
        covariance = np.cov(flat.T)  # (2G, 2G)
        # Models that never differ leave directions without any spread; a trace of it keeps them from dividing by 0.
        self.covariance = covariance + np.eye(len(covariance)) * (1e-9 * np.trace(covariance) + 1e-30)
        self.precision = np.linalg.inv(self.covariance)
        self.observed = float(_gap_difference(means))
        pairs = list(itertools.permutations(range(len(means)), 2))
        self.starts = np.array([[*first, *second] for first, second in itertools.product(pairs, pairs)])  # (M, 4)

    def p_value(self, value: float) -> float:
        """Largest p value of the points at which the difference of the gaps is ``value``."""
        points = self._null_points(value)  # (M, G, 2)
        step = abs(self.observed - value)
        p_values = []
        for point in points:
            statistic = np.abs(_gap_difference(point + self.errors) - value)  # (B,)
            p_values.append((1 + np.sum(statistic >= step * (1 - _TIE))) / (1 + len(statistic)))
        return float(max(p_values))

    def interval(self) -> tuple[float, float, float]:
        """Ends of the values that are not rejected, and the p value of 0."""
        p_value = self.p_value(0.0)
        ends = []
        for sign in (-1, 1):
            reach = float(np.ptp(self.errors, axis=1).max())  # no error of one gap is larger
            inside, outside = self.observed, self.observed + sign * 2 * reach
            for _ in range(_STEPS if reach > 0 else 0):
                middle = (inside + outside) / 2
                inside, outside = (middle, outside) if self.p_value(middle) >= 1 - LEVEL else (inside, middle)
            ends.append(outside)
        low, high = ends
        if p_value >= 1 - LEVEL:  # the test of 0 decides; elsewhere the p value need not fall evenly
            return min(low, 0.0), max(high, 0.0), p_value
        return (max(low, 0.0), high, p_value) if self.observed > 0 else (low, min(high, 0.0), p_value)

    def _null_points(self, value: float) -> np.ndarray:
        """Group means at which the difference of the gaps is ``value``, nearest to the observed ones, (M, G, 2)."""
        gradient = self._gradients(self.starts)
        points = self._moved(np.broadcast_to(self.means, (len(self.starts), *self.means.shape)), gradient, value)
        for _ in range(6):  # another group may have become best or worst on the way
            order = np.stack([points.argmax(1), points.argmin(1)], 2)  # (M, 2 models, best and worst)
            off = _gap_difference(points) - value
            if np.abs(off).max() <= 1e-12:
                break
            points = self._moved(points, self._gradients(order.reshape(len(points), 4)), value, off)
        away = (points - self.means).reshape(len(points), -1)
        distance = np.einsum("mi,ij,mj->m", away, self.precision, away)
        solved = np.abs(_gap_difference(points) - value) <= 1e-9
        nearest = distance[solved].min() if solved.any() else np.inf
        kept = solved & (distance <= max(_RULED_OUT**2, nearest))
        return points[kept] if kept.any() else points[[distance.argmin()]]

    def _gradients(self, pairs: np.ndarray) -> np.ndarray:
        """Gradient of the difference of the gaps if these are best and worst of either model, (M, 4) -> (M, G, 2)."""
        gradient = np.zeros((len(pairs), *self.means.shape))
        rows = np.arange(len(pairs))
        for column, (model, sign) in enumerate([(0, 1), (0, -1), (1, -1), (1, 1)]):
            gradient[rows, pairs[:, column], model] += sign
        return gradient

    def _moved(
        self, points: np.ndarray, gradient: np.ndarray, value: float, off: np.ndarray | None = None
    ) -> np.ndarray:
        """Move along the likeliest direction until the linear difference of the gaps is ``value``."""
        off = (points * gradient).sum((1, 2)) - value if off is None else off
        direction = (gradient.reshape(len(points), -1) @ self.covariance).reshape(gradient.shape)
        return points - direction * (off / (direction * gradient).sum((1, 2)))[:, None, None]
