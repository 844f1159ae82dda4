"""Every lesson runs, as a student opens it and with its solutions: one kernel each, without a network or any result."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from facefair_course import solving
from facefair_course.checking import LESSONS
from facefair_lib.study.jupyter_kernel import LocalKernelManager

FILES = solving.lesson_files()
FORGET = "%reset -f"
HANG = 3600  # seconds; no cell and no kernel's start needs them, however many processes share the machine


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def run(request: pytest.FixtureRequest) -> tuple[Path, list[dict[str, Any]], list[dict[str, Any]]]:
    """A lesson with the cells of both runs: unsolved, and solved after everything was forgotten."""
    lesson = solving.read_lesson(request.param)
    solved = solving.solved(lesson, solving.solutions(solving.solution_file(request.param)))
    between = {
        "cell_type": "code",
        "id": "forget",
        "metadata": {},
        "source": FORGET,
        "outputs": [],
        "execution_count": None,
    }
    again = [{**cell, "id": f"solved-{cell['id']}"} for cell in copy.deepcopy(solved["cells"])]
    both = nbformat.reads(json.dumps({**lesson, "cells": [*lesson["cells"], between, *again]}), as_version=4)
    options = {"metadata": {"path": str(request.param.parent)}}
    patience = {"timeout": HANG, "startup_timeout": HANG}
    NotebookClient(both, kernel_manager_class=LocalKernelManager, resources=options, **patience).execute()
    place = len(lesson["cells"])
    return request.param, both.cells[:place], both.cells[place + 1 :]


def outcomes(cells: list[dict[str, Any]]) -> dict[str, str]:
    """Exercise -> what its check said, as plain text."""
    found = {}
    for cell in cells:
        if cell["cell_type"] == "code" and cell["source"].startswith("check("):
            (output,) = cell["outputs"]
            found[cell["source"].split('"')[1]] = output["data"]["text/plain"]
    return found


def test_an_unsolved_lesson_runs_through_and_its_checks_say_not_yet(run: tuple) -> None:
    path, unsolved, _ = run
    said = outcomes(unsolved)
    assert tuple(said) == LESSONS[int(path.name[:2])]
    assert all(text.startswith(f"✗ {name}: not yet.") for name, text in said.items())


def test_a_solved_lesson_passes_every_check(run: tuple) -> None:
    path, _, solved = run
    said = outcomes(solved)
    assert all(text.startswith(f"✓ {name}: passed.") for name, text in said.items()), said
    number = len(LESSONS[int(path.name[:2])])
    assert f"{number} of {number} exercises passed" in solved[-1]["outputs"][0]["data"]["text/plain"]


def test_a_lesson_shows_figures_with_descriptions_and_warns_of_nothing(run: tuple) -> None:
    _, unsolved, _ = run
    outputs = [output for cell in unsolved if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures
    assert all(output["metadata"]["image/png"]["alt"] for output in pictures)
