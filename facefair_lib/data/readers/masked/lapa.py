"""LaPa: landmark-guided face parsing, about 22,000 photographs in large poses, expressions and occlusions.

Source: Liu, Shi, Shen, Si, Wang and Mei, "A new dataset and boundary-attention semantic segmentation for face
parsing", AAAI 2020; layout and label order from the owner's page, github.com/JDAI-CV/lapa-dataset.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row
from facefair_lib.data.readers.files import by_stem, list_files, pair_by_stem, place_in
from facefair_lib.data.readers.masked.label_values import ELEVEN_PARTS
from facefair_lib.store.progress import Advance


class LapaReader(Reader):
    """LaPa: ``{train,val,test}/images/<name>.jpg`` with ``{train,val,test}/labels/<name>.png``, values 0 to 10.

    Merged: left with right, both lips with the inner mouth (lips). Not labelled, so never expected: ears, teeth, facial
    hair and spectacles; ears and neck are background there. The landmarks are not read.
    """

    name = "lapa"
    default_fit = "pad"
    expected_classes = ELEVEN_PARTS.expected_classes
    layout = "train/, val/ or test/, each with images/*.jpg and labels/*.png"
    folders = tuple(f"{part}/{kind}" for part in ("train", "val", "test") for kind in ("images", "labels"))

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether a part with images and labels is there."""
        return bool(cls._parts(folder))

    @staticmethod
    def _parts(folder: Path) -> list[str]:
        return [part for part in ("train", "val", "test") if (folder / part / "images").is_dir()]

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and labels of the parts that are there.

        Raises
        ------
        InputError
            for a photograph without a label or the reverse, or two files of one name
        """
        rows = []
        for part in self._parts(self.root):
            places = self.root / part / "images", self.root / part / "labels"
            images = by_stem(list_files(self.root, places[0], (".jpg", ".jpeg", ".png")))
            labels = by_stem(list_files(self.root, places[1], (".png",)))
            for stem in pair_by_stem(images, labels, places):
                rows.append(
                    {
                        "image_id": f"{part}/{stem}",
                        "image_path": place_in(self.root, images[stem]),
                        "label_path": place_in(self.root, labels[stem]),
                        "source": self.name,
                        "category": "",
                        "folder": part,
                        "subject_id": f"{part}/{stem}",
                    }
                )
        self.notes = ["Who is on the photographs is not published: each counts as a person of its own."]
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label by its published names."""
        return ELEVEN_PARTS.read(self.file(row["label_path"]))
