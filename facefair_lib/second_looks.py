"""Looking twice: how steady a network's answer is when the same picture is mirrored or made smaller.

None of this needs a mask, so it can be asked of any photograph; how much it says about the score is measured in
notebook 07.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from facefair_lib import agreement
from facefair_lib.config import InferenceSettings, View
from facefair_lib.inference import mean_probability
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, use_cores

SMALLER = 0.75
"""Scale of the smaller look."""
_BATCH = 32
_LOOKS = {
    "flip_consistency": InferenceSettings(views=(View(scale=1.0, mirrored=True),)),
    "scale_consistency": InferenceSettings(views=(View(scale=SMALLER, mirrored=False),)),
}


@dataclass(frozen=True)
class Looks:
    """What a network answered, and how steadily.

    Attributes
    ----------
    masks : (N, H, W) uint8, of the first look
    measures : flip_consistency, scale_consistency (mean IoU of the first look's mask with the second's, mapped back)
        and entropy, each (N,) in [0, 1]
    """

    masks: np.ndarray
    measures: dict[str, np.ndarray]


def look_twice(
    network: nn.Module,
    images: np.ndarray,
    views: InferenceSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Looks:
    """Segment pictures, then segment them again mirrored and smaller.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    views : of the first look
    progress : called with (pictures done, pictures in all)
    """
    use_cores(assigned_cores())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    masks = np.empty(images.shape[:3], np.uint8)
    measures = {name: np.empty(len(images)) for name in (*_LOOKS, "entropy")}
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            part = slice(start, start + _BATCH)
            inputs = normalise(torch.from_numpy(np.array(images[part])).to(device).permute(0, 3, 1, 2))
            probability = mean_probability(network, inputs, views)  # (B, C, H, W)
            masks[part] = _labels(probability)
            measures["entropy"][part] = agreement.mean_entropy(probability.float().cpu().numpy())
            for name, look in _LOOKS.items():
                again = _labels(mean_probability(network, inputs, look))
                measures[name][part] = agreement.label_agreement(masks[part], again)
            if progress:
                progress(min(start + _BATCH, len(images)), len(images))
    return Looks(masks, measures)


def _labels(probability: torch.Tensor) -> np.ndarray:
    return probability.argmax(1).to(torch.uint8).cpu().numpy()
