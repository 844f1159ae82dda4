"""Notebooks as they are committed: thin and without outputs; parameters can be set from outside, lessons solved."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from facefair_course import solving
from facefair_course.checking import LESSONS
from facefair_lib.settings.paths import DEFAULT_PROFILE, NOTEBOOKS
from facefair_lib.store.stages import NOTEBOOK_STAGES

STAGES = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
LESSON_FILES = solving.lesson_files()
EXPLORERS = NOTEBOOKS / "explore.ipynb"
MOST_LINES = 10


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def parameters(path: Path) -> dict[str, Any]:
    (cell,) = (cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", []))
    statements = ast.parse(source(cell)).body
    assert all(isinstance(statement, ast.Assign) for statement in statements)
    return {statement.targets[0].id: ast.literal_eval(statement.value) for statement in statements}


def each(*paths: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def test_there_is_one_notebook_for_each_stage_and_each_lesson_and_that_of_the_explorers() -> None:
    assert tuple(path.stem for path in STAGES) == NOTEBOOK_STAGES
    assert set(NOTEBOOKS.glob("*.ipynb")) - set(STAGES) == {EXPLORERS}
    assert [int(path.name[:2]) for path in LESSON_FILES] == list(LESSONS)


@each(*STAGES, EXPLORERS, *LESSON_FILES)
def test_nothing_of_a_run_or_a_machine_is_committed(path: Path) -> None:
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert set(metadata) == {"kernelspec"} and metadata["kernelspec"]["name"] == "python3"
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path, "code"))


@each(*STAGES, EXPLORERS, *LESSON_FILES)
def test_code_cells_are_short_and_only_students_define_functions(path: Path) -> None:
    for cell in cells(path, "code"):
        tree = ast.parse(source(cell))
        imports = all(isinstance(part, ast.Import | ast.ImportFrom | ast.Assign) for part in tree.body)
        # The one cell of imports may be longer: its lines are a list, not steps.
        assert imports or len(source(cell).splitlines()) <= MOST_LINES, source(cell)
        nodes = list(ast.walk(tree))
        assert solving.is_exercise(cell) or not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in nodes)
        assert not any(isinstance(node, ast.While) for node in nodes)
        # "The same for both networks" may be said as a loop over them, spelt out.
        assert all(isinstance(node.iter, ast.Tuple) for node in nodes if isinstance(node, ast.For))


@each(*STAGES, EXPLORERS)
def test_parameters_are_plain_literals_that_are_read_and_name_the_default_profile(path: Path) -> None:
    found = parameters(path)
    assert found["profile"] == DEFAULT_PROFILE
    assert all(isinstance(value, str | int | float | bool) for value in found.values())
    code = "\n".join(source(cell) for cell in cells(path, "code"))
    read = {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert set(found) <= read


@each(*STAGES)
def test_a_notebook_opens_its_own_stage_says_what_it_does_checks_what_must_hold_and_finishes(path: Path) -> None:
    code = [source(cell) for cell in cells(path, "code")]
    (opened,) = (text for text in code if "open_study(" in text and "import" in text)
    assert f'"{path.stem}"' in opened or "TRAINING_STAGES[model]" in opened
    assert code[-1].strip() == "study.finish()"
    assert any("assert " in text for text in code)
    title, *prose = (source(cell) for cell in cells(path, "markdown"))
    assert re.match(rf"# {path.stem[:2]} · ", title) and re.search(r"[?.]\*\*", title)
    assert all(part in title for part in ("| **Reads** |", "| **Writes** |", "Run time: "))
    assert any(text.startswith("## What this shows") for text in prose)


def test_the_two_training_notebooks_differ_in_their_prose_and_in_one_literal() -> None:
    first, second = (next(path for path in STAGES if path.stem.startswith(number)) for number in ("02", "03"))
    one, two = ([source(cell) for cell in cells(path, "code")] for path in (first, second))
    assert [a.replace("deeplabv3", "pspnet") for a in one] == two
    assert sum(a != b for a, b in zip(one, two, strict=True)) == 1


@each(*LESSON_FILES)
def test_a_lesson_says_its_goals_and_time_and_ends_with_its_scorecard(path: Path) -> None:
    first, *prose = (source(cell) for cell in cells(path, "markdown"))
    assert first.startswith(f"# Lesson {int(path.name[:2])} · ")
    assert re.search(r"^\*\*.+\?\*\*$", first, re.MULTILINE)
    assert "> **After this lesson you can**" in first and re.search(r"> About \d\d minutes\.", first)
    assert any("## To discuss" in text or "For discussion" in text for text in prose)
    assert source(cells(path, "code")[-1]) == f"scorecard({int(path.name[:2])})"


@each(*LESSON_FILES)
def test_each_exercise_is_named_explained_left_open_solvable_and_checked_in_the_next_cell(path: Path) -> None:
    lesson = solving.read_lesson(path)
    places = [place for place, cell in enumerate(lesson["cells"]) if solving.is_exercise(cell)]
    names = [solving.exercise_name(lesson["cells"][place]) for place in places]
    assert tuple(names) == LESSONS[int(path.name[:2])]
    filled = solving.solved(lesson, solving.solutions(solving.solution_file(path)))["cells"]
    for number, (place, name) in enumerate(zip(places, names, strict=True), 1):
        before, here, after = (source(cell) for cell in lesson["cells"][place - 1 : place + 2])
        assert f"### Exercise {number} · `{name}`" in before
        assert "our turn" in here and "our turn" not in source(filled[place])
        assert after == f'check("{name}", {name})'


@each(*LESSON_FILES)
def test_each_heading_of_a_lesson_begins_a_slide_which_leaves_out_imports_and_checks(path: Path) -> None:
    imports, *code = cells(path, "code")
    assert all(slide(cell) == "skip" for cell in (imports, *code) if source(cell).startswith(("check(", "scorecard(")))
    assert slide(imports) == "skip" and not any(slide(cell) == "skip" for cell in code if solving.is_exercise(cell))
    for cell in cells(path, "markdown"):
        headings = re.findall(r"^(#+) ", source(cell), re.MULTILINE)
        assert not headings or (len(headings) == 1 and source(cell).startswith("#")), source(cell)
        assert slide(cell) == (("subslide" if headings == ["###"] else "slide") if headings else slide(cell))


def slide(cell: dict[str, Any]) -> str:
    return cell["metadata"].get("slideshow", {}).get("slide_type", "-")


@each(*LESSON_FILES)
def test_prose_of_a_lesson_holds_no_decimal_that_it_could_compute(path: Path) -> None:
    allowed = {"0.60", "0.02", "0.08", "0.58", "0.5", "0.1", "11.1", "22.2", "80.0", "1.2", "2.9", "0.3", "0.03"}
    text = "\n".join(source(cell) for cell in cells(path, "markdown"))
    assert set(re.findall(r"\d+\.\d+", text)) <= allowed
