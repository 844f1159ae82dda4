"""Digests: what reruns a stage, and what does not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facefair_lib import paths, workflow
from facefair_lib.config import Profile, load_profile

PACKAGE = {
    "facefair_lib/__init__.py": '"""A package."""\n',
    "facefair_lib/labels.py": '"""Names."""\n\nNAMES = ("hair",)\n',
    "facefair_lib/data/__init__.py": "",
    "facefair_lib/data/arrays.py": "from facefair_lib.labels import NAMES\n\n\ndef pack():\n    return NAMES\n",
    "facefair_lib/models.py": "from facefair_lib import labels\n\n\ndef build():\n    return labels.NAMES\n",
    "facefair_lib/metrics.py": (
        '"""Scores."""\n\n\ndef score(x):\n    """Add one."""\n    # because\n    return x + 1\n'
    ),
    "facefair_lib/report.py": (
        "def build_report():\n    from facefair_lib.metrics import score\n\n    return score(1)\n"
    ),
    "facefair_lib/heads/__init__.py": "",
    "facefair_lib/heads/cohort.py": "from facefair_lib.labels import NAMES\n",
    "facefair_lib/heads/experiment.py": "from facefair_lib.heads import cohort\n",
}
NOTEBOOKS = {
    "01_data_preparation": "from facefair_lib.data import arrays\n\narrays.pack()",
    "02_train_deeplabv3": "from facefair_lib.models import build\n\nbuild()",
    "03_train_pspnet": "from facefair_lib.models import build\n\nbuild()",
    "04_metric_analysis": "from facefair_lib import metrics\n\nmetrics.score(1)",
    "05_ethnicity_emotion_experiment": "import numpy\nimport facefair_lib.metrics\n",
    "06_reproduction_audit": "from pathlib import Path\n",
}

Edit = Callable[[str, str, str], None]


def notebook(code: str, outputs: list[object] | None = None, prose: str = "Words.") -> str:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [prose]},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": outputs or [], "source": [code]},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def forget() -> None:
    """A study's process reads each module once; here they change while it runs."""
    workflow._module_imports.cache_clear()
    workflow._module_digest.cache_clear()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small package and its notebooks in place of the real ones."""
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for name, code in NOTEBOOKS.items():
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(notebook(code), encoding="utf-8")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.tex").write_text("Hello", encoding="utf-8")
    (tmp_path / "report" / "published.csv").write_text("value\n1\n", encoding="utf-8")
    for name, place in {
        "REPOSITORY": "",
        "NOTEBOOKS": "notebooks",
        "LIBRARY": "facefair_lib",
        "REPORT": "report",
    }.items():
        monkeypatch.setattr(paths, name, tmp_path / place)
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    forget()
    yield tmp_path
    forget()


@pytest.fixture
def profile() -> Profile:
    return load_profile("smoke")


@pytest.fixture
def edit(house: Path) -> Edit:
    """Replace text in a file of the package, which must be there."""

    def replace(name: str, old: str, new: str) -> None:
        path = house / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        forget()

    return replace


def digests(profile: Profile) -> dict[str, str]:
    return {stage.name: workflow.stage_digest(stage, profile) for stage in workflow.STAGES}


def changed(before: dict[str, str], profile: Profile) -> set[str]:
    return {name for name, digest in digests(profile).items() if digest != before[name]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# because", "# for another reason"),
        ("Add one.", "Return the next number."),
        ("Scores.", "Numbers."),
        ("return x + 1", "return (x  +  1)  # the next"),
        ('    """Add one."""\n', ""),
    ],
)
def test_comments_docstrings_and_layout_rerun_nothing(edit: Edit, profile: Profile, old: str, new: str) -> None:
    before = digests(profile)
    edit("facefair_lib/metrics.py", old, new)
    assert changed(before, profile) == set()


def test_outputs_and_prose_of_a_notebook_rerun_nothing(house: Path, profile: Profile) -> None:
    before = digests(profile)
    path = house / "notebooks" / "04_metric_analysis.ipynb"
    path.write_text(
        notebook(
            NOTEBOOKS["04_metric_analysis"], [{"output_type": "stream", "name": "stdout", "text": "2"}], "Other words."
        ),
        encoding="utf-8",
    )
    assert changed(before, profile) == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "stages"),
    [
        (
            "metrics.py",
            "x + 1",
            "x + 2",
            {"04_metric_analysis", "05_ethnicity_emotion_experiment", "report"},  # report imports it inside a function
        ),
        ("models.py", "labels.NAMES", "labels.NAMES[0]", {"02_train_deeplabv3", "03_train_pspnet"}),
        ("data/arrays.py", "return NAMES", "return NAMES[0]", {"01_data_preparation"}),
        ("heads/cohort.py", "NAMES", "NAMES as N", {"cohort", "experiment"}),
        (
            "labels.py",
            '"hair",',
            '"hair", "nose"',
            {"cohort", "experiment", "01_data_preparation", "02_train_deeplabv3", "03_train_pspnet"},
        ),
    ],
)
def test_code_reruns_exactly_the_stages_that_reach_it(
    edit: Edit, profile: Profile, file: str, old: str, new: str, stages: set[str]
) -> None:
    before = digests(profile)
    edit(f"facefair_lib/{file}", old, new)
    assert changed(before, profile) == stages


def test_a_package_that_is_entered_on_the_way_counts_too(edit: Edit, house: Path, profile: Profile) -> None:
    before = digests(profile)
    (house / "facefair_lib" / "data" / "__init__.py").write_text("LIMIT = 3\n", encoding="utf-8")
    forget()
    assert changed(before, profile) == {"01_data_preparation"}


def test_code_of_a_notebook_reruns_that_notebook(house: Path, profile: Profile) -> None:
    before = digests(profile)
    (house / "notebooks" / "03_train_pspnet.ipynb").write_text(notebook("x = 1"), encoding="utf-8")
    assert changed(before, profile) == {"03_train_pspnet"}


def test_settings_rerun_the_stages_whose_results_they_decide(house: Path, profile: Profile) -> None:
    before = digests(profile)
    other = profile.model_copy(update={"analysis": profile.analysis.model_copy(update={"replicates": 123})})
    users = {"04_metric_analysis", "05_ethnicity_emotion_experiment", "06_reproduction_audit", "report"}
    assert changed(before, other) == users
    assert changed(before, profile.model_copy(update={"seed": 1})) == set(workflow.STAGE_NAMES)


def stamps(profile: Profile) -> dict[str, int]:
    return {name: workflow.digest_file(profile.name, name).stat().st_mtime_ns for name in workflow.STAGE_NAMES}


def touched(before: dict[str, int], profile: Profile) -> set[str]:
    return {name for name, stamp in stamps(profile).items() if stamp != before[name]}


def test_only_digests_that_changed_are_written(edit: Edit, profile: Profile) -> None:
    workflow.write_digests(profile, None, None)
    before = stamps(profile)
    workflow.write_digests(profile, None, None)
    assert touched(before, profile) == set()
    edit("facefair_lib/metrics.py", "x + 1", "x + 2")
    workflow.write_digests(profile, None, None)
    assert touched(before, profile) == {"04_metric_analysis", "05_ethnicity_emotion_experiment", "report"}


def test_a_users_data_rerun_what_reads_them(house: Path, profile: Profile) -> None:
    data, photos = house / "data", house / "photos.csv"
    data.mkdir()
    (data / "a.png").write_bytes(b"a")
    photos.write_text("image\n", encoding="utf-8")
    workflow.write_digests(profile, data, photos)
    before = stamps(profile)
    (data / "b.png").write_bytes(b"b")
    workflow.write_digests(profile, data, photos)
    assert touched(before, profile) == {"01_data_preparation"}
    before = stamps(profile)
    photos.write_text("image\nb.png\n", encoding="utf-8")
    os.utime(photos, ns=(1, 1))
    workflow.write_digests(profile, data, photos)
    assert touched(before, profile) == {"05_ethnicity_emotion_experiment"}


def test_pictures_that_a_users_table_names_rerun_what_reads_them(house: Path, profile: Profile) -> None:
    folder = house / "mine"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"a")
    photos = folder / "photos.csv"
    photos.write_text("image\na.png\n", encoding="utf-8")
    workflow.write_digests(profile, None, photos)
    before = stamps(profile)
    (folder / "a.png").write_bytes(b"another picture")
    workflow.write_digests(profile, None, photos)
    assert touched(before, profile) == {"05_ethnicity_emotion_experiment"}


def test_words_of_the_report_rerun_the_report_and_its_products_do_not(house: Path, profile: Profile) -> None:
    workflow.write_digests(profile, None, None)
    before = stamps(profile)
    (house / "report" / "report.pdf").write_bytes(b"made from the rest")
    workflow.write_digests(profile, None, None)
    assert touched(before, profile) == set()
    (house / "report" / "report.tex").write_text("Good morning", encoding="utf-8")
    workflow.write_digests(profile, None, None)
    assert touched(before, profile) == {"report"}


def test_other_published_numbers_rerun_the_audit_and_the_report(house: Path, profile: Profile) -> None:
    workflow.write_digests(profile, None, None)
    before = stamps(profile)
    (house / "report" / "published.csv").write_text("value\n1.5\n", encoding="utf-8")
    workflow.write_digests(profile, None, None)
    assert touched(before, profile) == {"06_reproduction_audit", "report"}


def test_every_stage_of_the_real_study_reaches_library_code() -> None:
    profile = load_profile("smoke")
    for stage in workflow.STAGES:
        lines = workflow.stage_digest(stage, profile).splitlines()
        assert any(line.startswith("facefair_lib.") for line in lines), stage.name


def test_the_training_stages_depend_on_the_arrays_but_not_on_the_figures_of_the_report() -> None:
    lines = workflow.stage_digest(workflow.STAGES[workflow.STAGE_NAMES.index("03_train_pspnet")], load_profile("smoke"))
    assert "facefair_lib.training.loss " in lines
    assert "facefair_lib.models.pspnet " in lines
    assert "facefair_lib.report " not in lines
    assert "facefair_lib.heads" not in lines
