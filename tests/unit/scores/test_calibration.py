"""Confidence against correctness: compared with torchmetrics, and toys whose calibration is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.classification import BinaryCalibrationError, MulticlassCalibrationError

from facefair_lib.scores.calibration import BINS, calibration_error, overconfidence, reliability
from facefair_lib.settings.labels import IGNORE_INDEX, INDEX, NUM_CLASSES

BACKGROUND, FACE, HAIR = INDEX["background"], INDEX["face"], INDEX["hair"]


@pytest.fixture
def predicted() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (70, 11, 12, 9), more than one chunk of pictures, and labels, some without a class."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2.5, (70, NUM_CLASSES, 12, 9))
    probability = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.where(rng.random((70, 12, 9)) < 0.5, probability.argmax(1), rng.integers(0, NUM_CLASSES, (70, 12, 9)))
    labels[rng.random(labels.shape) < 0.1] = IGNORE_INDEX
    return probability, labels.astype(np.uint8)


def test_the_error_is_torchmetrics_over_all_pixels_that_are_not_background(
    predicted: tuple[np.ndarray, np.ndarray],
) -> None:
    probability, labels = predicted
    counts = reliability(labels, probability.argmax(1), probability.max(1))
    assert counts.shape == (70, BINS, 3)
    metric = MulticlassCalibrationError(NUM_CLASSES, n_bins=BINS, norm="l1", ignore_index=IGNORE_INDEX)
    metric = metric.set_dtype(torch.float64)
    target = np.where(labels == BACKGROUND, IGNORE_INDEX, labels).astype(np.int64)
    everything = metric(torch.from_numpy(probability), torch.from_numpy(target)).item()
    assert calibration_error(counts.sum(0)) == pytest.approx(everything, abs=1e-6)
    by_picture = [
        metric(torch.from_numpy(probability[[n]]), torch.from_numpy(target[[n]])).item() for n in (0, 63, 64, 69)
    ]
    np.testing.assert_allclose(calibration_error(counts)[[0, 63, 64, 69]], by_picture, atol=1e-6)


def test_of_two_classes_it_is_the_error_of_being_right() -> None:
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.5, 1, (3, 20, 20))
    right = rng.random(sure.shape) < 0.8
    counts = reliability(np.where(right, FACE, HAIR), np.full(sure.shape, FACE), sure)
    expected = BinaryCalibrationError(n_bins=BINS).set_dtype(torch.float64)(
        torch.from_numpy(sure), torch.from_numpy(right)
    )
    assert calibration_error(counts.sum(0)) == pytest.approx(expected.item(), abs=1e-6)
    np.testing.assert_allclose(overconfidence(counts), sure.mean((1, 2)) - right.mean((1, 2)))


def test_background_and_pixels_without_a_class_count_nowhere(predicted: tuple[np.ndarray, np.ndarray]) -> None:
    probability, labels = predicted
    masks, sure = probability.argmax(1), probability.max(1)
    left_out = (labels == BACKGROUND) | (labels == IGNORE_INDEX)
    counts = reliability(labels, masks, sure)
    np.testing.assert_array_equal(counts[..., 0].sum(1), (~left_out).sum((1, 2)))
    np.testing.assert_array_equal(counts[..., 2].sum(1), ((masks == labels) & ~left_out).sum((1, 2)))
    np.testing.assert_allclose(counts[..., 1].sum(1), np.where(left_out, 0, sure).sum((1, 2)))
    np.testing.assert_array_equal(reliability(labels, np.where(left_out, HAIR, masks), sure), counts)


def test_a_network_that_is_as_often_right_as_it_is_sure_is_not_overconfident_and_a_surer_one_is() -> None:
    sure = np.repeat([0.25, 0.5, 0.75], 8)[None, None]
    right = np.concatenate([np.arange(8) < 8 * share for share in (0.25, 0.5, 0.75)])[None, None]
    labels, masks = np.where(right, FACE, HAIR), np.full(sure.shape, FACE)
    counts = reliability(labels, masks, sure)
    assert overconfidence(counts) == [0] and calibration_error(counts) == [0]
    surer = reliability(labels, masks, sure + 0.2)
    assert overconfidence(surer) == pytest.approx(0.2) and calibration_error(surer) == pytest.approx(0.2)
    doubtful = reliability(labels, masks, sure - 0.2)
    assert overconfidence(doubtful) == pytest.approx(-0.2) and calibration_error(doubtful) == pytest.approx(0.2)


def test_certainty_falls_in_the_last_bin_and_confidence_may_be_stored_in_half_precision() -> None:
    labels = np.full((1, 2, 2), FACE)
    counts = reliability(labels, labels, np.ones((1, 2, 2), np.float16))
    assert counts[0, -1].tolist() == [4, 4, 4] and counts[0, :-1].sum() == 0
    rng = np.random.default_rng(2)
    sure = rng.uniform(0.1, 1, (1, 50, 50))
    labels = np.where(rng.random(sure.shape) < 0.7, FACE, HAIR)
    exact, half = (
        overconfidence(reliability(labels, np.full(sure.shape, FACE), kept)) for kept in (sure, sure.astype(np.float16))
    )
    np.testing.assert_allclose(half, exact, atol=1e-4)


def test_a_picture_of_background_alone_has_no_calibration() -> None:
    counts = reliability(np.full((2, 3, 3), BACKGROUND), np.full((2, 3, 3), FACE), np.full((2, 3, 3), 0.9))
    assert np.isnan(overconfidence(counts)).all() and np.isnan(calibration_error(counts)).all()
