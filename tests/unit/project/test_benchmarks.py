"""Benchmarks: each starts and explains itself, and the page about them leaves none out."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from facefair_lib.settings.paths import REPOSITORY

BENCHMARKS = sorted((REPOSITORY / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_says_how_to_run_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [path.name, "--help"])
    monkeypatch.syspath_prepend(path.parent)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(path), run_name="__main__")
    assert stopped.value.code == 0
    assert f"usage: {path.name}" in capsys.readouterr().out


def test_the_page_names_every_benchmark() -> None:
    page = (REPOSITORY / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in BENCHMARKS if f"benchmarks/{path.name}" not in page] == []


def test_make_bench_runs_benchmarks_with_options_that_they_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = re.search(r"^bench:.*\n((?:\t.*\n)+)", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M)[1]
    commands = re.findall(r"(benchmarks/\S+\.py)(.*)", recipe)
    assert len(commands) == len(recipe.splitlines())
    for file, options in commands:
        monkeypatch.setattr(sys, "argv", [file, *options.split(), "--help"])  # options before it are read first
        with pytest.raises(SystemExit) as stopped:
            runpy.run_path(str(REPOSITORY / file), run_name="__main__")
        assert stopped.value.code == 0
