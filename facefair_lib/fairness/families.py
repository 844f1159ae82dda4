"""Many comparisons at once: adjusted p values, and the family of groups x classes.

With 33 comparisons (3 groups x 11 classes) one or two look significant by chance alone. Two adjustments keep the chance
of any false alarm below 5 %: the largest |t| under the same shuffles, which exploits the correlation between classes,
and Holm's, which needs only p values.

Source: Westfall and Young, Resampling-Based Multiple Testing (1993), single step; Holm, Scandinavian Journal of
Statistics 6 (1979); studentised permutation: Janssen, Statistics and Probability Letters 36 (1997), Chung and Romano,
Annals of Statistics 41 (2013).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.subjects import SubjectScores, check_scores, subject_scores
from facefair_lib.scores.resampling import LEVEL, PERMUTATIONS, encode_labels, permuted_totals, sum_by
from facefair_lib.settings.labels import CLASS_NAMES

_TIE = 1e-9  # equal sums in another order may differ in the last bits
_TINY = 1e-12  # standard error of scores that are all equal: t is then 0 without a difference, else very large


def max_t_p_values(t: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Adjust p values by the largest |t| of the family.

    Parameters
    ----------
    t : (K,) observed statistics, in units of their standard errors; NaN is no member
    null : (B, K) the same under shuffled labels or flipped signs, one shuffle for all members; NaN never counts

    Returns
    -------
    (K,) (1 + number of shuffles whose largest |t*| reaches |t|) / (1 + B); NaN where t is NaN
    """
    t = np.asarray(t, float)
    members = np.isfinite(t)
    largest = np.nan_to_num(np.abs(null[:, members])).max(1, initial=0.0)  # (B,)
    extreme = (largest[:, None] >= np.abs(t) * (1 - _TIE)).sum(0)
    return np.where(members, (1 + extreme) / (1 + len(null)), np.nan)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p values by Holm's method, (K,) -> (K,); NaN stays NaN and is no member of the family.

    Notes
    -----
    The tests compare this with multipletests of statsmodels 0.15, which runs the garbage collector in every call: with
    torch imported that takes 0.1 to 0.4 s, or four minutes in the simulations of the tests.
    """
    p_values = np.asarray(p_values, float)
    adjusted = np.full(p_values.shape, np.nan)
    members = np.flatnonzero(np.isfinite(p_values))
    order = members[np.argsort(p_values[members], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * steps), 1.0)
    return adjusted


def class_family(
    scores: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    *,
    classes: Sequence[str] = CLASS_NAMES,
    order: Sequence[str] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every group with the mean of the groups, class by class.

    Parameters
    ----------
    scores : (N, C) score of each class in each image, NaN where the class is absent (``metrics.iou_per_class``)
    labels, subjects : (N,) group and subject of each image
    classes : C names
    order : groups in the order of the rows; sorted by default
    permutations, seed : of the shuffles. Labels are shuffled over subjects, or within subjects if every subject is in
        all groups (counterfactual pictures).

    Returns
    -------
    One row per group and class: group, class, value (mean of subjects' means), relative (value minus mean of the
    groups' values), low, high (95 % interval of relative alone), p_value (alone), p_adjusted (max-|t| over the family),
    p_holm, small, n_images, n_subjects (that show the class). If a group has fewer than two such subjects, interval and
    p are NaN; if it has fewer than ``MIN_SUBJECTS``, all rows of the class are `small` and no members of the family,
    because the heavy tails of their |t| would hide everything else.

    Raises
    ------
    InputError
        if shapes differ, a label is missing, there are fewer than two groups, or some subjects are in all groups and
        others are not

    Notes
    -----
    The interval is relative -+ q standard errors, where q is the 95 % point of |t| under the same shuffles, so that it
    excludes 0 exactly when p_value < 0.05. A class is compared on the subjects who show it: that it may be absent more
    often in one group (beards) is a difference which this table does not test.
    """
    scores = check_scores(scores, len(labels), dimensions=(2,))
    _check_classes(scores, classes)
    rows = subject_scores(scores, subjects, labels)
    code, names = encode_labels(rows.labels, "labels")
    paired = _is_paired(rows, len(names))
    family = _Family(rows.scores, code, len(names), paired)
    shuffled = permuted_totals(family.summands, code, rows.subjects, permutations=permutations, seed=seed)  # (P, G, 3C)
    relative, error = family.relative(sum_by(code, family.summands, len(names)))  # (G, C)
    null_relative, null_error = family.relative(shuffled)  # (P, G, C)
    t, null = (part / np.maximum(spread, _TINY) for part, spread in ((relative, error), (null_relative, null_error)))
    small = np.broadcast_to((family.present < MIN_SUBJECTS).any(0), t.shape)  # (G, C)
    member = np.where(small, np.nan, t)
    adjusted = max_t_p_values(member.ravel(), null.reshape(permutations, -1)).reshape(t.shape)
    p_value, reach = _pointwise(t, null)
    image_code, _ = encode_labels(labels, "labels")
    table = {
        "value": family.value,
        "relative": family.value - family.value.mean(0),
        "low": relative - reach * error,
        "high": relative + reach * error,
        "p_value": p_value,
        "p_adjusted": adjusted,
        "p_holm": holm(np.where(small, np.nan, p_value).ravel()).reshape(t.shape),
        "small": small,
        "n_images": sum_by(image_code, np.isfinite(scores), len(names)).astype(int),
        "n_subjects": family.present.astype(int),
    }
    if paired:
        table["relative"] = np.where(np.isfinite(relative), relative, table["relative"])
    wanted = list(names) if order is None else list(order)
    position = [list(names).index(name) for name in wanted]
    index = pd.MultiIndex.from_product([wanted, list(classes)], names=["group", "class"])
    columns = {name: np.asarray(values)[position].ravel() for name, values in table.items()}
    return pd.DataFrame(columns, index).reset_index()


class _Family:
    """Means and standard errors of group minus mean of groups, from sums over rows (subjects, or subject and group).

    Summands are (x, x squared, whether x exists). If each subject is in all groups, x is the score minus the subject's
    own mean over the groups, which shuffling within subjects does not change.
    """

    def __init__(self, scores: np.ndarray, code: np.ndarray, groups: int, paired: bool) -> None:
        self.groups, self.paired = groups, paired
        defined = np.isfinite(scores)  # (R, C)
        filled = np.where(defined, scores, 0.0)
        self.present = sum_by(code, defined, groups)  # (G, C)
        totals = sum_by(code, filled, groups)  # (G, C)
        self.value = np.divide(totals, self.present, out=np.full(totals.shape, np.nan), where=self.present > 0)
        middle = filled.sum(0) / np.maximum(defined.sum(0), 1)  # (C,) subtracted so that squares do not cancel
        filled = np.where(defined, scores - middle, 0.0)
        if paired:  # rows are sorted by subject, then group
            cube = scores.reshape(-1, groups, scores.shape[1])  # (S, G, C)
            whole = np.isfinite(cube).all(1, keepdims=True)
            cube = np.where(whole, cube - np.where(whole, cube, 0.0).mean(1, keepdims=True), 0.0)
            filled, defined = cube.reshape(scores.shape), np.repeat(whole, groups, axis=1).reshape(scores.shape)
            self.present = sum_by(code, defined, groups)
        self.summands = np.concatenate([filled, filled**2, defined], axis=1)  # (R, 3C)

    def relative(self, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn sums (..., G, 3C) into relative and its standard error (..., G, C); NaN below two subjects."""
        total, squares, count = np.split(totals, 3, axis=-1)
        count = np.where(count > 1.5, count, np.nan)
        mean = total / count
        variance = np.maximum(squares - count * mean**2, 0.0) / (count - 1) / count  # of the mean
        if self.paired:
            return mean, np.sqrt(variance)
        share = 1 / self.groups
        own = (1 - 2 * share) * variance + share**2 * variance.sum(-2, keepdims=True)
        return mean - mean.mean(-2, keepdims=True), np.sqrt(own)


def _pointwise(t: np.ndarray, null: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P value of each member alone, and half its interval in standard errors, (G, C), (P, G, C) -> (G, C)."""
    defined = np.isfinite(null)
    count = defined.sum(0)
    size = np.where(defined, np.abs(null), -np.inf)
    extreme = (size >= np.abs(t) * (1 - _TIE)).sum(0)
    usable = np.isfinite(t) & (count > 0)
    p_value = np.where(usable, (1 + extreme) / (1 + count), np.nan)
    # A shift is kept if p >= 0.05, so |t| may be as large as this order statistic of the shuffles.
    rank = np.ceil((1 - LEVEL) * (1 + count) - 1e-9).astype(int) - 1  # (G, C)
    ordered = -np.sort(-size, axis=0)
    reach = np.take_along_axis(ordered, np.maximum(rank - 1, 0)[None], axis=0)[0]
    return p_value, np.where(usable, np.where(rank > 0, reach, np.inf), np.nan)


def _is_paired(rows: SubjectScores, groups: int) -> bool:
    """Say whether every subject is in all groups; reject sets in which only some are in several."""
    _, times = np.unique(rows.subjects, return_counts=True)
    if groups < 2:
        raise InputError(
            "groups x classes", found="one group", expected="at least two", do="pass the images of more groups"
        )
    if (times == groups).all():
        return True
    if (times == 1).all():
        return False
    raise InputError(
        "groups x classes",
        found=f"{int((times > 1).sum())} of {len(times)} subjects in several groups, not all of them in all {groups}",
        expected="every subject in one group, or every subject in all groups",
        do="leave out the images by which these subjects differ",
    )


def _check_classes(scores: np.ndarray, classes: Sequence[str]) -> None:
    if scores.shape[1] != len(classes):
        raise InputError(
            "groups x classes",
            found=f"{scores.shape[1]} columns of scores for {len(classes)} classes",
            expected="one column per class",
            do="pass the names of the columns as classes",
        )
