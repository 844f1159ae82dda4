"""UTKFace: over 20,000 faces with age, gender and ethnicity in their names.

Source: Zhang, Song and Qi, "Age progression/regression by conditional adversarial autoencoder", CVPR 2017; names as
explained on the owner's page, susanqq.github.io/UTKFace.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from facefair_lib.data.readers.unmasked.portraits import NamedPortraitReader
from facefair_lib.store.progress import Advance

GROUPS = ("white", "black", "asian", "indian", "other")
GENDERS = ("male", "female")


class UtkfaceReader(NamedPortraitReader):
    """UTKFace: ``<age>_<gender>_<group>_<date and time>.jpg`` (in the wild) or ``….jpg.chip.jpg`` (aligned, cropped).

    The labels were estimated by a program and checked by hand. Three published names lack the group, which is then
    unknown; a few have a slip of the pen before ``.jpg.chip.jpg`` and are read all the same.
    """

    name = "utkface"
    layout = "files such as 26_1_2_20170116163935423.jpg.chip.jpg"
    suffixes = (".jpg",)
    pattern = re.compile(
        r"^(?P<age>\d{1,3})_(?P<gender>[01])(?:_(?P<group>[0-4]))?_(?P<time>\d{17})(?: ?\.?j?pg)?(?:\.chip)?\.jpg$"
    )

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Read what the pictures' names say; who they show is not published."""
        manifest = super().read(progress)
        nameless = int((manifest["group"] == "").sum())
        self.notes.append("Who is on the photographs is not published: each counts as a person of its own.")
        if nameless:
            self.notes.append(f"{nameless} published names lack the group; it is unknown there.")
        return manifest

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Age in years, gender and group."""
        return {
            "subject_id": match.string.removesuffix(".jpg").removesuffix(".chip").removesuffix(".jpg").strip(),
            "group": GROUPS[int(match["group"])] if match["group"] else "",
            "gender": GENDERS[int(match["gender"])],
            "age": float(match["age"]),
        }
