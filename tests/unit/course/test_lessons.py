"""Lessons as they are committed: thin, without outputs, solvable; their solutions lie beside them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from facefair_course import __main__ as command
from facefair_course import solving
from facefair_course.checking import LESSONS
from facefair_lib.errors import InputError
from facefair_lib.store.digests import module_path, reached_modules

FILES = solving.lesson_files()
MOST_LINES = 10
every_lesson = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in solving.read_lesson(path)["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_is_one_lesson_for_each_on_the_list() -> None:
    assert [int(path.name[:2]) for path in FILES] == list(LESSONS)


@every_lesson
def test_no_outputs_are_committed_and_the_kernel_is_named(path: Path) -> None:
    lesson = solving.read_lesson(path)
    assert lesson["metadata"]["kernelspec"]["name"] == "python3"
    assert set(lesson["metadata"]) == {"kernelspec"}
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path, "code"))


@every_lesson
def test_cell_ids_are_numbered_in_order(path: Path) -> None:
    ids = [cell["id"] for cell in solving.read_lesson(path)["cells"]]
    assert ids == [f"cell-{number:02d}" for number in range(len(ids))]


@every_lesson
def test_code_cells_are_short_and_only_students_define_functions(path: Path) -> None:
    for cell in cells(path, "code"):
        tree = ast.parse(source(cell))
        imports = all(isinstance(part, ast.Import | ast.ImportFrom | ast.Assign) for part in tree.body)
        assert imports or len(source(cell).splitlines()) <= MOST_LINES, source(cell)
        nodes = list(ast.walk(tree))
        defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in nodes)
        assert not defines or solving.is_exercise(cell)
        assert not any(isinstance(node, ast.While) for node in nodes)
        assert all(isinstance(node.iter, ast.Tuple) for node in nodes if isinstance(node, ast.For))


@every_lesson
def test_a_lesson_says_its_goals_and_time_and_ends_with_its_scorecard(path: Path) -> None:
    first = source(cells(path, "markdown")[0])
    assert first.startswith(f"# Lesson {int(path.name[:2])} · ")
    assert re.search(r"^\*\*.+\?\*\*$", first, re.MULTILINE)
    assert "> **After this lesson you can**" in first
    assert re.search(r"> About \d\d minutes\.", first)
    assert any("## To discuss" in source(cell) or "For discussion" in source(cell) for cell in cells(path, "markdown"))
    assert source(cells(path, "code")[-1]) == f"scorecard({int(path.name[:2])})"


@every_lesson
def test_each_exercise_is_named_explained_left_open_and_checked_in_the_next_cell(path: Path) -> None:
    lesson = solving.read_lesson(path)["cells"]
    places = [place for place, cell in enumerate(lesson) if solving.is_exercise(cell)]
    names = [solving.exercise_name(lesson[place]) for place in places]
    assert tuple(names) == LESSONS[int(path.name[:2])]
    for number, (place, name) in enumerate(zip(places, names, strict=True), 1):
        assert f"### Exercise {number} · `{name}`" in source(lesson[place - 1])
        assert "our turn" in source(lesson[place])
        assert source(lesson[place + 1]) == f'check("{name}", {name})'


@every_lesson
def test_prose_holds_no_decimal_that_the_lesson_could_compute(path: Path) -> None:
    allowed = {"0.60", "0.02", "0.08", "0.58", "0.5", "0.1", "11.1", "22.2", "80.0", "1.2", "2.9", "0.3", "0.03"}
    text = "\n".join(source(cell) for cell in cells(path, "markdown"))
    assert set(re.findall(r"\d+\.\d+", text)) <= allowed


@every_lesson
def test_solutions_fit_the_lesson(path: Path) -> None:
    answers = solving.solutions(solving.solution_file(path))
    filled = solving.solved(solving.read_lesson(path), answers)
    assert not any("our turn" in source(cell) for cell in filled["cells"] if solving.is_exercise(cell))
    assert [cell["id"] for cell in filled["cells"]] == [cell["id"] for cell in solving.read_lesson(path)["cells"]]


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


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 2
    assert "usage" in capsys.readouterr().out


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
