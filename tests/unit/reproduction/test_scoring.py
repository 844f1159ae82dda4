"""The published scores: counted by hand, and beside scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as reference

from facefair_lib.errors import InputError
from facefair_lib.reproduction.protocol import AS_PUBLISHED
from facefair_lib.reproduction.scoring import binary_counts, binary_scores, epoch_scores, knife_edge, tracked_counts
from facefair_lib.settings.labels import INDEX


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.choice([0.0, 128 / 255, 1.0], size=(4, 3, 8, 8), p=[0.6, 0.3, 0.1])
    return truth, np.clip(truth + random.normal(0, 0.3, truth.shape), 0, 1)


def test_counts_of_a_batch_by_hand():
    truth, prediction = np.array([0.0, 0.5, 1.0, 0.0]), np.array([0.2, 0.05, 0.9, 0.0])
    assert binary_counts(truth, prediction, (0.0, 0.1)).tolist() == [1, 1, 1, 1]


def test_scores_agree_with_scikit_learn():
    truth, prediction = batch(1)
    counts = binary_counts(truth, prediction, (0.0, 0.1))
    actual, claimed = truth.ravel() > 0, prediction.ravel() > 0.1
    scores = binary_scores(counts)
    for name, function in (
        ("accuracy", reference.accuracy_score),
        ("precision", reference.precision_score),
        ("recall", reference.recall_score),
        ("f1", reference.f1_score),
        ("iou", reference.jaccard_score),
    ):
        assert scores[name] == pytest.approx(function(actual, claimed))


def test_the_spurious_zero_lowers_every_score_by_one_batch_in_the_mean():
    counts = np.stack([tracked_counts(*batch(seed)) for seed in range(5)])
    with_zero = epoch_scores(counts, AS_PUBLISHED)
    without = epoch_scores(counts, replace(AS_PUBLISHED, spurious_zero=False))
    for name, value in without.items():
        assert with_zero[name] == pytest.approx(value * 5 / 6)


def test_the_thresholds_of_iou_change_iou_alone():
    counts = np.stack([tracked_counts(*batch(seed)) for seed in range(5)])
    published = epoch_scores(counts, AS_PUBLISHED)
    shared = epoch_scores(counts, replace(AS_PUBLISHED, iou_thresholds=AS_PUBLISHED.f1_thresholds))
    assert {name for name in shared if shared[name] != published[name]} == {"iou"}
    assert shared["iou"] >= shared["f1"] / (2 - shared["f1"])


def test_thresholds_that_were_not_counted_are_refused():
    counts = np.stack([tracked_counts(*batch(0))])
    with pytest.raises(InputError, match=r"\(0\.2, 0\.2\)"):
        epoch_scores(counts, replace(AS_PUBLISHED, f1_thresholds=(0.2, 0.2)))


def test_a_perfect_predictor_that_is_one_per_cent_too_dark_keeps_its_f1_and_loses_its_iou():
    labels = np.zeros((1, 1, 9), np.uint8)
    labels[0, 0, 1] = INDEX["face"]  # three values on the edge
    labels[0, 0, 2] = INDEX["lips"]  # one at full value
    assert knife_edge(labels, 0.99) == pytest.approx({"f1": 1.0, "iou": 0.25})
    assert knife_edge(labels, 1.0) == {"f1": 1.0, "iou": 1.0}
