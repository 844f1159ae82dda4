"""What made a stage's results: written beside them, and last, so that it also marks the stage as complete."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile
from facefair_lib.store import results

FILE_NAME = "provenance.json"
FILES = "made"
"""Entry that lists the files in the stage's folder with their digests, by which missing and changed ones are found."""
_PACKAGES = ("torch", "torchvision", "segmentation-models-pytorch", "lightning", "anny", "warp-lang", "numpy", "pandas")


def write_provenance(
    folder: Path,
    profile: Profile,
    stage: str,
    seconds: float,
    inputs: Mapping[str, Path],
    made_from: Sequence[str],
) -> Path:
    """Write ``provenance.json``.

    Parameters
    ----------
    folder : the stage's folder
    seconds : wall time of the stage
    inputs : name -> file that the stage read; digests are recorded, except of timings
    made_from : ``stages.known_lines`` as they were when the stage began
    """
    values: dict[str, Any] = {
        "profile": profile.name,
        "stage": stage,
        "seconds": round(seconds, 1),
        "settings": profile.model_dump(mode="json"),
        "code": list(made_from),
        FILES: _files(folder),
        "plan": digest_of(paths.PLAN),
        "inputs": {name: digest_of(path) for name, path in sorted(inputs.items()) if path.stem != results.TIMINGS},
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "packages": package_versions(),
    }
    return results.write_json(folder / FILE_NAME, values)


def _files(folder: Path) -> dict[str, str]:
    """Name -> digest of the files in a folder; empty for timings, which are no result."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    shown = {name.as_posix(): path for name, path in found.items() if not any(p.startswith(".") for p in name.parts)}
    shown.pop(FILE_NAME, None)
    return {name: "" if path.stem == results.TIMINGS else digest_of(path) for name, path in shown.items()}


def changed_files(record: Path, *, thorough: bool) -> dict[str, str]:
    """Files that a stage recorded and that are missing or were changed, and which of the two it is.

    Parameters
    ----------
    record : the stage's provenance
    thorough : read all files, not only those written after the record
    """
    made = recorded_files(record)
    if made is None:
        return {FILE_NAME: "cannot be read"}
    written, found = record.stat().st_mtime_ns, {}
    for name, digest in made.items():
        path = record.parent / name
        if not path.is_file():
            found[name] = "is missing"
        elif digest and (thorough or path.stat().st_mtime_ns > written) and digest_of(path) != digest:
            found[name] = "was changed"
    return found


def told(changed: Mapping[str, str]) -> str:
    """Name the first of `changed_files` and count the others; empty without any."""
    several = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
    return next((f"{name} {how}{several}" for name, how in changed.items()), "")


def recorded_code(record: Path) -> list[str] | None:
    """What a stage's results were made from, as ``stages.known_lines``; None if the record is missing or unreadable."""
    try:
        return results.read_json(record).get("code")
    except InputError:
        return None


def recorded_files(record: Path) -> dict[str, str] | None:
    """Files that a stage recorded, name -> digest; None if the record is missing, cannot be read or is no stage's."""
    try:
        files = results.read_json(record).get(FILES, {})
    except InputError:
        return None
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        return None
    # A stage records what is in its folder. Of others' files none is read, and none removed as changed.
    outside = any(Path(name).is_absolute() or ".." in Path(name).parts for name in files)
    return None if outside else files


def package_versions() -> dict[str, str]:
    """Versions of the packages that affect what a stage computes."""
    return {name: metadata.version(name) for name in _PACKAGES}


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of all files that a stage left in its folder."""
    if path.is_dir():
        return hashlib.sha256(json.dumps(_files(path), sort_keys=True).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
