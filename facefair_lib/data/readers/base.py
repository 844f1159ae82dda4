"""What every reader of a published layout offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from facefair_lib.data.images import label_as_photograph, read_upright
from facefair_lib.data.readers.files import PICTURES, archive_text, file_in, place_in, wrong_root
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, IGNORE_INDEX
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.progress import Advance

Row = Mapping[str, Any]
"""One row of a manifest, as a mapping or a pandas Series."""


class Reader(ABC):
    """A data set on disk.

    Parameters
    ----------
    root : the data set's folder

    Attributes
    ----------
    name : the name used in profiles
    default_fit : how its pictures become square unless the profile says otherwise
    expected_classes : names of the classes the data set labels; () for a set without masks
    layout : what its folder holds, in words for error messages
    folders : the folders of the complete release, relative to ``root``
    notes : sentences about what was assumed or left out, filled by ``read``
    """

    name: ClassVar[str]
    default_fit: ClassVar[str] = "stretch"
    expected_classes: ClassVar[tuple[str, ...]] = CLASS_NAMES
    layout: ClassVar[str] = ""
    folders: ClassVar[tuple[str, ...]] = ()

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.notes: list[str] = []
        if not self.root.is_dir():
            raise InputError(
                self.root,
                found="no such folder" + archive_text(self.root),
                expected=f"the folder of a data set in the {self.name} layout",
                do="correct the path, or unpack the data set there",
            )
        if not self.holds(self.root):
            raise wrong_root(self.root, self.layout, self.holds)

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether a folder is the root of this layout, judged by names alone; True in readers that cannot tell."""
        return True

    @abstractmethod
    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read the layout into a checked manifest; pictures are decoded only where the layout asks for it."""

    @abstractmethod
    def decode(self, row: Row) -> np.ndarray:
        """Decode the label of one row at native size: (H, W) uint8 class indices, 255 = ignore."""

    def row(self, image: Path, label: Path | None = None, **known: Any) -> dict[str, Any]:
        """Manifest columns of one picture: its source, its files' places below ``root``, and what else is known."""
        label_path = place_in(self.root, label) if label else ""
        return {"source": self.name, "image_path": place_in(self.root, image), "label_path": label_path, **known}

    def file(self, place: str) -> Path:
        """The file that an ``image_path`` or ``label_path`` of the manifest names."""
        return file_in(self.root, place)

    def image(self, row: Row) -> np.ndarray:
        """Read the photograph of one row: (H, W, 3) uint8 RGB."""
        return self.upright(row)[0]

    def upright(self, row: Row) -> tuple[np.ndarray, int]:
        """Read the photograph of one row; return it with the EXIF orientation applied, as ``read_upright`` does."""
        return read_upright(self.file(row["image_path"]))

    def mask(self, row: Row) -> np.ndarray:
        """Read the mask of one row: (H, W) uint8 class indices at native size, all 255 where there is no label."""
        return self.pair(row)[1]

    def portraits(self, manifest: pd.DataFrame) -> pd.DataFrame:
        """Choose the rows that suit the experiment's grid: frontal views and those of unknown angle."""
        return manifest[manifest["yaw"].isna() | (manifest["yaw"] == 0)]

    def pair(self, row: Row) -> tuple[np.ndarray, np.ndarray]:
        """Read photograph and mask of one row.

        Returns
        -------
        image : (H, W, 3) uint8
        mask : (H, W) uint8 class indices, 255 = ignore (everywhere, if the row has no label)

        Raises
        ------
        InputError
            if a file cannot be read, the label holds colours outside the palette, the sizes differ, or the photograph
            has an EXIF orientation and it is unclear whether the label was drawn with it
        """
        image, orientation = self.upright(row)
        if not row["label_path"]:
            return image, np.full(image.shape[:2], IGNORE_INDEX, np.uint8)
        label = self.file(row["label_path"])
        mask = label_as_photograph(label, self.decode(row), orientation, image.shape[:2])
        if mask.shape != image.shape[:2]:
            raise InputError(
                label,
                found=f"a label of {size_text(mask)} pixels",
                expected=f"{size_text(image)} pixels, the size of {row['image_path']}",
                do="restore the published label, or remove the pair from the data set",
            )
        return image, mask


class PortraitReader(Reader):
    """A set without masks: every mask is 255 (ignore) throughout.

    Its photographs can be segmented but not scored; they fill the experiment's grid (``published.experiment_table``).

    Attributes
    ----------
    suffixes : of its pictures, in lower case
    """

    default_fit = "pad"
    expected_classes = ()
    suffixes: ClassVar[tuple[str, ...]] = PICTURES

    def decode(self, row: Row) -> np.ndarray:
        """Raise InputError: there is no label to decode, and ``mask`` gives 255 everywhere."""
        raise InputError(
            self.file(row["image_path"]),
            found=f"a photograph of {self.name}, which has no masks",
            expected="a data set with masks",
            do="train on a set with masks, and use this one for the experiment's photographs",
        )


def size_text(picture: np.ndarray) -> str:
    """Width x height of an (H, W, ...) array, such as 640x480."""
    return f"{picture.shape[1]}x{picture.shape[0]}"


def first_names(names: list[str], limit: int = 3) -> str:
    """The first few names of a list and how many more there are."""
    shown = path_text(", ".join(names[:limit]))
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
