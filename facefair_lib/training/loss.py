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
    # Shared by both terms, as it is a large part of a step; with channels last it takes several times as long.
    log_probability = functional.log_softmax(logits.float().contiguous(), 1)
    scored = labels != IGNORE_INDEX
    if not scored.any():  # the mean of no pixels is NaN, and one such step would ruin the weights
        return (log_probability * 0).sum()
    own = _of_own_class(log_probability, labels)
    cross_entropy = -(own * scored).sum() / scored.sum()
    return cross_entropy + dice_weight * _dice(own.exp(), log_probability.exp(), labels)


def dice_loss(probability: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 - the mean soft Dice of the classes that occur in the batch; ignored pixels are left out.

    Parameters
    ----------
    probability : (B, C, H, W) float, sums to 1 over C
    labels : (B, H, W) int64, 255 = ignore

    Returns
    -------
    () float in [0, 1]
    """
    return _dice(_of_own_class(probability, labels), probability, labels)


def _of_own_class(values: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The value of each pixel's own class, (B, C, H, W) -> (B, H, W); that of class 0 where a pixel is ignored.

    Gathering it is far cheaper than a one-hot target.
    """
    return values.gather(1, labels.where(labels != IGNORE_INDEX, 0).unsqueeze(1)).squeeze(1)


def _dice(own: torch.Tensor, probability: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """See ``dice_loss``; ``own`` (B, H, W) is the probability of each pixel's own class."""
    classes = probability.shape[1]
    scored = labels != IGNORE_INDEX
    # Ignored pixels form a class of their own, which is dropped: selecting the others would take longer.
    kind = labels.where(scored, classes).flatten()
    overlap = own.new_zeros(classes + 1).index_add(0, kind, own.flatten())[:classes]
    size = torch.bincount(kind, minlength=classes + 1)[:classes]
    predicted = (probability * scored.unsqueeze(1)).sum((0, 2, 3))
    score = (2 * overlap + 1) / (predicted + size + 1)  # + 1 keeps tiny classes from dividing noise by noise
    return 1 - score[size > 0].mean()
