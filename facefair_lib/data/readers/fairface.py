"""FairFace: 97,698 faces balanced over seven groups, with age range and gender.

Source: Kärkkäinen and Joo, "FairFace: face attribute dataset for balanced race, gender, and age for bias measurement
and mitigation", WACV 2021; the owner's page, github.com/joojs/fairface.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from facefair_lib.data.manifest import is_inside, make_manifest
from facefair_lib.data.parallel import Progress
from facefair_lib.data.readers.base import first_names, read_table
from facefair_lib.data.readers.files import list_files
from facefair_lib.data.readers.portraits import PortraitReader
from facefair_lib.errors import InputError

TABLES = {part: f"fairface_label_{part}.csv" for part in ("train", "val")}
GROUPS = ("east asian", "southeast asian", "indian", "black", "white", "middle eastern", "latino hispanic")
AGES = re.compile(r"^(\d+)-(\d+)$")
OPEN_AGE = "more than 70"


class FairFaceReader(PortraitReader):
    """FairFace: ``fairface_label_{train,val}.csv`` beside ``{train,val}/<i>.jpg``.

    The pictures may also lie one folder below (``fairface-img-margin025-trainval`` or ``…125…``), as the archives
    unpack. Age is the middle of the published range, so 24.5 for 20-29; "more than 70" has no middle and is unknown.
    """

    name = "fairface"
    layout = "fairface_label_train.csv and fairface_label_val.csv beside the folders train and val"
    suffixes = (".jpg",)

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether a table and its pictures are there."""
        return any((folder / table).is_file() for table in TABLES.values()) and cls._pictures(folder) is not None

    @staticmethod
    def _pictures(folder: Path) -> Path | None:
        places = [folder, *sorted(folder.glob("fairface-img-margin*"))]
        return next((place for place in places if any((place / part).is_dir() for part in TABLES)), None)

    def read(self, progress: Progress | None = None) -> pd.DataFrame:
        """Read the tables that are there, and check that every picture they name exists.

        Raises
        ------
        InputError
            for a missing picture, or an age, gender or race that the data set does not define
        """
        place = self._pictures(self.root)
        rows: list[dict[str, Any]] = []
        for part, table in TABLES.items():
            path = self.root / table
            if path.is_file():
                rows += self._rows(path, read_table(path, ("file", "age", "gender", "race")), place / part)
        self.notes = [
            "Who is on the photographs is not published: each counts as a person of its own.",
            f'Age is the middle of the published range; "{OPEN_AGE}" is left unknown.',
        ]
        return make_manifest(rows, self.root)

    def _rows(self, path: Path, table: pd.DataFrame, place: Path) -> list[dict[str, Any]]:
        there = {f"{place.name}/{picture.name}" for picture in list_files(self.root, place, self.suffixes)}
        missing = [name for name in table["file"] if name not in there or not is_inside(name)]
        if missing:
            raise InputError(
                path,
                found=f"{len(missing)} pictures that are not there ({first_names(missing)})",
                expected=f"every file of the table in {place}",
                do="unpack the pictures again",
            )
        base = place.parent.relative_to(self.root)
        return [
            {
                "image_id": cells["file"].removesuffix(".jpg"),
                "image_path": (base / cells["file"]).as_posix(),
                "source": self.name,
                "category": "",
                "folder": place.name,
                "subject_id": cells["file"].removesuffix(".jpg"),
                **_labels(cells, path),
            }
            for cells in table.to_dict("records")
        ]


def _labels(cells: dict[str, str], path: Path) -> dict[str, Any]:
    group, gender, age = cells["race"].lower().replace("_", " "), cells["gender"].lower(), AGES.match(cells["age"])
    if group not in GROUPS or gender not in ("male", "female") or not (age or cells["age"] == OPEN_AGE):
        raise InputError(
            path,
            found=f"race {cells['race']!r}, gender {cells['gender']!r}, age {cells['age']!r} for {cells['file']}",
            expected=f"one of {', '.join(GROUPS)}; Male or Female; a range such as 20-29 or {OPEN_AGE!r}",
            do="restore the published table (spreadsheets turn 3-9 into a date)",
        )
    middle = (int(age[1]) + int(age[2])) / 2 if age else float("nan")
    return {"group": group, "gender": gender, "age": middle}
