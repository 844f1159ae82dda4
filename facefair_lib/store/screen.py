"""What is printed, on screens and in files whose encoding lacks some of the characters."""

from __future__ import annotations

import codecs
import sys

_PLAIN = {"▸": ">", "…": "...", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x", "→": "->", "✓": "+", "✗": "x"}
_HANDLER = "facefair-plain"


def use_plain_characters() -> None:
    """Print plain characters, or backslash escapes, in place of those that the output's encoding lacks."""
    codecs.register_error(_HANDLER, plain_characters)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's streams and those of tests take every character
            stream.reconfigure(errors=_HANDLER)


def plain_characters(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that cannot be encoded; an error handler of ``codecs``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter) or _escaped(letter) for letter in lacking), error.end


def _escaped(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode("ascii")
