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


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"chosen": {"split": "test", "group": "black"}}, [2]),
        ({"chosen": {"split": "test", "group": ""}, "shown_class": "face"}, [1, 2]),
        ({"shown_class": "specs"}, [1]),
        ({"chosen": {"group": "caucasian"}}, []),
        ({"worst_of": "pspnet"}, [2, 0, 1]),  # what has no score is left out
        ({"chosen": {"group": "black"}, "worst_of": "pspnet"}, [2, 0]),
    ],
)
def test_wishes_are_combined(gallery: Gallery, wishes: dict, found: list[int]) -> None:
    assert gallery.select(**wishes).tolist() == found


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
    assert gallery.shows[3].sum() == 0  # an ignored pixel shows no class


def test_pictures_that_do_not_belong_together_are_refused(gallery: Gallery) -> None:
    with pytest.raises(InputError, match="predictions of pspnet: 3"):
        gallery_of_arrays(gallery.table, gallery.images, gallery.labels, {"pspnet": np.zeros((3, 2, 2), np.uint8)})
