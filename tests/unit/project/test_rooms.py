"""The house: rooms that import from rooms below them, and doors that open at once."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from facefair_lib.settings.paths import PACKAGES, REPOSITORY

DOORS = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("__init__.py"))]


def test_every_room_imports_only_from_rooms_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(REPOSITORY / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_every_room_has_its_place_in_the_order() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    for contract, package in zip(settings["contracts"], ("facefair_lib", "facefair_heads"), strict=False):
        placed = {room for layer in contract["layers"] for room in layer.split(" | ")}
        rooms = {f"{package}.{path.parent.name}" for path in (REPOSITORY / package).glob("*/__init__.py")}
        assert rooms <= placed


@pytest.mark.parametrize("door", DOORS, ids=lambda path: str(path.parent.relative_to(REPOSITORY)))
def test_a_door_opens_without_opening_a_room(door: Path) -> None:
    """The library's own door sets torchvision right; the explorers' asks whether anybody is looking."""
    allowed = {"facefair_lib.models", "facefair_lib.store.progress"}
    for node in ast.parse(door.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] not in PACKAGES or node.module in allowed, node.module


def test_doors_hand_on_what_they_name_and_nothing_else() -> None:
    import facefair_course
    import facefair_heads

    for door in (facefair_course, facefair_heads):
        assert all(getattr(door, name) is not None for name in door.__all__)
        assert not hasattr(door, "sculpt")


def test_rendered_people_need_no_study() -> None:
    code = "import facefair_heads.sets.dataset, sys; print([m for m in sys.modules if m.startswith('facefair_lib.')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    rooms = {name.split(".")[1] for name in ast.literal_eval(shown.stdout)}
    assert rooms == {"errors", "settings", "store", "models"}  # of models, what sets torchvision right
