"""CFD: the Chicago face database with its extensions CFD-MR and CFD-INDIA.

Source: Ma, Correll and Wittenbrink, "The Chicago face database", Behavior Research Methods 47, 2015; Ma, Kantner and
Wittenbrink (CFD-MR, 2020); Lakshmi, Wittenbrink, Correll and Ma (CFD-INDIA, 2020); file names as explained in the
release's codebook, from chicagofaces.org.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from facefair_lib.data.readers.files import list_files, list_folders
from facefair_lib.data.readers.unmasked.portraits import NamedPortraitReader

GROUPS = {"A": "asian", "B": "black", "L": "latino", "W": "white", "M": "multiracial", "I": "indian"}
"""First letter of the person -> group, as the person described himself or herself."""

EMOTIONS = {"N": "neutral", "A": "angry", "F": "fearful", "HC": "happy", "HO": "happy"}
"""Happy with closed (HC) and with open mouth (HO) are one emotion here. Sad is not in this data set."""

MODEL = re.compile(r"^[ABLWMI][FM]-\d{3}$")


class CfdReader(NamedPortraitReader):
    """CFD: ``Images/CFD*/<person>/CFD-<group><gender>-<person>-<picture>-<expression>.jpg``.

    The root is the unpacked ``CFD Version 3.0``, which holds ``Images``, or a folder with the people's folders. Most
    people have a neutral picture only. A number in brackets before the expression tells of a removed bindi or sindoor.
    """

    name = "cfd"
    layout = "Images/CFD/<person>/CFD-AF-200-228-N.jpg and so on (the folder CFD Version 3.0)"
    folders = ("Images/CFD", "Images/CFD-MR", "Images/CFD-INDIA")
    suffixes = (".jpg",)
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
        people = (path for path in folder.iterdir() if MODEL.match(path.name))
        return any(path.name.startswith("CFD") and path.is_dir() for path in extensions) or any(
            path.is_dir() for path in people
        )

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Person, self-described group, gender and emotion; ages are in the norming table, which is not read."""
        group, gender = match["group"].upper(), match["gender"].upper()
        return {
            "subject_id": f"{group}{gender}-{match['number']}",
            "group": GROUPS[group],
            "gender": {"F": "female", "M": "male"}[gender],
            "emotion": EMOTIONS[match["emotion"].upper()],
        }

    def pictures(self) -> Iterable[Path]:
        """List the pictures of ``Images/CFD*`` where these are there, otherwise all below the root."""
        images = self.root / "Images"
        if not images.is_dir():
            return super().pictures()
        folders = [path for path in list_folders(self.root, images) if path.name.startswith("CFD")]
        return [path for folder in folders for path in list_files(self.root, folder, self.suffixes, below=True)]
