"""Find out which of the two published colour tables a data set uses, and decode labels exactly with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facefair_lib.data.images import read_label_rgb
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import PALETTE_WITNESS, decode, pack_rgb
from facefair_lib.settings.path_text import path_text

WITNESS_CODES = {name: int(pack_rgb(np.array(colour, np.uint8))) for name, colour in PALETTE_WITNESS.items()}


def witnesses_in(rgb: np.ndarray) -> frozenset[str]:
    """Name the palettes whose witness colour occurs in a (H, W, 3) uint8 label picture."""
    packed = pack_rgb(rgb)  # (H, W)
    return frozenset(name for name, code in WITNESS_CODES.items() if (packed == code).any())


def settle_palette(root: Path, labels: Sequence[Path], seen: Sequence[frozenset[str]]) -> str:
    """Decide on one palette for a whole data set.

    Parameters
    ----------
    root : the data set's folder, for the message
    labels : label files
    seen : for each of them, what ``witnesses_in`` found

    Raises
    ------
    InputError
        if both palettes occur (names one file of each) or nothing tells which one is used
    """
    first = {name: path for name in PALETTE_WITNESS for path, names in zip(labels, seen, strict=True) if name in names}
    if len(first) > 1:
        places = ", ".join(f"{name} in {path_text(path)}" for name, path in sorted(first.items()))
        raise InputError(
            root,
            found=f"two colour tables: {places}",
            expected="one colour table in the whole data set",
            do="keep the two kinds of labels in separate data sets, or repair the labels that were painted white",
        )
    if not first:
        raise InputError(
            root,
            found=f"no teeth in any of {len(labels)} labels, the only colour that tells the two tables apart",
            expected="labels whose ears and eyebrows can be told apart",
            do="set data.palette: paper (eyebrows cyan, ears magenta) or data.palette: vendor (the reverse)",
        )
    return next(iter(first))


def decode_exactly(path: Path, palette: str) -> np.ndarray:
    """Decode a label file in which every pixel must have a palette colour.

    Returns
    -------
    (H, W) uint8 class indices

    Raises
    ------
    InputError
        if there is any other colour: names the most frequent one and its number of pixels
    """
    mask, unknown = decode(read_label_rgb(path), palette)
    if unknown:
        colour, pixels = max(unknown.items(), key=lambda item: (item[1], item[0]))
        raise InputError(
            path,
            found=f"{sum(unknown.values())} pixels of {len(unknown)} unknown colour(s); RGB {colour} has {pixels}",
            expected=f"only the colours of the {palette} table",
            do="check data.palette; a label that was resized or saved as JPEG must be restored from the release",
        )
    return mask
