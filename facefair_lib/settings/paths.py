"""Where things are: the only module that knows the layout of the repository."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"
PROFILES = REPOSITORY / "config"
PLAN = PROFILES / "analysis_plan.yaml"
"""The analysis plan, beside the profiles but none of them."""
CLUSTERS = PROFILES / "cluster"
"""Snakemake's settings for clusters, a folder each."""
REPORT = REPOSITORY / "report"
FIGURES = REPOSITORY / "figures"
LIBRARY = REPOSITORY / "facefair_lib"
PACKAGES = ("facefair_lib", "facefair_heads", "facefair_course")
SNAKEFILE = REPOSITORY / "Snakefile"

RESULTS_VARIABLE, CACHE_VARIABLE = "FACEFAIR_RESULTS", "FACEFAIR_CACHE"


def results_root() -> Path:
    """Folder that holds one folder per profile; ``FACEFAIR_RESULTS`` moves it, for tests and for large disks."""
    return _chosen(RESULTS_VARIABLE) or REPOSITORY / "results"


def results_dir(profile: str) -> Path:
    """Folder of one profile's results."""
    return results_root() / profile


def kept_results() -> Path:
    """Small tables of a reference run, which are kept in git; a study itself writes to its own folder only."""
    return results_root() / "kept"


def cache_dir() -> Path:
    """Folder of things that are made once per machine (baked body model, compiled kernels); ``FACEFAIR_CACHE`` moves
    it.
    """
    return _chosen(CACHE_VARIABLE) or REPOSITORY / ".cache"


def report_pdf(profile: str) -> Path:
    """The finished report: ``report/report.pdf`` for the default profile, ``report/report-<profile>.pdf`` for
    others.
    """
    name = "report.pdf" if profile == DEFAULT_PROFILE else f"report-{profile}.pdf"
    folder = results_dir(profile) if _chosen(RESULTS_VARIABLE) else REPORT
    return folder / name


def kept_report() -> Path:
    """The report of the last reference run, which is in git once ``make reference`` has put it there."""
    return REPORT / "reference.pdf"


def absolute_variables() -> dict[str, str]:
    """The variables that move folders, made absolute: they mean the same in every process, wherever it works."""
    chosen = {name: _chosen(name) for name in (RESULTS_VARIABLE, CACHE_VARIABLE)}
    return {name: str(folder) for name, folder in chosen.items() if folder}


def _chosen(variable: str) -> Path | None:
    """Absolute path that a variable of the environment names; ``None`` where it is unset or empty."""
    value = os.environ.get(variable, "")
    return Path(value).expanduser().absolute() if value else None


DEFAULT_PROFILE = "quick"
