"""Nine photographs: what chance alone does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.reproduction import nine_photographs
from facefair_lib.settings.labels import NUM_CLASSES


def test_what_nine_photographs_show_of_pure_noise():
    table = nine_photographs.nine_photos(8.0, seed=1)
    nine = dict(zip(table["measure"], table["value"], strict=True))
    mean_range = 2.970  # of nine normal values, tabulated
    assert nine["noise_range"] == pytest.approx(8 * mean_range, abs=0.2)
    assert nine["noise_range_high"] > nine["noise_range"]
    assert nine["detectable_gap"] == pytest.approx(24.6, abs=0.05)  # three against three
    assert nine["smallest_p"] == pytest.approx(0.1)  # 2 of the 20 ways to divide six pictures
    assert nine["right_order"] == pytest.approx(1 / 6, abs=0.01)


def test_the_spread_is_that_of_single_pictures_in_both_networks():
    counts = np.zeros((3, NUM_CLASSES, NUM_CLASSES), int)
    counts[:, 1, 1], counts[:, 1, 0] = [10, 20, 30], [30, 20, 10]
    counts[:, 0, 0] = [60, 60, 60]
    iou = [(k / 40 + 60 / (60 + 40 - k)) / 2 for k in (10, 20, 30)]
    spread, mean = nine_photographs.spread_of_pictures({"a": counts, "b": counts[:, ::-1, ::-1]})
    assert (spread, mean) == (pytest.approx(np.std(iou, ddof=1)), pytest.approx(np.mean(iou)))


def test_a_gap_makes_the_true_order_more_likely():
    ranking = nine_photographs.right_ranking([0, 5, 10, 40], 8.0, 3)
    assert ranking["whole_order"].is_monotonic_increasing
    assert ranking["whole_order"].iloc[-1] > 0.98
    assert (ranking["best_group"] >= ranking["whole_order"]).all()


@pytest.mark.parametrize("per_group", [2, 3, 5])
def test_the_smallest_p_value_is_that_of_groups_far_apart(per_group: int):
    groups = np.arange(per_group) + 100.0, np.arange(per_group)
    test = stats.permutation_test(groups, lambda a, b, axis: a.mean(axis) - b.mean(axis), vectorized=True)
    assert nine_photographs.smallest_p_value(per_group) == pytest.approx(test.pvalue)


def test_the_detectable_gap_shrinks_with_the_pictures():
    table = nine_photographs.detectable_table(0.08, [3, 30, 300])
    assert table["gap"].is_monotonic_decreasing
    assert table["gap"].iloc[1] / table["gap"].iloc[2] == pytest.approx(np.sqrt(10), rel=0.05)


def test_a_simulation_without_spread_is_refused():
    with pytest.raises(InputError, match="both above 0"):
        nine_photographs.best_minus_worst(0.0, 9)


def test_imaginary_experiments_have_the_mean_and_the_spread_that_were_asked_for():
    scores = nine_photographs.imaginary_experiments(0.08, 0.6, (3, 3), 4000, seed=1)
    assert scores.shape == (4000, 3, 3)
    assert scores.mean() == pytest.approx(0.6, abs=0.002)
    assert scores.std(axis=0) == pytest.approx(np.full((3, 3), 0.08), rel=0.06)
