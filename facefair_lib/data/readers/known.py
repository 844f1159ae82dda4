"""All readers together, for lists of them and to recognise the data set in a folder."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.data.readers.base import Reader
from facefair_lib.data.readers.opening import READERS

WITH_MASKS = tuple(reader for name, reader in READERS.items() if reader.expected_classes and name != "photos")
WITHOUT_MASKS = tuple(reader for reader in READERS.values() if not reader.expected_classes)


def recognise(root: Path) -> str:
    """Name of the set with masks whose layout a folder has, judged by file names; "" if there is none."""
    telling = [reader for reader in WITH_MASKS if reader.holds.__func__ is not Reader.holds.__func__]
    return next((reader.name for reader in telling if root.is_dir() and reader.holds(root)), "")
