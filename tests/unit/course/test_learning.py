"""The networks of the lessons learn, and what is measured on them is right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facefair_course import experiments, learning

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
MASKS = np.where(IMAGES[..., 0] > 127, 5, 4).astype(np.uint8)


def test_a_short_training_lowers_the_loss_and_is_repeatable() -> None:
    one = learning.train(IMAGES, MASKS, (IMAGES, MASKS), steps=10)
    learning._fits.clear()
    two = learning.train(IMAGES, MASKS, (IMAGES, MASKS), steps=10)
    losses = one.history.query("pictures == 'trained on'")["loss"].to_numpy()
    assert losses[-1] < losses[0]
    assert one.history.equals(two.history)
    assert learning.label_pictures(one.network, IMAGES).shape == MASKS.shape


def test_the_same_training_is_not_done_twice() -> None:
    one = learning.train(IMAGES, MASKS, (IMAGES, MASKS), steps=1)
    assert learning.train(IMAGES, MASKS, (IMAGES, MASKS), steps=1) is one
    assert learning.train(IMAGES, MASKS[::-1], (IMAGES, MASKS), steps=1) is not one


def test_augmented_training_with_ignored_pixels_stays_finite() -> None:
    fit = learning.train(IMAGES, MASKS, (IMAGES, MASKS), steps=10, augmented=True)
    assert np.isfinite(fit.history["loss"]).all()


def test_the_field_that_is_seen_is_the_one_that_kernels_and_dilations_give() -> None:
    network = learning.tiny_network()
    before = [parameter.clone() for parameter in network.parameters()]
    seen = learning.seen_by(network, 33) > 0
    assert seen.sum() == 15**2
    assert seen[9:24, 9:24].all()
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_dice_gives_a_rare_class_a_larger_share_of_the_pull() -> None:
    labels = torch.zeros(1, 16, 16, dtype=torch.int64)
    labels[0, 0, :3] = 2
    logits = torch.zeros(1, 11, 16, 16)
    plain, even = (learning.pull_by_class(logits, labels, loss) for loss in (learning.cross_entropy, learning.dice))
    assert plain.sum() == pytest.approx(1, rel=1e-5)
    assert plain[2] == pytest.approx(3 / 256, rel=1e-4)
    assert even[2] > 3 * plain[2]


def test_recall_of_the_truth_is_one_where_a_class_occurs() -> None:
    table = learning.recall_table({"truth": MASKS, "hair": np.full_like(MASKS, 5)}, MASKS)
    assert table.loc[[4, 5], "truth"].tolist() == [1, 1]
    assert table.loc[[4, 5], "hair"].tolist() == [0, 1]
    assert np.isnan(table.loc[0, "truth"])


def test_logits_enlarged_smoothly_keep_more_of_thin_things_than_labels_of_the_same_map() -> None:
    masks = np.zeros((2, 16, 16), np.uint8)
    masks[:, 2:13, 3:14] = 4
    masks[:, 7, 5:12] = 6  # a brow of one row, which no block has at its centre
    left = learning.through_coarse_logits(masks, 4)
    labels, logits = ((kept == masks).mean() for kept in (experiments.through_coarse_map(masks, 4), left))
    assert logits > labels
    assert (left == 6).any() and not (experiments.through_coarse_map(masks, 4) == 6).any()


def test_a_map_as_fine_as_the_picture_has_logits_for_every_mask() -> None:
    assert (learning.through_coarse_logits(MASKS, 1) == MASKS).all()
