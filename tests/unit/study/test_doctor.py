"""What the doctor says: what is there, what is wrong, what to do, and whether a study can run at all."""

from __future__ import annotations

from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facefair_lib import __main__
from facefair_lib.settings import paths
from facefair_lib.study.commands import doctor
from facefair_lib.study.commands.doctor import Finding


def run(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> tuple[int, str]:
    monkeypatch.setattr(doctor, "look", lambda: iter(findings))
    result = CliRunner().invoke(__main__.app, ["doctor"])
    return result.exit_code, result.output


def test_the_exit_status_says_whether_a_study_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    well = Finding("cores", "2 of 2")
    less = Finding("LaTeX", "none", "no PDF", "install TeX")
    broken = Finding("torch", "cannot be imported", "no module", "make setup", needed=True)
    assert run(monkeypatch, well) == (0, "cores        2 of 2\n\nnothing is wrong\n")
    status, text = run(monkeypatch, well, less)
    assert status == 0
    assert text.endswith("\n\nLaTeX: no PDF (not essential)\n  do: install TeX\n")
    status, text = run(monkeypatch, less, broken)
    assert status == 1
    assert text.index("torch: no module (must be fixed)") < text.index("LaTeX: no PDF")


@pytest.mark.parametrize(("version", "fits"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 14, 0), False)])
def test_other_pythons_than_the_packages_are_for_must_be_replaced(version: tuple[int, int, int], fits: bool) -> None:
    finding = doctor.python(version)
    assert finding.text.startswith(".".join(map(str, version)))
    assert (finding.wrong == "", finding.needed) == (fits, not fits)


def test_packages_that_are_missing_or_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"torch": "2.13.0+cpu", "numpy": "2.4.5"}

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "version", version)
    assert doctor.packages(["torch==2.13.0"]) == Finding("packages", "1 of 1, 1 in the project's version")
    other = doctor.packages(["torch==2.13.0", "numpy==2.4.6"])
    assert other.text == "2 of 2, 1 in the project's version"
    assert "numpy 2.4.5 instead of 2.4.6" in other.wrong and not other.needed
    missing = doctor.packages(["torch==2.13.0", "anny==0.6.2"])
    assert missing.wrong == "missing: anny==0.6.2" and missing.needed


def test_little_memory_is_no_obstacle() -> None:
    assert doctor.memory(8e9) == Finding("memory", "8.0 GB")
    little = doctor.memory(2e9)
    assert "--cores 1" in little.do and not little.needed


def test_a_folder_that_cannot_be_written_must_be_fixed_and_a_full_disk_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: usage(5e9 if place == tmp_path else 1e8))
    assert doctor.folder("results", tmp_path / "not" / "yet", "X").text.endswith("yet, 5.0 GB free")
    assert doctor.folder("results", tmp_path / "not" / "yet", "X").wrong == ""
    (tmp_path / "file").touch()
    blocked = doctor.folder("results", tmp_path / "file" / "results", "FACEFAIR_RESULTS")
    assert blocked.needed and "FACEFAIR_RESULTS=" in blocked.do
    (tmp_path / "full").mkdir()
    full = doctor.folder("results", tmp_path / "full", "X")
    assert "may need up to 1 GB" in full.wrong and not full.needed


def test_without_latex_the_command_that_installs_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    none = doctor.latex()
    assert none.text == "none" and "texlive-publishers" in none.do and not none.needed
    for name, body in (("latexmk", "exit 0"), ("kpsewhich", 'test "$1" = IEEEtran.cls')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    assert doctor.latex().text == "latexmk, without cleveref.sty"


def test_a_library_that_cannot_be_imported_must_be_fixed_and_its_error_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "_IMPORTS", "raise RuntimeError('operator torchvision::nms does not exist')")
    (broken,) = doctor.libraries()
    assert broken.wrong == "RuntimeError: operator torchvision::nms does not exist" and broken.needed
    monkeypatch.setattr(doctor, "_IMPORTS", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    (crashed,) = doctor.libraries()
    assert crashed.wrong == "ended with -11" and crashed.needed


def test_this_machine_runs_the_tests_so_nothing_needed_is_wrong() -> None:
    found = {finding.title: finding for finding in doctor.look()}
    assert [title for title, finding in found.items() if finding.needed] == []
    assert found["facefair"].text.endswith(str(paths.REPOSITORY))
    assert found["torch"].text.startswith(f"torch {metadata.version('torch').split('+')[0]}")
    assert found["fonts"].text == "DejaVu Sans, from Matplotlib"
    assert set(found) >= {"Python", "packages", "system", "cores", "memory", "results", "cache", "LaTeX", "GPU"}
