"""A profile's folder of results: what a study made in it, what is missing, and how it is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.store import stages
from facefair_lib.store.provenance import FILE_NAME, changed_files, recorded_files, told


def made_by_a_study(profile: str) -> bool:
    """Whether the profile's folder holds a study, finished or not; the kept reference is no profile's."""
    folder = paths.results_dir(profile)
    if folder == stages.KEPT:
        return False
    made = (folder / stage / FILE_NAME for stage in stages.STAGE_NAMES)
    return stages.digest_file(profile, stages.REPORT).parent.is_dir() or any(path.is_file() for path in made)


def check_is_free(profile: str) -> None:
    """Refuse a folder that holds files of a study's names that no study made.

    Raises
    ------
    InputError
        naming one of them
    """
    taken = _parts(profile)
    if taken and not made_by_a_study(profile):
        raise InputError(
            taken[0],
            found="something that no study has written",
            expected="a new folder for results, or one of an earlier study",
            do="move it away, or set FACEFAIR_RESULTS to another folder",
        )


def forget_incomplete(profile: str) -> Iterator[str]:
    """Mark stages whose files are missing or were changed as incomplete, so that they run again.

    Changed files are removed: a stage that resumes would take them for its own.

    Yields
    ------
    a line for each such stage
    """
    for stage in stages.STAGE_NAMES:
        record = paths.results_dir(profile) / stage / FILE_NAME
        if record.is_file():
            changed = changed_files(record, thorough=False)
            why = told(changed) or (missing_report(profile) if stage == stages.REPORT else "")
            if why:
                for path in (record.parent / name for name in changed):
                    if path.is_file():
                        path.unlink()
                record.unlink(missing_ok=True)
                for mark in stages.digest_file(profile, stage).parent.glob(f"{stage}.*-*"):  # of its shards
                    mark.unlink()
                yield f"{stage}: {why}, so the stage runs again"


def remove(profile: str) -> list[str]:
    """Remove what a study made in the profile's folder, and the folder if nothing else is in it.

    Returns
    -------
    names of what remains, because no study made it
    """
    folder = paths.results_dir(profile)
    strangers = {file for stage in stages.STAGE_NAMES for file in _strangers(folder / stage)}
    for path in _parts(profile):
        if path.is_dir() and not path.is_symlink():
            _remove_folder(path, strangers)
        else:
            path.unlink()
    beside = {path for path in folder.iterdir() if path.name not in stages.STAGE_NAMES}
    left = sorted(path_text(path.relative_to(folder)) for path in beside | strangers)
    if not left and not folder.is_symlink():
        folder.rmdir()
    return left


def _remove_folder(folder: Path, kept: set[Path]) -> None:
    """Remove a folder, except the files to be kept and the folders that hold them."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            _remove_folder(path, kept)
        elif path not in kept:
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _strangers(stage: Path) -> list[Path]:
    """Files in a complete stage's folder that it did not make; none for an incomplete one, where this is unknown."""
    record = stage / FILE_NAME
    made = recorded_files(record)
    if made is None:
        return []
    found = {path.relative_to(stage): path for path in stage.rglob("*") if path.is_file() and path != record}
    return [
        path
        for place, path in found.items()
        if place.as_posix() not in made and not any(part.startswith(".") for part in place.parts)
    ]


def _parts(profile: str) -> list[Path]:
    """What the profile's folder holds under the names that a study uses."""
    folder = paths.results_dir(profile)
    digests = stages.digest_file(profile, stages.REPORT).parent.name
    copies = (f".{stage}-copy" for stage in stages.STAGE_NAMES)
    names = (*stages.STAGE_NAMES, *copies, "notebooks", "study.log", "logs", digests, paths.report_pdf(profile).name)
    return [path for path in (folder / name for name in names) if path.exists() or path.is_symlink()]


def missing_report(profile: str) -> str:
    """Say that the report is missing although LaTeX is installed; else empty: without LaTeX the stage is complete."""
    pdf = paths.report_pdf(profile)
    return f"{pdf.name} is missing" if shutil.which("latexmk") and not pdf.is_file() else ""
