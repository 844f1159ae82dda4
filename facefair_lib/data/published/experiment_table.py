"""From a data set of posed emotions to the table of photographs that the experiment reads.

The experiment compares three groups with three emotions, the grid of the course paper's Table II. Data sets use their
own words for groups; which word stands for which row of the grid is defined here and nowhere else. A set that names no
emotions fills no grid: its photographs are chosen by its own groups, as it labels them.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from facefair_lib.data.grid import cells, missing_cells, with_one_spelling
from facefair_lib.data.readers.base import Reader
from facefair_lib.data.readers.files import place_in
from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import EMOTIONS, GROUPS
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.results import replacing, write_csv

GROUP_OF_WORD: Mapping[str, str] = MappingProxyType(
    {
        "asian": "asian",
        "japanese": "asian",
        "east asian": "asian",
        "southeast asian": "asian",
        "black": "black",
        "white": "caucasian",
        "caucasian": "caucasian",
    }
)
"""A data set's word -> row of the grid. Other words (indian, latino, moroccan, multiracial) are in no row."""

COLUMNS = ("image", "subject", "group")
_KNOWN = ("gender", "age")
PER_CELL, PER_GROUP = 1, 100
"""Default number of pictures of each group and emotion, and of each group where a set names no emotions."""


def experiment_table(reader: Reader, per_cell: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Choose photographs for the grid of groups and emotions, or for the set's own groups where it names no emotions.

    Each cell takes ``per_cell`` people, one picture each. A person who is already in another cell is taken only if
    nobody else is left, so that with one per cell nine people are shown, as in the course paper.

    Parameters
    ----------
    reader : an opened data set whose manifest names groups
    per_cell : pictures per cell, or per group without emotions; 0 takes all, None ``PER_CELL`` or ``PER_GROUP``
    seed : other seeds choose other people

    Returns
    -------
    DataFrame with image (relative to ``reader.root``), subject, group and, where known, emotion, gender and age; sorted
    by group, emotion and image. Cells that the data set cannot fill are absent.

    Raises
    ------
    InputError
        if no picture falls into any cell: says which groups and emotions the data set has
    """
    manifest = reader.read()
    rows = reader.portraits(manifest)
    rows = rows.assign(group=rows["group"].str.lower(), emotion=rows["emotion"].str.lower())
    posed = bool((manifest["emotion"] != "").any())
    if posed:
        rows = rows.assign(group=rows["group"].map(GROUP_OF_WORD))
        rows = rows[rows["group"].notna() & rows["emotion"].isin(EMOTIONS)]
    rows = rows[rows["group"] != ""]
    if rows.empty:
        raise InputError(
            reader.root,
            found=f"groups {_words(manifest['group'])}; emotions {_words(manifest['emotion'])}",
            expected=f"pictures of {', '.join(GROUPS)} people who look {', '.join(EMOTIONS)}; or groups alone",
            do="choose a data set of posed emotions (jaffe, rafd, cfd, or ckplus with a table of people) or fairface",
        )
    if per_cell is None:
        per_cell = PER_CELL if posed else PER_GROUP
    chosen = rows.loc[_choose(rows, per_cell, seed)] if per_cell else rows
    subject = f"{reader.name}-" + chosen["subject_id"]
    table = pd.DataFrame({"image": chosen["image_path"], "subject": subject, "group": chosen["group"]})
    for column in ("emotion", *_KNOWN):
        known = chosen[column].notna() & (chosen[column] != "")
        if known.any():
            table[column] = chosen[column]
    return table.sort_values([name for name in ("group", "emotion", "image") if name in table], ignore_index=True)


def _choose(rows: pd.DataFrame, per_cell: int, seed: int) -> list[int]:
    """Index labels of the chosen pictures; cells with the fewest people choose first."""
    generator = np.random.default_rng(seed)
    people = sorted(rows["subject_id"].unique())
    rank = dict(zip(people, generator.permutation(len(people)).tolist(), strict=True))
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    numbered = rows.assign(row=rows.index)
    in_cells = numbered.groupby(["group", "emotion"])
    for _, cell in sorted(in_cells, key=lambda cell: (cell[1]["subject_id"].nunique(), cell[0])):
        first_picture = cell.sort_values("image_path").drop_duplicates("subject_id").set_index("subject_id")
        people = sorted(first_picture.index, key=lambda person: (taken[person], rank[person]))[:per_cell]
        chosen += first_picture.loc[people, "row"].tolist()
        taken.update(people)
    return chosen


def _words(column: pd.Series) -> str:
    return ", ".join(sorted(set(column) - {""})) or "(not labelled)"


def read_experiment_table(path: Path) -> pd.DataFrame:
    """Read a table of photographs that may have been edited since, with groups and emotions as the grid spells them.

    Without a column emotion there is none in the result either.

    Raises
    ------
    InputError
        as ``read_spreadsheet``
    """
    return with_one_spelling(read_spreadsheet(path, COLUMNS, ("emotion",)))


def save_photos(table: pd.DataFrame, reader: Reader, out: Path, *, copy: bool = False, append: bool = False) -> int:
    """Write an experiment table as the CSV that the study reads.

    Parameters
    ----------
    table : from ``experiment_table``
    out : the CSV; its paths are relative to its folder
    copy : whether to copy the pictures to ``<out's stem>_pictures/<reader's name>/`` beside the CSV
    append : whether to keep the rows of an existing CSV and add pictures only for its empty cells, so that several data
        sets fill one grid

    Returns
    -------
    number of rows of the CSV

    Raises
    ------
    InputError
        if the pictures are not below the CSV's folder and are not copied, the CSV exists and is not appended to, or no
        picture is for an empty cell
    """
    if out.exists() and not append:
        raise InputError(
            out,
            found="a file of that name",
            expected="a new file",
            do="choose another name, or add --append to add the pictures to it",
        )
    before = read_experiment_table(out) if out.exists() else None
    if before is not None:
        table = _for_empty_cells(table, before, out)
    rows = table.assign(image=_places(table["image"], reader, out, copy))
    if copy:
        for source, place in zip(table["image"], rows["image"], strict=True):
            with replacing(out.parent / place) as temporary:
                shutil.copyfile(reader.file(source), temporary)
    if before is not None:
        rows = pd.concat([before, rows], ignore_index=True).fillna("")
    write_csv(out, rows)
    return len(rows)


def _places(images: pd.Series, reader: Reader, out: Path, copy: bool) -> list[str]:
    """Paths of the pictures relative to the CSV's folder."""
    if copy:
        return [f"{out.stem}_pictures/{reader.name}/{image}" for image in images]
    root, folder = reader.root.resolve(), out.parent.resolve()
    if not root.is_relative_to(folder):
        raise InputError(
            out,
            found=f"pictures in {path_text(reader.root)}, outside the table's folder",
            expected="a table in the folder of the pictures or above it, because its paths are relative to its folder",
            do=f"write {path_text(reader.root / out.name)} instead, or add --copy to copy the pictures beside it",
        )
    return [place_in(folder, root / image) for image in images]


def _for_empty_cells(table: pd.DataFrame, before: pd.DataFrame, out: Path) -> pd.DataFrame:
    empty = missing_cells(before)
    rows = table[[cell in empty for cell in cells(table)]]
    if rows.empty:
        raise InputError(
            out,
            found=f"empty cells {', '.join(empty) or '(none)'}, for which this data set has no picture",
            expected="a data set that fills an empty cell",
            do="append pictures of another data set, or write a new table",
        )
    return rows
