"""Where a path becomes text, for tables, messages, logs and the names of new files.

On Linux a file name is bytes that need not be UTF-8, and the same letters may be stored composed or decomposed. Nothing
else in the package may turn a path into text with ``str``.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

LONGEST_NAME = 255
"""Bytes that the file systems in use allow for one file name."""


def path_text(path: str | os.PathLike[str]) -> str:
    r"""Path as text that can be printed on one line and written as UTF-8.

    Bytes that are not UTF-8 and control characters become backslash escapes: ``caf\xe9.png``. All else stays.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == " " else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    # Unusual spaces such as U+3000, and the joiners of Persian and of emoji, are not "printable", but part of names.
    if unicodedata.category(letter) == "Zs" or letter in "\u200c\u200d":
        return letter
    return letter.encode("unicode_escape").decode("ascii")


def same_name(name: str) -> str:
    """Key that is equal for two spellings of one file name: the composed form, however it is stored."""
    return unicodedata.normalize("NFC", name)


def same_output(name: str) -> str:
    """Key that is equal for names that some file system takes for one: some ignore case as well."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def output_stem(stem: str, *endings: str) -> str:
    """Printable text for the names of new files, which are ``stem`` + an ending.

    A stem that is too long for its longest ending is cut and keeps a digest of the whole: names that differ stay
    different.
    """
    text = path_text(stem)
    longest = max(len(ending.encode()) for ending in endings)
    room = LONGEST_NAME - longest - len(".-12345678.png")  # a temporary name is longer by about that much
    if len(text.encode()) > room:
        digest = hashlib.sha256(os.fsencode(stem)).hexdigest()[:12]
        text = text.encode()[: room - len(digest) - 1].decode("utf-8", "ignore") + f"-{digest}"
    return text


def existing_spelling(path: Path) -> Path:
    """The file that ``path`` means, even if the disk spells one of its names in another Unicode form.

    Returns
    -------
    ``path`` itself if it exists, or if no file has that name
    """
    # Not Path.exists, which raises where a name is too long or a folder is closed.
    if os.path.exists(path) or path.parent == path:  # noqa: PTH110
        return path
    folder = existing_spelling(path.parent)
    wanted = same_name(path.name)
    try:
        alike = sorted(entry for entry in folder.iterdir() if same_name(entry.name) == wanted)
    except OSError:  # no folder, or one that may not be listed
        return path
    return alike[0] if alike else path


def from_home(path: Path) -> Path:
    """Expand ``~`` at the beginning to the home folder: in quotes and after ``--out=`` a shell does not."""
    return path if os.path.exists(path) else Path(os.path.expanduser(path))  # noqa: PTH110, PTH111
