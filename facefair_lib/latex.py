"""LaTeX text: escaping, number formats and booktabs tables.

Numbers are rounded and grouped here rather than by a LaTeX package, so that a table can be read in a text editor and
compared byte by byte. Scores are stored as shares from 0 to 1 and printed in per cent.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence

MISSING = "--"
"""Printed where a value is undefined (NaN): never 0."""

_LAST_LATIN = 0x17F
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def escape(text: object) -> str:
    """Escape text for LaTeX: a folder called ``real_50%`` prints as it is written.

    The report's fonts hold the Latin alphabets. A letter of any other is printed by its code point, U+6771, rather than
    stop the report.
    """
    return "".join(_SPECIAL.get(character) or _printed(character) for character in str(text))


def _printed(character: str) -> str:
    foreign = ord(character) > _LAST_LATIN and unicodedata.category(character)[0] in "LMSC"
    return f"[U+{ord(character):04X}]" if foreign else character


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, an empty string or NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def fixed(value: float, digits: int = 1) -> str:
    """A number with a fixed count of decimals and a true minus sign; ``--`` for NaN."""
    if is_missing(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):  # -0.0 would claim a direction that the digits shown do not have
        text = text.lstrip("-")
    return text.replace("-", "$-$")


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 in per cent, without the sign: 0.4818 -> ``48.2``."""
    return fixed(share * 100 if not is_missing(share) else share, digits)


def signed(share: float, digits: int = 1) -> str:
    """A difference of shares in points, with its sign: 0.012 -> ``+1.2``."""
    text = percent(share, digits)
    return text if text.startswith("$-$") or text == MISSING or not text.strip("0.,") else f"+{text}"


def estimate(value: float, low: float, high: float, form: Callable[[float], str] = percent) -> str:
    """A value with its interval, as a call of the report's ``\\est`` macro."""
    if is_missing(value):
        return MISSING
    if is_missing(low) or is_missing(high):
        return form(value)
    return rf"\est{{{form(value)}}}{{{form(low)}}}{{{form(high)}}}"


def count(number: float) -> str:
    """A whole number with thousands separated: 16557 -> ``16,557``."""
    return MISSING if is_missing(number) else f"{round(number):,}"


def words(number: int) -> str:
    """A small number as a word, as running text wants it; larger ones in digits."""
    return _WORDS[number] if 0 <= number < len(_WORDS) else count(number)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 epoch``, ``25 epochs``."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Sequence[str]) -> str:
    """Items as running text: ``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def duration(seconds: float) -> str:
    """A time in the two largest units that matter: ``31 h 17 min``, ``4 min 5 s``, ``12 s``."""
    if is_missing(seconds):
        return MISSING
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return rf"{hours}\,h {minutes}\,min"
    return rf"{minutes}\,min {rest}\,s" if minutes else rf"{rest}\,s"


def p_value(p: float) -> str:
    """A p value with three decimals; smaller ones as ``<0.001``."""
    if is_missing(p):
        return MISSING
    return "$<$0.001" if p < 0.001 else f"{p:.3f}"


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return " & ".join(cells) + r" \\"


def greyed(cells: Sequence[str]) -> list[str]:
    """The same cells in grey: a value that rests on too few people to be read as a finding."""
    return [rf"\textcolor{{gray}}{{{cell}}}" if cell else cell for cell in cells]


def tabular(columns: str, heads: Sequence[Sequence[str]], blocks: Sequence[Sequence[Sequence[str]]]) -> str:
    r"""A booktabs table.

    Parameters
    ----------
    columns : column specification of ``tabular``
    heads : header rows; a cell may hold ``\multicolumn`` and a row may start with a ``\cmidrule`` line
    blocks : groups of body rows, separated by a thin rule; empty blocks are left out

    Returns
    -------
    LaTeX text that ends with a newline
    """
    lines = [rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule"]
    lines += [head[0] if len(head) == 1 else row(head) for head in heads]
    for block in (block for block in blocks if block):
        lines.append(r"\midrule")
        lines += [row(cells) for cells in block]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])
