"""``facefair fit``: what it fits, and which lock it holds meanwhile."""

from __future__ import annotations

import fcntl
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from facefair_lib.__main__ import app
from facefair_lib.errors import InputError
from facefair_lib.experiments import runs
from facefair_lib.store.stages import RUNS


@pytest.fixture
def fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What is fitted, and whether another program could have the folder's lock meanwhile."""
    seen: list[tuple] = []

    def fit_run(root: Path, profile: object, model: str, run: int) -> SimpleNamespace:
        free = True
        tmp_path.joinpath(".lock").touch()
        with tmp_path.joinpath(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                free = False
        seen.append((root, profile.name, model, run, free))
        return SimpleNamespace(weights=root / RUNS / "best.pt")

    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    monkeypatch.setattr(runs, "fit_run", fit_run)
    return seen


@pytest.mark.parametrize("inside", [False, True])
def test_a_run_is_fitted_where_the_study_looks_for_it_and_nothing_beside(
    tmp_path: Path, fitted: list[tuple], inside: bool
) -> None:
    asked = ["fit", "pspnet", "--profile", "smoke", "--run", "2"]
    shown = CliRunner().invoke(app, [*asked, "--inside"] if inside else asked)
    assert shown.exit_code == 0
    assert fitted == [(tmp_path / "smoke", "smoke", "pspnet", 2, inside)]
    assert "pspnet, run 2: fitted; its weights are" in shown.stdout


@pytest.mark.parametrize("asked", [["segnet"], ["pspnet", "--run", "3"]])
def test_what_the_profile_does_not_fit_is_refused(fitted: list[tuple], asked: list[str]) -> None:
    shown = CliRunner().invoke(app, ["fit", *asked, "--profile", "smoke"])
    assert isinstance(shown.exception, InputError)
    assert "a run up to 2 of deeplabv3 or pspnet" in str(shown.exception)
    assert fitted == []
