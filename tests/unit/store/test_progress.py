"""Progress lines: seldom enough to read, and never without the last one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facefair_lib.store import progress
from facefair_lib.store.progress import PROGRESS_FILE, Progress, followed


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
    assert lines(target) == ["reading: 1/4 after 10 s", "reading: 4/4 in 13 s"]


def test_a_note_follows_the_count_and_always_means_always(
    tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lines"
    monkeypatch.setenv(PROGRESS_FILE, str(target))
    shown = Progress("fit", 3)
    clock[0] = 2
    shown.advance(note="loss 1.0")
    shown.show("still", always=True)
    assert lines(target) == ["fit: 1/3 after 2 s · loss 1.0", "fit: 1/3 after 2 s · still"]


def test_without_a_runner_lines_go_to_the_terminal(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PROGRESS_FILE, raising=False)
    Progress("reading", 1).advance()
    assert capsys.readouterr().err == "reading: 1/1 in 0 s\n"


def test_nothing_to_do_divides_by_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    Progress("reading", 0).show()
    assert capsys.readouterr().err == "reading: 0/0\n"


Told = Callable[[int, list[tuple[float, int]]], list[str]]


@pytest.fixture
def told(clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """Gives what is said of the time at each (seconds since the start, steps done by then)."""
    monkeypatch.delenv(PROGRESS_FILE, raising=False)

    def show(total: int, reached: list[tuple[float, int]]) -> list[str]:
        clock[0] = 0
        shown = Progress("render", total)
        for seconds, done in reached:
            clock[0], shown.done = seconds, done
            shown.show(always=True)
        lines = capsys.readouterr().err.splitlines()
        return [line.split(f"/{total}")[1].lstrip(", ") for line in lines]

    return show


def test_a_slow_start_is_not_taken_for_the_pace(told: Told) -> None:
    # 14 s until processes stand and the body is baked, then eight pictures a second: 701 of them take 102 s in all.
    reached = [(14, 1), (14.125, 2), (18.25, 35), (18.5, 37), (57, 345)]
    assert told(701, reached) == ["after 14 s", "after 14 s", "after 18 s", "83 s left", "44 s left"]


def test_what_an_earlier_run_left_is_not_taken_for_the_pace(told: Told) -> None:
    # 8 of 12 epochs were there; each further one takes a minute.
    assert told(12, [(60, 9), (120, 10), (180, 11)]) == ["after 60 s", "2 min left", "60 s left"]


def test_of_very_many_steps_several_in_some_seconds_are_enough(told: Told) -> None:
    reached = [(1, 1), (6, 51), (11, 101), (12, 111)]
    assert told(10_001, reached) == ["after 1 s", "after 6 s", "16 min left", "16 min left"]
    assert told(10_000, [(1, 1), (30, 4), (31, 5)]) == ["after 1 s", "after 30 s", "after 31 s"]


def test_lines_of_several_jobs_are_shown_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LOOKS", 0.001)
    folder, shown = tmp_path / "logs", []
    folder.mkdir()
    (folder / "old.log").write_text("of an earlier study\n", encoding="utf-8")
    with (
        followed(folder, shown.append),
        (folder / "a.log").open("ab", buffering=0) as first,
        (folder / "b.log").open("ab", buffering=0) as second,
    ):
        first.write("▸ one\n▸ tw".encode())
        second.write(b"three\n")
        while len(shown) < 2:
            time.sleep(0.001)
        assert sorted(shown) == ["three\n", "▸ one\n"]
        first.write(b"o\n")
        while len(shown) < 3:
            time.sleep(0.001)
        second.write(b"cut \xff")
    assert shown[2:] == ["▸ two\n", "cut \ufffd"]
