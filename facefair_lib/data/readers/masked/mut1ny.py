"""Mut1ny head segmentation data, and rendered people stored in the same layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.images import read_label_rgb
from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row
from facefair_lib.data.readers.files import name_of, place_in
from facefair_lib.data.readers.masked.mut1ny_layout import category_of, check_index, find_root, pair_folders, person_of
from facefair_lib.data.readers.masked.palette import decode_exactly, settle_palette, witnesses_in
from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import same_name
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance

ATTRIBUTES = ("subject", "group", "gender", "age", "emotion", "skin_tone", "yaw", "light")
"""Columns of ``attributes.csv`` besides ``image``; further columns are ignored."""


class Mut1nyReader(Reader):
    """The Mut1ny layout: ``samples/<person>_<variant>/*.png``, ``labels/<person>/*.png``, optional ``training.xml``.

    Parameters
    ----------
    root : the folder with ``samples`` and ``labels``, or the one above it
    palette : "paper" or "vendor" (the two published colour tables differ on ears, eyebrows and teeth), or "auto" to
        tell them apart by the teeth's colour, for which every label is read once
    """

    name = "mut1ny"
    folders = ("samples", "labels")

    def __init__(self, root: Path, palette: str = "auto") -> None:
        super().__init__(root)
        if palette not in ("auto", "paper", "vendor"):
            raise InputError(
                "data.palette", found=repr(palette), expected="auto, paper or vendor", do="correct data.palette"
            )
        self.root = find_root(self.root)
        self._palette = None if palette == "auto" else palette

    @property
    def palette(self) -> str:
        """Name of the colour table in use: given, or found by reading the labels on first use."""
        if self._palette is None:
            self._palette = self._find_palette([label for _, label in pair_folders(self.root)])
        return self._palette

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair the files, settle the palette, name the people.

        Raises
        ------
        InputError
            for a file without its partner, an index that disagrees with the folders, two palettes in one set, a palette
            that cannot be told, or attributes of pictures that do not exist
        """
        pairs = pair_folders(self.root)
        check_index(self.root, pairs)
        attributes = self._read_attributes({self._below_samples(sample) for sample, _ in pairs})
        if self._palette is None:
            self._palette = self._find_palette([label for _, label in pairs], progress)
        rows = [self._row(sample, label, attributes) for sample, label in pairs]
        self.notes = _notes(rows, self._palette)
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label exactly; a single pixel of an unknown colour is an error that names the colour."""
        return decode_exactly(self.file(row["label_path"]), self.palette)

    def _find_palette(self, labels: list[Path], progress: Advance | None = None) -> str:
        labels = sorted(set(labels))
        seen = map_ordered(lambda path: witnesses_in(read_label_rgb(path)), labels, progress)
        return settle_palette(self.root, labels, seen)

    def _below_samples(self, sample: Path) -> str:
        return same_name(place_in(self.root / "samples", sample))

    def _row(self, sample: Path, label: Path, attributes: dict[str, dict[str, Any]]) -> dict[str, Any]:
        folder, name = name_of(label.parent.name), self._below_samples(sample)
        known = dict(attributes.get(name, {}))
        subject, category = known.pop("subject", ""), category_of(folder)
        image_id = name.removesuffix(sample.suffix)
        gender = ""
        if category in ("male", "female", "") and not subject:
            subject, gender = person_of(folder, label.parent)
        elif category in ("male", "female"):
            gender = category
        told = {"image_id": image_id, "category": category, "folder": folder, "subject_id": subject or image_id}
        known = {column: value for column, value in known.items() if not pd.isna(value) and value != ""}
        return self.row(sample, label, **{**told, "gender": gender, **known})

    def _read_attributes(self, samples: set[str]) -> dict[str, dict[str, Any]]:
        path = self.root / "attributes.csv"
        if not path.is_file():
            return {}
        table = read_spreadsheet(path, ("image", *ATTRIBUTES))
        names = table["image"].map(same_name).str.replace("\\", "/").str.removeprefix("samples/")
        strange = sorted(set(names) - samples)
        if strange or names.duplicated().any():
            found = f"attributes of {strange[0]!r}" if strange else f"{names[names.duplicated()].iloc[0]!r} twice"
            raise InputError(
                path,
                found=found,
                expected="one row per picture below samples/",
                do="correct the column image, or render the pictures again",
            )
        return dict(zip(names, table[list(ATTRIBUTES)].to_dict("records"), strict=True))


class RenderedReader(Mut1nyReader):
    """Rendered people in Mut1ny's layout, with ``attributes.csv``, without which no group could be scored."""

    name = "rendered"

    def __init__(self, root: Path, palette: str = "auto") -> None:
        super().__init__(root, palette)
        if not (self.root / "attributes.csv").is_file():
            raise InputError(
                self.root / "attributes.csv",
                found="no such file",
                expected=f"a table with the columns image, {', '.join(ATTRIBUTES)}",
                do="render the people again",
            )


def _notes(rows: list[dict[str, Any]], palette: str) -> list[str]:
    notes = [f"Label colours follow the {palette} table."]
    nameless = sum(row["category"] == "real" and row["subject_id"] == row["image_id"] for row in rows)
    crowds = sum(row["category"] == "multi" and row["subject_id"] == row["image_id"] for row in rows)
    if nameless:
        notes.append(
            f"Who is in the {nameless} real photographs is not published: each counts as a different person, "
            "so the same face may be in two splits."
        )
    if crowds:
        notes.append(f"Each of the {crowds} pictures of several people counts as a different person.")
    return notes
