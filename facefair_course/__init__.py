"""The course: what the lessons in ``notebooks/course`` import.

``check`` runs a student's function on cases of its own and says what is wrong; ``scorecard`` lists the exercises of a
lesson; ``show`` displays a figure together with its description. The other modules hold what lessons draw and compute.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "check": "facefair_course.checking",
    "scorecard": "facefair_course.checking",
    "show": "facefair_course.display",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name's module on first use."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"facefair_course has no {name}")
