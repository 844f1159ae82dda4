"""Every test: no window, one thread, no network. Set before anything imports matplotlib or torch."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ["MPLBACKEND"] = "Agg"
os.environ["OMP_NUM_THREADS"] = "1"  # torch reads it at import: sums keep their order, cores are not fought over
os.environ["MKL_NUM_THREADS"] = "1"

# Derived from the test's own code, so that a failure repeats; no limit of time, because other work may share the
# machine.
_TIMELESS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("facefair", derandomize=True, max_examples=50, **_TIMELESS)
settings.register_profile("long", max_examples=1500, **_TIMELESS)
settings.load_profile("facefair")


TESTS = Path(__file__).parent
SLOW = (
    *("whole", "browser", "unit/course", "unit/experiments", "unit/heads", "unit/models", "unit/parse", "unit/study"),
    *("unit/training", "unit/data/test_check.py", "unit/data/test_masked_sets_study.py"),
    "unit/data/test_spoilt_files.py",
    *("unit/explore/test_person_explorer.py", "unit/explore/test_training_viewer.py"),
    *("unit/fairness/test_fairness_simulations.py", "unit/project/test_benchmarks.py", "unit/project/test_docs.py"),
    "unit/report/test_build_report.py",
    *("unit/reproduction/test_run.py", "unit/store/test_digests.py", "unit/store/test_screen.py"),
)
"""Folders and files whose tests fit, render, run notebooks, start processes or import the heaviest packages: `make
test-fast` leaves them out."""


def _is_slow(path: Path) -> bool:
    return any(path.is_relative_to(TESTS / place) for place in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only the rest is asked for, what is slow is not even imported."""
    return True if config.option.markexpr == "not slow" and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow."""
    for item in items:
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection but those between processes of this machine through files."""

    def guarded(name: str):
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: object) -> object:
            if self.family != socket.AF_UNIX:
                raise PermissionError(f"a test tried to reach {address} through the network")
            return original(self, address)

        return connect

    def resolve(host: object, *_: object, **__: object) -> object:
        raise PermissionError(f"a test tried to look up {host!r} in the network")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", resolve)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_number_format() -> Iterator[None]:
    """Fits compute in fp32 on every CPU, however busy it is and whatever it announces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("facefair_lib.training.device._cpu_field", lambda key: {"model name": "Some CPU"}.get(key, ""))
        yield
