"""Notebooks as they are committed: thin, without outputs, with parameters that can be set from outside."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from facefair_lib.settings.paths import NOTEBOOKS
from facefair_lib.store.stages import NOTEBOOK_STAGES

FILES = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
EXPLORERS = NOTEBOOKS / "explore.ipynb"
MOST_LINES = 10


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def parameters(path: Path) -> dict[str, Any]:
    (cell,) = (cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", []))
    statements = ast.parse(source(cell)).body
    assert all(isinstance(statement, ast.Assign) for statement in statements)
    return {statement.targets[0].id: ast.literal_eval(statement.value) for statement in statements}


def test_the_stages_of_the_study_are_the_notebooks_there_are() -> None:
    assert tuple(path.stem for path in FILES) == NOTEBOOK_STAGES


def test_besides_the_stages_there_is_the_notebook_of_explorers_alone() -> None:
    assert set(NOTEBOOKS.glob("*.ipynb")) - set(FILES) == {EXPLORERS}


every_stage = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
every_notebook = pytest.mark.parametrize("path", [*FILES, EXPLORERS], ids=lambda path: path.stem)


@every_notebook
def test_no_outputs_are_committed(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@every_notebook
def test_metadata_names_the_kernel_and_nothing_of_a_machine(path: Path) -> None:
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) <= {"kernelspec"}


@every_notebook
def test_code_cells_are_short_and_define_nothing(path: Path) -> None:
    for cell in cells(path, "code"):
        tree = ast.parse(source(cell))
        imports = all(isinstance(part, ast.Import | ast.ImportFrom | ast.Assign) for part in tree.body)
        # The one cell of imports may be longer: its lines are a list, not steps.
        assert imports or len(source(cell).splitlines()) <= MOST_LINES, source(cell)
        definitions = [
            n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        ]
        assert definitions == []


@every_notebook
def test_code_cells_do_not_loop_over_data(path: Path) -> None:
    nodes = [node for cell in cells(path, "code") for node in ast.walk(ast.parse(source(cell)))]
    assert not any(isinstance(node, ast.While) for node in nodes)
    # "The same for both networks" may be said as a loop over them, spelt out.
    assert all(isinstance(node.iter, ast.Tuple) for node in nodes if isinstance(node, ast.For))


@every_notebook
def test_parameters_are_plain_literals_and_name_the_default_profile(path: Path) -> None:
    assert parameters(path)["profile"] == "quick"
    assert all(isinstance(value, str | int | float | bool) for value in parameters(path).values())


@every_notebook
def test_every_parameter_is_read(path: Path) -> None:
    code = "\n".join(source(cell) for cell in cells(path, "code"))
    read = {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert set(parameters(path)) <= read


@every_stage
def test_a_notebook_opens_its_own_stage_and_finishes_it_last(path: Path) -> None:
    code = [source(cell) for cell in cells(path, "code")]
    opened = [text for text in code if "open_study(" in text and "import" in text]
    assert len(opened) == 1
    assert f'"{path.stem}"' in opened[0] or "TRAINING_STAGES[model]" in opened[0]
    assert code[-1].strip() == "study.finish()"


@every_stage
def test_a_notebook_says_what_it_asks_reads_and_writes_and_checks_what_must_hold(path: Path) -> None:
    title = source(cells(path, "markdown")[0])
    assert title.startswith(f"# {path.stem[:2]} · ")
    assert "?**" in title or ".**" in title
    assert "| **Reads** |" in title
    assert "| **Writes** |" in title
    assert "Run time: " in title
    assert any("assert " in source(cell) for cell in cells(path, "code"))
    assert any(source(cell).startswith("## What this shows") for cell in cells(path, "markdown"))


def test_the_two_training_notebooks_differ_in_their_prose_and_in_one_literal() -> None:
    first, second = (next(path for path in FILES if path.stem.startswith(number)) for number in ("02", "03"))
    assert parameters(first) == {**parameters(second), "model": "deeplabv3"}
    assert parameters(second)["model"] == "pspnet"
    one, two = ([source(cell) for cell in cells(path, "code")] for path in (first, second))
    assert [a.replace("deeplabv3", "pspnet") for a in one] == two
    assert sum(a != b for a, b in zip(one, two, strict=True)) == 1
