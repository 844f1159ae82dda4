"""What the report may print: cells of a study's tables, each of which knows its source.

A table is named by its path within the profile's results, without suffix, such as ``04_metric_analysis/summary``;
``report/published`` and ``report/literature`` hold numbers of other papers. A keyword such as ``model="pspnet"`` keeps
the rows with this value in the column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.store.results import Stage, reading

_OTHER_PAPERS = "report"


@dataclass(frozen=True)
class Source:
    """Where a value comes from: a file, its lines (the header is line 1) and a column."""

    file: str
    row: str
    column: str


class _Sourced:
    source: Source

    def __new__(cls, value: float | str, source: Source) -> Self:
        made = super().__new__(cls, value)
        made.source = source
        return made


class Number(_Sourced, float):
    """A number that knows its source; NaN where the cell is empty."""


class Text(_Sourced, str):
    """A text that knows its source; numbers of other papers are texts, quoted as printed there."""


class Row(dict[str, Any]):
    """One row of a table; in a template its columns are attributes, ``row.value``."""

    def __init__(self, table: str, line: int, values: Mapping[str, Any]) -> None:
        super().__init__({column: _cell(value, Source(f"{table}.csv", str(line), column))
                          for column, value in values.items()})  # fmt: skip
        self.table, self.line = table, line

    def __missing__(self, column: str) -> Any:
        raise InputError(
            f"{self.table}.csv",
            found=f"the columns {', '.join(self)}",
            expected=f"also {column}",
            do="rerun the stage that writes this file",
        )


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, an empty text or NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


class Results:
    """The tables of one profile and of other papers, read once.

    Parameters
    ----------
    results_dir : ``results/<profile>``, or ``results/kept``
    report_dir : folder with ``published.csv`` and ``literature.csv``
    settings : the profile as nested plain values
    on_read : called with the path of every table of the study that is read
    """

    def __init__(
        self,
        results_dir: Path,
        report_dir: Path,
        settings: Mapping[str, Any] | None = None,
        on_read: Callable[[Path], None] | None = None,
    ) -> None:
        self.results_dir, self.report_dir = Path(results_dir), Path(report_dir)
        self.settings, self.on_read = settings or {}, on_read
        self._tables: dict[str, list[Row]] = {}

    def rows(self, table: str, **where: object) -> list[Row]:
        """Rows in the order of the file.

        Raises
        ------
        InputError
            if the table has not been written, or lacks a column of ``where``
        """
        if table not in self._tables:
            records = self._read(table).to_dict("records")
            self._tables[table] = [Row(table, line, values) for line, values in enumerate(records, start=2)]
        keys = {column.rstrip("_"): value for column, value in where.items()}
        return [row for row in self._tables[table] if all(_is(row[column], value) for column, value in keys.items())]

    def row(self, table: str, **where: object) -> Row:
        """Look up the one row with these values.

        Raises
        ------
        InputError
            if there is none or more than one
        """
        found = self.rows(table, **where)
        if len(found) != 1:
            wanted = ", ".join(f"{column.rstrip('_')}={value}" for column, value in where.items()) or "all columns"
            raise InputError(
                f"{table}.csv",
                found=f"{len(found)} rows with {wanted}",
                expected="one row",
                do="rerun the stage that writes this file",
            )
        return found[0]

    def cell(self, table: str, column: str, **where: object) -> Any:
        """Look up the value of a column in the one row with these values: a `Number`, a `Text` or a bool."""
        return self.row(table, **where)[column]

    def has(self, table: str, column: str | None = None, **where: object) -> bool:
        """Whether the study wrote the table, with such rows and, if a column is named, a value in one of them."""
        if not self._path(table).is_file():
            return False
        found = self.rows(table, **where)
        return any(column is None or not is_missing(row[column]) for row in found)

    def setting(self, key: str) -> Any:
        """Look up a dotted key of the profile, such as ``data.size``; lists and sections hold cells, too."""
        value: Any = self.settings
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise InputError(
                    f"setting {key!r}", found="no such key", expected="a setting of the profile", do="correct the key"
                )
            value = value[part]
        return _cell(value, Source(f"config/{self.settings['name']}.yaml", "", key))

    def _path(self, table: str) -> Path:
        folder, stem = table.rsplit("/", 1)
        return (self.report_dir if folder == _OTHER_PAPERS else self.results_dir / folder) / f"{stem}.csv"

    def _read(self, table: str) -> pd.DataFrame:
        path = self._path(table)
        if path.parent != self.report_dir:
            return Stage(path.parent, self.on_read).table(path.stem)
        restore = f"git checkout {path.name}"
        if not path.is_file():
            raise InputError(path, found="no such file", expected="a file of the repository", do=restore)
        with reading(path, restore):
            return pd.read_csv(path, dtype=str, keep_default_na=False)  # 40.70 stays 40.70


def _cell(value: Any, source: Source) -> Any:
    """Give a value its source, also within lists and sections; booleans, also as text, become plain ones."""
    if str(value) in ("True", "False"):
        return str(value) == "True"
    if isinstance(value, str):
        return Text(value, source)
    if isinstance(value, Mapping):
        return {key: _cell(part, _part(source, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_cell(part, _part(source, position)) for position, part in enumerate(value)]
    return value if value is None else Number(value, source)


def _part(source: Source, key: object) -> Source:
    return Source(source.file, source.row, f"{source.column}.{key}")


def _is(value: object, wanted: object) -> bool:
    """Whether two values are written alike, as 25, 25.0 and "25" are."""
    return _written(value) == _written(wanted)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def total(rows: Sequence[Row], column: str) -> Number:
    """Add up a column of counts."""
    return Number(sum(row[column] for row in rows), _source(rows, f"sum of {column}"))


def size(rows: Sequence[Row]) -> Number:
    """Count rows."""
    return Number(len(rows), _source(rows, "number of rows"))


def _source(rows: Sequence[Row], what: str) -> Source:
    """Source of a number computed from several rows of a table."""
    file = f"{rows[0].table}.csv" if rows else ""
    return Source(file, " ".join(str(row.line) for row in rows), what)
