"""The README and the guides: commands that exist and run, links that lead somewhere, lists that are complete."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from string import Template

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from facefair_lib.__main__ import app
from facefair_lib.data.published.catalogue import CATALOGUE
from facefair_lib.report import readme
from facefair_lib.settings.paths import FIGURES, REPOSITORY
from facefair_lib.settings.profiles import profile_names
from facefair_lib.store.stages import NOTEBOOK_STAGES

GUIDES = [f"docs/{path.name}" for path in sorted((REPOSITORY / "docs").glob("*.md"))]
DOCUMENTS = sorted(
    str(path.relative_to(REPOSITORY))
    for pattern in ("*.md", "docs/*.md", "notebooks/course/*.md", "report/*.md", "facefair_*/**/*.md")
    for path in REPOSITORY.glob(pattern)
)
VENV = ".venv/bin/"  # where make installs programs
PROGRAMS = ("make", "facefair", "python", "conda", "pip")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# `make test` runs these tests, and a make inside a make prints more.
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(read(page)) if name == language]


def fenced(page: str) -> list[str]:
    """Commands of a page's shell blocks, without comments."""
    lines = [line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()]
    bare = [re.sub(r"(^|\s)#.*", "", line).strip().removeprefix(VENV) for line in lines]
    return [command for command in bare if command]


def inline(page: str) -> list[str]:
    """Commands within sentences; a program's name alone is none."""
    spans = re.findall(r"`([^`]+)`", FENCE.sub("", read(page)))
    parts = [part.removeprefix(VENV) for span in spans for part in " ".join(span.split()).split(" && ")]
    return [part for part in parts if " " in part and part.split()[0] in PROGRAMS]


def commands(program: str, *pages: str) -> list[str]:
    """What pages tell the reader to run, each once."""
    told = [command for page in pages for command in (*fenced(page), *inline(page))]
    return [command for command in dict.fromkeys(told) if command.split()[0] == program]


def parse(words: list[str]) -> None:
    """Have the command line's own parser read the words, and start nothing; what it cannot read raises.

    A command's name alone, as sentences mention it, need only exist.
    """
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", ()):
        command, words = command.commands[words[0]], words[1:]
    if words in ([], ["--help"]):
        return
    context = command.make_context("facefair", list(words))
    assert not hasattr(command, "commands"), f"no command {words[0]}"
    assert context.params.get("profile", "") in ("", "shipped", *profile_names())


def test_the_readme_shows_commands_of_make_and_facefair_only() -> None:
    assert len(fenced("README.md")) > 5
    assert {command.split()[0] for command in fenced("README.md")} == {"make", "facefair"}


@pytest.mark.parametrize("command", commands("facefair", "README.md", *GUIDES))
def test_the_command_line_reads_what_is_told(command: str) -> None:
    parse(shlex.split(re.sub(r"\$\w+", "1", command))[1:])  # whatever a batch system's variables say


@pytest.mark.parametrize("wrong", ["facefair stduy", "facefair parse photo.jpg", "facefair render --out x --poeple 3"])
def test_the_command_line_does_not_read_everything(wrong: str) -> None:
    with pytest.raises(Exception, match=r"no command|Missing|No such option"):
        parse(shlex.split(wrong)[1:])


@pytest.mark.parametrize("command", commands("make", "README.md", *GUIDES))
def test_make_expands_what_is_told_to_commands_that_are_read(command: str) -> None:
    given = dict(word.split("=", 1) for word in shlex.split(command)[1:] if "=" in word)
    defaults = dict(re.findall(r"^(\w+) \?= ?(.*)$", read("Makefile"), re.MULTILINE))
    assert set(given) <= set(defaults)
    assert given.get("PROFILE", "quick") in profile_names()
    finished = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]], cwd=REPOSITORY, env=OUTSIDE, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    values = {"CHOSEN": given.get("PROFILE", ""), **defaults, **given}
    for line in re.findall(r" -m facefair_lib (.*)", finished.stdout):
        chosen = re.sub(r"\$\{CHOSEN:-(\w+)\}", lambda default: values["CHOSEN"] or default[1], line)
        parse(shlex.split(Template(chosen).safe_substitute(values)))


@pytest.mark.parametrize("command", [c for p in ("python", "conda", "pip") for c in commands(p, "README.md", *GUIDES)])
def test_files_that_other_commands_name_exist(command: str) -> None:
    named = [word for word in shlex.split(command) if word.endswith((".py", ".yml", ".lock"))]
    assert all((REPOSITORY / word).exists() for word in named)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the README's commands name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday").mkdir()
    shutil.copy(FIGURES / "heads_groups_emotions.jpg", tmp_path / "holiday")
    shutil.copy(FIGURES / "heads_groups_emotions.jpg", tmp_path / "photo.jpg")
    # 80 found of 100, 20 false alarms, 300 quiet: 25 % positives, accuracy 380 of 420 and IoU 80 of 120.
    (tmp_path / "table.csv").write_text("accuracy,precision,recall,f1,iou\n90.5,80.0,80.0,80.0,66.7\n")
    return tmp_path


SHORTER = {"render": ["--people", "1", "--size", "32", "--cores", "1"], "parse": ["--processes", "1"]}
"""What is added to a command so that it takes seconds; the last of two equal options counts."""
MADE = {"render": "heads/attributes.csv", "parse": "parsed/areas.csv"}
ELSEWHERE = ("study", "doctor")  # tests/whole and tests/unit/study run these


RUN = [
    pytest.param(command, marks=[pytest.mark.slow] if name in SHORTER else [])
    for command in commands("facefair", "README.md")
    if (name := command.split()[1]) not in ELSEWHERE
]


@pytest.mark.parametrize("command", RUN)
def test_the_readmes_commands_run(command: str, workplace: Path) -> None:
    words = shlex.split(command)[1:]
    result = CliRunner().invoke(app, [*words, *SHORTER.get(words[0], [])])
    assert result.exit_code == 0, (result.output, result.exception)
    assert (workplace / MADE.get(words[0], "")).exists()
    assert result.output


@pytest.mark.slow
@pytest.mark.parametrize("code", [block for page in ("README.md", *GUIDES) for block in blocks(page, "python")])
def test_the_python_of_the_guides_runs(code: str, workplace: Path) -> None:
    exec(compile(code, "guide", "exec"), {})


def slug(heading: str) -> str:
    """A heading as GitHub names it in addresses."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", DOCUMENTS)
def test_links_and_pictures_lead_to_files_and_headings(page: str) -> None:
    for picture, words, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", FENCE.sub("", read(page))):
        if target.startswith("http"):
            continue
        place, _, anchor = target.partition("#")
        found = (REPOSITORY / page).parent / place if place else REPOSITORY / page
        assert found.exists(), target
        assert words or not picture, f"{target} has no description"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", found.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in map(slug, headings), target


def test_the_readme_is_short() -> None:
    before, rest = read("README.md").split(readme.BEGIN)
    answer, after = rest.split(readme.END)
    assert len((before + after).splitlines()) <= 80
    assert len(answer.splitlines()) <= 48  # 44 within its blank lines and marks
    assert max(len(line) for line in (before + after).splitlines() if not line.startswith("|")) <= 125


def test_the_guides_leave_out_no_notebook_profile_data_set_or_variable() -> None:
    notebooks, profiles, data_sets = (read(f"docs/{name}.md") for name in ("notebooks", "profiles", "data_sets"))
    assert re.findall(r"^\| \[.*?\]\(\.\./notebooks/(\w+)\.ipynb\)", notebooks, re.MULTILINE) == list(NOTEBOOK_STAGES)
    table = re.findall(r"^\|(.*?)\|", profiles.split("## A profile of your own")[0], re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(table))) == profile_names()
    told = data_sets.lower().replace("+", "plus")
    assert [name for name in CATALOGUE if name not in told] == []
    code = "".join(path.read_text(encoding="utf-8") for path in REPOSITORY.glob("facefair_*/**/*.py"))
    assert [name for name in sorted(set(re.findall(r"FACEFAIR_[A-Z]+", code))) if name not in profiles] == []
