"""Digests: one thing of each kind is changed in a copy of the project, and the stages that must run again are named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile, load_profile
from facefair_lib.store import digests, stages

RENDERED = {"cohort", "experiment", "counterfactuals"}
FITTED = {"02_train_deeplabv3", "03_train_pspnet"}
NOTEBOOKS = set(stages.NOTEBOOK_STAGES)
Edit = Callable[[str, str, str], None]
Digests = dict[str, list[str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project's code, notebooks and the words of its report, in a folder of their own."""
    root = tmp_path_factory.mktemp("project")
    for folder in (*paths.PACKAGES, "notebooks", "report", "config", "results/kept"):
        shutil.copytree(paths.REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pdf"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NOTEBOOKS", "PLAN", "REPORT", "REPOSITORY"):
            patch.setattr(paths, name, root / getattr(paths, name).relative_to(paths.REPOSITORY))
        patch.setattr(stages, "KEPT", root / "results" / "kept")
        patch.setenv("FACEFAIR_RESULTS", str(root / "results"))
        yield root


@pytest.fixture
def edit(copy: Path) -> Iterator[Edit]:
    """Replace a text of a file, which must be there; afterwards the file is as it was."""
    before: dict[Path, str] = {}

    def replace(name: str, old: str, new: str) -> None:
        path = copy / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} no longer holds {old!r}"
        before.setdefault(path, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    yield replace
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("smoke")


def all_digests(profile: Profile) -> Digests:
    return {stage.name: stages.stage_digest(stage, profile) for stage in stages.STAGES}


@pytest.fixture(scope="module")
def before(copy: Path, profile: Profile) -> Digests:
    return all_digests(profile)


def changed(before: Digests, profile: Profile) -> set[str]:
    return {name for name, lines in all_digests(profile).items() if lines != before[name]}


REPRODUCED, PREPARED, EXPERIMENT = "06_reproduction_audit", "01_data_preparation", "05_ethnicity_emotion_experiment"
FAIRNESS, ANSWER = "07_counterfactual_fairness", "10_answer"
REFITTED = {"composition", "comparison", "runs", "08_real_photographs"}


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("facefair_lib/figures/style.py", NOTEBOOKS),
        ("facefair_lib/figures/reproduction.py", {EXPERIMENT, REPRODUCED}),
        ("facefair_lib/figures/networks/diagrams.py", FITTED),
        ("facefair_lib/tables/quality.py", {EXPERIMENT, FAIRNESS}),
        ("facefair_lib/data/readers/masked/mut1ny.py", {PREPARED, REPRODUCED}),
        ("facefair_lib/data/readers/masked/numbered.py", set()),  # the reader of another data set
        ("facefair_lib/fairness/power.py", {EXPERIMENT, FAIRNESS, ANSWER}),
        ("facefair_lib/fairness/seeds.py", {FAIRNESS, ANSWER}),
        ("facefair_lib/scores/calibration.py", {"runs", ANSWER}),
        ("facefair_heads/shading/light.py", {*RENDERED, FAIRNESS}),
        ("facefair_lib/training/loss.py", {*FITTED, *REFITTED, REPRODUCED, "09_model_comparison"}),
        ("facefair_lib/explore/charts.py", set()),
        ("facefair_lib/store/stages.py", set()),
        ("facefair_lib/study/run_stage.py", set()),
        ("facefair_course/exercises/lesson_01.py", set()),
    ],
)
def test_code_reruns_exactly_the_stages_that_use_it(
    edit: Edit, before: Digests, profile: Profile, file: str, again: set[str]
) -> None:
    edit(file, "from __future__ import annotations\n", "from __future__ import annotations\n\n_EDITED = 1\n")
    assert changed(before, profile) - {"report"} == again


def test_each_data_set_depends_on_its_own_reader(edit: Edit, copy: Path) -> None:
    fasseg = load_profile("fasseg")
    before = all_digests(fasseg)
    edit("facefair_lib/data/readers/masked/fasseg.py", "annotations\n", "annotations\n\n_EDITED = 1\n")
    assert changed(before, fasseg) == {PREPARED, REPRODUCED}


def test_a_notebooks_code_reruns_it_and_its_prose_does_not(
    edit: Edit, copy: Path, before: Digests, profile: Profile
) -> None:
    name = "notebooks/04_metric_analysis.ipynb"
    book = json.loads((copy / name).read_text(encoding="utf-8"))
    prose = next("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown")
    edit(name, json.dumps(prose.split("\n")[0], ensure_ascii=False)[1:-1], "Other words")
    assert changed(before, profile) == set()
    edit(name, "study.finish()", "study.finish()  # a comment")
    assert changed(before, profile) == set()
    edit(name, "study.finish()", "print(1)\\nstudy.finish()")
    assert changed(before, profile) == {"04_metric_analysis"}


def test_comments_docstrings_and_layout_rerun_nothing(edit: Edit, before: Digests, profile: Profile) -> None:
    edit("facefair_lib/scores/metrics.py", '"""', '"""Other words. ')
    edit("facefair_lib/scores/metrics.py", "import numpy as np", "import numpy   as np  # arrays")
    assert changed(before, profile) == set()


def test_what_code_reaches_are_its_imports_but_those_for_types() -> None:
    loss = "facefair_lib.training.loss"
    assert loss in digests.reached_modules(f"def f():\n    from {loss} import segmentation_loss\n")
    assert loss in digests.reached_modules("from facefair_lib.training import loss")
    assert digests.reached_modules(f"if TYPE_CHECKING:\n    import {loss}\nelse:\n    import os\n") == set()


def test_a_door_is_followed_to_the_module_that_is_meant() -> None:
    reached = digests.reached_modules("from facefair_heads import sample_person")
    assert "facefair_heads.people.population" in reached
    assert "facefair_heads.camera.render" not in reached


def test_a_profiles_title_is_printed_in_the_report_only(copy: Path, before: Digests, profile: Profile) -> None:
    assert changed(before, profile.model_copy(update={"title": "another"})) == {"report"}


def test_settings_rerun_the_stages_whose_results_they_decide(copy: Path, before: Digests, profile: Profile) -> None:
    analysis = profile.analysis.model_copy(update={"replicates": 123})
    users = {stage.name for stage in stages.STAGES if "analysis" in stage.settings}
    assert users >= {"04_metric_analysis", "07_counterfactual_fairness", "report"}
    assert changed(before, profile.model_copy(update={"analysis": analysis})) == users
    scored = {"experiment", "counterfactuals"}
    assert changed(before, profile.model_copy(update={"seed": 1})) == set(stages.STAGE_NAMES) - scored - {ANSWER}
    assert changed(before, profile.model_copy(update={"people_seed": 1})) == scored | {ANSWER, "report"}
    inference = profile.inference.model_copy(update={"least_share": 0.1})
    predicted = FITTED | REFITTED - {"composition"} | {EXPERIMENT, FAIRNESS, "09_model_comparison", "report"}
    assert changed(before, profile.model_copy(update={"inference": inference})) == predicted
    people = profile.counterfactuals.model_copy(update={"wild_per_group": 5})
    assert changed(before, profile.model_copy(update={"counterfactuals": people})) == {"counterfactuals", "report"}


def test_descriptions_of_settings_rerun_nothing_because_their_values_are_digested(
    edit: Edit, before: Digests, profile: Profile
) -> None:
    profiles = "facefair_lib/settings/profiles.py"
    edit(profiles, "class Profile(Section):", "class Another(Section):\n    seed: int\n\n\nclass Profile(Section):")
    assert changed(before, profile) == set()
    edit(profiles, "\ndef load_profile", "\n_EDITED = 1\n\n\ndef load_profile")
    assert changed(before, profile) >= NOTEBOOKS


def test_every_setting_that_a_stage_names_exists(profile: Profile) -> None:
    values = profile.model_dump(mode="json")
    for stage in stages.STAGES:
        for key in stage.settings:
            section, *rest = key.split(".")
            assert section in values and all(name in (values[section] or {name: 0}) for name in rest), key


def test_the_table_of_metrics_reaches_few_modules() -> None:
    code = digests.notebook_code(paths.NOTEBOOKS / "04_metric_analysis.ipynb")
    assert len(digests.reached_modules(code)) <= 25


def rewritten(profile: Profile, data: Path | None, photos: list[Path]) -> set[str]:
    """Write the digests, and name the stages whose digest is another one."""

    def stamps() -> dict[str, int]:
        files = {name: stages.digest_file(profile.name, name) for name in stages.STAGE_NAMES}
        return {name: file.stat().st_mtime_ns for name, file in files.items() if file.exists()}

    before = stamps()
    stages.write_digests(profile, data, photos)
    return {name for name, stamp in stamps().items() if stamp != before.get(name)}


def test_a_users_data_and_the_pictures_of_a_table_rerun_what_reads_them(
    copy: Path, tmp_path: Path, profile: Profile
) -> None:
    data, photos, picture = tmp_path / "data", tmp_path / "photos.csv", tmp_path / "a.png"
    data.mkdir()
    picture.write_bytes(b"a")
    photos.write_text("image\na.png\n", encoding="utf-8")
    rewritten(profile, data, [photos, picture])
    assert rewritten(profile, data, [photos, picture]) == set()
    (data / "b.png").write_bytes(b"b")
    assert rewritten(profile, data, [photos, picture]) == {PREPARED}
    picture.write_bytes(b"another picture")
    assert rewritten(profile, data, [photos, picture]) == {EXPERIMENT}
    os.utime(photos, ns=(1, 1))
    assert rewritten(profile, data, [photos, picture]) == {EXPERIMENT}


def test_words_of_the_report_rerun_the_report_and_its_products_do_not(copy: Path, profile: Profile) -> None:
    rewritten(profile, None, [])
    (copy / "report" / "report.pdf").write_bytes(b"made from the rest")
    assert rewritten(profile, None, []) == set()
    for name, again in (("report.tex", {"report"}), ("published.csv", {REPRODUCED, "report"})):
        with (copy / "report" / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        assert rewritten(profile, None, []) == again
