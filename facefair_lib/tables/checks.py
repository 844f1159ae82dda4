"""What all analysis tables share: the check of their input, and small steps of their making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        title = name if isinstance(name, str) else " / ".join(name)
        if check_counts(counts, f"counts of {title}").shape != (len(images), labels.NUM_CLASSES, labels.NUM_CLASSES):
            raise InputError(
                f"counts of {title}",
                found=f"shape {counts.shape} beside a table of {len(images)} images",
                expected=f"shape ({len(images)}, {labels.NUM_CLASSES}, {labels.NUM_CLASSES})",
                do="use the table that was written with these counts, in its order",
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
    """Put columns of one value in front."""
    return pd.concat([pd.DataFrame(names, index=table.index), table], axis=1)


def interval_bounds(replicates: np.ndarray, n_subjects: int) -> tuple[float, float]:
    """Take low and high, expanded for few subjects; one subject, or none, gives no spread and therefore NaN."""
    interval = percentile_interval(replicates, people=n_subjects)
    return interval.low, interval.high


def own_group(people: pd.DataFrame) -> np.ndarray:
    """Which pictures show a base identity in the morphology of the group that it is, (N,) bool."""
    own = people[people["design"] == "tone"].groupby("subject_id")["group"].first()
    return (people["group"] == people["subject_id"].map(own)).to_numpy()


def on_curve(people: pd.DataFrame) -> np.ndarray:
    """Which pictures show a base identity as the group that it is, at any tone, as the camera sees it, (N,) bool."""
    return own_group(people) & people["design"].isin(["factorial", "tone"]).to_numpy()
