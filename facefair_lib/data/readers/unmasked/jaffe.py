"""JAFFE: Japanese female facial expressions, 213 grey photographs of ten women.

Source: Lyons, Akamatsu, Kamachi and Gyoba, "Coding facial expressions with Gabor wavelets", FG 1998; the release's
README_FIRST.txt at zenodo.org/records/3451524.
"""

from __future__ import annotations

import re
from typing import Any

from facefair_lib.data.readers.unmasked.portraits import NamedPortraitReader

EMOTIONS = {
    "AN": "angry",
    "DI": "disgusted",
    "FE": "fearful",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprised",
}


class JaffeReader(NamedPortraitReader):
    """JAFFE: ``<initials>.<emotion><take>.<number>.tiff`` in one folder, such as ``KA.AN1.39.tiff``.

    The emotion is the one that was posed; raters did not always recognise it.
    """

    name = "jaffe"
    layout = "files such as KA.AN1.39.tiff"
    suffixes = (".tiff", ".tif")
    pattern = re.compile(r"^(?P<person>[A-Z]{2})\.(?P<emotion>AN|DI|FE|HA|NE|SA|SU)\d\.\d+\.tiff?$")

    def describe(self, match: re.Match[str]) -> dict[str, Any]:
        """All are Japanese women; the name gives the person and the emotion."""
        return {
            "subject_id": match["person"],
            "group": "japanese",
            "gender": "female",
            "emotion": EMOTIONS[match["emotion"]],
        }
