"""The results store: one folder per stage, tidy files, nothing half-written.

Every file is written under a temporary name in the same folder and renamed when complete, so that a reader sees the old
file or the new one and never a part. CSVs have a fixed float format and no timestamps: the same results give the same
bytes. Times are in files of their own (``TIMINGS``), which no other result depends on.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError

FLOAT_FORMAT = "%.6g"
TIMINGS = "timings"
"""Table of the times that a stage measured: the only one that another run does not reproduce."""
COMPLETE, SKIPPED = "complete", "skipped"
"""Values of ``write_status``."""
_NAMES = ("image_id", "kept_id", "removed_id", "folder")
"""Columns that are text even if all their cells are empty."""
_TEXT = frozenset(
    {
        *_NAMES,
        *("subject_id", "image_path", "label_path", "kept_path", "removed_path", "source", "category"),
        *("group", "emotion", "gender", "light", "level", "best", "worst", "contrast", "note", "reason", "title"),
    }
)
"""Columns that stay text even if they look like numbers: picture 00012 of CelebAMask-HQ is not picture 12, and person
1e3 of a user's table is not person 1000."""
_NUMBER = r"-?(?:inf|(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]\d{2,})?)|True|False|"
"""Numbers and booleans as ``write_csv`` writes them, absent ones as nothing. ``007``, ``NA`` and ``nan`` are therefore
text in every column."""
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PRINTED_NUMBER = re.compile(r"[+-][\d.,]*\d(e[+-]\d+)?")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it to ``path`` when the block ends without an error.

    The suffix is kept, because writers such as pandas and Pillow choose the format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp's files are readable by their owner only
        temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # the error of a full disk names no file
        raise
    finally:
        temporary.unlink(missing_ok=True)


AGAIN = "remove it and run the same command again, which makes it anew"


@contextlib.contextmanager
def reading(path: Path, do: str = AGAIN) -> Iterator[None]:
    """Turn whatever a format's library raises in the block into an `InputError` that names the file and what to do."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # every library raises errors of its own
        told = f"unreadable or damaged ({type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]})"
        raise InputError(
            path,
            found="no such file" if isinstance(error, FileNotFoundError) else told,
            expected="the file as it was written",
            do=do,
        ) from error


def write_text(path: Path, text: str) -> Path:
    """Write text, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def guarded(cell: Any) -> Any:
    """Text that a spreadsheet would evaluate, such as ``=1+1``, behind an apostrophe; all else unchanged."""
    computed = isinstance(cell, str) and _FORMULA.match(cell) and not _PRINTED_NUMBER.fullmatch(cell)
    return f"'{cell}" if computed else cell


def unguarded(cell: Any) -> Any:
    """Undo ``guarded``."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and _FORMULA.match(cell, 1) else cell


def write_csv(path: Path, table: pd.DataFrame) -> Path:
    """Write a table without its index, atomically, with a fixed float format and without formulas."""
    text = table.select_dtypes(exclude=["number", "bool"])
    safe = table.assign(**{name: cells.map(guarded) for name, cells in text.items()})
    with replacing(path) as temporary:
        safe.to_csv(temporary, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    return path


def read_csv(path: Path) -> pd.DataFrame:
    """Read what ``write_csv`` wrote: text unchanged, absent numbers as NaN.

    A column is text if its name says so, or if a cell is not as ``write_csv`` writes numbers.
    """
    with reading(path):
        # pandas alone would read the person NA as absent, and 007 as 7.
        written = pd.read_csv(path, dtype="str", keep_default_na=False)
        text = [column for column in written if _is_text(column, written[column])]
        table = pd.read_csv(path, dtype=dict.fromkeys(text, "str"), keep_default_na=False, na_values=[""])
    text = table.select_dtypes(include=["object", "str"]).columns
    return table.assign(**{column: table[column].fillna("").map(unguarded) for column in text})


def _is_text(name: str, cells: pd.Series) -> bool:
    if name in _TEXT and (cells != "").any():
        return True
    return name in _NAMES or not cells.str.fullmatch(_NUMBER).all()


def write_workbook(path: Path, table: pd.DataFrame) -> Path:
    """Write a table as an Excel workbook, atomically, without formulas and dates."""
    made = BytesIO()
    table.map(guarded).to_excel(made, index=False)
    with ZipFile(made) as dated, replacing(path) as temporary, ZipFile(temporary, "w") as undated:
        for name in dated.namelist():
            content = re.sub(rb"(<dcterms:\w+ [^>]*>)[^<]+", rb"\g<1>1980-01-01T00:00:00Z", dated.read(name))
            undated.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # the default date of a ZipInfo is 1980
    return path


def write_status(folder: Path, status: str, reason: str) -> Path:
    """Write ``status.csv``: ``COMPLETE``, or ``SKIPPED`` and why, for stages that not every profile asks for."""
    return write_csv(folder / "status.csv", pd.DataFrame([{"status": status, "reason": reason}]))


def write_array(path: Path, array: np.ndarray) -> Path:
    """Write a NumPy array as ``.npy``, atomically."""
    with replacing(path) as temporary:
        np.save(temporary, array, allow_pickle=False)
    return path


def read_array(path: Path, *, memory_map: bool = False, do: str = AGAIN) -> np.ndarray:
    """Read an array that ``write_array`` wrote, on request memory-mapped and read-only."""
    with reading(path, do), path.open("rb") as file:
        if file.read(6) != np.lib.format.MAGIC_PREFIX:  # np.load would read archives and pickles as well
            raise TypeError("no NumPy array")
        return np.load(path, mmap_mode="r" if memory_map else None, allow_pickle=False)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an ``.npz`` by name."""
    # Opened here, because np.load leaves a damaged file open.
    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = dict(stored)
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise TypeError("an archive that holds more than arrays")
        return arrays


def write_json(path: Path, values: Mapping[str, Any]) -> Path:
    """Write plain values as sorted, indented JSON, atomically."""
    return write_text(path, json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read what ``write_json`` wrote."""
    with reading(path):
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise TypeError(f"a JSON {type(values).__name__} instead of an object")
        return values


class Stage:
    """One stage's folder: ``results/<profile>/<name>/``.

    Parameters
    ----------
    folder : where the stage keeps its files
    on_read : called with the path of every file that is read, for the reader's provenance
    """

    def __init__(self, folder: Path, on_read: Callable[[Path], None] | None = None) -> None:
        self.folder = folder
        self._on_read = on_read

    @property
    def name(self) -> str:
        """The stage's name, which is its notebook's."""
        return self.folder.name

    @property
    def figures(self) -> Path:
        """Folder of the stage's figures."""
        return self.folder / "figures"

    def path(self, name: str) -> Path:
        """Path of one of the stage's files, existing or not."""
        return self.folder / name

    def existing(self, name: str) -> Path:
        """Path of a file that an earlier stage must have written.

        Raises
        ------
        InputError
            if it does not exist; the message says which stage writes it
        """
        path = self.folder / name
        if not path.exists():
            raise InputError(
                path,
                found="no such file",
                expected=f"a result of the stage {self.name}",
                do=f"run that stage first: facefair study --profile {self.folder.parent.name} --until {self.name}",
            )
        if self._on_read:
            self._on_read(path)
        return path

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the stage's CSVs; text is unchanged, absent numbers become NaN."""
        return read_csv(self.existing(f"{name}.csv"))

    def array(self, name: str, *, memory_map: bool = True) -> np.ndarray:
        """Read one of the stage's arrays, memory-mapped read-only unless told otherwise."""
        return read_array(self.existing(f"{name}.npy"), memory_map=memory_map)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The packed arrays: images (N, H, W, 3) and labels (N, H, W), uint8, memory-mapped read-only."""
        return self.array("images"), self.array("labels")

    def save_table(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """Write a CSV and return the table, so that a notebook cell can end with it."""
        write_csv(self.folder / f"{name}.csv", table)
        return table

    def save_array(self, name: str, array: np.ndarray) -> Path:
        """Write an array as ``<name>.npy``."""
        return write_array(self.folder / f"{name}.npy", array)
