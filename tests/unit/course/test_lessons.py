"""The course's commands and its page; what lessons look like is checked with the other notebooks."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from facefair_course import __main__ as command
from facefair_course import grading, solving
from facefair_course.checking import LESSONS, check
from facefair_lib.errors import InputError
from facefair_lib.store.digests import module_path, reached_modules

FILES = solving.lesson_files()


def test_a_missing_solution_is_named() -> None:
    with pytest.raises(InputError, match="expected: class_shares, decode, resize_nearest"):
        solving.solved(solving.read_lesson(FILES[0]), {"decode": "decode = 1"})


def test_a_missing_solutions_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the lesson's solutions"):
        solving.solutions(tmp_path / "11_nothing.py")


def test_the_command_writes_every_lesson_solved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path)]) == 0
    assert [Path(line) for line in capsys.readouterr().out.splitlines()] == [tmp_path / path.name for path in FILES]
    json.loads((tmp_path / FILES[0].name).read_text(encoding="utf-8"))


def test_the_command_writes_a_course_of_nbgrader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path), "--nbgrader"]) == 0
    expected = [tmp_path / "source" / path.stem / path.name for path in FILES]
    assert [Path(line) for line in capsys.readouterr().out.splitlines()] == expected
    for path in expected:
        cells = [cell["metadata"].get("nbgrader", {}) for cell in solving.read_lesson(path)["cells"]]
        graded = [cell["grade_id"] for cell in cells if cell.get("grade")]
        assert graded == [f"check_{name}" for name in LESSONS[int(path.name[:2])]]
        assert [f"check_{cell['grade_id']}" for cell in cells if cell.get("solution")] == graded


def test_what_nbgrader_leaves_of_an_exercise_is_the_students_cell_and_the_rest_solves_it(tmp_path: Path) -> None:
    lesson = solving.read_lesson(FILES[3])
    answers = solving.solutions(solving.solution_file(FILES[3]))
    made = grading.assignment(lesson, answers)["cells"]
    scope = {"check": check, "display": str, "np": np}
    for before, cell, test in zip(lesson["cells"], made, made[1:], strict=False):
        if solving.is_exercise(cell):
            text, graded = "".join(cell["source"]), "".join(test["source"])
            # As nbgrader's ClearSolutions does, whose stub takes the place of the lesson's own.
            left = re.sub(r"### BEGIN SOLUTION.*### END SOLUTION", "OPEN", text, flags=re.DOTALL)
            assert left == re.sub(r"(survives_shuffling = )?\.\.\.(  # your turn)?$", "OPEN", "".join(before["source"]))
            exec(text, scope)
            exec(graded, scope)
            with pytest.raises(AssertionError):
                exec(graded, scope | {solving.exercise_name(before): lambda *given: None})


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([])
    assert "usage" in capsys.readouterr().err


def test_lessons_without_tensors_do_not_open_torch() -> None:
    start = {"facefair_course", *(f"facefair_course.exercises.lesson_{n:02d}" for n in (1, 6, 8, 9, 10))}
    code = "\n".join(f"import {module}" for module in start)
    opened = {
        alias.name if isinstance(node, ast.Import) else node.module
        for module in reached_modules(code)
        for node in ast.parse(module_path(module).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "facefair_lib.scores.metrics" in opened
    assert not {name for name in opened if name.split(".")[0] == "torch"}


def test_the_instructor_page_describes_every_lesson() -> None:
    page = (solving.LESSONS_FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"]({path.name})" in page for path in FILES)
