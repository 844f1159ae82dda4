"""Which files of a folder ``facefair parse`` has written itself: it may overwrite only those.

Masks and overlays contain a digest of their pixels, so that a mask that was corrected by hand counts as the user's own.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from facefair_lib.data.images import opened
from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text

MASK, OVERLAY = "_mask.png", "_overlay.png"
"""Endings of the two pictures that are written for a photograph."""

LEGEND_TEXT = "The colours of the classes in masks and overlays."
"""Description of the legend's figure, by which its files are recognised."""

_DIGEST = "facefair parse"  # keyword of the PNG's text


def write_png(path: Path, picture: Image.Image, values: np.ndarray) -> None:
    """Write a picture so that it can be recognised; ``values`` are its pixels, as in ``np.asarray(picture)``."""
    notes = PngInfo()
    notes.add_text("Software", "facefair")
    notes.add_text(_DIGEST, _digest(values))
    # Run lengths alone compress colours nearly as well as all that zlib can do, in a quarter of the time.
    quick = {} if picture.mode == "P" else {"compress_type": zlib.Z_RLE}
    picture.save(path, pnginfo=notes, **quick)


def _digest(values: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(values), digest_size=16).hexdigest()


def is_result(path: Path) -> bool:
    """Whether a picture in a folder of photographs is a mask, overlay or legend that was written here."""
    if not path.name.endswith((MASK, OVERLAY, "legend.png")):
        return False
    try:
        with opened(path) as picture:
            return _DIGEST in picture.info or _is_legend(picture)
    except Exception:  # reading it as a photograph says what is wrong with it
        return False


def in_the_way(paths: Sequence[Path], tables: Sequence[Sequence[str]] = ()) -> list[str]:
    """List, as text, those paths that hold a file that was not written here, or was changed since.

    Parameters
    ----------
    paths : where results are to be written
    tables : the headers by which a CSV is recognised
    """
    headers = {",".join(columns) for columns in tables}
    # A broken link does not "exist", but belongs to the user all the same.
    return [path_text(path) for path in paths if os.path.lexists(path) and not _is_own(path, headers)]


def _is_own(path: Path, headers: set[str]) -> bool:
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8") as file:
                return file.readline().rstrip("\n") in headers
        if path.suffix == ".pdf":
            return f"/Creator (facefair) /Title (legend)\n/Subject ({LEGEND_TEXT})".encode() in path.read_bytes()
        with opened(path) as picture:
            return _is_legend(picture) or picture.info.get(_DIGEST) == _digest(np.asarray(picture))
    except Exception:  # a folder, or a file that cannot be read: not written here
        return False


def _is_legend(picture: Image.Image) -> bool:
    return picture.info.get("Title") == "legend" and picture.info.get("Description") == LEGEND_TEXT


def failure(photo: Path, error: Exception) -> InputError:
    """The error for one photograph that could not be parsed, or whose results could not be written."""
    if isinstance(error, InputError):
        return error
    lines = str(error).splitlines() or [""]
    reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {lines[0]}"
    return InputError(
        photo,
        found=f"{'not enough memory' if isinstance(error, MemoryError) else reason}",
        expected="a photograph that can be parsed, and room to write its mask and overlay",
        do="remove the cause and parse this photograph again; the others are not affected",
    )
