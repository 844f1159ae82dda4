"""The course's commands and its page; what lessons look like is checked with the other notebooks."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from facefair_course import __main__ as command
from facefair_course import solving
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
