"""One photograph of any size: heads are found, and every pixel is labelled where it lies."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_heads import SIZE, ReadsColours, coloured, detect, scene

from facefair_lib.errors import InputError
from facefair_lib.parse.parser import Parser
from facefair_lib.parse.squares import Box, Square, cut, square_around, whole_square
from facefair_lib.settings.labels import INDEX, NUM_CLASSES, PALETTES
from facefair_lib.settings.profiles import ONE_VIEW, InferenceSettings, View


def agreement(found: np.ndarray, expected: np.ndarray) -> float:
    """Share of the pixels that are no background in either, that have the same class."""
    some = (found > 0) | (expected > 0)
    return float((found == expected)[some].mean())


@pytest.mark.parametrize("shape", [(64, 64), (160, 110), (97, 213), (31, 17)])
def test_a_photograph_of_one_head_is_parsed_at_its_own_size(parser: Parser, shape: tuple[int, int]) -> None:
    mask = scene(shape, (round(shape[0] * 0.1), round(shape[1] * 0.1), round(min(shape) * 0.8)))
    parsed = parser.parse(coloured(mask), faces="one")
    assert parsed.mask.shape == parsed.confidence.shape == shape
    assert (parsed.mask.dtype, parsed.confidence.dtype) == (np.uint8, np.float32)
    assert agreement(parsed.mask, mask) > 0.7
    assert parsed.heads == ()
    assert np.isfinite(parsed.confidence).all()
    assert parsed.confidence.max() <= 1 + 1e-5


def test_a_photograph_of_the_networks_size_is_labelled_without_a_pixels_shift(parser: Parser) -> None:
    mask = scene((SIZE, SIZE), (6, 8, 50))
    photograph = coloured(mask)
    parsed = parser.parse(photograph, faces="one")
    np.testing.assert_array_equal(parsed.mask, mask)
    areas = parsed.areas().set_index("class")
    assert areas["pixels"].tolist() == np.bincount(mask.ravel(), minlength=NUM_CLASSES).tolist()
    assert areas["share"].sum() == pytest.approx(1)
    assert areas["share_of_heads"].sum() == pytest.approx(1)
    assert np.isnan(areas.loc["background", "share_of_heads"])
    assert np.isnan(areas.loc["specs", "confidence"])  # no pixel
    assert areas.loc["hair", "confidence"] == pytest.approx(1, abs=1e-3)
    overlay = parsed.overlay(opacity=1.0, palette="display")
    np.testing.assert_array_equal(overlay[mask > 0], PALETTES["display"][mask[mask > 0]])
    np.testing.assert_array_equal(overlay[mask == 0], photograph[mask == 0])


def test_a_class_that_covers_too_little_of_its_square_is_not_shown() -> None:
    mask = scene((SIZE, SIZE), (6, 8, 50))
    mask[30, 30:33] = INDEX["specs"]
    few = ONE_VIEW.model_copy(update={"least_share": 4 / SIZE**2})
    areas = [
        Parser(ReadsColours(), SIZE, views, detect).parse(coloured(mask), faces="one").areas().set_index("class")
        for views in (ONE_VIEW, few)
    ]
    assert [int(table.loc["specs", "pixels"]) for table in areas] == [3, 0]


@pytest.mark.parametrize(
    ("shape", "heads"),
    [
        ((120, 100), [(20, 20, 80)]),
        ((200, 300), [(30, 20, 90), (60, 190, 110)]),
        ((300, 220), [(10, 10, 70), (20, 130, 60), (150, 60, 130)]),
    ],
)
def test_every_head_is_found_and_parsed(
    parser: Parser, shape: tuple[int, int], heads: list[tuple[int, int, int]]
) -> None:
    mask = scene(shape, *heads)
    parsed = parser.parse(coloured(mask))
    assert len(parsed.heads) == len(heads)
    for top, left, height in heads:
        face = Box(top + 0.2 * height, left + 0.1 * height, top + height, left + 0.7 * height)
        best = max(parsed.heads, key=lambda head, face=face: head.face.overlap(face))
        assert best.face.overlap(face) > 0.85
        assert 0.6 <= best.score <= 1
    assert agreement(parsed.mask, mask) > 0.8
    sizes = [head.face.height for head in parsed.heads]
    assert sizes == sorted(sizes, reverse=True)


def test_a_square_that_comes_again_is_not_seen_again() -> None:
    seen: list[int] = []

    class Counted(ReadsColours):
        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            seen.append(images.shape[-1])
            return super().forward(images)

    views = InferenceSettings(views=(*ONE_VIEW.views, View(scale=1.5, mirrored=True)))
    photograph = coloured(scene((90, 90), (0, 5, 90)))  # its head's square is the whole photograph at once
    Parser(Counted(), SIZE, views, detect).parse(photograph)
    assert seen == [SIZE, SIZE, SIZE * 3 // 2]  # to frame the head, and twice to parse it


def test_where_there_is_no_head_nothing_is_labelled(parser: Parser) -> None:
    parsed = parser.parse(coloured(np.zeros((120, 100), np.uint8)))
    assert parsed.heads == ()
    assert parsed.areas()["pixels"].tolist() == [120 * 100] + [0] * (NUM_CLASSES - 1)
    assert np.isnan(parsed.confidence).all()


def test_a_head_smaller_than_asked_for_is_left_out(parser: Parser) -> None:
    photograph = coloured(scene((400, 400), (100, 100, 40)))
    assert parser.parse(photograph, smallest=0.5).heads == ()
    assert len(parser.parse(photograph, smallest=0.05).heads) == 1


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (np.zeros((8, 8), np.uint8), {}, r"shape \(8, 8\)"),
        (np.zeros((8, 8, 3), np.float32), {}, "float32"),
        (np.zeros((0, 8, 3), np.uint8), {}, "at least one pixel"),
        (np.zeros((8, 8, 3), np.uint8), {"faces": "all"}, "one of many, one"),
        (np.zeros((8, 8, 3), np.uint8), {"smallest": 0}, "0.01 to 1"),
    ],
)
def test_what_cannot_be_parsed_is_refused(parser: Parser, image: np.ndarray, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parser.parse(image, **options)


def test_a_square_inside_is_cut_as_it_is() -> None:
    photograph = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(cut(photograph, Square(3, 5, 8), 8), photograph[3:11, 5:13])


def test_beyond_its_edge_a_photograph_is_mirrored() -> None:
    photograph = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
    expected = np.concatenate([photograph[:, :1], photograph, photograph[:, 1:]], axis=1)  # (4, 4, 3)
    np.testing.assert_array_equal(cut(photograph, whole_square((4, 2)), 4), expected)


def test_a_square_around_a_box_stays_inside_the_photograph() -> None:
    assert square_around(Box(0, 0, 10, 10), 0.25, (100, 50)) == Square(0, 0, 20)
    assert square_around(Box(40, 20, 50, 30), 0.25, (100, 50)) == Square(35, 15, 20)
    assert square_around(Box(85, 40, 99, 50), 0.15, (100, 50)) == Square(80, 30, 20)
    assert square_around(Box(0, 0, 100, 50), 0.1, (100, 50)) == Square(0, -25, 100)  # no larger than the whole


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (300, 2), (7, 7)])
@pytest.mark.parametrize("faces", ["one", "many"])
def test_even_the_thinnest_photograph_comes_back_in_its_size(
    parser: Parser, shape: tuple[int, int], faces: str
) -> None:
    assert parser.parse(coloured(np.zeros(shape, np.uint8)), faces).mask.shape == shape
