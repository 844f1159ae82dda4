"""The lessons' small experiments do what their prose says."""

from __future__ import annotations

import numpy as np
import pytest

from facefair_course import drawing, experiments
from facefair_course.display import show
from facefair_course.exercises.lesson_03 import valid_taps
from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.settings import labels

RANDOM = np.random.default_rng(0)
MASKS = RANDOM.integers(0, 11, (3, 16, 16)).astype(np.uint8)
IMAGES = RANDOM.integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)


def test_a_map_as_fine_as_the_picture_loses_nothing() -> None:
    limits = experiments.coarse_limits(MASKS, (1, 4), ("hair", "eyes"))
    assert (limits.loc[limits["stride"] == 1, "iou"] == 1).all()
    assert (limits.loc[limits["stride"] == 4, "iou"] < 1).all()


def test_a_coarse_map_keeps_the_label_at_each_blocks_centre() -> None:
    mask = np.arange(16).reshape(4, 4)
    assert experiments.through_coarse_map(mask, 2).tolist() == [[5, 5, 7, 7]] * 2 + [[13, 13, 15, 15]] * 2


@pytest.mark.parametrize(("size", "rate"), [(16, 6), (7, 1), (4, 9)])
def test_shares_of_taps_are_the_counts_of_the_exercise(size: int, rate: int) -> None:
    (share,) = experiments.tap_shares((size,), (rate,))["share"]
    assert share == pytest.approx(valid_taps(size, rate).mean() / 9)


def test_a_branch_of_an_even_picture_finds_nothing() -> None:
    assert np.abs(experiments.against_surroundings(np.full((9, 9), 3.0), 2)).max() < 1e-12


def test_bins_keep_the_mean_also_where_they_do_not_divide_the_map() -> None:
    values = IMAGES.astype(float)
    assert experiments.binned(values, 1) == pytest.approx(
        np.broadcast_to(values.mean((1, 2), keepdims=True), values.shape)
    )
    assert experiments.binned(values, 3).mean((1, 2)) == pytest.approx(values.mean((1, 2)))
    assert experiments.binned(values, 16) == pytest.approx(values)


def test_more_context_means_more_features() -> None:
    widths = [experiments.features(IMAGES, context).shape[-1] for context in ((), ("surroundings",), ("pyramid",))]
    assert widths == [4, 13, 25]


def test_a_linear_classifier_learns_a_rule_on_colour() -> None:
    masks = np.where(IMAGES[..., 0] > 127, labels.INDEX["hair"], labels.INDEX["face"])
    seen = experiments.features(IMAGES, ())
    assert (experiments.linear_labels(seen[:2], masks[:2], seen[2:]) == masks[2:]).mean() > 0.9


def test_a_copier_is_perfect_on_what_it_was_shown() -> None:
    assert (experiments.copied_masks(IMAGES, MASKS, IMAGES[::-1]) == MASKS[::-1]).all()


def test_the_skin_rule_finds_light_skin_and_misses_dark_skin() -> None:
    tones = np.array([[[215, 189, 150], [58, 49, 42], [90, 90, 90]]], np.uint8)  # Monk tones 5 and 9, grey
    assert experiments.skin_by_rule(tones).tolist() == [[True, False, False]]


def test_overlap_is_intersection_over_union() -> None:
    one, two = np.array([[1, 1, 0]], bool), np.array([[0, 1, 1]], bool)
    assert float(experiments.overlap(one, two)) == pytest.approx(1 / 3)


def test_equal_pictures_have_equal_hashes_and_a_mirrored_one_has_not() -> None:
    ramp = np.tile(np.arange(0, 255, 8, dtype=np.uint8)[None, :, None], (32, 1, 3))
    assert experiments.hash_distance(ramp, ramp) == 0
    assert experiments.hash_distance(ramp, ramp[:, ::-1].copy()) == 64


def test_intervals_over_people_hold_the_truth_far_more_often_than_over_pictures() -> None:
    held = experiments.interval_coverage(12, 10, 0.08, 200)
    assert held["people"] > 0.85
    assert held["pictures"] < 0.7


def test_scores_of_the_truth_are_one_and_of_absent_classes_nan() -> None:
    masks = np.where(labels.INDEX["specs"] == MASKS, 0, MASKS)
    table = experiments.iou_table(masks, {"truth": masks})
    assert table.loc["mean", "truth"] == 1
    assert np.isnan(table.loc["specs", "truth"])


def test_numbers_become_greys_with_zero_in_the_middle_where_signed() -> None:
    assert drawing.as_picture(np.array([[0.0, 5.0]]))[..., 0].tolist() == [[0, 255]]
    assert drawing.as_picture(np.array([[0.0, -5.0]]), signed=True)[..., 0].tolist() == [[128, 0]]


def test_every_drawing_describes_itself() -> None:
    table = experiments.tap_shares((16, 32), (1, 2))
    figures = (
        drawing.numbers(IMAGES[0], MASKS[0]),
        drawing.taps_on_picture(IMAGES[0], (1, 4), (8, 8)),
        drawing.lines(table, "rate", "share", "map", labels=("x", "y")),
        drawing.bars(table.set_index("map")[["share"]], label="share"),
        drawing.histogram(RANDOM.normal(size=50), label="gap", title="Chance", mark=0.5),
        drawing.compare(IMAGES, MASKS, {"answer": MASKS}, (0, 2)),
        drawing.with_box(IMAGES[0], (8, 8), 4),
    )
    assert all(len(figure.get_label()) > 20 for figure in figures)


def test_a_figure_without_a_description_is_not_shown() -> None:
    with pytest.raises(InputError, match="no description"):
        show(style.new_figure(2, 2))
