from __future__ import annotations

from pathlib import Path

import pandas as pd
import published_layouts as layouts
import pytest

from facefair_lib.data.grid import grid_note, missing_cells, names_emotions
from facefair_lib.data.published.experiment_table import experiment_table, save_photos
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError


def cells(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    return table.groupby(["group", "emotion"]).size().to_dict()


def test_each_cell_takes_one_picture_of_a_person_of_its_own(tmp_path):
    table = experiment_table(open_reader("jaffe", layouts.jaffe(tmp_path)))
    assert cells(table) == {("asian", "angry"): 1, ("asian", "happy"): 1, ("asian", "sad"): 1}
    assert table["subject"].nunique() == 3
    assert table["subject"].str.startswith("jaffe-").all()


def test_a_person_stands_in_two_cells_only_where_nobody_else_is_left(tmp_path):
    root = layouts.rafd(tmp_path)
    table = experiment_table(open_reader("rafd", root))
    # Moroccan people are in no row of the grid, so two people share three cells.
    assert cells(table) == dict.fromkeys([("caucasian", emotion) for emotion in ("angry", "happy", "sad")], 1)
    assert table["subject"].value_counts().tolist() == [2, 1]


def test_all_pictures_of_a_cell_can_be_taken(tmp_path):
    table = experiment_table(open_reader("jaffe", layouts.jaffe(tmp_path)), per_cell=0)
    assert cells(table) == {("asian", "angry"): 2, ("asian", "happy"): 2, ("asian", "sad"): 2}
    assert table["image"].is_unique


def test_another_seed_chooses_other_people_and_the_same_seed_the_same(tmp_path):
    reader = open_reader("jaffe", layouts.jaffe(tmp_path))
    chosen = {seed: tuple(experiment_table(reader, seed=seed)["image"]) for seed in range(8)}
    assert chosen[3] == tuple(experiment_table(reader, seed=3)["image"])
    assert len(set(chosen.values())) > 1


def test_cells_that_a_set_cannot_fill_are_named(tmp_path):
    table = experiment_table(open_reader("cfd", layouts.cfd(tmp_path)))
    assert cells(table) == {
        ("asian", "angry"): 1,
        ("black", "angry"): 1,
        ("black", "happy"): 1,
        ("caucasian", "happy"): 1,
    }
    assert missing_cells(table) == ["asian sad", "asian happy", "black sad", "caucasian sad", "caucasian angry"]


def test_ckplus_fills_the_grid_with_a_table_of_people(tmp_path):
    root = layouts.ckplus(tmp_path)
    (root / "people.csv").write_text("subject,group,age\nS005,asian,30\nS010,White,41\n", encoding="utf-8")
    table = experiment_table(open_reader("ckplus", root, people="people.csv"))
    assert table.to_dict("records") == [
        {
            "image": "cohn-kanade-images/S010/004/S010_004_00000019.png",
            "subject": "ckplus-S010",
            "group": "caucasian",
            "emotion": "happy",
            "age": 41.0,
        }
    ]


def test_a_set_without_emotions_gives_as_many_pictures_of_each_of_its_own_groups(tmp_path):
    reader = open_reader("fairface", many_of_fairface(tmp_path))
    table = experiment_table(reader, per_cell=3)
    assert table["group"].value_counts().to_dict() == {"black": 3, "latino hispanic": 3, "white": 2}
    assert "emotion" not in table and table["age"].notna().all() and set(table["gender"]) == {"female"}
    assert len(experiment_table(reader, per_cell=0)) == 12
    assert set(experiment_table(reader, per_cell=3, seed=1)["image"]) != set(table["image"])


def test_its_table_is_read_as_photographs_without_emotions_and_fills_no_cell_of_a_grid(tmp_path):
    reader = open_reader("fairface", many_of_fairface(tmp_path))
    table = experiment_table(reader, per_cell=1)
    assert save_photos(table, reader, tmp_path / "photos.csv") == 3
    manifest = open_reader("photos", tmp_path).read()
    assert set(manifest["group"]) == {"black", "latino hispanic", "white"} and set(manifest["emotion"]) == {""}
    assert not names_emotions(manifest) and "groups" in grid_note(manifest) and len(missing_cells(table)) == 9
    with pytest.raises(InputError, match="for which this data set has no picture"):
        save_photos(table, reader, tmp_path / "photos.csv", copy=True, append=True)


def test_a_set_without_groups_and_emotions_says_what_it_lacks(tmp_path):
    with pytest.raises(InputError, match=r"groups \(not labelled\); emotions \(not labelled\)[\s\S]*or fairface"):
        experiment_table(open_reader("lapa", layouts.lapa(tmp_path)))


def many_of_fairface(root: Path) -> Path:
    """Five pictures each of two groups, two of a third; a spreadsheet has spoiled the ages of one group."""
    groups = {"Black": ("03-Sep", 5), "Latino_Hispanic": ("20-29", 5), "White": ("Oct-19", 2)}
    lines = [(age, group) for group, (age, count) in groups.items() for _ in range(count)]
    rows = [f"train/{number}.jpg,{age},Female,{group},True" for number, (age, group) in enumerate(lines)]
    for number in range(len(rows)):
        layouts.picture(root / "train" / f"{number}.jpg", number)
    table = "\n".join(["file,age,gender,race,service_test", *rows]) + "\n"
    (root / "fairface_label_train.csv").write_text(table, encoding="utf-8")
    return root


def test_the_saved_table_is_what_the_photos_reader_takes(tmp_path):
    reader = open_reader("cfd", layouts.cfd(tmp_path))
    table = experiment_table(reader)
    assert save_photos(table, reader, tmp_path / "photos.csv") == 4
    manifest = open_reader("photos", tmp_path).read()
    by_image = table.set_index("CFD Version 3.0/" + table["image"])
    for column, name in (("subject_id", "subject"), ("group", "group"), ("emotion", "emotion"), ("gender", "gender")):
        assert manifest.set_index("image_path")[column].to_dict() == by_image[name].to_dict()


def test_pictures_outside_the_tables_folder_must_be_copied(tmp_path):
    reader = open_reader("jaffe", layouts.jaffe(tmp_path / "jaffe"))
    table, out = experiment_table(reader), tmp_path / "mine" / "faces.csv"
    with pytest.raises(InputError, match=r"outside the table's folder[\s\S]*jaffe/faces\.csv instead, or add --copy"):
        save_photos(table, reader, out)
    assert not out.exists()
    save_photos(table, reader, out, copy=True)
    manifest = open_reader("photos", out.parent, table="faces.csv").read()
    copied = [out.parent / path for path in manifest["image_path"]]
    assert all(path.is_file() for path in copied) and copied[0].parent == out.parent / "faces_pictures" / "jaffe"
    assert not list(tmp_path.rglob("*.partial"))


def test_several_sets_fill_one_grid_each_the_cells_that_are_still_empty(tmp_path):
    out = tmp_path / "photos.csv"
    for rows, name in ((3, "jaffe"), (6, "rafd"), (8, "cfd")):
        reader = open_reader(name, layouts.LAYOUTS[name](tmp_path / name))
        assert save_photos(experiment_table(reader), reader, out, copy=True, append=True) == rows
    joined = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert missing_cells(joined) == ["black sad"]
    assert joined["image"].str.split("/").str[1].tolist() == ["jaffe"] * 3 + ["rafd"] * 3 + ["cfd"] * 2
    assert len(open_reader("photos", tmp_path).read()) == 8
    with pytest.raises(InputError, match="empty cells black sad, for which this data set has no picture"):
        again = open_reader("jaffe", tmp_path / "jaffe")
        save_photos(experiment_table(again), again, out, copy=True, append=True)


def test_an_existing_table_is_not_overwritten(tmp_path: Path):
    reader = open_reader("jaffe", layouts.jaffe(tmp_path))
    out = tmp_path / "photos.csv"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="add --append"):
        save_photos(experiment_table(reader), reader, out)
    assert out.read_text(encoding="utf-8") == "mine"
