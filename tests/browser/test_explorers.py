"""JupyterLab and the app show the explorers, and these answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import nbformat
import pytest
from playwright.sync_api import expect

from facefair_lib.explore.server import write_page
from facefair_lib.settings import paths

from .conftest import EXPERIMENT_NOTEBOOK, FinishedStudy
from .explorers import FITS, Explorers, check_fits, check_groups, check_person, check_pictures, check_scores
from .jupyterlab import PROMPTS, run_all


def test_notebook_05_runs_and_its_explorers_answer(
    page, lab: str, notebooks: Path, study: FinishedStudy, screenshots: Path
) -> None:
    source = paths.NOTEBOOKS / f"{EXPERIMENT_NOTEBOOK}.ipynb"
    write_page(source, {"profile": study.profile}, notebooks / source.name)
    run_all(page, lab, source.name)
    explorers = Explorers(page)
    ended = page.locator(PROMPTS).last.filter(has_text=re.compile(r"^\[\d+\]:$"))
    explorers.until(ended, "the notebook has not come to its end")
    written_last = Path(study.environment["FACEFAIR_RESULTS"], study.profile, source.stem, "provenance.json")
    assert written_last.exists()
    for check in (check_person, check_pictures, check_groups):
        check(explorers, screenshots, "notebook_05")


BUSY_FIT = """
epochs = []
for epoch in (1, 2, 3):
    for split in ("train", "validation"):
        epochs.append([epoch, split, *[0.5] * 6])
    results.write_csv(Path("history.csv"), pd.DataFrame(epochs, columns=COLUMNS))
    while not Path(f"seen{epoch}").exists():
        sum(range(10_000))  # keeps the kernel busy, as a fit does
"""


def test_curves_grow_while_a_cell_keeps_the_kernel_busy(page, lab: str, notebooks: Path) -> None:
    look = """
from pathlib import Path
import pandas as pd
from facefair_lib.store import results
from facefair_lib.explore.training_viewer import TrainingViewer
from facefair_lib.training.history import COLUMNS
TrainingViewer({"pspnet": (Path("history.csv"), 4)}, refresh=0.5)
"""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in (look, BUSY_FIT)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(book, notebooks / "busy.ipynb")
    run_all(page, lab, "busy.ipynb")
    explorers = Explorers(page)
    prompts = page.locator(PROMPTS)
    for epoch in (1, 2, 3):
        drawn = explorers.status(FITS).filter(has_text=f"Epoch {epoch} of 4")
        explorers.until(drawn, "the curves do not grow")
        expect(prompts, "the fit's cell is not running").to_have_text(["[1]:", "[*]:"])
        (notebooks / f"seen{epoch}").touch()
    expect(prompts).to_have_text(["[1]:", "[2]:"])


@pytest.fixture(scope="module")
def app(serving: Callable, study: FinishedStudy) -> str:
    """Address of the app, with the token that its own message gives."""
    return serving("facefair_lib", "app", "--profile", study.profile, "--port", "0", "--no-browser")


def test_the_app_lets_nobody_in_without_its_token(page, app: str) -> None:
    page.context.clear_cookies()
    page.goto(urljoin(app, "/"))
    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_label("Password or token:")).to_be_visible()
    expect(page.locator(".facefair")).to_have_count(0)


def test_every_explorer_answers_in_the_app(page, app: str, screenshots: Path) -> None:
    page.goto(app)
    explorers = Explorers(page)
    for check in (check_person, check_pictures, check_groups, check_fits, check_scores):
        check(explorers, screenshots, "app")
    expect(page.get_by_text("from facefair_lib"), "the app shows code").to_have_count(0)
