"""How certain a score is: bootstrap over people, permutation of group labels.

Pictures of one person resemble each other, so the unit of both methods is the person (subject), never the picture.
All scores are functions of sums over pictures (`metrics.Estimand`), so a replicate is a weighted sum in which a person
counts as often as they were drawn. One matrix product computes all replicates of all classes at once.

Source: cluster bootstrap: Field and Welsh, Journal of the Royal Statistical Society B 69 (2007); permutation p value:
Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010); shuffling in blocks: Winkler
et al., NeuroImage 123 (2015).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from facefair_lib.errors import InputError

REPLICATES = 2000
PERMUTATIONS = 2000
LEVEL = 0.95
ALPHA, POWER = 0.05, 0.8
"""A p value below ALPHA is called clear; a gap that is found with probability POWER is called detectable."""
_CHUNK = 128  # replicates per matrix product: 10 MB of weights for 10,000 people


@dataclass(frozen=True)
class Interval:
    """A percentile interval and the number of replicates that had no value and were dropped."""

    low: float
    high: float
    dropped: int


@dataclass(frozen=True, eq=False)
class SubjectBootstrap:
    """Replicates of a cluster bootstrap; all that is computed from one instance is paired.

    Parameters
    ----------
    unit : (N,) int64, number of each image's subject
    weights : (B, S) uint16, how often each subject was drawn in each replicate
    """

    unit: np.ndarray
    weights: np.ndarray

    def totals(self, values: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Add images up, each weighted by how often its subject was drawn.

        Parameters
        ----------
        values : (N, ...) finite numbers per image
        rows : (N,) bool, the images to add; all by default. Subjects are drawn from the whole set all the same.

        Returns
        -------
        (B, ...) float64
        """
        chosen = np.arange(len(self.unit)) if rows is None else np.flatnonzero(rows)
        inner = np.shape(values)[1:]
        flat = np.asarray(values)[chosen].reshape(len(chosen), math.prod(inner))  # (n, K)
        subjects, position = np.unique(self.unit[chosen], return_inverse=True)
        by_subject = sum_by(position, flat, len(subjects))  # (s, K)
        totals = np.empty((len(self.weights), by_subject.shape[1]))
        for part in _chunks(len(totals)):
            totals[part] = self.weights[part][:, subjects].astype(float) @ by_subject
        return totals.reshape(len(totals), *inner)

    def subjects(self, rows: np.ndarray | None = None) -> int:
        """Count the subjects of some images, of all by default."""
        return len(np.unique(self.unit if rows is None else self.unit[rows]))


def subject_bootstrap(
    subjects: np.ndarray, *, strata: np.ndarray | None = None, replicates: int = REPLICATES, seed: int = 0
) -> SubjectBootstrap:
    """Draw subjects with replacement, each with all of their images.

    Parameters
    ----------
    subjects : (N,) subject of each image
    strata : (N,) group of each image; subjects are then drawn within each group, so that no replicate loses one
    replicates : number of replicates B
    seed : seed of the random numbers

    Raises
    ------
    InputError
        if a label is missing, lengths differ, a subject is in two strata, or B is not positive
    """
    unit, _ = encode_labels(subjects, "subject_id")
    if replicates < 1:
        raise InputError("bootstrap", found=f"{replicates} replicates", expected="at least one", do="ask for 2000")
    stratum = np.zeros(len(unit), np.int64)
    if strata is not None:
        stratum, _ = encode_labels(strata, "strata", len(unit))
        if not is_constant_within(stratum, unit):
            raise InputError(
                "bootstrap",
                found="a subject whose images are in several strata",
                expected="one stratum per subject",
                do="leave strata out: a subject is then drawn with the images of all strata",
            )
    stratum_of_subject = np.zeros(unit.max() + 1, np.int64)
    stratum_of_subject[unit] = stratum
    return SubjectBootstrap(unit, times_drawn(stratum_of_subject, replicates, np.random.default_rng(seed)))


def percentile_interval(replicates: np.ndarray, *, people: int | None = None) -> Interval:
    """Take the middle share ``LEVEL`` of bootstrap replicates.

    Parameters
    ----------
    replicates : (B,) values; NaN ones are dropped and counted

    people : number of people drawn; if given, the interval is expanded to allow for few people: the spread of
        replicates of n people is too small by sqrt((n - 1) / n), and a normal tail is shorter than t's

    Returns
    -------
    Interval, NaN on both sides where fewer than two replicates have a value, or where there is one person

    Source: expanded percentile interval: Hesterberg, The American Statistician 69 (2015), section 4.
    """
    defined = replicates[np.isfinite(replicates)]
    dropped = len(replicates) - len(defined)
    if len(defined) < 2 or (people is not None and people < 2):
        return Interval(np.nan, np.nan, dropped)
    tail = (1 - LEVEL) / 2
    if people is not None:
        tail = float(stats.norm.sf(np.sqrt(people / (people - 1)) * stats.t.isf(tail, people - 1)))
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), dropped)


def permuted_totals(
    values: np.ndarray,
    labels: np.ndarray,
    subjects: np.ndarray,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> np.ndarray:
    """Add images up by group after shuffling the group labels, many times.

    If every subject has one label, labels are shuffled over subjects. If subjects are seen under several labels (one
    person sad, happy and angry), labels are shuffled within each subject: that keeps differences between people out of
    the comparison, as flipping signs does for pairs.

    Parameters
    ----------
    values : (N, K) finite numbers per image
    labels : (N,) group of each image
    subjects : (N,) subject of each image
    permutations : number of shuffles P
    seed : seed of the random numbers; equal seeds give equal shuffles, so models are compared under the same ones

    Returns
    -------
    (P, G, K) float64, groups in sorted order

    Raises
    ------
    InputError
        if labels vary within some subjects but within fewer than half of them: neither way of shuffling fits
    """
    unit, _ = encode_labels(subjects, "subject_id")
    code, names = encode_labels(labels, "labels", len(unit))
    values = np.asarray(values, float)
    if is_constant_within(code, unit):
        values = sum_by(unit, values, unit.max() + 1)  # (S, K)
        label_of_subject = np.zeros(len(values), np.int64)
        label_of_subject[unit] = code
        code, block = label_of_subject, np.zeros(len(values), np.int64)
    else:
        _check_mostly_varying(code, unit)
        block = unit
    rng = np.random.default_rng(seed)
    totals = np.empty((permutations, len(names), values.shape[1]))
    for part in _chunks(permutations):
        shuffled = _shuffle_within(code, block, part.stop - part.start, rng)  # (p, U)
        for group in range(len(names)):
            totals[part, group] = (shuffled == group).astype(float) @ values
    return totals


def permutation_p_value(observed: float, null: np.ndarray) -> float:
    """Share of shuffles at least as extreme as what was observed, (1 + #{T* >= T}) / (1 + B).

    Parameters
    ----------
    observed : the statistic T, large = extreme
    null : (B,) the statistic under shuffled labels; NaN ones are dropped, from B too

    Returns
    -------
    p in (0, 1]; NaN where the statistic is undefined
    """
    defined = null[np.isfinite(null)]
    if not np.isfinite(observed) or not len(defined):
        return np.nan
    tolerance = 1e-12 * max(1.0, abs(observed))  # equal sums in another order may differ in the last bit
    return float((1 + np.sum(defined >= observed - tolerance)) / (1 + len(defined)))


def encode_labels(labels: np.ndarray, name: str, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Number labels in sorted order.

    Returns
    -------
    codes : (N,) int64
    names : (G,) the labels, sorted

    Raises
    ------
    InputError
        if a label is missing, there are none, or there are not ``length`` of them
    """
    labels = np.asarray(labels, object)
    if labels.ndim != 1 or len(labels) == 0 or (length is not None and len(labels) != length):
        wanted = "at least one label in one row" if length is None else f"{length} labels, one per image"
        raise InputError(name, found=f"labels of shape {labels.shape}", expected=wanted, do="pass one label per image")
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise InputError(
            name,
            found=f"no label for {len(missing)} images, the first at position {missing[0]}",
            expected="a label for every image",
            do="complete the column, or leave these images out before scoring",
        )
    codes, names = pd.factorize(labels, sort=True)
    return codes.astype(np.int64), names


def is_constant_within(codes: np.ndarray, unit: np.ndarray) -> bool:
    """Whether every unit has the same code on all its images, (N,), (N,) int64."""
    first = np.zeros(unit.max() + 1, np.int64)
    first[unit] = codes
    return bool((first[unit] == codes).all())


def sum_by(position: np.ndarray, values: np.ndarray, length: int) -> np.ndarray:
    """Add up the rows that share a position, (N,), (N, K) -> (length, K) float64."""
    rows = np.arange(len(position))
    member = sparse.csr_array((np.ones(len(rows)), (position, rows)), shape=(length, len(rows)))
    return member @ np.asarray(values, float)


def times_drawn(stratum_of_subject: np.ndarray, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Draw subjects with replacement within strata, (S,) stratum numbers -> (B, S) uint16, how often each was drawn."""
    weights = np.zeros((replicates, len(stratum_of_subject)), np.uint16)
    for stratum in np.unique(stratum_of_subject):
        members = np.flatnonzero(stratum_of_subject == stratum)
        for part in _chunks(replicates):
            n = part.stop - part.start
            drawn = rng.integers(len(members), size=(n, len(members)))  # (n, s)
            drawn += len(members) * np.arange(n)[:, None]
            times = np.bincount(drawn.ravel(), minlength=n * len(members)).reshape(n, len(members))
            weights[part, members] = times
    return weights


def _check_mostly_varying(code: np.ndarray, unit: np.ndarray) -> None:
    """Refuse labels that shuffling within subjects would leave nearly unchanged."""
    pairs = np.unique(np.stack([unit, code]), axis=1)  # (2, number of subject-label pairs)
    varying = int((np.bincount(pairs[0]) > 1).sum())
    if 2 * varying < unit.max() + 1:
        raise InputError(
            "permutation test",
            found=f"{varying} of {unit.max() + 1} subjects under several labels",
            expected="one label for every subject, or several labels for at least half of them",
            do="leave out the images by which these subjects change their label",
        )


def _shuffle_within(codes: np.ndarray, block: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Shuffle codes among the units of each block, (U,), (U,) -> (times, U)."""
    slots = np.argsort(block, kind="stable")  # (U,) units, block after block
    order = np.argsort(block + rng.random((times, len(block))), axis=1)  # (times, U) the same blocks, shuffled inside
    shuffled = np.empty_like(order)
    shuffled[:, slots] = codes[order]
    return shuffled


def _chunks(length: int) -> Iterator[slice]:
    for start in range(0, length, _CHUNK):
        yield slice(start, min(start + _CHUNK, length))
