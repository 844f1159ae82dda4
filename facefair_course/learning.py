"""What lessons fit within seconds: tiny networks on a handful of pictures, logits on coarse maps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.scores import metrics
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.settings.profiles import AugmentationSettings
from facefair_lib.training.augment import augment
from facefair_lib.training.loss import dice_loss, segmentation_loss

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_CHANNELS = 16
_AUGMENTATION = AugmentationSettings(geometric=0.7, colour=0.6)
_EVERY = 10  # steps between two measurements


@dataclass(frozen=True)
class Fit:
    """A trained network and its history, a table with the columns step, pictures, loss."""

    network: nn.Module
    history: pd.DataFrame


def tiny_network(channels: int = _CHANNELS) -> nn.Sequential:
    """Four convolutions, two of them atrous, from a picture to eleven logits per pixel; about 5,000 weights."""
    return nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=4, dilation=4), nn.ReLU(),
        nn.Conv2d(channels, NUM_CLASSES, 1),
    )  # fmt: skip


def as_batch(images: np.ndarray) -> torch.Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32, about -2 to 2."""
    return (torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float() - 128) / 64


def label_pictures(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """The class with the largest logit at each pixel: (N, H, W) uint8."""
    with torch.inference_mode():
        return network(as_batch(images)).argmax(1).to(torch.uint8).numpy()


def train(
    images: np.ndarray,
    masks: np.ndarray,
    unseen: tuple[np.ndarray, np.ndarray],
    *,
    steps: int = 150,
    augmented: bool = False,
    loss: Loss | None = None,
    seed: int = 0,
) -> Fit:
    """Train the tiny network on all pictures at once, and measure it on unseen ones along the way.

    Parameters
    ----------
    images, masks : (N, H, W, 3) uint8, (N, H, W) uint8
    unseen : pictures and masks of other people; never trained on
    steps : number of optimiser steps
    augmented : whether every step sees the pictures mirrored, turned, zoomed and recoloured at random
    loss : (B, C, H, W) logits, (B, H, W) int64 labels -> (); cross-entropy by default
    """
    loss = loss or cross_entropy
    arrays = (images, masks, *unseen)
    key = (*(hash(array.tobytes()) for array in arrays), steps, augmented, loss, seed)
    if key not in _fits:  # running a cell again need not train again: the outcome would be the same
        _fits[key] = _train(images, masks, unseen, steps, augmented, loss, seed)
    return _fits[key]


_fits: dict[tuple[object, ...], Fit] = {}


def _train(
    images: np.ndarray,
    masks: np.ndarray,
    unseen: tuple[np.ndarray, np.ndarray],
    steps: int,
    augmented: bool,
    loss: Loss,
    seed: int,
) -> Fit:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = tiny_network()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    raw, labels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), torch.from_numpy(np.array(masks))
    rows = []
    for step in range(steps + 1):
        if step % _EVERY == 0:
            for name, pair in (("trained on", (images, masks)), ("unseen people", unseen)):
                rows.append({"step": step, "pictures": name, "loss": measure(network, *pair, loss)})
        x, y = augment(raw, labels, _AUGMENTATION, generator) if augmented else (raw.float(), labels)
        value = loss(network((x - 128) / 64), y.long())
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    return Fit(network, pd.DataFrame(rows))


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One vote per pixel."""
    return segmentation_loss(logits, labels, dice_weight=0.0)


def dice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One vote per class."""
    return dice_loss(logits.softmax(1), labels)


def cross_entropy_and_dice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The study's loss: one vote per pixel and one vote per class."""
    return segmentation_loss(logits, labels, dice_weight=1.0)


def measure(network: nn.Module, images: np.ndarray, masks: np.ndarray, loss: Loss) -> float:
    """The loss on pictures without augmentation."""
    with torch.inference_mode():
        return float(loss(network(as_batch(images)), torch.from_numpy(np.array(masks)).long()))


def through_coarse_logits(masks: np.ndarray, stride: int, *, steps: int = 100) -> np.ndarray:
    """Fit logits on a coarse map to true masks, enlarge them bilinearly and take the largest: (N, H, W) uint8.

    Parameters
    ----------
    masks : (N, H, W) class indices; ``stride`` divides H and W
    steps : of the fit

    Notes
    -----
    Gradient descent finds these in so many steps; there may be better logits. A class's weight is one over the root of
    its pixels: with equal weights the fit gives up thin classes.
    """
    labels = torch.from_numpy(masks.astype(np.int64))
    shares = nn.functional.one_hot(labels, NUM_CLASSES).permute(0, 3, 1, 2).float()  # (N, C, H, W)
    weight = shares.sum((0, 2, 3)).clamp(min=1).rsqrt()  # (C,)
    logits = (8 * nn.functional.avg_pool2d(shares, stride)).requires_grad_(True)
    optimiser = torch.optim.Adam([logits], lr=1.0)
    for _ in range(steps):
        value = nn.functional.cross_entropy(_enlarged(logits, stride), labels, weight=weight)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    with torch.inference_mode():
        return _enlarged(logits, stride).argmax(1).to(torch.uint8).numpy()


def _enlarged(logits: torch.Tensor, stride: int) -> torch.Tensor:
    return nn.functional.interpolate(logits, scale_factor=stride, mode="bilinear", align_corners=False)


def recall_table(network_masks: dict[str, np.ndarray], target: np.ndarray) -> pd.DataFrame:
    """Share of each class's pixels that were found (rows: classes), one column per way of training."""
    counts = {name: metrics.confusion_counts(target, masks).sum(0) for name, masks in network_masks.items()}
    return pd.DataFrame({name: metrics.recall_per_class(part) for name, part in counts.items()})


def pull_by_class(logits: torch.Tensor, labels: torch.Tensor, loss: Loss) -> np.ndarray:
    """Share of a loss's pull on the logits (its absolute gradient) by the class of the pixel: (C,), sum 1.

    Parameters
    ----------
    logits : (B, C, H, W)
    labels : (B, H, W) int64
    """
    logits = logits.detach().clone().requires_grad_(True)
    loss(logits, labels).backward()
    pull = logits.grad.abs().sum(1)  # (B, H, W)
    shares = torch.bincount(labels.ravel(), pull.ravel(), minlength=NUM_CLASSES)
    return (shares / shares.sum()).numpy()


def seen_by(network: nn.Module, size: int) -> np.ndarray:
    """Which input pixels can change the output at the centre: (size, size) float, 0 = none.

    All weights of a copy of the network are set to one, so that nothing cancels.
    """
    picture = torch.zeros(1, 3, size, size, requires_grad=True)
    ones = copy.deepcopy(network)
    for parameter in ones.parameters():
        nn.init.ones_(parameter)
    output = ones(picture)
    output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
    return picture.grad.abs().sum((0, 1)).numpy()
