"""From one number per image to one number per person: people, not images, are drawn, shuffled and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.scores.resampling import encode_labels, sum_by

PAIRED, UNPAIRED = "paired", "unpaired"


@dataclass(frozen=True, eq=False)
class SubjectScores:
    """One row per subject, or per subject and label.

    Parameters
    ----------
    scores : (R,) or (R, K) float64, mean of the subject's images without NaN; NaN where none has a score
    subjects : (R,) sorted
    labels : (R,) label of each row; None if images were not split by label
    """

    scores: np.ndarray
    subjects: np.ndarray
    labels: np.ndarray | None


@dataclass(frozen=True, eq=False)
class SubjectArray:
    """Scores of a factorial design.

    Parameters
    ----------
    scores : (S, L1, L2, ...) float64, mean of the subject's images in each cell; NaN where there is none
    subjects : (S,) sorted
    levels : factor -> its levels, in the order of its axis
    """

    scores: np.ndarray
    subjects: np.ndarray
    levels: dict[str, tuple]


def units(people: pd.DataFrame) -> np.ndarray:
    """What is drawn and shuffled as one, (N,): a matched set of people if there are any, else a person.

    People of a matched set share pose, light and more, so their scores are correlated, and they are compared within
    the set, as the pictures of one person are.
    """
    return people["matched_set" if "matched_set" in people else "subject_id"].to_numpy()


def contrasts(order: Sequence[str]) -> list[tuple[str, int, int]]:
    """Name all pairs of groups: [("asian-black", 0, 1), ...], first minus second."""
    return [(f"{order[first]}-{order[second]}", first, second) for first, second in combinations(range(len(order)), 2)]


def subject_scores(values: np.ndarray, subjects: np.ndarray, labels: np.ndarray | None = None) -> SubjectScores:
    """Average the images of each subject, separately for each label if labels are given.

    Parameters
    ----------
    values : (N,) or (N, K) scores of each image; NaN = absent
    subjects : (N,) subject of each image
    labels : (N,) label of each image

    Raises
    ------
    InputError
        if lengths differ or a label is missing
    """
    values = check_scores(values, len(subjects), dimensions=(1, 2))
    unit, names = encode_labels(subjects, "subject_id", len(values))
    code, label_names = np.zeros(len(unit), np.int64), None
    if labels is not None:
        code, label_names = encode_labels(labels, "labels", len(values))
    pairs, position = np.unique(np.stack([unit, code]), axis=1, return_inverse=True)  # (2, R), (N,)
    means = _means(values.reshape(len(values), -1), position.ravel(), pairs.shape[1])  # (R, K)
    return SubjectScores(
        means.reshape(len(means), *values.shape[1:]),
        names[pairs[0]],
        None if label_names is None else label_names[pairs[1]],
    )


def subject_array(
    values: np.ndarray,
    subjects: np.ndarray,
    factors: Mapping[str, np.ndarray],
    order: Mapping[str, Sequence] | None = None,
) -> SubjectArray:
    """Arrange the images of a factorial design by subject and cell.

    Parameters
    ----------
    values : (N,) one score per image; NaN = absent
    subjects : (N,) subject of each image
    factors : factor -> (N,) its level in each image, in the order of the axes
    order : factor -> its levels in the order wanted; sorted by default. Images at other levels are left out.

    Returns
    -------
    SubjectArray of the subjects with an image at the levels asked for

    Raises
    ------
    InputError
        if lengths differ, a level is missing, or no image is at one of the levels asked for
    """
    values = check_scores(values, len(subjects), dimensions=(1,))
    unit, names = encode_labels(subjects, "subject_id", len(values))
    kept, codes, levels = np.ones(len(values), bool), [], {}
    for factor, labels in factors.items():
        code, found = encode_labels(labels, factor, len(values))
        wanted = tuple(found) if order is None or factor not in order else tuple(order[factor])
        missing = [str(level) for level in wanted if level not in set(found)]
        if missing:
            raise InputError(
                f"factor {factor!r}",
                found=f"no image at {', '.join(missing)}",
                expected=f"images at each of {', '.join(map(str, wanted))}",
                do="ask for levels that occur",
            )
        position = {level: axis for axis, level in enumerate(wanted)}
        lookup = np.array([position.get(level, -1) for level in found])  # (levels found,)
        codes.append(lookup[code])
        kept &= codes[-1] >= 0
        levels[factor] = wanted
    shape = (len(names), *(len(wanted) for wanted in levels.values()))
    cell = np.ravel_multi_index([unit[kept], *(code[kept] for code in codes)], shape)  # (n,)
    scores = _means(values[kept][:, None], cell, int(np.prod(shape))).reshape(shape)
    present = np.zeros(len(names), bool)
    present[unit[kept]] = True
    return SubjectArray(scores[present], names[present], levels)


def pair_of_groups(rows: SubjectScores, first: str, second: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Pick two groups from per-subject scores.

    Parameters
    ----------
    rows : from `subject_scores` with labels, one score per row

    Returns
    -------
    kind : ``PAIRED`` where every subject of the two groups is in both, ``UNPAIRED`` where none is
    first, second : (n1,), (n2,) scores without NaN; in the order of the subjects where paired

    Raises
    ------
    InputError
        if some subjects are in both groups and others in only one
    """
    members = [rows.labels == name for name in (first, second)]
    shared = np.intersect1d(*(rows.subjects[member] for member in members))
    scores = [rows.scores[member] for member in members]
    if len(shared) == 0:
        return UNPAIRED, *(values[np.isfinite(values)] for values in scores)
    alone = sum(len(values) for values in scores) - 2 * len(shared)
    if alone:
        raise InputError(
            f"groups {first} and {second}",
            found=f"{len(shared)} subjects in both groups and {alone} in one",
            expected="every subject in both groups, or every subject in one of them",
            do="leave out the images by which these subjects differ",
        )
    both = np.isfinite(scores[0]) & np.isfinite(scores[1])  # rows are sorted by subject, so both samples are aligned
    return PAIRED, scores[0][both], scores[1][both]


def check_scores(values: np.ndarray, length: int, dimensions: tuple[int, ...] = (1,)) -> np.ndarray:
    """Return scores as float64; raise `InputError` if they are infinite or not one row per image."""
    values = np.asarray(values, float)
    if values.ndim not in dimensions or len(values) != length or np.isinf(values).any():
        found = "an infinite score" if np.isinf(values).any() else f"an array of shape {values.shape}"
        shapes = " or ".join({1: f"({length},)", 2: f"({length}, K)"}[dimension] for dimension in dimensions)
        expected = f"finite numbers or NaN, shape {shapes}"
        raise InputError("scores", found=found, expected=expected, do="pass one per image")
    return values


def _means(values: np.ndarray, position: np.ndarray, length: int) -> np.ndarray:
    """Average the rows that share a position, NaN left out, (N, K), (N,) -> (length, K); NaN where nothing is left."""
    defined = np.isfinite(values)
    totals = sum_by(position, np.where(defined, values, 0.0), length)
    counts = sum_by(position, defined, length)
    return np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts > 0)
