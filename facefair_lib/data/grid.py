"""The grid of the experiment: three groups by three emotions, as in the course paper's Table II."""

from __future__ import annotations

import pandas as pd

from facefair_lib.settings.labels import EMOTIONS, GROUPS

UNKNOWN = "unknown"
"""Stands for a group or an emotion that is not given: it is counted and shown, but not compared."""


def cells(table: pd.DataFrame) -> list[str]:
    """Name the cell of each row, such as "black sad"; "black " names no cell and stands for a missing emotion."""
    emotions = table["emotion"] if "emotion" in table else [""] * len(table)
    return [f"{group} {emotion}" for group, emotion in zip(table["group"], emotions, strict=True)]


def missing_cells(table: pd.DataFrame) -> list[str]:
    """Name the cells of the grid that a table with ``group`` and, optionally, ``emotion`` leaves empty."""
    filled = set(cells(table))
    return [cell for group in GROUPS for emotion in EMOTIONS if (cell := f"{group} {emotion}") not in filled]


def names_emotions(table: pd.DataFrame) -> bool:
    """Whether the emotion of any photograph is known."""
    return "emotion" in table and not table["emotion"].isin(["", UNKNOWN]).all()


def grid_note(table: pd.DataFrame) -> str:
    """What notebook 05 shows of a table's photographs: the grid, or why not, and what it does without."""
    if not names_emotions(table):
        return (
            "No emotion is named. Notebook 05 leaves out Tables II to IV and all comparisons of emotions; it judges "
            "every photograph, compares the groups, and scores the photographs with a mask."
        )
    missing = missing_cells(table)
    if not missing:
        return "Tables II to IV: each of the nine cells of groups and emotions has a photograph."
    shown = "all nine" if len(missing) == len(GROUPS) * len(EMOTIONS) else ", ".join(missing)
    return (
        f"Tables II to IV need a photograph for each of {', '.join(GROUPS)} with each of {', '.join(EMOTIONS)}; empty "
        f"cells: {shown}. Notebook 05 leaves these tables out, judges every photograph and scores those with a mask."
    )


def with_one_spelling(table: pd.DataFrame) -> pd.DataFrame:
    """Spell groups and emotions that differ in capitals only alike: as the grid does, or as the first row does."""
    for column, known in (("group", GROUPS), ("emotion", EMOTIONS)):
        if column in table:
            first = {word.lower(): word for word in known}
            table[column] = [first.setdefault(word.lower(), word) for word in table[column]]
    return table
