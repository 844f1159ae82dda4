"""Predicts with fitted networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.settings.labels import INDEX
from facefair_lib.settings.profiles import ONE_VIEW, InferenceSettings
from facefair_lib.store.progress import Advance
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, use_cores

Kept = TypeVar("Kept")
_BACKGROUND = INDEX["background"]


def predict(
    network: nn.Module, images: np.ndarray, progress: Advance | None = None, views: InferenceSettings = ONE_VIEW
) -> np.ndarray:
    """Segment images of one size.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    progress : called with (images done, total)
    views : the scales at which a picture is seen, mirrored or not, and how much of it a class must cover. Both
        networks' papers test by averaging over views (Zhao et al. 2017, section 5.1; Chen et al. 2017, section 4.1).

    Returns
    -------
    (N, H, W) uint8 class indices
    """
    use_cores(assigned_cores())
    masks = in_batches(network, images, lambda inputs: classes(mean_probability(network, inputs, views)), progress)
    return np.concatenate([np.empty((0, *images.shape[1:3]), np.uint8), *masks])


def in_batches(
    network: nn.Module,
    images: np.ndarray,
    look: Callable[[torch.Tensor], Kept],
    progress: Advance | None = None,
    batch: int = 32,
) -> list[Kept]:
    """Show pictures to a network, batch by batch, on the GPU if there is one.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    look : normalised pictures (B, 3, H, W) -> what is kept of them
    progress : called with (images done, total)
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    kept = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            part = torch.from_numpy(np.array(images[start : start + batch])).to(device).permute(0, 3, 1, 2)
            kept.append(look(normalise(part)))
            if progress:
                progress(min(start + batch, len(images)), len(images))
    return kept


def classes(scores: torch.Tensor) -> np.ndarray:
    """The most likely class of each pixel, (B, C, H, W) -> (B, H, W) uint8."""
    return _likeliest(scores)[:, 0].to(torch.uint8).cpu().numpy()


def _likeliest(scores: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) -> (B, 1, H, W) int64, the first on a tie; on a CPU ``argmax`` takes four times as long."""
    return scores.max(1, keepdim=True).indices


def mean_probability(network: nn.Module, inputs: torch.Tensor, views: InferenceSettings) -> torch.Tensor:
    """Average the class probabilities of several views of each picture, and remove classes that cover too little.

    Parameters
    ----------
    inputs : (B, 3, H, W) normalised pictures
    views : see ``predict``

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
    return _without_specks(torch.stack(seen).mean(0), views.least_share)


def _without_specks(probability: torch.Tensor, least_share: float) -> torch.Tensor:
    """Remove a class from every picture of which it covers too little; its pixels go to classes that cover enough.

    Parameters
    ----------
    probability : (B, C, H, W), sums to 1 over C
    least_share : of a picture's pixels, rounded to whole ones; 0 removes nothing. The background always stays.
    """
    least = round(least_share * probability.shape[-2] * probability.shape[-1])
    if not least:
        return probability
    label = _likeliest(probability)
    area = torch.stack([mask.flatten().bincount(minlength=probability.shape[1]) for mask in label])  # (B, C)
    area = area[..., None, None]  # (B, C, 1, 1)
    small = area < least
    small[:, _BACKGROUND] = False
    freed = torch.take_along_dim(small, label, 1)  # (B, 1, H, W) pixels whose class is removed
    # A class without pixels keeps its probability, so that confidence stays honest, but takes over no pixel: it would
    # be just as small.
    kept = probability.masked_fill(small & ((area > 0) | freed), 0)
    kept[:, _BACKGROUND] += kept.sum(1) == 0  # where nothing else is left
    return kept / kept.sum(1, keepdim=True)


def _probability(network: nn.Module, view: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Class probabilities of one view, resized to ``size``."""
    logits = network(view.contiguous(memory_format=torch.channels_last))["out"]
    return (logits if logits.shape[-2:] == size else _resize(logits, size)).softmax(1)


def _resize(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return functional.interpolate(values, size, mode="bilinear", align_corners=False)
