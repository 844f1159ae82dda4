"""A student opens a lesson in JupyterLab and answers its first exercise, wrongly and then rightly."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import expect

from facefair_course import solving

from .jupyterlab import run_all, write_cell

EXERCISE = "class_shares"
WRONG = """def class_shares(mask):
    return np.bincount(mask[mask != 255], minlength=11) / mask.size"""  # ignored pixels are in the denominator
HINT = "add up to 1"


def test_an_exercise_answered_wrongly_gets_a_hint_and_rightly_passes(
    page, lab: str, notebooks: Path, screenshots: Path
) -> None:
    lesson = solving.lesson_files()[0]
    shutil.copy(lesson, notebooks / lesson.name)
    run_all(page, lab, lesson.name)
    said = page.locator("[role=status]", has_text=f"{EXERCISE}: ").first
    expect(said).to_contain_text(f"{EXERCISE}: not yet.")
    expect(said).not_to_contain_text(HINT)

    write_cell(page, f"def {EXERCISE}", WRONG)
    expect(said, "the check of the wrong answer says nothing new").to_contain_text(HINT)
    expect(said).to_contain_text(f"{EXERCISE}: not yet.")
    said.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "lesson_wrong.png")

    write_cell(page, f"def {EXERCISE}", solving.solutions(solving.solution_file(lesson))[EXERCISE])
    expect(said, "the right answer does not pass").to_contain_text(f"{EXERCISE}: passed.")
    said.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "lesson_right.png")
