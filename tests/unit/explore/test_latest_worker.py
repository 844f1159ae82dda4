from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from facefair_lib.explore.latest_worker import LatestWorker, Poller

HANG = 600.0
"""Seconds after which a test is taken to hang; no test needs them."""


class Recorder:
    """Work that can be held up, and what was done."""

    def __init__(self) -> None:
        self.done: list[tuple[object, bool]] = []
        self.one_more = threading.Condition()
        self.errors: list[Exception] = []
        self.free, self.begun = threading.Event(), threading.Event()
        self.free.set()

    def __call__(self, value: object, fine: bool) -> None:
        self.begun.set()
        assert self.free.wait(HANG)
        if isinstance(value, Exception):
            raise value
        with self.one_more:
            self.done.append((value, fine))
            self.one_more.notify_all()

    def wait_for(self, count: int) -> None:
        with self.one_more:
            assert self.one_more.wait_for(lambda: len(self.done) >= count, HANG)


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
    assert recorder.begun.wait(HANG)
    for value in range(1, 50):
        worker.submit(value)
    recorder.free.set()
    recorder.wait_for(3)
    assert recorder.done == [(0, False), (49, False), (49, True)]


def test_work_going_on_learns_that_something_newer_was_asked_for(recorder: Recorder, worker: LatestWorker) -> None:
    recorder.free.clear()
    worker.submit(0)
    assert recorder.begun.wait(HANG)
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
    worker = LatestWorker(recorder, recorder.errors.append, pause=threading.TIMEOUT_MAX)
    worker.submit("a")
    recorder.wait_for(1)
    worker.close()  # within the pause, which has no end
    assert recorder.done == [("a", False)]
    assert not any(thread is worker._thread for thread in threading.enumerate())


def test_a_poller_calls_again_and_again_until_it_is_closed() -> None:
    calls: list[int] = []
    enough = threading.Event()

    def call() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            enough.set()

    poller = Poller(call, 0.01)
    assert enough.wait(HANG)
    poller.close()
    assert not poller._thread.is_alive()  # and nothing else calls
