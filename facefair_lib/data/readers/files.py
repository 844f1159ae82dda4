"""Find a data set's files, and say what is wrong with a folder that does not hold it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path, PurePosixPath

from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text, same_name

PICTURES = (".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff")
UNFINISHED = (".part", ".partial", ".crdownload", ".download")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", *UNFINISHED)


def list_files(root: Path, folder: Path, suffixes: Sequence[str] = PICTURES, *, below: bool = False) -> list[Path]:
    """List a folder's files with one of the suffixes, sorted by name.

    Hidden files (such as macOS's ``._1.png``) and other types are passed over.

    Parameters
    ----------
    root : the data set's folder, which no symbolic link may leave
    folder : the folder to list, in ``root``
    suffixes : in lower case, with the dot; files may have them in any case
    below : whether to list the folders below as well

    Raises
    ------
    InputError
        if the folder does not exist or a symbolic link leads out of ``root``
    """
    refuse_link_out(root, folder)
    if not folder.is_dir():
        raise InputError(
            folder,
            found="no such folder" + archive_text(folder),
            expected=f"{path_text(folder.name)}/ in {path_text(folder.parent)}",
            do="unpack the data set completely",
        )
    found, pending = [], [str(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                if entry.is_symlink():
                    refuse_link_out(root, Path(entry.path))
                if entry.is_dir():
                    # A linked folder is elsewhere in the data set and is listed there; following links could loop.
                    pending += [entry.path] if below and not entry.is_symlink() else []
                elif entry.name.lower().endswith(tuple(suffixes)):
                    found.append(entry.path)
    return [Path(path) for path in sorted(found)]


def subfolders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder, sorted by name; hidden ones are passed over."""
    return (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))


def list_folders(root: Path, folder: Path) -> list[Path]:
    """List ``subfolders``, and refuse links out of ``root``."""
    folders = list(subfolders(folder))
    for path in folders:
        refuse_link_out(root, path)
    return folders


def refuse_link_out(root: Path, path: Path) -> None:
    """Raise InputError if a symbolic link leads from a path of the data set to nowhere or out of the data set."""
    if path.is_symlink() and not path.exists():
        raise InputError(
            path,
            found="a symbolic link that is broken or leads back to itself",
            expected="a file or a folder",
            do="remove the link, or restore its target",
        )
    target = path.resolve()
    if not target.is_relative_to(root.resolve()):
        raise InputError(
            path,
            found=f"a symbolic link to {path_text(target)}, outside the data set",
            expected=f"files inside {path_text(root)}",
            do="copy the files there, or give the folder that holds both",
        )


def place_in(root: Path, path: Path) -> str:
    """Path below ``root`` as a manifest holds it: text with forward slashes, even where names are not UTF-8."""
    return path_text(path.relative_to(root).as_posix())


def file_in(root: Path, place: str) -> Path:
    """The file that a manifest or a user's table means by ``place``, or the path where it would be.

    The disk may spell its names in another Unicode form, or in bytes that are not text (``place_in``).
    """
    path = root
    for part in PurePosixPath(place).parts:
        path = path / part if os.path.lexists(path / part) else path / _spelling(path, part)
    return path


def _spelling(folder: Path, name: str) -> str:
    """A name as the disk spells it; the name itself if nothing in the folder matches."""
    for _ in range(2):
        try:
            known = _spellings(folder, folder.stat().st_mtime_ns)
        except OSError:  # no folder, or one that may not be read
            return name
        if same_name(name) in known:
            return known[same_name(name)]
        _spellings.cache_clear()  # a file written a moment ago may leave the folder's time unchanged
    return name


@lru_cache(maxsize=64)
def _spellings(folder: Path, changed: int) -> dict[str, str]:
    return {name_of(path.name): path.name for path in sorted(folder.iterdir(), reverse=True)}


def name_of(name: str) -> str:
    """A file's name as text, the same for all its Unicode spellings."""
    return same_name(path_text(name))


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Index files by ``name_of`` their name without the suffix; two files with one such name are an InputError."""
    files: dict[str, Path] = {}
    for path in paths:
        stem = name_of(path.stem)
        if stem in files:
            raise InputError(
                path,
                found=f"a second picture of this name: the other is {path_text(files[stem].name)}",
                expected="one picture per base name in a folder",
                do="remove one of them",
            )
        files[stem] = path
    return files


def pair_by_stem(images: Mapping[str, Path], labels: Mapping[str, Path], places: tuple[Path, Path]) -> list[str]:
    """Names that photographs and labels share, sorted.

    Parameters
    ----------
    images, labels : as ``by_stem`` gives them
    places : folders of photographs and of labels, for the message

    Raises
    ------
    InputError
        naming the first photograph without a label, or the reverse, and how many there are
    """
    lone = sorted(images.keys() ^ labels.keys())
    if lone:
        path = images.get(lone[0]) or labels[lone[0]]
        pictures = sum(name in images for name in lone)
        raise InputError(
            path,
            found=f"a {'photograph without a label' if lone[0] in images else 'label without a photograph'} "
            f"({pictures} photographs and {len(lone) - pictures} labels have no partner)",
            expected=f"the same base names in {path_text(places[0])} and in {path_text(places[1])}",
            do="unpack the data set again, or remove the files without a partner",
        )
    return sorted(images)


def wrong_root(root: Path, expected: str, holds: Callable[[Path], bool]) -> InputError:
    """Explain why a folder is not the data set, and where the data set may be.

    Parameters
    ----------
    expected : what the right folder holds
    holds : tells by names alone whether a folder is the right one; tried on the folder above and on those below
    """
    better = next((folder for folder in _nearby(root) if holds(folder)), None)
    packed = archive_text(root)
    if better is not None:
        do = f"give {path_text(better)} instead: it holds this layout"
    elif packed:
        do = "unpack the archive (finish the download first if it is unfinished)"
    else:
        do = "give the unpacked data set's folder"
    return InputError(root, found=_contents(root) + packed, expected=expected, do=do)


def archive_text(folder: Path) -> str:
    """Name the archives in a folder, and those beside it from which it may come; "" if there are none.

    If the folder is empty or absent, every archive beside it counts, otherwise only those that begin with its name.
    """
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    beside = sorted(folder.parent.iterdir()) if folder.parent.is_dir() else []
    if any(not path.name.startswith(".") for path in inside):
        beside = [path for path in beside if path.name.lower().startswith(folder.name.lower())]
    files = (path for path in (*inside, *beside) if path.name.lower().endswith(ARCHIVES) and path.is_file())
    names = [path.name for path in files]
    if not names:
        return ""
    unfinished = any(name.lower().endswith(UNFINISHED) for name in names)
    state = "an unfinished download" if unfinished else "still packed"
    return f"; in or beside it: {path_text(', '.join(names[:3]))}, {state}"


def _nearby(root: Path) -> Iterable[Path]:
    """Yield the folder above, those one level down, then two; at most 200, so that a home directory is not searched."""
    children = _open_subfolders(root)
    yield from islice(chain([root.resolve().parent], children, *(map(_open_subfolders, children[:50]))), 200)


def _open_subfolders(folder: Path) -> list[Path]:
    try:
        return list(subfolders(folder))
    except PermissionError:  # a neighbouring folder that may not be read is no hint
        return []


def _contents(root: Path) -> str:
    entries = [path for path in sorted(root.iterdir()) if not path.name.startswith(".")]
    folders = [path.name for path in entries if path.is_dir()]
    files = [path.name for path in entries if not path.is_dir()]
    if not entries:
        return "an empty folder"
    parts = [f"{what} {_first(names)}" for what, names in (("the folders", folders), ("the files", files)) if names]
    return " and ".join(parts)


def _first(names: list[str], limit: int = 4) -> str:
    more = len(names) - limit
    return path_text(", ".join(names[:limit])) + (f" and {more} more" if more > 0 else "")
