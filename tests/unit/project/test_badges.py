"""Badges for Binder and Colab: written for an address that somebody names, and for no other."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

SPEC = importlib.util.spec_from_file_location("badges", paths.REPOSITORY / "tools" / "badges.py")
badges = importlib.util.module_from_spec(SPEC)
sys.modules["badges"] = badges  # a dataclass looks its module up there
SPEC.loader.exec_module(badges)

SOMEWHERE = badges.Repository("a-school", "faces.2026", "main")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that badges are written to."""
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(paths.REPOSITORY / name, tmp_path)
    shutil.copytree(paths.NOTEBOOKS / "course", tmp_path / "notebooks" / "course")
    return tmp_path


@pytest.mark.parametrize("text", ["", "owner", "owner/name/more", "https://github.com/owner/name", "owner/na me"])
def test_anything_but_owner_and_name_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="make badges REPO=owner/name"):
        badges.Repository.parse(text, "main")


def test_a_badge_opens_the_notebook_in_binder_and_the_lessons_copy_in_colab() -> None:
    shown = SOMEWHERE.badges("notebooks/course/01_what_a_mask_is.ipynb")
    assert (
        "(https://mybinder.org/v2/gh/a-school/faces.2026/main?labpath=notebooks%2Fcourse%2F01_what_a_mask_is.ipynb)"
    ) in shown
    assert (
        "(https://colab.research.google.com/github/a-school/faces.2026/blob/main/notebooks/colab/01_what_a_mask_is.ipynb)"
    ) in shown
    assert "colab" not in SOMEWHERE.badges("notebooks/explore.ipynb")


def test_the_address_is_kept_in_one_place_and_the_next_replaces_it_and_nothing_else(copy: Path) -> None:
    badges.record(badges.Repository("somebody", "else", "trunk"), copy)
    before = (copy / "pyproject.toml").read_text()
    badges.record(SOMEWHERE, copy)
    assert badges.recorded(copy) == SOMEWHERE
    after = (copy / "pyproject.toml").read_text()
    assert after.replace("a-school/faces.2026/tree/main", "somebody/else/tree/trunk") == before


def test_the_readme_changes_between_its_marks_only(copy: Path) -> None:
    before = (copy / "README.md").read_text()
    badges.write_readme(SOMEWHERE, copy)
    after = (copy / "README.md").read_text()
    assert after.split(badges.BEGIN)[0] == before.split(badges.BEGIN)[0]
    assert after.split(badges.END)[1] == before.split(badges.END)[1]
    written = after.split(badges.BEGIN)[1].split(badges.END)[0]
    opened = [part.split(")")[0] for part in written.split("?labpath=")[1:]]
    assert len(opened) == written.count("mybinder.org/v2/gh/a-school/faces.2026/main") == 3
    assert all((paths.REPOSITORY / path.replace("%2F", "/")).exists() for path in opened)
    badges.write_readme(SOMEWHERE, copy)
    assert (copy / "README.md").read_text() == after


def test_colab_gets_every_lesson_with_one_more_cell_that_fetches_the_library(copy: Path) -> None:
    (copy / badges.COLAB).mkdir(parents=True)
    (copy / badges.COLAB / "00_gone.ipynb").touch()
    written = badges.write_colab(SOMEWHERE, copy)
    lessons = sorted((paths.NOTEBOOKS / "course").glob("*.ipynb"))
    assert [path.name for path in written] == [path.name for path in lessons]
    assert sorted((copy / badges.COLAB).iterdir()) == written
    for lesson, path in zip(lessons, written, strict=True):
        notebook, original = (json.loads(file.read_text(encoding="utf-8")) for file in (path, lesson))
        fetching = "".join(notebook["cells"].pop(1)["source"])
        assert notebook == original
        assert "git clone" in fetching
        assert "https://github.com/a-school/faces.2026.git" in fetching
        requirements = fetching.split("--requirement facefair/")[1].split()[0]
        assert (paths.REPOSITORY / requirements).exists()
