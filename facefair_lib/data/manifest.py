"""The manifest: one row per image, the same columns for every data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.store.results import reading, replacing

REQUIRED = ("image_id", "image_path", "source", "folder", "subject_id")
OPTIONAL_TEXT = ("label_path", "category", "group", "gender", "emotion", "light")
NUMBERS = ("age", "skin_tone", "yaw")
COLUMNS = (
    "image_id",
    "image_path",
    "label_path",
    "source",
    "category",
    "folder",
    "subject_id",
    "group",
    "gender",
    "age",
    "emotion",
    "skin_tone",
    "yaw",
    "light",
)
"""Columns of a manifest, in order. Unknown: "" in text, NaN in age (years), skin_tone (Monk 1-10) and yaw (degrees)."""

CATEGORIES = ("male", "female", "real", "multi", "")
"""The course paper's four groups of folders; "" for data sets that have no such groups."""


def make_manifest(rows: Iterable[Mapping[str, Any]], where: object = "manifest") -> pd.DataFrame:
    """Build a checked manifest from one mapping per image.

    Parameters
    ----------
    rows : mappings with at least the ``REQUIRED`` columns; optional ones that are left out become "" or NaN.
        Paths are POSIX and relative to the data set's root
    where : what the rows were read from, for error messages

    Returns
    -------
    DataFrame with ``COLUMNS``, sorted by image_id, index 0..N-1

    Raises
    ------
    InputError
        as ``check_manifest``
    """
    frame = pd.DataFrame(list(rows))
    unknown = {**dict.fromkeys(OPTIONAL_TEXT, ""), **dict.fromkeys(NUMBERS, float("nan"))}
    return check_manifest(frame.assign(**{name: unknown[name] for name in unknown if name not in frame}), where)


def check_manifest(frame: pd.DataFrame, where: object) -> pd.DataFrame:
    """Check a manifest once, on entry, and return it in canonical form.

    Parameters
    ----------
    frame : columns ``COLUMNS`` in any order; further columns (row, split) are kept after them
    where : file or data set the frame came from, named in every message

    Returns
    -------
    DataFrame with text columns as ``str``, numbers as float64, sorted by image_id, index 0..N-1

    Raises
    ------
    InputError
        if it is empty, lacks a column or a required value, repeats an image_id, names an unknown category, or holds a
        path that is absolute or leaves the root, or text where a number belongs
    """
    if frame.empty:
        raise InputError(where, found="no images", expected="at least one image", do="check the data set's folder")
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise InputError(
            where,
            found=f"no column {', '.join(missing)}",
            expected=f"the columns {', '.join(COLUMNS)}",
            do="build it with facefair_lib.data.manifest.make_manifest, or prepare the data again",
        )
    extra = [column for column in frame.columns if column not in COLUMNS]
    result = _typed(frame[[*COLUMNS, *extra]].copy(), where)
    _check_values(result, where)
    result = result.sort_values("image_id", kind="stable", ignore_index=True)
    result.attrs = dict(frame.attrs)
    return result


def _typed(frame: pd.DataFrame, where: object) -> pd.DataFrame:
    for column in (*REQUIRED, *OPTIONAL_TEXT):
        frame[column] = frame[column].fillna("").astype(str)
    for column in NUMBERS:
        points = frame[column].map(lambda value: value.replace(",", ".") if isinstance(value, str) else value)
        numbers = pd.to_numeric(points.replace("", float("nan")), errors="coerce")
        wrong = ~np.isfinite(numbers) & frame[column].notna() & (frame[column].astype(str) != "")
        if wrong.any():
            row = frame[wrong].iloc[0]
            raise InputError(
                where,
                found=f"{column} {row[column]!r} for {row['image_id']}",
                expected="a number, or an empty cell where it is unknown",
                do="correct the value",
            )
        frame[column] = numbers.astype("float64")
    return frame


def _check_values(frame: pd.DataFrame, where: object) -> None:
    for column in ("image_id", "image_path", "source", "subject_id"):
        empty = frame[frame[column] == ""]
        if len(empty):
            row = empty.iloc[0]
            raise InputError(
                where,
                found=f"an empty {column} (image {row['image_id'] or row['image_path']!r})",
                expected=f"a value of {column} in every row",
                do="fill it in",
            )
    repeated = frame.loc[frame["image_id"].duplicated(), "image_id"]
    if len(repeated):
        raise InputError(
            where,
            found=f"{len(repeated)} repeated image_id, first {repeated.iloc[0]!r}",
            expected="each image_id once",
            do="remove one of the pictures, or give it another name",
        )
    strange = frame.loc[~frame["category"].isin(CATEGORIES), ["image_id", "category"]]
    if len(strange):
        raise InputError(
            where,
            found=f"category {strange['category'].iloc[0]!r} for {strange['image_id'].iloc[0]}",
            expected=f"one of {', '.join(repr(name) for name in CATEGORIES)}",
            do="correct the category",
        )
    for path in pd.concat([frame["image_path"], frame["label_path"]]):
        if not is_inside(path):
            raise InputError(
                where,
                found=f"the path {path!r}",
                expected="a POSIX path relative to the data set's folder, inside it",
                do="move the file into the data set's folder and give its relative path",
            )


def is_inside(path: str) -> bool:
    """Whether a path is relative and stays inside its root, whichever slashes it is written with."""
    # A backslash alone proves nothing: it may be part of a name, or the escape of a byte that is not text.
    windows = PureWindowsPath(path)
    return not (PurePosixPath(path).is_absolute() or windows.anchor or ".." in windows.parts)


def save_manifest(frame: pd.DataFrame, path: Path, root: Path) -> Path:
    """Save a manifest as Parquet; the data set's root is recorded beside it, the paths stay relative."""
    frame = check_manifest(frame, path)
    frame.attrs["root"] = Path(root).as_posix()
    with replacing(path) as temporary, temporary.open("wb") as file:
        frame.to_parquet(file, index=False)
    return path


def load_manifest(path: Path, root: Path | None = None) -> pd.DataFrame:
    """Load a saved manifest.

    Parameters
    ----------
    path : the Parquet file
    root : the data set's folder if it has been moved since; None keeps the recorded one

    Returns
    -------
    DataFrame as ``check_manifest`` gives it, with ``attrs["root"]``

    Raises
    ------
    InputError
        if the file is missing, is not Parquet or is not a manifest
    """
    from pyarrow import parquet  # slow to import and rarely needed

    do = "run the data preparation again"
    with reading(path, do), path.open("rb") as file:  # pyarrow takes no path that is not UTF-8
        parquet.read_table(file).validate(full=True)  # pandas would look at the text only when it is used
        file.seek(0)
        frame = pd.read_parquet(file)
    frame = check_manifest(frame, path)
    if root is not None:
        frame.attrs["root"] = Path(root).as_posix()
    return frame
