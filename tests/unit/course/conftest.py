"""Nothing that one test passed counts for another."""

from __future__ import annotations

import pytest

from facefair_course import checking


@pytest.fixture(autouse=True)
def nothing_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_passed", set())
