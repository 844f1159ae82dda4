"""A stage whose files are gone runs again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store import results_folder, stages
from facefair_lib.store.provenance import FILE_NAME, write_provenance

STAGE = "04_metric_analysis"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete stage with a table and a figure."""
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    folder = paths.results_dir("smoke") / STAGE
    (folder / "figures").mkdir(parents=True)
    for name in ("summary.csv", "figures/fig6.pdf", ".half-written.csv"):
        (folder / name).touch()
    write_provenance(folder, load_profile("smoke"), STAGE, 1.0, {}, [])
    return folder


def test_a_complete_stage_stays_complete(folder: Path) -> None:
    (folder / ".half-written.csv").unlink()
    (folder / "notes.txt").touch()
    assert list(results_folder.forget_incomplete("smoke")) == []
    assert (folder / FILE_NAME).exists()


@pytest.mark.parametrize("name", ["summary.csv", "figures/fig6.pdf"])
def test_a_stage_that_lacks_one_of_its_files_runs_again(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert list(results_folder.forget_incomplete("smoke")) == [f"{STAGE}: {name} is missing, so the stage runs again"]
    assert not (folder / FILE_NAME).exists()


def test_a_table_that_somebody_changed_is_made_again_and_one_that_was_only_touched_is_not(folder: Path) -> None:
    table, record = folder / "summary.csv", folder / FILE_NAME
    later = record.stat().st_mtime_ns + 1
    os.utime(table, ns=(later, later))
    assert list(results_folder.forget_incomplete("smoke")) == []
    table.write_text("by hand", encoding="utf-8")
    os.utime(table, ns=(later, later))
    assert list(results_folder.forget_incomplete("smoke")) == [
        f"{STAGE}: summary.csv was changed, so the stage runs again"
    ]
    assert not table.exists(), "a stage that resumes would take it for its own"


def test_a_folder_in_place_of_a_file_is_left_and_the_stage_runs_again(folder: Path) -> None:
    (folder / "summary.csv").unlink()
    (folder / "summary.csv" / "mine").mkdir(parents=True)
    assert len(list(results_folder.forget_incomplete("smoke"))) == 1
    assert (folder / "summary.csv" / "mine").is_dir() and not (folder / FILE_NAME).exists()


@pytest.mark.parametrize("relative", [True, False])
def test_no_file_outside_the_stage_is_removed_whatever_its_record_names(folder: Path, relative: bool) -> None:
    mine = folder.parent / "mine.csv"
    mine.write_text("mine", encoding="utf-8")
    record = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    record["made"]["../mine.csv" if relative else str(mine)] = "another digest"
    (folder / FILE_NAME).write_text(json.dumps(record), encoding="utf-8")
    later = (folder / FILE_NAME).stat().st_mtime_ns + 1
    os.utime(mine, ns=(later, later))
    assert list(results_folder.forget_incomplete("smoke")) == [
        f"{STAGE}: {FILE_NAME} cannot be read, so the stage runs again"
    ]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_record_that_was_cut_off_says_nothing_of_its_stage(folder: Path) -> None:
    (folder / FILE_NAME).write_text('{"files": [', encoding="utf-8")
    assert len(list(results_folder.forget_incomplete("smoke"))) == 1
    assert not (folder / FILE_NAME).exists()


def test_results_of_a_change_that_was_undone_meanwhile_are_older_than_what_they_should_be_made_from(
    folder: Path,
) -> None:
    profile, digest = load_profile("smoke"), stages.digest_file("smoke", STAGE)
    stages.write_digests(profile, None, ())
    made_from = digest.read_text(encoding="utf-8").splitlines()
    for code, newer in ((made_from, False), (["a module as it was meanwhile", *made_from[1:]], True)):
        record = write_provenance(folder, profile, STAGE, 1.0, {}, code)
        later = digest.stat().st_mtime_ns + 1
        os.utime(record, ns=(later, later))
        stages.write_digests(profile, None, ())
        assert (digest.stat().st_mtime_ns > later) == newer


@pytest.mark.parametrize("installed", [True, False])
def test_a_report_that_is_gone_is_printed_again_where_latex_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda program: "/usr/bin/latexmk" if installed else None)
    record = write_provenance(paths.results_dir("smoke") / "report", load_profile("smoke"), "report", 1.0, {}, [])
    lines = list(results_folder.forget_incomplete("smoke"))
    assert [line.split(" ")[1] for line in lines] == ["report-smoke.pdf"] * installed
    assert record.exists() != installed


def test_files_that_no_stage_wrote_stay_where_they_are_and_nothing_is_left_of_a_study_alone(folder: Path) -> None:
    own = [folder / "mine" / "p.png", folder.parent / "own.txt"]
    own[0].parent.mkdir()
    for path in own:
        path.touch()
    assert results_folder.remove("smoke") == [f"{STAGE}/mine/p.png", "own.txt"]
    assert sorted(path for path in folder.parent.rglob("*") if path.is_file()) == sorted(own)
    for path in own:
        path.unlink()
    results_folder.remove("smoke")
    assert not any(path.is_file() for path in folder.parent.rglob("*"))
