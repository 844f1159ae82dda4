r"""From cells to LaTeX: every filter returns a `Tex` that knows which cells its numbers come from.

Scores are stored as shares from 0 to 1 and printed in per cent; a missing value is printed as ``--``, never as 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.report.results_reader import Number, Row, Source, Text, is_missing
from facefair_lib.scores import titles

MISSING = "--"

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "*": "{*}",  # at the start of a table row, after a line break, they would be read as its argument
}  # fmt: skip
_LAST_LATIN = 0x17F
_NO_GLYPH = "ĦħĸĿŀŉŦŧſ"
_PUNCTUATION = "‐‑‒–—―‘’‚“”„†‡•…‰‹›"
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_STARTS = {"none": "random weights", "imagenet": "ImageNet weights in the backbone", "coco": "COCO weights"}


class Tex(str):
    """LaTeX text with its numbers as printed, each with the cell it came from."""

    numbers: tuple[tuple[str, Source], ...]

    def __new__(cls, text: str, numbers: Sequence[tuple[str, Source]] = ()) -> Tex:
        """Make LaTeX text from text that is already escaped."""
        tex = super().__new__(cls, text)
        tex.numbers = tuple(numbers)
        return tex


def tex(text: object) -> Tex:
    """Escape text for LaTeX: a folder called ``real_50%`` prints as written.

    The report's fonts cover the Latin alphabets. Any other character, such as a line break, is printed as its code
    point, such as U+6771, so that it does not stop the report.
    """
    if isinstance(text, Tex):
        return text
    escaped = MISSING if is_missing(text) else "".join(_SPECIAL.get(letter) or _latin(letter) for letter in str(text))
    holds_number = isinstance(text, Text) and any(letter.isdigit() for letter in text)
    return Tex(escaped, [(escaped, text.source)] if holds_number else ())


def _latin(letter: str) -> str:
    latin = ord(letter) <= _LAST_LATIN and letter not in _NO_GLYPH and unicodedata.category(letter) != "Cc"
    return letter if latin or letter in _PUNCTUATION else f"(U+{ord(letter):04X})"


def compose(template: str, *parts: object) -> Tex:
    """``str.format`` that escapes plain text and keeps the numbers of its parts."""
    printed = [tex(part) for part in parts]
    return Tex(template.format(*printed), [number for part in printed for number in part.numbers])


def printed(form: Callable[..., str]) -> Callable[..., Tex]:
    """Make a filter from a function that prints a number.

    The filter accepts cells only: a number from no table, setting or constant cannot be traced.
    """

    @wraps(form)
    def filter_(value: Number | Text, *args: Any, **options: Any) -> Tex:
        if value is None or not hasattr(value, "source"):
            raise InputError(
                f"the filter {form.__name__}",
                found=f"{value!r}, which comes from no cell",
                expected="a cell, a setting or a constant",
                do="save the number in a table of the stage that computes it",
            )
        text = MISSING if is_missing(value) else form(value, *args, **options)
        return Tex(text, [(text, value.source)])

    return filter_


@printed
def fixed(value: Number, digits: int = 1, scale: float = 1) -> str:
    """A number with fixed decimals and a true minus sign."""
    return _fixed(float(value) * scale, digits)


@printed
def percent(share: Number, digits: int = 1) -> str:
    """A share in per cent, without the sign: 0.4818 -> ``48.2``."""
    return _fixed(100 * float(share), digits)


@printed
def signed(share: Number, digits: int = 1) -> str:
    """A difference of shares in points, with its sign: 0.012 -> ``+1.2``."""
    text = _fixed(100 * float(share), digits)
    return text if text.startswith("$-$") or not text.strip("0.,") else f"+{text}"


@printed
def count(number: Number) -> str:
    """A whole number with thousands separated: 16557 -> ``16,557``."""
    return f"{round(float(number)):,}"


@printed
def words(number: Number) -> str:
    """A whole number up to twelve as a word, a larger one in digits."""
    whole = round(float(number))
    return _WORDS[whole] if 0 <= whole < len(_WORDS) else f"{whole:,}"


@printed
def counted(number: Number, noun: str, plural: str = "") -> str:
    """A whole number with its noun: ``1 epoch``, ``25 epochs``."""
    return f"{round(float(number)):,} {noun if number == 1 else plural or noun + 's'}"


@printed
def quoted(number: Text | Number) -> str:
    """A number as written in its file: 40.70 stays 40.70, and 0.1 is not 0.10."""
    return str(number) if isinstance(number, str) else f"{number:g}"


@printed
def duration(seconds: Number) -> str:
    """A time in the two largest units that matter: ``31 h 17 min``, ``4 min 5 s``, ``12 s``."""
    whole = round(float(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return rf"{hours}\,h {minutes}\,min"
    return rf"{minutes}\,min {rest}\,s" if minutes else rf"{rest}\,s"


@printed
def p(value: Number) -> str:
    """A p value for a table: three decimals, smaller ones as ``<0.001``."""
    return "$<$0.001" if value < 0.001 else f"{value:.3f}"


@printed
def p_is(value: Number) -> str:
    """A p value in a sentence: ``$p = 0.021$``."""
    return rf"$p {'< 0.001' if value < 0.001 else f'= {value:.3f}'}$"


@printed
def power_of_ten(value: Number) -> str:
    """``0.0003`` -> ``$3 \\cdot 10^{-4}$``."""
    mantissa, exponent = f"{value:.6e}".split("e")
    front, power = f"{float(mantissa):g}", rf"10^{{{int(exponent)}}}"
    return f"${power}$" if front == "1" else rf"${front} \cdot {power}$"


def _fixed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):  # -0.0 would claim a direction that the digits do not show
        text = text.lstrip("-")
    return text.replace("-", "$-$")


NUMBER_FILTERS: Mapping[str, Callable[..., Tex]] = {
    form.__name__: form
    for form in (fixed, percent, signed, count, words, counted, quoted, duration, p, p_is, power_of_ten)
}


def bounds(row: Row, column: str = "value") -> tuple[Number, Number]:
    """The interval of a column: ``<column>_low`` and ``<column>_high`` if these exist, else ``low`` and ``high``."""
    own = f"{column}_low" in row
    return (row[f"{column}_low"], row[f"{column}_high"]) if own else (row["low"], row["high"])


def est(row: Row, column: str = "value", form: str = "percent", ends: Sequence[str] = (), **options: Any) -> Tex:
    r"""A value of a row with its interval, as ``\est{value}{low}{high}``.

    Parameters
    ----------
    form : name of the filter that prints the three numbers; it receives ``options``
    ends : columns of the interval; by default those that `bounds` finds
    """
    value, (low, high) = row[column], [row[end] for end in ends] or bounds(row, column)
    show = NUMBER_FILTERS[form]
    if is_missing(value) or is_missing(low) or is_missing(high):
        return show(value, **options)
    return compose(r"\est{{{}}}{{{}}}{{{}}}", *(show(number, **options) for number in (value, low, high)))


def interval(row: Row, column: str = "value") -> Tex:
    """The interval of a row in words: ``45.0 to 51.0``."""
    return compose("{} to {}", *map(percent, bounds(row, column)))


def title(key: Text | str) -> Tex:
    """The title of a key, such as a model, a group or a class."""
    return tex(key if is_missing(key) else titles.title(str(key)))


def in_text(key: Text | str) -> Tex:
    """The title of a key in a sentence: ``Lips / mouth`` loses its capital, ``IoU`` keeps it."""
    return tex(key if is_missing(key) else titles.in_text(titles.title(str(key))))


def contrast(key: str) -> Tex:
    """``asian-black`` -> ``Asian $-$ Black``."""
    return Tex(" $-$ ".join(title(group) for group in key.split("-")))


def composition(key: str) -> Tex:
    """``mostly_asian`` -> ``Mostly Asian``; ``balanced`` -> ``Balanced``."""
    first, *rest = key.split("_", 1)
    return tex(" ".join([first.capitalize(), *(titles.title(group) for group in rest)]))


def backbone(key: str, model: str = "") -> Tex:
    """``resnet18`` as its paper spells it, with the part of it that ``model`` uses."""
    return tex(titles.backbone_title(str(key), str(model)))


def network(row: Mapping[str, object]) -> Tex:
    """The name of a row's network, with its fine maps if it has them."""
    return tex(titles.network_title(str(row["model"]), row.get("fine_maps")))


def start(weights: str) -> Tex:
    """Where a network's weights start from, for running text."""
    return tex(_STARTS.get(str(weights), str(weights)))


def attribute(value: Number | Text) -> Tex:
    """An attribute of a person: whole numbers without decimals, ranges with a dash, words with a space."""
    if isinstance(value, Number) and not is_missing(value):
        return fixed(value, 0 if value == round(value) or abs(value) >= 1 else 2)
    return Tex(re.sub(r"(?<=\d)-(?=\d)", "--", tex(str(value).replace("_", " ") if not is_missing(value) else value)))


def first_upper(text: object) -> Tex:
    """The same text with an initial capital."""
    done = tex(text)
    return Tex(done[:1].upper() + done[1:], done.numbers)


def listed(items: Sequence[object]) -> Tex:
    """Items as running text: ``a``, ``a and b``, ``a, b and c``."""
    if not items:
        return Tex("none")
    lead = ", ".join(["{}"] * (len(items) - 1))
    return compose(f"{lead} and {{}}" if lead else "{}", *items)


def grey(text: object, when: bool) -> Tex:
    """The same text, in grey if ``when``: a value from too few people to be read as a finding."""
    return compose(r"\textcolor{{gray}}{{{}}}", text) if when else tex(text)


FILTERS: Mapping[str, Callable[..., Tex]] = {
    **NUMBER_FILTERS,
    **{form.__name__: form for form in (est, interval, title, in_text, contrast, composition, backbone, start)},
    **{form.__name__: form for form in (network, attribute, first_upper, listed, grey)},
}
"""Name in a template -> filter."""
