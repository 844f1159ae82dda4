from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_datasets import photograph, save

from facefair_lib.data.images import (
    MAX_PIXELS,
    fit_pair,
    label_as_photograph,
    read_label_rgb,
    read_label_values,
    read_rgb,
    read_upright,
    resize_image,
    resize_mask,
)
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


def write_png(path, width, height, depth, colour, rows):
    """A PNG by hand: Pillow itself cannot write 16-bit colour, nor a bomb."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))
    return path


@pytest.mark.parametrize("read", [read_rgb, read_label_rgb, read_label_values])
def test_sixteen_bit_colour_is_refused_and_not_halved(tmp_path, read):
    path = write_png(tmp_path / "deep.png", 2, 1, 16, 2, b"\x00" + bytes(range(12)))
    with pytest.raises(
        InputError, match=r"deep\.png[\s\S]*RGB with 16 bits per channel[\s\S]*convert the picture to 8-bit"
    ):
        read(path)


@pytest.mark.parametrize("read", [read_rgb, read_label_rgb, read_label_values])
def test_cmyk_animations_and_bombs_are_refused(tmp_path, read):
    Image.new("CMYK", (4, 4)).save(tmp_path / "press.tiff")
    with pytest.raises(InputError, match=r"press\.tiff[\s\S]*the pixel format CMYK[\s\S]*8-bit RGB"):
        read(tmp_path / "press.tiff")
    frames = [Image.fromarray(photograph(seed)) for seed in range(3)]
    for name in ("moving.gif", "moving.png", "pages.tiff"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        with pytest.raises(InputError, match=rf"{name}[\s\S]*3 pictures in one file[\s\S]*one picture per file"):
            read(tmp_path / name)
    for width in (MAX_PIXELS // 1000 + 1, 3 * MAX_PIXELS // 1000):  # above Pillow's warning, and above its error
        bomb = write_png(tmp_path / "bomb.png", width, 1000, 8, 0, b"")
        with pytest.raises(InputError, match=r"bomb\.png[\s\S]*a decompression bomb[\s\S]*at most 200 million pixels"):
            read(bomb)


def test_label_values_are_the_stored_numbers(tmp_path):
    numbers = np.array([[0, 7, 255]], np.uint8)
    save(tmp_path / "grey.png", numbers)
    save(tmp_path / "rgb.png", np.repeat(numbers[..., None], 3, 2))
    for name in ("grey.png", "rgb.png"):
        assert read_label_values(tmp_path / name).tolist() == numbers.tolist()
    save(tmp_path / "colour.png", photograph(0))
    with pytest.raises(InputError, match="a label picture in colours"):
        read_label_values(tmp_path / "colour.png")
    save(tmp_path / "lossy.jpg", photograph(0))
    with pytest.raises(InputError, match="a JPEG label picture"):
        read_label_values(tmp_path / "lossy.jpg")


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


TURNED = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: np.rot90,
}


def with_orientation(path, pixels, orientation):
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    return path


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "jpg"])
@pytest.mark.parametrize("orientation", TURNED)
def test_every_orientation_is_undone_and_told_in_every_kind_of_file(tmp_path, ending, orientation):
    stored = np.zeros((48, 64, 3), np.uint8)
    stored[:16, :16] = 255
    rgb, told = read_upright(with_orientation(tmp_path / f"p.{ending}", stored, orientation))
    assert told == orientation
    assert rgb.shape == TURNED[orientation](stored).shape
    assert np.abs(rgb.astype(int) - TURNED[orientation](stored)).max() < 60  # JPEG and WebP lose a little


def test_damaged_exif_costs_the_orientation_but_not_the_photograph(tmp_path):
    Image.fromarray(photograph(0)).save(tmp_path / "p.jpg", exif=b"Exif\0\0nonsense")
    assert read_upright(tmp_path / "p.jpg")[1] == 1


@pytest.mark.parametrize("orientation", TURNED)
def test_a_mask_is_turned_as_its_photograph_where_its_size_tells_that_it_was_drawn_on_stored_pixels(
    tmp_path, orientation
):
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4)
    label, upright = save(tmp_path / "m.png", stored), TURNED[orientation](stored)
    if orientation >= 5:
        np.testing.assert_array_equal(label_as_photograph(label, stored, orientation, upright.shape), upright)
        np.testing.assert_array_equal(label_as_photograph(label, upright, orientation, upright.shape), upright)
    else:
        with pytest.raises(InputError, match=rf"m\.png[\s\S]*EXIF orientation {orientation}"):
            label_as_photograph(label, stored, orientation, upright.shape)
    square = stored[:, :3]
    with pytest.raises(InputError, match=r"EXIF"):
        label_as_photograph(label, square, orientation, square.shape)


def test_a_mask_with_an_orientation_of_its_own_has_been_turned(tmp_path):
    label = with_orientation(tmp_path / "m.png", np.zeros((3, 3), np.uint8), 3)
    mask = np.arange(9, dtype=np.uint8).reshape(3, 3)
    np.testing.assert_array_equal(label_as_photograph(label, mask, 3, (3, 3)), mask)


def test_large_photographs_are_read_and_pillows_own_limit_stays_as_it_is(tmp_path, monkeypatch):
    path = save(tmp_path / "large.tif", photograph(0, (40, 50)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # 2000 pixels are far above what Pillow then lets through
    monkeypatch.setattr("facefair_lib.data.images._PILLOWS_LIMIT", 500)
    assert read_rgb(path).shape == (40, 50, 3)
    assert Image.MAX_IMAGE_PIXELS == 500


def test_of_a_tiff_with_smaller_copies_the_first_page_is_read(tmp_path):
    whole = Image.fromarray(photograph(0, (30, 40))).resize((1200, 900))
    whole.save(
        tmp_path / "pyramid.tif", save_all=True, append_images=[whole.resize(size) for size in ((600, 450), (120, 90))]
    )
    assert read_rgb(tmp_path / "pyramid.tif").shape == (900, 1200, 3)
    other = Image.fromarray(255 - np.asarray(whole)).resize((600, 450))
    for name, page in (("two", other), ("document", whole.rotate(90, expand=True)), ("pages", whole)):
        whole.save(tmp_path / f"{name}.tif", save_all=True, append_images=[page])
        with pytest.raises(InputError, match="2 pictures in one file"):
            read_rgb(tmp_path / f"{name}.tif")


def test_five_bits_per_channel_are_not_sixteen(tmp_path):
    header = struct.pack("<2sIHHI", b"BM", 70, 0, 0, 66) + struct.pack(
        "<IiiHHIIiiII", 40, 2, 1, 1, 16, 3, 4, 0, 0, 0, 0
    )
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    (tmp_path / "small.bmp").write_bytes(header + masks + struct.pack("<HH", 0xF800, 0x001F))
    assert read_rgb(tmp_path / "small.bmp").tolist() == [[[255, 0, 0], [0, 0, 255]]]


@pytest.mark.parametrize("read", [read_rgb, read_label_rgb])
def test_damaged_files_of_every_kind_are_named(tmp_path, read):
    whole = Image.fromarray(photograph(0, (64, 64)))
    for ending in ("jpg", "png", "tif", "webp", "gif", "bmp", "avif", "jp2", "tga", "ppm", "qoi", "ico", "pcx", "sgi"):
        path = tmp_path / f"cut.{ending}"
        whole.save(path)
        data = path.read_bytes()
        for length in (0, 9, len(data) // 2):
            path.write_bytes(data[:length])
            with pytest.raises(InputError, match=rf"cut\.{ending}"):
                read(path)
