"""RaFD: the Radboud faces database, 67 people, eight emotions, three gazes, five camera angles.

Source: Langner, Dotsch, Bijlstra, Wigboldus, Hawk and van Knippenberg, "Presentation and validation of the Radboud
faces database", Cognition and Emotion 24, 2010; file names as explained in the FAQ at rafd.socsci.ru.nl.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from facefair_lib.data.readers.unmasked.portraits import NamedPortraitReader

GROUPS = {"Caucasian": "caucasian", "Moroccan": "moroccan", "Kid": "caucasian"}
"""Caucasian and Moroccan Dutch adults; the children (Kid) are Caucasian Dutch as well."""


class RafdReader(NamedPortraitReader):
    """RaFD: ``Rafd<angle>_<person>_<kind>_<gender>_<emotion>_<gaze>.jpg``, in one folder or several.

    The angle becomes the yaw: 090 is the front (0 degrees), 000 and 180 the two profiles (-90 and 90).
    """

    name = "rafd"
    layout = "files such as Rafd090_01_Caucasian_female_angry_frontal.jpg"
    suffixes = (".jpg",)
    pattern = re.compile(
        r"^Rafd(?P<angle>000|045|090|135|180)_(?P<person>\d{2})_(?P<kind>Caucasian|Moroccan|Kid)_(?P<gender>female|male)_"
        r"(?P<emotion>angry|contemptuous|disgusted|fearful|happy|neutral|sad|surprised)_(?P<gaze>frontal|left|right)\.jpg$"
    )

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """Person, group, gender, emotion and yaw; age is not published, but Kid says that it is a child."""
        return {
            "subject_id": match["person"],
            "group": GROUPS[match["kind"]],
            "gender": match["gender"],
            "emotion": match["emotion"],
            "yaw": float(match["angle"]) - 90.0,
        }

    def portraits(self, manifest: pd.DataFrame) -> pd.DataFrame:
        """Seen from the front, looking into the camera; no children, whose age would be a second difference."""
        frontal = super().portraits(manifest)
        name = frontal["image_path"]
        return frontal[name.str.endswith("_frontal.jpg") & ~name.str.contains("_Kid_", regex=False)]
