"""Run a student's function on an exercise's cases: whatever it does, the outcome is a sentence, not a traceback."""

from __future__ import annotations

import copy
import difflib
import importlib
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from facefair_course.compare import difference, short
from facefair_course.exercise import Case, Exercise, Mistake
from facefair_course.feedback import Feedback, Scorecard
from facefair_lib.errors import InputError

LESSONS: dict[int, tuple[str, ...]] = {
    1: ("class_shares", "decode", "resize_nearest"),
    2: ("convolve", "receptive_field", "count_weights", "to_mask"),
    3: ("atrous", "valid_taps", "pyramid_of_rates"),
    4: ("pool", "pyramid", "survives_shuffling"),
    5: ("cross_entropy", "soft_dice", "class_weights"),
    6: ("confusion", "iou", "two_means", "can_be_true"),
    7: ("early_stop", "mirror", "honest_score"),
    8: ("difference_hash", "person_of", "split_people", "thin_cells"),
    9: ("people_interval", "permutation_p", "smallest_p", "paired_gap", "changed_conclusions", "share_of_pairs"),
    10: ("prevalence", "beats_looking_away", "possible_share", "faulty_rows"),
}
"""Lesson -> the names of its exercises, in their order."""

_passed: set[str] = set()


def check(name: str, solution: Any = None) -> Feedback:
    """Check a student's solution of one exercise.

    Parameters
    ----------
    name : of the exercise
    solution : the student's function, or a value where the exercise asks for one; anything else is explained

    Returns
    -------
    Feedback
        which a notebook shows; no error is raised whatever the solution does
    """
    exercise = find(name)
    if exercise is None:
        return _unknown(name)
    _passed.discard(name)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a student's 0 / 0 shows in the result
        feedback = _unusable(name, exercise, solution) or _run(name, exercise, solution)
    if feedback.passed:
        _passed.add(name)
    return feedback


def scorecard(lesson: int) -> Scorecard:
    """List a lesson's exercises and say which have passed since the kernel started.

    Raises
    ------
    InputError
        if there is no such lesson
    """
    if lesson not in LESSONS:
        raise InputError(
            f"lesson {lesson!r}", found="no such lesson", expected=f"1 to {max(LESSONS)}", do="check the number"
        )
    return Scorecard(lesson, {name: name in _passed for name in LESSONS[lesson]})


def find(name: str) -> Exercise | None:
    """Load an exercise, or ``None`` if there is none of this name. Only its own lesson's module is imported."""
    for lesson, names in LESSONS.items():
        if isinstance(name, str) and name in names:
            module = importlib.import_module(f"facefair_course.exercises.lesson_{lesson:02d}")
            return module.EXERCISES[name]
    return None


def _unknown(name: Any) -> Feedback:
    known = [entry for names in LESSONS.values() for entry in names]
    close = difflib.get_close_matches(str(name), known, 1)
    lines = [f"Lesson {lesson}: {', '.join(names)}" for lesson, names in LESSONS.items()]
    guess = f"Did you mean {close[0]!r}?" if close else "These exist:"
    return Feedback(str(name), "unknown", f"There is no exercise with this name. {guess}", tuple(lines))


def _unusable(name: str, exercise: Exercise, solution: Any) -> Feedback | None:
    """What is wrong with a solution that cannot be tried at all."""
    if exercise.is_answer:
        if solution is None or solution is Ellipsis:
            return Feedback(name, "not yet", "Put your answer in place of the three dots.")
        if callable(solution):
            return Feedback(name, "not yet", "This exercise asks for a value; pass the answer, not a function.")
        return None
    if not callable(solution):
        called = "Pass the function itself, without parentheses."
        return Feedback(name, "not yet", f"{short(solution)} is not a function. {called}")
    return None


@dataclass(frozen=True)
class _Attempt:
    """What a function made of one case: its result, and what is wrong with it, if anything."""

    case: Case
    result: Any
    trouble: str | None
    returned: bool


def _run(name: str, exercise: Exercise, solution: Any) -> Feedback:
    function = (lambda: solution) if exercise.is_answer else solution
    attempts = [_attempt(case, function) for case in exercise.cases()]
    wrong = next((attempt for attempt in attempts if attempt.trouble), None)
    if wrong is None:
        tried = "" if exercise.is_answer else f"All {len(attempts)} cases are right."
        return Feedback(name, "passed", f"{tried} {exercise.praise}".strip())
    hint = (wrong.returned and _hint_of_mistake(exercise.mistakes, attempts, wrong)) or wrong.case.hint
    lines = tuple(line for line in (wrong.trouble, hint) if line)
    if exercise.is_answer:
        return Feedback(name, "not yet", "Look again.", lines)
    right = sum(attempt.trouble is None for attempt in attempts)
    summary = f"{right} of {len(attempts)} cases are right. This one is not: {wrong.case.title}."
    return Feedback(name, "not yet", summary, lines)


def _attempt(case: Case, function: Callable[..., Any]) -> _Attempt:
    arguments = copy.deepcopy(case.arguments)
    try:
        result = case.call(function, *arguments)
    except (Exception, SystemExit) as error:
        return _Attempt(case, None, _stopped(error), False)
    if any(_changed(before, after) for before, after in zip(case.arguments, arguments, strict=True)):
        return _Attempt(case, result, _CHANGED, False)
    try:
        trouble = case.judge(result)
    except Exception as error:  # an exercise's own judge, given a value it does not expect
        trouble = f"{short(result)} came back, which cannot be used here ({type(error).__name__}: {error})."
    return _Attempt(case, result, trouble, True)


_CHANGED = "The function changed what it was given. Work on a copy: the caller still needs the original."


def _changed(before: Any, after: Any) -> bool:
    """Whether an argument was changed."""
    if hasattr(before, "equals"):  # a table
        return not before.equals(after)
    if isinstance(before, np.ndarray) or hasattr(before, "detach"):
        return not np.array_equal(np.asarray(before), np.asarray(after), equal_nan=np.asarray(before).dtype.kind == "f")
    return isinstance(before, list | dict | set) and repr(before) != repr(after)


def _hint_of_mistake(mistakes: tuple[Mistake, ...], attempts: list[_Attempt], wrong: _Attempt) -> str | None:
    """The hint of the mistake that explains most answers, the first wrong one among them."""
    agreeing = {mistake.hint: [_agrees(mistake, attempt) for attempt in attempts] for mistake in mistakes}
    place = next(i for i, attempt in enumerate(attempts) if attempt is wrong)
    possible = {hint: sum(agrees) for hint, agrees in agreeing.items() if agrees[place]}
    return max(possible, key=possible.__getitem__) if possible else None


def _agrees(mistake: Mistake, attempt: _Attempt) -> bool:
    """Whether the mistake gives the same answer as the student's function."""
    try:
        answer = attempt.case.call(mistake.function, *copy.deepcopy(attempt.case.arguments))
        return difference(answer, attempt.result) is None
    except Exception:  # the mistake makes no sense for this case
        return False


def _stopped(error: BaseException) -> str:
    """A student's exception in one line: what was raised, and at which line of their own cell."""
    frames = traceback.extract_tb(error.__traceback__)
    beside = ("facefair_course", "facefair_lib", "site-packages")
    own = [frame for frame in frames if not any(name in frame.filename for name in beside)]
    place = f", at the line  {own[-1].line}" if own and own[-1].line else ""
    message = " ".join(str(error).split())
    return f"The function stopped with {type(error).__name__}{': ' + message[:200] if message else ''}{place}"
