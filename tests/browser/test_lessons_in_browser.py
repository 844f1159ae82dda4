"""A student opens a lesson in JupyterLab and answers its first exercise, wrongly and then rightly."""

from __future__ import annotations

import shutil
from pathlib import Path

from facefair_lib.course import solving

from .conftest import PATIENCE
from .explorers import Explorers
from .jupyterlab import run_all, write_cell

EXERCISE = "class_shares"
WRONG = """def class_shares(mask):
    return np.bincount(mask[mask != 255], minlength=11) / mask.size"""  # ignored pixels are counted below the line


def test_an_exercise_answered_wrongly_gets_a_hint_and_rightly_passes(
    page, lab: str, notebooks: Path, screenshots: Path
) -> None:
    lesson = solving.lesson_files()[0]
    shutil.copy(lesson, notebooks / lesson.name)
    run_all(page, lab, lesson.name)
    said = page.locator("[role=status]", has_text=f"{EXERCISE}: ").first
    said.wait_for()
    unsolved = said.inner_text()
    assert f"{EXERCISE}: not yet." in unsolved
    wait = Explorers(page, PATIENCE / 1000).until

    write_cell(page, f"def {EXERCISE}", WRONG)
    wait(lambda: said.inner_text() not in ("", unsolved), "the check of the wrong answer says nothing new")
    assert f"{EXERCISE}: not yet." in said.inner_text()
    assert "add up to 1" in said.inner_text()
    said.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "lesson_wrong.png")

    write_cell(page, f"def {EXERCISE}", solving.solutions(solving.solution_file(lesson))[EXERCISE])
    wait(lambda: f"{EXERCISE}: passed." in said.inner_text(), "the right answer does not pass")
    said.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "lesson_right.png")
