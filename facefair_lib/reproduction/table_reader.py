"""A published table of scores as people type it: a CSV with columns of scores, and others that name the row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError
from facefair_lib.reproduction.table_checks import SCORES
from facefair_lib.settings.path_text import path_text

COLUMNS: Mapping[str, str] = {**{name: name for name in SCORES}, "dice": "f1", "jaccard": "iou"}
"""Column of a file, in lower case -> score; Dice is another name for F1, Jaccard's index for IoU."""
_EMPTY = ("", "-", "–", "—")
_NUMBER = re.compile(r"-?(\d+[.,]?\d*|[.,]\d+)", re.ASCII)


class Number(NamedTuple):
    """A printed score: as a share, and the number of decimals printed in the table's own unit."""

    share: float
    decimals: int


@dataclass(frozen=True)
class ScoreTable:
    """A published table of N rows.

    Attributes
    ----------
    names : N, made of the columns that are not scores
    scores : N rows, columns ``SCORES``: shares, NaN where none is given
    decimals : score -> printed decimals, in the table's own unit
    percent : whether that unit is per cent
    """

    names: tuple[str, ...]
    scores: pd.DataFrame
    decimals: Mapping[str, int]
    percent: bool

    @classmethod
    def of(
        cls, names: Sequence[str], rows: Sequence[Mapping[str, Number | None]], *, percent: bool, decimals: int | None
    ) -> ScoreTable:
        """Make a table of printed numbers.

        Parameters
        ----------
        rows : score -> printed number, None or left out where none is given
        decimals : of every score; None takes the most found in its column, because spreadsheets drop trailing zeros
        """
        found = {name: [row[name] for row in rows if row.get(name) is not None] for name in SCORES}
        most = {name: max((number.decimals for number in numbers), default=0) for name, numbers in found.items()}
        shares = [{name: number.share for name, number in row.items() if number is not None} for row in rows]
        return cls(
            tuple(names),
            pd.DataFrame(shares, columns=list(SCORES), index=range(len(rows)), dtype=float),
            most if decimals is None else dict.fromkeys(SCORES, decimals),
            percent,
        )

    @property
    def unit(self) -> float:
        """A printed 1 as a share."""
        return 0.01 if self.percent else 1.0

    @property
    def steps(self) -> dict[str, float]:
        """Score -> unit of its last printed decimal, as a share."""
        return {name: self.unit * 10.0**-digits for name, digits in self.decimals.items()}


def read_number(text: str, subject: object, *, percent: bool) -> Number | None:
    """Read one printed score; None for a dash or an empty text, which mean that it is not given.

    Raises
    ------
    InputError
        about ``subject``, if the text is not a number or out of the range of a score
    """
    text = text.strip()
    if text in _EMPTY:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(
            subject, found=repr(text), expected="a number such as 48.18, or nothing",
            do="write the number alone, without signs and intervals; leave the cell empty if none is given",
        )  # fmt: skip
    digits = text.replace(",", ".")
    value, most = float(digits), 100 if percent else 1
    if not 0 <= value <= most:
        raise InputError(
            subject, found=f"the value {text}", expected=f"{'per cent' if percent else 'shares'} from 0 to {most}",
            do="if the table is in per cent, add --percent" if 1 < value <= 100 else "correct the value",
        )  # fmt: skip
    return Number(value / most, len(digits.partition(".")[2]))


def read_scores(path: Path, *, percent: bool = False, decimals: int | None = None) -> ScoreTable:
    """Read a CSV of published scores.

    Parameters
    ----------
    path : as for ``read_spreadsheet``; decimal points or commas; columns: any of ``COLUMNS``, and others, which name
        the row
    percent : values are per cent, not shares
    decimals : printed decimals; None takes the most found in each column

    Raises
    ------
    InputError
        if the file is unreadable, has no column of scores or no row, or a score is not a number from 0 to 1 (or 100)
    """
    table = read_spreadsheet(path, known=COLUMNS, nameless=True)
    columns, written = _score_columns(path, table.columns), table.attrs["written"]
    if table.empty:
        raise InputError(path, found="a header and nothing below it", expected="rows of scores", do="add them")
    names, rows = [], []
    for number, (line, cells) in enumerate(zip(table.index, table.to_dict("records"), strict=True), 1):
        named = [cell for column, cell in cells.items() if column not in columns and cell]
        names.append(", ".join(named) or f"row {number}")
        place = f"{path_text(path)}, line {line}"
        rows.append({
            score: read_number(cells[column], f"{place}, column {written[column]}", percent=percent)
            for column, score in columns.items()
        })  # fmt: skip
    return ScoreTable.of(names, rows, percent=percent, decimals=decimals)


def _score_columns(path: Path, header: Iterable[str]) -> dict[str, str]:
    """Column of the table -> the score that it holds."""
    columns = {name: COLUMNS[name] for name in header if name in COLUMNS}
    twice = [score for score in SCORES if list(columns.values()).count(score) > 1]
    if columns and not twice:
        return columns
    raise InputError(
        path, found=f"the columns {', '.join(header)}",
        expected=f"one column for {twice[0]}" if twice else f"at least one of {', '.join(COLUMNS)}",
        do="leave one of them out" if twice else "name the columns of the scores in the first line",
    )  # fmt: skip
