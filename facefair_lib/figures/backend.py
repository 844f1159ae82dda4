"""Import matplotlib whatever ``MPLBACKEND`` says.

matplotlib refuses to be imported where the variable names no backend that it knows. Figures here are drawn without
pyplot and need none; a name that matplotlib knows is kept for the caller's own figures.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys


def import_matplotlib() -> None:
    """Import matplotlib, unless that was done before, with the backend of ``MPLBACKEND`` if there is such a one."""
    if "matplotlib" in sys.modules:
        return
    named = os.environ.pop("MPLBACKEND", None)
    try:
        matplotlib = importlib.import_module("matplotlib")
    finally:
        if named is not None:
            os.environ["MPLBACKEND"] = named
    if named:
        with contextlib.suppress(ValueError):
            matplotlib.rcParams["backend"] = named


import_matplotlib()
