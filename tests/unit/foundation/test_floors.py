"""The house: a room imports only from itself and from floors below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from facefair_lib.paths import LIBRARY

FLOORS: dict[int, str] = {
    1: "errors path_text spreadsheet labels profile_files config paths results progress torchvision_hook kernel "
    "processes workflow provenance results_folder locking screen",
    2: "data heads confusion metrics boundary plausibility",
    3: "models training inference legacy composition comparison",
    4: "uncertainty fairness analysis titles consistency small_samples adaptation export agreement score_table",
    5: "figures report parsing check_sentences",
    6: "__main__ commands explore study runner orchestrate experiment photographs counterfactuals compared_networks "
    "second_looks course reuse",
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms.split()}

# Rooms of one floor may use each other only in this direction; a room that is not listed uses no neighbour.
NEIGHBOURS: dict[str, set[str]] = {
    "errors": {"path_text"},
    "spreadsheet": {"errors", "path_text"},
    "labels": {"errors"},
    "config": {"errors", "labels", "paths", "profile_files"},
    "profile_files": {"errors"},
    "results": {"errors", "paths", "path_text"},
    "workflow": {"config", "paths", "results", "errors", "path_text"},
    "provenance": {"config", "results", "workflow"},
    "results_folder": {"errors", "path_text", "paths", "provenance", "workflow"},
    "processes": {"paths"},
    "kernel": {"processes"},
    "metrics": {"confusion"},
    "training": {"models"},
    "inference": {"models", "training"},
    "legacy": {"inference", "models", "training"},  # it compares its protocol with the study's own
    "composition": {"inference", "models", "training"},
    "comparison": {"inference", "models", "training"},
    "fairness": {"uncertainty"},
    "agreement": {"uncertainty"},
    "small_samples": {"fairness"},
    "score_table": {"consistency"},
    "analysis": {"fairness", "uncertainty", "titles", "agreement"},
    "parsing": {"figures"},  # it draws overlays
    "orchestrate": {"runner"},
    "counterfactuals": {"experiment"},
    "photographs": {"study"},
    "compared_networks": {"study"},
    "runner": {"experiment", "reuse"},
    "study": {"runner"},
    "explore": {"study"},
    "commands": {"explore"},
    "__main__": {"commands", "runner", "orchestrate"},
}

MODULES = sorted(LIBRARY.rglob("*.py"))


def room_of(module: Path) -> str:
    parts = module.relative_to(LIBRARY).with_suffix("").parts
    return parts[0]


def imported_rooms(module: Path) -> set[str]:
    """Rooms that a module imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides which room it enters"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith(f"{LIBRARY.name}.")}
    return rooms


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_imports_from_its_room_and_from_floors_below(module: Path) -> None:
    room = room_of(module)
    if room == "__init__":  # the package itself, which opens nothing but the hook
        assert imported_rooms(module) == {"torchvision_hook"}
        return
    assert room in FLOOR, f"the room {room!r} stands on no floor yet: give it one here and in the design"
    for other in imported_rooms(module) - {room}:
        below = FLOOR[other] < FLOOR[room] or other in NEIGHBOURS.get(room, set())
        assert below, f"{room} (floor {FLOOR[room]}) imports {other} (floor {FLOOR[other]})"


def test_no_two_rooms_need_each_other() -> None:
    open_rooms = {room: set(others) for room, others in NEIGHBOURS.items()}
    while open_rooms:
        free = {room for room, others in open_rooms.items() if not others & set(open_rooms)}
        assert free, f"a circle among {sorted(open_rooms)}"
        open_rooms = {room: others for room, others in open_rooms.items() if room not in free}


def test_every_room_on_the_plan_exists() -> None:
    rooms = {room_of(module) for module in MODULES}
    assert set(FLOOR) <= rooms


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    lengths = {str(path.relative_to(LIBRARY)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
