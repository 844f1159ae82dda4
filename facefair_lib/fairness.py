"""Scores by group, and what may be said about the gap between groups.

The words are Fairlearn's: overall, by_group, difference, ratio. Groups are ranked on at least ``MIN_SUBJECTS`` people;
smaller ones keep their row, flagged `small`, and never become best or worst.

A max - min gap is never negative, so it is biased upward and its naive bootstrap interval cannot reach 0. Three numbers
stand beside it: the gap that shuffled labels give (chance), the permutation p value, and an interval of the true gap
that holds for all pairs of groups at once.

Source: Fairlearn's MetricFrame (Weerts et al., JMLR 24, 2023); equity-scaled scores: FairSeg (Tian et al., ICLR 2024);
Cliff's delta: Cliff, Psychological Bulletin 114 (1993).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from facefair_lib.confusion import check_counts
from facefair_lib.errors import InputError
from facefair_lib.metrics import ESTIMANDS, evaluate
from facefair_lib.uncertainty import (
    LEVEL,
    PERMUTATIONS,
    REPLICATES,
    SubjectBootstrap,
    encode_labels,
    is_constant_within,
    percentile_interval,
    permutation_p_value,
    permuted_totals,
    subject_bootstrap,
    sum_by,
)

MIN_SUBJECTS = 10
"""People below which a group is flagged and not ranked."""


def group_bootstrap(
    subjects: np.ndarray, labels: np.ndarray, *, replicates: int = REPLICATES, seed: int = 0
) -> SubjectBootstrap:
    """Draw subjects within each group; draw them from the whole set where some are shown in several groups.

    A subject shown in several groups (counterfactual pictures) is drawn with the pictures of all of them, which keeps
    the comparison paired.
    """
    unit, _ = encode_labels(subjects, "subject_id")
    code, _ = encode_labels(labels, "labels", len(unit))
    strata = code if is_constant_within(code, unit) else None
    return subject_bootstrap(unit, strata=strata, replicates=replicates, seed=seed)


def overall(
    counts: np.ndarray,
    bootstrap: SubjectBootstrap,
    rows: np.ndarray | None = None,
    estimands: Iterable[str] = tuple(ESTIMANDS),
) -> pd.DataFrame:
    """Score one set of images under several estimands.

    Parameters
    ----------
    counts : (N, C, C) integer, one matrix per image
    bootstrap : replicates over the subjects of these N images
    rows : (N,) bool, the images of the set; all by default
    estimands : keys of ``metrics.ESTIMANDS``

    Returns
    -------
    One row per estimand: metric, value, low, high (95 % percentile), n_images, n_subjects, small, dropped (replicates
    without a value). One subject alone has no interval: NaN.
    """
    counts = check_counts(counts)
    rows = np.ones(len(counts), bool) if rows is None else rows
    estimands = tuple(estimands)
    values = evaluate(counts[rows], lambda parts: parts.sum(0), estimands)
    n_images, n_subjects = int(rows.sum()), bootstrap.subjects(rows)
    replicates = evaluate(counts, lambda parts: bootstrap.totals(parts, rows), estimands) if n_subjects > 1 else {}
    table = []
    for key in estimands:
        interval = percentile_interval(replicates.get(key, np.empty(0)))
        table.append((key, float(values[key]), interval.low, interval.high, n_images, n_subjects, interval.dropped))
    columns = ["metric", "value", "low", "high", "n_images", "n_subjects", "dropped"]
    frame = pd.DataFrame(table, columns=columns)
    frame.insert(6, "small", frame["n_subjects"] < MIN_SUBJECTS)
    return frame


def by_group(
    counts: np.ndarray,
    labels: np.ndarray,
    bootstrap: SubjectBootstrap,
    estimands: Iterable[str] = tuple(ESTIMANDS),
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Score every group of images.

    Parameters
    ----------
    counts : (N, C, C) integer
    labels : (N,) group of each image
    bootstrap : replicates over the subjects of these N images, best from `group_bootstrap`
    estimands : keys of ``metrics.ESTIMANDS``
    order : groups in the order of the rows; sorted by default

    Returns
    -------
    Column group, then those of `overall`; one row per group and estimand

    Notes
    -----
    Class means run over the classes a group shows or is predicted to show. Where one group shows a class that another
    does not (beards), part of their difference is that class; compare the classes one by one before explaining it.
    """
    code, names = encode_labels(labels, "labels", len(check_counts(counts)))
    number = {name: position for position, name in enumerate(names)}
    estimands = tuple(estimands)
    tables = []
    for name in names if order is None else order:
        table = overall(counts, bootstrap, code == number.get(name, -1), estimands)
        table.insert(0, "group", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def difference(values: np.ndarray, reference: float | None = None) -> float:
    """Largest difference between groups (max - min), or from ``reference`` (largest absolute difference)."""
    values = np.asarray(values, float)
    return float(np.ptp(values)) if reference is None else float(np.abs(values - reference).max())


def ratio(values: np.ndarray) -> float:
    """Score of the worst group divided by that of the best (min / max); NaN where the best is 0."""
    values = np.asarray(values, float)
    return float(values.min() / values.max()) if values.max() > 0 else np.nan


def equity_scaled_sum(score: float, by_group: np.ndarray, alpha: float = 1.0) -> float:
    """Divide a score by 1 + alpha * sum of |group score - score|; all in [0, 1].

    The sum grows with the number of groups: compare values over the same groups only.

    Source: Tian et al., FairSeg, ICLR 2024, equity-scaled segmentation performance.
    """
    return float(score / (1 + alpha * np.abs(np.asarray(by_group, float) - score).sum()))


def equity_scaled_spread(score: float, by_group: np.ndarray) -> float:
    """Divide a score by 1 + sample standard deviation (n - 1) of the group scores; NaN with fewer than two groups.

    Source: the programs published with FairSeg (Tian et al., ICLR 2024), second form.
    """
    by_group = np.asarray(by_group, float)
    return float(score / (1 + by_group.std(ddof=1))) if len(by_group) > 1 else np.nan


def cliffs_delta(first: np.ndarray, second: np.ndarray) -> float:
    """Effect size of two samples: P(first > second) - P(first < second), in [-1, 1].

    Parameters
    ----------
    first, second : (n1,), (n2,) one score per SUBJECT, so that people with many pictures do not count more

    Returns
    -------
    2 U / (n1 n2) - 1, ties counting half; NaN where a sample is empty

    Raises
    ------
    InputError
        if a score is NaN
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if np.isnan(first).any() or np.isnan(second).any():
        raise InputError("Cliff's delta", found="NaN scores", expected="a score per subject", do="drop NaN first")
    if not len(first) or not len(second):
        return np.nan
    ranks = stats.rankdata(np.concatenate([first, second]))[: len(first)]
    u = ranks.sum() - len(first) * (len(first) + 1) / 2
    return float(2 * u / (len(first) * len(second)) - 1)


def disparity_table(groups: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Compare the groups of a table, small ones left out.

    Parameters
    ----------
    groups : what `by_group` returns
    whole : what `overall` returns for the same images

    Returns
    -------
    One row per metric: metric, n_groups (ranked), difference, difference_to_overall, ratio, best, worst, group_min,
    equity_scaled_sum, equity_scaled_spread. NaN, and best and worst empty, with fewer than two ranked groups.
    """
    score = whole.set_index("metric")["value"]
    table = []
    for metric, rows in groups.groupby("metric", sort=False):
        ranked = rows[~rows["small"] & rows["value"].notna()].set_index("group")["value"]
        row = {"metric": metric, "n_groups": len(ranked), "best": "", "worst": ""}
        if len(ranked) > 1:
            values = ranked.to_numpy()
            row |= {
                "difference": difference(values),
                "difference_to_overall": difference(values, score[metric]),
                "ratio": ratio(values),
                "best": ranked.idxmax(),
                "worst": ranked.idxmin(),
                "group_min": values.min(),
                "equity_scaled_sum": equity_scaled_sum(score[metric], values),
                "equity_scaled_spread": equity_scaled_spread(score[metric], values),
            }
        table.append(row)
    columns = ["metric", "n_groups", "difference", "difference_to_overall", "ratio", "best", "worst", "group_min"]
    return pd.DataFrame(table).reindex(columns=[*columns, "equity_scaled_sum", "equity_scaled_spread"])


@dataclass(frozen=True)
class Gap:
    """Best group minus worst group, and how to read it.

    Parameters
    ----------
    gap : largest minus smallest group score
    expected_by_chance : mean gap under shuffled labels
    corrected : gap - expected_by_chance
    low, high : 95 % interval of the true gap, gap -+ q, where q bounds the errors of all pairs of groups at once; `low`
        <= 0 says that no gap at all agrees with the data, and is so whenever the p value is clearly above 0.05
    p_value : share of shuffles with at least this gap
    best, worst : groups
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
    key -> Gap between the groups of at least ``MIN_SUBJECTS`` subjects; all NaN with fewer than two of them

    Notes
    -----
    The p values of several estimands are not adjusted for each other. A large p value does not show that groups are
    equal: read `high`, the largest gap that agrees with the data.
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
    gap = difference(observed)
    chance = np.ptp(null, axis=1)  # (P,) NaN where a shuffled group has no score
    chance = chance[np.isfinite(chance)]
    # |largest true difference - largest observed one| <= largest error of any pair, whose quantile therefore bounds it.
    errors = np.ptp(replicated - observed, axis=1)  # (B,)
    errors = errors[np.isfinite(errors)]
    # The bootstrap is a little too sure with few people; the shuffles are exact without a gap. The wider one holds.
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
