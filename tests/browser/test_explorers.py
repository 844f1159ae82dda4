"""JupyterLab and the app show the explorers, and these answer."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

from facefair_lib import paths
from facefair_lib.explore.server import with_profile

from .conftest import EXPERIMENT_NOTEBOOK, PATIENCE, TOKEN, FinishedStudy
from .explorers import FITS, Explorers, check_fits, check_groups, check_person, check_pictures, check_scores
from .jupyterlab import run_all


def test_notebook_05_runs_and_its_explorers_answer(
    page, lab: str, notebooks: Path, study: FinishedStudy, screenshots: Path
) -> None:
    source = paths.NOTEBOOKS / f"{EXPERIMENT_NOTEBOOK}.ipynb"
    with_profile(source, study.profile, notebooks / source.name)
    run_all(page, lab, source.name)
    explorers = Explorers(page, PATIENCE / 1000)
    written_last = Path(study.environment["FACEFAIR_RESULTS"], study.profile, source.stem, "provenance.json")
    explorers.until(written_last.exists, "the notebook has not come to its end")
    for check in (check_person, check_pictures, check_groups):
        check(explorers, screenshots, "notebook_05")


BUSY_FIT = """
row = "{epoch},{split},0.5,0.9,0.5,0.5,0.5,0.4\\n"
lines = "epoch,split,loss,accuracy,precision,recall,f1,iou\\n"
for epoch in range(1, 4):
    lines += row.format(epoch=epoch, split="train") + row.format(epoch=epoch, split="validation")
    Path("history.csv").write_text(lines)
    time.sleep(4)
while not Path("seen").exists():
    time.sleep(0.1)
"""


def test_curves_grow_while_a_cell_keeps_the_kernel_busy(page, lab: str, notebooks: Path) -> None:
    look = """
import time
from pathlib import Path
from facefair_lib.explore.training_viewer import TrainingViewer
TrainingViewer({"pspnet": (Path("history.csv"), 4)}, refresh=0.5)
"""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in (look, BUSY_FIT)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(book, notebooks / "busy.ipynb")
    run_all(page, lab, "busy.ipynb")
    explorers = Explorers(page, PATIENCE / 1000)
    page.locator(".facefair").wait_for()
    explorers.until(lambda: "Epoch 3 of 4" in explorers.status(FITS), "the curves do not grow")
    assert page.locator(".jp-InputPrompt").all_inner_texts() == ["[1]:", "[*]:"], "the fit's cell is not running"
    (notebooks / "seen").touch()
    page.locator(".jp-InputPrompt", has_text="[2]:").wait_for()


@pytest.fixture(scope="module")
def app(serving, study: FinishedStudy) -> str:
    """Address of the app."""

    def command(port: int) -> list[str]:
        options = ["--profile", study.profile, "--port", str(port), "--token", TOKEN, "--no-browser"]
        return [sys.executable, "-m", "facefair_lib", "app", *options]

    return serving(command, "/", "app")


def test_the_app_lets_nobody_in_without_its_token(page, app: str) -> None:
    page.goto(app)
    assert page.locator(".facefair").count() == 0
    assert "login" in page.url or "token" in page.content().lower()


def test_every_explorer_answers_in_the_app(page, app: str, screenshots: Path) -> None:
    page.goto(f"{app}/?token={TOKEN}")
    explorers = Explorers(page, PATIENCE / 1000)
    for check in (check_person, check_pictures, check_groups, check_fits, check_scores):
        check(explorers, screenshots, "app")
    assert page.locator("text=from facefair_lib").count() == 0, "the app shows code"
