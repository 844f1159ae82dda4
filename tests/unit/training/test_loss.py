"""The loss against references written another way, and the counts against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import confusion_matrix
from torch.nn import functional

from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES
from facefair_lib.training.loss import dice_loss, segmentation_loss
from facefair_lib.training.network import count_pairs


@pytest.fixture
def case() -> tuple[torch.Tensor, torch.Tensor]:
    """(2, 11, 7, 9) logits and (2, 7, 9) labels without the classes 3 and 8, some pixels ignored."""
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn((2, NUM_CLASSES, 7, 9), generator=generator)
    labels = torch.tensor([0, 1, 2, 4, 5, 6, 7, 9, 10])[torch.randint(0, 9, (2, 7, 9), generator=generator)]
    labels[torch.rand((2, 7, 9), generator=generator) < 0.2] = IGNORE_INDEX
    return logits, labels


def dice_by_loops(probability: torch.Tensor, labels: torch.Tensor) -> float:
    """Soft Dice class by class and pixel by pixel, with one-hot targets."""
    scores = []
    for index in range(probability.shape[1]):
        overlap = predicted = size = 0.0
        for image, row, column in torch.cartesian_prod(*(torch.arange(n) for n in labels.shape)).tolist():
            if labels[image, row, column] == IGNORE_INDEX:
                continue
            one_hot = float(labels[image, row, column] == index)
            share = float(probability[image, index, row, column])
            overlap, predicted, size = overlap + one_hot * share, predicted + share, size + one_hot
        if size:
            scores.append((2 * overlap + 1) / (predicted + size + 1))
    return 1 - sum(scores) / len(scores)


def test_dice_agrees_with_loops_over_pixels(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, labels = case
    assert float(dice_loss(logits.softmax(1), labels)) == pytest.approx(dice_by_loops(logits.softmax(1), labels), 1e-5)


@pytest.mark.parametrize("dice_weight", [0.0, 0.5, 2.0])
def test_loss_is_cross_entropy_plus_weighted_dice(case: tuple[torch.Tensor, torch.Tensor], dice_weight: float) -> None:
    logits, labels = case
    cross_entropy = functional.cross_entropy(logits, labels, ignore_index=IGNORE_INDEX)
    expected = float(cross_entropy) + dice_weight * dice_by_loops(logits.softmax(1), labels)
    assert float(segmentation_loss(logits, labels, dice_weight)) == pytest.approx(expected, rel=1e-5)


def test_channels_that_come_last_in_memory_cost_the_same_and_have_the_same_gradient(
    case: tuple[torch.Tensor, torch.Tensor],
) -> None:
    logits, labels = case
    first, last = logits.requires_grad_(), logits.detach().to(memory_format=torch.channels_last).requires_grad_()
    losses = [segmentation_loss(each, labels, 1.0) for each in (first, last)]
    sum(losses).backward()
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(first.grad, last.grad)


def test_ignored_pixels_have_no_gradient_and_all_others_have_one(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, labels = case
    logits.requires_grad_()
    segmentation_loss(logits, labels, 1.0).backward()
    moved = (logits.grad != 0).any(1)  # (2, 7, 9)
    assert torch.equal(moved, labels != IGNORE_INDEX)


def test_a_perfect_prediction_costs_nothing(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    labels = case[1]
    target = labels.where(labels != IGNORE_INDEX, 0)
    logits = functional.one_hot(target, NUM_CLASSES).permute(0, 3, 1, 2).float() * 100
    assert float(segmentation_loss(logits, labels, 1.0)) == pytest.approx(0, abs=1e-6)


def test_the_gradient_of_the_loss_is_that_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(1)
    probability = torch.rand((1, 4, 3, 3), generator=generator, dtype=torch.float64).requires_grad_()
    labels = torch.tensor([[[0, 1, 1], [IGNORE_INDEX, 3, 0], [3, 3, 1]]])
    assert torch.autograd.gradcheck(lambda p: dice_loss(p, labels), (probability,))


def loss_in_float64(logits: torch.Tensor, labels: torch.Tensor, dice_weight: float) -> torch.Tensor:
    """The loss written with one-hot targets, for a gradient to compare with."""
    scored = (labels != IGNORE_INDEX).unsqueeze(1)
    target = functional.one_hot(labels.where(labels != IGNORE_INDEX, 0), logits.shape[1]).permute(0, 3, 1, 2) * scored
    probability = logits.softmax(1) * scored
    overlap, size, predicted = (t.sum((0, 2, 3)) for t in (probability * target, target, probability))
    dice = ((2 * overlap + 1) / (predicted + size + 1))[size > 0].mean()
    return -(logits.log_softmax(1) * target).sum() / scored.sum() + dice_weight * (1 - dice)


@pytest.mark.parametrize("dice_weight", [0.0, 1.0])
def test_the_gradient_of_the_whole_loss_is_that_of_a_reference_which_finite_differences_confirm(
    case: tuple[torch.Tensor, torch.Tensor], dice_weight: float
) -> None:
    logits, labels = case
    exact = logits.double().requires_grad_()
    small = exact[:1, :, :2, :2].detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss_in_float64(x, labels[:1, :2, :2], dice_weight), (small,))
    loss_in_float64(exact, labels, dice_weight).backward()
    logits.requires_grad_()
    segmentation_loss(logits, labels, dice_weight).backward()
    torch.testing.assert_close(logits.grad.double(), exact.grad, rtol=1e-4, atol=1e-8)


def test_a_picture_without_labels_takes_nothing_from_the_rest_of_its_batch(
    case: tuple[torch.Tensor, torch.Tensor],
) -> None:
    logits, labels = case
    labels[0] = IGNORE_INDEX
    logits[0] = 1e30  # whatever the network says there
    loss = segmentation_loss(logits.requires_grad_(), labels, 1.0)
    alone = segmentation_loss(logits[1:], labels[1:], 1.0)
    assert loss.item() == pytest.approx(alone.item(), rel=1e-6)
    loss.backward()
    assert torch.isfinite(logits.grad).all() and not logits.grad[0].any()


def test_a_network_in_half_precision_is_scored_in_full(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, labels = case
    assert segmentation_loss(logits.bfloat16(), labels, 1.0).dtype == torch.float32


def test_counts_agree_with_scikit_learn(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, labels = case
    prediction = logits.argmax(1)
    scored = labels != IGNORE_INDEX
    expected = confusion_matrix(labels[scored], prediction[scored], labels=range(NUM_CLASSES))
    counts = count_pairs(labels, prediction)
    assert counts.dtype == torch.int64
    assert counts.tolist() == expected.tolist()


def test_counting_never_waits_for_the_device() -> None:
    masks = torch.zeros((2, 4, 4), dtype=torch.int64, device="meta")  # holds no values that could be waited for
    assert count_pairs(masks, masks).shape == (NUM_CLASSES, NUM_CLASSES)


def test_a_batch_of_which_nothing_is_labelled_costs_nothing_and_moves_no_weight(
    case: tuple[torch.Tensor, torch.Tensor],
) -> None:
    logits, labels = case
    logits.requires_grad_()
    loss = segmentation_loss(logits, torch.full_like(labels, IGNORE_INDEX), 1.0)
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()
