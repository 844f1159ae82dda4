"""Colours of the explorers: those of the study, and a set that stays apart under colour-vision deficiencies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from facefair_lib import labels
from facefair_lib.errors import InputError

PALETTE_TITLES: Mapping[str, str] = MappingProxyType(
    {"paper": "As in the paper", "safe": "Safe for colour blindness", "display": "Muted"}
)
"""Names of the colour sets, in the order in which they are offered."""

# In class order. Chosen by maximising the smallest CIE76 difference of any two colours, seen with normal vision and
# with simulated protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes, IEEE TVCG 15, 2009): it is
# above 30, against 5 in the paper's colours. A test repeats the measurement.
_SAFE = (
    (0, 0, 0),
    (238, 51, 0),
    (0, 221, 255),
    (0, 17, 255),
    (255, 255, 238),
    (119, 51, 34),
    (85, 0, 136),
    (221, 68, 153),
    (136, 187, 119),
    (187, 102, 255),
    (255, 204, 0),
)

RIGHT, WRONG, UNLABELLED = range(3)
"""Values of an error map."""
ERROR_TITLES = ("Right", "Wrong", "No label")
# Orange and blue on a grey picture differ under every common deficiency.
_ERROR_COLOURS = ((255, 255, 255), (230, 85, 0), (60, 110, 220))


def colour_table(palette: str) -> np.ndarray:
    """Colours of every mask value.

    Parameters
    ----------
    palette : a key of ``PALETTE_TITLES``

    Returns
    -------
    (256, 3) uint8 RGB; values that are no class have the colour of ignored pixels
    """
    if palette not in PALETTE_TITLES:
        raise InputError(
            f"palette {palette!r}", found="no such palette", expected=", ".join(PALETTE_TITLES), do="choose one of them"
        )
    every_value = np.arange(256, dtype=np.uint8)[None]  # (1, 256)
    table = labels.encode(every_value, palette if palette in labels.PALETTES else "paper")[0]
    if palette == "safe":
        table[: labels.NUM_CLASSES] = _SAFE
    return table


def error_table() -> np.ndarray:
    """Colours of an error map's values, (256, 3) uint8."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(_ERROR_COLOURS)] = _ERROR_COLOURS
    return table
