"""The tables of notebooks 04 and 05: confusion counts and a table of images in, one tidy DataFrame out.

Every function takes the counts of all models at once and resamples people with one seed, so that the rows of two models
rest on the same replicates. Intervals are 95 % percentile intervals of a bootstrap over people; NaN = undefined.
"""

from facefair_lib.analysis.adaptation import adaptation_table
from facefair_lib.analysis.checks import check_tables
from facefair_lib.analysis.experiment import cell_table, emotion_table, gap_table, group_table, nine_table
from facefair_lib.analysis.performance import (
    class_table,
    difference_table,
    examples_table,
    image_table,
    summary_table,
    transfer_table,
)

__all__ = [
    "adaptation_table",
    "cell_table",
    "check_tables",
    "class_table",
    "difference_table",
    "emotion_table",
    "examples_table",
    "gap_table",
    "group_table",
    "image_table",
    "nine_table",
    "summary_table",
    "transfer_table",
]
