"""How an answer differs, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_course.compare import difference, short

RIGHT = [
    (1.0, 1.0 + 1e-9),
    (1, np.float32(1)),
    (0.5, torch.tensor(0.5)),
    (np.nan, float("nan")),
    (True, np.True_),
    ("male07", "male07"),
    ({1, 2}, [2, 1, 1]),
    ((1.0, 2.0), [1.0, 2.0]),
    (np.array([1.0, np.nan]), [1.0, np.nan]),
    (np.arange(3), torch.arange(3, dtype=torch.float32, requires_grad=True)),
    (np.arange(3), pd.Series([0, 1, 2])),
    (np.array([True, False]), np.array([1, 0])),
    ({"a": {1}}, {"a": {1}}),
]
WRONG = [
    (1.0, 2.0, "2 came back"),
    (1.0, "1", "one number was expected"),
    (1.0, [1.0], "one number was expected"),
    (np.nan, 0.0, "where there should be no value"),
    (1.0, np.nan, "NaN came back where there should be a value"),
    (True, 1, "True or False was expected"),
    (True, False, "False came back."),
    ("a", 3, "a piece of text was expected"),
    ("a", "b", "'b' came back."),
    (np.zeros((2, 3)), np.zeros((3, 2)), r"The shape (3, 2) came back; (2, 3) was expected."),
    (np.zeros(3), np.array([0, 1, 1]), "2 of 3 values are not right, the first at position 1: 1."),
    (np.zeros(2), [np.nan, 0], "NaN is in 1 place "),
    (np.zeros(2), "ab", "an array was expected"),
    (np.zeros(2), np.array(["a", "b"]), "numbers were expected"),
    ((1.0, 2.0), 1.0, "2 values were expected"),
    ((1.0, 2.0), (1.0, 3.0), "number 2: 3 came back"),
    ((1.0, 2.0), (1.0, None), "number 2: nothing"),
    ({"a"}, {"b"}, "1 of the right entries are missing and 1 do not belong"),
    ({"a"}, "a", "several names were expected"),
    ({"a": 1}, {"b": 1}, "The keys ['b'] came back"),
    ({"a": 1}, {"a": 2}, "Under 'a': 2 came back"),
    (1, None, "Nothing came back"),
]


@pytest.mark.parametrize(("expected", "answer"), RIGHT)
def test_right_answers_of_other_types_are_right(expected: object, answer: object) -> None:
    assert difference(expected, answer) is None


@pytest.mark.parametrize(("expected", "answer", "words"), WRONG)
def test_wrong_answers_are_described(expected: object, answer: object, words: str) -> None:
    assert words in difference(expected, answer)


def test_a_description_does_not_hold_the_right_value() -> None:
    assert "0.37" not in difference(0.37, 0.5)
    assert "0.37" not in difference(np.full(3, 0.37), np.zeros(3))


def test_long_values_are_cut() -> None:
    assert short(np.zeros((30, 30))) == "an array of shape (30, 30) and type float64"
    assert len(short("x" * 1000)) == 120
