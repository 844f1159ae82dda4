"""Invented tables with faults that real ones have: a paper's scores, and a census of a data set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.reproduction.table_checks import f1_ceiling, iou_floor

_SHARES = ["precision", "recall", "f1", "iou", "accuracy"]
STEP = 0.1
"""The table's last digit, per cent."""


def possible_share(percent: float, number: int, decimals: int) -> bool:
    """Whether some whole number out of ``number``, as a rounded percentage, reads ``percent``."""
    shares = 100 * np.arange(number + 1) / number
    return bool((np.abs(shares - percent) <= 0.5 * 10.0**-decimals + 1e-9).any())


def imaginary_table() -> pd.DataFrame:
    """Six methods that find hair or none in pictures: per cent with one decimal, index = row.

    Returns
    -------
    columns method, images, found (share of the images in which any hair was found), precision, recall, f1, iou,
    accuracy
    """
    rows = [
        _row("A", 240, 213, 0.85, 0.80, 0.30),
        _row("B", 240, 221, 0.88, 0.84, 0.30, iou=61.2),
        _row("C", 240, 230, 0.41, 0.92, 0.30),
        _row("D", 240, 217, 0.72, 0.81, 0.30, f1=79.4),
        {**_row("E", 9, 8, 0.90, 0.87, 0.30), "found": 85.0},
        _row("F", 45, 41, 0.93, 0.67, 0.30),
    ]
    return pd.DataFrame(rows).set_index("row")


def imaginary_census() -> pd.DataFrame:
    """Who is in the pictures of a data set in which one cell has only two people, photographed often.

    Returns
    -------
    columns person, group, emotion; one row per picture
    """
    people = {("asian", "happy"): 9, ("asian", "sad"): 8, ("black", "happy"): 9, ("black", "sad"): 2}
    people |= {("caucasian", "happy"): 9, ("caucasian", "sad"): 9}
    pictures = {("black", "sad"): 18}
    rows = [
        (f"{group}-{emotion}-{person}", group, emotion)
        for (group, emotion), number in people.items()
        for person in range(number)
        for _ in range(pictures.get((group, emotion), 4))
    ]
    return pd.DataFrame(rows, columns=["person", "group", "emotion"])


def faulty_rows(table: pd.DataFrame) -> set[str]:
    """Rows whose printed values cannot be rounded true ones."""
    return {row for row, values in table.iterrows() if _is_faulty(values)}


def _row(
    name: str, images: int, found: int, precision: float, recall: float, share: float, **planted: float
) -> dict[str, object]:
    """A row in which everything follows from one table of counts, except what is planted."""
    hit = recall * share
    errors = share - hit + hit * (1 - precision) / precision
    f1 = f1_ceiling(precision, recall)
    scores = dict(zip(_SHARES, (precision, recall, f1, iou_floor(f1), 1 - errors), strict=True))
    printed = {key: round(100 * value, 1) for key, value in scores.items()}
    if "f1" in planted:  # the IoU fits the F1 that is printed, so that only one thing is wrong
        printed["iou"] = round(100 * iou_floor(planted["f1"] / 100), 1)
    return {
        "row": name, "method": f"Method {name}", "images": images, "found": round(100 * found / images, 1),
        **printed, **planted,
    }  # fmt: skip


def _is_faulty(values: pd.Series) -> bool:
    half = STEP / 2
    precision, recall, f1, iou = (values[key] for key in ("precision", "recall", "f1", "iou"))
    ceiling = 100 * f1_ceiling((precision + half) / 100, (recall + half) / 100)
    floor = 100 * iou_floor((f1 - half) / 100)
    return bool(
        f1 - half > ceiling
        or iou + half < floor
        or iou - half > f1 + half
        or not possible_share(values["found"], values["images"], 1)
    )
