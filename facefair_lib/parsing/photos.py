"""The user's own photographs: which files are meant, and whether each can be parsed."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from facefair_lib.data.images import read_rgb
from facefair_lib.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif")
"""Files of a folder that are taken for photographs; a file that is named by itself may have any suffix."""


def find_photos(names: Iterable[str | Path], leave_out: Path | None = None) -> list[Path]:
    """List the photographs that files, folders and patterns name, each once, in the order given.

    Parameters
    ----------
    names : a file; a folder, searched with all its subfolders; or a pattern such as ``holiday/*.jpg``
    leave_out : a folder whose pictures are not photographs: where results are written

    Raises
    ------
    InputError
        if a name matches nothing, or a folder holds no picture
    """
    found: dict[Path, None] = {}
    for name in names:
        for path in _expand(name):
            if leave_out is None or not path.resolve().is_relative_to(leave_out.resolve()) or path == Path(name):
                found[path] = None
    if not found:
        raise InputError(
            "photographs", found="none", expected="files, folders or patterns", do="name at least one photograph"
        )
    return list(found)


def _expand(name: str | Path) -> Sequence[Path]:
    path = Path(name)
    if path.is_dir():
        inside = (file for file in path.rglob("*") if not any(p.startswith(".") for p in file.relative_to(path).parts))
        pictures = sorted(file for file in inside if file.suffix.lower() in SUFFIXES and file.is_file())
        if not pictures:
            raise InputError(
                path, found="a folder without pictures", expected=f"files ending in {', '.join(SUFFIXES)}",
                do="name the folder that holds the photographs",
            )  # fmt: skip
        return pictures
    if not path.exists() and glob.has_magic(str(name)):
        matches = sorted(Path(match) for match in glob.glob(str(name), recursive=True))  # noqa: PTH207 - absolute too
        files = [match for match in matches if match.is_file()]
        if not files:
            raise InputError(
                name, found="no file that matches", expected="at least one", do="check the pattern's folder and ending"
            )
        return files
    return [path]  # reading it says what is wrong with it


def read_photo(path: Path) -> np.ndarray:
    """Read a photograph as ``data.images.read_rgb`` does: upright by its EXIF orientation.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        whatever is wrong with the file, so that one photograph among many never ends the work: it is missing, no
        picture, truncated, animated, too large, CMYK, or has more than 8 bits per channel
    """
    path = Path(path)
    try:
        return read_rgb(path)
    except InputError:
        raise
    except Exception as error:  # Pillow's readers fail in more ways on damaged bytes than can be listed
        raise InputError(
            path,
            found=f"a picture that cannot be decoded ({type(error).__name__}: {error})",
            expected="a complete JPEG, PNG, BMP, TIFF or WebP photograph",
            do="open it in a picture viewer and save it as JPEG or PNG",
        ) from error
