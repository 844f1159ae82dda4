"""What is said about the course paper and its programs, each sentence with its arithmetic.

Those of the printed table are in ``test_table_checks.py``, of the colours in ``test_colours.py``, of the knife edge in
``test_scoring.py`` and of nine photographs in ``test_nine_photographs.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_lib.models.build import model_from_settings
from facefair_lib.reproduction import table_checks
from facefair_lib.reproduction.pool import divide
from facefair_lib.reproduction.protocol import AS_PUBLISHED
from facefair_lib.reproduction.scoring import binary_counts, binary_scores, epoch_scores
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(paths.REPORT / "published.csv")


def number(published: pd.DataFrame, metric: str, split: str | None = None) -> float:
    rows = published[published["metric"] == metric]
    return (rows if split is None else rows[rows["split"] == split])["value"].item()


def test_2096_pictures_are_divided_into_1677_and_419(published):
    images = int(number(published, "subsample"))
    table = pd.DataFrame({"subject_id": "p", "near": False, "twin": False}, index=range(images))
    rows = divide(table, AS_PUBLISHED)
    assert len(rows["train"]) == number(published, "images", "train") == 1677
    assert len(rows["test"]) == number(published, "images", "test") == 419
    np.testing.assert_array_equal(rows["validation"], rows["test"])  # the epoch is chosen on what is reported


def test_the_last_training_batch_of_the_paper_holds_one_picture(published):
    assert number(published, "images", "train") % AS_PUBLISHED.batch_size == 1


def test_one_picture_alone_stops_deeplabv3_in_training():
    network = model_from_settings("deeplabv3", load_profile("smoke").models.deeplabv3, 3).train()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.zeros(1, 3, 32, 32))


def test_the_spurious_zero_takes_one_part_in_421_from_training_scores_and_in_106_from_test_scores(published):
    for split, parts in (("train", 421), ("test", 106)):
        batches = int(number(published, "batches", split))
        perfect = np.tile(np.array([3, 0, 0, 9]), (batches, 2, 1))  # every batch is right everywhere
        assert epoch_scores(perfect, AS_PUBLISHED)["f1"] == pytest.approx(1 - 1 / parts)
        assert table_checks.without_spurious_zero(1 - 1 / parts, batches) == pytest.approx(1)


def test_predicting_nothing_scores_the_share_of_values_that_are_zero():
    truth = np.random.default_rng(0).random((4, 3, 16, 16)) * (np.random.default_rng(1).random((4, 3, 16, 16)) < 0.29)
    scores = binary_scores(binary_counts(truth, np.zeros_like(truth), AS_PUBLISHED.f1_thresholds))
    assert scores["accuracy"] == pytest.approx((truth == 0).mean())
    assert scores["f1"] == scores["recall"] == 0


def test_the_grey_of_the_face_is_just_above_the_threshold():
    grey = 128 / 255
    assert grey == pytest.approx(0.50196, abs=1e-5)
    assert grey > AS_PUBLISHED.iou_thresholds[0] > 0.99 * grey
