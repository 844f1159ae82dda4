"""CK+: the extended Cohn-Kanade data set, 593 sequences from neutral to the peak of an expression, 123 people.

Source: Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews, "The extended Cohn-Kanade dataset (CK+)", CVPR Workshops
2010; layout and emotion codes from the release's ReadMeCohnKanadeDatabase_website.txt.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import PortraitReader, first_names
from facefair_lib.data.readers.files import by_stem, list_files, name_of, place_in
from facefair_lib.data.spreadsheet import read_spreadsheet, read_text
from facefair_lib.errors import InputError
from facefair_lib.store.progress import Advance

EMOTIONS = ("neutral", "angry", "contemptuous", "disgusted", "fearful", "happy", "sad", "surprised")
"""Emotion code 0 to 7."""

IMAGES = ("cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images")
LABELS = ("Emotion", "Emotion_labels/Emotion", "Emotion_labels")
FRAME = re.compile(r"^(?P<person>S\d{3})_(?P<sequence>\d{3})_(?P<frame>\d{8})$")
PEOPLE = ("subject", "group")


class CkPlusReader(PortraitReader):
    """CK+: ``cohn-kanade-images/S005/001/S005_001_00000011.png`` and ``Emotion/S005/001/…_emotion.txt``.

    Only the peak frames of sequences with an emotion label are read, 327 in the release; the other frames lead up to
    them. CK+ does not publish who belongs to which group: that comes from your own table, or stays unknown.

    Parameters
    ----------
    root : the folder with both
    people : CSV in ``root`` with the columns subject (S005), group and, optionally, gender and age; "" for none
    """

    name = "ckplus"
    layout = "cohn-kanade-images/S005/001/*.png and Emotion/S005/001/*_emotion.txt"
    folders = ("cohn-kanade-images", "Emotion")
    suffixes = (".png",)

    def __init__(self, root: Path, people: str = "") -> None:
        super().__init__(root)
        self.people = self.root / people if people else None

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether a folder of images and a folder of emotion labels are there, under any of their known names."""
        return _first(folder, IMAGES) is not None and _first(folder, LABELS) is not None

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read the emotion labels and find the frames that they label.

        Raises
        ------
        InputError
            for a label without its frame, a label that is not a code from 0 to 7, or a person missing in ``people``
        """
        frames = by_stem(list_files(self.root, _first(self.root, IMAGES), self.suffixes, below=True))
        labels = list_files(self.root, _first(self.root, LABELS), ("_emotion.txt",), below=True)
        known = self._read_people()
        rows = [self._row(label, frames, known) for label in labels]
        sequences = {stem.rpartition("_")[0] for stem in frames}
        self.notes = [f"Left out: {len(sequences) - len(rows)} sequences without an emotion label."]
        if self.people is None:
            self.notes.append("Groups are not published: give your own table (people) with subject and group.")
        return make_manifest(rows, self.root)

    def _row(self, label: Path, frames: dict[str, Path], known: dict[str, dict[str, str]]) -> dict[str, Any]:
        stem = name_of(label.name.removesuffix("_emotion.txt"))
        match = FRAME.match(stem)
        if match is None or stem not in frames:
            raise InputError(
                label,
                found="an emotion label without its frame",
                expected=f"a picture {stem}.png among the images",
                do="unpack the images again",
            )
        if known and match["person"] not in known:
            raise InputError(
                self.people,
                found=f"no row for {match['person']}",
                expected="every labelled person of the data set",
                do="add the person; the group may be empty where it is unknown",
            )
        folder, person = place_in(self.root, frames[stem].parent), match["person"]
        told = {"image_id": stem, "folder": folder, "subject_id": person, "emotion": _read_emotion(label)}
        return self.row(frames[stem], **told, **known.get(person, {}))

    def _read_people(self) -> dict[str, dict[str, str]]:
        if self.people is None:
            return {}
        table = read_spreadsheet(self.people, PEOPLE, ("gender", "age"))
        table["subject"] = table["subject"].str.upper()  # as the folders are named
        twice = sorted(table.loc[table["subject"].duplicated(), "subject"])
        if twice:
            raise InputError(
                self.people,
                found=f"{first_names(twice)} twice",
                expected="one row per subject",
                do="remove the repeated rows",
            )
        kept = [column for column in ("group", "gender", "age") if column in table]
        return dict(zip(table["subject"], table[kept].to_dict("records"), strict=True))


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _read_emotion(path: Path) -> str:
    text = read_text(path).strip()
    with suppress(ValueError):
        code = float(text)
        if code in range(len(EMOTIONS)):
            return EMOTIONS[int(code)]
    raise InputError(
        path,
        found=repr(text[:40]),
        expected=f"one number, 0 to {len(EMOTIONS) - 1} ({', '.join(EMOTIONS)})",
        do="restore the published label",
    )
