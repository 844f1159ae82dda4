from __future__ import annotations

from pathlib import Path

import pandas as pd
import published_layouts as layouts
import pytest

from facefair_lib.data.published.experiment_table import experiment_table, missing_cells, save_photos
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
    table = experiment_table(open_reader("jaffe", layouts.jaffe(tmp_path)), per_cell=None)
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


def test_a_set_without_emotions_says_what_it_has(tmp_path):
    with pytest.raises(InputError, match=r"groups black, east asian, latino hispanic; emotions \(not labelled\)"):
        experiment_table(open_reader("fairface", layouts.fairface(tmp_path)))


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
