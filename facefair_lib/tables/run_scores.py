"""The scores of every run of a network on the same people, as the stage ``runs`` keeps them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_lib.store.results import Stage
from facefair_lib.store.stages import TRAINING_STAGES

KINDS = ("people", "changed", "outlines", "reliability")
"""What is kept of every run; see `RunScores`."""
MASKS = "changed_masks"
"""Array of the first run's masks of the counterfactual cohort."""


@dataclass(frozen=True, eq=False)
class RunScores:
    """Scores by R runs of one network.

    Attributes
    ----------
    people : (R, P) fixed-class image IoU of the experiment's scored people
    changed : (R, N) the same of the counterfactual cohort's pictures
    outlines : (R, N) mean outline error over the parts every head has, as a share of the distance between the eyes; NaN
        where the picture is not on the tone curve
    reliability : (R, N, 10, 3) pixels by confidence, see ``calibration.reliability``; 0 off the tone curve
    """

    people: np.ndarray
    changed: np.ndarray
    outlines: np.ndarray
    reliability: np.ndarray


def read_runs(stage: Stage) -> dict[str, RunScores]:
    """Read the scores of every network's runs, model -> `RunScores`."""
    return {
        model: RunScores(*(stage.array(f"{model}_{kind}", memory_map=False) for kind in KINDS))
        for model in TRAINING_STAGES
    }


def first_masks(stage: Stage, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Read the first run's masks of some of the cohort's N pictures, model -> (n, H, W) uint8.

    Parameters
    ----------
    chosen : (N,) bool
    """
    return {model: stage.array(f"{model}_{MASKS}")[chosen] for model in TRAINING_STAGES}
