"""A user's own photographs: a CSV file with the columns image, subject, group, emotion and perhaps mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.manifest import is_inside, make_manifest
from facefair_lib.data.parallel import Progress
from facefair_lib.data.readers.base import Reader, Row, read_table
from facefair_lib.data.readers.files import refuse_link_out
from facefair_lib.data.readers.palette import decode_exactly
from facefair_lib.errors import InputError
from facefair_lib.labels import PALETTES

REQUIRED = ("image", "subject", "group", "emotion")
OPTIONAL = ("mask", "gender", "age", "skin_tone", "yaw", "light")


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

    def read(self, progress: Progress | None = None) -> pd.DataFrame:
        """Read the table and check that every file it names exists.

        Raises
        ------
        InputError
            naming the row: a missing or unknown column, an empty cell, a missing file
        """
        table = read_table(self.table, REQUIRED)
        unknown = [column for column in table.columns if column not in (*REQUIRED, *OPTIONAL)]
        if unknown:
            raise InputError(
                self.table,
                found=f"the column {', '.join(unknown)}",
                expected=f"only {', '.join((*REQUIRED, *OPTIONAL))}",
                do="rename or remove it",
            )
        rows = [self._row(line, cells) for line, cells in enumerate(table.to_dict("records"), start=2)]
        masks = sum(row["label_path"] != "" for row in rows)
        self.notes = [f"{masks} of {len(rows)} photographs have a mask; the others can be segmented but not scored."]
        return make_manifest(rows, self.table)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a mask exactly; unknown colours are an error."""
        return decode_exactly(self.root / row["label_path"], self.palette)

    def _row(self, line: int, cells: dict[str, Any]) -> dict[str, Any]:
        for column in REQUIRED:
            if cells[column].strip() == "":
                raise InputError(
                    self.table,
                    found=f"an empty {column} in line {line}",
                    expected=f"{', '.join(REQUIRED)} in every line",
                    do="fill it in; each person keeps one subject name on all photographs",
                )
        image, mask = (self._existing(cells.get(column, ""), line) for column in ("image", "mask"))
        return {
            "image_id": image.rsplit(".", 1)[0],
            "image_path": image,
            "label_path": mask,
            "source": self.name,
            "category": "",
            "folder": image.rpartition("/")[0],
            "subject_id": cells["subject"].strip(),
            **{column: cells[column].strip() for column in ("group", "emotion")},
            **{column: cells[column].strip() for column in OPTIONAL if column != "mask" and column in cells},
        }

    def _existing(self, name: str, line: int) -> str:
        path = name.strip().replace("\\", "/")
        if path and not (is_inside(path) and (self.root / path).is_file()):
            raise InputError(
                self.table,
                found=f"line {line} names {name!r}, which is not a file in {self.root}",
                expected="paths relative to the table's folder",
                do="correct the path or copy the file there",
            )
        if path:
            refuse_link_out(self.root, self.root / path)
        return path


def named_files(table: Path) -> list[Path]:
    """Files that the table names, images and masks, in the order of the manifest.

    Raises
    ------
    InputError
        as ``PhotosReader.read`` does
    """
    manifest = PhotosReader(table.parent, table.name).read()
    names = [name for column in ("image_path", "label_path") for name in manifest[column] if name]
    return [table.parent / name for name in names]
