"""A user's own photographs: a CSV file with the columns image and subject and, optionally, group, emotion, mask ..."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.grid import with_one_spelling
from facefair_lib.data.manifest import is_inside, make_manifest
from facefair_lib.data.readers.base import Reader, Row
from facefair_lib.data.readers.files import file_in, name_of, place_in, refuse_link_out
from facefair_lib.data.readers.masked.palette import decode_exactly
from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import PALETTES
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance

REQUIRED = ("image", "subject")
OPTIONAL = ("group", "emotion", "mask", "gender", "age", "skin_tone", "yaw", "light")


class PhotosReader(Reader):
    """Photographs listed in a CSV file.

    Parameters
    ----------
    root : folder of the CSV file; the paths in it are relative to this folder
    table : name of the CSV file
    palette : colour table of the masks, a name in ``labels.PALETTES``
    """

    name = "photos"
    default_fit = "pad"

    def __init__(self, root: Path, table: str = "photos.csv", palette: str = "paper") -> None:
        super().__init__(root)
        self.table = self.root / table
        if palette not in PALETTES:
            raise InputError(
                "data.palette", found=repr(palette), expected=f"one of {', '.join(PALETTES)}", do="correct data.palette"
            )
        self.palette = palette

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read the table and check that every file it names exists.

        Raises
        ------
        InputError
            for a missing or unknown column, an empty image or subject, a missing file or a photograph that is named
            twice; names the line if it is one line's fault
        """
        table = read_spreadsheet(self.table, REQUIRED, OPTIONAL)
        unknown = [column for column in table.columns if column not in (*REQUIRED, *OPTIONAL)]
        if unknown:
            raise InputError(
                self.table,
                found=f"the column {', '.join(unknown)}",
                expected=f"only {', '.join((*REQUIRED, *OPTIONAL))}",
                do="rename or remove it",
            )
        table = with_one_spelling(table)
        rows = [self._row(line, cells) for line, cells in zip(table.index, table.to_dict("records"), strict=True)]
        self._refuse_repeated([row["image_path"] for row in rows], table.index)
        for row, image_id in zip(rows, _ids([row["image_path"] for row in rows]), strict=True):
            row["image_id"] = image_id
        masks = sum(row["label_path"] != "" for row in rows)
        self.notes = [f"{masks} of {len(rows)} photographs have a mask; the others can be segmented but not scored."]
        return make_manifest(rows, self.table)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a mask exactly; unknown colours are an error."""
        return decode_exactly(self.file(row["label_path"]), self.palette)

    def _row(self, line: int, cells: dict[str, str]) -> dict[str, Any]:
        for column in REQUIRED:
            if cells[column] == "":
                raise InputError(
                    self.table,
                    found=f"an empty {column} in line {line}",
                    expected=f"{' and '.join(REQUIRED)} in every line",
                    do="fill it in; a person has the same subject in all photographs",
                )
        image, mask = (self._existing(cells.get(column, ""), line) for column in ("image", "mask"))
        return {
            "image_path": image,
            "label_path": mask,
            "source": self.name,
            "folder": name_of(image.rpartition("/")[0]),
            "subject_id": cells["subject"],
            **{column: cells[column] for column in OPTIONAL if column != "mask" and column in cells},
        }

    def _existing(self, name: str, line: int) -> str:
        """Path below ``root`` of the file that a cell names; "" for an empty cell."""
        if not name:
            return ""
        path = _named_file(self.root, name)
        if path is None:
            raise InputError(
                self.table,
                found=f"line {line} names {name!r}, which is not a file in {path_text(self.root)}",
                expected="paths relative to the table's folder",
                do="correct the path, or copy the file there",
            )
        refuse_link_out(self.root, path)
        return place_in(self.root, path)

    def _refuse_repeated(self, images: list[str], lines: pd.Index) -> None:
        first: dict[str, int] = {}
        for image, line in zip(images, lines, strict=True):
            if first.setdefault(image, line) != line:
                raise InputError(
                    self.table,
                    found=f"line {line} names {image!r}, which line {first[image]} also names",
                    expected="each photograph once",
                    do="remove one of the two lines",
                )


def named_files(table: Path) -> list[Path]:
    """The existing files that a table of photographs names, sorted; found as the reader finds them.

    Raises
    ------
    InputError
        if the table cannot be read
    """
    rows = read_spreadsheet(table, REQUIRED, OPTIONAL)
    names = {name for column in ("image", "mask") if column in rows for name in rows[column] if name}
    return sorted({path for name in names if (path := _named_file(table.parent, name)) is not None})


def check_photos(table: Path, progress: Advance | None = None) -> None:
    """Open every photograph and mask of a table, as notebook 05 will.

    Raises
    ------
    InputError
        for whatever would stop the notebook: a mistake in the table, a file that cannot be read, a mask of another size
        or with unknown colours
    """
    reader = PhotosReader(table.parent, table.name)
    rows = reader.read().to_dict("records")
    map_ordered(lambda row: bool(reader.pair(row)), rows, progress)  # the pictures need not stay in memory


def _named_file(root: Path, name: str) -> Path | None:
    """The file in ``root`` that a cell names with either kind of slash; None if there is none."""
    for place in dict.fromkeys((name.replace("\\", "/"), name)):
        if is_inside(place) and (path := file_in(root, place)).is_file():
            return path
    return None


def _ids(images: list[str]) -> list[str]:
    """Names of pictures: without their suffix, unless two would then be equal."""
    whole = [name_of(image) for image in images]
    ids = [_without_suffix(name) for name in whole]
    for _ in range(2):  # a name that keeps its suffix may clash again: those of a.jpg, a.png and a.jpg.png
        shared = {name for name, count in Counter(ids).items() if count > 1}
        ids = [full if name in shared else name for name, full in zip(ids, whole, strict=True)]
    return ids


def _without_suffix(image: str) -> str:
    folder, slash, name = image.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)
