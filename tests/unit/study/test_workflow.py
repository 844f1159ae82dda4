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
    "facefair_lib/heads/counterfactual_cohort.py": "from facefair_lib.heads import cohort\n",
    "facefair_lib/composition/__init__.py": "",
    "facefair_lib/composition/run.py": "from facefair_lib import metrics, models\n",
    "facefair_lib/comparison/__init__.py": "",
    "facefair_lib/comparison/run.py": "LIMIT = 8\n",
    "facefair_lib/workflow.py": "STAGES = 3\n",
    "facefair_lib/config.py": (
        "from pydantic import BaseModel, model_validator\n\nfrom facefair_lib.labels import NAMES\n\n\n"
        "class Section(BaseModel):\n    pass\n\n\n"
        "class View(Section):\n    scale: float\n\n\n"
        "class Wide(View):\n    seed: int\n\n"
        "    @model_validator(mode='after')\n    def _check(self):\n        return self\n\n\n"
        "class Clever(Section):\n    seed: int\n\n    def doubled(self):\n        return 2 * self.seed\n\n\n"
        "ONE = View(scale=1.0)\n"
    ),
}
NOTEBOOKS = {
    "01_data_preparation": "from facefair_lib.data import arrays\n\narrays.pack()",
    "02_train_deeplabv3": "from facefair_lib.models import build\n\nbuild()",
    "03_train_pspnet": "from facefair_lib.models import build\n\nbuild()",
    "04_metric_analysis": "from facefair_lib import metrics\n\nmetrics.score(1)",
    "05_ethnicity_emotion_experiment": "import numpy\nimport facefair_lib.metrics\n",
    "06_reproduction_audit": "from pathlib import Path\n",
    "07_counterfactual_fairness": "from facefair_lib import config, metrics, workflow\n",
    "08_real_photographs": "from pathlib import Path\n",
    "09_model_comparison": "from pathlib import Path\n",
}

USERS_OF_METRICS = {
    *("04_metric_analysis", "05_ethnicity_emotion_experiment", "07_counterfactual_fairness"),
    *("composition", "report"),
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
            # the report imports it inside a function
            USERS_OF_METRICS,
        ),
        ("models.py", "labels.NAMES", "labels.NAMES[0]", {"02_train_deeplabv3", "03_train_pspnet", "composition"}),
        ("data/arrays.py", "return NAMES", "return NAMES[0]", {"01_data_preparation"}),
        ("heads/cohort.py", "NAMES", "NAMES as N", {"cohort", "experiment", "counterfactuals"}),
        (
            "labels.py",
            '"hair",',
            '"hair", "nose"',
            {
                *("cohort", "experiment", "counterfactuals", "01_data_preparation"),
                *("02_train_deeplabv3", "03_train_pspnet", "composition", "07_counterfactual_fairness"),
            },
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
    users = {stage.name for stage in workflow.STAGES if "analysis" in stage.settings}
    assert users >= {"04_metric_analysis", "07_counterfactual_fairness", "report"}
    assert changed(before, other) == users
    assert changed(before, profile.model_copy(update={"seed": 1})) == set(workflow.STAGE_NAMES)


def test_single_keys_rerun_only_what_they_decide(house: Path, profile: Profile) -> None:
    before = digests(profile)
    other = profile.counterfactuals.model_copy(update={"wild_per_group": 5})
    assert changed(before, profile.model_copy(update={"counterfactuals": other})) == {"counterfactuals", "report"}
    views = profile.counterfactuals.model_copy(update={"views": profile.inference.views})
    seen = changed(before, profile.model_copy(update={"counterfactuals": views}))
    assert seen == {"07_counterfactual_fairness", "report"}
    data = profile.data.model_copy(update={"near_duplicate_bits": 7})
    assert not changed(before, profile.model_copy(update={"data": data})) & {"experiment", "counterfactuals"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class View(Section):\n    scale: float", "class View(Section):\n    scale: float\n    mirrored: bool"),
        ("    seed: int\n\n    @model", "    seed: float\n\n    @model"),
        ("        return self\n", "        assert self.seed\n        return self\n"),
    ],
)
def test_descriptions_of_settings_rerun_nothing_because_their_values_are_digested(
    edit: Edit, profile: Profile, old: str, new: str
) -> None:
    before = digests(profile)
    edit("facefair_lib/config.py", old, new)
    assert changed(before, profile) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 2 * self.seed", "return 3 * self.seed"),  # a method of another kind is code
        ("ONE = View(scale=1.0)", "ONE = View(scale=2.0)"),
        ("class Section(BaseModel):\n    pass", "class Section(BaseModel):\n    seen = True"),
    ],
)
def test_all_other_code_beside_settings_counts(edit: Edit, profile: Profile, old: str, new: str) -> None:
    before = digests(profile)
    edit("facefair_lib/config.py", old, new)
    assert changed(before, profile) == {"07_counterfactual_fairness"}


def test_the_list_of_stages_fits_no_network_again(edit: Edit, profile: Profile) -> None:
    before = digests(profile)
    edit("facefair_lib/workflow.py", "STAGES = 3", "STAGES = 4")
    assert changed(before, profile) == set()


def test_every_setting_that_a_stage_names_exists() -> None:
    values = load_profile("quick").model_dump(mode="json")
    for stage in workflow.STAGES:
        for key in stage.settings:
            workflow._value(values, key)  # raises KeyError otherwise


def stamps(profile: Profile) -> dict[str, int]:
    return {name: workflow.digest_file(profile.name, name).stat().st_mtime_ns for name in workflow.STAGE_NAMES}


def touched(before: dict[str, int], profile: Profile) -> set[str]:
    return {name for name, stamp in stamps(profile).items() if stamp != before[name]}


def test_only_digests_that_changed_are_written(edit: Edit, profile: Profile) -> None:
    workflow.write_digests(profile, None, ())
    before = stamps(profile)
    workflow.write_digests(profile, None, ())
    assert touched(before, profile) == set()
    edit("facefair_lib/metrics.py", "x + 1", "x + 2")
    workflow.write_digests(profile, None, ())
    assert touched(before, profile) == USERS_OF_METRICS


def test_a_users_data_rerun_what_reads_them(house: Path, profile: Profile) -> None:
    data, photos = house / "data", house / "photos.csv"
    data.mkdir()
    (data / "a.png").write_bytes(b"a")
    photos.write_text("image\n", encoding="utf-8")
    workflow.write_digests(profile, data, [photos])
    before = stamps(profile)
    (data / "b.png").write_bytes(b"b")
    workflow.write_digests(profile, data, [photos])
    assert touched(before, profile) == {"01_data_preparation"}
    before = stamps(profile)
    photos.write_text("image\nb.png\n", encoding="utf-8")
    os.utime(photos, ns=(1, 1))
    workflow.write_digests(profile, data, [photos])
    assert touched(before, profile) == {"05_ethnicity_emotion_experiment"}


def test_pictures_that_a_users_table_names_rerun_what_reads_them(house: Path, profile: Profile) -> None:
    folder = house / "mine"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"a")
    photos = folder / "photos.csv"
    photos.write_text("image\na.png\n", encoding="utf-8")
    workflow.write_digests(profile, None, [photos, folder / "a.png"])
    before = stamps(profile)
    (folder / "a.png").write_bytes(b"another picture")
    workflow.write_digests(profile, None, [photos, folder / "a.png"])
    assert touched(before, profile) == {"05_ethnicity_emotion_experiment"}


def test_a_file_with_a_name_that_is_no_text_changes_the_digest_by_its_bytes(house: Path, profile: Profile) -> None:
    data = house / "data"
    data.mkdir()
    try:
        Path(os.fsdecode(os.fsencode(data) + b"/caf\xe9.png")).write_bytes(b"a")
    except OSError:
        pytest.skip("this file system takes no such names")
    workflow.write_digests(profile, data, ())
    before = stamps(profile)
    workflow.write_digests(profile, data, ())
    assert touched(before, profile) == set()
    Path(os.fsdecode(os.fsencode(data) + b"/caf\xe9.png")).rename(os.fsdecode(os.fsencode(data) + b"/caf\xe8.png"))
    workflow.write_digests(profile, data, ())
    assert touched(before, profile) == {"01_data_preparation"}


def test_a_link_that_leads_nowhere_is_no_file_of_the_data(house: Path, profile: Profile) -> None:
    data = house / "data"
    data.mkdir()
    (data / "a.png").write_bytes(b"a")
    workflow.write_digests(profile, data, ())
    before = stamps(profile)
    (data / "b.png").symlink_to(data / "nowhere.png")
    workflow.write_digests(profile, data, ())
    assert touched(before, profile) == set()
    (data / "nowhere.png").write_bytes(b"b")
    workflow.write_digests(profile, data, ())
    assert touched(before, profile) == {"01_data_preparation"}


def test_a_file_that_may_not_be_looked_at_stops_no_study(
    house: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = house / "data"
    data.mkdir()
    (data / "locked.png").write_bytes(b"a")
    real = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.name == "locked.png":
            raise PermissionError(path)
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    workflow.write_digests(profile, data, ())
    assert " 1 files " in workflow.digest_file(profile.name, "01_data_preparation").read_text(encoding="utf-8")


def test_words_of_the_report_rerun_the_report_and_its_products_do_not(house: Path, profile: Profile) -> None:
    workflow.write_digests(profile, None, ())
    before = stamps(profile)
    (house / "report" / "report.pdf").write_bytes(b"made from the rest")
    workflow.write_digests(profile, None, ())
    assert touched(before, profile) == set()
    (house / "report" / "report.tex").write_text("Good morning", encoding="utf-8")
    workflow.write_digests(profile, None, ())
    assert touched(before, profile) == {"report"}


def test_other_published_numbers_rerun_the_audit_and_the_report(house: Path, profile: Profile) -> None:
    workflow.write_digests(profile, None, ())
    before = stamps(profile)
    (house / "report" / "published.csv").write_text("value\n1.5\n", encoding="utf-8")
    workflow.write_digests(profile, None, ())
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
