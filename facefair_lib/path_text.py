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

    Bytes that are no UTF-8 and control characters become backslash escapes: ``caf\xe9.png``. All else stays.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() or letter == " " else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    # U+3000 and other unusual spaces are not "printable", but they are part of names that people give.
    if unicodedata.category(letter) == "Zs":
        return letter
    return letter.encode("unicode_escape").decode("ascii")


def same_name(name: str) -> str:
    """Key under which two spellings of one file name meet: composed, whichever way it is stored."""
    return unicodedata.normalize("NFC", name)


def output_name(stem: str, ending: str) -> str:
    """Name of a new file, ``stem`` + ``ending``; a stem that is too long is cut and keeps a digest of the whole.

    Names that differ stay different. The name is printable text, whatever bytes the stem holds.
    """
    text = path_text(stem)
    room = LONGEST_NAME - len(ending.encode()) - len(".-12345678.png")  # a temporary name is longer by about that much
    if len(text.encode()) > room:
        digest = hashlib.sha256(os.fsencode(stem)).hexdigest()[:12]
        text = text.encode()[: room - len(digest) - 1].decode("utf-8", "ignore") + f"-{digest}"
    return text + ending


def existing_spelling(path: Path) -> Path:
    """The file that ``path`` means, where the disk spells one of its names in another Unicode form.

    Returns
    -------
    ``path`` itself if it exists or if nothing with that name does
    """
    if path.exists() or path.parent == path:
        return path
    folder = existing_spelling(path.parent)
    if not folder.is_dir():
        return path
    wanted = same_name(path.name)
    alike = sorted(entry for entry in folder.iterdir() if same_name(entry.name) == wanted)
    return alike[0] if alike else path
