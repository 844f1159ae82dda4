"""The classes, their colours, and the way between label pictures and class indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from facefair_lib.settings.labels import (
    CLASSES,
    FASSEG_GROUPS,
    IGNORE_INDEX,
    INDEX,
    NUM_CLASSES,
    PALETTE_WITNESS,
    PALETTES,
    as_labelled,
    decode,
    decode_nearest,
    encode,
    merge_lookup,
    pack_rgb,
    shows_face,
    unpack_rgb,
)

# Copied from Table I of the course paper: class, red, green, blue.
TABLE_1 = """
Background 0 0 0
Lips / mouth 255 0 0
Eyes 0 255 0
Nose 0 0 255
General face / head 128 128 128
Hair 255 255 0
Eyebrows 0 255 255
Ears 255 0 255
Teeth 0 128 255
Facial hair / beard 255 192 192
Specs / sunglasses 0 128 128
"""

MASKS = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 10))
PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)))


def test_classes_are_those_of_table_1_in_its_order() -> None:
    rows = [line.rsplit(" ", 3) for line in TABLE_1.strip().splitlines()]
    published = [(title, tuple(int(value) for value in rgb)) for title, *rgb in rows]
    assert [(face_class.title, face_class.paper_rgb) for face_class in CLASSES] == published
    assert [face_class.index for face_class in CLASSES] == list(range(11))


def test_vendor_palette_differs_from_the_paper_in_ears_eyebrows_and_teeth_only() -> None:
    differing = {c.name: c.vendor_rgb for c in CLASSES if c.vendor_rgb != c.paper_rgb}
    assert differing == {"ears": (0, 255, 255), "eyebrows": (255, 0, 255), "teeth": (255, 255, 255)}


def test_each_palettes_witness_colour_is_absent_from_the_other_palette() -> None:
    assert PALETTE_WITNESS == {"paper": (0, 128, 255), "vendor": (255, 255, 255)}
    for palette, other in (("paper", "vendor"), ("vendor", "paper")):
        assert list(PALETTE_WITNESS[palette]) in PALETTES[palette].tolist()
        assert list(PALETTE_WITNESS[palette]) not in PALETTES[other].tolist()


@pytest.mark.parametrize("palette", list(PALETTES))
def test_no_two_classes_share_a_colour(palette: str) -> None:
    assert len({tuple(rgb) for rgb in PALETTES[palette].tolist()}) == NUM_CLASSES


@pytest.mark.parametrize("palette", ["paper", "vendor"])
@given(mask=MASKS)
def test_decoding_undoes_encoding(palette: str, mask: np.ndarray) -> None:
    picture = encode(mask, palette)
    decoded, unknown = decode(picture, palette)
    np.testing.assert_array_equal(decoded, mask)
    assert unknown == {}
    assert (picture.dtype, decoded.dtype) == (np.uint8, np.uint8)


def test_decoding_by_hand_reads_rgb_and_not_bgr() -> None:
    picture = np.array([[[255, 0, 0], [0, 0, 255]], [[255, 255, 0], [0, 255, 255]]], np.uint8)  # (2, 2, 3)
    assert decode(picture)[0].tolist() == [[INDEX["lips"], INDEX["nose"]], [INDEX["hair"], INDEX["eyebrows"]]]
    assert decode(picture, "vendor")[0].tolist()[1] == [INDEX["hair"], INDEX["ears"]]


def test_unknown_colours_become_ignore_and_are_counted() -> None:
    picture = np.array([[[0, 0, 0], [1, 2, 3], [1, 2, 3]], [[255, 255, 255], [0, 255, 0], [9, 9, 9]]], np.uint8)
    mask, unknown = decode(picture)
    assert mask.tolist() == [[0, IGNORE_INDEX, IGNORE_INDEX], [IGNORE_INDEX, INDEX["eyes"], IGNORE_INDEX]]
    assert unknown == {(1, 2, 3): 2, (255, 255, 255): 1, (9, 9, 9): 1}


@given(picture=PICTURES)
def test_unknown_counts_add_up_to_the_ignored_pixels(picture: np.ndarray) -> None:
    mask, unknown = decode(picture)
    assert sum(unknown.values()) == (mask == IGNORE_INDEX).sum()


def test_ignored_pixels_are_drawn_in_a_colour_of_no_class_and_come_back_as_ignored() -> None:
    picture = encode(np.array([[IGNORE_INDEX, 4]], np.uint8))
    assert picture[0, 0].tolist() == [120, 0, 160]
    assert decode(picture)[0].tolist() == [[IGNORE_INDEX, 4]]
    assert all(picture[0, 0].tolist() not in table.tolist() for table in PALETTES.values())


def test_a_mask_shows_a_face_where_it_holds_any_part_of_one() -> None:
    background = np.zeros((2, 3, 4, 5), np.uint8)
    assert not shows_face(background).any()
    for name, index in INDEX.items():
        background[1, 2, 3, 4] = index
        part = name in ("face", "lips", "eyes", "nose", "eyebrows", "teeth")
        assert shows_face(background).tolist() == [[False] * 3, [False, False, part]], name


def test_decoding_with_a_table_of_ones_own_gives_row_numbers() -> None:
    table = np.array([[10, 10, 10], [20, 20, 20]], np.uint8)
    picture = np.array([[[20, 20, 20], [10, 10, 10]]], np.uint8)
    assert decode(picture, table)[0].tolist() == [[1, 0]]


@given(picture=PICTURES, table=arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.just(3))))
def test_nearest_colour_agrees_with_a_search_pixel_by_pixel(picture: np.ndarray, table: np.ndarray) -> None:
    rows, distance = decode_nearest(picture, table)
    assert (rows.dtype, distance.dtype) == (np.uint8, np.float32)
    for place in np.ndindex(picture.shape[:2]):
        distances = [
            sum((int(a) - int(b)) ** 2 for a, b in zip(picture[place], colour, strict=True)) ** 0.5 for colour in table
        ]
        assert distances[rows[place]] == pytest.approx(min(distances), rel=1e-5)
        assert distance[place] == pytest.approx(min(distances), rel=1e-5)


@given(red=st.integers(0, 255), green=st.integers(0, 255), blue=st.integers(0, 255))
def test_packed_colours_unpack_to_themselves(red: int, green: int, blue: int) -> None:
    packed = pack_rgb(np.array([red, green, blue], np.uint8))
    assert packed == (red << 16) + (green << 8) + blue
    assert unpack_rgb(int(packed)) == (red, green, blue)


def test_merging_gives_every_class_the_index_of_its_group_and_minus_one_outside() -> None:
    names, lookup = merge_lookup({"mouth": ["lips", "teeth"], "sight": ["eyes"]})
    assert names == ("mouth", "sight")
    assert lookup.tolist() == [{"lips": 0, "teeth": 0, "eyes": 1}.get(name, -1) for name in INDEX]
    names, lookup = merge_lookup(FASSEG_GROUPS)  # hold every class
    assert names == ("background", "hair", "skin", "nose", "mouth", "eyes") and (lookup >= 0).all()
    with pytest.raises(ValueError, match=r"group 'mouth' names the class 'lip'; the classes are background, lips"):
        merge_lookup({"mouth": ["lip"]})
    with pytest.raises(ValueError, match=r"class 'eyes' is in two groups"):
        merge_lookup({"a": ["eyes"], "b": ["nose", "eyes"]})


def test_a_class_that_a_set_does_not_label_is_read_as_what_the_set_counts_it_as() -> None:
    mask = np.array([[INDEX["teeth"], INDEX["ears"], INDEX["specs"], INDEX["hair"], IGNORE_INDEX]], np.uint8)
    read = [
        ["lips", "background", "face", "hair"],
        ["lips", "ears", "specs", "hair"],
        ["teeth", "ears", "specs", "hair"],
    ]
    for source, names in zip(("lapa", "celebamask", "rendered"), read, strict=True):
        relabelled = as_labelled(mask, source)
        assert relabelled.tolist() == [[*(INDEX[name] for name in names), IGNORE_INDEX]]
        assert relabelled.dtype == np.uint8
