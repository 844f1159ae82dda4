"""FASSEG: photographs of faces with six hand-drawn classes.

Source: Khan, Mauro and Leonardi, "Multi-class semantic segmentation of faces", ICIP 2015 (V1, V2); Khan, Mauro,
Migliorati and Leonardi, "Head pose estimation through multiclass face segmentation", ICME 2017 (V3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt

from facefair_lib.data.images import read_label_rgb
from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row, first_names
from facefair_lib.data.readers.files import by_stem, list_files, list_folders, pair_by_stem, place_in
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX, decode_nearest
from facefair_lib.store.progress import Advance

LABELLED: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("background", (255, 0, 0)),
    ("hair", (127, 0, 0)),
    ("face", (255, 255, 0)),
    ("nose", (0, 255, 255)),
    ("lips", (0, 255, 0)),
    ("eyes", (0, 0, 255)),
)
"""Class name -> RGB in FASSEG's label pictures: brows count as hair, ears and neck as face, the mouth as lips."""

COLOURS = np.array([colour for _, colour in LABELLED], np.uint8)  # (6, 3)
CLASS_OF_COLOUR = np.array([INDEX[name] for name, _ in LABELLED], np.uint8)  # (6,)

RESIDUE_DISTANCE = 32.0
"""RGB distance beyond which a pixel's own colour is not trusted: it takes the class of the nearest trusted pixel.

Blends along borders pass close to a third colour: (191, 127, 0), half way from hair to skin, is as near to background
as to hair, so that nearest-colour decoding alone draws a line of background there."""

MAX_RESIDUE = 0.05
"""Largest share of untrusted pixels in one file. The published files measured have 0.7 to 1.6 per cent."""

POSE_NAME = re.compile(r"^personne(?P<person>\d{2})(?P<series>\d)(?P<number>\d{2})(?P<pitch>[+-]\d+)(?P<yaw>[+-]\d+)$")
_YAW_FOLDER = re.compile(r"[+-]?\d+")


class FassegReader(Reader):
    """The FASSEG repository: V1 and V2 hold the same 70 frontal faces, V3 faces in several poses.

    V2 has finer masks of the same faces as V1: where both are there, a face that V2 holds is taken from V2.

    Parameters
    ----------
    root : folder with V1, V2 and V3, or some of them
    """

    name = "fasseg"
    default_fit = "pad"
    expected_classes = tuple(name for name, _ in LABELLED)
    layout = "at least one of V1, V2, V3"
    folders = tuple(
        f"{version}/{part}"
        for version, labels in (("V1", "Labels"), ("V2", "Labels"), ("V3", "labels"))
        for part in ("Train_RGB", f"Train_{labels}", "Test_RGB", f"Test_{labels}")
    )

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether one of the versions is there."""
        return any((folder / version).is_dir() for version in ("V1", "V2", "V3"))

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and labels of the versions that are present.

        Raises
        ------
        InputError
            if a frontal photograph or label has no partner, or a file name cannot be read
        """
        present = {version for version in ("V1", "V2", "V3") if (self.root / version).is_dir()}
        self.notes = []
        frontal = {}
        for version in ("V1", "V2"):  # the later one replaces the earlier one's rows of the same face
            if version in present:
                frontal |= {row["subject_id"]: row for row in self._frontal(version)}
        if {"V1", "V2"} <= present:
            self.notes.append("V1 and V2 hold the same faces: a face with masks in both is taken from V2.")
        rows = [*frontal.values(), *(self._poses() if "V3" in present else [])]
        if frontal:
            self.notes.append("Who is in the frontal photographs is not published: each counts as a different person.")
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label to class indices; colours off the palette take the class of the nearest trusted pixel.

        Raises
        ------
        InputError
            if more than ``MAX_RESIDUE`` of the pixels are off the palette: that cannot be a FASSEG label
        """
        path = self.file(row["label_path"])
        rows, distance = decode_nearest(read_label_rgb(path), COLOURS)  # (H, W) each
        strange = distance > RESIDUE_DISTANCE
        if strange.mean() > MAX_RESIDUE:
            raise InputError(
                path,
                found=f"{strange.mean():.1%} of the pixels farther than {RESIDUE_DISTANCE:g} from every label colour",
                expected=f"at most {MAX_RESIDUE:.0%}",
                do="check that this is a FASSEG label picture, and not a photograph or another data set's label",
            )
        mask = CLASS_OF_COLOUR[rows]
        if strange.any():
            nearest = distance_transform_edt(strange, return_distances=False, return_indices=True)  # (2, H, W)
            mask = mask[tuple(nearest)]
        return mask

    def _frontal(self, version: str) -> Iterator[dict[str, Any]]:
        for part, images, labels in self._parts(version):
            photographs, masks = (self._bitmaps(folder) for folder in (images, labels))
            for stem in pair_by_stem(photographs, masks, (images, labels)):
                subject = f"frontal-{part}-{stem.zfill(2)}"
                yield self._row(f"{version}/{part}/{stem}", subject, photographs[stem], masks[stem], yaw=0.0)

    def _poses(self) -> Iterator[dict[str, Any]]:
        left_out: list[str] = []
        for part, images, labels in self._parts("V3"):
            photographs, masks = (self._poses_below(folder) for folder in (images, labels))
            left_out += [f"V3/{images.name}/{key}" for key in sorted(photographs.keys() - masks.keys())]
            left_out += [f"V3/{labels.name}/{key}" for key in sorted(masks.keys() - photographs.keys())]
            for key in sorted(photographs.keys() & masks.keys()):
                pose = _read_pose(photographs[key])
                image_id, subject = f"V3/{part}/{photographs[key].stem}", f"pose-{pose['person']}"
                yield self._row(image_id, subject, photographs[key], masks[key], yaw=float(pose["yaw"]))
        if left_out:
            self.notes.append(f"Left out, no partner: {len(left_out)} files of V3 ({first_names(left_out)}).")

    def _parts(self, version: str) -> Iterator[tuple[str, Path, Path]]:
        """Find the train and test folders of a version; the case of ``labels`` differs between versions."""
        folders = {path.name.lower(): path for path in (self.root / version).iterdir() if path.is_dir()}
        parts = [part for part in ("train", "test") if f"{part}_rgb" in folders or f"{part}_labels" in folders]
        for part in parts:
            missing = [name for name in (f"{part}_rgb", f"{part}_labels") if name not in folders]
            if missing:
                raise InputError(
                    self.root / version,
                    found=f"no folder {missing[0]} (in any case)",
                    expected=f"{part.title()}_RGB and {part.title()}_Labels side by side",
                    do="restore the missing folder, or remove its partner",
                )
            yield part, folders[f"{part}_rgb"], folders[f"{part}_labels"]

    def _bitmaps(self, folder: Path) -> dict[str, Path]:
        return by_stem(list_files(self.root, folder, (".bmp",)))

    def _poses_below(self, folder: Path) -> dict[str, Path]:
        """Map yaw folder / person, series and picture number -> path; letter case and spaces in names do not matter."""
        poses = {}
        for yaw in list_folders(self.root, folder):
            poses |= {f"{yaw.name}/{stem.strip().lower()}": path for stem, path in self._bitmaps(yaw).items()}
        return poses

    def _row(self, image_id: str, subject: str, image: Path, label: Path, yaw: float) -> dict[str, Any]:
        folder = place_in(self.root, image.parent)
        return self.row(image, label, image_id=image_id, folder=folder, subject_id=subject, yaw=yaw)


def _read_pose(path: Path) -> dict[str, str]:
    match = POSE_NAME.match(path.stem.strip().lower())
    if match is None or not _YAW_FOLDER.fullmatch(path.parent.name) or float(match["yaw"]) != float(path.parent.name):
        raise InputError(
            path,
            found="a file name that does not give the person and its folder's yaw",
            expected="personne<PP><S><NN><pitch><yaw>.bmp, such as +45/personne01149+0+45.bmp",
            do="restore the published name",
        )
    return match.groupdict()
