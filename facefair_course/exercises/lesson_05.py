"""Lesson 5: losses and class imbalance. Arrays are tensors here, because a loss must be differentiable."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from facefair_course.exercise import Case, Exercise, Mistake, expect
from facefair_lib.settings.labels import IGNORE_INDEX
from facefair_lib.training.loss import dice_loss


def cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean of -log p(true class) over the pixels that are not ignored: (C, H, W), (H, W) int64 -> ()."""
    return functional.cross_entropy(logits[None], target[None], ignore_index=IGNORE_INDEX)


def _log_probability(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.log_softmax(logits, 0).gather(0, target.where(target != IGNORE_INDEX, 0)[None])[0]


def _counting_ignored(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return -_log_probability(logits, target)[target != IGNORE_INDEX].sum() / target.numel()


def _summed(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return -_log_probability(logits, target)[target != IGNORE_INDEX].sum()


def _mean_probability(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return 1 - _log_probability(logits, target)[target != IGNORE_INDEX].exp().mean()


def _cross_entropy_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(4, 3, 5, generator=generator)
    target = torch.randint(0, 4, (3, 5), generator=generator)
    holes = target.clone()
    holes[0] = IGNORE_INDEX
    even, large = torch.zeros(2, 2, 2), 1000 * logits
    return [
        expect(
            "logits that are all equal, two classes", (even, target[:2, :2] % 2), float(np.log(2)),
            "With two equally likely classes every pixel costs the same. How much is -log of one half (natural log)?",
        ),
        expect("random logits of four classes", (logits, target), cross_entropy(logits, target)),
        expect(
            "the same with a row of ignored pixels (255)", (logits, holes), cross_entropy(logits, holes),
            "An ignored pixel has no true class. Leave it out of the sum and out of the count you divide by.",
        ),
        expect(
            "very confident logits, a thousand times larger", (large, target), cross_entropy(large, target),
            "exp(1000) overflows. Subtract the largest logit first, or use log_softmax or logsumexp.",
        ),
    ]  # fmt: skip


def soft_dice(probability: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """1 - mean over the classes in the target of (2 overlap + 1) / (predicted + true + 1)."""
    return dice_loss(probability[None], target[None])


def _dice_scores(probability: torch.Tensor, target: torch.Tensor, one: float = 1) -> tuple[torch.Tensor, torch.Tensor]:
    truth = functional.one_hot(target, len(probability)).movedim(-1, 0).float()  # (C, H, W)
    size = truth.sum((1, 2))
    return (2 * (probability * truth).sum((1, 2)) + one) / (probability.sum((1, 2)) + size + one), size


def _dice_of_all_classes(probability: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return 1 - _dice_scores(probability, target)[0].mean()


def _dice_unsmoothed(probability: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    score, size = _dice_scores(probability, target, 0)
    return 1 - score[size > 0].mean()


def _dice_score_not_loss(probability: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return 1 - soft_dice(probability, target)


def _soft_dice_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(2)
    target = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 2]])
    perfect = functional.one_hot(target, 3).movedim(-1, 0).float()
    even = torch.full((3, 2, 4), 1 / 3)
    vague = torch.randn(5, 2, 4, generator=generator).softmax(0)
    hint = "Per class: overlap is the sum of the class's probability over the pixels where it is true."
    return [
        expect("a perfect answer", (perfect, target), 0.0, hint),
        expect("three equally likely classes", (even, target), soft_dice(even, target), hint),
        expect(
            "five classes of which two do not occur", (vague, target), soft_dice(vague, target),
            "Average over the classes that occur in the target only: an absent class has no overlap to score.",
        ),
    ]  # fmt: skip


def class_weights(pixels: np.ndarray) -> np.ndarray:
    """N / (K n) for each of the K classes that occur, 0 for the others."""
    present = pixels > 0
    return np.divide(pixels.sum(), present.sum() * pixels, out=np.zeros(len(pixels)), where=present)


def _weights_over_all(pixels: np.ndarray) -> np.ndarray:
    return np.divide(pixels.sum(), len(pixels) * pixels, out=np.zeros(len(pixels)), where=pixels > 0)


def _class_weights_cases() -> list[Case]:
    hint = "For every class that occurs, weight × pixels must be the same, and their sum must be the pixel count."
    tries = {
        "two classes, 90 and 10 pixels": np.array([90, 10]),
        "four equally common classes": np.array([25, 25, 25, 25]),
        "five classes, one of which never occurs": np.array([600, 300, 90, 0, 10]),
    }
    return [expect(title, (pixels,), class_weights(pixels), hint) for title, pixels in tries.items()]


EXERCISES = {
    "cross_entropy": Exercise(
        _cross_entropy_cases,
        (
            Mistake("The ignored pixels are still in the count that you divide by.", _counting_ignored),
            Mistake("This is the sum over the pixels. A loss that grows with the picture is hard to tune.", _summed),
            Mistake("The logarithm is missing: cross-entropy is the mean of -log p, not 1 - p.", _mean_probability),
            Mistake("Check the sign: a loss is small for a good answer.", lambda x, y: -cross_entropy(x, y)),
        ),
        "Every pixel has one vote here. Whether that is what you want is the question of this lesson.",
    ),
    "soft_dice": Exercise(
        _soft_dice_cases,
        (
            Mistake("Absent classes take part in the mean.", _dice_of_all_classes),
            Mistake("The + 1 in numerator and denominator is missing: it steadies small classes.", _dice_unsmoothed),
            Mistake("This is the score. The loss is 1 minus it.", _dice_score_not_loss),
        ),
        "Every class that occurs has one vote, however few pixels it has.",
    ),
    "class_weights": Exercise(
        _class_weights_cases,
        (
            Mistake("K is the number of classes that occur, not of all there could be.", _weights_over_all),
            Mistake(
                "These weights grow with the class. Rare classes should count more, not less.",
                lambda pixels: pixels / pixels.sum(),
            ),
        ),
        "With these weights a rare class pulls as hard as a common one, and so do its few wrong labels.",
    ),
}
