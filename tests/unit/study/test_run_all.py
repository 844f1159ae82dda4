"""The whole study: refused before anything starts, run by the graph, and nothing done twice."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from pypdf import PdfReader
from typer.testing import CliRunner

from facefair_lib import __main__
from facefair_lib.errors import InputError
from facefair_lib.report import codecheck, crate, readme
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile, profile_names
from facefair_lib.store import results_folder, stages
from facefair_lib.store.processes import child_environment
from facefair_lib.store.provenance import FILES, write_provenance
from facefair_lib.study import run_all
from facefair_lib.study.cluster import LOCAL, graph_options
from facefair_lib.study.run_all import clean_results, keep_as_reference, run_study
from facefair_lib.study.run_stage import MARK


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results go to a folder of the test."""
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(stages, "KEPT", tmp_path / "results" / "kept")
    return tmp_path


@pytest.mark.parametrize(
    ("profile", "data", "photos", "until", "words"),
    [
        ("quik", "", "", "", "one of audit, .*fasseg, .*quick, reference, shipped, smoke"),
        ("smoke", "/somewhere", "", "", "leave out DATA"),
        ("fasseg", "", "", "", "make study PROFILE=fasseg DATA="),
        ("fasseg", "/no/such/folder", "", "", "no such folder"),
        ("smoke", "", "/no/such/table.csv", "", r"CSV: image, subject\[, group, emotion, mask\]"),
        ("smoke", "", "", "06_more", "01_data_preparation"),
        ("fasseg", ".", "", "cohort", "no such stage"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    root: Path, profile: str, data: str, photos: str, until: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        run_study(profile, data, photos, until, cores=1)
    assert not (root / "results").exists()


def graph(lines: list[str], status: int = 0) -> list[str]:
    """A command in Snakemake's place, which prints lines and ends with a status."""
    return [sys.executable, "-c", f"print({chr(10).join(lines)!r}); raise SystemExit({status})"]


@pytest.mark.parametrize(
    ("lines", "status", "last"),
    [
        (["Building DAG"], 0, "nothing has changed, nothing to do"),
        ([f"{MARK}cohort …", "noise", f"{MARK}cohort done in 3 s"], 0, "complete: 1 stages in"),
        ([f"{MARK}04 failed: ZeroDivisionError"], 1, "stopped after"),
    ],
)
def test_only_marked_lines_are_shown_and_all_are_logged(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    lines: list[str],
    status: int,
    last: str,
) -> None:
    monkeypatch.setattr(run_all, "_command", lambda *_: graph(lines, status))
    assert run_study("smoke", "", "", "cohort", cores=1) == status
    shown = capfd.readouterr().out.splitlines()
    assert [line for line in shown if not line.startswith(MARK)] == []
    assert [line for line in lines if line.startswith(MARK)] == shown[1:-1]
    assert last in shown[-1]
    assert (root / "results" / "smoke" / "study.log").read_text(encoding="utf-8").splitlines() == lines


@pytest.mark.parametrize(("until", "status", "told"), [("", 0, True), ("cohort", 0, False), ("", 1, False)])
def test_only_a_whole_study_ends_with_what_it_found(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], until: str, status: int, told: bool
) -> None:
    monkeypatch.setattr(run_all, "_command", lambda *_: graph([f"{MARK}cohort done in 3 s"], status))
    monkeypatch.setattr(run_all, "closing_lines", lambda profile: [f"found: {profile}", "next: more"])
    assert run_study("smoke", "", "", until, cores=1) == status
    last = capfd.readouterr().out.splitlines()[-2:]
    assert (last == [f"{MARK}found: smoke", f"{MARK}next: more"]) == told


def test_the_graph_runs_while_no_other_study_can_begin_and_keeps_others_out_when_only_this_process_is_killed(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import fcntl, os\n"
        "held = [name for name in os.listdir('/dev/fd') if os.path.realpath(f'/dev/fd/{name}').endswith('.lock')]\n"
        f"try:\n    fcntl.flock(open({str(root / 'results' / '.lock')!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        f"except BlockingIOError:\n    print('{MARK}locked', len(held))"
    )
    monkeypatch.setattr(run_all, "_command", lambda *_: [sys.executable, "-c", code])
    assert run_study("smoke", "", "", "", cores=1) == 0
    assert f"{MARK}locked 1" in capfd.readouterr().out.splitlines()


def test_a_table_of_photographs_that_cannot_be_read_is_refused_before_anything_runs(root: Path) -> None:
    (root / "photos.csv").write_text("picture,person\na.jpg,a\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"photos\.csv"):
        run_study("smoke", "", str(root / "photos.csv"), "", cores=1)
    assert not (root / "results").exists()


def test_photographs_are_opened_before_long_work_begins_and_not_again_once_they_were_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(run_all, "_command", lambda *_: ran.append("") or graph(["nothing"]))
    (root / "a.png").write_bytes(b"no picture")
    (root / "photos.csv").write_text("image,subject,group,emotion\na.png,a,x,sad\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.png"):
        run_study("smoke", "", str(root / "photos.csv"), "", cores=1)
    assert ran == []
    complete("smoke", "report")  # as if the pictures had been readable then
    assert run_study("smoke", "", str(root / "photos.csv"), "", cores=1) == 0


def test_a_graph_that_dies_without_a_word_of_ours_shows_its_last_lines(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_all, "_command", lambda *_: graph(["MissingInputException in rule report"], 1))
    assert run_study("smoke", "", "", "", cores=1) == 1
    assert "MissingInputException" in capfd.readouterr().err


def complete(profile: str, until: str) -> None:
    """Put the provenance files of all stages up to one where the graph looks for them."""
    for name in stages.STAGE_NAMES[: stages.STAGE_NAMES.index(until) + 1]:
        path = paths.results_dir(profile) / name / "provenance.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    if until == stages.REPORT:
        paths.report_pdf(profile).touch()


def plan(
    profile: str,
    until: str,
    data: Path | None = None,
    photos: Path | None = None,
    *,
    executor: str = LOCAL,
    cores: int = 1,
) -> str:
    """Snakemake's own plan, with the commands that it would run."""
    targets = run_all._targets(load_profile(profile), until)
    command = run_all._command(profile, data, photos, cores, targets, executor)
    place = command.index("--")
    command[place:place] = ["--dry-run", "--printshellcmds", "--quiet", "progress"]  # the later --quiet counts
    environment = child_environment()
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=environment).stdout


def planned(profile: str, until: str) -> list[str]:
    lines = plan(profile, until).splitlines()
    return [line.split()[1].rstrip(":") for line in lines if line.startswith("rule ")]


def test_the_real_graph_runs_stages_in_their_order_and_only_up_to_the_target(root: Path) -> None:
    stages.write_digests(load_profile("smoke"), None, ())
    rules = planned("smoke", "04_metric_analysis")
    assert rules[:2] == ["cohort", "data_preparation"]
    assert sorted(rules[2:4]) == ["train_deeplabv3", "train_pspnet"]
    assert rules[4:] == ["metric_analysis"]


def test_a_stage_whose_results_were_removed_is_made_again_with_what_follows_from_it(root: Path) -> None:
    stages.write_digests(load_profile("smoke"), None, ())
    complete("smoke", "report")
    shutil.rmtree(paths.results_dir("smoke") / "01_data_preparation")
    rules = planned("smoke", "")
    assert rules[0] == "data_preparation"
    assert {"train_deeplabv3", "metric_analysis", "model_comparison", "report"} <= set(rules)
    assert not {"cohort", "experiment", "counterfactuals"} & set(rules)


@pytest.mark.parametrize("stage", [stages.EXPERIMENT, stages.COUNTERFACTUALS])
def test_people_scored_in_two_profiles_are_rendered_in_one_and_copied_to_the_other(root: Path, stage: str) -> None:
    for profile in ("reference", "even_tones"):
        stages.write_digests(load_profile(profile), None, ())
    inputs = re.search(rf"input: (.*)\n +output: reference/{stage}/", plan("reference", "10_answer"))
    assert inputs
    assert f"even_tones/{stage}/provenance.json" in inputs[1]


@pytest.mark.parametrize(
    ("data", "photos"),
    [
        (
            "x'|touch PWNED|'y \"double\" $HOME {profile} {params.stage} {{x}} %20 #1",
            "it's $(touch PWNED) `touch PWNED`; touch PWNED\ntwo lines\\",
        ),
        ("-rf --photos=z", "a=b, [c]: {d: null}"),
        ("007", "1e3"),
    ],
)
def test_no_name_of_a_user_is_read_by_a_shell_or_by_the_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, photos: str
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / 'user\'s `results` {x} $HOME "%20" #1'))
    stages.write_digests(load_profile("smoke"), None, ())
    called = commands(plan("smoke", "05_ethnicity_emotion_experiment", Path(data), Path(photos)))
    values = {words[4]: words[5:] for words in called}
    assert {tuple(words[:4]) for words in called} == {(sys.executable, "-m", "facefair_lib", "stage")}
    always = ["--profile=smoke", "--cores=1"]
    assert values["01_data_preparation"] == [*always, f"--data={data}", "--photos="]
    assert values["05_ethnicity_emotion_experiment"] == [*always, "--data=", f"--photos={photos}"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where jobs run is this machine, and Snakemake is told all else as for a cluster."""
    monkeypatch.setattr(run_all, "graph_options", lambda executor, cores: graph_options(LOCAL, cores))


def jobs(profile: str, until: str, executor: str = "slurm") -> list[tuple[str, str, str]]:
    """Stage, shard and cores of what would run, in order."""
    stages.write_digests(load_profile(profile), None, ())
    found = []
    for words in commands(plan(profile, until, executor=executor, cores=8)):
        options = dict(word.split("=", 1) for word in words if word.startswith("--"))
        found.append((words[4], options.get("--shard", ""), options["--cores"]))
        assert (">>" in words) == (executor != LOCAL)
    return found


@pytest.mark.usefixtures("root", "elsewhere")
def test_on_a_cluster_each_run_composition_and_network_is_a_job_before_its_stage() -> None:
    planned = jobs("smoke", "")
    for stage, count, cores in ((stages.RUNS, 4, "2"), (stages.COMPOSITION, 7, "1"), (stages.COMPARISON, 3, "2")):
        *shards, whole = [job for job in planned if job[0] == stage]
        assert sorted(shards) == [(stage, f"{k}/{count}", cores) for k in range(1, count + 1)], "eight cores for all"
        assert whole[1] == ""
    assert len(planned) == len(stages.STAGES) + 4 + 7 + 3


@pytest.mark.usefixtures("root", "elsewhere")
def test_many_people_are_rendered_by_several_jobs_of_which_one_clears_the_folder_first() -> None:
    shards = [shard for _, shard, _ in jobs("quick", stages.COHORT)]
    assert shards[0] == "1/4" and sorted(shards[1:]) == ["", "2/4", "3/4", "4/4"] and shards[-1] == ""


@pytest.mark.usefixtures("root")
def test_on_one_machine_nothing_is_split() -> None:
    assert not [shard for _, shard, _ in jobs("quick", "07_counterfactual_fairness", LOCAL) if shard]


@pytest.mark.usefixtures("root", "elsewhere")
def test_shards_of_a_stage_that_lost_a_file_are_done_again() -> None:
    stages.write_digests(load_profile("smoke"), None, ())
    complete("smoke", "10_answer")
    for k in range(1, 5):
        stages.digest_file("smoke", stages.RUNS).with_name(f"runs.{k}-4").touch()
    record = paths.results_dir("smoke") / stages.RUNS / "provenance.json"
    record.write_text(json.dumps({FILES: {"runs.csv": ""}}), encoding="utf-8")
    assert list(results_folder.forget_incomplete("smoke")) == ["runs: runs.csv is missing, so the stage runs again"]
    assert [stage for stage, _, _ in jobs("smoke", stages.RUNS)] == [stages.RUNS] * 5


def commands(plan: str) -> list[list[str]]:
    """Shell commands of a plan, as a shell would split them."""
    found = re.findall(r"^ *Shell command: (.*?)(?=\n\n|\n\[|\nReasons:)", plan, re.DOTALL | re.MULTILINE)
    return [shlex.split(text) for text in found]


def test_the_study_works_whatever_its_results_are_called_and_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "user's $HOME {x} 1e3").mkdir()
    monkeypatch.chdir(tmp_path / "user's $HOME {x} 1e3")
    monkeypatch.setenv("FACEFAIR_RESULTS", "my results")
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "slurm")
    stages.write_digests(load_profile("smoke"), None, ())
    complete("smoke", "report")
    assert run_study("smoke", "", "", "", cores=1) == 0
    assert "nothing has changed, nothing to do" in capfd.readouterr().out
    assert [path.name for path in tmp_path.rglob("study.log")] == ["study.log"]


def test_a_path_that_no_notebook_can_hold_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    with pytest.raises(InputError, match=r"caf\\xe9\n.*not UTF-8"):
        run_study("smoke", "", "", "", cores=1)
    assert list(tmp_path.iterdir()) == []


def test_cleaning_removes_one_profile_and_leaves_the_reference(root: Path) -> None:
    for name in ("smoke", "quick"):
        stages.write_digests(load_profile(name), None, ())
        complete(name, "cohort")
    (stages.KEPT / "cohort").mkdir(parents=True)
    (stages.KEPT / "cohort" / "provenance.json").touch()
    assert clean_results("kept", ask=None) == []
    assert clean_results("smoke", ask=lambda question: False) == []
    assert paths.results_dir("smoke").is_dir()
    assert clean_results("smoke", ask=lambda question: "smoke" in question) == [f"removed {paths.results_dir('smoke')}"]
    assert not paths.results_dir("smoke").exists()
    assert clean_results("", ask=None) == [f"removed {paths.results_dir('quick')}"]
    assert clean_results("smoke", ask=None) == []
    assert (stages.KEPT / "cohort" / "provenance.json").is_file()
    assert clean_results("", ask=None) == []


def test_cleaning_leaves_the_users_own_files_and_names_those_beside_a_study(root: Path) -> None:
    folder = paths.results_dir("quick")
    own = [folder / "mine" / "notes.txt", folder / "report" / "mine.tex"]
    for file in own:
        file.parent.mkdir(parents=True)
        file.touch()
    assert clean_results("", ask=None) == []
    with pytest.raises(InputError, match="no study has written"):
        run_study("quick", "", "", "", cores=1)
    shutil.rmtree(own[1].parent)
    stages.write_digests(load_profile("quick"), None, ())
    complete("quick", "report")
    (folder / "study.log").touch()
    elsewhere = root / "large disk"
    elsewhere.mkdir()
    (elsewhere / "a.png").touch()
    shutil.rmtree(folder / "cohort")
    (folder / "cohort").symlink_to(elsewhere)
    removed = clean_results("quick", ask=None)
    assert removed == [f"removed {folder} (left there: mine)", f"removed {paths.report_pdf('quick')}"]
    assert [path for path in folder.rglob("*") if path.is_file()] == own[:1]
    assert (elsewhere / "a.png").exists()


def test_the_reference_keeps_small_tables_and_figures_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "FIGURES", root / "figures")
    for module in (readme, codecheck, crate):  # they have tests of their own
        monkeypatch.setattr(module, "update", lambda *_: None)
    complete("quick", "report")
    stage = paths.results_dir("quick") / "04_metric_analysis"
    (stage / "figures").mkdir(parents=True)
    (stage / "summary.csv").write_text("a\n1\n", encoding="utf-8")
    (stage / "large.csv").write_text("x" * 500_000, encoding="utf-8")
    (stage / "counts.npy").write_bytes(b"0")
    (stage / "figures" / "fig6.pdf").write_bytes(b"pdf")
    gradient = np.linspace(0, 255, 90 * 90 * 3).astype(np.uint8).reshape(90, 90, 3)
    Image.fromarray(gradient).save(stage / "figures" / "fig6.png")
    reference = stages.KEPT
    for name in ("04_metric_analysis/old.csv", "mine/notes.csv", "10_answer/effects.csv"):
        (reference / name).parent.mkdir(parents=True)
        (reference / name).touch()
    others = [name for name in stages.NOTEBOOK_STAGES if name not in ("09_model_comparison", stages.ANSWER)]
    assert keep_as_reference("quick") == 2 + len(others)
    kept = {str(path.relative_to(reference)) for path in reference.rglob("*") if path.is_file()}
    assert kept == {
        "mine/notes.csv",
        "04_metric_analysis/summary.csv",
        "10_answer/effects.csv",  # of several runs, which quick has not
        *(f"{stage}/provenance.json" for stage in others),
    }
    assert [path.name for path in (root / "figures").iterdir()] == ["fig6.png"]
    with Image.open(root / "figures" / "fig6.png") as picture:
        assert picture.mode == "P"
        assert np.abs(np.asarray(picture.convert("RGB"), int) - gradient).max() < 8


def test_of_a_study_that_compares_architectures_that_notebook_is_kept_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (readme, codecheck, crate):
        monkeypatch.setattr(module, "update", lambda *_: None)
    complete("models", "04_metric_analysis")
    with pytest.raises(InputError, match="--until 09_model_comparison"):
        keep_as_reference("models")
    complete("models", "09_model_comparison")
    assert keep_as_reference("models") == 1
    assert [folder.name for folder in stages.KEPT.iterdir()] == ["09_model_comparison"]


def test_a_reference_of_several_runs_keeps_its_report_and_is_refused_without(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "REPORT", root / "report")
    for module in (readme, codecheck, crate):
        monkeypatch.setattr(module, "update", lambda *_: None)
    complete("reference", "report")
    paths.report_pdf("reference").unlink()
    with pytest.raises(InputError, match="make study PROFILE=reference"):
        keep_as_reference("reference")
    assert not stages.KEPT.exists()
    made, kept = paths.report_pdf("reference"), paths.kept_report()
    shades = np.linspace(20, 230, 128)[:, None, None] + np.random.default_rng(0).normal(0, 4, (128, 128, 3))
    shades = shades.astype(np.uint8)
    mask = np.zeros((128, 128, 3), np.uint8)
    mask[:, 64:] = (255, 255, 0)
    figure = Figure(figsize=(2, 2))
    for place, picture in ((0.0, shades), (0.5, mask)):
        figure.add_axes((place, 0, 0.5, 1)).imshow(picture, interpolation="none")
    figure.savefig(made)
    assert keep_as_reference("reference") == len(stages.NOTEBOOK_STAGES)  # without the architectures, with the PDF
    assert kept.stat().st_size < 0.75 * made.stat().st_size
    (photograph, one), (_, other) = (PdfReader(file).pages[0].images for file in (kept, made))
    shown = np.asarray(photograph.image.convert("RGB"), int)
    assert 0 < np.abs(shown - shades[::-1]).mean() < 5  # a PDF holds pictures from the bottom up
    assert len({mask.indirect_reference.get_object().get_data() for mask in (one, other)}) == 1


def test_a_reference_of_a_study_that_was_not_run_is_refused_and_the_old_one_stays(root: Path) -> None:
    old = stages.KEPT / "summary.csv"
    old.parent.mkdir(parents=True)
    old.write_text("a\n", encoding="utf-8")
    with pytest.raises(InputError, match="run that stage first: facefair study --profile quick"):
        keep_as_reference("quick")
    assert old.exists()


def test_the_command_line_lists_every_profile_with_its_title() -> None:
    result = CliRunner().invoke(__main__.app, ["profiles"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == profile_names()
    assert {line.index(load_profile(line.split()[0]).title) for line in lines} == {max(map(len, profile_names())) + 1}


def test_the_command_line_prints_errors_without_a_traceback(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr("sys.argv", ["facefair", "study", "--profile", "quik"])
    with pytest.raises(SystemExit) as caught:
        __main__.main()
    assert str(caught.value).startswith("facefair: profile 'quik'")


def test_provenance_records_what_went_in(root: Path) -> None:
    (root / "a.csv").write_text("x", encoding="utf-8")
    path = write_provenance(root / "stage", load_profile("smoke"), "report", 1.26, {"table": root / "a.csv"}, [])
    values = json.loads(path.read_text(encoding="utf-8"))
    # The SHA-256 of one letter x, as any other tool gives it.
    assert values["inputs"] == {"table": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
    assert values["seconds"] == 1.3
    assert values["settings"]["seed"] == 20
    assert values["python"].count(".") == 2
