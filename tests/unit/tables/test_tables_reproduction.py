"""The true score of every step of the ladder, and what each step changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.tables.reproduction import ladder_changes


def fits(right: float, images: int = 8, number: int = 1) -> np.ndarray:
    """Counts of fits that call a share of the face right and the rest background."""
    counts = np.zeros((number, images, 11, 11), np.int64)
    counts[..., 0, 0] = 100
    counts[..., 4, 4] = round(100 * right)
    counts[..., 4, 0] = 100 - round(100 * right)
    return counts


def table_of(images: int = 8) -> pd.DataFrame:
    names = [f"i{number}" for number in range(images)]
    return pd.DataFrame({"image_id": names, "subject_id": names})


def iou(right: float) -> float:
    return (right + 1 / (2 - right)) / 2


def test_the_change_is_that_from_the_step_before_network_by_network():
    counts = {model: {"first": fits(0.5), "second": fits(0.8), "third": fits(0.6)} for model in ("a", "b")}
    table = ladder_changes(counts, table_of(), replicates=20)
    assert list(table["model"]) == ["a"] * 3 + ["b"] * 3
    assert table["value"].tolist() == pytest.approx([iou(0.5), iou(0.8), iou(0.6)] * 2)
    assert np.isnan(table["change"].iloc[[0, 3]]).all()
    assert table["change"].iloc[1:3].tolist() == pytest.approx([iou(0.8) - iou(0.5), iou(0.6) - iou(0.8)])


def test_alike_people_have_an_interval_of_no_width_and_the_change_is_paired():
    counts = fits(0.5)
    counts[:, :4, 4, 4], counts[:, :4, 4, 0] = 90, 10  # some people are easier than others, for both steps
    better = counts + 0
    better[..., 4, 4] += 5
    better[..., 4, 0] -= 5
    table = ladder_changes({"a": {"first": counts, "second": better}}, table_of(), replicates=200).iloc[1]
    assert table["high"] - table["low"] > 3 * (table["change_high"] - table["change_low"])
    assert table["change_low"] > 0


def test_luck_is_the_largest_difference_between_seeds():
    counts = np.concatenate([fits(0.5), fits(0.6), fits(0.9)])
    table = ladder_changes({"a": {"first": counts, "second": fits(0.7)}}, table_of(), replicates=20)
    assert table["luck"].iloc[0] == pytest.approx(iou(0.9) - iou(0.5))
    assert np.isnan(table["luck"].iloc[1])
    assert table["value"].iloc[0] == pytest.approx(np.mean([iou(0.5), iou(0.6), iou(0.9)]))


def test_a_change_compares_the_same_seeds_though_one_step_has_more_of_them():
    counts = {"first": np.concatenate([fits(0.5), fits(0.9)]), "second": fits(0.6)}
    counts["third"] = np.concatenate([fits(0.7), fits(0.1)])
    table = ladder_changes({"a": counts}, table_of(), replicates=20)
    assert table["value"].tolist() == pytest.approx([(iou(0.5) + iou(0.9)) / 2, iou(0.6), (iou(0.7) + iou(0.1)) / 2])
    changes = table[["change", "change_low", "change_high"]].iloc[1:]  # people are alike: intervals of no width
    np.testing.assert_allclose(changes, [[iou(0.6) - iou(0.5)] * 3, [iou(0.7) - iou(0.6)] * 3])


def test_counts_of_other_pictures_are_refused():
    with pytest.raises(InputError, match="table of 7 images"):
        ladder_changes({"a": {"first": fits(0.5)}}, table_of(7))
