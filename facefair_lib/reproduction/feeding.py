"""What wrong input costs: to a network that was trained on correct input, and to one fitted further from such weights.

The course paper's networks did not start from random weights. Theirs had been trained on pictures with red first,
normalised to ImageNet's mean and spread; the paper then fitted and tested them on pictures with blue first, only
divided by 255. Two questions are easily confused: how a trained network does when its input suddenly changes, and how
much of that loss remains once it was fitted to the new input, as the paper's networks were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from torch import nn

from facefair_lib.models.efficientnet_lite import BACKBONE
from facefair_lib.models.light import OUTPUT_STRIDES
from facefair_lib.reproduction.ladder import fit_all, fit_counts
from facefair_lib.reproduction.pool import Pool
from facefair_lib.reproduction.protocol import AS_PUBLISHED, Protocol
from facefair_lib.scores import metrics
from facefair_lib.settings.profiles import ComparedModelSettings, Profile
from facefair_lib.store.progress import Advance
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
"""Name -> order of the channels, and whether pictures are normalised to ImageNet's mean and spread."""

STARTED: Mapping[str, Protocol] = MappingProxyType(
    {
        "from ImageNet, in order": replace(AS_PUBLISHED, channel_order="rgb", imagenet_normalisation=True),
        "from ImageNet, as published": AS_PUBLISHED,
    }
)
"""Name -> protocol of fits from pretrained weights; they are tested with the same input."""
STARTED_MODEL = "pspnet"
_CHANNELS = 96  # of its pyramid


def as_fed(images: np.ndarray, order: str, normalised: bool) -> np.ndarray:
    """Pictures that ``predict.predict`` turns into the input asked for.

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    order : ``rgb`` or ``bgr``
    normalised : if not, the network gets values that are only divided by 255

    Returns
    -------
    (N, S, S, 3) uint8 or float32
    """
    ordered = images[..., ::-1] if order == "bgr" else images
    if normalised:
        return np.ascontiguousarray(ordered)
    # `predict` subtracts the mean and divides by the spread; that is undone here in advance, which leaves values / 255.
    mean, spread = (np.array(numbers, np.float32) for numbers in (MEAN, STANDARD_DEVIATION))
    return ordered.astype(np.float32) * spread + mean * _FULL


def fed_counts(network: nn.Module, images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Confusion counts of one network for each kind of input in ``WAYS``.

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


def started_counts(
    settings: Profile, pool: Pool, unseen: Pool, folder: Path, progress: Advance | None = None
) -> dict[str, np.ndarray]:
    """Confusion counts of a PSPNet that starts from ImageNet weights and is fitted and tested in each of ``STARTED``.

    Parameters
    ----------
    settings : the profile; ``reproduction.pretrained`` gives epochs and seeds
    pool : pictures to learn from
    unseen : pictures of other people, on which all are compared
    folder, progress : as in ``ladder.climb``

    Returns
    -------
    way -> (seeds, N, 11, 11) int64
    """
    budget = settings.reproduction.pretrained
    network = ComparedModelSettings(
        backbone=BACKBONE, weights="imagenet", output_stride=OUTPUT_STRIDES[BACKBONE][0], atrous_rates=None,
        channels=_CHANNELS, epochs=budget.epochs, learning_rate=AS_PUBLISHED.learning_rate,
    )  # fmt: skip
    seeds = [settings.seed + number for number in range(budget.seeds)]
    wanted = {(STARTED_MODEL, protocol): seeds for protocol in STARTED.values()}
    networks = {STARTED_MODEL: network}
    runs = fit_all(wanted, networks, settings.training, pool, unseen.images, folder, progress)
    return {way: fit_counts(runs[STARTED_MODEL, protocol], unseen.labels) for way, protocol in STARTED.items()}
