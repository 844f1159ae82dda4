"""The grid of the experiment: three groups by three emotions, as in the course paper's Table II."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from facefair_lib.settings.labels import EMOTIONS, GROUPS

UNKNOWN = "unknown"
"""Stands for a group or an emotion that nobody has named: a value to count and to show, but not to compare."""


def cells(table: pd.DataFrame) -> list[str]:
    """Name the cell of each row, such as "black sad"; of no cell ("black ") where there is no column ``emotion``."""
    emotions = table["emotion"] if "emotion" in table else [""] * len(table)
    return [f"{group} {emotion}" for group, emotion in zip(table["group"], emotions, strict=True)]


def missing_cells(table: pd.DataFrame) -> list[str]:
    """Name the cells of the grid that a table with ``group`` and perhaps ``emotion`` leaves empty."""
    filled = set(cells(table))
    return [cell for group in GROUPS for emotion in EMOTIONS if (cell := f"{group} {emotion}") not in filled]


def names_emotions(table: pd.DataFrame) -> bool:
    """Whether the emotion of any photograph is known."""
    return "emotion" in table and not table["emotion"].isin(["", UNKNOWN]).all()


def grid_note(table: pd.DataFrame) -> str:
    """What notebook 05 shows of a table's photographs: the grid, or why not, and what it does without."""
    if not names_emotions(table):
        return (
            "No emotion is named. Notebook 05 leaves out Tables II to IV and what compares emotions; it judges every "
            "photograph, compares the groups, and scores the photographs with a mask."
        )
    missing = missing_cells(table)
    if not missing:
        return "Tables II to IV: each of the nine cells of groups and emotions has a photograph."
    shown = "all nine" if len(missing) == len(GROUPS) * len(EMOTIONS) else ", ".join(missing)
    return (
        f"Tables II to IV need a photograph of each of {', '.join(GROUPS)} with each of {', '.join(EMOTIONS)}; empty "
        f"cells: {shown}. Notebook 05 leaves these tables out, judges every photograph and scores those with a mask."
    )


def one_spelling(words: Sequence[str], known: Sequence[str]) -> list[str]:
    """Words that differ in capitals only are one word: as ``known`` spells it, or as it is first spelled here."""
    first = {word.lower(): word for word in known}
    return [first.setdefault(word.lower(), word) for word in words]
