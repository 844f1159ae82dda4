"""The loss both networks are fitted with: cross-entropy plus soft Dice.

Cross-entropy gives every pixel one vote, so background and face decide; Dice gives every class one vote, so eyes and
teeth count as much as hair. Source of the Dice term: Milletari et al., "V-Net", 3DV 2016, averaged over classes.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from facefair_lib.settings.labels import IGNORE_INDEX


def segmentation_loss(logits: torch.Tensor, labels: torch.Tensor, dice_weight: float) -> torch.Tensor:
    """Cross-entropy + ``dice_weight`` x Dice; 0 where no pixel is labelled.

    Parameters
    ----------
    logits : (B, C, H, W) float
    labels : (B, H, W) int64, 255 = ignore

    Returns
    -------
    () float, at least 0
    """
    log_probability = functional.log_softmax(logits.float(), 1)  # shared by both terms: it is a large part of a step
    if (labels == IGNORE_INDEX).all():  # the mean of no pixels is no number, and one such step would spoil the weights
        return (log_probability * 0).sum()
    cross_entropy = functional.nll_loss(log_probability, labels, ignore_index=IGNORE_INDEX)
    return cross_entropy + dice_weight * dice_loss(log_probability.exp(), labels)


def dice_loss(probability: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 - the mean soft Dice of the classes that occur in the batch; ignored pixels count nowhere.

    Parameters
    ----------
    probability : (B, C, H, W) float, sums to 1 over C
    labels : (B, H, W) int64, 255 = ignore

    Returns
    -------
    () float in [0, 1]
    """
    classes = probability.shape[1]
    scored = labels != IGNORE_INDEX
    target = labels.where(scored, 0)
    # The overlap needs each pixel's probability of its own class only: gathering it is far cheaper than a one-hot
    # target.
    own = probability.gather(1, target.unsqueeze(1)).squeeze(1)[scored]  # (pixels,)
    overlap = own.new_zeros(classes).index_add(0, labels[scored], own)
    size = torch.bincount(labels[scored], minlength=classes)
    predicted = (probability * scored.unsqueeze(1)).sum((0, 2, 3))
    score = (2 * overlap + 1) / (predicted + size + 1)  # + 1 keeps tiny classes from dividing noise by noise
    return 1 - score[size > 0].mean()
