r"""TeX macros that say where they come from: one line each, ``\newcommand{\Name}{text}% file row column``."""

from __future__ import annotations

import re

_TAGS = {"deeplabv3": "DeepLab", "iou": "IoU", "f1": "FOne"}
_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


class Macros:
    """The macros and switches of one report, in the order in which they are added."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    def add(self, name: str, text: str, *origins: str) -> None:
        r"""Define ``\name`` as ``text``; ``origins`` name the cells behind it.

        Raises
        ------
        ValueError
            if the name holds anything but letters, is taken, or nothing says where the text comes from
        """
        if not re.fullmatch("[A-Za-z]+", name):
            raise ValueError(f"macro name {name!r}: TeX allows letters only")
        if name in self._lines:
            raise ValueError(f"macro \\{name} is defined twice")
        if not origins:
            raise ValueError(f"macro \\{name}: say which cell it comes from")
        self._lines[name] = rf"\newcommand{{\{name}}}{{{text}}}% {'; '.join(origins)}"

    def switch(self, name: str, on: bool, origin: str) -> None:
        r"""Define the etoolbox toggle ``name``, which sections ask with ``\iftoggle``."""
        self._lines[f"toggle {name}"] = rf"\newtoggle{{{name}}}\toggle{str(on).lower()}{{{name}}}% {origin}"

    def render(self) -> str:
        """The text of ``numbers.tex``."""
        head = "% Written by facefair_lib; each line ends with the cell it comes from: file row column"
        return "\n".join([head, *self._lines.values(), ""])


def macro_name(*parts: str) -> str:
    """A macro name from keys: ``("test", "iou", "pspnet")`` -> ``TestIoUPspnet``."""
    words = (word for part in parts for word in re.split("[^A-Za-z0-9]+", part) if word)
    return "".join(_TAGS.get(word) or _camel(word) for word in words)


def _camel(word: str) -> str:
    """A capitalised word whose digits are spelled out."""
    spelled = re.sub(r"\d", lambda digit: _DIGITS[int(digit[0])], word)
    return spelled[0].upper() + spelled[1:]
