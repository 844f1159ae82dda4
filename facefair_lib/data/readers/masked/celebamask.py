"""CelebAMask-HQ: 30,000 photographs of celebrities with one hand-drawn mask per part.

Source: Lee, Liu, Wu and Luo, "MaskGAN: towards diverse and interactive facial image manipulation", CVPR 2020; layout
and the order in which parts cover each other from the owner's page and its face_parsing/Data_preprocessing/g_mask.py,
github.com/switchablenorms/CelebAMask-HQ.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from facefair_lib.data.images import read_label_values, read_upright, resize_image
from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row, first_names, size_text
from facefair_lib.data.readers.files import by_stem, list_files, pair_by_stem
from facefair_lib.data.spreadsheet import read_text
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, INDEX
from facefair_lib.store.progress import Advance

IMAGES, MASKS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
MASK_SIZE = 512
"""Side of the masks in pixels; the photographs have twice as many."""

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "skin": "face",
        "nose": "nose",
        "eye_g": "specs",
        "l_eye": "eyes",
        "r_eye": "eyes",
        "l_brow": "eyebrows",
        "r_brow": "eyebrows",
        "l_ear": "ears",
        "r_ear": "ears",
        "mouth": "lips",  # teeth, tongue and shadow: mouth, never teeth
        "u_lip": "lips",
        "l_lip": "lips",
        "hair": "hair",
        "hat": "background",  # as clothing
        "ear_r": "background",  # earring
        "neck_l": "background",  # necklace
        "neck": "face",  # Mut1ny labels the neck as general face / head
        "cloth": "background",
    }
)
"""Published part -> class, in the order in which later parts cover earlier ones."""

PART_NAME = re.compile(rf"^(?P<number>\d{{5}})_(?P<part>{'|'.join(PARTS)})$")


class CelebAMaskReader(Reader):
    """CelebAMask-HQ: ``CelebA-HQ-img/<i>.jpg`` and ``CelebAMask-HQ-mask-anno/<i // 2000>/<5 digits>_<part>.png``.

    A part without a file is absent. Merged: left with right, lips with the mouth, neck with face; hats, jewellery and
    clothing with background. Not labelled: teeth and facial hair (beards are skin). Photographs are reduced to the
    masks' 512 pixels, so that no mask is ever enlarged.

    ``label_path`` names the first part of the picture; the others are beside it. Gender comes from
    ``CelebAMask-HQ-attribute-anno.txt`` if that is there. People are known only with CelebA's ``identity_CelebA.txt``
    (on request from its owner) in the same folder.
    """

    name = "celebamask"
    expected_classes = tuple(name for name in CLASS_NAMES if name in {"background", *PARTS.values()})
    layout = f"{IMAGES}/*.jpg and {MASKS}/0 to 14/*_<part>.png"
    folders = (IMAGES, *(f"{MASKS}/{number}" for number in range(15)))

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether both folders are there."""
        return (folder / IMAGES).is_dir() and (folder / MASKS).is_dir()

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Match photographs with their parts.

        Raises
        ------
        InputError
            for a photograph without any part or the reverse, an unknown part, or a file in the wrong folder
        """
        places = self.root / IMAGES, self.root / MASKS
        images = by_stem(list_files(self.root, places[0], (".jpg",)))
        first = self._first_parts(places[1])
        male, subject = self._genders(), self._identities()
        rows = [
            self.row(
                images[name],
                first[name],
                image_id=name.zfill(5),
                folder=first[name].parent.name,
                subject_id=subject.get(name, name.zfill(5)),
                gender={True: "male", False: "female", None: ""}[male.get(name)],
            )
            for name in pair_by_stem(images, first, places)
        ]
        known = sum(row["image_id"] != row["subject_id"] for row in rows)
        self.notes = [f"Photographs are read at the masks' {MASK_SIZE}x{MASK_SIZE} pixels."]
        if known < len(rows):
            self.notes.append(
                f"Who is in {len(rows) - known} photographs is not known: each counts as a different person, so the "
                "same celebrity may be in two splits. CelebA's identity_CelebA.txt says who is who."
            )
        return make_manifest(rows, self.root)

    def upright(self, row: Row) -> tuple[np.ndarray, int]:
        """Read the photograph at the masks' size, (512, 512, 3) uint8, and the EXIF orientation applied."""
        rgb, orientation = read_upright(self.file(row["image_path"]))
        return resize_image(rgb, (MASK_SIZE, MASK_SIZE)), orientation

    def decode(self, row: Row) -> np.ndarray:
        """Lay the parts over each other in the published order: (512, 512) uint8."""
        first = self.file(row["label_path"])
        mask = np.full((MASK_SIZE, MASK_SIZE), INDEX["background"], np.uint8)
        for part, class_name in PARTS.items():
            path = first.with_name(f"{first.name[:5]}_{part}.png")
            if not path.is_file():
                continue
            drawn = read_label_values(path) > 0  # (H, W)
            if drawn.shape != mask.shape:
                raise InputError(
                    path,
                    found=f"a part of {size_text(drawn)} pixels",
                    expected=f"{MASK_SIZE}x{MASK_SIZE} pixels",
                    do="restore the published mask",
                )
            mask[drawn] = INDEX[class_name]
        return mask

    def _first_parts(self, place: Path) -> dict[str, Path]:
        """Photograph's name -> the first of its part files."""
        parts: dict[str, dict[str, Path]] = defaultdict(dict)
        for path in list_files(self.root, place, (".png",), below=True):
            match = PART_NAME.match(path.stem)
            if match is None or path.parent.name != str(int(match["number"]) // 2000):
                raise InputError(
                    path,
                    found="a mask whose name or folder is not the published one",
                    expected=f"<i // 2000>/<5 digits>_<part>.png with a part of {', '.join(PARTS)}",
                    do="restore the published name, or remove the file",
                )
            parts[str(int(match["number"]))][match["part"]] = path
        return {name: next(drawn[part] for part in PARTS if part in drawn) for name, drawn in parts.items()}

    def _genders(self) -> dict[str, bool]:
        path = self.root / "CelebAMask-HQ-attribute-anno.txt"
        if not path.is_file():
            return {}
        lines = read_text(path).splitlines()
        header = lines[1].split() if len(lines) > 1 else []
        if "Male" not in header:
            raise InputError(
                path,
                found=f"the attributes {first_names(header)}",
                expected="CelebA's forty, with Male among them, in line 2",
                do="restore the published file, or remove it: gender is then unknown",
            )
        column = header.index("Male") + 1
        rows = _columns(path, lines[2:], len(header) + 1)
        return {row[0].removesuffix(".jpg"): row[column] == "1" for row in rows}

    def _identities(self) -> dict[str, str]:
        identities, mapping = self.root / "identity_CelebA.txt", self.root / "CelebA-HQ-to-CelebA-mapping.txt"
        if not identities.is_file():
            return {}
        if not mapping.is_file():
            raise InputError(
                mapping,
                found="no such file",
                expected="the release's table of original names, without which identity_CelebA.txt cannot be used",
                do="unpack the data set again",
            )
        person = dict(_columns(identities, read_text(identities).splitlines(), 2))
        rows = _columns(mapping, read_text(mapping).splitlines()[1:], 3)
        return {name: f"celeba-{person[original]}" for name, _, original in rows if original in person}


def _columns(path: Path, lines: list[str], width: int) -> list[list[str]]:
    """Split lines at white space, commas and semicolons; all lines but empty ones must have ``width`` words."""
    rows = [line.replace(",", " ").replace(";", " ").split() for line in lines]
    rows = [row for row in rows if row]
    wrong = next((row for row in rows if len(row) != width), None)
    if wrong is not None:
        raise InputError(
            path,
            found=f"a line of {len(wrong)} words: {' '.join(wrong)[:60]!r}",
            expected=f"{width} words in every line",
            do="restore the published file",
        )
    return rows
