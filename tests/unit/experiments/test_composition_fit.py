"""One small fit: it learns, it repeats itself, and there is an answer that it must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from facefair_lib.experiments.composition.fit import confusion_per_picture, fit_small, most_frequent_class
from facefair_lib.settings.profiles import CompositionSettings, TrainingSettings

Halves = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""Count and seed -> pictures and labels."""

SETTINGS = CompositionSettings(
    seeds=1,
    images=12,
    size=32,
    backbone="resnet18",
    channels=16,
    epochs=3,
    batch_size=4,
    learning_rate=0.004,
    augmentation=1.0,
)
TRAINING = TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1.0, geometric=0.0, colour=0.0)


@pytest.fixture(scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.usefixtures("one_thread")
def test_a_small_fit_beats_the_answer_that_looks_at_nothing_and_repeats_itself(halves: Halves) -> None:
    images, labels = halves(32, 0)
    unseen, truth = halves(8, 1)
    first, again = (fit_small(SETTINGS, TRAINING, images, labels, seed=3) for _ in range(2))
    counts = confusion_per_picture(first, unseen, truth)
    assert counts.shape == (8, 11, 11)
    assert (counts.sum((1, 2)) == 32 * 32).all()
    answer = most_frequent_class(labels)
    assert np.trace(counts.sum(0)) > 1.05 * 8 * (answer == truth).mean() * 32 * 32
    assert (confusion_per_picture(again, unseen, truth) == counts).all()


def test_the_most_frequent_class_is_taken_place_by_place() -> None:
    labels = np.array([[[4, 0]], [[4, 5]], [[0, 5]], [[7, 0]]], np.uint8)
    assert most_frequent_class(labels).tolist() == [[4, 0]]
