"""The whole study, on the profile made for this: from nothing to the report, once; then what must hold of it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kills import PROFILE, copy_without, differences, kill_and_finish

from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.processes import child_environment
from facefair_lib.study.commands.check import check_study

PDF = f"report-{PROFILE}.pdf"


def run_study(results: Path, *options: str, shell: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, with results in a folder of their own."""
    command = [sys.executable, "-m", "facefair_lib", "study", "--profile", PROFILE, *options]
    environment = {**os.environ, "FACEFAIR_RESULTS": str(results), "FACEFAIR_CACHE": str(paths.cache_dir())}
    environment |= shell or {}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", cwd=paths.REPOSITORY
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    outcome = run_study(folder)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return folder / PROFILE


def test_every_stage_leaves_its_provenance(results: Path) -> None:
    for stage in stages.STAGES:
        record = json.loads((results / stage.name / "provenance.json").read_text(encoding="utf-8"))
        assert record["profile"] == PROFILE
        assert record["stage"] == stage.name
        assert record["code"]


def test_the_graph_knows_of_every_stage_that_a_notebook_reads(results: Path) -> None:
    targets = [f"{PROFILE}/{stage}/provenance.json" for stage in stages.STAGE_NAMES]
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(paths.SNAKEFILE),
        "--directory",
        str(results.parent),
    ]
    command += ["--configfile", str(results / ".digests" / "graph.json"), "--profile", "none", "--nolock"]
    command += ["--dry-run", "--forceall", "--cores", "1", "--", *targets]
    plan = subprocess.run(command, env=child_environment(), capture_output=True, encoding="utf-8", check=True).stdout
    rules = re.findall(rf"input: (.*)\n +output: {PROFILE}/(.*)/provenance.json", plan)
    known = {stage: set(re.findall(rf"{PROFILE}/([^.,/]+)/provenance", inputs)) for inputs, stage in rules}
    assert set(known) == set(stages.STAGE_NAMES)
    for stage in stages.NOTEBOOK_STAGES:
        record = json.loads((results / stage / "provenance.json").read_text(encoding="utf-8"))
        assert {name.split("/")[1] for name in record["inputs"]} <= known[stage], stage


def test_every_figure_of_the_report_is_saved_as_pdf_and_png(results: Path) -> None:
    stems = {path.stem for path in results.glob("*/figures/*.pdf")}
    assert stems == {path.stem for path in results.glob("*/figures/*.png")}
    named = [f"fig{number}_" for number in range(1, 13)] + ["table2_", "table3_", "table4_"]
    assert all(any(stem.startswith(name) for stem in stems) for name in named)


def test_the_report_is_printed_where_latex_is_installed(results: Path) -> None:
    if shutil.which("latexmk") is None:
        pytest.skip("latexmk is not installed here")
    assert (results / PDF).stat().st_size > 100_000


def test_nobody_is_trained_on_and_tested_on(results: Path) -> None:
    prepared = pd.read_csv(results / "01_data_preparation" / "prepared.csv")
    assert prepared.groupby("subject_id")["split"].nunique().max() == 1
    assert set(prepared["split"]) == {"train", "validation", "test"}


def test_planted_duplicates_are_found(results: Path) -> None:
    found = pd.read_csv(results / "01_data_preparation" / "duplicates.csv")["kind"].value_counts()
    assert found["exact"] == 2
    assert found["near"] == 2


def test_every_labelled_test_pixel_is_counted_once_per_network(results: Path) -> None:
    prepared = pd.read_csv(results / "01_data_preparation" / "prepared.csv").query("split == 'test'")
    labels = np.load(results / "01_data_preparation" / "labels.npy")[prepared["row"]]
    for stage in stages.TRAINING_STAGES.values():
        counts = np.load(results / stage / "test_counts.npy")
        assert counts.shape == (len(prepared), 11, 11)
        assert (counts.sum((1, 2)) == (labels != 255).sum((1, 2))).all()


def test_counterfactual_people_are_seen_nowhere_else(results: Path) -> None:
    people = pd.read_csv(results / "counterfactuals" / "people.csv")
    images = np.load(results / "counterfactuals" / "images.npy", mmap_mode="r")
    assert len(people) == len(images) == people["image_id"].nunique()
    others = [results / "01_data_preparation" / "prepared.csv", results / "experiment" / "people.csv"]
    assert not set(people["subject_id"]) & {name for path in others for name in pd.read_csv(path)["subject_id"]}


def test_the_tables_of_the_fairness_notebook_cover_both_networks(results: Path) -> None:
    folder = results / "07_counterfactual_fairness"
    effects = pd.read_csv(folder / "effects.csv")
    assert len(effects) == 2 * 3 * 3
    parts = effects.pivot(index=["model", "contrast"], columns="component", values="difference")
    assert (parts["total"] - parts["morphology"] - parts["tone"]).abs().max() < 1e-5
    sources = pd.read_csv(folder / "sources.csv")
    assert len(sources) == 2 * 3
    tone = ("tones", "tone_groups", "tone_effects", "tone_confusions", "tone_cameras")
    for name in (*tone, "pairs", "adjusted", "equivalence", "classes", "traps", "features", "quality"):
        assert set(pd.read_csv(folder / f"{name}.csv")["model"].dropna()) == {"deeplabv3", "pspnet"}, name
    compared = pd.read_csv(folder / "model_gaps.csv")
    assert len(compared) == 3 and compared["interaction_p"].between(0, 1).all()


def test_the_answer_rests_on_every_run_and_is_quoted_where_people_were_looked_at_before(results: Path) -> None:
    folder = results / "10_answer"
    people = pd.read_csv(results / "counterfactuals" / "people.csv")
    own = people["subject_id"].map(people.query("design == 'tone'").groupby("subject_id")["group"].first())
    shown = people[(people["group"] == own) & people["design"].isin(["tone", "factorial"])]
    effects = pd.read_csv(folder / "effects.csv").set_index(["family", "contrast", "model"])["difference"]
    for model in stages.TRAINING_STAGES:
        scores = np.load(results / "runs" / f"{model}_changed.npy")
        assert scores.shape == (2, len(people))
        ends = [scores[:, shown.index[shown["skin_tone"] == tone]].mean() for tone in (10, 4)]
        assert effects["darkest_tone", "tone 10-tone 4", model] == pytest.approx(ends[0] - ends[1], abs=1e-6)
    assert len(pd.read_csv(folder / "by_run.csv")) == 2 * len(effects)
    assert not pd.read_csv(folder / "plan.csv")["confirmatory"].any()
    kept = stages.KEPT / "10_answer" / "effects.csv"
    assert (folder / "answer.csv").read_text(encoding="utf-8") == kept.read_text(encoding="utf-8")


def test_the_experiment_has_a_second_score_and_says_what_nine_pictures_can_show(results: Path) -> None:
    folder = results / "05_ethnicity_emotion_experiment"
    assert set(pd.read_csv(folder / "outlines.csv")["model"]) == {"deeplabv3", "pspnet"}
    nine = pd.read_csv(folder / "nine_photos.csv").set_index("measure")["value"]
    assert nine["detectable_gap"] > nine["spread"] > 0


def test_groups_are_large_enough_to_be_compared(results: Path) -> None:
    gaps = pd.read_csv(results / "05_ethnicity_emotion_experiment" / "gaps.csv")
    assert gaps.query("feature == 'group'")[["gap", "low", "high", "p_value"]].notna().all(axis=None)
    folder = results / "07_counterfactual_fairness"
    for name in ("sources", "equivalence", "effects"):
        assert pd.read_csv(folder / f"{name}.csv")["p_value"].notna().all(), name
    adjusted = pd.read_csv(folder / "adjusted.csv")
    assert adjusted.loc[adjusted["kind"] == "adjusted", "estimate"].notna().all()
    assert pd.read_csv(folder / "classes.csv")["p_adjusted"].notna().any()


def test_every_composition_is_fitted_to_equally_many_pictures(results: Path) -> None:
    fits = pd.read_csv(results / "composition" / "fits.csv", keep_default_na=False)
    assert len(fits) == 7
    assert fits["images"].nunique() == 1
    assert len(pd.read_csv(results / "07_counterfactual_fairness" / "composition.csv")) == 7 * 3


def test_every_listed_network_is_fitted_scored_and_measured(results: Path) -> None:
    table = pd.read_csv(results / "09_model_comparison" / "comparison.csv")
    pretrained = "pspnet_efficientnet_lite0_fine_maps_imagenet"
    assert list(table["network"]) == ["deeplabv3_resnet18", "unet_resnet18", pretrained]
    assert (table["epochs"] == 1).all()
    assert (table[["parameters", "flops", "peak_bytes"]] > 0).all(axis=None)
    speeds = pd.read_csv(results / "09_model_comparison" / "timings.csv")
    assert list(speeds["network"]) == list(table["network"]) and (speeds["images_per_second"] > 0).all()
    assert table["iou"].between(table["iou_low"], table["iou_high"]).all()
    assert (results / "09_model_comparison" / "figures" / "model_comparison.pdf").exists()


def test_executed_notebooks_hold_no_error(results: Path) -> None:
    for stage in stages.NOTEBOOK_STAGES:
        notebook = json.loads((results / "notebooks" / f"{stage}.ipynb").read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        assert outputs
        assert not [output for output in outputs if output["output_type"] == "error"]


@pytest.mark.parametrize(
    ("killed", "kills"), [(("04_metric_analysis", "10_answer", "report"), 3), (("03_train_pspnet",), 2)]
)
def test_a_study_that_is_killed_at_random_ends_with_the_files_of_one_that_is_not(
    results: Path, tmp_path_factory: pytest.TempPathFactory, killed: tuple[str, ...], kills: int
) -> None:
    copy, seed = tmp_path_factory.mktemp("copying"), random.randrange(1000)
    copy_without(results.parent, copy, killed)
    print(f"seed {seed}")
    print(*kill_and_finish(copy, kills, seed, 3.0, "--until", killed[-1]), sep="\n")
    assert differences(results.parent, copy, *killed) == []
    if killed[-1] == stages.REPORT:
        assert (copy / PROFILE / PDF).read_bytes() == (results / PDF).read_bytes()


@pytest.fixture(scope="module")
def copied(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project and of its results, in which something may be changed."""
    root = tmp_path_factory.mktemp("project")
    for folder in (*paths.PACKAGES, "notebooks", "report", "config", "results/kept"):
        shutil.copytree(
            paths.REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "report*.pdf")
        )
    shutil.copy(paths.REPOSITORY / "README.md", root)
    shutil.copytree(results, root / "results" / PROFILE)
    return root


@pytest.fixture
def project(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy, taken for the project until the test ends."""
    for name in ("NOTEBOOKS", "PROFILES", "PLAN", "REPORT", "REPOSITORY"):
        monkeypatch.setattr(paths, name, copied / getattr(paths, name).relative_to(paths.REPOSITORY))
    monkeypatch.setattr(stages, "KEPT", copied / "results" / "kept")
    monkeypatch.setenv("FACEFAIR_RESULTS", str(copied / "results"))
    return copied


FITTED = {"composition", "comparison", "runs"}
FOUND = {"07_counterfactual_fairness", "09_model_comparison", "10_answer"}
"""What rests on the people of the experiment, besides the experiment itself."""
RENDERED = {"cohort", "experiment", "counterfactuals"}
PICTURE = f"results/{PROFILE}/cohort/**/*.png"


@pytest.mark.parametrize(
    ("file", "change", "changed", "after"),
    [
        ("README.md", lambda text: text, set(), set()),
        ("facefair_lib/scores/metrics.py", lambda text: text + "\n# a comment\n", set(), set()),
        (
            "facefair_lib/figures/architectures.py",
            lambda text: text + "\n_EDITED = 1\n",
            {"09_model_comparison"},
            {"report"},
        ),
        (
            "config/smoke.yaml",
            lambda text: text.replace("people_per_cell: 4", "people_per_cell: 5"),
            {"experiment", "05_ethnicity_emotion_experiment", "report"},
            FITTED | FOUND,
        ),
        ("config/analysis_plan.yaml", lambda text: text + "# more\n", {"10_answer"}, {"report"}),
        (
            f"results/{PROFILE}/04_metric_analysis/summary.csv",
            lambda text: text + "\n",
            {"04_metric_analysis", "report"},
            set(),
        ),
        (
            PICTURE,
            lambda text: text + " ",
            {"cohort", "01_data_preparation"},
            set(stages.STAGE_NAMES) - {*RENDERED, "01_data_preparation", "08_real_photographs"},
        ),
        (f"results/{PROFILE}/{PDF}", lambda text: text + "%", {"report"}, set()),
        ("README.md", lambda text: text.replace("mean IoU, people", "mean IoU of people"), {"README.md"}, set()),
    ],
)
def test_what_is_out_of_date_is_named_with_what_changed_and_nothing_else_is(
    project: Path, file: str, change: Callable[[str], str], changed: set[str], after: set[str]
) -> None:
    path = next(project.glob(file))
    before = path.read_bytes()
    path.write_text(change(before.decode("latin-1")), encoding="latin-1")
    try:
        findings = {finding.name: finding.why for finding in check_study(PROFILE)}
    finally:
        path.write_bytes(before)
    print(findings)
    assert {name for name, why in findings.items() if any(not one.startswith("after ") for one in why)} == changed
    assert {name for name, why in findings.items() if why} == changed | after


def times_written(results: Path) -> dict[Path, int]:
    """When each file was written last, without those that every study writes: its log and what it tells the graph."""
    files = [path for path in results.rglob("*") if path.is_file() and path.name not in ("study.log", "graph.json")]
    return {path: path.stat().st_mtime_ns for path in files}


def test_a_second_study_has_nothing_to_do(results: Path) -> None:
    before = times_written(results)
    outcome = run_study(results.parent)
    assert outcome.returncode == 0
    assert "nothing to do" in outcome.stdout
    assert times_written(results) == before


def test_a_table_that_is_gone_is_made_again_whatever_the_users_shell_is_set_to(results: Path, tmp_path: Path) -> None:
    (results / "04_metric_analysis" / "summary.csv").unlink()
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "display_name": "another Python", "language": "python"}
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    startup = tmp_path / "startup"
    startup.write_text("exit 3", encoding="utf-8")
    shell = {
        **{"JUPYTER_PATH": str(tmp_path), "BASH_ENV": str(startup), "SNAKEMAKE_PROFILE": "slurm", "SLURM_NTASKS": "4"},
        **{"MPLBACKEND": "nonsense", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "LC_ALL": "POSIX"},
    }
    outcome = run_study(results.parent, "--until", "04_metric_analysis", shell=shell)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "summary.csv is missing, so the stage runs again" in outcome.stdout
    assert (results / "04_metric_analysis" / "summary.csv").exists()


def test_own_photographs_without_masks_run_through_to_the_report(results: Path, tmp_path: Path) -> None:
    people = pd.read_csv(results / "experiment" / "people.csv").query("role == 'shown'")
    for image in people["image_id"]:
        shutil.copy(results / "experiment" / "pictures" / f"{image}.png", tmp_path)
    table = people.assign(image=people["image_id"] + ".png", subject=people["subject_id"])
    table[["image", "subject", "group", "emotion"]].to_csv(tmp_path / "photos.csv", index=False)

    outcome = run_study(results.parent, "--photos", str(tmp_path / "photos.csv"))

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    again = [line for line in outcome.stdout.splitlines() if " done in " in line]
    assert len(again) == 3, again  # the experiment, what compares its gaps, and the report
    nine = pd.read_csv(results / "05_ethnicity_emotion_experiment" / "nine.csv")
    assert len(nine) == 9
    assert nine[["deeplabv3_iou", "pspnet_iou"]].isna().all(axis=None)
