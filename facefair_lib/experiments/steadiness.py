"""Looking twice: how consistent a network's prediction is when the same picture is mirrored or made smaller.

None of this needs a mask, so it works for any photograph. How much it says about the score is measured on people whose
masks are known, in notebooks 05 and 07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.data.pictures import Pictures
from facefair_lib.scores import without_masks
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.profiles import InferenceSettings, View
from facefair_lib.tables.quality import picture_table, quality_table, with_truth
from facefair_lib.training.device import assigned_cores, use_cores
from facefair_lib.training.predict import Advance, classes, in_batches, mean_probability

SMALLER = 0.75
"""Scale of the smaller picture."""
_LOOKS = {
    "flip_consistency": View(scale=1.0, mirrored=True),
    "scale_consistency": View(scale=SMALLER, mirrored=False),
}


@dataclass(frozen=True)
class Looks:
    """What a network predicted, and how consistently.

    Attributes
    ----------
    masks : (N, H, W) uint8, of the first look
    measures : flip_consistency, scale_consistency (mean IoU between the masks of the first and the second look, mapped
        back) and entropy, each (N,) in [0, 1]
    """

    masks: np.ndarray
    measures: dict[str, np.ndarray]


def look_twice(
    network: nn.Module,
    images: np.ndarray,
    views: InferenceSettings,
    progress: Advance | None = None,
) -> Looks:
    """Segment pictures, then segment them again mirrored and smaller.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    views : of the first look
    progress : called with (pictures done, pictures in all)
    """
    use_cores(assigned_cores())
    seconds = [views.model_copy(update={"views": (view,)}) for view in _LOOKS.values()]

    def look(inputs: torch.Tensor) -> tuple[np.ndarray, ...]:
        probability = mean_probability(network, inputs, views)  # (B, C, H, W)
        masks = classes(probability)
        again = [classes(mean_probability(network, inputs, second)) for second in seconds]
        steady = [without_masks.label_agreement(masks, other) for other in again]
        return masks, *steady, without_masks.mean_entropy(probability.float().cpu().numpy())

    seen = in_batches(network, images, look, progress)
    masks, *measures = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    return Looks(masks, dict(zip((*_LOOKS, "entropy"), measures, strict=True)))


def measure_worth(
    networks: Mapping[str, nn.Module],
    known: Pictures,
    views: InferenceSettings,
    progress: Callable[[str], Advance],
    **resampling: int,
) -> pd.DataFrame:
    """Say how well each measure predicts the true score, on pictures whose masks are known: ``quality_table``.

    Parameters
    ----------
    networks : model -> network
    known : pictures with masks, image_id, subject_id, group and emotion, to which no network was fitted
    progress : makes a callback for the work of one model
    resampling : passed to ``quality_table``
    """
    looks = {model: look_twice(network, known.images, views, progress(model)) for model, network in networks.items()}
    masks = {model: look.masks for model, look in looks.items()}
    measured = picture_table(masks, {model: look.measures for model, look in looks.items()}, known.table)
    counts = {model: confusion_counts(known.labels, mask) for model, mask in masks.items()}
    return quality_table(with_truth(measured, counts, known.table), **resampling)
