"""Predicting with fitted networks, and counting what they confuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from facefair_lib import metrics
from facefair_lib.config import ONE_VIEW, InferenceSettings
from facefair_lib.models.fitted import load_network
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, use_cores

__all__ = ["count_images", "load_network", "mean_probability", "predict"]

_BATCH = 32

Advance = Callable[[int, int], None]


def predict(
    network: nn.Module, images: np.ndarray, progress: Advance | None = None, views: InferenceSettings = ONE_VIEW
) -> np.ndarray:
    """Segment images of one size.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    progress : called with (images done, images in all)
    views : the scales at which a picture is seen, as it is or mirrored. Averaging over views is how both networks'
        papers test (Zhao et al. 2017, section 5.1; Chen et al. 2017, section 4.1).

    Returns
    -------
    (N, H, W) uint8 class indices
    """
    use_cores(assigned_cores())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    masks = np.empty(images.shape[:3], np.uint8)
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(np.array(images[start : start + _BATCH])).to(device).permute(0, 3, 1, 2)
            probability = mean_probability(network, normalise(batch), views)  # (B, C, H, W)
            masks[start : start + _BATCH] = probability.argmax(1).to(torch.uint8).cpu().numpy()
            if progress:
                progress(min(start + _BATCH, len(images)), len(images))
    return masks


def mean_probability(network: nn.Module, inputs: torch.Tensor, views: InferenceSettings) -> torch.Tensor:
    """Average the class probabilities of several views of each picture.

    Parameters
    ----------
    inputs : (B, 3, H, W) normalised pictures

    Returns
    -------
    (B, C, H, W) float, sums to 1 over C
    """
    size = inputs.shape[-2:]
    seen = []
    for view in views.views:
        shown = inputs if view.scale == 1 else _resize(inputs, [round(side * view.scale) for side in size])
        probability = _probability(network, shown.flip(-1) if view.mirrored else shown, size)
        seen.append(probability.flip(-1) if view.mirrored else probability)
    return torch.stack(seen).mean(0)


def _probability(network: nn.Module, view: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Class probabilities of one view, brought to ``size``."""
    logits = network(view.contiguous(memory_format=torch.channels_last))["out"]
    return (logits if logits.shape[-2:] == size else _resize(logits, size)).softmax(1)


def _resize(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return functional.interpolate(values, size, mode="bilinear", align_corners=False)


def count_images(labels: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Confusion counts image by image: two (N, H, W) uint8 stacks -> (N, 11, 11) int64, rows = target."""
    return metrics.confusion_counts(np.asarray(labels), masks)
