"""The figures of the report: results in, matplotlib figures out.

What only a drawing shows is calculated here: each counterfactual identity's deviation from its own mean and the t
intervals of the groups' means, a group's score relative to the other groups, means of repeated draws, and shares of the
rows of confusion counts.
"""

from facefair_lib.figures import backend  # noqa: F401 - before whatever imports matplotlib
from facefair_lib.figures.adaptation import adaptation_curves
from facefair_lib.figures.analysis import class_scores, group_scores
from facefair_lib.figures.architecture import deeplabv3_architecture, pspnet_architecture
from facefair_lib.figures.comparison import disagreement, example_rows, model_examples
from facefair_lib.figures.confusion import confusion_matrix
from facefair_lib.figures.data import class_shares, data_flow
from facefair_lib.figures.experiment import experiment_grid
from facefair_lib.figures.fairness import counterfactual_examples, counterfactual_pairs, outline, skin_tone_curve
from facefair_lib.figures.fairness_cells import class_gaps, emotion_cells
from facefair_lib.figures.fairness_checks import (
    adjusted_gaps,
    boundary_traps,
    composition_effect,
    gap_sources,
    quality_measures,
)
from facefair_lib.figures.model_comparison import model_comparison
from facefair_lib.figures.pictures import (
    Picture,
    duplicate_pairs,
    images_and_masks,
    overlay,
    picture_rows,
)
from facefair_lib.figures.reproduction import colour_story, iou_against_f1, ladder_steps
from facefair_lib.figures.reproduction_checks import (
    knife_edge,
    known_people,
    nine_photographs,
    repeated_grids,
    wrongly_fed,
)
from facefair_lib.figures.style import describe, mask_legend, save
from facefair_lib.figures.training import training_curves

__all__ = [
    "Picture",
    "adaptation_curves",
    "adjusted_gaps",
    "boundary_traps",
    "class_gaps",
    "class_scores",
    "class_shares",
    "colour_story",
    "composition_effect",
    "confusion_matrix",
    "counterfactual_examples",
    "counterfactual_pairs",
    "data_flow",
    "deeplabv3_architecture",
    "describe",
    "disagreement",
    "duplicate_pairs",
    "emotion_cells",
    "example_rows",
    "experiment_grid",
    "gap_sources",
    "group_scores",
    "images_and_masks",
    "iou_against_f1",
    "knife_edge",
    "known_people",
    "ladder_steps",
    "mask_legend",
    "model_comparison",
    "model_examples",
    "nine_photographs",
    "outline",
    "overlay",
    "picture_rows",
    "pspnet_architecture",
    "quality_measures",
    "repeated_grids",
    "save",
    "skin_tone_curve",
    "training_curves",
    "wrongly_fed",
]
