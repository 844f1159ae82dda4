"""Printing to screens and files whose encoding lacks some of the characters."""

from __future__ import annotations

import codecs
import sys

_PLAIN = {"▸": ">", "…": "...", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x", "→": "->", "✓": "+", "✗": "x"}
_HANDLER = "facefair-plain"


def use_plain_characters() -> None:
    """Print plain characters, or backslash escapes, for those that the output's encoding lacks."""
    codecs.register_error(_HANDLER, plain_characters)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the streams of notebooks and tests accept every character
            stream.reconfigure(errors=_HANDLER)


def plain_characters(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that cannot be encoded; an error handler of ``codecs``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(letter, letter) for letter in lacking)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end
