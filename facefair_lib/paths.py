"""Where things are: the only module that knows the layout of the repository."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
NOTEBOOKS = REPOSITORY / "notebooks"
PROFILES = REPOSITORY / "config"
REPORT = REPOSITORY / "report"
FIGURES = REPOSITORY / "figures"
LIBRARY = REPOSITORY / "facefair_lib"
SNAKEFILE = REPOSITORY / "Snakefile"


def results_root() -> Path:
    """Folder that holds one folder per profile; ``FACEFAIR_RESULTS`` moves it, for tests and for large disks."""
    return Path(os.environ.get("FACEFAIR_RESULTS", REPOSITORY / "results"))


def results_dir(profile: str) -> Path:
    """Folder of one profile's results."""
    return results_root() / profile


def cache_dir() -> Path:
    """Folder of things that are made once per machine (baked body model, compiled kernels); ``FACEFAIR_CACHE`` moves
    it.
    """
    return Path(os.environ.get("FACEFAIR_CACHE", REPOSITORY / ".cache"))


def report_pdf(profile: str) -> Path:
    """The finished report: ``report/report.pdf`` for the default profile, ``report/report-<profile>.pdf`` for
    others.
    """
    name = "report.pdf" if profile == DEFAULT_PROFILE else f"report-{profile}.pdf"
    folder = REPORT if "FACEFAIR_RESULTS" not in os.environ else results_dir(profile)
    return folder / name


DEFAULT_PROFILE = "quick"
