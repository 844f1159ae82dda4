"""What a trained network makes of pictures that are fed to it otherwise than it was trained.

From random weights the order of the channels and the scale of the values hardly matter: whatever comes, the network
learns from it. The course paper's networks did not start from random weights. Theirs had been trained on pictures with
red first, brought to ImageNet's mean and spread, and got neither. A network of one's own shows what that costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from torch import nn

from facefair_lib.scores import metrics
from facefair_lib.training.batches import MEAN, STANDARD_DEVIATION
from facefair_lib.training.predict import predict

_FULL = 255

WAYS: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "as trained": ("rgb", True),
        "blue first": ("bgr", True),
        "not normalised": ("rgb", False),
        "both, as published": ("bgr", False),
    }
)
"""Name -> order of the channels, and whether pictures are brought to ImageNet's mean and spread."""


def as_fed(images: np.ndarray, order: str, normalised: bool) -> np.ndarray:
    """Pictures that ``predict.predict`` turns into what a network gets, fed in some other way.

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    order : ``rgb`` or ``bgr``
    normalised : else the network gets values divided by 255 and no more

    Returns
    -------
    (N, S, S, 3) uint8 or float32
    """
    ordered = images[..., ::-1] if order == "bgr" else images
    if normalised:
        return np.ascontiguousarray(ordered)
    # `predict` subtracts the mean and divides by the spread; what is undone here first comes out as values / 255.
    mean, spread = (np.array(numbers, np.float32) for numbers in (MEAN, STANDARD_DEVIATION))
    return ordered.astype(np.float32) * spread + mean * _FULL


def fed_counts(network: nn.Module, images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Confusion counts of one network for each of ``WAYS`` to feed it.

    Parameters
    ----------
    network : trained on normalised pictures with red first
    images, labels : (N, S, S, 3) and (N, S, S) uint8

    Returns
    -------
    way -> (N, 11, 11) int64
    """
    return {
        name: metrics.confusion_counts(labels, predict(network, as_fed(images, *way))) for name, way in WAYS.items()
    }
