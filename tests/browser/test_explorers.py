"""JupyterLab and the app show the explorers, and these answer."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest

from facefair_lib import paths
from facefair_lib.explore.server import with_profile

from .conftest import PATIENCE, TOKEN, FinishedStudy
from .explorers import Explorers, check_everything


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def lab(serving, notebooks: Path) -> str:
    """Address of JupyterLab."""

    def command(port: int) -> list[str]:
        settings = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        place = ["--ip=127.0.0.1", f"--port={port}", f"--ServerApp.root_dir={notebooks}"]
        options = ["--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}", *place, *settings]
        return [sys.executable, "-m", "jupyterlab", *options]

    return serving(command, "/api", "lab")


def run_all(page, lab: str, name: str) -> None:
    """Open a notebook and run it from the menu."""
    page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
    # The notebook's indicator says idle before there is a kernel; the status bar names the kernel first.
    page.locator("#jp-main-statusbar", has_text="(ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()


def test_every_explorer_answers_in_jupyterlab(
    page, lab: str, notebooks: Path, study: FinishedStudy, screenshots: Path
) -> None:
    with_profile(paths.NOTEBOOKS / "explore.ipynb", study.profile, notebooks / "explore.ipynb")
    run_all(page, lab, "explore.ipynb")
    check_everything(Explorers(page, PATIENCE / 1000), screenshots, "lab")


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
    explorers.until(lambda: "Epoch 3 of 4" in explorers.status("Network"), "the curves do not grow")
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


def test_every_explorer_answers_in_the_app(page, app: str, screenshots) -> None:
    page.goto(f"{app}/?token={TOKEN}")
    check_everything(Explorers(page, PATIENCE / 1000), screenshots, "app")
    assert page.locator("text=from facefair_lib").count() == 0, "the app shows code"
