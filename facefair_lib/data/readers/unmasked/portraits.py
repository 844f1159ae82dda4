"""What data sets have in common that hold photographs of emotions or ethnicities, but no masks.

Their file names say who is seen and how. Such photographs can be segmented but not scored; they fill the experiment's
grid (``data.experiment_table``).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row, first_names
from facefair_lib.data.readers.files import PICTURES, list_files, name_of, place_in
from facefair_lib.errors import InputError
from facefair_lib.store.progress import Advance

_NAMES_LOOKED_AT = 1000


class PortraitReader(Reader):
    """A set without masks: every mask is 255 (ignore) throughout.

    Attributes
    ----------
    suffixes : of its pictures, in lower case
    """

    default_fit = "pad"
    expected_classes = ()
    suffixes: ClassVar[tuple[str, ...]] = PICTURES

    def decode(self, row: Row) -> np.ndarray:
        """Refuse: there is no label to decode; ``mask`` gives 255 everywhere."""
        raise InputError(
            self.file(row["image_path"]),
            found=f"a photograph of {self.name}, which has no masks",
            expected="a data set with masks",
            do="train on a set with masks, and use this one for the experiment's photographs",
        )


class NamedPortraitReader(PortraitReader):
    """A set without masks whose file names say who is seen and how.

    Attributes
    ----------
    pattern : matches a picture's name in full; pictures of other names are left out and noted
    """

    pattern: ClassVar[re.Pattern[str]]

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether pictures of the published names are there or one folder below."""
        if not folder.is_dir():
            return False
        below = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
        return any(cls._any_name(place) for place in (folder, *islice(below, 20)))

    @classmethod
    def _any_name(cls, folder: Path) -> bool:
        return any(cls.pattern.match(path.name) for path in islice(folder.iterdir(), _NAMES_LOOKED_AT))

    @abstractmethod
    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Manifest columns told by a picture's name: subject_id, group, gender, age, emotion, yaw, as far as known."""

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read what the pictures' names say.

        Raises
        ------
        InputError
            if no picture has a published name, or one name occurs twice
        """
        paths = self.pictures()
        matches = {path: self.pattern.match(path.name) for path in paths}
        strange = [path.name for path, match in matches.items() if match is None]
        self.notes = [f"Left out: {len(strange)} pictures of other names ({first_names(strange)})."] if strange else []
        rows = [{**self.row_of(path), **self.describe(match)} for path, match in matches.items() if match]
        return make_manifest(rows, self.root)

    def pictures(self) -> Iterable[Path]:
        """List the pictures below the root, sorted."""
        return list_files(self.root, self.root, self.suffixes, below=True)

    def row_of(self, path: Path) -> dict[str, Any]:
        """Manifest columns that every picture has."""
        place = path.relative_to(self.root)
        return {
            "image_id": name_of(place.with_suffix("").as_posix()),
            "image_path": place_in(self.root, path),
            "source": self.name,
            "category": "",
            "folder": name_of(place.parent.as_posix()) if len(place.parts) > 1 else "",
        }
