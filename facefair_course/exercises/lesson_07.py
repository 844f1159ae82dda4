"""Lesson 7: overfitting."""

from __future__ import annotations

import numpy as np

from facefair_course.exercise import Case, Exercise, Mistake, expect


def early_stop(losses: list[float], patience: int) -> int:
    """Epoch (from 0) whose weights are kept if training ends after ``patience`` epochs in a row without a new best."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def _keeps_last(losses: list[float], patience: int) -> int:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch
    return len(losses) - 1


def _early_stop_cases() -> list[Case]:
    valley = [3.0, 2.0, 1.5, 1.4, 1.6, 1.7, 1.9, 1.2, 1.0]
    tries = {
        "losses that only fall, patience 2": ([5.0, 4.0, 3.0, 2.0], 2),
        "losses that rise after epoch 3 and fall below it much later, patience 3": (valley, 3),
        "the same losses with patience 5": (valley, 5),
        "a tie: an equal loss is no improvement": ([2.0, 1.0, 1.0, 1.0, 0.5], 2),
        "one epoch": ([1.0], 1),
    }
    hint = "Walk through the epochs. Remember the best so far; stop once it is patience epochs old."
    return [expect(title, given, early_stop(*given), hint) for title, given in tries.items()]


def mirror(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exchange left and right in a picture (H, W, 3) and its mask (H, W)."""
    return image[:, ::-1].copy(), mask[:, ::-1].copy()


def _mirror_cases() -> list[Case]:
    random = np.random.default_rng(13)
    image, mask = random.integers(0, 256, (4, 5, 3)).astype(np.uint8), random.integers(0, 11, (4, 5)).astype(np.uint8)
    hint = "Pictures are (height, width, colours), masks (height, width). Which axis runs from left to right?"
    return [
        expect("a picture of 4 × 5 pixels and its mask", (image, mask), mirror(image, mask), hint),
        expect("a single row", (image[:1], mask[:1]), mirror(image[:1], mask[:1]), hint),
    ]


def honest_score(validation: np.ndarray, test: np.ndarray) -> float:
    """Test score at the epoch that the validation scores choose: (E,), (E,) -> one number."""
    return float(test[np.argmax(validation)])


def _honest_cases() -> list[Case]:
    random = np.random.default_rng(14)
    validation, test = random.random((2, 12))
    hint = "The validation scores choose the epoch; the test scores only report what it is worth."
    apart = (np.array([0.5, 0.7, 0.6]), np.array([0.4, 0.5, 0.9]))
    return [
        expect("three epochs, of which validation and test prefer different ones", apart, honest_score(*apart), hint),
        expect("twelve epochs", (validation, test), honest_score(validation, test), hint),
    ]


EXERCISES = {
    "early_stop": Exercise(
        _early_stop_cases,
        (
            Mistake(
                "This looks at all losses. Would training have gone on that long?",
                lambda losses, patience: int(np.argmin(losses)),
            ),
            Mistake("This is the last epoch that ran. The best one before it is the one to keep.", _keeps_last),
        ),
        "Early stopping is a bet: more patience costs time, less may miss a later valley.",
    ),
    "mirror": Exercise(
        _mirror_cases,
        (
            Mistake("The mask stayed as it was: now it is wrong.", lambda i, m: (i[:, ::-1], m)),
            Mistake("The picture is upside down: this exchanges top and bottom.", lambda i, m: (i[::-1], m[::-1])),
            Mistake("The colours are reversed as well: red became blue.", lambda i, m: (i[:, ::-1, ::-1], m[:, ::-1])),
        ),
        "Picture and mask move together, always.",
    ),
    "honest_score": Exercise(
        _honest_cases,
        (
            Mistake(
                "This is the best test score. Who chose the epoch, and what had they seen?",
                lambda v, t: float(t.max()),
            ),
            Mistake(
                "This is the validation score of the chosen epoch; it was chosen because it is high.",
                lambda v, t: float(v.max()),
            ),
        ),
        "Whatever chooses cannot also judge.",
    ),
}
