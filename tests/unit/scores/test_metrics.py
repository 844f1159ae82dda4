import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as reference

from facefair_lib.scores import metrics
from facefair_lib.scores.metrics import CLASS_METRICS, ESTIMANDS, confusion_counts
from facefair_lib.settings.labels import FIXED_CLASSES, INDEX, OPTIONAL_PARTS

# Class 0: 8 right, 2 taken for 1. Class 1: 4 right, 1 taken for 0, 1 for 2. Class 2 is predicted only, class 3 nowhere.
HAND = np.array([[8, 2, 0, 0], [1, 4, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])

FACE, NOSE, SPECS, TEETH = (INDEX[name] for name in ("face", "nose", "specs", "teeth"))

any_counts = hnp.arrays(np.int64, (3, 5, 5), elements=st.integers(0, 40))
sparse_counts = hnp.arrays(np.int64, (4, 5, 5), elements=st.sampled_from([0, 0, 0, 0, 1, 9]))


def as_pixels(counts):
    """Turn a matrix back into two lists of labels."""
    rows, columns = np.indices(counts.shape)
    return np.repeat(rows.ravel(), counts.ravel()), np.repeat(columns.ravel(), counts.ravel())


def test_scores_of_a_matrix_worked_by_hand():
    nan = np.nan
    np.testing.assert_allclose(metrics.iou_per_class(HAND), [8 / 11, 4 / 8, 0, nan])
    np.testing.assert_allclose(metrics.f1_per_class(HAND), [16 / 19, 8 / 12, 0, nan])
    np.testing.assert_allclose(metrics.precision_per_class(HAND), [8 / 9, 4 / 6, 0, nan])
    np.testing.assert_allclose(metrics.recall_per_class(HAND), [8 / 10, 4 / 6, nan, nan])
    assert metrics.pixel_accuracy(HAND) == pytest.approx(12 / 16)
    assert metrics.mean_iou(HAND) == pytest.approx((8 / 11 + 1 / 2 + 0) / 3)
    assert metrics.mean_f1_foreground(HAND) == pytest.approx((8 / 12 + 0) / 2)


def test_class_means_count_a_missing_recall_or_precision_of_a_class_that_occurs_as_zero():
    assert metrics.mean_recall(HAND) == pytest.approx((8 / 10 + 4 / 6 + 0) / 3)
    never_named = np.array([[10, 0], [5, 0]])
    assert np.isnan(metrics.precision_per_class(never_named)[1])
    assert metrics.mean_precision(never_named) == pytest.approx((10 / 15 + 0) / 2)


def test_everything_is_nan_without_pixels_and_nothing_warns():
    empty = np.zeros((2, 11, 11), np.int64)
    for estimand in ESTIMANDS.values():
        assert np.isnan(estimand.function(empty)), estimand.key
        assert np.isnan(estimand.function(empty[:0])), estimand.key


def test_foreground_mean_is_nan_without_foreground_and_counts_face_predicted_on_background():
    background = np.zeros((11, 11), np.int64)
    background[0, 0] = 50
    assert np.isnan(metrics.mean_f1_foreground(background)) and metrics.mean_f1(background) == 1
    assert metrics.mean_f1_foreground(np.array([[50, 10], [0, 50]])) == pytest.approx(100 / 110)


@settings(deadline=None, max_examples=25)
@given(sparse_counts)
def test_scores_equal_scikit_learn(stack):
    for counts in stack:
        target, prediction = as_pixels(counts)
        if not len(target):
            continue
        options = {"labels": range(5), "average": None, "zero_division": np.nan}
        pairs = {
            metrics.f1_per_class: reference.f1_score,
            metrics.precision_per_class: reference.precision_score,
            metrics.recall_per_class: reference.recall_score,
        }
        for ours, theirs in pairs.items():
            np.testing.assert_allclose(ours(counts), theirs(target, prediction, **options), err_msg=ours.__name__)
        present = counts.sum(0) + counts.sum(1) > 0
        iou = reference.jaccard_score(target, prediction, labels=np.flatnonzero(present), average=None)
        np.testing.assert_allclose(metrics.iou_per_class(counts)[present], iou)
        assert np.isnan(metrics.iou_per_class(counts)[~present]).all()
        assert metrics.pixel_accuracy(counts) == pytest.approx(reference.accuracy_score(target, prediction))
        macro = {"average": "macro", "zero_division": 0}
        assert metrics.mean_precision(counts) == pytest.approx(reference.precision_score(target, prediction, **macro))
        assert metrics.mean_recall(counts) == pytest.approx(reference.recall_score(target, prediction, **macro))
        assert metrics.mean_f1(counts) == pytest.approx(reference.f1_score(target, prediction, **macro))
        assert metrics.mean_iou(counts) == pytest.approx(reference.jaccard_score(target, prediction, average="macro"))


def exact_class_scores(counts):
    """Every class metric in whole numbers, {metric: {class: Fraction}}; a class without one is left out."""
    pixels = [[int(n) for n in row] for row in counts]
    scores = {key: {} for key in CLASS_METRICS}
    for c, row in enumerate(pixels):
        hit, shown, named = row[c], sum(row), sum(other[c] for other in pixels)
        parts = {"precision": (hit, named), "recall": (hit, shown), "f1": (2 * hit, shown + named)}
        for key, (above, below) in {**parts, "iou": (hit, shown + named - hit)}.items():
            if below:
                scores[key][c] = Fraction(above, below)
    return scores


def exact_scores(counts):
    """Every estimand of one matrix in whole numbers."""
    scores, everything = exact_class_scores(counts), sum(int(n) for n in counts.flat)
    there = scores["f1"]  # of every class in target or prediction
    means = {key: sum(of.values(), Fraction()) / len(there) for key, of in scores.items()}
    foreground = [value for c, value in there.items() if c != INDEX["background"]]
    fixed = [scores["iou"][INDEX[name]] for name in FIXED_CLASSES if INDEX[name] in scores["recall"]]
    return {
        **means,
        "accuracy": Fraction(int(np.trace(counts)), everything),
        "mean_f1_foreground": sum(foreground) / len(foreground),
        "image_iou": means["iou"],
        "image_f1": means["f1"],
        "fixed_iou": sum(fixed) / len(fixed),
        "fixed_image_iou": sum(fixed) / len(fixed),
    }


def test_scores_of_a_million_million_pixels_are_those_of_exact_fractions():
    counts = np.random.default_rng(0).integers(10**12 - 10**6, 10**12 + 10**6, (3, 11, 11))
    counts[:, NOSE], counts[:, :, NOSE] = 0, 0  # a class that is nowhere
    counts[0, FACE], counts[0, :, SPECS] = 0, 0  # one that is only predicted, one that is never predicted
    counts[1, FACE, 0] = 1  # among 10^12 of others, one pixel
    for one in counts:
        for key, score in CLASS_METRICS.items():
            expected = np.full(11, np.nan)
            for c, value in exact_class_scores(one)[key].items():
                expected[c] = float(value)
            np.testing.assert_array_equal(score(one), expected, err_msg=key)
        for key, value in exact_scores(one).items():
            assert ESTIMANDS[key].function(one[None]) == pytest.approx(float(value), rel=5e-16, abs=0), key
    for key, estimand in ESTIMANDS.items():
        images = [exact_scores(one)[key] for one in counts]
        value = sum(images) / len(images) if estimand.per_image else exact_scores(counts.sum(0))[key]
        assert estimand.function(counts) == pytest.approx(float(value), rel=5e-16, abs=0), key


def test_not_one_pixel_of_two_million_pictures_is_lost():
    counts = np.full((2_000_000, 2, 2), [[999_983, 3], [1, 999_979]])
    counts[-1, 0, 1] += 1  # one of 4e12 moves a score by 1e-13
    for key in ("iou", "f1", "accuracy"):
        value = exact_scores(counts.sum(0))[key]
        assert ESTIMANDS[key].function(counts) == pytest.approx(float(value), rel=5e-16, abs=0), key


@settings(deadline=None)
@given(any_counts)
def test_iou_and_f1_are_two_names_of_one_number(counts):
    f1, iou = metrics.f1_per_class(counts), metrics.iou_per_class(counts)
    np.testing.assert_allclose(iou, metrics.iou_floor(f1), equal_nan=True)
    defined = np.isfinite(f1)
    assert (f1[defined] >= iou[defined]).all()
    assert ((iou[defined] >= 0) & (f1[defined] <= 1)).all()


@settings(deadline=None)
@given(any_counts, st.permutations(range(3)))
def test_order_of_images_does_not_matter(counts, order):
    for estimand in ESTIMANDS.values():
        assert estimand.function(counts[order]) == pytest.approx(estimand.function(counts), nan_ok=True)


def test_pooled_and_image_scores_differ_as_defined_and_images_without_labels_do_not_count():
    large, small, unlabelled = np.diag([900, 100]), np.array([[5, 5], [5, 5]]), np.zeros((2, 2), int)
    counts = np.stack([large, small, unlabelled])
    assert ESTIMANDS["image_iou"].function(counts) == pytest.approx((1 + 1 / 3) / 2)
    assert ESTIMANDS["iou"].function(counts) == pytest.approx((905 / 915 + 105 / 115) / 2)


@settings(deadline=None)
@given(sparse_counts)
def test_evaluating_all_estimands_at_once_changes_nothing(counts):
    values = metrics.evaluate(counts, lambda parts: parts.sum(0))
    assert list(values) == list(ESTIMANDS)
    for key, value in values.items():
        assert float(value) == pytest.approx(ESTIMANDS[key].function(counts), nan_ok=True)


def test_a_subset_of_estimands_can_be_evaluated():
    counts = HAND[None]
    assert list(metrics.evaluate(counts, lambda parts: parts.sum(0), ["image_f1"])) == ["image_f1"]
    assert list(metrics.evaluate(counts, lambda parts: parts.sum(0), ["iou", "accuracy"])) == ["iou", "accuracy"]


def portrait() -> np.ndarray:
    """Background 100 of 100 right, face 80 of 100, the rest of it called background."""
    counts = np.zeros((11, 11), np.int64)
    counts[0, 0], counts[FACE, FACE], counts[FACE, 0] = 100, 80, 20
    return counts


def test_fixed_iou_runs_over_the_classes_of_the_target_that_every_head_has():
    assert metrics.fixed_iou(portrait()) == pytest.approx((100 / 120 + 80 / 100) / 2)
    glasses = portrait()
    glasses[SPECS, SPECS], glasses[TEETH, TEETH] = 50, 50
    assert metrics.fixed_iou(glasses) == metrics.fixed_iou(portrait()) < metrics.mean_iou(glasses)
    assert np.isnan(metrics.fixed_iou(np.diag([0] * SPECS + [7]))), "nothing but spectacles"


@pytest.mark.parametrize("invented", [NOSE, SPECS, TEETH])
def test_what_a_network_invents_costs_the_classes_that_are_there_and_is_no_class_of_the_mean(invented):
    counts = portrait()
    counts[FACE, FACE], counts[FACE, invented] = 70, 10
    assert metrics.fixed_iou(counts) == pytest.approx((100 / 120 + 70 / 100) / 2)
    assert metrics.mean_iou(counts) < 0.7 * metrics.fixed_iou(counts), "there it is a class with a score of 0"
    assert np.isnan(metrics.shown_iou_per_class(counts)[invented]) and metrics.iou_per_class(counts)[invented] == 0
    for key in ("fixed_iou", "fixed_image_iou"):
        assert ESTIMANDS[key].function(counts[None]) == pytest.approx(metrics.fixed_iou(counts))


@settings(deadline=None)
@given(hnp.arrays(np.int64, (2, 11, 11), elements=st.sampled_from([0, 0, 0, 1, 9])))
def test_fixed_iou_is_a_mean_of_the_same_classes_whatever_is_predicted(counts):
    fixed = [INDEX[name] for name in FIXED_CLASSES]
    for one in counts:
        shown = [c for c in fixed if one[c].sum()]
        expected = (
            np.mean([one[c, c] / (one[c].sum() + one[:, c].sum() - one[c, c]) for c in shown]) if shown else np.nan
        )
        assert metrics.fixed_iou(one) == pytest.approx(expected, nan_ok=True)


def test_image_scores_are_those_of_each_image_alone():
    masks = np.random.default_rng(3).integers(0, 11, (2, 4, 8, 8), dtype=np.uint8)
    counts = confusion_counts(masks[0], masks[1])
    scores = metrics.image_scores(counts)
    for image in range(4):
        truth, guess = masks[0, image].ravel(), masks[1, image].ravel()
        assert scores["image_iou"][image] == pytest.approx(reference.jaccard_score(truth, guess, average="macro"))
        assert scores["accuracy"][image] == pytest.approx(reference.accuracy_score(truth, guess))


def test_registry_keys_are_the_estimands_own_and_definitions_are_sentences():
    assert list(ESTIMANDS) == [
        "accuracy", "precision", "recall", "f1", "iou", "mean_f1_foreground", "image_iou", "image_f1",
        "fixed_iou", "fixed_image_iou",
    ]  # fmt: skip
    for key, estimand in ESTIMANDS.items():
        assert estimand.key == key
        assert estimand.definition.endswith(".")


def test_people_are_compared_picture_by_picture_on_the_classes_that_every_head_has():
    assert ESTIMANDS[metrics.COMPARED_BY].score is metrics.fixed_iou and ESTIMANDS[metrics.COMPARED_BY].per_image
    assert set(FIXED_CLASSES) | set(OPTIONAL_PARTS) == set(INDEX) and not set(FIXED_CLASSES) & set(OPTIONAL_PARTS)


def test_floor_four_does_not_import_torch():
    program = "import sys, facefair_lib.tables; sys.exit('torch' in sys.modules or 'torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
