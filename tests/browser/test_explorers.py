"""JupyterLab and the app show the explorers, and these answer."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from facefair_lib import paths
from facefair_lib.explore.server import with_profile

from .conftest import PATIENCE, TOKEN, FinishedStudy
from .explorers import Explorers, check_everything


def test_every_explorer_answers_in_jupyterlab(page, serving, study: FinishedStudy, screenshots, tmp_path: Path) -> None:
    with_profile(paths.NOTEBOOKS / "explore.ipynb", study.profile, tmp_path / "explore.ipynb")
    settings = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]

    def lab(port: int) -> list[str]:
        options = [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
            f"--ServerApp.root_dir={tmp_path}",
        ]
        return [sys.executable, "-m", "jupyterlab", *options, f"--IdentityProvider.token={TOKEN}", *settings]

    address = serving(lab, "/api", "lab")
    page.goto(f"{address}/lab/tree/explore.ipynb?token={TOKEN}&reset")
    # The indicator says idle before there is a kernel; the status bar names the kernel first.
    page.locator(".jp-StatusBar-Widget, #jp-main-statusbar", has_text="(ipykernel) | Idle").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    check_everything(Explorers(page, PATIENCE / 1000), screenshots, "lab")


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
