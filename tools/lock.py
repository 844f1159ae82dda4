"""Write the lock files from what is installed: every package that pyproject.toml needs, even indirectly."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
BUILD = ["setuptools"]  # the editable install builds with what is in the environment

ENVIRONMENT = """\
# The conda route: conda env create -f environment.yml && conda activate facefair && pip install --no-deps -e .
# Same versions as requirements.lock; written by `make lock`.
name: facefair
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""
HASHES = """\
# The SHA-256 of every file of the versions in requirements.lock, for all systems. torch and torchvision are left out:
# their builds for the CPU and for each CUDA are other files under one version. Written by `make lock`.
"""
BUILDS = ("torch", "torchvision")

BINDER = """\
# What Binder installs: the versions of requirements.lock, with torch from PyTorch's index of CPU builds (the standard
# package brings several GB of CUDA along, and Binder has no GPU). Written by `make lock`.
--extra-index-url https://download.pytorch.org/whl/cpu
-r ../requirements.lock
"""
COLAB = """\
# What the lessons need in Google Colab beyond what is there (torch, NumPy, pandas, Matplotlib and Jupyter are Colab's
# own), in the versions of requirements.lock. Written by `make lock`.
"""
MISSING_IN_COLAB = ("anny", "imagehash", "warp-lang")


def closure(requirements: list[str]) -> dict[str, str]:
    """Name -> version of the requirements and of everything they need on this system."""
    versions: dict[str, str] = {}
    waiting = [Requirement(text) for text in requirements]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ["", *requirement.extras]:
            if (name, extra) in done:
                continue
            done.add((name, extra))
            # "+cpu" names one build of torch; the plain version is satisfied by every build.
            versions[name] = metadata.version(name).split("+")[0]
            for text in metadata.requires(name) or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting.append(needed)
    return versions


def write(path: Path, versions: dict[str, str], note: str) -> None:
    """Write one lock file."""
    lines = [f"{name}=={version}" for name, version in sorted(versions.items())]
    path.write_text(f"# {note} Written by `make lock`.\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(lines)} packages")


def write_environment(path: Path, direct: list[str], versions: dict[str, str]) -> None:
    """Write the conda route: conda installs Python, pip the versions of the lock file."""
    names = sorted(canonicalize_name(Requirement(text).name) for text in direct)
    lines = [f"      - {name}=={versions[name]}" for name in names]
    path.write_text(ENVIRONMENT + "\n".join(lines) + "\n", encoding="utf-8")


def write_hashes(path: Path, lock: Path) -> None:
    """Write the locked versions with their files' hashes, as the package index gives them, one line each."""
    options = ("--no-deps", "--generate-hashes", "--no-annotate", "--no-header", "--quiet")
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, str(lock)]
    hashed = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    lines = [" ".join(line.split()) for line in hashed.replace("\\\n", " ").splitlines()]
    kept = [line for line in lines if line.partition("==")[0] not in BUILDS]
    path.write_text(HASHES + "\n".join(kept) + "\n", encoding="utf-8")


def write_binder(folder: Path, direct: list[str], versions: dict[str, str]) -> None:
    """Write what Binder installs, and what the course needs in Colab beyond Colab's own packages."""
    builds = [f"{name}=={versions[name]}+cpu" for name in BUILDS]
    (folder / "requirements.txt").write_text(BINDER + "\n".join(builds) + "\n", encoding="utf-8")
    names = {canonicalize_name(Requirement(text).name) for text in direct} & set(MISSING_IN_COLAB)
    lines = [f"{name}=={versions[name]}" for name in sorted(names)]
    (folder / "colab.txt").write_text(COLAB + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write requirements.lock, its hashes, a lock file per extra, environment.yml, what Binder and Colab install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = closure(project["dependencies"] + BUILD)
    write(ROOT / "requirements.lock", runtime, "What the study needs.")
    write_hashes(ROOT / "requirements-hashes.lock", ROOT / "requirements.lock")
    write_environment(ROOT / "environment.yml", project["dependencies"], runtime)
    write_binder(ROOT / ".binder", project["dependencies"], runtime)
    for extra, requirements in project["optional-dependencies"].items():
        beyond = {name: version for name, version in closure(requirements).items() if name not in runtime}
        write(ROOT / f"requirements-{extra}.lock", beyond, f"What the extra {extra!r} needs beyond requirements.lock.")


if __name__ == "__main__":
    main()
