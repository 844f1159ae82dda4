"""What CI runs exists here: targets, commands and their options, files, and versions of what others provide."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from facefair_lib import __main__
from facefair_lib.settings.paths import REPOSITORY
from facefair_lib.settings.profiles import profile_names

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SETUP = GITHUB / "actions" / "setup" / "action.yml"
PAGE, CLUSTER = ((REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("ci", "cluster"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
DEVELOPMENT = (REPOSITORY / "requirements-dev.lock").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(__main__.app)


def load(path: Path) -> dict[str, Any]:
    """A workflow; a loader that takes ``on`` for the text it is."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def steps(path: Path) -> list[dict[str, Any]]:
    read = load(path)
    jobs = read["jobs"].values() if "jobs" in read else [read["runs"]]
    return [step for job in jobs for step in job["steps"]]


def snippet(page: str, language: str) -> list[str]:
    """A page's blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


GITLAB = yaml.safe_load(snippet(PAGE, "yaml")[0])


def scripts() -> Iterator[tuple[str, str]]:
    """Where and which: every line that a CI's shell, or a batch system's, is given."""
    for path in (*WORKFLOWS, SETUP):
        for step in steps(path):
            yield from ((path.stem, line) for line in step.get("run", "").splitlines())
    for job in (GITLAB["default"], GITLAB["fast"], GITLAB["study"]):
        yield from (("gitlab", line) for line in [*job.get("before_script", []), *job.get("script", [])])
    for script in snippet(CLUSTER, "sh"):
        yield from (("cluster", line) for line in script.splitlines() if not line.startswith("#"))


LINES = [pytest.param(line, id=f"{place}: {line}") for place, line in scripts()]


def check_facefair(words: list[str]) -> None:
    """A command of the command line, and options that it has."""
    command = COMMANDS.commands[words[0]]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= options
    if "--profile" in words:
        assert words[words.index("--profile") + 1] in profile_names()


def check_module(words: list[str]) -> None:
    """A module that the packages bring, called on files that are there."""
    module = words[0]
    assert module in ("pip", "venv", "pip_audit") or f"\n{module}==" in DEVELOPMENT
    assert all((REPOSITORY / word).is_file() for word in words if word.endswith(".lock"))
    patterns = [word for word in words[1:] if "/" in word and not word.startswith("-")]
    assert all(list(REPOSITORY.glob(pattern)) for pattern in patterns)


@pytest.mark.parametrize("line", LINES)
def test_every_line_calls_what_exists(line: str) -> None:
    for part in line.split(" | "):
        program, *words = shlex.split(part)
        if program == "make":
            assert words[0] in TARGETS
        elif program == ".venv/bin/facefair":
            check_facefair(words)
        elif program in (".venv/bin/python", "python3"):
            assert words[0] == "-m"
            check_module(words[1:])
        else:
            assert program in ("grep", "cd", "export") or shutil.which(program)


def test_what_others_provide_is_pinned_and_what_is_here_exists() -> None:
    used = [step["uses"] for path in (*WORKFLOWS, SETUP) for step in steps(path) if "uses" in step]
    assert len(used) >= 8
    for action in used:
        if action.startswith("./"):
            assert (REPOSITORY / action / "action.yml").is_file()
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action), action


def test_a_fast_job_runs_at_every_push_and_the_study_at_night_and_on_demand_on_both_systems() -> None:
    tests, study = load(GITHUB / "workflows" / "tests.yml"), load(GITHUB / "workflows" / "study.yml")
    assert "push" in tests["on"]
    assert {"schedule", "workflow_dispatch"} <= set(study["on"])
    offered = study["on"]["workflow_dispatch"]["inputs"]["profile"]["options"]
    assert set(offered) <= set(profile_names())
    systems = [entry["system"] for entry in tests["jobs"]["fast"]["strategy"]["matrix"]["include"]]
    for names in (systems, study["jobs"]["study"]["strategy"]["matrix"]["system"]):
        assert {name.split("-")[0] for name in names} == {"ubuntu", "macos"}


def test_results_are_kept_whether_or_not_the_study_fails() -> None:
    (upload,) = (
        step for step in steps(GITHUB / "workflows" / "study.yml") if "upload-artifact" in step.get("uses", "")
    )
    assert upload["if"] == "always()"
    kept = upload["with"]["path"].replace("${{ env.PROFILE }}", "$PROFILE").splitlines()
    assert GITLAB["study"]["artifacts"] == {"when": "always", "paths": kept}


def test_baked_bodies_are_taken_over_from_earlier_runs() -> None:
    (cache,) = (step for step in steps(SETUP) if "actions/cache" in step.get("uses", ""))
    assert cache["with"]["path"] == "${{ env.FACEFAIR_CACHE }}"
    assert all("FACEFAIR_CACHE" in load(path)["env"] for path in WORKFLOWS)
    (kept,) = GITLAB["default"]["cache"]["paths"]
    assert f"/{kept}" in GITLAB["variables"]["FACEFAIR_CACHE"]
