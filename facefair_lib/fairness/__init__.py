"""Scores by group, the gaps between groups, and how sure they are.

The words are Fairlearn's: overall, by_group, sensitive and control features. Everything public is
importable from here.
"""

from facefair_lib.fairness.adjusted import adjusted_gaps
from facefair_lib.fairness.decomposition import COMPONENTS, Decomposition, effects_table, shapley
from facefair_lib.fairness.equivalence import (
    Equivalence,
    equivalence_paired,
    equivalence_table,
    equivalence_unpaired,
)
from facefair_lib.fairness.families import class_family, holm, max_t_p_values
from facefair_lib.fairness.features import CONTROL, SENSITIVE, feature_table, levels
from facefair_lib.fairness.group_gap import Gap, gaps
from facefair_lib.fairness.groups import MIN_SUBJECTS, by_group, group_bootstrap, overall
from facefair_lib.fairness.model_gaps import GapComparison, compare_gaps
from facefair_lib.fairness.paired import SignFlipTest, paired_table, sign_flip_test
from facefair_lib.fairness.power import (
    detectable_between,
    detectable_paired,
    detectable_unpaired,
)
from facefair_lib.fairness.seeds import TwoLevel, two_level_bootstrap
from facefair_lib.fairness.subjects import SubjectArray, SubjectScores, contrasts, subject_array, subject_scores

__all__ = [
    "COMPONENTS",
    "CONTROL",
    "MIN_SUBJECTS",
    "SENSITIVE",
    "Decomposition",
    "Equivalence",
    "Gap",
    "GapComparison",
    "SignFlipTest",
    "SubjectArray",
    "SubjectScores",
    "TwoLevel",
    "adjusted_gaps",
    "by_group",
    "class_family",
    "compare_gaps",
    "contrasts",
    "detectable_between",
    "detectable_paired",
    "detectable_unpaired",
    "effects_table",
    "equivalence_paired",
    "equivalence_table",
    "equivalence_unpaired",
    "feature_table",
    "gaps",
    "group_bootstrap",
    "holm",
    "levels",
    "max_t_p_values",
    "overall",
    "paired_table",
    "shapley",
    "sign_flip_test",
    "subject_array",
    "subject_scores",
    "two_level_bootstrap",
]
