"""One set of versions, wherever it is written down; and a Makefile that explains itself."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from facefair_lib import __main__
from facefair_lib.settings.paths import DEFAULT_PROFILE, REPOSITORY


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def pins(lines: list[str]) -> dict[str, str]:
    """Name -> version; anything that is not pinned exactly is an error."""
    found = {}
    for line in lines:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} twice"
        found[name] = specifier.version
    return found


def lock(name: str) -> dict[str, str]:
    return pins([line for line in read(name).splitlines() if line and not line.startswith("#")])


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
# `make test` runs these tests, and a make inside a make prints more.
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def test_the_conda_route_installs_the_versions_of_the_project() -> None:
    dependencies = yaml.safe_load(read("environment.yml"))["dependencies"]
    (through_pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert pins(through_pip) == pins(PROJECT["dependencies"])


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_the_lock_files_hold_every_dependency_in_its_version(extra: str) -> None:
    runtime, beyond = lock("requirements.lock"), lock(f"requirements-{extra}.lock")
    assert pins(PROJECT["dependencies"]).items() <= runtime.items()
    assert pins(PROJECT["optional-dependencies"][extra]).items() <= {**runtime, **beyond}.items()
    assert not set(runtime) & set(beyond)


def test_every_locked_package_has_hashes_but_those_of_which_one_version_is_several_builds() -> None:
    lines = [line for line in read("requirements-hashes.lock").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+", line) for line in lines)
    hashed, locked = pins([line.partition(" ")[0] for line in lines]), lock("requirements.lock")
    assert hashed.items() <= locked.items()
    assert set(locked) - set(hashed) == {"torch", "torchvision"}


@pytest.mark.skipif(sys.platform != "linux", reason="the lock file was written on Linux; other systems need a few more")
def test_the_lock_file_holds_all_that_its_packages_need() -> None:
    locked = lock("requirements.lock")
    builds = {"torch", "torchvision"}  # a build for CUDA needs more than one for the CPU
    missing = {}
    for name in sorted(set(locked) - builds):
        needed = [Requirement(text) for text in metadata.requires(name) or []]
        needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
        missing.update({one.name: name for one in needed if canonicalize_name(one.name) not in locked})
    assert not missing


def test_every_third_party_import_is_a_declared_dependency() -> None:
    providers = metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    undeclared = {}
    for path in sorted(REPOSITORY.glob("facefair_*/**/*.py")):
        for name in re.findall(r"^\s*(?:from|import) ([a-zA-Z_0-9]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            if name in sys.stdlib_module_names or name.startswith("facefair_") or name not in providers:
                continue
            if not {canonicalize_name(provider) for provider in providers[name]} & declared:
                undeclared[name] = path.name
    # These come with the notebooks' kernel, whose own dependency they are.
    assert set(undeclared) <= {"IPython", "jupyter_client", "traitlets"}


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    finished = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True, env=OUTSIDE)
    shown = dict(line.split(maxsplit=1) for line in finished.stdout.splitlines())
    targets = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)[1].split()
    assert sorted(shown) == sorted(targets)


HOSTILE = 'it\'s $(touch PWNED) `touch PWNED`; touch PWNED | "$HOME" $(shell touch PWNED) $$ # -x\ny'


@pytest.mark.parametrize("given", ["on the command line", "in the environment"])
def test_make_hands_on_what_is_typed_letter_by_letter(tmp_path: Path, given: str) -> None:
    interpreter = tmp_path / ".venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" >> called\n", encoding="utf-8")
    interpreter.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "ensure_tex.sh").touch()
    for name in ("requirements.lock", "requirements-hashes.lock", "pyproject.toml"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    values = {name: f"{name} {HOSTILE}" for name in ("PROFILE", "DATA", "PHOTOS", "CORES", "EXECUTOR")}
    typed = [f"{name}={value}" for name, value in values.items()] if given == "on the command line" else []
    command = ["make", "-f", str(REPOSITORY / "Makefile"), "study", *typed]
    subprocess.run(command, cwd=tmp_path, check=True, env=OUTSIDE if typed else {**OUTSIDE, **values})
    called = (tmp_path / "called").read_text(encoding="utf-8").split("\0")[:-1]
    study = ["-m", "facefair_lib", "study", *(f"--{name.lower()}={value}" for name, value in values.items())]
    assert called[-len(study) :] == study
    assert called[: -len(study)][-1] == "requirements-cluster.lock", "what runs jobs elsewhere is installed first"
    assert not (tmp_path / "PWNED").exists()


def test_profiles_that_the_makefile_and_the_command_line_default_to_are_the_same() -> None:
    assert re.search(r"^PROFILE \?= (.*)$", read("Makefile"), re.MULTILINE)[1] == DEFAULT_PROFILE
    kept = re.search(r'reference --profile="\$\$\{CHOSEN:-(\w+)\}"', read("Makefile"))[1]
    assert inspect.signature(__main__.reference).parameters["profile"].default == kept
