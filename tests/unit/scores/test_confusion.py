import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import confusion_matrix
from torchmetrics.functional.classification import multiclass_confusion_matrix

from facefair_lib.errors import InputError
from facefair_lib.scores.confusion import check_counts, confusion_counts, merge_counts
from facefair_lib.settings import labels


def test_rows_are_the_target_and_columns_the_prediction():
    target = np.array([[0, 0], [1, 2]], np.uint8)
    prediction = np.array([[0, 1], [1, 1]], np.uint8)
    assert confusion_counts(target, prediction, num_classes=3).tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_counts_have_one_matrix_per_image_and_keep_the_leading_axes():
    masks = np.random.default_rng(1).integers(0, 11, (2, 3, 5, 4), dtype=np.uint8)
    other = np.random.default_rng(2).integers(0, 11, (2, 3, 5, 4), dtype=np.uint8)
    counts = confusion_counts(masks, other)
    assert counts.shape == (2, 3, 11, 11)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts[1, 2], confusion_counts(masks[1, 2], other[1, 2]))
    np.testing.assert_array_equal(counts.sum((-1, -2)), 20)


def test_ignored_target_pixels_are_not_counted_whatever_is_predicted_there():
    target = np.array([[255, 1]], np.uint8)
    prediction = np.array([[255, 1]], np.uint8)
    counts = confusion_counts(target, prediction)
    assert counts.sum() == counts[1, 1] == 1


@settings(deadline=None, max_examples=40)
@given(
    hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 10)), hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 10))
)
def test_counts_equal_scikit_learns_confusion_matrix(target, prediction):
    reference = confusion_matrix(target.ravel(), prediction.ravel(), labels=range(11))
    np.testing.assert_array_equal(confusion_counts(target, prediction), reference)


def test_counts_with_ignored_pixels_equal_those_of_torchmetrics():
    rng = np.random.default_rng(0)
    target, prediction = rng.integers(0, 11, (2, 300, 200))
    target[rng.random(target.shape) < 0.3] = 255
    theirs = multiclass_confusion_matrix(torch.tensor(prediction), torch.tensor(target), 11, ignore_index=255)
    np.testing.assert_array_equal(confusion_counts(target, prediction), theirs.numpy())


def test_different_shapes_and_logits_in_place_of_classes_are_refused():
    with pytest.raises(InputError, match=r"\(4, 4\), prediction of shape \(4, 5\)"):
        confusion_counts(np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match="take the largest logit"):
        confusion_counts(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32))


@pytest.mark.parametrize(("target", "prediction"), [(11, 0), (0, 11), (0, 255), (-1, 0)])
def test_values_that_are_no_class_are_refused_and_named(target, prediction):
    strange = target if target else prediction
    masks = np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int)
    masks[0][1, 0, 0], masks[1][1, 0, 0] = target, prediction
    with pytest.raises(InputError, match=rf"image 1[\s\S]*\[{strange}\]"):
        confusion_counts(*masks)


def test_merging_drops_targets_that_are_not_scored_and_refuses_to_hide_misses():
    counts, lookup = np.array([[5, 0, 0], [0, 4, 0], [1, 2, 3]]), np.array([0, 1, -1])
    assert merge_counts(counts, lookup).tolist() == [[5, 0], [0, 4]]
    many = merge_counts(np.full((2, 2), 10**15 + 1), np.zeros(2, int))
    assert many.dtype == np.int64 and many.tolist() == [[4 * (10**15 + 1)]], "every pixel of 4e15"
    counts[0, 2] = 2
    with pytest.raises(InputError, match="2 pixels of scored classes"):
        merge_counts(counts, lookup)
    with pytest.raises(InputError, match="one merged index per class"):
        merge_counts(np.zeros((11, 11), int), np.zeros(6, int))


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.uint8, (2, 5, 6, 6), elements=st.integers(0, 10)))
def test_merging_counts_is_counting_merged_masks(masks):
    names, lookup = labels.merge_lookup(labels.FASSEG_GROUPS)
    merged = merge_counts(confusion_counts(masks[0], masks[1]), lookup)
    np.testing.assert_array_equal(merged, confusion_counts(lookup[masks[0]], lookup[masks[1]], num_classes=len(names)))


@pytest.mark.parametrize(
    "counts",
    [np.zeros((11, 11), int), np.zeros((2, 11, 10), int), np.zeros((2, 11, 11)), -np.ones((1, 11, 11), int)],
    ids=["one matrix", "not square", "floating", "negative"],
)
def test_what_is_no_stack_of_confusion_matrices_is_refused(counts):
    with pytest.raises(InputError, match="counts of deeplabv3"):
        check_counts(counts, "counts of deeplabv3")
