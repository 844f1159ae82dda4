import shutil

import pytest

from facefair_lib import paths
from facefair_lib.errors import InputError
from facefair_lib.evidence import Evidence
from facefair_lib.report import (
    MissingLatexError,
    ReportError,
    assemble,
    build_report,
    collect_figures,
    failure_message,
    run_latexmk,
)

needs_latex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")


@needs_latex
def test_the_report_is_built_and_two_builds_give_the_same_bytes(study, settings, tmp_path):
    first, second = tmp_path / "out" / "report.pdf", tmp_path / "out" / "again.pdf"
    before = sorted(paths.REPORT.rglob("*"))
    assert build_report(study, paths.REPORT, "quick", settings, first) == first
    build_report(study, paths.REPORT, "quick", settings, second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"%PDF")
    assert sorted((tmp_path / "out").iterdir()) == [second, first], "nothing half-written is left"
    assert sorted(paths.REPORT.rglob("*")) == before, "the folder of the sources stays clean"
    log = (study / "report" / "report.log").read_text(errors="replace")
    assert "Overfull" not in log


@needs_latex
def test_a_latex_error_names_file_and_line_and_leaves_the_old_pdf(study, settings, tmp_path):
    sources = tmp_path / "my report"
    shutil.copytree(paths.REPORT, sources, ignore=shutil.ignore_patterns("*.pdf"))
    (sources / "sections" / "limits.tex").write_text("One.\n\nTwo \\NoSuchMacro.\n")
    old = tmp_path / "report.pdf"
    old.write_bytes(b"old")
    with pytest.raises(ReportError, match=r"limits\.tex:3: Undefined control sequence"):
        build_report(study, sources, "quick", settings, old)
    assert old.read_bytes() == b"old"


@needs_latex
def test_no_folder_on_the_way_is_text_for_tex(study, settings, tmp_path):
    place = tmp_path / "user's ~$HOME {a,b} #1 %20 & `id`"
    sources, results = place / "report", place / "results"
    shutil.copytree(paths.REPORT, sources, ignore=shutil.ignore_patterns("*.pdf"))
    shutil.copytree(study, results)
    assert build_report(results, sources, "quick", settings, place / "report.pdf").read_bytes().startswith(b"%PDF")


@needs_latex
def test_an_open_reference_fails_the_build(tmp_path):
    (tmp_path / "report.tex").write_text("\\documentclass{article}\\begin{document}\\ref{nowhere}\\end{document}\n")
    build = tmp_path / "build"
    build.mkdir()
    with pytest.raises(ReportError, match="nowhere"):
        run_latexmk(tmp_path, build, "quick")


def test_a_missing_latexmk_says_in_one_line_how_to_get_it(study, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingLatexError, match=r"apt-get install .* latexmk") as caught:
        build_report(study, paths.REPORT, "quick", settings, tmp_path / "report.pdf")
    assert "\n" not in str(caught.value)
    assert (study / "report" / "numbers.tex").is_file(), "numbers are there even without TeX"
    assert not (tmp_path / "report.pdf").exists()


def test_a_figure_that_was_not_drawn_names_the_notebook(study, tmp_path):
    (study / "04_metric_analysis" / "figures" / "fig6_class_scores.pdf").unlink()
    with pytest.raises(InputError, match="run the notebook 04_metric_analysis"):
        collect_figures(study, tmp_path / "figures")


def test_a_figure_that_a_profile_may_lack_is_left_out(study, settings):
    (study / "01_data_preparation" / "figures" / "data_duplicates.pdf").unlink()
    assemble(Evidence(study, paths.REPORT), settings, study / "report")
    assert r"\togglefalse{HasDataDuplicates}" in (study / "report" / "contents.tex").read_text()


def test_what_an_older_build_left_is_removed(study, evidence, settings):
    stale = study / "report" / "tables" / "transfer_scores.tex"
    stale.parent.mkdir(parents=True)
    stale.write_text("old")
    assemble(evidence, settings, study / "report")
    assert not stale.exists()


def test_a_failure_without_an_error_line_shows_the_last_lines():
    message = failure_message("quick", "one\n\ntwo\n", paths.REPORT / "report.log")
    assert "one\n  two" in message
