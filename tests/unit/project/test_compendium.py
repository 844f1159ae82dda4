"""What others read first, and machines: citation, list of outputs, contributing, hooks. They follow the project."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from facefair_lib.errors import InputError
from facefair_lib.report import codecheck, crate
from facefair_lib.settings import paths
from facefair_lib.settings.paths import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GUIDE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")


def load(name: str) -> dict:
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def test_the_citation_has_what_its_format_asks_for_and_the_projects_version_licence_and_holder() -> None:
    citation = load("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["message"] and citation["title"].startswith(PROJECT["name"])
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    holder = re.search(r"^Copyright \(c\) \d{4} (.+)$", (REPOSITORY / "LICENSE").read_text(encoding="utf-8"), re.M)[1]
    assert [author["name"].lower() for author in citation["authors"]] == [holder.lower()]


def test_the_list_of_outputs_names_files_that_are_there_with_what_they_are() -> None:
    text = (REPOSITORY / "codecheck.yml").read_text(encoding="utf-8")
    assert text.startswith("---\n")
    listed = load("codecheck.yml")["manifest"]
    assert all((REPOSITORY / entry["file"]).is_file() and entry["comment"] for entry in listed)
    names = [entry["file"] for entry in listed]
    assert len(set(names)) == len(names)


def test_every_kept_figure_and_table_that_the_report_prints_is_listed() -> None:
    found = codecheck.listed(paths.REPORT, paths.FIGURES, REPOSITORY / "results" / "kept")
    expected = {path.relative_to(REPOSITORY).as_posix() for path in found}
    # Figures 1 to 12 and Tables II to IV are the report's, whatever the templates are called.
    for stem in [*(f"fig{number}_" for number in range(1, 13)), "table2_", "table3_", "table4_"]:
        assert any(name.startswith(f"figures/{stem}") for name in expected), stem
    assert "results/kept/05_ethnicity_emotion_experiment/gaps.csv" in expected
    assert {entry["file"] for entry in load("codecheck.yml")["manifest"]} == expected, "run make reference"


def test_a_reference_writes_the_list_anew_and_leaves_what_stands_above(tmp_path: Path) -> None:
    for name in ("figures/fig6.png", "kept/04_metric_analysis/summary.csv", "kept/04_metric_analysis/unread.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "report" / "floats").mkdir(parents=True)
    words = (
        '<< figure("04_metric_analysis/fig6") >> << cell("04_metric_analysis/summary", "value") >> << row("05/gone") >>'
    )
    (tmp_path / "report" / "floats" / "a.tex").write_text(words, encoding="utf-8")
    file = tmp_path / "codecheck.yml"
    file.write_text("---\nversion: x\nmanifest:\n  - file: old.csv\n    comment: old\n", encoding="utf-8")
    folders = tmp_path / "report", tmp_path / "figures", tmp_path / "kept"
    assert codecheck.update(file, *folders) == 2
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == {
        "version": "x",
        "manifest": [
            {"file": "figures/fig6.png", "comment": "figure of 04_metric_analysis"},
            {"file": "kept/04_metric_analysis/summary.csv", "comment": "table of 04_metric_analysis"},
        ],
    }
    file.write_text("---\n", encoding="utf-8")
    with pytest.raises(InputError, match="a line manifest:"):
        codecheck.update(file, *folders)


def test_the_crate_says_what_is_kept_and_which_notebook_made_it() -> None:
    text = (REPOSITORY / crate.CRATE).read_text(encoding="utf-8")
    found = json.loads(text)
    parts = {entity["@id"]: entity for entity in found["@graph"]}
    date = parts["./"]["datePublished"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date)
    kept = REPOSITORY / "results" / "kept"
    expected = crate.crate(REPOSITORY, codecheck.listed(paths.REPORT, paths.FIGURES, kept), kept, date)
    assert found == expected, "run make reference"


def test_the_crate_is_one_that_a_reader_of_the_format_can_follow() -> None:
    graph = json.loads((REPOSITORY / crate.CRATE).read_text(encoding="utf-8"))["@graph"]
    parts = {entity["@id"]: entity for entity in graph}
    assert len(parts) == len(graph)
    descriptor, root = parts["ro-crate-metadata.json"], parts["./"]
    assert descriptor["about"] == {"@id": "./"} and descriptor["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.1"
    assert root["@type"] == "Dataset" and {"name", "description", "datePublished", "license"} <= set(root)
    referred = set(re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(graph))) - {"https://w3id.org/ro/crate/1.1"}
    assert referred <= set(parts)
    files = {name for name, entity in parts.items() if "File" in entity["@type"]}
    assert files == {part["@id"] for part in root["hasPart"]}
    assert all((REPOSITORY / name).is_file() and "encodingFormat" in parts[name] for name in files)
    listed = {entry["file"] for entry in load("codecheck.yml")["manifest"]}
    actions = [parts[action["@id"]] for action in root["mentions"]]
    assert {part["@id"] for action in actions for part in action["result"]} == listed
    assert {action["instrument"]["@id"] for action in actions} == {
        f"notebooks/{path.name}" for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb")
    }


def test_hooks_have_the_versions_that_the_tests_use_and_change_notebooks_as_they_do() -> None:
    lock = (REPOSITORY / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    repositories = {entry["repo"].rsplit("/", 1)[1]: entry for entry in load(".pre-commit-config.yaml")["repos"]}
    ruff, nbstripout = repositories["ruff-pre-commit"], repositories["nbstripout"]
    assert f"ruff=={ruff['rev'].removeprefix('v')}" in lock
    assert f"nbstripout=={nbstripout['rev']}" in lock
    assert [hook["id"] for hook in ruff["hooks"]] == ["ruff-check", "ruff-format"]
    assert nbstripout["hooks"][0]["args"] == ["--keep-id"]
    assert "nbstripout --verify --keep-id" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def test_forms_for_issues_ask_for_something_and_say_what() -> None:
    forms = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
    assert len(forms) == 2
    for path in forms:
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert form["name"] and form["description"]
        names = [field["id"] for field in form["body"]]
        assert len(set(names)) == len(names)
        assert all(field["type"] in ("textarea", "input") and field["attributes"]["label"] for field in form["body"])


SPANS = [span for span in re.findall(r"`([^`\n]+)`", GUIDE) if "<" not in span]
FILES = sorted({span for span in SPANS if re.fullmatch(r"[\w./-]+/[\w./-]*", span) and "11" not in span})


@pytest.mark.parametrize("name", FILES)
def test_files_and_folders_of_the_guide_exist(name: str) -> None:
    assert (REPOSITORY / name).exists() or (REPOSITORY / "notebooks" / name).exists()


# Name and file; of the lesson that the guide adds, the one before it stands in.
PLACES = re.findall(r"`(\w+)`\s+(?:of|in|to)\s+`([\w./]+\.(?:py|yaml))`", GUIDE.replace("lesson_11", "lesson_10"))


@pytest.mark.parametrize(("name", "file"), PLACES)
def test_names_of_the_guide_stand_where_it_says(name: str, file: str) -> None:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:def |class )?{name}\s*[:(=]", text, re.MULTILINE)


def test_commands_of_the_guide_test_what_is_there() -> None:
    tests = re.findall(r"`python -m pytest ([^`]+)`", GUIDE)
    assert len(tests) == 4
    assert [name for line in tests for name in line.split() if not (REPOSITORY / name).exists()] == []


def test_rooms_of_the_guide_are_those_of_the_library() -> None:
    (line,) = (line for line in GUIDE.splitlines() if line.startswith("| `facefair_lib/`"))
    rooms = {path.parent.name for path in (paths.REPOSITORY / "facefair_lib").glob("*/__init__.py")}
    assert set(re.findall(r"`(\w+)`", line)) == rooms
