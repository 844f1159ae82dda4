"""Lessons with their solutions filled in: for instructors, and for the test that runs every lesson.

A lesson's student cells have the tag ``exercise`` and define one name each. ``solutions/<lesson>.py``, next to the
lessons, is a plain module that defines the same names.
"""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.store.results import write_text

LESSONS_FOLDER = paths.NOTEBOOKS / "course"
EXERCISE_TAG = "exercise"

Notebook = dict[str, Any]


def lesson_files() -> list[Path]:
    """The lessons in their order."""
    return sorted(LESSONS_FOLDER.glob("[0-9][0-9]_*.ipynb"))


def solution_file(lesson: Path) -> Path:
    """The module with a lesson's solutions."""
    return lesson.parent / "solutions" / f"{lesson.stem}.py"


def read_lesson(path: Path) -> Notebook:
    """Read a lesson as nested dictionaries."""
    return json.loads(path.read_text(encoding="utf-8"))


def is_exercise(cell: dict[str, Any]) -> bool:
    """Whether a student writes into this cell."""
    return EXERCISE_TAG in cell["metadata"].get("tags", [])


def exercise_name(cell: dict[str, Any]) -> str:
    """The one name that a student's cell defines."""
    return _name(ast.parse("".join(cell["source"])).body[-1])


def solutions(path: Path) -> dict[str, str]:
    """Name -> source of each definition of a solutions module, with the imports it needs in front.

    Raises
    ------
    InputError
        if the file is missing
    """
    if not path.exists():
        raise InputError(path, found="no such file", expected="the lesson's solutions", do="write them")
    code = path.read_text(encoding="utf-8")
    body = ast.parse(code).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.Assign):
            used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            head = [_text(code, line) for line in imports if used & {a.asname or a.name for a in line.names}]
            found[_name(node)] = "\n".join([*head, *(["", ""] if head else []), _text(code, node)])
    return found


def solved(lesson: Notebook, answers: dict[str, str]) -> Notebook:
    """Put solutions into a lesson's student cells.

    Raises
    ------
    InputError
        if a student cell has no solution, or a solution no cell
    """
    result = copy.deepcopy(lesson)
    cells = {exercise_name(cell): cell for cell in result["cells"] if is_exercise(cell)}
    if set(cells) != set(answers):
        raise InputError(
            "solutions", found=", ".join(sorted(answers)), expected=", ".join(sorted(cells)),
            do="define each exercise's name once",
        )  # fmt: skip
    for name, cell in cells.items():
        cell["source"] = answers[name].splitlines(keepends=True)
    return result


def write_solved(folder: Path) -> list[Path]:
    """Write every lesson with its solutions into a folder."""
    written = []
    for path in lesson_files():
        lesson = solved(read_lesson(path), solutions(solution_file(path)))
        written.append(write_lesson(folder / path.name, lesson))
    return written


def write_lesson(path: Path, lesson: Notebook) -> Path:
    """Write a lesson as Jupyter writes notebooks."""
    return write_text(path, json.dumps(lesson, indent=1, ensure_ascii=False) + "\n")


def _name(node: ast.stmt) -> str:
    return node.name if isinstance(node, ast.FunctionDef) else node.targets[0].id  # type: ignore[attr-defined]


def _text(code: str, node: ast.stmt) -> str:
    return ast.get_source_segment(code, node) or ""
