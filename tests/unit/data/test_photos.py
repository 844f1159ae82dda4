from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from tiny_datasets import photograph, save, stripes

from facefair_lib.data.published.check import check_folder
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.data.readers.unmasked.photos import check_photos, named_files
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import encode


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(3):
        save(tmp_path / "pictures" / f"{number}.png", photograph(number))
    save(tmp_path / "masks" / "0.png", encode(stripes(("hair", "face")), "paper"))
    write(tmp_path, ["pictures/0.png,ann,asian,sad,masks/0.png", "pictures\\1.png,ann,asian,happy,"])
    return tmp_path


def write(root: Path, lines: list[str], header: str = "image,subject,group,emotion,mask") -> None:
    (root / "photos.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def test_photographs_with_and_without_masks_are_read(photos):
    reader = open_reader("photos", photos)
    frame = reader.read()
    assert frame["image_id"].tolist() == ["pictures/0", "pictures/1"]
    assert frame["subject_id"].tolist() == ["ann", "ann"] and frame["emotion"].tolist() == ["sad", "happy"]
    np.testing.assert_array_equal(reader.mask(frame.iloc[0]), stripes(("hair", "face")))
    assert (reader.mask(frame.iloc[1]) == 255).all()
    assert reader.notes == ["1 of 2 photographs have a mask; the others can be segmented but not scored."]


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (["pictures/7.png,ann,asian,sad,"], "image,subject,group,emotion,mask", r"line 2 names 'pictures/7\.png'"),
        (["pictures/0.png,,asian,sad,"], "image,subject,group,emotion,mask", "an empty subject in line 2"),
        (["pictures/0.png,asian"], "image,group", "also subject"),
        (
            ["pictures/0.png,ann", "./pictures\\0.png,bob"],
            "image,subject",
            "line 3 names 'pictures/0.png', which line 2",
        ),
        (["pictures/0.png,ann,x"], "image,subject,emotoin", "the column emotoin"),
        (["pictures/0.png,ann,asian,sad,x"], "image,subject,group,emotion,camera", "the column camera"),
        (["../outside.png,ann,asian,sad"], "image,subject,group,emotion", "relative to the table's folder"),
        ([], "image,subject,group,emotion", "no images"),
    ],
)
def test_mistakes_in_the_table_are_named(photos, lines, header, message):
    write(photos, lines, header)
    with pytest.raises(InputError, match=message):
        open_reader("photos", photos).read()


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match=r"photos\.csv"):
        open_reader("photos", tmp_path).read()


def test_groups_and_emotions_may_be_other_ones_empty_or_absent(photos):
    write(photos, ["pictures/0.png,ann,Indian,", "pictures/1.png,bob,,neutral"], "image,subject,group,emotion")
    frame = open_reader("photos", photos).read()
    assert frame["group"].tolist() == ["Indian", ""] and frame["emotion"].tolist() == ["", "neutral"]
    write(photos, ["pictures/0.png,ann", "pictures/1.png,bob"], "image,subject")
    assert (open_reader("photos", photos).read()[["group", "emotion"]] == "").all(axis=None)


def test_capitals_make_no_group_of_their_own(photos):
    save(photos / "pictures" / "3.png", photograph(3))
    words = ["0.png,a,Black,SAD", "1.png,b,black,sad", "2.png,c,Inuit,x", "3.png,d,inuit,X"]
    write(photos, [f"pictures/{line}" for line in words], "image,subject,group,emotion")
    frame = open_reader("photos", photos).read().set_index("subject_id")
    assert frame["group"].to_dict() == {"a": "black", "b": "black", "c": "Inuit", "d": "Inuit"}
    assert frame["emotion"].to_dict() == {"a": "sad", "b": "sad", "c": "x", "d": "x"}


def test_a_table_as_spreadsheets_leave_it_is_read(photos):
    text = "sep=;\r\n Image ;Subject;Age;;\r\npictures\\0.png; 007 ;31,5;;\r\n;;;;\r\npictures/1.png;NA;;;\r\n;;;;\r\n"
    (photos / "photos.csv").write_bytes(text.encode("utf-16"))
    frame = open_reader("photos", photos).read()
    assert frame["subject_id"].tolist() == ["007", "NA"] and frame["age"].iloc[0] == 31.5


def test_photographs_that_differ_in_their_suffix_only_keep_it(photos):
    for name in ("a.jpg", "a.png", "a.jpg.png", "b.png"):
        save(photos / name, photograph(1))
    write(photos, [f"{name},ann" for name in ("a.jpg", "a.png", "a.jpg.png", "b.png")], "image,subject")
    assert open_reader("photos", photos).read()["image_id"].tolist() == ["a.jpg", "a.jpg.png", "a.png", "b"]


@pytest.mark.parametrize("forms", [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_name_is_found_in_whichever_unicode_form_the_disk_and_the_table_spell_it(tmp_path, forms):
    disk, cell = (unicodedata.normalize(form, "Bilder/José.png") for form in forms)
    save(tmp_path / disk, photograph(1))
    write(tmp_path, [f"{cell},ann"], "image,subject")
    reader = open_reader("photos", tmp_path)
    row = reader.read().iloc[0]
    assert row["image_id"] == unicodedata.normalize("NFC", "Bilder/José")
    np.testing.assert_array_equal(reader.image(row), photograph(1))
    assert named_files(tmp_path / "photos.csv") == [tmp_path / disk]


def test_a_name_that_is_no_utf_8_is_named_by_its_escapes(tmp_path):
    save(tmp_path / "x.png", photograph(1))
    (tmp_path / "x.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    write(tmp_path, ["caf\\xe9.png,ann"], "image,subject")
    reader = open_reader("photos", tmp_path)
    np.testing.assert_array_equal(reader.image(reader.read().iloc[0]), photograph(1))


def test_the_files_that_a_table_names_are_those_that_the_reader_opens(photos):
    write(photos, ["pictures\\1.png,ann,masks/0.png", "gone.png,bob,", "./pictures/0.png,cy,"], "image,subject,mask")
    names = ["masks/0.png", "pictures/0.png", "pictures/1.png"]
    assert named_files(photos / "photos.csv") == [photos / name for name in names]


def test_a_table_is_checked_to_its_last_picture_and_mask(photos):
    check_photos(photos / "photos.csv")
    (photos / "pictures" / "1.png").write_bytes((photos / "pictures" / "1.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"1\.png[\s\S]*unreadable or truncated"):
        check_photos(photos / "photos.csv")
    save(photos / "masks" / "0.png", np.full((4, 4, 3), 7, np.uint8))
    with pytest.raises(InputError, match=r"0\.png[\s\S]*unknown colour"):
        check_photos(photos / "photos.csv")


def test_a_check_says_which_cells_of_the_grid_are_empty_and_that_the_rest_is_scored(photos):
    (note,) = [note for note in check_folder("photos", photos).notes if "Tables II to IV" in note]
    assert "empty cells: asian angry, black sad, " in note and "scores those with a mask" in note
