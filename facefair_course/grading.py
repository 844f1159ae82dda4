"""Lessons for nbgrader, which hands them out without solutions, collects them and awards a point for each exercise.

Source: nbgrader, schema 3 of cell metadata; ``### BEGIN SOLUTION`` and ``### END SOLUTION`` enclose what it removes.
"""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

from facefair_course import solving

POINTS = 1


def write_assignments(folder: Path) -> list[Path]:
    """Write every lesson as an assignment of the same name into ``source`` of a course folder of nbgrader."""
    written = []
    for path in solving.lesson_files():
        lesson = assignment(solving.read_lesson(path), solving.solutions(solving.solution_file(path)))
        written.append(solving.write_lesson(folder / "source" / path.stem / path.name, lesson))
    return written


def assignment(lesson: solving.Notebook, answers: dict[str, str]) -> solving.Notebook:
    """Mark the solution in each student cell, and turn the check after it into a test that can fail."""
    result = copy.deepcopy(lesson)
    for cell, check in zip(result["cells"], result["cells"][1:], strict=False):
        if solving.is_exercise(cell):
            name = solving.exercise_name(cell)
            _mark(cell, name, _between_marks("".join(cell["source"]), answers[name]), solution=True)
            test = f"feedback = {''.join(check['source'])}\ndisplay(feedback)\nassert feedback.passed"
            _mark(check, f"check_{name}", test, grade=True, locked=True, points=POINTS)
    return result


def _mark(cell: dict[str, Any], grade_id: str, source: str, **differs: Any) -> None:
    plain = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cell["metadata"]["nbgrader"] = {**plain, "grade_id": grade_id, **differs}
    cell["source"] = source.splitlines(keepends=True)


def _between_marks(stub: str, solution: str) -> str:
    """A student's cell whose last line, the open one, is replaced by the solution and the imports it needs."""
    *head, last = stub.splitlines()
    indent = last[: len(last) - len(last.lstrip())]
    lines = solution.splitlines()
    node = ast.parse(solution).body[-1]
    imports = [indent + line for line in lines[: node.lineno - 1] if line]
    first = node.body[1].lineno if isinstance(node, ast.FunctionDef) else node.lineno  # a docstring comes before it
    inside = [f"{indent}### BEGIN SOLUTION", *imports, *lines[first - 1 :], f"{indent}### END SOLUTION"]
    return "\n".join([*head, *inside])
