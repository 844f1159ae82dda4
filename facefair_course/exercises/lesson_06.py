"""Lesson 6: IoU, F1 and how metrics mislead."""

from __future__ import annotations

import numpy as np

from facefair_course.exercise import Case, Exercise, Mistake, expect
from facefair_lib.reproduction.table_checks import iou_floor
from facefair_lib.scores import metrics
from facefair_lib.settings.labels import IGNORE_INDEX


def confusion(target: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    """Pixels by true class (row) and predicted class (column)."""
    return metrics.confusion_counts(target, prediction, classes)


def _ignored_as_last(target: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    return confusion(np.where(target == IGNORE_INDEX, 0, target), prediction, classes)


def _confusion_cases() -> list[Case]:
    random = np.random.default_rng(10)
    target, prediction = random.integers(0, 4, (2, 6, 7))
    holes = target.copy()
    holes[1:3, 2:5] = IGNORE_INDEX
    small = (np.array([[0, 0, 1]]), np.array([[0, 1, 1]]), 2)
    hint = "Row = what is true, column = what was predicted. Go through the three pixels of the first case one by one."
    return [
        expect("three pixels: true 0 0 1, predicted 0 1 1", small, confusion(*small), hint),
        expect("6 × 7 pixels of four classes", (target, prediction, 4), confusion(target, prediction, 4), hint),
        expect(
            "five classes, of which the last never occurs", (target, prediction, 5), confusion(target, prediction, 5),
            "The table has one row and one column for every class, also for absent ones.",
        ),
        expect(
            "some pixels to be ignored (255 in the target)", (holes, prediction, 4), confusion(holes, prediction, 4),
            "How many pixels does your table hold in all? Ignored pixels are in none of its cells.",
        ),
    ]  # fmt: skip


def iou(counts: np.ndarray) -> np.ndarray:
    """Intersection over union of each class; NaN where a class is in neither mask."""
    return metrics.iou_per_class(counts)


def _iou_absent(value: float) -> Mistake:
    return Mistake(
        f"On a class absent from both masks your function returned {value:g}; absent is NaN here. What would a mean "
        "over classes make of the number?",
        lambda counts: np.nan_to_num(iou(counts), nan=value),
    )


def _iou_cases() -> list[Case]:
    random = np.random.default_rng(11)
    table = random.integers(1, 40, (4, 4))
    two = np.array([[3, 1], [2, 4]])
    absent = table.copy()
    absent[2], absent[:, 2] = 0, 0
    missed = table.copy()
    missed[:, 1] = 0
    hint = "The union of a class: pixels that are of it or were predicted as it, each counted once."
    return [
        expect("two classes: 3 right, 1 missed, 2 false alarms, 4 right", (two,), iou(two), hint),
        expect("four classes", (table,), iou(table), hint),
        expect(
            "a class that is in neither mask", (absent,), iou(absent),
            "0 divided by 0: what does a score mean for something that is not there and that nobody predicted?",
        ),
        expect(
            "a class that is there and is never predicted", (missed,), iou(missed),
            "This class is in the target, so it has a score: a bad one.",
        ),
    ]  # fmt: skip


def two_means(counts: np.ndarray) -> tuple[float, float]:
    """Mean IoU of the pooled counts, and mean over images of each image's mean IoU (absent classes left out)."""
    pooled = np.nanmean(iou(counts.sum(0)))
    return float(pooled), float(np.mean([np.nanmean(iou(image)) for image in counts]))


def _two_means_cases() -> list[Case]:
    random = np.random.default_rng(12)
    uneven = np.array([[[90, 0], [9, 1]], [[1, 1], [0, 8]]])
    many = random.integers(0, 30, (5, 3, 3)) + 20 * np.eye(3, dtype=int)
    absent = many.copy()
    absent[1, 2], absent[1, :, 2] = 0, 0
    hint = "First number: add the tables up, then score once. Second: score each table, then average."
    tries = {
        "two images of different kind": uneven,
        "five images": many,
        "five images, one of which lacks a class": absent,
    }
    return [expect(title, (counts,), two_means(counts), hint) for title, counts in tries.items()]


def can_be_true(f1: float, iou: float, step: float) -> bool:
    """Whether a printed mean F1 and mean IoU can come from the same decisions, within rounding to ``step``."""
    lowest, highest = iou_floor(f1 - step / 2), f1 + step / 2
    return bool(lowest <= iou + step / 2 and iou - step / 2 <= highest)


def _strict(f1: float, iou: float, step: float) -> bool:
    return iou_floor(f1) <= iou <= f1


def _can_be_true_cases() -> list[Case]:
    tries = {
        "F1 0.80 and IoU 0.70, rounded to 0.01": (0.80, 0.70, 0.01),
        "F1 0.80 and IoU 0.50, rounded to 0.01": (0.80, 0.50, 0.01),
        "F1 0.80 and IoU 0.85, rounded to 0.01": (0.80, 0.85, 0.01),
        "F1 0.9 and IoU 0.8, rounded to 0.1": (0.9, 0.8, 0.1),
        "F1 0.667 and IoU 0.500, rounded to 0.001": (0.667, 0.500, 0.001),
        "F1 1 and IoU 1": (1.0, 1.0, 0.01),
    }
    hints = {
        (0.80, 0.50, 0.01): "Compute F1 / (2 - F1). No mean IoU lies below it.",
        (0.80, 0.85, 0.01): "There is a ceiling as well: can an IoU be larger than its F1?",
        (0.667, 0.500, 0.001): "Both numbers are rounded. Which true values can hide behind them?",
    }
    return [expect(title, given, can_be_true(*given), hints.get(given, "")) for title, given in tries.items()]


EXERCISES = {
    "confusion": Exercise(
        _confusion_cases,
        (
            Mistake("Rows and columns are swapped.", lambda t, p, c: confusion(t, p, c).T),
            Mistake("Ignored pixels were counted as class 0.", _ignored_as_last),
        ),
        "Every score of this study is a function of such tables.",
    ),
    "iou": Exercise(
        _iou_cases,
        (
            _iou_absent(0.0),
            _iou_absent(1.0),
            Mistake("This is F1 (Dice): it counts the hits twice, in numerator and denominator.", metrics.f1_per_class),
            Mistake("This is recall: false alarms cost nothing.", metrics.recall_per_class),
            Mistake("This is precision: misses cost nothing.", metrics.precision_per_class),
            Mistake(
                "The hits are in the union twice.",
                lambda counts: np.diag(counts) / (counts.sum(0) + counts.sum(1)),
            ),
        ),
        "Absent is NaN: a class that is not there can neither raise nor lower a mean.",
    ),
    "two_means": Exercise(
        _two_means_cases,
        (
            Mistake("Right numbers in the other order: pooled first.", lambda counts: two_means(counts)[::-1]),
            Mistake(
                "A class that an image lacks counts as 0 in that image's mean.",
                lambda c: (two_means(c)[0], float(np.nan_to_num(np.stack([iou(i) for i in c])).mean())),
            ),
        ),
        "Both are called “mean IoU” in papers. Name yours: classes vote in the first, pictures in the second.",
    ),
    "can_be_true": Exercise(
        _can_be_true_cases,
        (
            Mistake("The floor holds; what about rounding?", _strict),
            Mistake("Only the floor is tested.", lambda f, i, s: bool(iou_floor(f - s / 2) <= i + s / 2)),
        ),
        "Two printed numbers can contradict each other, and you need not see the data to tell.",
    ),
}
