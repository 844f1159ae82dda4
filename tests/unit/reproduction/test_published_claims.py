"""What is said about the course paper and its programs, each sentence with its arithmetic.

The checks of the printed table are in ``tests/unit/audit/test_consistency.py``, those of the colours and of the knife
edge in ``test_colours.py`` and ``test_scoring.py``, those of nine photographs in ``tests/unit/audit``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_lib.models.build import model_from_settings
from facefair_lib.reproduction import colours, table_checks
from facefair_lib.reproduction.pool import divide
from facefair_lib.reproduction.protocol import AS_PUBLISHED
from facefair_lib.reproduction.scoring import binary_counts, binary_scores, epoch_scores
from facefair_lib.settings import paths
from facefair_lib.settings.labels import CLASS_NAMES, NUM_CLASSES
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


def test_the_printed_iou_are_15_to_24_per_cent_below_the_bound(published):
    checks = table_checks.check_table(
        table_checks.final_scores(published), step=1e-4, batches=table_checks.batches_per_epoch(published)
    )
    floors = checks[checks["check"] == "iou_floor"]
    lack = 1 - floors["value"] / floors["limit"]
    assert lack.min() == pytest.approx(0.15, abs=0.01)
    assert lack.max() == pytest.approx(0.25, abs=0.01)


def test_an_empty_mask_is_right_in_71_per_cent_and_pspnet_ten_points_less_often(published):
    finals = table_checks.final_scores(published)
    last = finals[(finals["model"] == "pspnet") & (finals["split"] == "test") & (finals["epoch"] == 25)].iloc[0]
    share = table_checks.implied_prevalence(last["accuracy"], last["precision"], last["recall"])
    empty = table_checks.trivial_scores(share)["nothing"]["accuracy"]
    assert empty == pytest.approx(0.71, abs=0.01)
    assert empty - last["accuracy"] == pytest.approx(0.10, abs=0.01)


def test_predicting_nothing_scores_the_share_of_values_that_are_zero():
    truth = np.random.default_rng(0).random((4, 3, 16, 16)) * (np.random.default_rng(1).random((4, 3, 16, 16)) < 0.29)
    scores = binary_scores(binary_counts(truth, np.zeros_like(truth), AS_PUBLISHED.f1_thresholds))
    assert scores["accuracy"] == pytest.approx((truth == 0).mean())
    assert scores["f1"] == scores["recall"] == 0


def test_eleven_classes_have_eight_codes_and_these_are_the_ones_of_the_table():
    codes = colours.code_table().set_index("class")["code"]
    assert codes.nunique() == 8
    assert len(codes) == NUM_CLASSES
    expected = {
        "background": "000", "lips": "100", "eyes": "010", "nose": "001", "face": "111", "hair": "110",
        "eyebrows": "011", "ears": "101", "teeth": "011", "facial_hair": "111", "specs": "011",
    }  # fmt: skip
    assert {name: codes[name] for name in CLASS_NAMES} == expected


def test_the_grey_of_the_face_is_just_above_the_threshold():
    grey = 128 / 255
    assert grey == pytest.approx(0.50196, abs=1e-5)
    assert grey > AS_PUBLISHED.iou_thresholds[0] > 0.99 * grey
