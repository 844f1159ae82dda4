"""What Binder and Colab install are the versions of the project."""

from __future__ import annotations

import os
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from facefair_lib.settings.paths import REPOSITORY
from facefair_lib.store.stages import STAGE_NAMES

BINDER = REPOSITORY / ".binder"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = {canonicalize_name(Requirement(text).name): Requirement(text).specifier for text in PROJECT["dependencies"]}


def lines(name: str) -> list[str]:
    return [line for line in (BINDER / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_binder_installs_the_lock_file_with_builds_of_torch_for_the_cpu() -> None:
    index, lock, *builds = lines("requirements.txt")
    assert index == "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert (BINDER / lock.removeprefix("-r ")).resolve() == REPOSITORY / "requirements.lock"
    assert builds == [f"{name}{DIRECT[name]}+cpu" for name in ("torch", "torchvision")]


def test_colab_gets_dependencies_in_the_projects_versions_and_keeps_its_own_torch_numpy_and_kernel() -> None:
    installed = [Requirement(line) for line in lines("colab.txt")]
    assert all(entry.specifier == DIRECT[canonicalize_name(entry.name)] for entry in installed)
    own = {"torch", "torchvision", "numpy", "pandas", "ipykernel", "ipywidgets", "jupyterlab"}
    assert not own & {entry.name for entry in installed}


def test_binder_has_the_python_of_the_conda_route() -> None:
    (runtime,) = lines("runtime.txt")
    version = runtime.removeprefix("python-")
    conda = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert f"python={version}" in conda
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")


def test_the_last_step_installs_the_library_and_runs_stages_that_exist() -> None:
    script = BINDER / "postBuild"
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text and "--no-deps" in text
    assert text.split("--until ")[1].strip() in STAGE_NAMES
