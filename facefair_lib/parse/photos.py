"""The user's own photographs: finds the files that are meant, and reads them."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from facefair_lib.data.images import read_rgb
from facefair_lib.data.picture_kinds import left_out_text, readable_endings, unreadable_kind
from facefair_lib.errors import InputError
from facefair_lib.parse.own_files import is_result
from facefair_lib.settings.path_text import existing_spelling, from_home, path_text


@dataclass
class FoundPhotos:
    """The photographs that files, folders and patterns name, and what was left out.

    Attributes
    ----------
    photos : each once, in the order given
    kinds : how many pictures and films of a kind that cannot be read (such as HEIC) are in the folders
    closed : subfolders that may not be opened
    """

    photos: list[Path] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    closed: list[str] = field(default_factory=list)

    def left_out(self) -> str:
        """What was left out and what to do about it, in one line; "" if nothing was."""
        folders = f"folders that may not be opened left out: {', '.join(self.closed)}" if self.closed else ""
        return "; ".join(filter(None, (left_out_text(self.kinds), folders)))


def search_photos(names: Iterable[str | Path], results: Path | None = None) -> FoundPhotos:
    """Find the photographs that files, folders and patterns name.

    A file that is named itself is always taken. From folders and patterns, masks and overlays that were written here
    are left out; from folders, everything but pictures.

    Parameters
    ----------
    names : a file; a folder, searched with all its subfolders; or a pattern such as ``holiday/*.jpg``; ``~`` is the
        home folder
    results : a folder whose pictures are not photographs, as results are written there; if this folder itself is
        searched, only the results in it are left out

    Raises
    ------
    InputError
        if a name matches nothing, or a folder holds no picture
    """
    found = FoundPhotos()
    photos: dict[Path, None] = {}
    real_results = os.path.realpath(results) if results else ""
    for name in names:
        photos |= dict.fromkeys(_expand(from_home(Path(name)), real_results, found))
    if not photos:
        raise InputError(
            "photographs", found="none", expected="files, folders or patterns", do="name at least one photograph"
        )
    found.photos = list(photos)
    return found


def _expand(path: Path, results: str, found: FoundPhotos) -> list[Path]:
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        return _pictures_below(path, results, found)
    if not os.path.lexists(path) and glob.has_magic(str(path)):
        return _matches(path, results)
    return [existing_spelling(path)]  # if something is wrong with it, reading it says what


def _pictures_below(folder: Path, results: str, found: FoundPhotos) -> list[Path]:
    inside = FoundPhotos()
    pictures = []
    for file in _files_below(folder, results, inside):
        if file.suffix.lower() in readable_endings():
            pictures.append(file)
        elif kind := unreadable_kind(file):
            inside.kinds[kind] += 1
    pictures = sorted(file for file in pictures if file.is_file() and not is_result(file))
    if not pictures:
        left_out = inside.left_out()
        raise InputError(
            folder,
            found="a folder without pictures" + (f" that can be read ({left_out})" if left_out else ""),
            expected="JPEG, PNG, TIFF, WebP, AVIF or other pictures, and not only results of facefair",
            do="name the folder that holds the photographs",
        )
    found.kinds += inside.kinds
    found.closed += inside.closed
    return pictures


def _files_below(folder: Path, results: str, found: FoundPhotos) -> Iterator[Path]:
    """Files of a folder and its subfolders, without hidden ones and without a folder of results in it."""
    start = os.path.realpath(folder)
    for place, folders, files in os.walk(folder, onerror=lambda error: found.closed.append(path_text(error.filename))):
        real = os.path.join(start, os.path.relpath(place, folder))  # noqa: PTH118 - Path is slow for many files
        folders[:] = [
            name for name in folders
            if not name.startswith(".") and os.path.normpath(os.path.join(real, name)) != results  # noqa: PTH118
        ]  # fmt: skip
        yield from (Path(place, name) for name in files if not name.startswith("."))


def _matches(pattern: Path, results: str) -> list[Path]:
    base = next(folder for folder in pattern.parents if not glob.has_magic(str(folder)))
    inside = Path(os.path.realpath(base)).is_relative_to(results) if results else False
    matches = sorted(Path(match) for match in glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - absolute too
    files = [match for match in matches if match.is_file() and not is_result(match)]
    if results and not inside:
        others = [file for file in files if not Path(os.path.realpath(file)).is_relative_to(results)]
        if files and not others:
            raise InputError(
                pattern,
                found="only files in the folder of results",
                expected="photographs outside of it",
                do=f"name that folder without a pattern ({path_text(files[0].parent)}), or give another --out",
            )
        files = others
    if not files:
        raise InputError(
            pattern, found="no file that matches", expected="at least one", do="check the pattern's folder and ending"
        )
    return files


def read_photo(path: Path) -> np.ndarray:
    """Read a photograph as ``data.images.read_rgb`` does, turned upright by its EXIF orientation.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        whatever is wrong with the file, so that one photograph among many never stops the others: it is missing, not a
        picture, truncated, animated, too large, CMYK, or has more than 8 bits per channel
    """
    path = Path(path)
    try:
        return read_rgb(path)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # Pillow's readers fail in more ways on damaged bytes than can be listed
        raise InputError(
            path,
            found=f"a picture that cannot be decoded ({type(error).__name__}: {error})",
            expected="a complete JPEG, PNG, BMP, TIFF or WebP photograph",
            do="open it in a picture viewer and save it as JPEG or PNG",
        ) from error
