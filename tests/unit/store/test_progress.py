"""Progress lines: seldom enough to read, and never without the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefair_lib.store import progress
from facefair_lib.store.progress import PROGRESS_FILE, Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds since the start, for the test to move on."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_lines_go_to_the_file_that_the_runner_names(
    tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lines"
    monkeypatch.setenv(PROGRESS_FILE, str(target))
    shown = Progress("reading", 4)
    for seconds in (10, 11, 12, 13):
        clock[0] = seconds
        shown.advance()
    # Steps 2 and 3 came within ten seconds of a line; the last step is never left out.
    assert lines(target) == ["reading: 1/4, 30 s left", "reading: 4/4 in 13 s"]


def test_a_note_follows_the_count_and_always_means_always(
    tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lines"
    monkeypatch.setenv(PROGRESS_FILE, str(target))
    shown = Progress("fit", 3)
    clock[0] = 2
    shown.advance(note="loss 1.0")
    shown.show("still", always=True)
    assert lines(target) == ["fit: 1/3, 4 s left · loss 1.0", "fit: 1/3, 4 s left · still"]


def test_without_a_runner_lines_go_to_the_terminal(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PROGRESS_FILE, raising=False)
    Progress("reading", 1).advance()
    assert capsys.readouterr().err == "reading: 1/1 in 0 s\n"


def test_nothing_to_do_divides_by_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    Progress("reading", 0).show()
    assert capsys.readouterr().err == "reading: 0/0\n"
