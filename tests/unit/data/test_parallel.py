from __future__ import annotations

import threading
import time

import pytest

from facefair_lib.data.parallel import map_ordered
from facefair_lib.errors import InputError


def test_results_keep_the_order_of_the_items_whatever_finishes_first():
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    done: list[tuple[int, int]] = []
    assert map_ordered(slow_first, range(6), lambda n, total: done.append((n, total)), workers=3) == [
        0,
        1,
        4,
        9,
        16,
        25,
    ]
    assert done == [(n, 6) for n in range(1, 7)]


def test_progress_is_reported_from_the_calling_thread():
    threads = set()
    map_ordered(str, range(4), lambda *_: threads.add(threading.current_thread()), workers=2)
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_error_stops_the_work_and_arrives_unchanged(workers: int):
    started = []

    def fail(item: int) -> None:
        started.append(item)
        time.sleep(0.002)
        raise InputError(f"file {item}", found="x", expected="y", do="z")

    with pytest.raises(InputError, match="file 0"):
        map_ordered(fail, range(200), workers=workers)
    assert len(started) < 200


def test_no_items_give_no_results():
    assert map_ordered(str, []) == []
