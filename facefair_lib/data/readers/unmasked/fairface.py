"""FairFace: 97,698 faces balanced over seven groups, with age range and gender.

Source: Kärkkäinen and Joo, "FairFace: face attribute dataset for balanced race, gender, and age for bias measurement
and mitigation", WACV 2021; the owner's page, github.com/joojs/fairface.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import PortraitReader, first_names
from facefair_lib.data.readers.files import list_files, name_of
from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.progress import Advance

TABLES = {part: f"fairface_label_{part}.csv" for part in ("train", "val")}
GROUPS = ("east asian", "southeast asian", "indian", "black", "white", "middle eastern", "latino hispanic")
AGES = re.compile(r"^(\d{1,3})-(\d{1,3})$")
OPEN_AGE = "more than 70"

# A spreadsheet takes 3-9 for the 3rd of September or the 9th of March, and 10-19 for the 19th of October or for October
# 2019. No other range is a date: however the date is written, two of its numbers tell the range.
_AGES_TAKEN_FOR_DATES = {frozenset({3, 9}): "3-9", frozenset({10, 19}): "10-19"}
_MONTHS = {
    **dict.fromkeys(("mar", "mär", "mrz", "mrt", "maa"), 3),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "ott", "out"), 10),
}
"""First letters of a month in English, German, French, Spanish, Dutch, Italian or Portuguese -> its number."""
_WORDS_OF_DATES = re.compile(r"\d+|[^\W\d_]+")
_DASH = re.compile(r"\s*[-–]\s*")
_MIDNIGHT = re.compile(r"[ t]00:00.*$")


class FairFaceReader(PortraitReader):
    """FairFace: ``fairface_label_{train,val}.csv`` beside ``{train,val}/<i>.jpg``.

    The pictures may also be one folder below (``fairface-img-margin025-trainval`` or ``…125…``), as the archives
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

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read the tables that are there, and check that every picture they name exists.

        Raises
        ------
        InputError
            for a missing picture, or an age, gender or race that the data set does not define
        """
        place = self._pictures(self.root)
        rows: list[dict[str, Any]] = []
        written: list[str] = []
        for part, name in TABLES.items():
            path = self.root / name
            if path.is_file():
                table = read_spreadsheet(path, ("file", "age", "gender", "race"))
                rows += self._rows(path, table, place / part)
                written += table["age"].tolist()
        self.notes = [
            "Groups and genders are as labelled by the data set, not as people describe themselves.",
            "Who is in the photographs is not published: each counts as a different person.",
            f'Age is the middle of the published range; "{OPEN_AGE}" is left unknown.',
            *_restored(written),
        ]
        return make_manifest(rows, self.root)

    def _rows(self, path: Path, table: pd.DataFrame, place: Path) -> list[dict[str, Any]]:
        pictures = list_files(self.root, place, self.suffixes)
        there = {f"{place.name}/{name_of(picture.name)}": picture for picture in pictures}
        table = table.assign(file=table["file"].str.replace("\\", "/"))
        missing = [name for name in table["file"] if name_of(name) not in there]
        if missing:
            raise InputError(
                path,
                found=f"{len(missing)} pictures that are not there ({first_names(missing)})",
                expected=f"every file of the table in {path_text(place)}",
                do="unpack the pictures again",
            )
        rows = []
        for line, cells in zip(table.index, table.to_dict("records"), strict=True):
            labels = _labels(cells, f"{path_text(path)}, line {line}")
            name = cells["file"].removesuffix(".jpg")
            rows.append(
                self.row(there[name_of(cells["file"])], image_id=name, subject_id=name, folder=place.name, **labels)
            )
        return rows


def _labels(cells: dict[str, str], place: str) -> dict[str, Any]:
    group, gender = cells["race"].lower().replace("_", " "), cells["gender"].lower()
    written = cells["age"].lower()
    age = AGES.match(age_range(written))
    if group not in GROUPS or gender not in ("male", "female") or not (age or written == OPEN_AGE):
        raise InputError(
            place,
            found=f"race {cells['race']!r}, gender {cells['gender']!r}, age {cells['age']!r} for {cells['file']}",
            expected=f"one of {', '.join(GROUPS)}; Male or Female; a range such as 20-29 or {OPEN_AGE!r}",
            do="restore the published table",
        )
    middle = (int(age[1]) + int(age[2])) / 2 if age else float("nan")
    return {"group": group, "gender": gender, "age": middle}


def _restored(written: list[str]) -> list[str]:
    """Say which ages were read back from dates; an empty list if there are none."""
    meant = {text: age_range(text) for text in set(written) if not AGES.match(_DASH.sub("-", text))}
    dates = {text: ages for text, ages in meant.items() if AGES.match(ages)}
    if not dates:
        return []
    count = sum(text in dates for text in written)
    read = ", ".join(f"{text} is {dates[text]}" for text in sorted(dates))
    return [f"A spreadsheet has turned {count} ages into dates; each can only have been one range: {read}."]


def age_range(text: str) -> str:
    """Undo a spreadsheet's change of a published age range into a date: ``09-Mar`` was 3-9; other text stays."""
    numbers = set()
    words = _WORDS_OF_DATES.findall(_MIDNIGHT.sub("", text.lower()))
    for word in words:
        month = next((number for start, number in _MONTHS.items() if word.startswith(start)), None)
        if month is None and not (word.isdecimal() and len(word) <= 4):
            return text
        numbers.add(month or int(word) % 100)
    meant = [ages for ends, ages in _AGES_TAKEN_FOR_DATES.items() if ends <= numbers and len(words) <= 3]
    return meant[0] if len(meant) == 1 else _DASH.sub("-", text)
