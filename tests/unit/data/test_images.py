from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_datasets import photograph, save

from facefair_lib.data.images import fit_pair, read_label_rgb, read_rgb, resize_image, resize_mask
from facefair_lib.errors import InputError


def test_photographs_are_turned_upright_by_their_exif_orientation(tmp_path):
    picture = Image.fromarray(photograph(0, (8, 12)))
    exif = picture.getexif()
    exif[0x0112] = 6  # stored on its side: to be turned clockwise for viewing
    picture.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_rgb(tmp_path / "turned.png"), np.rot90(photograph(0, (8, 12)), -1))


def test_transparency_of_photographs_is_laid_over_white(tmp_path):
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    save(tmp_path / "a.png", rgba)
    rgb = read_rgb(tmp_path / "a.png")
    assert rgb[0, 0].tolist() == [10, 20, 30]
    assert rgb[1, 1].tolist() == [255, 255, 255]


def test_label_colours_ignore_the_alpha_channel(tmp_path):
    rgba = np.full((2, 2, 4), (0, 128, 128, 7), np.uint8)
    save(tmp_path / "a.png", rgba)
    assert read_label_rgb(tmp_path / "a.png")[1, 1].tolist() == [0, 128, 128]


def test_paletted_label_pictures_give_their_colours(tmp_path):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), mode=None).convert("P")
    picture.putpalette([0, 0, 0, 255, 192, 192])
    picture.save(tmp_path / "p.png")
    assert read_label_rgb(tmp_path / "p.png").tolist() == [[[0, 0, 0], [255, 192, 192]]]


def test_a_truncated_picture_is_named(tmp_path):
    path = save(tmp_path / "cut.png", photograph(1, (64, 64)))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"cut\.png[\s\S]*unreadable or truncated"):
        read_rgb(path)


def test_text_missing_files_deep_pictures_and_jpeg_labels_are_refused(tmp_path):
    (tmp_path / "text.png").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="unreadable"):
        read_rgb(tmp_path / "text.png")
    with pytest.raises(InputError, match="no such file"):
        read_rgb(tmp_path / "none.png")
    save(tmp_path / "deep.png", np.full((4, 4), 40000, np.uint16))
    with pytest.raises(InputError, match="8 bits per channel"):
        read_rgb(tmp_path / "deep.png")
    save(tmp_path / "label.jpg", photograph(0))
    with pytest.raises(InputError, match="lossless label picture"):
        read_label_rgb(tmp_path / "label.jpg")


def test_shrinking_a_photograph_averages_instead_of_dropping_pixels():
    board = np.indices((32, 32)).sum(0) % 2 * 255
    small = resize_image(np.repeat(board[..., None], 3, 2).astype(np.uint8), (8, 8))
    assert abs(small[2:-2, 2:-2].astype(int) - 127).max() <= 2


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_resizing_a_mask_never_invents_a_class(height, width, size, seed):
    mask = np.random.default_rng(seed).choice(np.array([0, 4, 10, 255], np.uint8), (height, width))
    assert set(np.unique(resize_mask(mask, (size, size)))) <= set(np.unique(mask))


def test_stretching_fills_the_square():
    mask = np.zeros((10, 20), np.uint8)
    mask[:, 10:] = 5
    image, label = fit_pair(photograph(0, (10, 20)), mask, 8, "stretch")
    assert image.shape == (8, 8, 3)
    np.testing.assert_array_equal(label, np.repeat([[0, 0, 0, 0, 5, 5, 5, 5]], 8, 0))


def test_padding_keeps_proportions_and_ignores_the_margin():
    image, label = fit_pair(np.full((10, 20, 3), 90, np.uint8), np.full((10, 20), 4, np.uint8), 8, "pad")
    assert label[:2].tolist() == [[255] * 8] * 2 and label[6:].tolist() == [[255] * 8] * 2
    assert (label[2:6] == 4).all()
    assert (image == 90).all(), "the photograph is mirrored into the margin, not cut off by a black bar"


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(["stretch", "pad"]))
def test_fitting_always_gives_the_square(height, width, fit):
    image, label = fit_pair(np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8), 16, fit)
    assert image.shape == (16, 16, 3) and label.shape == (16, 16)
    assert (label == 0).any()


def test_an_unknown_fit_is_refused():
    with pytest.raises(InputError, match="stretch, pad"):
        fit_pair(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8), 8, "crop")
