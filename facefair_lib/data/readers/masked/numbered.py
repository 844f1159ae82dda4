"""Sets of photographs with label files whose pixels are numbers: LaPa, Helen, iBugMask and FaceSynthetics.

Classes are matched by name, because numbers differ between releases: three orders of CelebAMask-HQ's parts are in
circulation, and brows come before eyes in LaPa and after them in FaceSynthetics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from facefair_lib.data.images import read_label_values
from facefair_lib.data.manifest import check_manifest, make_manifest
from facefair_lib.data.readers.base import Reader, Row, first_names, size_text
from facefair_lib.data.readers.files import by_stem, list_files, list_folders, name_of, pair_by_stem
from facefair_lib.data.spreadsheet import read_text
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, IGNORE_INDEX, INDEX
from facefair_lib.store.progress import Advance

IGNORED = "ignored"
"""In place of a class name, for parts that are neither trained on nor scored."""

_UNKNOWN = -1

ELEVEN_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "background": "background",
        "skin": "face",
        "left_eyebrow": "eyebrows",
        "right_eyebrow": "eyebrows",
        "left_eye": "eyes",
        "right_eye": "eyes",
        "nose": "nose",
        "upper_lip": "lips",
        # The mouth between the lips holds teeth, tongue and shadow: it is scored as mouth, never as teeth.
        "inner_mouth": "lips",
        "lower_lip": "lips",
        "hair": "hair",
    }
)
"""Names that LaPa, Helen and iBugMask give the numbers 0 to 10, in this order -> class."""


class NumberedReader(Reader):
    """A set whose photographs and label files pair by name, in one folder each or side by side.

    Attributes
    ----------
    parts : the owner's names of the numbers 0, 1, ... of a label file, in order -> class, or ``IGNORED``
    ignored : further numbers that are ignored
    places : part of the release -> folders of its photographs and its labels; "" for a release in one part. Parts
        whose photographs are not there are passed over
    suffixes : of the photographs
    remarks : notes on who is in them, and on what is left out
    """

    default_fit = "pad"
    parts: ClassVar[Mapping[str, str]] = ELEVEN_PARTS
    ignored: ClassVar[tuple[int, ...]] = ()
    places: ClassVar[Mapping[str, tuple[str, str]]]
    suffixes: ClassVar[tuple[str, ...]] = (".jpg", ".jpeg")
    remarks: ClassVar[tuple[str, ...]] = (
        "Who is in the photographs is not published: each counts as a different person.",
    )

    def __init_subclass__(cls) -> None:
        cls.expected_classes = tuple(name for name in CLASS_NAMES if name in cls.parts.values())
        cls.folders = tuple(dict.fromkeys(folder for pair in cls.places.values() for folder in pair if folder))

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and labels of the parts that are there.

        Raises
        ------
        InputError
            for a photograph without a label or the reverse, or two files of one name
        """
        rows = []
        for part, folders in self.places.items():
            places = self.root / folders[0], self.root / folders[1]
            if not places[0].is_dir():
                continue
            images, labels = self.find_images(places[0]), self.find_labels(places[1])
            for name in pair_by_stem(images, labels, places):
                image_id = f"{part}/{name}" if part else name
                known = {"folder": part or name_of(self.root.name), "subject_id": self.person(image_id)}
                rows.append(self.row(images[name], labels[name], image_id=image_id, **known))
        self.notes = list(self.remarks)
        return make_manifest(rows, self.root)

    def find_images(self, place: Path) -> dict[str, Path]:
        """Name that pairs -> photograph."""
        return by_stem(list_files(self.root, place, self.suffixes))

    def find_labels(self, place: Path) -> dict[str, Path]:
        """Name that pairs -> label."""
        return by_stem(list_files(self.root, place, (".png",)))

    def person(self, image_id: str) -> str:
        """Who is in a photograph: a different person in each, unless names tell more."""
        return image_id

    def decode(self, row: Row) -> np.ndarray:
        """Decode a label by its published names."""
        path = self.file(row["label_path"])
        return self.classes_of(read_label_values(path), path)

    def classes_of(self, values: np.ndarray, path: Path) -> np.ndarray:
        """Turn the set's numbers into class indices: (H, W) uint8 -> (H, W) uint8, 255 = ignore.

        Raises
        ------
        InputError
            if the file (named by ``path``) holds a number that the data set does not define
        """
        numbers = {**dict(enumerate(self.parts.values())), **dict.fromkeys(self.ignored, IGNORED)}
        table = np.full(256, _UNKNOWN, np.int16)
        for number, name in numbers.items():
            table[number] = IGNORE_INDEX if name == IGNORED else INDEX[name]
        mask = table[values]  # (H, W)
        if (mask == _UNKNOWN).any():
            strange, pixels = np.unique(values[mask == _UNKNOWN], return_counts=True)
            shown = ", ".join(f"{number} ({count} pixels)" for number, count in zip(strange, pixels, strict=True))
            raise InputError(
                path,
                found=f"the label values {shown}",
                expected=f"only {', '.join(map(str, numbers))}",
                do="restore the published label; one that was resized with blending or recoloured cannot be read",
            )
        return mask.astype(np.uint8)


class LapaReader(NumberedReader):
    """LaPa: ``{train,val,test}/images/<name>.jpg`` with ``{train,val,test}/labels/<name>.png``, values 0 to 10.

    About 22,000 photographs with large variations of pose, expression and occlusion. Merged: left with right, both lips
    with the inner mouth (lips). Not labelled, so never expected: ears, teeth, facial hair and spectacles; ears and neck
    are background there. The landmarks are not read.

    Source: Liu, Shi, Shen, Si, Wang and Mei, "A new dataset and boundary-attention semantic segmentation for face
    parsing", AAAI 2020; layout and label order from the owner's page, github.com/JDAI-CV/lapa-dataset.
    """

    name = "lapa"
    layout = "train/, val/ or test/, each with images/*.jpg and labels/*.png"
    places = MappingProxyType({part: (f"{part}/images", f"{part}/labels") for part in ("train", "val", "test")})
    suffixes = (".jpg", ".jpeg", ".png")

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether a part with images is there."""
        return any((folder / images).is_dir() for images, _ in cls.places.values())


class HelenReader(NumberedReader):
    """Helen (Smith): ``images/<name>.jpg`` and ``labels/<name>/<name>_lbl00.png`` to ``_lbl10.png``.

    2,330 photographs with eleven probability maps each: a pixel takes the part with the largest probability; of equal
    ones the first, background before skin. Skin excludes ears and neck, which are background. Merged and left out as in
    LaPa.

    Source: Smith, Zhang, Brandt, Lin and Yang, "Exemplar-based face parsing", CVPR 2013; the release's README.txt at
    pages.cs.wisc.edu/~lizhang/projects/face-parsing. The photographs are those of Le et al., ECCV 2012.
    """

    name = "helen"
    layout = "images/*.jpg and labels/<name>/<name>_lbl00.png to _lbl10.png"
    places = MappingProxyType({"": ("images", "labels")})
    remarks = (
        "Who is in the photographs is not published: faces of one photograph count as one person, all others as "
        "different people.",
    )
    lists = ("exemplars", "tuning", "testing")
    """The release's own three parts; each ``<part>.txt`` has lines ``<number> , <name>``."""

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether ``images`` is there, and in ``labels`` a folder with probability maps."""
        if not all((folder / name).is_dir() for name in cls.folders):
            return False
        return any(next(path.glob("*_lbl00.png"), None) for path in (folder / "labels").iterdir() if path.is_dir())

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and label folders, and check them against the release's lists where these are there.

        Raises
        ------
        InputError
            for a photograph without labels or the reverse, or a name in a list that has no photograph
        """
        part_of = self._read_lists(set(self.find_images(self.root / "images")))
        manifest = super().read(progress)
        first_maps = [f"{place}/{place.rpartition('/')[2]}_lbl00.png" for place in manifest["label_path"]]
        parts = [part_of.get(name, "images") for name in manifest["image_id"]]
        return manifest.assign(label_path=first_maps, folder=parts)

    def find_labels(self, place: Path) -> dict[str, Path]:
        """Name that pairs -> folder of probability maps."""
        return {name_of(folder.name): folder for folder in list_folders(self.root, place)}

    def person(self, image_id: str) -> str:
        """232194_1 is the first face of photograph 232194: all its faces go to one split."""
        return image_id.rpartition("_")[0] or image_id

    def decode(self, row: Row) -> np.ndarray:
        """Decode eleven probability maps: each pixel takes the part with the largest value."""
        first = self.file(row["label_path"])
        paths = [first.with_name(first.name.replace("_lbl00", f"_lbl{number:02d}")) for number in range(11)]
        maps = [read_label_values(path) for path in paths]  # 11 x (H, W)
        for path, probabilities in zip(paths, maps, strict=True):
            if probabilities.shape != maps[0].shape:
                raise InputError(
                    path,
                    found=f"a map of {size_text(probabilities)} pixels",
                    expected=f"{size_text(maps[0])} pixels, the size of {first.name}",
                    do="unpack the labels again; the original and the resized release must not be mixed",
                )
        return self.classes_of(np.stack(maps).argmax(0), first)

    def _read_lists(self, known: set[str]) -> dict[str, str]:
        part_of = {}
        for part in self.lists:
            path = self.root / f"{part}.txt"
            if not path.is_file():
                continue
            lines = read_text(path).splitlines()
            names = [name_of(line.rpartition(",")[2].strip()) for line in lines if line.strip()]
            missing = [name for name in names if name not in known]
            if missing:
                raise InputError(
                    path,
                    found=f"{len(missing)} names without a photograph ({first_names(missing)})",
                    expected="a file images/<name>.jpg for each",
                    do="unpack the data set again",
                )
            part_of |= dict.fromkeys(names, part)
        return part_of


class IBugMaskReader(NumberedReader):
    """iBugMask: ``{train,test}/<name>.jpg`` with ``{train,test}/<name>.png`` beside it, values 0 to 10.

    1,000 hand-labelled photographs for testing, and Helen for training, of which copies in poses made by computer are
    left out. Skin includes scalp. Merged and left out as in LaPa. Boxes and landmarks are not read.

    Source: Lin, Shen, Wang and Pantic, "RoI Tanh-polar transformer network for face parsing in the wild", Image and
    Vision Computing 112, 2021; label order from the owner's page, github.com/hhj1897/face_parsing.
    """

    name = "ibugmask"
    layout = "train/ or test/, each with <name>.jpg and <name>.png side by side"
    places = MappingProxyType({part: (part, part) for part in ("train", "test")})
    frame = re.compile(r"^(?P<photograph>train/.+)_(?P<number>\d{2})$")
    """Training names end in the frame: 00 is the photograph itself, others show the face in poses made by computer."""

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether labels are directly in ``train`` or ``test``."""
        return any(next((folder / part).glob("*.png"), None) for part in cls.folders if (folder / part).is_dir())

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and labels, and leave out the copies in other poses.

        Raises
        ------
        InputError
            for a photograph without a label or the reverse, or two photographs of one name
        """
        manifest = super().read(progress)
        frames = map(self.frame.match, manifest["image_id"])
        turned = np.array([bool(frame) and int(frame["number"]) > 0 for frame in frames])
        if not turned.any():
            return manifest
        self.notes.append(f"Left out: {turned.sum()} training pictures in poses made by computer.")
        return check_manifest(manifest[~turned], self.root)

    def person(self, image_id: str) -> str:
        """All frames of a photograph show one person."""
        frame = self.frame.match(image_id)
        return frame["photograph"] if frame else image_id


class FaceSyntheticsReader(NumberedReader):
    """FaceSynthetics (Microsoft): ``<6 digits>.png`` with ``<6 digits>_seg.png`` beside it, in one folder.

    100,000 rendered faces; the public set with the most of the study's classes. Merged: left with right, lips with the
    mouth's interior, neck with skin, clothing and headwear with background. Not labelled: teeth and facewear. Facewear
    has a value (18, ignored here), but no pixel of the release holds it, and what covers a face is background. Opaque
    lenses are glasses; transparent ones are labelled as what is behind them.

    Source: Wood et al., "Fake it till you make it", ICCV 2021; layout and label values from the owner's page,
    github.com/microsoft/FaceSynthetics.
    """

    name = "facesynthetics"
    default_fit = "stretch"
    layout = "000000.png, 000000_seg.png and so on (dataset_100, dataset_1000 or dataset_100000)"
    parts = MappingProxyType(
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
            "FACEWEAR": IGNORED,  # documented, but no pixel of the release has it: facewear is background
        }
    )
    ignored = (255,)
    places = MappingProxyType({"": ("", "")})
    suffixes = (".png",)
    remarks = (
        "Each rendered picture shows a different person; group, gender and age are not published.",
        "Facewear has a value (18), but no pixel of the release has it: what covers a face, such as a mask over mouth "
        "and nose, is labelled background.",
    )

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether there are label files among the first thousand names."""
        names = (path.name for path in islice(folder.iterdir(), 1000)) if folder.is_dir() else ()
        return any(re.match(r"^\d{6}_seg\.png$", name) for name in names)

    def find_images(self, place: Path) -> dict[str, Path]:
        """Number -> picture."""
        return {name: path for name, path in super().find_images(place).items() if not name.endswith("_seg")}

    def find_labels(self, place: Path) -> dict[str, Path]:
        """Number -> label."""
        files = super().find_labels(place).items()
        return {name.removesuffix("_seg"): path for name, path in files if name.endswith("_seg")}
