"""Folders that are not, or not yet, the data set they are taken for."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pandas as pd
import published_layouts as layouts
import pytest
from tiny_datasets import photograph, save, stripes

from facefair_lib.data.deduplicate import find_duplicates
from facefair_lib.data.readers.opening import READERS, open_reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, encode

HINT = "instead: it holds this layout"


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_an_empty_folder_is_refused_and_the_layout_described(tmp_path, name):
    with pytest.raises(InputError, match="an empty folder") as caught:
        open_reader(name, tmp_path)
    assert READERS[name].layout in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(layouts.LAYOUTS) - {"jaffe", "rafd", "utkface"}))
def test_the_folder_above_the_right_one_is_refused_with_a_hint(tmp_path, name):
    right = layouts.LAYOUTS[name](tmp_path / "inside" / "data")
    with pytest.raises(InputError) as caught:
        open_reader(name, right.parent)
    assert f"give {right} {HINT}" in str(caught.value)


@pytest.mark.parametrize("name", ["jaffe", "rafd", "utkface"])
def test_names_that_say_everything_may_lie_one_folder_below_and_no_deeper(tmp_path, name):
    right = layouts.LAYOUTS[name](tmp_path / "above" / "inside" / "data")
    assert len(open_reader(name, right.parent).read()) == len(open_reader(name, right).read())
    with pytest.raises(InputError) as caught:
        open_reader(name, right.parent.parent)
    assert f"give {right.parent} {HINT}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("lapa", "train"),
        ("helen", "images"),
        ("celebamask", "CelebA-HQ-img"),
        ("ckplus", "Emotion"),
        ("fairface", "fairface-img-margin025-trainval"),
        ("ibugmask", "train"),
    ],
)
def test_a_folder_inside_the_right_one_is_refused_with_a_hint(tmp_path, name, below):
    right = layouts.LAYOUTS[name](tmp_path / "data")
    with pytest.raises(InputError) as caught:
        open_reader(name, right / below)
    assert f"give {right} {HINT}" in str(caught.value)


def test_mut1ny_and_fasseg_hint_as_well(tmp_path):
    for place in ("samples/male23_x", "labels/male23"):
        save(tmp_path / "deep" / "release" / place / "1.png", photograph(1))
    with pytest.raises(InputError, match=rf"deep/release {HINT}"):
        open_reader("mut1ny", tmp_path)
    with pytest.raises(InputError, match=rf"deep/release {HINT}"):
        open_reader("mut1ny", tmp_path / "deep" / "release" / "samples")
    (tmp_path / "fasseg" / "V2" / "Train_RGB").mkdir(parents=True)
    with pytest.raises(InputError, match=rf"fasseg {HINT}"):
        open_reader("fasseg", tmp_path / "fasseg" / "V2").read()


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        ("LaPa.zip", "LaPa.zip, still packed"),
        ("LaPa.tar.gz", "LaPa.tar.gz, still packed"),
        ("LaPa.zip.part", "LaPa.zip.part, an unfinished download"),
        ("Unconfirmed 12.crdownload", "an unfinished download"),
    ],
)
def test_an_archive_beside_an_empty_or_absent_folder_is_named(tmp_path, archive, words):
    (tmp_path / archive).write_bytes(b"PK")
    with pytest.raises(InputError, match="no such folder") as absent:
        open_reader("lapa", tmp_path / "LaPa")
    (tmp_path / "LaPa").mkdir()
    with pytest.raises(InputError, match="an empty folder") as empty:
        open_reader("lapa", tmp_path / "LaPa")
    assert words in str(absent.value) and words in str(empty.value)
    assert "unpack the archive" in str(empty.value)


def test_an_archive_of_another_name_beside_a_full_folder_is_not_mentioned(tmp_path):
    (tmp_path / "holiday.zip").write_bytes(b"PK")
    layouts.picture(tmp_path / "faces" / "1.jpg")
    with pytest.raises(InputError, match=r"1\.jpg") as caught:
        open_reader("lapa", tmp_path / "faces")
    assert "holiday" not in str(caught.value)


def test_a_half_unpacked_set_names_what_is_missing(tmp_path):
    root = layouts.lapa(tmp_path)
    (root / "val" / "labels").rename(tmp_path / "elsewhere")
    (root / "val" / "labels.zip").write_bytes(b"PK")
    with pytest.raises(
        InputError, match=r"val/labels\n[\s\S]*no such folder; in or beside it: labels\.zip, still packed"
    ):
        open_reader("lapa", root).read()


def test_hidden_files_of_other_systems_are_passed_over(tmp_path):
    root = layouts.lapa(tmp_path)
    (root / "train" / "images" / "._10009865324_0.jpg").write_bytes(b"x")
    (root / "train" / "labels" / ".DS_Store").write_bytes(b"x")
    (root / "train" / "images" / "Thumbs.db").write_bytes(b"x")
    assert len(open_reader("lapa", root).read()) == 4


def link_out(path: Path, outside: Path) -> None:
    """Move a file or folder out of the data set and leave a symbolic link in its place."""
    path.rename(outside)
    path.symlink_to(outside)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("lapa", "train/images/10009865324_0.jpg"),
        ("lapa", "train/labels"),
        ("lapa", "test"),
        ("helen", "labels/232194_1"),
        ("celebamask", "CelebAMask-HQ-mask-anno/0"),
        ("facesynthetics", "000001_seg.png"),
        ("jaffe", "KA.AN1.39.tiff"),
        ("cfd", "Images/CFD/AF-200"),
        ("fairface", "fairface-img-margin025-trainval/val"),
        ("ckplus", "cohn-kanade-images/S010"),
    ],
)
def test_symbolic_links_that_lead_out_of_the_data_set_are_refused(tmp_path, name, place):
    root = layouts.LAYOUTS[name](tmp_path / "data")
    link_out(root / place, tmp_path / "outside")
    with pytest.raises(InputError, match=r"a symbolic link to \S*outside"):
        open_reader(name, root).read()


def test_links_of_mut1ny_fasseg_and_photos_are_refused_as_well(tmp_path):
    for place in ("samples/male23_x", "labels/male23"):
        save(tmp_path / "m" / place / "1.png", photograph(1))
    link_out(tmp_path / "m" / "samples" / "male23_x" / "1.png", tmp_path / "1")
    with pytest.raises(InputError, match="a symbolic link"):
        open_reader("mut1ny", tmp_path / "m", palette="paper").read()
    for place in ("Train_RGB", "Train_Labels"):
        save(tmp_path / "f" / "V2" / place / "1.bmp", photograph(1))
    link_out(tmp_path / "f" / "V2" / "Train_Labels" / "1.bmp", tmp_path / "2")
    with pytest.raises(InputError, match="a symbolic link"):
        open_reader("fasseg", tmp_path / "f").read()
    layouts.picture(tmp_path / "p" / "1.jpg")
    (tmp_path / "p" / "photos.csv").write_text("image,subject,group,emotion\n1.jpg,a,asian,sad\n", encoding="utf-8")
    assert len(open_reader("photos", tmp_path / "p").read()) == 1
    link_out(tmp_path / "p" / "1.jpg", tmp_path / "3")
    with pytest.raises(InputError, match="a symbolic link"):
        open_reader("photos", tmp_path / "p").read()


def test_a_data_set_may_itself_be_a_link_and_hold_links_to_its_own_files(tmp_path):
    root = layouts.lapa(tmp_path / "disk" / "LaPa")
    (root / "test" / "images" / "5.jpg").symlink_to("4.jpg")
    (root / "test" / "labels" / "5.png").symlink_to(root / "test" / "labels" / "4.png")
    (tmp_path / "LaPa").symlink_to(root)
    assert len(open_reader("lapa", tmp_path / "LaPa").read()) == 5


def test_a_linked_folder_that_leads_round_is_not_followed(tmp_path):
    root = layouts.jaffe(tmp_path)
    (root / "again").symlink_to(root)
    assert len(open_reader("jaffe", root).read()) == 8


@pytest.mark.parametrize("name", sorted(layouts.LAYOUTS))
def test_names_that_are_no_utf_8_disturb_no_reader(tmp_path, name):
    root = layouts.LAYOUTS[name](tmp_path / "data")
    before = open_reader(name, root).read()
    for folder in [root, *sorted(path for path in root.rglob("*") if path.is_dir())]:
        (Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt"))).write_text("", encoding="utf-8")
    pd.testing.assert_frame_equal(open_reader(name, root).read(), before)


def test_a_pair_is_found_and_opened_whatever_bytes_its_names_are(tmp_path):
    root = layouts.lapa(tmp_path)
    for kind, ending in (("images", b".jpg"), ("labels", b".png")):
        folder = os.fsencode(root / "val" / kind)
        Path(os.fsdecode(folder + b"/3" + ending)).rename(os.fsdecode(folder + b"/caf\xe9" + ending))
    reader = open_reader("lapa", root)
    row = reader.read().set_index("folder").loc["val"]
    assert row["image_id"] == "val/caf\\xe9" and row["label_path"] == "val/labels/caf\\xe9.png"
    assert reader.pair(row)[1].shape == layouts.SHAPE
    assert len(find_duplicates(reader.read(), root).kept) == 4


@pytest.mark.parametrize(
    ("name", "image", "label"),
    [
        ("lapa", "test/images/{}.jpg", "test/labels/{}.png"),
        ("ibugmask", "test/{}.jpg", "test/{}.png"),
        ("mut1ny", "samples/male01_{}/{}.png", "labels/male01/{}.png"),
        ("helen", "images/{}.jpg", "labels/{}/{}_lbl00.png"),
    ],
)
def test_photograph_and_label_meet_in_different_unicode_forms(tmp_path, name, image, label):
    composed, apart = (unicodedata.normalize(form, "josé") for form in ("NFC", "NFD"))
    if name == "mut1ny":
        root = tmp_path
        save(root / image.format(apart, apart), photograph(1))
        save(root / label.format(composed), encode(stripes(CLASS_NAMES), "paper"))
    else:
        root = layouts.LAYOUTS[name](tmp_path)
        layouts.picture(root / image.format(composed))
        for number in range(11 if name == "helen" else 1):
            layouts.values(root / label.format(apart, apart).replace("lbl00", f"lbl{number:02d}"), range(1))
    reader = open_reader(name, root)
    rows = reader.read()
    row = rows[rows["image_id"].str.contains(composed)].iloc[0]
    assert reader.pair(row)[1].ndim == 2
