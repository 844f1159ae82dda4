"""Check whether a folder is the data set that it is taken for: counts, classes, first problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.grid import grid_note
from facefair_lib.data.published.catalogue import CATALOGUE
from facefair_lib.data.readers.base import Reader, Row, first_names
from facefair_lib.data.readers.masked.mut1ny import Mut1nyReader
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, FACE_PARTS, IGNORE_INDEX, INDEX, NUM_CLASSES
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance

OPENED = 24
"""Pictures opened unless all are asked for: spread evenly over the manifest."""


@dataclass(frozen=True)
class Check:
    """What a check found; ``problems`` is empty for a folder that is right.

    Attributes
    ----------
    manifest : the rows read, None where the layout could not be read
    palette : how labels are coded
    found, missing : folders of the complete release that are there, and those that are not
    opened : how many pictures were opened
    pixels : class name -> pixels of it in the opened masks, in class order
    ignored : pixels of the opened masks that belong to no class
    unseen : classes that the set labels, but no opened mask shows
    notes : what the reader assumed or left out, opened masks that show no face, and what a table of photographs is for
    problems : error messages: one for the layout, or one for each opened picture that cannot be used
    """

    name: str
    root: Path
    manifest: pd.DataFrame | None = None
    palette: str = ""
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    opened: int = 0
    pixels: dict[str, int] = field(default_factory=dict)
    ignored: int = 0
    unseen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check_folder(
    name: str,
    root: Path,
    opened: int | None = OPENED,
    progress: Advance | None = None,
    **options: Any,
) -> Check:
    """Read a folder as a data set, open some of its pictures, and collect what is wrong.

    Parameters
    ----------
    name : a key of ``READERS``
    root : the folder
    opened : how many pictures to open; None opens all
    options : of the reader, as ``open_reader`` takes them

    Raises
    ------
    InputError
        for an unknown name or option; whatever is wrong with the folder is in ``problems`` instead
    """
    if name not in CATALOGUE:
        open_reader(name, root)  # raises, and lists the names
    try:
        reader = open_reader(name, root, **options)
        manifest = reader.read()
    except InputError as error:
        if error.subject == f"the {name} reader":
            raise
        return Check(name, Path(root), problems=(str(error),))
    rows = _spread(manifest, opened)
    looked = map_ordered(lambda row: _look(reader, row), rows, progress)
    counts = sum((count for count, _ in looked if count is not None), np.zeros(IGNORE_INDEX + 1, np.int64))
    present = tuple(folder for folder in reader.folders if (reader.root / folder).is_dir())
    masked = any(row["label_path"] for row in rows)
    return Check(
        name=name,
        root=reader.root,
        manifest=manifest,
        palette=f"the {reader.palette} table" if isinstance(reader, Mut1nyReader) else CATALOGUE[name].labels,
        found=present,
        missing=tuple(folder for folder in reader.folders if folder not in present),
        opened=len(rows),
        pixels=dict(zip(CLASS_NAMES, counts[:NUM_CLASSES].tolist(), strict=True)) if masked else {},
        ignored=int(counts[IGNORE_INDEX]) if masked else 0,
        unseen=tuple(n for i, n in enumerate(CLASS_NAMES) if masked and n in reader.expected_classes and not counts[i]),
        notes=(
            *reader.notes,
            *_faceless_note(name, rows, looked),
            *([grid_note(manifest)] if name == "photos" else []),
        ),
        problems=tuple(problem for _, problem in looked if problem),
    )


def _faceless_note(name: str, rows: list[Row], looked: list[tuple[np.ndarray | None, str]]) -> list[str]:
    """Name the opened masks that show no face at all."""
    parts = [INDEX[part] for part in FACE_PARTS]
    pairs = zip(rows, looked, strict=True)
    ids = [str(row["image_id"]) for row, (count, _) in pairs if count is not None and not count[parts].any()]
    after = "Notebook 05 does not score them." if name == "photos" else "Notebook 01 leaves them out."
    return [f"No face in {len(ids)} of the opened masks ({first_names(ids)}). {after}"] if ids else []


def _spread(manifest: pd.DataFrame, opened: int | None) -> list[Row]:
    count = len(manifest) if opened is None else min(opened, len(manifest))
    places = np.linspace(0, len(manifest) - 1, count).round().astype(int)
    return manifest.iloc[places].to_dict("records")


def _look(reader: Reader, row: Row) -> tuple[np.ndarray | None, str]:
    """Open one pair: (256,) pixels per class index where it has a label, and what is wrong with it."""
    try:
        _, mask = reader.pair(row)
    except InputError as error:
        return None, str(error)
    return (np.bincount(mask.ravel(), minlength=IGNORE_INDEX + 1) if row["label_path"] else None), ""
