from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_datasets import photograph, save, stripes

from facefair_lib.data.readers import open_reader
from facefair_lib.errors import InputError
from facefair_lib.labels import encode


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
        (["pictures/0.png,ann,asian"], "image,subject,group", "also emotion"),
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
