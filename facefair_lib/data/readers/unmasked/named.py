"""Sets without masks whose file names say who is seen and how: JAFFE, RaFD, CFD and UTKFace."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import PortraitReader, first_names
from facefair_lib.data.readers.files import list_files, list_folders, name_of, subfolders
from facefair_lib.store.progress import Advance

_NAMES_LOOKED_AT = 1000


class NamedPortraitReader(PortraitReader):
    """A set without masks whose file names say who is seen and how.

    Attributes
    ----------
    pattern : matches a picture's name in full; pictures with other names are left out and noted
    """

    pattern: ClassVar[re.Pattern[str]]

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether pictures with published names are in the folder or one level below."""
        places = (folder, *islice(subfolders(folder), 20)) if folder.is_dir() else ()
        names = (path.name for place in places for path in islice(place.iterdir(), _NAMES_LOOKED_AT))
        return any(map(cls.pattern.match, names))

    @abstractmethod
    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Manifest columns that a picture's name tells: subject_id and, if known, group, gender, age, emotion, yaw."""

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
        rows = [self._row(path, match) for path, match in matches.items() if match]
        return make_manifest(rows, self.root)

    def pictures(self) -> Iterable[Path]:
        """List the pictures below the root, sorted."""
        return list_files(self.root, self.root, self.suffixes, below=True)

    def _row(self, path: Path, match: re.Match[str]) -> dict[str, Any]:
        place = path.relative_to(self.root)
        folder = name_of(place.parent.as_posix()) if len(place.parts) > 1 else ""
        return self.row(path, image_id=name_of(place.with_suffix("").as_posix()), folder=folder, **self.describe(match))


class JaffeReader(NamedPortraitReader):
    """JAFFE: ``<initials>.<emotion><take>.<number>.tiff`` in one folder, such as ``KA.AN1.39.tiff``.

    213 grey photographs of ten Japanese women. The emotion is the posed one; raters did not always recognise it.

    Source: Lyons, Akamatsu, Kamachi and Gyoba, "Coding facial expressions with Gabor wavelets", FG 1998; the release's
    README_FIRST.txt at zenodo.org/records/3451524.
    """

    name = "jaffe"
    layout = "files such as KA.AN1.39.tiff"
    suffixes = (".tiff", ".tif")
    emotions = MappingProxyType(
        {
            "AN": "angry",
            "DI": "disgusted",
            "FE": "fearful",
            "HA": "happy",
            "NE": "neutral",
            "SA": "sad",
            "SU": "surprised",
        }
    )
    pattern = re.compile(r"^(?P<person>[A-Z]{2})\.(?P<emotion>AN|DI|FE|HA|NE|SA|SU)\d\.\d+\.tiff?$")

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Person and emotion; all are Japanese women."""
        return {
            "subject_id": match["person"],
            "group": "japanese",
            "gender": "female",
            "emotion": self.emotions[match["emotion"]],
        }


class RafdReader(NamedPortraitReader):
    """RaFD: ``Rafd<angle>_<person>_<kind>_<gender>_<emotion>_<gaze>.jpg``, in one folder or several.

    67 people, eight emotions, three gazes, five camera angles. The angle becomes the yaw: 090 is the front (0 degrees),
    000 and 180 the two profiles (-90 and 90).

    Source: Langner, Dotsch, Bijlstra, Wigboldus, Hawk and van Knippenberg, "Presentation and validation of the Radboud
    faces database", Cognition and Emotion 24, 2010; file names as explained in the FAQ at rafd.socsci.ru.nl.
    """

    name = "rafd"
    layout = "files such as Rafd090_01_Caucasian_female_angry_frontal.jpg"
    suffixes = (".jpg",)
    groups = MappingProxyType({"Caucasian": "caucasian", "Moroccan": "moroccan", "Kid": "caucasian"})
    """Caucasian and Moroccan Dutch adults; the children (Kid) are Caucasian Dutch as well."""
    pattern = re.compile(
        r"^Rafd(?P<angle>000|045|090|135|180)_(?P<person>\d{2})_(?P<kind>Caucasian|Moroccan|Kid)_(?P<gender>female|male)_"
        r"(?P<emotion>angry|contemptuous|disgusted|fearful|happy|neutral|sad|surprised)_(?P<gaze>frontal|left|right)\.jpg$"
    )

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Person, group, gender, emotion and yaw; age is not published, but Kid says that it is a child."""
        return {
            "subject_id": match["person"],
            "group": self.groups[match["kind"]],
            "gender": match["gender"],
            "emotion": match["emotion"],
            "yaw": float(match["angle"]) - 90.0,
        }

    def portraits(self, manifest: pd.DataFrame) -> pd.DataFrame:
        """Choose frontal views that look into the camera; no children, whose age would be a second difference."""
        frontal = super().portraits(manifest)
        name = frontal["image_path"]
        return frontal[name.str.endswith("_frontal.jpg") & ~name.str.contains("_Kid_", regex=False)]


class CfdReader(NamedPortraitReader):
    """CFD: ``Images/CFD*/<person>/CFD-<group><gender>-<person>-<picture>-<expression>.jpg``.

    The root is the unpacked ``CFD Version 3.0``, which holds ``Images``, or a folder with the people's folders. Most
    people have only a neutral picture. A number in brackets before the expression means that a bindi or sindoor was
    removed.

    Source: Ma, Correll and Wittenbrink, "The Chicago face database", Behavior Research Methods 47, 2015; Ma, Kantner
    and Wittenbrink (CFD-MR, 2020); Lakshmi, Wittenbrink, Correll and Ma (CFD-INDIA, 2020); file names as explained in
    the release's codebook, from chicagofaces.org.
    """

    name = "cfd"
    layout = "Images/CFD/<person>/CFD-AF-200-228-N.jpg and so on (the folder CFD Version 3.0)"
    folders = ("Images/CFD", "Images/CFD-MR", "Images/CFD-INDIA")
    suffixes = (".jpg",)
    groups = MappingProxyType(
        {"A": "asian", "B": "black", "L": "latino", "W": "white", "M": "multiracial", "I": "indian"}
    )
    """First letter of the person -> group, as the person described himself or herself."""
    emotions = MappingProxyType({"N": "neutral", "A": "angry", "F": "fearful", "HC": "happy", "HO": "happy"})
    """Happy with closed (HC) and with open mouth (HO) are one emotion here. Sad is not in this data set."""
    person = re.compile(r"^[ABLWMI][FM]-\d{3}$")
    pattern = re.compile(
        r"^CFD-(?P<group>[ABLWMI])(?P<gender>[FM])-(?P<number>\d{3})-\d{3}(?:-\(?\d\)?)?-(?P<emotion>N|A|F|HC|HO)\.jpg$",
        re.IGNORECASE,
    )

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether ``Images/CFD*`` or people's folders (AF-200) are there."""
        if not folder.is_dir():
            return False
        images = folder / "Images"
        extensions = images.iterdir() if images.is_dir() else ()
        people = (path for path in folder.iterdir() if cls.person.match(path.name))
        return any(path.name.startswith("CFD") and path.is_dir() for path in extensions) or any(
            path.is_dir() for path in people
        )

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Person, self-described group, gender and emotion; ages are in the norming table, which is not read."""
        group, gender = match["group"].upper(), match["gender"].upper()
        return {
            "subject_id": f"{group}{gender}-{match['number']}",
            "group": self.groups[group],
            "gender": {"F": "female", "M": "male"}[gender],
            "emotion": self.emotions[match["emotion"].upper()],
        }

    def pictures(self) -> Iterable[Path]:
        """List the pictures of ``Images/CFD*`` where these are there, otherwise all below the root."""
        images = self.root / "Images"
        if not images.is_dir():
            return super().pictures()
        folders = [path for path in list_folders(self.root, images) if path.name.startswith("CFD")]
        return [path for folder in folders for path in list_files(self.root, folder, self.suffixes, below=True)]


class UtkfaceReader(NamedPortraitReader):
    """UTKFace: ``<age>_<gender>_<group>_<date and time>.jpg`` (in the wild) or ``….jpg.chip.jpg`` (aligned, cropped).

    Over 20,000 faces. The labels were estimated by a program and checked by hand. Three published names lack the group,
    which is then unknown; a few have a typing error before ``.jpg.chip.jpg`` and are read all the same.

    Source: Zhang, Song and Qi, "Age progression/regression by conditional adversarial autoencoder", CVPR 2017; names as
    explained on the owner's page, susanqq.github.io/UTKFace.
    """

    name = "utkface"
    layout = "files such as 26_1_2_20170116163935423.jpg.chip.jpg"
    suffixes = (".jpg",)
    groups = ("white", "black", "asian", "indian", "other")
    genders = ("male", "female")
    pattern = re.compile(
        r"^(?P<age>\d{1,3})_(?P<gender>[01])(?:_(?P<group>[0-4]))?_(?P<time>\d{17})(?: ?\.?j?pg)?(?:\.chip)?\.jpg$"
    )

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read what the pictures' names say, and note how many lack the group."""
        manifest = super().read(progress)
        nameless = int((manifest["group"] == "").sum())
        self.notes.append("Who is in the photographs is not published: each counts as a different person.")
        if nameless:
            self.notes.append(f"{nameless} published names lack the group; it is unknown there.")
        return manifest

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Age in years, gender and group."""
        return {
            "subject_id": match.string.removesuffix(".jpg").removesuffix(".chip").removesuffix(".jpg").strip(),
            "group": self.groups[int(match["group"])] if match["group"] else "",
            "gender": self.genders[int(match["gender"])],
            "age": float(match["age"]),
        }
