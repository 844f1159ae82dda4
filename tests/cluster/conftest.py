"""A study on a real Slurm. `make test-cluster` runs it; `make test` leaves it out."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect these tests only where the command line names their folder."""
    named = any("cluster" in Path(argument.split("::")[0]).parts for argument in config.args)
    return None if named else True
