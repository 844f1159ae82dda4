"""Photographs that a camera held otherwise, with masks that were drawn on the stored pixels or on the upright ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_datasets import photograph, save

from facefair_lib.data.published.check import check_folder
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import encode

SHAPE = (24, 36)


def with_pair(root: Path, orientation: int, mask: np.ndarray) -> Path:
    picture = Image.fromarray(photograph(0, SHAPE if mask.shape != (24, 24) else (24, 24)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(root / "a.png", exif=exif)
    save(root / "m.png", encode(mask, "paper"))
    (root / "photos.csv").write_text("image,subject,group,emotion,mask\na.png,ann,asian,sad,m.png\n", encoding="utf-8")
    return root


def stored(shape: tuple[int, int] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[: shape[0] // 2, : shape[1] // 2] = 4
    return mask


def pair(root: Path) -> tuple[np.ndarray, np.ndarray]:
    reader = open_reader("photos", root)
    return reader.pair(reader.read().iloc[0])


def test_a_mask_of_the_stored_pixels_is_turned_with_its_photograph(tmp_path: Path) -> None:
    image, mask = pair(with_pair(tmp_path, 6, stored()))
    np.testing.assert_array_equal(image, np.rot90(photograph(0, SHAPE), -1))
    np.testing.assert_array_equal(mask, np.rot90(stored(), -1))


def test_a_mask_of_the_upright_photograph_stays_as_it_is(tmp_path: Path) -> None:
    _, mask = pair(with_pair(tmp_path, 8, stored(SHAPE[::-1])))
    np.testing.assert_array_equal(mask, stored(SHAPE[::-1]))


@pytest.mark.parametrize(("orientation", "shape"), [(2, SHAPE), (3, SHAPE), (4, SHAPE), (6, (24, 24)), (3, (24, 24))])
def test_a_mask_that_fits_both_ways_is_refused_and_the_check_says_why(
    tmp_path: Path, orientation: int, shape: tuple[int, int]
) -> None:
    root = with_pair(tmp_path, orientation, stored(shape))
    with pytest.raises(InputError, match=rf"m\.png[\s\S]*EXIF orientation {orientation}"):
        pair(root)
    result = check_folder("photos", root)
    assert not result.right
    assert "EXIF" in result.problems[0]


def test_a_photograph_that_lies_as_it_is_stored_needs_no_turning(tmp_path: Path) -> None:
    _, mask = pair(with_pair(tmp_path, 1, stored()))
    np.testing.assert_array_equal(mask, stored())
