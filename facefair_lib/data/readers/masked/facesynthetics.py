"""FaceSynthetics (Microsoft): 100,000 rendered faces; the public set with the most of the study's classes.

Source: Wood et al., "Fake it till you make it", ICCV 2021; layout and label values from the owner's page,
github.com/microsoft/FaceSynthetics.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row
from facefair_lib.data.readers.files import by_stem, list_files, name_of, pair_by_stem, place_in
from facefair_lib.data.readers.masked.label_values import IGNORED, LabelMap
from facefair_lib.store.progress import Advance

LABEL = re.compile(r"^\d{6}_seg\.png$")

PARTS = LabelMap(
    names=MappingProxyType(
        {
            0: "BACKGROUND",
            1: "SKIN",
            2: "NOSE",
            3: "RIGHT_EYE",
            4: "LEFT_EYE",
            5: "RIGHT_BROW",
            6: "LEFT_BROW",
            7: "RIGHT_EAR",
            8: "LEFT_EAR",
            9: "MOUTH_INTERIOR",
            10: "TOP_LIP",
            11: "BOTTOM_LIP",
            12: "NECK",
            13: "HAIR",
            14: "BEARD",
            15: "CLOTHING",
            16: "GLASSES",
            17: "HEADWEAR",
            18: "FACEWEAR",
            255: "IGNORE",
        }
    ),
    classes=MappingProxyType(
        {
            "BACKGROUND": "background",
            "SKIN": "face",
            "NOSE": "nose",
            "RIGHT_EYE": "eyes",
            "LEFT_EYE": "eyes",
            "RIGHT_BROW": "eyebrows",
            "LEFT_BROW": "eyebrows",
            "RIGHT_EAR": "ears",
            "LEFT_EAR": "ears",
            "MOUTH_INTERIOR": "lips",  # teeth, tongue and shadow: mouth, never teeth
            "TOP_LIP": "lips",
            "BOTTOM_LIP": "lips",
            "NECK": "face",  # Mut1ny labels the neck as general face / head
            "HAIR": "hair",
            "BEARD": "facial_hair",
            "CLOTHING": "background",
            "GLASSES": "specs",
            "HEADWEAR": "background",  # as all other clothing
            "FACEWEAR": IGNORED,  # documented, but no pixel of the release holds it: facewear is background
            "IGNORE": IGNORED,
        }
    ),
)


class FaceSyntheticsReader(Reader):
    """FaceSynthetics: ``<6 digits>.png`` with ``<6 digits>_seg.png`` beside it, in one folder.

    Merged: left with right, lips with the mouth's interior, neck with skin, clothing and headwear with background.
    Not labelled: teeth, and facewear: it has a value (18, ignored here), but no pixel of the release holds it, and what
    covers a face is background. Opaque lenses are glasses, transparent ones what lies behind them.
    """

    name = "facesynthetics"
    expected_classes = PARTS.expected_classes
    layout = "000000.png, 000000_seg.png and so on (dataset_100, dataset_1000 or dataset_100000)"

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether label files are there; the first thousand names are looked at."""
        return folder.is_dir() and any(LABEL.match(path.name) for path in islice(folder.iterdir(), 1000))

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair pictures and labels.

        Raises
        ------
        InputError
            for a picture without a label or the reverse
        """
        files = by_stem(list_files(self.root, self.root, (".png",)))
        labels = {stem.removesuffix("_seg"): path for stem, path in files.items() if stem.endswith("_seg")}
        images = {stem: path for stem, path in files.items() if not stem.endswith("_seg")}
        rows = [
            {
                "image_id": stem,
                "image_path": place_in(self.root, images[stem]),
                "label_path": place_in(self.root, labels[stem]),
                "source": self.name,
                "category": "",
                "folder": name_of(self.root.name),
                "subject_id": stem,
            }
            for stem in pair_by_stem(images, labels, (self.root, self.root))
        ]
        self.notes = [
            "Each rendered picture shows a person of its own; group, gender and age are not published.",
            "Facewear has a value (18), but no pixel of the release holds it: what covers a face, such as a mask over "
            "mouth and nose, is labelled background.",
        ]
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label by its published names."""
        return PARTS.read(self.file(row["label_path"]))
