"""What made a stage's results: written beside them, and last, so that it also says that the stage is complete."""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile
from facefair_lib.store import results, stages

FILE_NAME = "provenance.json"
FILES = "files"
"""Entry that lists the files which the stage left in its folder, so that a missing one is noticed."""
_PACKAGES = ("torch", "torchvision", "segmentation-models-pytorch", "lightning", "anny", "warp-lang", "numpy", "pandas")


def write_provenance(folder: Path, profile: Profile, stage: str, seconds: float, inputs: dict[str, Path]) -> Path:
    """Write ``provenance.json``.

    Parameters
    ----------
    folder : the stage's folder
    seconds : wall time of the stage
    inputs : name -> file that the stage read; its digest is recorded
    """
    description = next(entry for entry in stages.STAGES if entry.name == stage)
    values: dict[str, Any] = {
        "profile": profile.name,
        "stage": stage,
        "seconds": round(seconds, 1),
        "settings": profile.model_dump(mode="json"),
        "code": stages.stage_digest(description, profile).splitlines(),
        FILES: _files(folder),
        "plan": digest_of(paths.PLAN),
        "inputs": {name: digest_of(path) for name, path in sorted(inputs.items())},
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "packages": package_versions(),
    }
    return results.write_json(folder / FILE_NAME, values)


def _files(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = (path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))
    return sorted(name for name in names if name != FILE_NAME)


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide what a stage computes."""
    return {name: metadata.version(name) for name in _PACKAGES}


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
