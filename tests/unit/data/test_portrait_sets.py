"""Data sets without masks: the published names say who is seen and how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import published_layouts as layouts
import pytest

from facefair_lib.data.readers.known import WITHOUT_MASKS
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError

FAIRFACE = Path(__file__).parents[4] / "shared" / "data" / "fairface"


@pytest.mark.parametrize("reader", WITHOUT_MASKS, ids=lambda reader: reader.name)
def test_masks_of_a_set_without_masks_say_ignore_everywhere(tmp_path, reader):
    opened = open_reader(reader.name, layouts.LAYOUTS[reader.name](tmp_path))
    row = opened.read().iloc[0]
    image, mask = opened.pair(row)
    assert image.shape == (*layouts.SHAPE, 3) and mask.shape == layouts.SHAPE and (mask == 255).all()
    assert opened.expected_classes == () and row["label_path"] == ""
    with pytest.raises(InputError, match="which has no masks"):
        opened.decode(row)


def test_jaffe_names_give_person_and_emotion(tmp_path):
    rows = open_reader("jaffe", layouts.jaffe(tmp_path)).read().set_index("image_id")
    assert rows["subject_id"].to_dict()["KL.SA1.171"] == "KL"
    assert rows["emotion"].tolist() == ["angry", "happy", "sad", "happy", "sad", "angry", "neutral", "surprised"]
    assert set(rows["group"]) == {"japanese"} and set(rows["gender"]) == {"female"}


def test_rafd_names_give_person_group_gender_emotion_and_yaw(tmp_path):
    rows = open_reader("rafd", layouts.rafd(tmp_path)).read().set_index("image_id")
    columns = ["subject_id", "group", "gender", "emotion", "yaw"]
    assert rows.loc["Rafd090_29_Moroccan_male_sad_frontal", columns].tolist() == ["29", "moroccan", "male", "sad", 0.0]
    assert rows.loc["Rafd000_01_Caucasian_female_angry_frontal", "yaw"] == -90.0
    assert rows.loc["Rafd135_01_Caucasian_female_angry_left", "yaw"] == 45.0
    assert rows.loc["Rafd090_64_Kid_male_happy_frontal", "group"] == "caucasian"


def test_rafd_portraits_face_the_camera_and_are_of_adults(tmp_path):
    reader = open_reader("rafd", layouts.rafd(tmp_path))
    names = reader.portraits(reader.read())["image_id"]
    assert len(names) == 12
    assert not names.str.contains("Kid|Rafd000|Rafd135|_left").any()


def test_cfd_names_give_the_self_reported_group(tmp_path):
    rows = open_reader("cfd", layouts.cfd(tmp_path)).read()
    by_person = rows.drop_duplicates("subject_id").set_index("subject_id")["group"]
    assert by_person.to_dict() == {
        "AF-200": "asian",
        "BM-001": "black",
        "IF-600": "indian",
        "LM-201": "latino",
        "MF-300": "multiracial",
        "WF-012": "white",
    }
    emotions = rows.set_index(rows["image_path"].str.rpartition("/")[2])["emotion"]
    assert emotions["CFD-BM-001-016-HO.jpg"] == emotions["CFD-WF-012-001-HC.jpg"] == "happy"
    assert emotions["CFD-AF-200-092-A.jpg"] == "angry" and emotions["CFD-WF-012-002-F.jpg"] == "fearful"
    assert emotions["CFD-IF-600-009-(2)-N.jpg"] == "neutral"


def test_cfd_may_be_given_as_the_folder_of_peoples_folders(tmp_path):
    root = layouts.cfd(tmp_path) / "Images" / "CFD"
    assert len(open_reader("cfd", root).read()) == 8


def test_ckplus_reads_the_labelled_peak_frames(tmp_path):
    reader = open_reader("ckplus", layouts.ckplus(tmp_path))
    rows = reader.read()
    assert rows["image_id"].tolist() == ["S005_001_00000011", "S010_002_00000014", "S010_004_00000019"]
    assert rows["emotion"].tolist() == ["disgusted", "surprised", "happy"]
    assert rows["subject_id"].tolist() == ["S005", "S010", "S010"] and set(rows["group"]) == {""}
    assert reader.notes[0] == "Left out: 1 sequences without an emotion label."


def test_ckplus_is_found_under_its_other_folder_names(tmp_path):
    root = layouts.ckplus(tmp_path / "a")
    (root / "extended-cohn-kanade-images").mkdir()
    (root / "cohn-kanade-images").rename(root / "extended-cohn-kanade-images" / "cohn-kanade-images")
    (root / "Emotion_labels").mkdir()
    (root / "Emotion").rename(root / "Emotion_labels" / "Emotion")
    assert len(open_reader("ckplus", root).read()) == 3


def test_ckplus_takes_groups_from_a_table_of_people(tmp_path):
    root = layouts.ckplus(tmp_path)
    (root / "people.csv").write_text("subject,group,gender\nS005,Black,female\nS010,,male\n", encoding="utf-8")
    rows = open_reader("ckplus", root, people="people.csv").read()
    assert rows["group"].tolist() == ["Black", "", ""] and rows["gender"].tolist() == ["female", "male", "male"]
    (root / "people.csv").write_text("subject,group\nS005,black\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row for S010"):
        open_reader("ckplus", root, people="people.csv").read()
    (root / "people.csv").write_text("subject,group\nS005,black\nS005,white\n", encoding="utf-8")
    with pytest.raises(InputError, match="S005 twice"):
        open_reader("ckplus", root, people="people.csv").read()


@pytest.mark.parametrize("text", ["", "happy", "8.0", "2.5", "nan", "-1"])
def test_ckplus_refuses_labels_that_are_no_emotion_code(tmp_path, text):
    root = layouts.ckplus(tmp_path)
    label = root / "Emotion" / "S005" / "001" / "S005_001_00000011_emotion.txt"
    label.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"S005_001_00000011_emotion\.txt[\s\S]*0 to 7 \(neutral, angry"):
        open_reader("ckplus", root).read()


def test_ckplus_refuses_a_label_without_its_frame(tmp_path):
    root = layouts.ckplus(tmp_path)
    (root / "cohn-kanade-images" / "S005" / "001" / "S005_001_00000011.png").unlink()
    with pytest.raises(InputError, match="an emotion label without its frame"):
        open_reader("ckplus", root).read()


def test_fairface_ages_are_the_middle_of_their_range(tmp_path):
    reader = open_reader("fairface", layouts.fairface(tmp_path))
    rows = reader.read().set_index("image_id")
    assert rows["age"].tolist()[:2] == [54.5, 6.0] and np.isnan(rows.loc["val/1", "age"])
    assert rows["group"].tolist() == ["east asian", "latino hispanic", "black"]
    assert rows["gender"].tolist() == ["male", "female", "female"]
    assert rows.loc["val/1", "image_path"] == "fairface-img-margin025-trainval/val/1.jpg"


def test_fairface_pictures_may_lie_beside_the_tables(tmp_path):
    root = layouts.fairface(tmp_path)
    for part in ("train", "val"):
        (root / "fairface-img-margin025-trainval" / part).rename(root / part)
    assert open_reader("fairface", root).read()["image_path"].tolist() == ["train/1.jpg", "train/2.jpg", "val/1.jpg"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((text, 6.0) for text in ("3-9", "03-Sep", "9-Mar", "Mar-09", "3. Sep", "09. Mrz", "9. März", "2024-03-09")),
        *((text, 6.0) for text in ("03/09/2024", "2003-09-01 00:00:00", "3 – 9", "9-mars", "09-MAR-24")),
        *((text, 14.5) for text in ("10-19", "Oct-19", "19-Oct", "Okt 19", "2019-10-01", "10/19/2025", "01.10.2019")),
        *((text, 24.5) for text in ("20-29", "20–29")),
    ],
)
def test_fairface_reads_age_ranges_that_a_spreadsheet_made_dates(tmp_path, written, meant):
    root = layouts.fairface(tmp_path)
    table = root / "fairface_label_train.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("3-9", written), encoding="utf-8")
    assert open_reader("fairface", root).read().set_index("image_id").loc["train/2", "age"] == meant


def test_fairface_says_which_ages_it_read_back_from_dates(tmp_path):
    root = layouts.fairface(tmp_path)
    reader = open_reader("fairface", root)
    reader.read()
    assert not any("spreadsheet" in note for note in reader.notes)
    table = root / "fairface_label_train.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("3-9", "03-Sep").replace("50-59", "50 – 59"), "utf-8")
    reader.read()
    (note,) = (note for note in reader.notes if "spreadsheet" in note)
    assert "turned 1 ages into dates" in note and "03-Sep is 3-9" in note and "59" not in note


@pytest.mark.skipif(not FAIRFACE.is_dir(), reason="needs the FairFace photographs in ../shared/data/fairface")
def test_the_first_400_pictures_of_fairface_are_read_with_the_ages_that_a_spreadsheet_spoiled():
    reader = open_reader("fairface", FAIRFACE)
    rows = reader.read()
    assert len(rows) == 400 and rows["group"].nunique() == 7
    assert (rows["age"] == 6).sum() == 42 and (rows["age"] == 14.5).sum() == 40 and rows["age"].isna().sum() == 3
    assert any("turned 82 ages into dates" in note for note in reader.notes)


@pytest.mark.parametrize("written", ["", "Apr-03", "3-Mar", "2019", "seven", "70"])
def test_fairface_refuses_an_age_that_is_no_range_and_names_its_line(tmp_path, written):
    root = layouts.fairface(tmp_path)
    table = root / "fairface_label_train.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("3-9", written), encoding="utf-8")
    with pytest.raises(InputError, match=rf"fairface_label_train\.csv, line 3[\s\S]*age '{written}' for train/2\.jpg"):
        open_reader("fairface", root).read()


def test_fairface_reads_a_table_that_a_spreadsheet_saved_with_semicolons(tmp_path):
    root = layouts.fairface(tmp_path)
    table = root / "fairface_label_train.csv"
    table.write_bytes(table.read_text(encoding="utf-8").replace(",", ";").replace("\n", ";;\r\n").encode("utf-8-sig"))
    assert len(open_reader("fairface", root).read()) == 3


def test_fairface_names_missing_pictures(tmp_path):
    root = layouts.fairface(tmp_path)
    (root / "fairface-img-margin025-trainval" / "train" / "1.jpg").unlink()
    with pytest.raises(InputError, match=r"1 pictures that are not there \(train/1\.jpg\)"):
        open_reader("fairface", root).read()


def test_utkface_reads_its_misspelt_names_and_leaves_the_unknown_unknown(tmp_path):
    reader = open_reader("utkface", layouts.utkface(tmp_path))
    rows = reader.read().set_index("image_id")[["age", "gender", "group"]]
    assert {name[:4]: tuple(row) for name, row in zip(rows.index, rows.to_numpy(), strict=True)} == {
        "26_1": (26.0, "female", "asian"),
        "100_": (100.0, "male", "white"),
        "61_1": (61.0, "female", ""),
        "24_0": (24.0, "male", "black"),
        "55_0": (55.0, "male", "white"),
        "44_1": (44.0, "female", "other"),
    }
    assert "Left out: 1 pictures of other names (holiday.jpg)." in reader.notes
    assert "1 published names lack the group; it is unknown there." in reader.notes
