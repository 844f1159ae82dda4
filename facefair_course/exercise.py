"""An exercise: cases that a student's function must get right, and what to say where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from facefair_course.compare import difference

Judge = Callable[[Any], "str | None"]
"""Takes what came back; returns ``None`` if it is right, else what is wrong with it."""


@dataclass(frozen=True)
class Case:
    """One thing that is tried.

    Attributes
    ----------
    title : what is tried, in words that a student understands
    arguments : what the function is called with
    judge : decides whether the result is right
    hint : what to think about where the answer is wrong
    call : how the function is called; once with the arguments by default
    """

    title: str
    arguments: tuple[Any, ...]
    judge: Judge
    hint: str = ""
    call: Callable[..., Any] = lambda function, *arguments: function(*arguments)


@dataclass(frozen=True)
class Mistake:
    """A common mistake: its hint is shown where an answer equals what ``function`` gives."""

    hint: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    Attributes
    ----------
    cases : made anew for every check, so that no student's function can change them
    mistakes : common ones
    praise : what is worth remembering once it works
    is_answer : the student gives a value (a set of names, a number), not a function
    """

    cases: Callable[[], list[Case]]
    mistakes: tuple[Mistake, ...] = ()
    praise: str = ""
    is_answer: bool = False


def expect(title: str, arguments: tuple[Any, ...], expected: Any, hint: str = "") -> Case:
    """Make a case with one right answer."""
    return Case(title, arguments, lambda answer: difference(expected, answer), hint)


def answer(judge: Judge) -> Exercise:
    """Make an exercise whose solution is a value."""
    return Exercise(lambda: [Case("your answer", (), judge)], is_answer=True)
