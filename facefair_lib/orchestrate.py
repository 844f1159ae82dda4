"""The study from start to end: digests first, then Snakemake, and only the lines that matter on the screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from facefair_lib import paths, readme, workflow
from facefair_lib.config import Profile, load_profile, profile_names
from facefair_lib.data.catalogue import no_folder
from facefair_lib.errors import InputError
from facefair_lib.provenance import FILE_NAME
from facefair_lib.results import Stage
from facefair_lib.runner import FAILED, MARK

# What the repository keeps of a reference run: tables that are small, and no pictures of people but those in figures.
_REFERENCE_SUFFIXES = {".csv", ".json"}
_REFERENCE_BYTES = 200_000


def run_study(profile: str, data: str, photos: str, until: str, cores: int) -> int:
    """Bring a profile's study up to date.

    Returns
    -------
    the exit status: 0 if everything is up to date now

    Raises
    ------
    InputError
        if the profile, the data folder or the stage is wrong; nothing has been started then
    """
    settings = load_profile(profile)
    target = _target(settings, until)
    folder, table = _folder(settings, data), _photos(photos)
    for needed in (settings, *_profiles_below(settings)):
        own = needed.name == profile
        workflow.write_digests(needed, folder if own else None, table if own else None)
    log = paths.results_dir(profile) / "study.log"
    begin = time.monotonic()
    print(f"{MARK}study {profile}: {settings.title} ({cores} cores; details in {log})", flush=True)
    status, stages = _run_graph(_command(profile, folder, table, cores, target), log)
    seconds = time.monotonic() - begin
    if status:
        print(f"{MARK}study {profile} stopped after {seconds:.0f} s; run the same command again to go on", flush=True)
    elif stages:
        print(f"{MARK}study {profile} complete: {stages} stages in {seconds:.0f} s", flush=True)
    else:
        print(f"{MARK}study {profile}: nothing has changed, nothing to do ({seconds:.0f} s)", flush=True)
    pdf = paths.report_pdf(profile)
    if not status and not until and pdf.exists():
        print(f"{MARK}report: {pdf}", flush=True)
    return status


def _target(settings: Profile, until: str) -> Path:
    stage = until or workflow.REPORT
    if stage not in workflow.STAGE_NAMES:
        raise InputError(
            f"stage {stage!r}", found="no such stage", expected=", ".join(workflow.STAGE_NAMES), do="use one"
        )
    return paths.results_dir(settings.name) / stage / FILE_NAME


def _folder(settings: Profile, data: str) -> Path | None:
    if settings.data.source == "rendered":
        if data:
            raise InputError(
                f"DATA={data}",
                found=f"profile {settings.name}, which reads rendered people",
                expected="no data folder",
                do="leave DATA away, or choose a profile that reads a data set, such as fasseg (facefair profiles)",
            )
        return None
    if not data:
        raise no_folder(settings.name, settings.data.source)
    from facefair_lib.data.readers import open_source  # with SciPy, for which rendered people need not wait

    folder = Path(data).expanduser().resolve()
    open_source(settings.data, folder)  # says what is wrong with the folder before anything has run
    return folder


def _photos(photos: str) -> Path | None:
    if not photos:
        return None
    table = Path(photos).expanduser().resolve()
    if not table.is_file():
        raise InputError(
            table, found="no such file", expected="a CSV: image, subject, group, emotion[, mask]", do="mend it"
        )
    return table


def _profiles_below(settings: Profile) -> list[Profile]:
    """Profiles whose fits this one needs."""
    return [load_profile(settings.transfer_from)] if settings.transfer_from else []


def _command(profile: str, data: Path | None, photos: Path | None, cores: int, target: Path) -> list[str]:
    values = {
        "profile": profile,
        "results": paths.results_root(),
        "cores": cores,
        "data": data or "",
        "photos": photos or "",
    }
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(paths.SNAKEFILE), "--directory", str(paths.REPOSITORY)),
        *("--cores", str(cores), "--rerun-incomplete", "--rerun-triggers", "mtime", "--nolock"),
        *("--quiet", "progress", "rules", "host", "reason"),
        *("--config", *(f"{key}={value}" for key, value in values.items())),
        *("--", str(target)),
    ]


def _run_graph(command: list[str], log: Path) -> tuple[int, int]:
    """Run Snakemake; show marked lines, write everything to the log. Returns the exit status and the stages
    completed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    stages = 0
    last: list[str] = []
    shown = False
    with (
        log.open("w", encoding="utf-8") as file,
        # Leaving this block waits for Snakemake to end, also when the user interrupts.
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            last = [*last[-14:], line]
            if line.startswith(MARK):
                print(line, end="", flush=True)
                stages += " done in " in line
                shown = shown or f" {FAILED}" in line
        status = process.wait()
    if status and not shown:
        print("".join(last), end="", file=sys.stderr)
    return status, stages


def clean_results(profile: str, ask: Callable[[str], bool] | None) -> list[Path]:
    """Remove a profile's results, or every profile's; the committed reference results stay."""
    names = [profile] if profile else profile_names()
    folders = [paths.results_dir(name) for name in names if paths.results_dir(name).is_dir()]
    reports = [paths.report_pdf(name) for name in names if paths.report_pdf(name).exists()]
    if not folders + reports or (ask and not ask(f"remove {', '.join(str(path) for path in folders + reports)}?")):
        return []
    for folder in folders:
        shutil.rmtree(folder)
    for report in reports:
        report.unlink()
    return folders + reports


def keep_as_reference(profile: str) -> int:
    """Copy figures to ``figures/``, small tables to ``results/reference/`` and the answer into the README.

    Returns
    -------
    the number of files

    Raises
    ------
    InputError
        if the study has not run to its end: the old reference stays
    """
    Stage(paths.results_dir(profile) / workflow.REPORT).existing(FILE_NAME)
    source, target = paths.results_dir(profile), paths.results_root() / "reference"
    shutil.rmtree(target, ignore_errors=True)
    count = 0
    for stage in workflow.NOTEBOOK_STAGES:
        for file in sorted((source / stage).rglob("*")):
            if file.suffix in _REFERENCE_SUFFIXES and file.stat().st_size <= _REFERENCE_BYTES:
                count += _copy(file, target / file.relative_to(source))
            elif file.parent.name == "figures":
                count += _copy(file, paths.FIGURES / file.name)
    readme.update(paths.REPOSITORY / "README.md", target)
    return count


def _copy(source: Path, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return 1
