"""The site: what its pages are made of."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import posixpath
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

TOOLS = paths.REPOSITORY / "tools"


def load(name: str, path: Path) -> ModuleType:
    """A program that is no part of the library."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(TOOLS)  # where Python looks first when the program is started
    docs = load("build_docs", TOOLS / "build_docs.py")


def test_every_module_of_the_reference_exists() -> None:
    assert [name for _, modules in docs.REFERENCE for name in modules if importlib.util.find_spec(name) is None] == []


def test_links_of_the_readme_lead_to_pages_of_the_site_or_are_plain_text() -> None:
    readme = "[a](notebooks/01_data_preparation.ipynb) [b](config) [c](https://example.org) ![d](figures/x.png)"
    linked = docs.site_links(readme, "README.md")
    assert linked == "[a](study/01_data_preparation.ipynb) b [c](https://example.org) ![d](figures/x.png)"
    beside = docs.site_links("[a](notebooks/course/README.md) [b](notebooks/explore.ipynb)", "README.md")
    assert beside == "[a](course/README.md) [b](explorers.md)"
    assert (
        docs.site_links("[a](docs/profiles.md#installing) [b](#b)", "README.md")
        == "[a](profiles.md#installing) [b](#b)"
    )


def test_links_of_other_pages_start_from_their_own_folders() -> None:
    guide = "[a](../README.md) [b](profiles.md#profiles) ![c](../figures/x.jpg) [d](../report) [e](../facefair_lib)"
    linked = "[a](index.md) [b](profiles.md#profiles) ![c](figures/x.jpg) [d](report.md) e"
    assert docs.site_links(guide, "docs/data_sets.md") == linked
    course = "[a](../02_train_deeplabv3.ipynb) [b](01_what_a_mask_is.ipynb) [c](solutions)"
    linked = "[a](../study/02_train_deeplabv3.ipynb) [b](01_what_a_mask_is.ipynb) c"
    assert docs.site_links(course, "notebooks/course/README.md") == linked
    assert (
        docs.site_links("[a](mailto:a@b) ![b](attachment:c.png)", "README.md")
        == "[a](mailto:a@b) ![b](attachment:c.png)"
    )


def test_links_of_a_notebook_lead_to_pages_of_the_site(tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T"), nbformat.v4.new_code_cell("[a](b)")])
    book.cells[0].source += "\n[a](../06_reproduction_audit.ipynb)"
    docs.write_notebook(book, tmp_path / "x.ipynb", "notebooks/course/06_scores_that_mislead.ipynb", None)
    title, code = nbformat.read(tmp_path / "x.ipynb", 4).cells
    assert title.source == "# T\n[a](../study/06_reproduction_audit.ipynb)" and code.source == "[a](b)"


def test_every_page_that_is_no_notebook_is_written_and_stands_in_the_contents(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(docs, "SOURCE", tmp_path)
    docs.write_pages([], has_report=False)
    contents = (tmp_path / "index.md").read_text(encoding="utf-8").split("```{toctree}")[1:]
    listed = {line for part in contents for line in part.splitlines() if line and line[0] not in ":`"}
    written = {path.relative_to(tmp_path).with_suffix("").as_posix() for path in tmp_path.rglob("*.md")}
    assert written - {"index"} <= listed
    assert {"explorers", "report", *docs.GUIDES} <= written
    # No page is written over another: a part of the reference may be called as a guide is.
    assert len(written) == len(docs.pages()) + len(docs.REFERENCE) + 1


@pytest.mark.parametrize("page", docs.pages())
def test_links_of_a_page_lead_to_what_the_site_holds(page: str) -> None:
    lessons = {f"course/{path.name}" for path in docs.COURSE.glob("*.ipynb")}
    pictures = {f"figures/{path.name}" for path in paths.FIGURES.iterdir()}
    explorers = {f"static/explorers/{path.name}" for path in (docs.DOCS / "static" / "explorers").iterdir()}
    written = {docs.site_place(place) for place in docs.pages()} | {"report.md"}
    held = written | lessons | pictures | explorers | {f"study/{name}.ipynb" for name in docs.NOTEBOOK_STAGES}
    text = docs.site_links((paths.REPOSITORY / page).read_text(encoding="utf-8"), page)
    folder = posixpath.dirname(docs.site_place(page))
    targets = [target for target in re.findall(r"\]\(([^)\s#]+)", text) if not target.startswith("http")]
    assert {posixpath.normpath(posixpath.join(folder, target)) for target in targets} <= held


def test_badges_follow_a_pages_title_where_the_repository_has_an_address(tmp_path: Path) -> None:
    title = nbformat.v4.new_markdown_cell("# Title\n\n**Question?**")
    book = nbformat.v4.new_notebook(cells=[title])
    docs.write_notebook(book, tmp_path / "plain.ipynb", "notebooks/explore.ipynb", None)
    assert nbformat.read(tmp_path / "plain.ipynb", 4).cells[0].source == "# Title\n\n**Question?**"
    repository = docs.Repository("a-school", "faces", "main")
    docs.write_notebook(book, tmp_path / "badge.ipynb", "notebooks/explore.ipynb", repository)
    lines = nbformat.read(tmp_path / "badge.ipynb", 4).cells[0].source.splitlines()
    assert lines[0] == "# Title"
    assert "mybinder.org/v2/gh/a-school/faces/main?labpath=notebooks%2Fexplore.ipynb" in lines[2]
    assert lines[-1] == "**Question?**"


def test_pictures_of_the_explorers_that_their_page_shows_exist_and_are_described() -> None:
    page = (docs.DOCS / "explorers.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page)
    assert len(shown) == 5
    assert all(len(alt) > 20 and (docs.DOCS / target).exists() for alt, target in shown)


def test_a_notebooks_picture_is_found_by_its_content_and_keeps_its_description() -> None:
    settings = load("site_settings", docs.DOCS / "conf.py")
    content = base64.b64encode(b"a picture").decode()
    described = {"data": {"image/png": content + "\n"}, "metadata": {"image/png": {"alt": "two curves"}}}
    bare = {"data": {"image/png": content}, "metadata": {}}
    notebook = {"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [bare, described]}]}
    assert settings.descriptions(notebook) == {hashlib.sha256(b"a picture").hexdigest(): "two curves"}


def test_a_study_that_has_not_run_is_named_with_the_command_that_runs_it(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    with pytest.raises(InputError, match="make study PROFILE=quick"):
        docs.collect("quick")
