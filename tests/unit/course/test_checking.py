"""Checks answer in sentences, whatever a student hands in."""

from __future__ import annotations

import numpy as np
import pytest

from facefair_course import checking
from facefair_course.checking import LESSONS, check, scorecard
from facefair_course.exercise import Case, Exercise, Mistake, expect
from facefair_lib.errors import InputError

NAMES = [name for names in LESSONS.values() for name in names]
LIGHT = ("iou", "decode", "person_of", "thin_cells", "survives_shuffling", "faulty_rows", "people_interval", "mirror")


class Strange:
    """Fails at everything that one may do with an object."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None

    def __float__(self) -> float:
        raise RuntimeError("no")

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise RuntimeError("no")


def recursion(*_: object) -> object:
    return recursion()


def leaving(*_: object) -> object:
    raise SystemExit(3)


ODD = [
    *(None, ..., 5, "text", b"bytes", 3j, float("inf"), True, type, Strange()),
    *([], [[1], [2, 3]], {"a": 1}, {1, 2}, (1, 2)),
    *(np.zeros((0, 3)), np.array(["a", "b"]), np.ma.masked),
]


def doubling_cases() -> list[Case]:
    return [expect("the number 1", (1,), 2), expect("an array", (np.arange(3.0),), 2 * np.arange(3.0), "Twice.")]


@pytest.fixture
def doubling(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exercise to double numbers, in the place of the exercise iou."""
    exercise = Exercise(doubling_cases, (Mistake("This is the square.", lambda x: x * x),), "Well doubled.")
    monkeypatch.setattr(checking, "find", lambda name: exercise if name == "iou" else None)


def test_a_right_function_passes_with_the_mark_in_words(doubling: None) -> None:
    feedback = check("iou", lambda x: x + x)
    assert feedback.passed
    assert str(feedback) == "✓ iou: passed. All 2 cases are right. Well doubled."


def test_a_wrong_function_is_told_the_case_what_came_back_and_a_hint(doubling: None) -> None:
    feedback = check("iou", lambda x: x + 1)
    assert not feedback.passed
    assert feedback.summary == "1 of 2 cases are right. This one is not: an array."
    assert feedback.details == ("2 of 3 values are not right, the first at position 0: 1.", "Twice.")


def test_a_common_mistake_is_recognised(doubling: None) -> None:
    assert "This is the square." in check("iou", lambda x: x**2).details


def test_a_students_exception_is_one_line_with_the_line_of_code(doubling: None) -> None:
    def student(x: object) -> object:
        return x.nothing

    (line, *_) = check("iou", student).details
    assert line.startswith("The function stopped with AttributeError: 'int' object has no attribute 'nothing'")
    assert line.endswith("at the line  return x.nothing")


def test_a_function_with_another_number_of_parameters_is_not_told_a_line_of_ours(doubling: None) -> None:
    (line, *_) = check("iou", lambda: 1).details
    assert "takes 0 positional arguments" in line and "at the line" not in line


@pytest.mark.parametrize("function", [recursion, leaving])
def test_a_function_that_never_comes_back_properly_is_survived(doubling: None, function: object) -> None:
    assert "The function stopped with" in check("iou", function).details[0]


def test_a_function_that_changes_its_arguments_is_told_so(doubling: None) -> None:
    def student(x: object) -> object:
        x *= 2
        return x

    assert any("changed what it was given" in line for line in check("iou", student).details)


def test_a_function_without_return_is_told_so(doubling: None) -> None:
    assert "Does the function end with a return?" in check("iou", lambda x: None).details[0]


@pytest.mark.parametrize("name", ["iuo", 3, None, "", ["iou"]])
def test_an_unknown_exercise_lists_those_that_exist(name: object) -> None:
    feedback = check(name, len)
    assert feedback.state == "unknown"
    if name == "iuo":
        assert "'iou'" in feedback.summary
        assert all(known in str(feedback) for known in NAMES)


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("iou", (np.zeros(3),), "without parentheses"),
        ("iou", (), "without parentheses"),
        ("faulty_rows", (...,), "Put your answer in place of the three dots."),
        ("faulty_rows", (len,), "not a function"),
    ],
)
def test_an_answer_of_another_kind_is_explained(name: str, answers: tuple, words: str) -> None:
    assert words in check(name, *answers).summary


@pytest.mark.parametrize("name", LIGHT)
def test_odd_results_are_never_right_and_never_raise(name: str) -> None:
    for value in ODD:
        outcomes = [check(name, lambda *_, v=value: v), check(name, value)]
        assert not any(outcome.passed for outcome in outcomes), value
        assert all(outcome._repr_html_() for outcome in outcomes)


def test_feedback_in_html_escapes_what_a_student_returned(doubling: None) -> None:
    html = check("iou", lambda x: "<script>")._repr_html_()
    assert "<script>" not in html
    assert "not yet" in html
    assert 'role="status"' in html


def test_the_scorecard_shows_what_passed_and_forgets_what_no_longer_does(doubling: None) -> None:
    check("iou", lambda x: 2 * x)
    assert scorecard(6).passed["iou"]
    assert str(scorecard(6)).startswith("Lesson 6: 1 of 4 exercises passed.")
    check("iou", lambda x: x)
    assert not scorecard(6).passed["iou"]


def test_an_unknown_lesson_is_an_error() -> None:
    with pytest.raises(InputError, match="expected: 1 to 10"):
        scorecard(11)


def test_a_judge_that_fails_becomes_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = Exercise(lambda: [Case("x", (), lambda given: given.missing)])
    monkeypatch.setattr(checking, "find", lambda name: exercise)
    assert "cannot be used here" in check("x", lambda: 1).details[0]
