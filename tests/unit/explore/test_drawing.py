from __future__ import annotations

import io

import numpy as np
from PIL import Image

from facefair_lib.explore import drawing
from facefair_lib.explore.palettes import RIGHT, UNLABELLED, WRONG, colour_table
from facefair_lib.settings.labels import IGNORE_INDEX, INDEX

FACE, HAIR, NOSE = INDEX["face"], INDEX["hair"], INDEX["nose"]


def opened(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content)).convert("RGBA"))


def test_a_picture_survives_its_encoding() -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(opened(drawing.png(image))[..., :3], image)


def test_a_mask_shows_the_classes_asked_for_in_their_colours_and_nothing_else() -> None:
    mask = np.array([[0, FACE], [HAIR, IGNORE_INDEX]], np.uint8)
    table = colour_table("paper")
    drawn = opened(drawing.mask_png(mask, table, drawing.shown_classes(["face"])))
    assert drawn[..., 3].tolist() == [[0, 255], [0, 255]]  # the face and the pixel without a label
    np.testing.assert_array_equal(drawn[0, 1, :3], table[FACE])
    np.testing.assert_array_equal(drawn[1, 1, :3], table[IGNORE_INDEX])


def test_errors_are_wrong_pixels_of_the_classes_drawn() -> None:
    label = np.array([[FACE, FACE, HAIR, IGNORE_INDEX]], np.uint8)
    prediction = np.array([[FACE, NOSE, 0, FACE]], np.uint8)
    every = drawing.shown_classes(["background", "face", "hair", "nose"])
    assert drawing.error_map(label, prediction, every).tolist() == [[RIGHT, WRONG, WRONG, UNLABELLED]]
    only_nose = drawing.shown_classes(["nose"])  # predicted where there is none: the nose's error too
    assert drawing.error_map(label, prediction, only_nose).tolist() == [[RIGHT, WRONG, RIGHT, UNLABELLED]]


def test_a_stack_has_one_description_and_keeps_quotes_out_of_the_markup() -> None:
    markup = drawing.stack(b"1", b"2", 'the "best" <one>')
    assert 'alt="the &quot;best&quot; &lt;one&gt;"' in markup
    assert markup.count("alt=") == 2
    assert 'alt=""' in markup
