"""Colours of the explorers: palettes for the classes, and the colours of error maps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from facefair_lib.errors import InputError
from facefair_lib.settings import labels

PALETTE_TITLES: Mapping[str, str] = MappingProxyType(
    {"paper": "As in the paper", "safe": "Safe for colour blindness", "display": "Muted"}
)
"""Names of the palettes, in the order in which they are offered."""

RIGHT, WRONG, UNLABELLED = range(3)
"""Values of an error map."""
ERROR_TITLES = ("Right", "Wrong", "No label")
# Orange and blue on a grey picture are colour-blind safe.
_ERROR_COLOURS = ((255, 255, 255), (230, 85, 0), (60, 110, 220))


def colour_table(palette: str) -> np.ndarray:
    """Colours of every mask value.

    Parameters
    ----------
    palette : a key of ``PALETTE_TITLES``; another one raises ``InputError``

    Returns
    -------
    (256, 3) uint8 RGB; values that are not a class have the colour of ignored pixels
    """
    if palette not in PALETTE_TITLES:
        raise InputError(
            f"palette {palette!r}", found="no such palette", expected=", ".join(PALETTE_TITLES), do="choose one of them"
        )
    every_value = np.arange(256, dtype=np.uint8)[None]  # (1, 256)
    return labels.encode(every_value, palette)[0]


def error_table() -> np.ndarray:
    """Colours of an error map's values, (256, 3) uint8."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(_ERROR_COLOURS)] = _ERROR_COLOURS
    return table
