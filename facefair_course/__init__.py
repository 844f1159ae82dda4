"""The course: what the lessons in ``notebooks/course`` import.

``check`` runs a student's function on cases of its own and says what is wrong; ``scorecard`` lists the exercises of a
lesson; ``show`` displays a figure together with its description. What a lesson draws and computes is in modules beside.
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
    """Open the module that holds a name when the name is asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"facefair_course has no {name}")
