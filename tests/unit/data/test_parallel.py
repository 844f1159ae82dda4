from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from facefair_lib.errors import InputError
from facefair_lib.store import parallel
from facefair_lib.store.parallel import map_ordered

HANG = 600
"""Seconds after which a test is taken to hang; no test needs them."""


def test_results_keep_the_order_of_the_items_whatever_finishes_first():
    last_begun = threading.Event()

    def first_item_finishes_last(item: int) -> int:
        if item == 0:
            assert last_begun.wait(HANG)
        if item == 5:
            last_begun.set()
        return item * item

    done: list[tuple[int, int]] = []
    squares = map_ordered(first_item_finishes_last, range(6), lambda n, total: done.append((n, total)), workers=3)
    assert squares == [0, 1, 4, 9, 16, 25]
    assert done == [(n, 6) for n in range(1, 7)]


def test_progress_is_reported_from_the_calling_thread():
    threads = set()
    map_ordered(str, range(4), lambda *_: threads.add(threading.current_thread()), workers=2)
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (3, 4)])  # one thread may take another item before the stop
def test_the_first_error_stops_the_work_and_arrives_unchanged(
    workers: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, started = threading.Event(), []

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            stopped.set()
            super().shutdown(wait=wait)

    def fail(item: int) -> None:
        started.append(item)
        if item > 0:
            assert stopped.wait(HANG)
        raise InputError(f"file {item}", found="x", expected="y", do="z")

    monkeypatch.setattr(parallel, "ThreadPoolExecutor", Pool)
    with pytest.raises(InputError, match="file 0"):
        map_ordered(fail, range(200), workers=workers)
    assert len(started) <= most


def test_no_items_give_no_results():
    assert map_ordered(str, []) == []
