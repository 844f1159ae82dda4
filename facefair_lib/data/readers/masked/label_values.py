"""Labels whose pixels are numbers: which number means which published name, and which of the study's classes that is.

The classes are carried by name. Numbers differ between releases: three orders of CelebAMask-HQ's parts are in
circulation, and brows stand before eyes in LaPa and behind them in FaceSynthetics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from facefair_lib.data.images import read_label_values
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, IGNORE_INDEX, INDEX

IGNORED = "ignored"
"""Stands in the place of a class name for parts that are neither trained on nor scored."""

_UNKNOWN = -1


@dataclass(frozen=True)
class LabelMap:
    """What a data set's numbers mean.

    Attributes
    ----------
    names : number in the label file -> name that the data set's owner gives it
    classes : that name -> class of ``labels.CLASSES``, or ``IGNORED``
    """

    names: Mapping[int, str]
    classes: Mapping[str, str]

    @property
    def expected_classes(self) -> tuple[str, ...]:
        """Names of the study's classes that the data set labels, in class order."""
        return tuple(name for name in CLASS_NAMES if name in self.classes.values())

    def decode(self, values: np.ndarray, path: Path) -> np.ndarray:
        """Turn a data set's numbers into class indices: (H, W) uint8 -> (H, W) uint8, 255 = ignore.

        Raises
        ------
        InputError
            if the file (named by ``path``) holds a number that the data set does not define
        """
        table = np.full(256, _UNKNOWN, np.int16)
        for number, name in self.names.items():
            table[number] = IGNORE_INDEX if self.classes[name] == IGNORED else INDEX[self.classes[name]]
        mask = table[values]  # (H, W)
        if (mask == _UNKNOWN).any():
            numbers, pixels = np.unique(values[mask == _UNKNOWN], return_counts=True)
            shown = ", ".join(f"{number} ({count} pixels)" for number, count in zip(numbers, pixels, strict=True))
            raise InputError(
                path,
                found=f"the label values {shown}",
                expected=f"only {', '.join(str(number) for number in self.names)}",
                do="restore the published label; one that was resized with blending or recoloured cannot be read",
            )
        return mask.astype(np.uint8)

    def read(self, path: Path) -> np.ndarray:
        """Read and decode a label file: (H, W) uint8 class indices."""
        return self.decode(read_label_values(path), path)


# LaPa, Helen and iBugMask share these eleven names in this order.
ELEVEN_PARTS = LabelMap(
    names=MappingProxyType(
        dict(
            enumerate(
                (
                    "background",
                    "skin",
                    "left_eyebrow",
                    "right_eyebrow",
                    "left_eye",
                    "right_eye",
                    "nose",
                    "upper_lip",
                    "inner_mouth",
                    "lower_lip",
                    "hair",
                )
            )
        )
    ),
    classes=MappingProxyType(
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
    ),
)
