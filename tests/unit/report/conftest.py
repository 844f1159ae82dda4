"""The committed reference study as a study of its own: its tables, and a stand-in for every figure."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from facefair_lib.report.results_reader import Results
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile

REFERENCE = paths.REPOSITORY / "results" / "kept"
EXPERIMENT = "05_ethnicity_emotion_experiment"


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    return load_profile("quick").model_dump(mode="json")


@pytest.fixture(scope="session")
def results(settings: dict[str, Any]) -> Results:
    """Read the committed tables in place."""
    return Results(REFERENCE, paths.REPORT, settings)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "quick"
    shutil.copytree(REFERENCE, folder)
    shown = pd.read_csv(folder / EXPERIMENT / "nine.csv")
    (folder / "experiment").mkdir()
    shown[["image_id", "subject_id", "group", "emotion"]].to_csv(folder / "experiment" / "people.csv", index=False)
    picture = folder / "stand_in.pdf"
    plt.figure(figsize=(3, 2)).savefig(picture, metadata={"CreationDate": None})
    plt.close("all")
    for template in paths.REPORT.rglob("*.tex"):
        for stage, stem in re.findall(r'figure\("(\w+)/(\w+)"\)', template.read_text(encoding="utf-8")):
            (folder / stage / "figures").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, folder / stage / "figures" / f"{stem}.pdf")
    return folder


@pytest.fixture
def study(pristine: Path, tmp_path: Path) -> Path:
    """Copy the study, for a test that changes it."""
    return Path(shutil.copytree(pristine, tmp_path / "quick"))


@pytest.fixture
def edit(study: Path) -> Callable[..., None]:
    """Change a table of the copied study: ``edit("04_metric_analysis/summary", lambda table: table)``."""

    def change(name: str, by: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        path = study / f"{name}.csv"
        by(pd.read_csv(path)).to_csv(path, index=False)

    return change
