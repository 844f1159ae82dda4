"""Paired comparisons: the same person rendered twice, with one attribute changed.

If the attribute does not matter, a person's difference is as likely to be +d as -d, so flipping signs gives the
distribution of any statistic without assuming its shape. The interval inverts the same test: it contains the shifts
that the test does not reject. It therefore never contradicts the p value, and for symmetric differences it covers at
its nominal rate with any number of people. That is why it is used instead of a bootstrap interval: the percentile and
the BCa interval of a mean are too short with few people (with 24 they miss about 7 times in 100 instead of 5).

The interval needs no search. For one pattern of signs, |mean(s (d - m))| >= |mean(d) - m| holds for exactly those
shifts m that lie between the mean of the flipped and the mean of the unflipped differences; so its ends are order
statistics of such subset means (Hartigan's typical values).

Source: sign flips: Fisher, The Design of Experiments (1935), chapter 3; Winkler et al., NeuroImage 92 (2014). Typical
values: Hartigan, Journal of the American Statistical Association 64 (1969). Max-|t|: Westfall and Young,
Resampling-Based Multiple Testing (1993), single step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.power import detectable_paired
from facefair_lib.scores.resampling import LEVEL

FLIPS = 10_000
"""Patterns of signs; with up to 14 people all of them are tried."""
_CELLS = 2**22  # patterns x members held at once: 32 MB
_TIE = 1e-9  # equal sums in another order may differ in the last bits


@dataclass(frozen=True, eq=False)
class SignFlipTest:
    """What flipping signs says about the members of a family; arrays are (K,) float64.

    Parameters
    ----------
    difference : mean difference
    low, high : 95 % interval of the mean difference by inversion of the test, -inf and inf with fewer than 6 people
    t : mean difference / standard error
    p_value : two-sided, of each member alone
    p_adjusted : of each member within the family, by the largest |t|
    critical : the |t| beyond which p_adjusted is below 0.05; infinite with too few people to reach it
    n_subjects : (K,) int64, people with a difference; everything else is NaN with fewer than two
    exact : whether every pattern was tried
    """

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    t: np.ndarray
    p_value: np.ndarray
    p_adjusted: np.ndarray
    critical: float
    n_subjects: np.ndarray
    exact: bool


def sign_flip_test(differences: np.ndarray, *, permutations: int = FLIPS, seed: int = 0) -> SignFlipTest:
    """Test whether mean differences are zero.

    Parameters
    ----------
    differences : (S,) or (S, K) one difference per person and member of the family; NaN = that person has none
    permutations : number of sign patterns B, drawn at random unless all 2^(S-1) distinct ones are no more than that
    seed : of the random signs; a person's differences are flipped together, which keeps the members' dependence

    Raises
    ------
    InputError
        if the shape is wrong, there is no subject, or a difference is infinite

    Notes
    -----
    The null hypothesis is a distribution symmetric about 0. For skewed differences with mean 0 the test holds
    approximately, as the t test does. With 5 people the smallest p value is 1/16: nothing can be found, and the
    interval says so.
    """
    differences = np.asarray(differences, float)
    differences = differences[:, None] if differences.ndim == 1 else differences
    if differences.ndim != 2 or np.isinf(differences).any():
        raise InputError(
            "sign flip test",
            found=f"differences of shape {differences.shape}"
            + (", some infinite" if np.isinf(differences).any() else ""),
            expected="finite numbers or NaN, shape (subjects,) or (subjects, members)",
            do="pass one difference per subject",
        )
    signs, exact = _sign_patterns(len(differences), permutations, seed)
    size, step = differences.shape[1], max(1, _CELLS // len(signs))
    fields = {name: np.full(size, np.nan) for name in ("difference", "low", "high", "t", "p_value")}
    largest = np.zeros(len(signs))  # (B,) largest |t| over the family
    for start in range(0, size, step):
        columns = slice(start, start + step)
        block, null = _test_columns(differences[:, columns], signs)
        largest = np.maximum(largest, np.nan_to_num(null).max(1, initial=0))
        for name, values in block.items():
            fields[name][columns] = values
    count = np.isfinite(differences).sum(0)
    extreme = (largest[:, None] >= np.abs(fields["t"]) * (1 - _TIE)).mean(0)
    adjusted = np.where(count > 1, extreme, np.nan)
    beyond = int((1 - LEVEL) * len(largest) + 1e-9)  # patterns that may be as extreme
    critical = np.partition(largest, -beyond - 1)[-beyond - 1] if beyond else np.inf
    return SignFlipTest(**fields, p_adjusted=adjusted, critical=float(critical), n_subjects=count, exact=exact)


def paired_table(
    differences: np.ndarray,
    names: Sequence[str] | pd.DataFrame,
    *,
    permutations: int = FLIPS,
    seed: int = 0,
) -> pd.DataFrame:
    """Describe a family of paired differences.

    Parameters
    ----------
    differences : (S, K) one difference per person and member; NaN = that person has none
    names : K names, which become the column contrast, or a table with K rows
    permutations, seed : as in `sign_flip_test`

    Returns
    -------
    One row per member: the columns of ``names``, then difference, low, high (95 %), p_value, p_adjusted (max-|t|),
    n_subjects, small (fewer than ``MIN_SUBJECTS``), detectable (smallest difference whose p_adjusted falls below 0.05
    with power 0.8, at this number of people and spread; NaN where none could), exact
    """
    names = names.reset_index(drop=True) if isinstance(names, pd.DataFrame) else pd.DataFrame({"contrast": list(names)})
    differences = np.asarray(differences, float)
    if differences.ndim != 2 or differences.shape[1] != len(names):
        raise InputError(
            "paired differences",
            found=f"an array of shape {differences.shape} for {len(names)} names",
            expected=f"shape (subjects, {len(names)})",
            do="pass one column per name",
        )
    test = sign_flip_test(differences, permutations=permutations, seed=seed)
    columns = ("difference", "low", "high", "p_value", "p_adjusted")
    return names.assign(
        **{name: getattr(test, name) for name in columns},
        n_subjects=test.n_subjects,
        small=test.n_subjects < MIN_SUBJECTS,
        detectable=[
            detectable_paired(float(np.nanstd(column, ddof=1)), int(count), critical=test.critical)
            if count > 1 and np.isfinite(test.critical)
            else np.nan
            for column, count in zip(differences.T, test.n_subjects, strict=True)
        ],
        exact=test.exact,
    )


def _sign_patterns(subjects: int, permutations: int, seed: int) -> tuple[np.ndarray, bool]:
    """Give patterns of signs (B, S) float64, the first of them all plus, and whether these are all distinct ones."""
    if subjects == 0 or permutations < 1:
        raise InputError(
            "sign flip test",
            found=f"{subjects} subjects, {permutations} permutations",
            expected="at least one of each",
            do="pass differences, and ask for e.g. 10000 permutations",
        )
    if 2.0 ** (subjects - 1) <= permutations:
        # A pattern and its opposite give the same |t|, so the first person's sign need not be flipped.
        bits = np.arange(2 ** (subjects - 1))[:, None] >> np.arange(subjects - 1)  # (B, S - 1)
        return np.hstack([np.ones((len(bits), 1)), 1.0 - 2.0 * (bits & 1)]), True
    random = np.random.default_rng(seed).integers(0, 2, (permutations, subjects))
    return np.vstack([np.ones((1, subjects)), 2.0 * random - 1.0]), False  # the observed signs count, hence (1+#)/(1+B)


def _test_columns(differences: np.ndarray, signs: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Test some members, (S, k), (B, S) -> fields of (k,) and |t| of every pattern (B, k)."""
    present = np.isfinite(differences)
    filled = np.where(present, differences, 0.0)
    count, total, squares = present.sum(0), filled.sum(0), (filled**2).sum(0)  # (k,)
    sums, balance = signs @ filled, signs @ present  # (B, k) signed sum; unflipped minus flipped people
    enough = count > 1
    safe = np.maximum(count, 2)
    # t grows with this correlation-like ratio, which stays finite where all differences are equal.
    ratio = np.divide(sums, np.sqrt(safe * squares), out=np.zeros_like(sums), where=squares > 0)
    t = ratio * np.sqrt((safe - 1) / np.maximum(1 - ratio**2, 1e-12))
    t = np.where(enough, t, np.nan)
    low, high = _inverted(total, count, sums, balance)
    observed = np.abs(t[0])
    fields = {
        "difference": np.where(enough, total / safe, np.nan),
        "low": np.where(enough, low, np.nan),
        "high": np.where(enough, high, np.nan),
        "t": t[0],
        "p_value": np.where(enough, (np.abs(t) >= observed * (1 - _TIE)).mean(0), np.nan),
    }
    return fields, np.abs(t)


def _inverted(
    total: np.ndarray, count: np.ndarray, sums: np.ndarray, balance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the smallest and largest shift that is not rejected, (k,), (k,), (B, k), (B, k) -> (k,), (k,)."""
    unflipped, flipped = (count + balance) / 2, (count - balance) / 2  # (B, k)
    whole = (unflipped < 0.5) | (flipped < 0.5)  # nobody, or everybody, is flipped: compatible with every shift
    plus = (total + sums) / 2 / np.where(whole, 1, unflipped)
    minus = (total - sums) / 2 / np.where(whole, 1, flipped)
    lower = np.where(whole, -np.inf, np.minimum(plus, minus))
    upper = np.where(whole, np.inf, np.maximum(plus, minus))
    # A shift is kept if at least this many patterns are as extreme, itself included: p >= 1 - LEVEL.
    needed = max(1, int(np.ceil((1 - LEVEL) * len(sums) - 1e-9)))
    low = np.partition(lower, needed - 1, axis=0)[needed - 1]
    high = np.partition(upper, len(upper) - needed, axis=0)[len(upper) - needed]
    return low, high
