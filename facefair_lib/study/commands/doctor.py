"""``facefair doctor``: what a helper would ask for, and what is wrong."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import typer

from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.processes import available_cores, child_environment

GIGABYTE = 1e9
LEAST_MEMORY = 4 * GIGABYTE  # two concurrent fits of 1 GB each, the study that runs them, and the system
LEAST_DISK = 1 * GIGABYTE  # twice the size of the largest study's results
_TEX_FILES = ("IEEEtran.cls", "cleveref.sty")
_TYPEFACE = Path("mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
_SECONDS = 120  # that importing the libraries may take; from a cold disk it takes about twenty
_IMPORTS = """
import facefair_lib, torch
import torchvision
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}", end="")
print("" if hasattr(torch.ops.torchvision, "roi_align") else " (of another build, without its detection; none is used)")
cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
apple = "Apple's (MPS); a fit uses it if a trial step succeeds"
print(torch.cuda.get_device_name() if cuda else apple if mps else "none; none is needed")
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    title : its name, in a word
    text : what was found
    wrong : what is wrong with it, if anything
    do : what to do about that
    needed : whether no study can run until it is fixed
    """

    title: str
    text: str
    wrong: str = ""
    do: str = ""
    needed: bool = False


def doctor() -> None:
    """Print versions, cores, memory, disk, LaTeX, GPU and fonts, as a helper would ask for, and what is wrong.

    The exit status is 1 if something is wrong that stops every study.
    """
    found = []
    for finding in look():
        found.append(finding)
        typer.echo(f"{finding.title:12} {finding.text}")
    wrong = [finding for finding in found if finding.wrong]
    for finding in sorted(wrong, key=lambda finding: not finding.needed):
        weight = "must be fixed" if finding.needed else "not essential"
        typer.echo(f"\n{finding.title}: {finding.wrong} ({weight})\n  do: {finding.do}")
    if not wrong:
        typer.echo("\nnothing is wrong")
    raise typer.Exit(1 if any(finding.needed for finding in wrong) else 0)


def look() -> Iterator[Finding]:
    """All findings, one after the other; importing torch, which takes seconds, comes last."""
    project = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield Finding("facefair", f"{project['version']} in {path_text(paths.REPOSITORY)}")
    yield python(sys.version_info[:3])
    yield packages(project["dependencies"])
    yield Finding("system", f"{platform.platform()}, {platform.machine()}")
    yield Finding("cores", f"{available_cores()} of {os.cpu_count()}")
    yield memory(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    yield folder("results", paths.results_root(), "FACEFAIR_RESULTS")
    yield folder("cache", paths.cache_dir(), "FACEFAIR_CACHE")
    yield latex()
    yield typeface()
    yield from libraries()


def python(version: tuple[int, int, int]) -> Finding:
    """Whether the pinned packages exist for this Python."""
    text = f"{'.'.join(map(str, version))}, {path_text(Path(sys.executable))}"
    if (3, 11) <= version[:2] <= (3, 13):
        return Finding("Python", text)
    do = "install one of these and name it: make setup PYTHON=python3.12"
    return Finding("Python", text, "no Python 3.11 to 3.13", do, needed=True)


def packages(pins: list[str]) -> Finding:
    """Whether the packages are installed, in the project's versions.

    Parameters
    ----------
    pins : such as ``torch==2.13.0``; the label of a build, such as ``+cpu``, does not count
    """
    missing, others = [], []
    for pin in pins:
        name, wanted = pin.split("==")
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(pin)
            continue
        if version.split("+")[0] != wanted:
            others.append(f"{name} {version} instead of {wanted}")
    text = (
        f"{len(pins) - len(missing)} of {len(pins)}, {len(pins) - len(missing) - len(others)} in the project's version"
    )
    if missing:
        return Finding("packages", text, f"missing: {', '.join(missing)}", _install(), needed=True)
    if others:
        return Finding("packages", text, f"{', '.join(others)}: results may differ from the kept ones", _install())
    return Finding("packages", text)


def _install() -> str:
    return f"make setup, or: {path_text(Path(sys.executable))} -m pip install -r requirements.lock"


def memory(size: float) -> Finding:
    """Whether two concurrent stages fit into this much memory (bytes)."""
    text = f"{size / GIGABYTE:.1f} GB"
    if size >= LEAST_MEMORY:
        return Finding("memory", text)
    wrong = f"two concurrent fits may need up to {LEAST_MEMORY / GIGABYTE:.0f} GB"
    return Finding("memory", text, wrong, "run one stage at a time: facefair study --cores 1")


def folder(title: str, place: Path, variable: str) -> Finding:
    """Whether a folder that a study writes to, or would create, is writable and has enough space."""
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{path_text(place)}, {free / GIGABYTE:.1f} GB free"
    do = f"name another folder: {variable}=/large/disk facefair study"
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        return Finding(title, text, f"{path_text(there)} is no folder that you may write to", do, needed=True)
    if free < LEAST_DISK:
        return Finding(title, text, f"a study may need up to {LEAST_DISK / GIGABYTE:.0f} GB", do)
    return Finding(title, text)


def latex() -> Finding:
    """Whether the report can be typeset."""
    from facefair_lib.report.latexmk import INSTALL_LATEX

    without = "the study runs to its end, but without the PDF of the report"
    if shutil.which("latexmk") is None:
        return Finding("LaTeX", "none", without, INSTALL_LATEX)
    lacking = [name for name in _TEX_FILES if not _tex_has(name)]
    if lacking:
        return Finding("LaTeX", f"latexmk, without {', '.join(lacking)}", without, INSTALL_LATEX)
    return Finding("LaTeX", f"{shutil.which('latexmk')}, with {', '.join(_TEX_FILES)}")


def _tex_has(name: str) -> bool:
    kpsewhich = shutil.which("kpsewhich")
    return kpsewhich is not None and subprocess.run([kpsewhich, name], capture_output=True, check=False).returncode == 0


def typeface() -> Finding:
    """Whether the figures' typeface, which comes with Matplotlib, is there."""
    found = util.find_spec("matplotlib")
    if found is not None and (Path(found.origin).parent / _TYPEFACE).is_file():
        return Finding("fonts", "DejaVu Sans, from Matplotlib")
    return Finding("fonts", "no DejaVu Sans in Matplotlib", "figures would be drawn in another typeface", _install())


def libraries() -> Iterator[Finding]:
    """Whether torch and torchvision can be imported, and which GPU they see, asked in a process of its own."""
    command = [sys.executable, "-c", _IMPORTS]
    try:
        asked = subprocess.run(
            command, env=child_environment(), capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        wrong = f"importing torch takes more than {_SECONDS} s"
        yield Finding("torch", "no answer", wrong, "move the environment to a local disk", needed=True)
        return
    lines = asked.stdout.splitlines()
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or [f"ended with {asked.returncode}"])[-1]
        yield Finding("torch", "cannot be imported", last, _install(), needed=True)
        return
    yield Finding("torch", lines[0])
    yield Finding("GPU", lines[1])
