"""Data sets with masks: each published name becomes the right class, and pairs are found in the published layout."""

from __future__ import annotations

import numpy as np
import published_layouts as layouts
import pytest
from PIL import Image
from tiny_datasets import photograph, save

from facefair_lib.data.readers.known import WITH_MASKS
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES

ELEVEN = ["background", "face", "eyebrows", "eyebrows", "eyes", "eyes", "nose", "lips", "lips", "lips", "hair"]
"""LaPa, Helen and iBugMask, value 0 to 10, worked out by hand from the owners' lists."""


def columns(mask: np.ndarray) -> list[str]:
    """Class name of each column of a mask whose columns are uniform."""
    assert (mask == mask[:1]).all()
    return [(*CLASS_NAMES, *["?"] * 244, "ignored")[value] for value in mask[0]]


def test_lapa_values_become_the_classes_of_their_names(tmp_path):
    reader = open_reader("lapa", layouts.lapa(tmp_path))
    layouts.values(tmp_path / "test" / "labels" / "4.png", [3, 4, 5, 6, 7, 8, 9, 10])
    rows = reader.read().set_index("image_id", drop=False)
    assert columns(reader.mask(rows.loc["train/10009865324_0"])) == ELEVEN[:8]
    assert columns(reader.mask(rows.loc["test/4"])) == ELEVEN[3:]
    assert rows["folder"].tolist() == ["test", "train", "train", "val"]
    assert rows.loc["val/3", "label_path"] == "val/labels/3.png"
    assert set(reader.expected_classes) == set(ELEVEN)


def test_helen_takes_the_likeliest_part_of_each_pixel(tmp_path):
    reader = open_reader("helen", layouts.helen(tmp_path))
    rows = reader.read().set_index("image_id", drop=False)
    # Columns 0 to 10 were drawn for parts 0 to 10; in column 11 only background has any probability.
    assert columns(reader.mask(rows.loc["232194_1"])) == [*ELEVEN, "background"]
    assert rows["folder"].to_dict() == {"100032540_1": "testing", "232194_1": "exemplars", "232194_2": "exemplars"}


def test_faces_of_one_photograph_of_helen_count_as_one_person(tmp_path):
    rows = open_reader("helen", layouts.helen(tmp_path)).read()
    assert rows["subject_id"].tolist() == ["100032540", "232194", "232194"]


def test_helen_needs_every_map_and_every_listed_photograph(tmp_path):
    reader = open_reader("helen", layouts.helen(tmp_path))
    row = reader.read().iloc[0]
    (tmp_path / "labels" / "100032540_1" / "100032540_1_lbl07.png").unlink()
    with pytest.raises(InputError, match=r"_lbl07\.png[\s\S]*no such file"):
        reader.mask(row)
    save(tmp_path / "labels" / "100032540_1" / "100032540_1_lbl07.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match=r"a map of 3x3 pixels[\s\S]*12x6 pixels"):
        reader.mask(row)
    (tmp_path / "tuning.txt").write_text("1 , 99_1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"tuning\.txt[\s\S]*1 names without a photograph \(99_1\)"):
        reader.read()


def test_ibugmask_leaves_out_poses_made_by_computer(tmp_path):
    reader = open_reader("ibugmask", layouts.ibugmask(tmp_path))
    rows = reader.read()
    assert rows["image_id"].tolist() == ["test/0001", "test/0002", "train/232194_1_00", "train/30844800_1_00"]
    assert columns(reader.mask(rows.iloc[0])) == ELEVEN[:8]
    assert rows["subject_id"].tolist() == ["test/0001", "test/0002", "train/232194_1", "train/30844800_1"]
    assert "Left out: 1 training pictures" in reader.notes[1]


def test_facesynthetics_has_ten_classes_and_ignores_facewear(tmp_path):
    reader = open_reader("facesynthetics", layouts.facesynthetics(tmp_path))
    rows = reader.read()
    assert rows["image_path"].tolist() == ["000000.png", "000001.png", "000002.png"]
    expected = {
        "background": [0, 15, 17],  # clothing and headwear join it
        "face": [1, 12],  # skin and neck
        "nose": [2],
        "eyes": [3, 4],
        "eyebrows": [5, 6],
        "ears": [7, 8],
        "lips": [9, 10, 11],
        "hair": [13],
        "facial_hair": [14],
        "specs": [16],
        "ignored": [18, 19],  # facewear, and in the last column 255
    }
    found = columns(reader.mask(rows.iloc[0]))
    assert {name: [k for k, other in enumerate(found) if other == name] for name in expected} == expected
    assert set(CLASS_NAMES) - set(reader.expected_classes) == {"teeth"}


def test_celebamask_lays_later_parts_over_earlier_ones(tmp_path):
    reader = open_reader("celebamask", layouts.celebamask(tmp_path))
    row = reader.read().iloc[0]
    image, mask = reader.pair(row)
    assert image.shape == (512, 512, 3) and mask.shape == (512, 512)
    expected = {
        (0, 0): "background",
        (300, 110): "face",
        (155, 155): "specs",
        (170, 170): "eyes",  # the eye is drawn over the spectacles
        (320, 250): "lips",  # the mouth between the lips
        (305, 250): "lips",
        (60, 150): "hair",
        (110, 150): "hair",  # hair is drawn over skin
        (10, 150): "background",  # a hat, drawn over hair
        (450, 250): "face",  # the neck
        (255, 95): "background",  # an earring
    }
    assert {place: CLASS_NAMES[mask[place]] for place in expected} == expected


def test_celebamask_reads_gender_and_with_celebas_identities_the_person(tmp_path):
    reader = open_reader("celebamask", layouts.celebamask(tmp_path))
    rows = reader.read()
    assert rows["gender"].tolist() == ["female", "male"] and rows["subject_id"].tolist() == ["00000", "02001"]
    assert "in 2 photographs is not known" in reader.notes[1]
    (tmp_path / "identity_CelebA.txt").write_text("119614.jpg 77\n099094.jpg 12\n000001.jpg 5\n", encoding="utf-8")
    assert reader.read()["subject_id"].tolist() == ["celeba-77", "celeba-12"]
    (tmp_path / "identity_CelebA.txt").write_text("119614.jpg\n", encoding="utf-8")
    with pytest.raises(InputError, match="a line of 1 words"):
        reader.read()
    (tmp_path / "CelebAMask-HQ-attribute-anno.txt").write_text("1\nBald Young\n0.jpg 1 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="with Male among them"):
        reader.read()


def test_celebamask_refuses_unknown_parts_and_wrong_folders_and_photographs_without_parts(tmp_path):
    root = layouts.celebamask(tmp_path)
    annotations = root / "CelebAMask-HQ-mask-anno"
    stray = save(annotations / "0" / "02001_nose.png", np.zeros((512, 512), np.uint8))
    with pytest.raises(InputError, match=r"02001_nose\.png[\s\S]*not the published one"):
        open_reader("celebamask", root).read()
    stray.rename(annotations / "1" / "02001_nostril.png")
    with pytest.raises(InputError, match=r"02001_nostril\.png[\s\S]*not the published one"):
        open_reader("celebamask", root).read()
    (annotations / "1" / "02001_nostril.png").unlink()
    layouts.picture(root / "CelebA-HQ-img" / "7.jpg")
    with pytest.raises(InputError, match=r"7\.jpg[\s\S]*1 photographs and 0 labels have no partner"):
        open_reader("celebamask", root).read()


def test_label_values_that_a_set_does_not_define_are_refused(tmp_path):
    reader = open_reader("lapa", layouts.lapa(tmp_path))
    rows = reader.read()
    layouts.values(tmp_path / rows["label_path"][0], [11, 0, 12])
    with pytest.raises(InputError, match=r"test/labels/4\.png[\s\S]*11 \(6 pixels\), 12 \(6 pixels\)"):
        reader.mask(rows.iloc[0])


def test_label_values_are_read_from_grey_paletted_and_grey_rgb_pictures_alike(tmp_path):
    reader = open_reader("lapa", layouts.lapa(tmp_path))
    row = reader.read().iloc[0]
    path, label = tmp_path / row["label_path"], np.tile(np.arange(8, dtype=np.uint8), (6, 1))
    paletted = Image.fromarray(label, mode=None).convert("P")
    paletted.putdata(label.ravel().tolist())
    paletted.putpalette([value for index in range(8) for value in (255 - index, index, 9)])
    for picture in (Image.fromarray(label), paletted, Image.fromarray(np.stack([label] * 3, -1))):
        picture.save(path)
        assert columns(reader.mask(row)) == ELEVEN[:8]


def test_a_coloured_preview_in_the_place_of_a_label_is_refused(tmp_path):
    reader = open_reader("lapa", layouts.lapa(tmp_path))
    row = reader.read().iloc[0]
    save(tmp_path / row["label_path"], photograph(5, layouts.SHAPE))
    with pytest.raises(InputError, match="a label picture in colours"):
        reader.mask(row)


@pytest.mark.parametrize("name", ["lapa", "ibugmask", "facesynthetics"])
def test_a_label_of_another_size_is_refused(tmp_path, name):
    reader = open_reader(name, layouts.LAYOUTS[name](tmp_path))
    row = reader.read().iloc[0]
    layouts.values(tmp_path / row["label_path"], [0, 1], (3, 3))
    with pytest.raises(InputError, match="a label of 3x3 pixels"):
        reader.mask(row)


@pytest.mark.parametrize("name", ["lapa", "ibugmask", "facesynthetics", "helen"])
def test_a_photograph_without_a_label_is_named(tmp_path, name):
    root = layouts.LAYOUTS[name](tmp_path)
    place = {"lapa": "train/images/x.jpg", "ibugmask": "test/x.jpg", "facesynthetics": "777777.png"}
    lone = layouts.picture(root / place.get(name, "images/x.jpg"))
    with pytest.raises(InputError, match=rf"{lone.name}[\s\S]*1 photographs and 0 labels have no partner"):
        open_reader(name, root).read()


def test_two_pictures_of_one_name_are_refused(tmp_path):
    root = layouts.lapa(tmp_path)
    layouts.picture(root / "test" / "images" / "4.png")
    with pytest.raises(InputError, match=r"a second picture of this name: the other is 4\.jpg"):
        open_reader("lapa", root).read()


@pytest.mark.parametrize("reader", WITH_MASKS, ids=lambda reader: reader.name)
def test_every_set_with_masks_names_known_classes_once(reader):
    assert set(reader.expected_classes) <= set(CLASS_NAMES) and "background" in reader.expected_classes
    assert len(set(reader.expected_classes)) == len(reader.expected_classes)
