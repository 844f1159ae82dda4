"""What all tables share: the check of their input, and small steps of building them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.scores.confusion import check_counts
from facefair_lib.scores.resampling import percentile_interval
from facefair_lib.settings import labels

CountsByModel = Mapping[str, np.ndarray]
SCORE_COLUMNS = ["metric", "value", "low", "high", "n_images", "n_subjects"]


def check_tables(counts_by: Mapping, images: pd.DataFrame, columns: Sequence[str] = ()) -> None:
    """Raise `InputError` unless counts and table describe the same images and no label is missing.

    Parameters
    ----------
    counts_by : name -> (N, 11, 11) integer counts
    images : table of the images
    columns : columns it must have besides image_id and subject_id
    """
    wanted = ("image_id", "subject_id", *columns)
    absent = [column for column in wanted if column not in images]
    if absent:
        raise InputError(
            "table of images",
            found=f"no column {', '.join(absent)} among {', '.join(map(str, images.columns))}",
            expected=", ".join(wanted),
            do="join the table with the manifest by image_id",
        )
    for name, counts in counts_by.items():
        title = f"counts of {name if isinstance(name, str) else ' / '.join(name)}"
        expected = (len(images), labels.NUM_CLASSES, labels.NUM_CLASSES)
        if check_counts(counts, title).shape != expected:
            raise InputError(
                title,
                found=f"shape {counts.shape} beside a table of {len(images)} images",
                expected=f"shape {expected}",
                do="use the table that was written with these counts, in the same order",
            )
    for column in wanted:
        missing = images["image_id"][images[column].isna()]
        if len(missing):
            raise InputError(
                "table of images",
                found=f"no {column} for {len(missing)} images, the first is {missing.iloc[0]}",
                expected=f"a {column} for every image",
                do="complete the table, or leave these images out",
            )
    twice = images["image_id"][images["image_id"].duplicated()]
    if len(twice):
        raise InputError(
            "table of images",
            found=f"{len(twice)} repeated image_id, the first is {twice.iloc[0]}",
            expected="one row per image",
            do="remove the repeated rows and their counts",
        )


def label_rows(table: pd.DataFrame, **names: str) -> pd.DataFrame:
    """Put constant columns in front."""
    return pd.concat([pd.DataFrame(names, index=table.index), table], axis=1)


def per_model(by_model: Mapping[str, np.ndarray], table_of: Callable[[np.ndarray], pd.DataFrame]) -> pd.DataFrame:
    """Stack the tables that a function makes of each model's counts or masks, with the column model in front."""
    tables = [label_rows(table_of(values), model=model) for model, values in by_model.items()]
    return pd.concat(tables, ignore_index=True)


def stacked(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Stack tables and keep these columns; no tables give an empty one."""
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def interval_bounds(replicates: np.ndarray, n_subjects: int) -> tuple[float, float]:
    """Percentile interval of replicates (B,), expanded for few subjects; NaN for fewer than two subjects."""
    interval = percentile_interval(replicates, people=n_subjects)
    return interval.low, interval.high


def own_group(people: pd.DataFrame) -> np.ndarray:
    """Which pictures show a base identity with the morphology of its own group, (N,) bool."""
    own = people[people["design"] == "tone"].groupby("subject_id")["group"].first()
    return (people["group"] == people["subject_id"].map(own)).to_numpy()


def on_curve(people: pd.DataFrame) -> np.ndarray:
    """Which pictures show a base identity as its own group, at any tone, with the usual camera, (N,) bool."""
    return own_group(people) & people["design"].isin(["factorial", "tone"]).to_numpy()
