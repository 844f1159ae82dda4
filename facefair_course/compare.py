"""Say in words how an answer differs from the right one, without giving it away."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

RELATIVE, ABSOLUTE = 1e-5, 1e-7
"""Tolerances: answers in float32, or summed in another order, count as right."""


def difference(expected: Any, answer: Any) -> str | None:
    """Say how an answer differs, or ``None`` where it is right.

    Parameters
    ----------
    expected : number, string, truth value, set, dict, tuple of such, or array
    answer : anything at all; no answer raises an error
    """
    if answer is None or answer is Ellipsis:
        return "Nothing came back (None). Does the function end with a return?"
    try:
        return _difference(expected, answer)
    except Exception as error:  # a student may return an object of any kind
        return f"What came back, {short(answer)}, cannot be compared ({type(error).__name__}: {error})."


def short(value: Any, limit: int = 120) -> str:
    """A value in one short line, whatever it is."""
    try:
        value = plain(value)
        if isinstance(value, np.ndarray) and value.size > 16:
            return f"an array of shape {value.shape} and type {value.dtype}"
        text = " ".join(str(value.tolist() if isinstance(value, np.ndarray) else repr(value)).split())
    except Exception:  # a student's own class may fail to print
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(value: Any) -> Any:
    """Tensors and pandas columns as arrays, NumPy scalars as Python's own; anything else unchanged."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    elif hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    return value


def _difference(expected: Any, answer: Any) -> str | None:
    answer = plain(answer)
    if isinstance(expected, dict):
        return _of_dicts(expected, answer)
    if isinstance(expected, set | frozenset):
        return _of_sets(expected, answer)
    if isinstance(expected, tuple):
        return _of_tuples(expected, answer)
    if isinstance(expected, str | bool):  # before numbers: True is one, too
        return _of_words(expected, answer)
    if isinstance(expected, numbers.Number):
        return _of_numbers(float(expected), answer)
    return _of_arrays(np.asarray(expected), answer)


def _of_words(expected: str | bool, answer: Any) -> str | None:
    kind, name = (str, "a piece of text") if isinstance(expected, str) else (bool, "True or False")
    if not isinstance(answer, kind):
        return f"{short(answer)} came back; {name} was expected."
    return None if answer == expected else f"{short(answer)} came back."


def _of_numbers(expected: float, answer: Any) -> str | None:
    if isinstance(answer, np.ndarray | list | tuple | str | bool):
        return f"{short(answer)} came back; one number was expected."
    value = float(answer)
    if np.isclose(value, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True):
        return None
    if np.isnan(value):
        return "NaN came back where there should be a value."
    return f"{value:.6g} came back{' where there should be no value (NaN)' if np.isnan(expected) else ''}."


def _of_arrays(expected: np.ndarray, answer: Any) -> str | None:
    if isinstance(answer, str | dict | set):
        return f"{short(answer)} came back; an array was expected."
    values = np.asarray([plain(part) for part in answer] if isinstance(answer, list | tuple) else answer)
    if values.shape != expected.shape:
        return f"The shape {values.shape} came back; {expected.shape} was expected."
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        return f"Values of type {values.dtype} came back; numbers were expected."
    expected, values = expected.astype(float), values.astype(float)
    wrong = ~np.isclose(values, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    if not wrong.any():
        return None
    if (np.isnan(values) & wrong).any():
        number = int((np.isnan(values) & wrong).sum())
        return f"NaN is in {number} {'place' if number == 1 else 'places'} that should have a value."
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = f", the first at position {place[0] if len(place) == 1 else place}: {values[place]:.6g}"
    number = int(wrong.sum())
    return f"{number} of {wrong.size} values {'is' if number == 1 else 'are'} not right{where}."


def _of_sets(expected: set[Any] | frozenset[Any], answer: Any) -> str | None:
    if isinstance(answer, str | dict) or not hasattr(answer, "__iter__"):
        return f"{short(answer)} came back; several names were expected, such as {{'…', '…'}}."
    found = set(answer)
    missing, extra = len(expected - found), len(found - expected)
    if not missing and not extra:
        return None
    return f"{missing} of the right entries are missing and {extra} do not belong."


def _of_dicts(expected: dict[Any, Any], answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return f"{short(answer)} came back; a dictionary with {', '.join(map(repr, expected))} was expected."
    if set(answer) != set(expected):
        return f"The keys {sorted(map(str, answer))} came back; {sorted(map(str, expected))} were expected."
    parts = ((key, _nested(value, answer[key])) for key, value in expected.items())
    return next((f"Under {key!r}: {text}" for key, text in parts if text), None)


def _of_tuples(expected: tuple[Any, ...], answer: Any) -> str | None:
    if not isinstance(answer, tuple | list) or len(answer) != len(expected):
        return f"{short(answer)} came back; {len(expected)} values were expected, as return first, second, …"
    parts = ((place, _nested(one, other)) for place, (one, other) in enumerate(zip(expected, answer, strict=True), 1))
    return next((f"Of the {len(expected)} values, number {place}: {text}" for place, text in parts if text), None)


def _nested(expected: Any, answer: Any) -> str | None:
    return "nothing (None)." if answer is None or answer is Ellipsis else _difference(expected, answer)
