"""iBugMask: 1,000 hand-labelled photographs for testing, and Helen in turned poses for training.

Source: Lin, Shen, Wang and Pantic, "RoI Tanh-polar transformer network for face parsing in the wild", Image and Vision
Computing 112, 2021; label order from the owner's page, github.com/hhj1897/face_parsing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row
from facefair_lib.data.readers.files import by_stem, list_files, pair_by_stem, place_in
from facefair_lib.data.readers.masked.label_values import ELEVEN_PARTS
from facefair_lib.errors import InputError
from facefair_lib.store.progress import Advance

FRAME = re.compile(r"^(?P<photograph>.+)_(?P<frame>\d{2})$")
"""Training names end in the frame: 00 is the photograph itself, others are the same face turned by computer."""


class IBugMaskReader(Reader):
    """iBugMask: ``{train,test}/<name>.jpg`` with ``{train,test}/<name>.png`` beside it, values 0 to 10.

    Skin includes scalp. Merged and left out as in LaPa. Boxes and landmarks are not read.

    Parameters
    ----------
    root : the folder with ``train`` and ``test``
    augmented : whether to read the training photographs' turned copies as well
    """

    name = "ibugmask"
    default_fit = "pad"
    expected_classes = ELEVEN_PARTS.expected_classes
    layout = "train/ or test/, each with <name>.jpg and <name>.png side by side"
    folders = ("train", "test")

    def __init__(self, root: Path, augmented: bool = False) -> None:
        super().__init__(root)
        if not isinstance(augmented, bool):
            raise InputError("augmented", found=repr(augmented), expected="true or false", do="correct the option")
        self.augmented = augmented

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether labels lie directly in ``train`` or ``test``."""
        return any(next((folder / part).glob("*.png"), None) for part in cls.folders if (folder / part).is_dir())

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and labels.

        Raises
        ------
        InputError
            for a photograph without a label or the reverse, or two photographs of one name
        """
        rows, left_out = [], 0
        for part in self.folders:
            place = self.root / part
            if not place.is_dir():
                continue
            images = by_stem(list_files(self.root, place, (".jpg", ".jpeg")))
            labels = by_stem(list_files(self.root, place, (".png",)))
            names = pair_by_stem(images, labels, (place, place))
            kept = [name for name in names if part == "test" or self.augmented or _frame(name) == 0]
            left_out += len(names) - len(kept)
            rows += [self._row(part, name, images[name], labels[name]) for name in kept]
        self.notes = ["Who is on the photographs is not published: each counts as a person of its own."]
        if left_out:
            self.notes.append(f"Left out: {left_out} training pictures that a computer turned (augmented=False).")
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label by its published names."""
        return ELEVEN_PARTS.read(self.file(row["label_path"]))

    def _row(self, part: str, name: str, image: Path, label: Path) -> dict[str, Any]:
        frame = FRAME.match(name) if part == "train" else None
        return {
            "image_id": f"{part}/{name}",
            "image_path": place_in(self.root, image),
            "label_path": place_in(self.root, label),
            "source": self.name,
            "category": "",
            "folder": part,
            "subject_id": f"{part}/{frame['photograph'] if frame else name}",
        }


def _frame(name: str) -> int:
    match = FRAME.match(name)
    return int(match["frame"]) if match else 0
