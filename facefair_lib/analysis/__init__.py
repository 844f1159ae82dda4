"""The tables of notebooks 04 to 09: confusion counts and a table of images in, one tidy DataFrame out.

Every function takes the counts of all models at once and resamples people with one seed, so that the rows of two models
rest on the same replicates. Intervals are 95 % percentile intervals of a bootstrap over people; NaN = undefined.
"""

from facefair_lib.analysis.adaptation import adaptation_table
from facefair_lib.analysis.checks import check_tables
from facefair_lib.analysis.composition import composition_points, composition_table, slope_table
from facefair_lib.analysis.counterfactual import (
    adjusted_table,
    class_gap_table,
    effects_table,
    equivalence_table,
    mean_pairs,
    model_gaps_table,
    pairs_table,
    relative_pairs,
    sources_table,
    tones_table,
    typical,
)
from facefair_lib.analysis.experiment import cell_table, emotion_table, gap_table, group_table, nine_table
from facefair_lib.analysis.features import features_table, with_face_share
from facefair_lib.analysis.ladder import fed_table, ladder_changes
from facefair_lib.analysis.model_comparison import GAP_METRIC, comparison_table, pareto_front
from facefair_lib.analysis.performance import (
    class_table,
    difference_table,
    examples_table,
    image_table,
    summary_table,
    transfer_table,
)
from facefair_lib.analysis.quality import picture_table, quality_table, with_truth
from facefair_lib.analysis.traps import traps_table

__all__ = [
    "GAP_METRIC",
    "adaptation_table",
    "adjusted_table",
    "cell_table",
    "check_tables",
    "class_gap_table",
    "class_table",
    "comparison_table",
    "composition_points",
    "composition_table",
    "difference_table",
    "effects_table",
    "emotion_table",
    "equivalence_table",
    "examples_table",
    "features_table",
    "fed_table",
    "gap_table",
    "group_table",
    "image_table",
    "ladder_changes",
    "mean_pairs",
    "model_gaps_table",
    "nine_table",
    "pairs_table",
    "pareto_front",
    "picture_table",
    "quality_table",
    "relative_pairs",
    "slope_table",
    "sources_table",
    "summary_table",
    "tones_table",
    "transfer_table",
    "traps_table",
    "typical",
    "with_face_share",
    "with_truth",
]
