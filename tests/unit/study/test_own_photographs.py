"""Photographs of one's own in notebook 05: which are shown, which are scored, and what is compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from facefair_lib.data.grid import grid_note
from facefair_lib.experiments.people import own_photographs
from facefair_lib.settings.labels import EMOTIONS, GROUPS, INDEX, NUM_CLASSES, encode
from facefair_lib.tables.experiment import emotion_table, gap_table, group_table, nine_table

NINE = [(group, emotion) for group in GROUPS for emotion in EMOTIONS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures 00.png to 29.png, a mask with a face and one without."""
    generator = np.random.default_rng(0)
    for number in range(30):
        Image.fromarray(generator.integers(0, 256, (12, 10, 3), np.uint8)).save(tmp_path / f"{number:02d}.png")
    face = np.full((12, 10), INDEX["face"], np.uint8)
    Image.fromarray(encode(face, "paper")).save(tmp_path / "face.png")
    Image.fromarray(encode(np.full_like(face, INDEX["hair"]), "paper")).save(tmp_path / "hair.png")
    return tmp_path


def table(folder: Path, lines: list[str], header: str = "image,subject,group,emotion,mask") -> Path:
    path = folder / "photos.csv"
    rows = [f"{number:02d}.png,{line}" for number, line in enumerate(lines)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_first_of_each_cell_is_shown_where_all_nine_are_filled_and_all_others_are_scored(folder: Path) -> None:
    cells = [*NINE, *NINE, ("latino", "neutral"), ("", "")]
    lines = [f"p{n},{group},{emotion},face.png" for n, (group, emotion) in enumerate(cells)]
    people = own_photographs(table(folder, lines), 16)
    assert people.shown.table["image_id"].tolist() == [f"{n:02d}" for n in range(9)]
    assert sorted(map(int, people.scored.table["image_id"])) == list(range(9, 20))
    assert people.scored.table.iloc[-1][["group", "emotion"]].tolist() in (
        ["latino", "neutral"],
        ["unknown", "unknown"],
    )


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("image,subject,group,emotion,mask", "p,Black,neutral,face.png"),
        ("image,subject,group,emotion,mask", "p,,,face.png"),
        ("image,subject,mask", "p,face.png"),
    ],
)
def test_without_the_nine_cells_nothing_is_shown_and_every_picture_with_a_mask_is_scored(
    folder: Path, header: str, line: str
) -> None:
    people = own_photographs(table(folder, [line] * 3, header), 16)
    assert people.shown.table.empty and len(people.scored.table) == 3
    assert people.table["matched_set"].tolist() == people.table["subject_id"].tolist(), "nobody is matched"
    counts = {"deeplabv3": np.ones((3, NUM_CLASSES, NUM_CLASSES), np.int64)}
    assert nine_table(counts, people.table)["deeplabv3_iou"].notna().all()
    assert nine_table({"deeplabv3": counts["deeplabv3"][:0]}, people.shown.table).empty
    assert set(group_table(counts, people.table, replicates=20)["n_images"]) == {3}
    gaps = gap_table(counts, people.table, replicates=20, permutations=20)
    assert set(gaps["feature"]) == {"group", "emotion"} and gaps["gap"].isna().all()


def test_a_table_without_emotions_keeps_its_groups_and_says_what_is_left_out(folder: Path) -> None:
    lines = [f"p{n},{group},face.png" for n, group in enumerate(["East Asian"] * 12 + ["white"] * 12)]
    people = own_photographs(table(folder, lines, "image,subject,group,mask"), 16)
    assert people.shown.table.empty and set(people.table["emotion"]) == {"unknown"}
    assert "leaves out Tables II to IV" in grid_note(people.table) and "compares the groups" in grid_note(people.table)
    counts = {"pspnet": np.ones((24, NUM_CLASSES, NUM_CLASSES), np.int64)}
    assert set(group_table(counts, people.scored.table, replicates=20)["group"]) == {"East Asian", "white"}
    assert emotion_table(counts, people.scored.table, replicates=20).empty
    gaps = gap_table(counts, people.scored.table, replicates=20, permutations=20).set_index("feature")["gap"]
    assert gaps["group"].notna().any() and gaps["emotion"].isna().all()


def test_a_mask_without_a_face_is_named_and_not_scored(folder: Path) -> None:
    people = own_photographs(table(folder, ["p,face.png", "p,hair.png", "q,"], "image,subject,mask"), 16)
    assert people.faceless == ("01",) and people.scored.table["image_id"].tolist() == ["00"]


def test_people_of_whom_a_feature_is_unknown_are_not_compared_by_it() -> None:
    counts, people = many_people()
    unknown = people.assign(group=people["group"].where(people["group"] != "c", "unknown"))
    with_them = gap_table({"pspnet": counts}, unknown, features=["group"], replicates=50, permutations=50)
    kept = (people["group"] != "c").to_numpy()
    without = gap_table({"pspnet": counts[kept]}, people[kept], features=["group"], replicates=50, permutations=50)
    pd.testing.assert_frame_equal(with_them, without)
    assert "unknown" not in set(with_them["best"]) | set(with_them["worst"])


def test_a_few_people_with_several_emotions_are_left_out_of_that_comparison_alone() -> None:
    counts, people = many_people()
    people.loc[1, "subject_id"] = people.loc[0, "subject_id"]  # one of 36 is seen in two groups
    assert people.loc[:1, "group"].nunique() == 2
    mixed = gap_table({"pspnet": counts}, people, features=["group"], replicates=50, permutations=50)
    rest = gap_table({"pspnet": counts[2:]}, people.iloc[2:], features=["group"], replicates=50, permutations=50)
    pd.testing.assert_frame_equal(mixed, rest)
    assert mixed["p_value"].notna().any()


def many_people() -> tuple[np.ndarray, pd.DataFrame]:
    """(36, 11, 11) counts of 36 people, twelve of each group."""
    counts = np.random.default_rng(1).integers(1, 50, (36, NUM_CLASSES, NUM_CLASSES))
    names = [f"s{n}" for n in range(36)]
    people = pd.DataFrame({"image_id": names, "subject_id": names, "group": ["a", "b", "c"] * 12})
    return counts, people
