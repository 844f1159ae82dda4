"""Scores by group, the gaps between groups, and how sure they are.

The words are Fairlearn's: overall, by_group, difference, ratio, sensitive and control features. Everything public is
importable from here.
"""

from facefair_lib.fairness.disparity import (
    cliffs_delta,
    difference,
    disparity_table,
    equity_scaled_spread,
    equity_scaled_sum,
    ratio,
)
from facefair_lib.fairness.group_gap import Gap, gaps
from facefair_lib.fairness.groups import MIN_SUBJECTS, by_group, group_bootstrap, overall

__all__ = [
    "MIN_SUBJECTS",
    "Gap",
    "by_group",
    "cliffs_delta",
    "difference",
    "disparity_table",
    "equity_scaled_spread",
    "equity_scaled_sum",
    "gaps",
    "group_bootstrap",
    "overall",
    "ratio",
]
