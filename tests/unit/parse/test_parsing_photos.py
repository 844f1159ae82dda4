"""The user's own files: what is read, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facefair_lib.data import images
from facefair_lib.errors import InputError
from facefair_lib.parse import photos
from facefair_lib.parse.photos import read_photo, search_photos


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def test_a_photograph_is_turned_upright_by_its_orientation(tmp_path: Path, rgb: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = save(tmp_path / "turned.png", rgb, exif=exif)
    np.testing.assert_array_equal(read_photo(path), np.rot90(rgb, -1))


def test_transparency_lies_over_white(tmp_path: Path) -> None:
    path = save(tmp_path / "clear.png", np.zeros((2, 2, 4), np.uint8))
    assert (read_photo(path) == 255).all()


def test_a_phones_jpeg_with_a_second_view_is_a_photograph(tmp_path: Path, rgb: np.ndarray) -> None:
    path = tmp_path / "phone.jpg"
    Image.fromarray(rgb).save(path, format="MPO", save_all=True, append_images=[Image.fromarray(rgb[::-1])])
    assert read_photo(path).shape == rgb.shape


def test_bad_files_are_refused_in_words_that_help(
    tmp_path: Path, rgb: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = save(tmp_path / "whole.png", np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8))
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:2000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not a picture")
    save(tmp_path / "deep.png", np.zeros((4, 4), np.uint16))
    Image.new("CMYK", (3, 2)).save(tmp_path / "printed.tif")
    (tmp_path / "telephone.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))  # HEIC under another name
    Image.new("1", (200, 200)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(images, "MAX_PIXELS", 10_000)
    frames = [Image.fromarray(rgb), Image.fromarray(rgb[::-1])]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    expected = {
        "half.png": "truncated",
        "empty.jpg": "unreadable",
        "text.jpg": "cannot identify",
        "deep.png": "pixel format I;16",
        "moving.gif": "2 pictures in one file",
        "printed.tif": "RGB or grey",
        "telephone.jpg": "a HEIC file(.*\n)+.*export it as JPEG",
        "absent.jpg": "no such file",
        "bomb.png": "200x200 pixels",
    }
    for name, words in expected.items():
        with pytest.raises(InputError, match=words) as caught:
            read_photo(tmp_path / name)
        assert caught.value.subject == tmp_path / name


def test_whatever_a_decoder_raises_is_an_error_about_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise EOFError("no more bytes")

    monkeypatch.setattr(photos, "read_rgb", fail)
    with pytest.raises(InputError, match="EOFError: no more bytes"):
        read_photo(tmp_path / "odd.jpg")


def test_files_folders_and_patterns_are_listed_once_each(tmp_path: Path, rgb: np.ndarray) -> None:
    b, a = (save(tmp_path / "album" / name, rgb) for name in ("b.png", "a.JPG"))
    c = save(tmp_path / "album" / "deeper" / "c.webp", rgb)
    save(tmp_path / "album" / ".thumbnails" / "t.png", rgb)
    (tmp_path / "album" / "notes.txt").write_text("no picture")
    assert search_photos([tmp_path / "album"]).photos == [a, b, c]
    assert search_photos([f"{tmp_path}/album/*.png", b, a]).photos == [b, a]
    assert search_photos([f"{tmp_path}/**/*.webp"]).photos == [c]
    like_a_pattern = save(tmp_path / "holiday [1].png", rgb)
    assert search_photos([str(like_a_pattern)]).photos == [like_a_pattern]


def test_results_of_an_earlier_run_are_not_taken_for_photographs(tmp_path: Path, rgb: np.ndarray) -> None:
    photo = save(tmp_path / "a.png", rgb)
    save(tmp_path / "out" / "a_mask.png", rgb)
    assert search_photos([tmp_path], results=tmp_path / "out").photos == [photo]


def test_a_name_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file that matches"):
        search_photos([f"{tmp_path}/*.jpg"])
    with pytest.raises(InputError, match="a folder without pictures"):
        search_photos([tmp_path])
    with pytest.raises(InputError, match="name at least one"):
        search_photos([])


def test_a_folders_pictures_of_every_readable_kind_are_taken(tmp_path: Path, rgb: np.ndarray) -> None:
    names = ("a.jfif", "b.avif", "c.jp2", "d.tga", "e.ppm", "f.JPE", "g.webp", "h.qoi")
    for name in names:
        picture = Image.fromarray(rgb).resize((48, 32))
        picture.save(tmp_path / name, format={"a.jfif": "JPEG", "f.JPE": "JPEG"}.get(name))
    found = search_photos([tmp_path]).photos
    assert [path.name for path in found] == list(names)
    assert {read_photo(path).shape for path in found} == {(32, 48, 3)}


def test_pictures_and_films_that_cannot_be_read_are_counted_by_kind(tmp_path: Path, rgb: np.ndarray) -> None:
    for name in ("1.HEIC", "2.heic", "r.CR3", "f.mov", "notes.txt", "meta.xmp", ".hidden.heic"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"that can be read \(1 CR3, 2 HEIC left out: export as JPEG; 1 MOV left out"):
        search_photos([tmp_path])
    photo = save(tmp_path / "p.jpg", rgb)
    found = search_photos([tmp_path])
    assert found.photos == [photo]
    assert found.left_out() == "1 CR3, 2 HEIC left out: export as JPEG; 1 MOV left out: videos are not read"
    assert search_photos([photo]).left_out() == ""


def test_the_home_folder_and_the_other_unicode_form_are_found(
    tmp_path: Path, rgb: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    photo = save(tmp_path / "Pictures" / "Jose\u0301.jpg", rgb)
    assert search_photos(["~/Pictures/*.jpg"]).photos == search_photos(["~/Pictures"]).photos == [photo]
    assert search_photos(["~/Pictures/Jos\u00e9.jpg"]).photos == [photo]


def test_a_name_longer_than_a_file_system_allows_is_an_error_about_the_file(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300 + ".jpg")
    assert search_photos([path]).photos == [path]
    with pytest.raises(InputError, match="no such file"):
        read_photo(path)
