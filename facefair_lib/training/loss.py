"""The loss both networks are fitted with: cross-entropy plus soft Dice.

Cross-entropy gives every pixel one vote, so background and face decide; Dice gives every class one vote, so eyes and teeth
count as much as hair. Source of the Dice term: Milletari et al., "V-Net", 3DV 2016, averaged over classes.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from facefair_lib.labels import IGNORE_INDEX


def segmentation_loss(logits: torch.Tensor, labels: torch.Tensor, dice_weight: float) -> torch.Tensor:
    """Cross-entropy + ``dice_weight`` x Dice.

    Parameters
    ----------
    logits : (B, C, H, W) float
    labels : (B, H, W) int64, 255 = ignore

    Returns
    -------
    () float, at least 0
    """
    cross_entropy = functional.cross_entropy(logits, labels, ignore_index=IGNORE_INDEX)
    return cross_entropy + dice_weight * dice_loss(logits, labels)


def dice_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 - the mean soft Dice of the classes that occur in the batch; ignored pixels count nowhere.

    Parameters
    ----------
    logits : (B, C, H, W) float
    labels : (B, H, W) int64, 255 = ignore

    Returns
    -------
    () float in [0, 1]
    """
    classes = logits.shape[1]
    scored = (labels != IGNORE_INDEX).unsqueeze(1)  # (B, 1, H, W)
    probability = logits.float().softmax(1) * scored
    target = functional.one_hot(labels.where(scored.squeeze(1), 0), classes).permute(0, 3, 1, 2) * scored
    axes = (0, 2, 3)
    overlap = (probability * target).sum(axes)
    total = probability.sum(axes) + target.sum(axes)
    present = target.sum(axes) > 0
    score = (2 * overlap + 1) / (total + 1)  # + 1 keeps tiny classes from dividing noise by noise
    return 1 - score[present].mean()
