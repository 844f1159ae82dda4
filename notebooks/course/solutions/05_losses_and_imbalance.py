"""Solutions of lesson 5."""

import numpy as np
import torch


def cross_entropy(logits, target):
    """Mean of -log p(true class) over the pixels that are not 255: (C, H, W), (H, W) -> ()."""
    counted = target != 255
    true_class = target.where(counted, 0)
    own = logits.gather(0, true_class[None])[0]
    return (logits.logsumexp(0) - own)[counted].mean()


def soft_dice(probability, target):
    """1 - mean Dice score of the classes that occur in the target: (C, H, W), (H, W) -> ()."""
    scores = []
    for number in target.unique():
        true = (target == number).float()
        overlap = (probability[number] * true).sum()
        scores.append((2 * overlap + 1) / (probability[number].sum() + true.sum() + 1))
    return 1 - torch.stack(scores).mean()


def class_weights(pixels):
    """Weight of each class, so that all classes that occur have the same total: (C,) -> (C,)."""
    occurs = pixels > 0
    weights = np.zeros(len(pixels))
    weights[occurs] = pixels.sum() / (occurs.sum() * pixels[occurs])
    return weights
