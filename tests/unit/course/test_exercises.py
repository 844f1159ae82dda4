"""Every exercise can be solved, and every mistake that is foreseen is told apart."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from facefair_course import solving
from facefair_course.checking import LESSONS, check, find
from facefair_course.imaginary import faulty_rows, imaginary_census, imaginary_table

FILES = {int(path.name[:2]): path for path in solving.lesson_files()}
PAIRS = [(lesson, name) for lesson, names in LESSONS.items() for name in names]
MISTAKES = [
    (name, number) for lesson, name in PAIRS for number in range(len(find(name).mistakes))
]  # fmt: skip


def solution(lesson: int, name: str) -> object:
    code = compile(solving.solution_file(FILES[lesson]).read_text(encoding="utf-8"), str(FILES[lesson]), "exec")
    space: dict[str, object] = {}
    exec(code, space)
    return space[name]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lessons_module_holds_its_exercises_and_no_others(lesson: int) -> None:
    module = importlib.import_module(f"facefair_course.exercises.lesson_{lesson:02d}")
    assert tuple(module.EXERCISES) == LESSONS[lesson]
    assert not set(LESSONS[lesson]) & {name for other, name in PAIRS if other != lesson}


@pytest.mark.parametrize(("lesson", "name"), PAIRS)
def test_the_solution_passes(lesson: int, name: str) -> None:
    feedback = check(name, solution(lesson, name))
    assert feedback.passed, str(feedback)


@pytest.mark.parametrize(("name", "number"), MISTAKES)
def test_a_foreseen_mistake_fails_with_its_own_hint(name: str, number: int) -> None:
    mistake = find(name).mistakes[number]
    feedback = check(name, mistake.function)
    assert not feedback.passed
    assert mistake.hint in feedback.details


@pytest.mark.parametrize(
    ("lesson", "name"),
    [(1, "class_shares"), (2, "convolve"), (3, "atrous"), (4, "pool"), (6, "iou"), (9, "paired_gap")],
)
def test_answers_in_single_precision_are_right(lesson: int, name: str) -> None:
    exact = solution(lesson, name)

    def rounded(*given: object) -> object:
        result = exact(*given)
        return tuple(map(np.float32, result)) if isinstance(result, tuple) else np.asarray(result, np.float32)

    assert check(name, rounded).passed


def test_no_feedback_prints_the_right_answer_of_a_question() -> None:
    for given in ({"A"}, {"B"}, set(), {"A", "B", "C", "D", "E", "F"}):
        text = str(check("faulty_rows", given))
        assert "'D'" not in text
        assert "B, D, E" not in text


def test_drawing_pictures_in_place_of_people_is_recognised() -> None:
    def of_pictures(scores: np.ndarray, people: np.ndarray, seed: int) -> tuple[float, float]:
        random = np.random.default_rng(seed)
        means = [random.choice(scores, len(scores)).mean() for _ in range(2000)]
        return tuple(np.quantile(means, [0.025, 0.975]))

    assert "Ten pictures of one person are not ten people" in str(check("people_interval", of_pictures))


def test_splitting_pictures_in_place_of_people_is_recognised() -> None:
    def of_pictures(people: np.ndarray, share: float, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).random(len(people)) < share

    assert "Draw people, not pictures" in str(check("split_people", of_pictures))


def test_a_split_that_ignores_its_seed_is_recognised() -> None:
    def first_ones(people: np.ndarray, share: float, seed: int) -> np.ndarray:
        names = np.unique(people)
        return np.isin(people, names[: round(share * len(names))])

    assert "Every seed gave the same people" in str(check("split_people", first_ones))


def test_a_p_value_of_zero_is_questioned() -> None:
    assert "can p be 0?" in str(check("permutation_p", lambda scores, *_: 0.0))


def test_the_imaginary_table_has_three_impossible_rows_and_a_bad_possible_one() -> None:
    table = imaginary_table()
    assert faulty_rows(table) == {"B", "D", "E"}
    assert table.loc["C", "accuracy"] < 70  # worse than always no, at 30 per cent positives


def test_the_imaginary_census_looks_even_in_pictures_and_is_not_in_people() -> None:
    cells = imaginary_census().groupby(["group", "emotion"])["person"].agg(["size", "nunique"])
    assert cells["size"].min() > 30
    assert cells["nunique"].min() == 2
