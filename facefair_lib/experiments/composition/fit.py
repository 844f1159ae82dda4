"""Fitting one small network: the study's augmentation, loss and optimiser, in a loop that suits a short fit.

The study's own fit chooses its epoch on validation people and averages weights over a hundred steps. A short fit of
about as many steps does neither: it simply runs to its end.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from facefair_lib.models.build import build_model
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.settings.profiles import CompositionSettings, TrainingSettings
from facefair_lib.training.augment import augment
from facefair_lib.training.batches import ArrayBatches, normalise, training_batches
from facefair_lib.training.loss import segmentation_loss
from facefair_lib.training.predict import classes, in_batches

_OUTPUT_STRIDE = 8
_BATCH = 64  # pictures per batch of prediction


def fit_small(
    settings: CompositionSettings, training: TrainingSettings, images: np.ndarray, labels: np.ndarray, seed: int
) -> nn.Module:
    """Fit a small PSPNet.

    Parameters
    ----------
    settings : size of the network and of the fit
    training : shared by all fits of the study: augmentation, loss, weight decay
    images, labels : (N, S, S, 3) and (N, S, S) uint8, all used for training
    seed : of the weights, the order of the pictures and their augmentation

    Returns
    -------
    the network, in evaluation mode
    """
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build_model(
        "pspnet", settings.backbone, weights="none", output_stride=_OUTPUT_STRIDE, channels=settings.channels
    ).to(device, memory_format=torch.channels_last)
    batches = training_batches(ArrayBatches(images, labels, np.arange(len(images))), settings.batch_size, seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=training.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=max(6, settings.epochs * len(batches)), pct_start=0.2
    )
    generator = torch.Generator().manual_seed(seed)
    strengths = training.scaled(settings.augmentation)
    network.train()
    for epoch in range(settings.epochs):
        batches.sampler.sampler.epoch = epoch
        for batch in batches:
            seen, target = augment(*batch, strengths, generator)
            inputs = normalise(seen.to(device)).contiguous(memory_format=torch.channels_last)
            loss = segmentation_loss(network(inputs)["out"], target.to(device).long(), training.dice_weight)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def confusion_per_picture(network: nn.Module, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Confusion counts picture by picture: (N, S, S, 3) and (N, S, S) uint8 -> (N, 11, 11) int64, rows = target."""

    def look(inputs: torch.Tensor) -> np.ndarray:
        return classes(network(inputs.contiguous(memory_format=torch.channels_last))["out"])

    return confusion_counts(np.asarray(labels), np.concatenate(in_batches(network, images, look, batch=_BATCH)))


def most_frequent_class(labels: np.ndarray) -> np.ndarray:
    """The class that each pixel position shows most often, the lowest on a tie: (N, S, S) -> (S, S) uint8.

    A prediction that ignores the picture, which a network must beat before its scores mean anything.
    """
    votes = np.stack([(labels == index).sum(0) for index in range(NUM_CLASSES)])  # (11, S, S)
    return votes.argmax(0).astype(np.uint8)
