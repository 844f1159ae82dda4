from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.explore.picture_list import Gallery, gallery_of_arrays
from facefair_lib.settings.labels import INDEX

FACE, HAIR, SPECS = INDEX["face"], INDEX["hair"], INDEX["specs"]


@pytest.fixture
def gallery() -> Gallery:
    """Four pictures of 2 x 2 pixels; the third is segmented worst, the second without fault, the fourth unlabelled."""
    labels = np.array(
        [[[FACE, FACE], [HAIR, 0]], [[FACE, HAIR], [SPECS, 0]], [[FACE, FACE], [FACE, 0]], [[255, 255], [255, 255]]],
        np.uint8,
    )
    predicted = labels.copy()
    predicted[0, 0, 0] = HAIR
    predicted[2, :, 0] = 0
    predicted[3] = FACE
    table = pd.DataFrame(
        {
            "image_id": list("abcd"),
            "split": ["train", "test", "test", "test"],
            "group": ["black", "asian", "black", ""],
            "emotion": ["sad", "happy", "happy", np.nan],
        }
    )
    return gallery_of_arrays(table, np.zeros((4, 2, 2, 3), np.uint8), labels, {"pspnet": predicted})


def test_without_a_wish_all_pictures_come_in_their_order(gallery: Gallery) -> None:
    assert gallery.select().tolist() == [0, 1, 2, 3]


def test_wishes_are_combined(gallery: Gallery) -> None:
    assert gallery.select({"split": "test", "group": "black"}).tolist() == [2]
    assert gallery.select({"split": "test", "group": ""}, "face").tolist() == [1, 2]
    assert gallery.select({}, "specs").tolist() == [1]
    assert gallery.select({"group": "caucasian"}).tolist() == []


def test_worst_first_leaves_out_what_has_no_score(gallery: Gallery) -> None:
    assert gallery.select(worst_of="pspnet").tolist() == [2, 0, 1]
    assert gallery.select({"group": "black"}, worst_of="pspnet").tolist() == [2, 0]


def test_scores_are_those_of_the_metrics(gallery: Gallery) -> None:
    first = gallery.table.iloc[0]
    # face 1 of 2, hair 1 of 2, background 1 of 1; three of four pixels
    assert first["pspnet_image_iou"] == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert first["pspnet_accuracy"] == pytest.approx(0.75)
    assert np.isnan(gallery.table["pspnet_image_iou"].iloc[3])


def test_values_of_an_attribute_are_sorted_and_unknown_ones_left_out(gallery: Gallery) -> None:
    assert gallery.values("group") == ["asian", "black"]
    assert gallery.values("emotion") == ["happy", "sad"]
    assert gallery.values("light") == []


def test_an_ignored_pixel_shows_no_class(gallery: Gallery) -> None:
    assert gallery.shows[3].sum() == 0


def test_pictures_that_do_not_belong_together_are_refused(gallery: Gallery) -> None:
    with pytest.raises(InputError, match="predictions of pspnet: 3"):
        gallery_of_arrays(gallery.table, gallery.images, gallery.labels, {"pspnet": np.zeros((3, 2, 2), np.uint8)})
