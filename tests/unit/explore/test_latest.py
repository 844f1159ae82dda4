from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from facefair_lib.explore.latest import LatestWorker, Poller

PATIENCE = 20.0


class Recorder:
    """Work that can be held up, and what was done."""

    def __init__(self) -> None:
        self.done: list[tuple[object, bool]] = []
        self.errors: list[Exception] = []
        self.free, self.begun = threading.Event(), threading.Event()
        self.free.set()

    def __call__(self, value: object, fine: bool) -> None:
        self.begun.set()
        assert self.free.wait(PATIENCE)
        if isinstance(value, Exception):
            raise value
        self.done.append((value, fine))

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + PATIENCE
        while len(self.done) < count and time.monotonic() < end:
            time.sleep(0.005)
        assert len(self.done) >= count


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def worker(recorder: Recorder) -> Iterator[LatestWorker]:
    made = LatestWorker(recorder, recorder.errors.append, pause=0.05)
    yield made
    recorder.free.set()
    made.close()


def test_a_draft_is_made_at_once_and_refined_when_changes_pause(recorder: Recorder, worker: LatestWorker) -> None:
    worker.submit("a")
    recorder.wait_for(2)
    assert recorder.done == [("a", False), ("a", True)]


def test_of_many_changes_during_work_only_the_last_is_worked_on(recorder: Recorder, worker: LatestWorker) -> None:
    recorder.free.clear()
    worker.submit(0)
    assert recorder.begun.wait(PATIENCE)
    for value in range(1, 50):
        worker.submit(value)
    recorder.free.set()
    recorder.wait_for(3)
    assert recorder.done == [(0, False), (49, False), (49, True)]


def test_work_going_on_learns_that_something_newer_was_asked_for(recorder: Recorder, worker: LatestWorker) -> None:
    recorder.free.clear()
    worker.submit(0)
    assert recorder.begun.wait(PATIENCE)
    assert not worker.is_stale()
    worker.submit(1)
    assert worker.is_stale()


def test_an_error_is_told_and_the_next_value_is_worked_on(recorder: Recorder, worker: LatestWorker) -> None:
    problem = ValueError("no such picture")
    worker.submit(problem)
    worker.submit("b")
    recorder.wait_for(2)
    assert recorder.done == [("b", False), ("b", True)]
    assert set(recorder.errors) <= {problem}


def test_closing_ends_the_thread_and_what_waits_is_not_begun(recorder: Recorder) -> None:
    worker = LatestWorker(recorder, recorder.errors.append, pause=60)
    worker.submit("a")
    recorder.wait_for(1)
    worker.close()  # within the pause: does not wait for it
    assert recorder.done == [("a", False)]
    assert not any(thread is worker._thread for thread in threading.enumerate())


def test_a_poller_calls_again_and_again_until_it_is_closed() -> None:
    calls: list[float] = []
    enough = threading.Event()

    def call() -> None:
        calls.append(time.monotonic())
        if len(calls) == 3:
            enough.set()

    poller = Poller(call, 0.01)
    assert enough.wait(PATIENCE)
    poller.close()
    count = len(calls)
    time.sleep(0.05)
    assert len(calls) == count
