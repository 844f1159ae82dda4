"""Where things are: the only module that knows the layout of the repository."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"
PROFILES = REPOSITORY / "config"
PLAN = PROFILES / "analysis_plan.yaml"
"""The analysis plan, which is in the profiles' folder but is not a profile."""
CLUSTERS = PROFILES / "cluster"
"""Snakemake's settings for clusters, a folder each."""
REPORT = REPOSITORY / "report"
FIGURES = REPOSITORY / "figures"

PACKAGES = ("facefair_lib", "facefair_heads", "facefair_course")
SNAKEFILE = REPOSITORY / "Snakefile"

RESULTS_VARIABLE, CACHE_VARIABLE = "FACEFAIR_RESULTS", "FACEFAIR_CACHE"


def results_root() -> Path:
    """Folder with one folder of results per profile; ``FACEFAIR_RESULTS`` moves it, for tests and for large disks."""
    return _chosen(RESULTS_VARIABLE) or REPOSITORY / "results"


def results_dir(profile: str) -> Path:
    """Folder of one profile's results."""
    return results_root() / profile


def cache_dir() -> Path:
    """Folder of what is made once per machine (baked body model, compiled kernels); ``FACEFAIR_CACHE`` moves it."""
    return _chosen(CACHE_VARIABLE) or REPOSITORY / ".cache"


def report_pdf(profile: str) -> Path:
    """The finished report: ``report/report.pdf`` of the default profile, else ``report/report-<profile>.pdf``."""
    name = "report.pdf" if profile == DEFAULT_PROFILE else f"report-{profile}.pdf"
    folder = results_dir(profile) if _chosen(RESULTS_VARIABLE) else REPORT
    return folder / name


def kept_report() -> Path:
    """The report of the last reference run, which ``make reference`` puts there to be kept in git."""
    return REPORT / "reference.pdf"


def absolute_variables() -> dict[str, str]:
    """The variables that move folders, as absolute paths: they mean the same in every process's working directory."""
    chosen = {name: _chosen(name) for name in (RESULTS_VARIABLE, CACHE_VARIABLE)}
    return {name: str(folder) for name, folder in chosen.items() if folder}


def _chosen(variable: str) -> Path | None:
    """Absolute path in an environment variable; ``None`` where it is unset or empty."""
    value = os.environ.get(variable, "")
    return Path(value).expanduser().absolute() if value else None


DEFAULT_PROFILE = "quick"
