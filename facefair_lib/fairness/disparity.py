"""Numbers that compare the scores of groups: difference, ratio, worst group, equity-scaled scores, effect size.

Source: Fairlearn's MetricFrame (Weerts et al., JMLR 24, 2023); equity-scaled scores: FairSeg (Tian et al., ICLR 2024);
Cliff's delta: Cliff, Psychological Bulletin 114 (1993).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from facefair_lib.errors import InputError


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
