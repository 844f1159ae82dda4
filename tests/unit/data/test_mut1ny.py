from __future__ import annotations

import re

import numpy as np
import pytest
from tiny_datasets import CORE, photograph, save, stripes, write_index

from facefair_lib.data.images import read_label_rgb
from facefair_lib.data.readers.masked.mut1ny_layout import label_folder, person_of
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX

FOLDERS = re.findall(
    r"\w+",
    """
    female03 female10 female23 femalealison1 femalealison2 femalebarbera femalebarbera2 femalecarla femalecarla2
    femalefelice femalejoyce femalejoyce2 femalelaura femalelaura2 femaleroberta male01 male06_1 male06_2 male09
    male23 maleandrew maleandrew2 malebruce malebruce2 malecarlos malecarlos2 malecorry malecorry2 maleelias
    maleelias2 malegaberial malegaberial2 malekumar maleshawn
    """,
)


def test_the_34_published_person_folders_hold_22_people(tmp_path):
    people = {person_of(folder, tmp_path) for folder in FOLDERS}
    assert len(FOLDERS) == 34
    assert len(people) == 22
    assert ("femalealison", "female") in people and ("male06", "male") in people


def test_numbered_folders_of_a_rendered_name_are_one_person(tmp_path):
    assert {person_of(folder, tmp_path) for folder in ("femaleaisha", "femaleaisha1", "femaleaisha2")} == {
        ("femaleaisha", "female")
    }
    with pytest.raises(InputError, match="the folder 'robot7'"):
        person_of("robot7", tmp_path)


@pytest.mark.parametrize(
    ("sample", "label"),
    [
        ("femalealison1_sun", "femalealison1"),
        ("male06_nolight_3", "male06_2"),
        ("male06nolight", "male06_2"),
        ("male06_3", "male06_1"),
        ("real7", "real"),
        ("multiperson_b", "multiperson"),
        ("female23", "female23"),
    ],
)
def test_sample_folders_lead_to_their_label_folder(sample: str, label: str):
    assert label_folder(sample) == label


def test_reading_pairs_every_folder_and_names_people(mut1ny):
    reader = open_reader("mut1ny", mut1ny)
    frame = reader.read().set_index("image_id")
    assert len(frame) == 9
    assert frame.loc["femalealison1_room/a2", "label_path"] == "labels/femalealison1/a2.png"
    assert set(frame.loc[frame["folder"].str.startswith("femalealison"), "subject_id"]) == {"femalealison"}
    assert frame.loc["male06_nolight_x/n1", "folder"] == "male06_2"
    assert frame.loc[["male06_nolight_x/n1", "male06_bright/m1"], "subject_id"].tolist() == ["male06", "male06"]
    assert frame["category"].value_counts().to_dict() == {"female": 3, "male": 3, "real": 2, "multi": 1}
    assert frame.loc[["real_photos/r1", "real2/r2"], "subject_id"].is_unique
    assert frame.loc["real2/r2", "gender"] == "" and frame.loc["male23_x/d1", "gender"] == "male"
    assert any("2 real photographs is not published" in note for note in reader.notes)


def test_the_folder_above_the_release_works_too(mut1ny):
    assert len(open_reader("mut1ny", mut1ny.parent).read()) == 9


@pytest.mark.parametrize("palette", ["paper", "vendor"])
def test_both_palettes_are_recognised_and_decode_to_the_same_mask(tmp_path, add_pair, palette):
    for number in range(2):
        add_pair(tmp_path, f"male01_x/{number}.png", f"male01/{number}.png", number, palette)
    reader = open_reader("mut1ny", tmp_path)
    frame = reader.read()
    assert reader.palette == palette
    for row in frame.to_dict("records"):
        np.testing.assert_array_equal(reader.mask(row), stripes((*CORE, "teeth")))


def test_two_palettes_in_one_set_are_refused_naming_a_file_of_each(tmp_path, add_pair):
    add_pair(tmp_path, "male01_x/p.png", "male01/p.png", palette="paper")
    add_pair(tmp_path, "male01_x/v.png", "male01/v.png", palette="vendor")
    with pytest.raises(InputError, match=r"paper in .*p\.png, vendor in .*v\.png"):
        open_reader("mut1ny", tmp_path).read()


def test_an_ambiguous_palette_is_asked_for_and_then_obeyed(tmp_path, add_pair):
    add_pair(tmp_path, "male01_x/a.png", "male01/a.png", classes=CORE)
    with pytest.raises(InputError, match=r"set data\.palette: paper"):
        open_reader("mut1ny", tmp_path).read()
    masks = {}
    for palette in ("paper", "vendor"):
        reader = open_reader("mut1ny", tmp_path, palette=palette)
        masks[palette] = reader.mask(reader.read().iloc[0])
    assert (masks["paper"] == INDEX["ears"]).sum() == (masks["vendor"] == INDEX["eyebrows"]).sum() > 0


def test_the_index_may_hold_backslashes_and_leading_folders(mut1ny):
    frame = open_reader("mut1ny", mut1ny).read()
    pairs = [
        (row["image_path"].removeprefix("samples/"), row["label_path"].removeprefix("labels/"))
        for row in frame.to_dict("records")
    ]
    write_index(mut1ny, pairs, prefix="headsegmentation_dataset_ccncsa/", slash="\\")
    assert "\\samples\\" in (mut1ny / "training.xml").read_text(encoding="utf-8")
    assert len(open_reader("mut1ny", mut1ny).read()) == 9
    write_index(mut1ny, pairs[1:])
    with pytest.raises(InputError, match=r"1 pair\(s\) only in the folders"):
        open_reader("mut1ny", mut1ny).read()
    write_index(mut1ny, [*pairs, ("male99_x/q.png", "male99/q.png")])
    with pytest.raises(InputError, match=r"only in the index, first samples/male99_x/q\.png"):
        open_reader("mut1ny", mut1ny).read()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<dataset><srcimg name='a'/>", "broken XML"),
        ("<dataset><srcimg name='a'/><srcimg name='b'/></dataset>", "'srcimg' as element 2"),
        ("<dataset/>", "0 elements"),
        ("<dataset><srcimg name='a'/><labelimg name='a'/><srcimg name='b'/></dataset>", "3 elements"),
    ],
)
def test_a_broken_index_is_refused(mut1ny, text: str, message: str):
    (mut1ny / "training.xml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        open_reader("mut1ny", mut1ny).read()


def test_an_orphan_is_named_on_either_side(mut1ny):
    lone = save(mut1ny / "labels" / "male23" / "lone.png", photograph(0))
    with pytest.raises(InputError, match=r"labels/male23/lone\.png[\s\S]*label without a picture \(1 such file in"):
        open_reader("mut1ny", mut1ny).read()
    lone.unlink()
    (mut1ny / "labels" / "male06_2" / "n1.png").unlink()
    with pytest.raises(InputError, match=r"male06_nolight_x/n1\.png[\s\S]*picture without a label"):
        open_reader("mut1ny", mut1ny).read()


def test_a_label_of_another_size_is_refused_with_both_sizes(mut1ny):
    reader = open_reader("mut1ny", mut1ny)
    row = reader.read().set_index("image_id").loc["male23_x/d1"]
    save(mut1ny / row["image_path"], photograph(0, (30, 40)))
    with pytest.raises(InputError, match=r"male23/d1\.png[\s\S]*20x24 pixels[\s\S]*40x30 pixels"):
        reader.mask(row)


def test_a_single_pixel_of_an_unknown_colour_is_refused_and_named(mut1ny):
    reader = open_reader("mut1ny", mut1ny)
    row = reader.read().iloc[0]
    label = read_label_rgb(reader.file(row["label_path"])).copy()
    label[3, 3] = (1, 2, 3)
    save(mut1ny / row["label_path"], label)
    with pytest.raises(InputError, match=r"1 pixels of 1 unknown colour\(s\); RGB \(1, 2, 3\) has 1"):
        reader.mask(row)


def test_missing_folders_and_empty_sets_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        open_reader("mut1ny", tmp_path / "nowhere")
    (tmp_path / "photos").mkdir()
    with pytest.raises(InputError, match=r"the folders photos[\s\S]*samples/ and labels/"):
        open_reader("mut1ny", tmp_path)
    for name in ("samples", "labels"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="no pictures"):
        open_reader("mut1ny", tmp_path).read()


def test_two_pictures_with_one_base_name_are_refused(mut1ny):
    save(mut1ny / "samples" / "male23_x" / "d1.jpg", photograph(3))
    with pytest.raises(InputError, match="a second picture of this name"):
        open_reader("mut1ny", mut1ny).read()


def write_attributes(root, lines: list[str]) -> None:
    header = "image,subject,group,gender,age,emotion,skin_tone,yaw,light,glasses"
    (root / "attributes.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def test_attributes_of_rendered_people_are_joined_and_absent_ones_stay_unknown(mut1ny):
    write_attributes(
        mut1ny,
        [
            "samples/femalealison1_sun/a1.png,alison,asian,female,31.5,happy,3,-20,soft,none",
            "multiperson_a/c1.png,crowd-1,,,,,,,,",
        ],
    )
    frame = open_reader("rendered", mut1ny).read().set_index("image_id")
    known = frame.loc["femalealison1_sun/a1"]
    assert (known["subject_id"], known["group"], known["emotion"], known["light"]) == (
        "alison",
        "asian",
        "happy",
        "soft",
    )
    assert (known["age"], known["skin_tone"], known["yaw"]) == (31.5, 3.0, -20.0)
    assert frame.loc["multiperson_a/c1", "subject_id"] == "crowd-1"
    other = frame.loc["male23_x/d1"]
    assert other["group"] == "" and np.isnan(other["age"]) and other["gender"] == "male"
    assert (frame["source"] == "rendered").all()


def test_attributes_of_unknown_pictures_and_a_missing_table_are_refused(mut1ny):
    with pytest.raises(InputError, match=r"attributes\.csv[\s\S]*render the people again"):
        open_reader("rendered", mut1ny)
    write_attributes(mut1ny, ["samples/nobody/x.png,s,asian,female,30,sad,1,0,soft,none"])
    with pytest.raises(InputError, match=r"attributes of 'nobody/x\.png'"):
        open_reader("rendered", mut1ny).read()
    (mut1ny / "attributes.csv").write_text("image,subject\n", encoding="utf-8")
    with pytest.raises(InputError, match="also group, gender"):
        open_reader("rendered", mut1ny).read()


def test_unknown_readers_and_options_are_refused(mut1ny):
    with pytest.raises(InputError, match="one of mut1ny, rendered, fasseg, celebamask, lapa"):
        open_reader("celeba", mut1ny)
    with pytest.raises(InputError, match="the option colour"):
        open_reader("mut1ny", mut1ny, colour="paper")
    with pytest.raises(InputError, match="auto, paper or vendor"):
        open_reader("mut1ny", mut1ny, palette="blue")
