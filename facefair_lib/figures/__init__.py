"""The figures of the report: results in, matplotlib figures out; nothing is calculated here."""

from facefair_lib.figures.analysis import class_scores, group_scores
from facefair_lib.figures.architecture import deeplabv3_architecture, pspnet_architecture
from facefair_lib.figures.comparison import disagreement, example_rows, model_examples
from facefair_lib.figures.confusion import confusion_matrix
from facefair_lib.figures.data import class_shares, data_flow
from facefair_lib.figures.experiment import experiment_grid
from facefair_lib.figures.pictures import (
    Picture,
    duplicate_pairs,
    images_and_masks,
    overlay,
    picture_rows,
)
from facefair_lib.figures.reproduction import colour_story, iou_against_f1, ladder_steps, nine_photographs
from facefair_lib.figures.style import describe, mask_legend, save
from facefair_lib.figures.training import training_curves

__all__ = [
    "Picture",
    "class_scores",
    "class_shares",
    "colour_story",
    "confusion_matrix",
    "data_flow",
    "deeplabv3_architecture",
    "describe",
    "disagreement",
    "duplicate_pairs",
    "example_rows",
    "experiment_grid",
    "group_scores",
    "images_and_masks",
    "iou_against_f1",
    "ladder_steps",
    "mask_legend",
    "model_examples",
    "nine_photographs",
    "overlay",
    "picture_rows",
    "pspnet_architecture",
    "save",
    "training_curves",
]
