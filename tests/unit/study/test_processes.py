"""Work over processes: every job once, errors come through, one worker needs no process."""

from __future__ import annotations

import operator
import os

import pytest

from facefair_lib.processes import spread


def test_every_job_is_done_once_whatever_the_number_of_processes() -> None:
    jobs = [(number, 10) for number in range(5)]
    assert sorted(spread(operator.mul, jobs, 2)) == [0, 10, 20, 30, 40]
    assert list(spread(operator.mul, jobs, 1)) == [0, 10, 20, 30, 40]
    assert list(spread(operator.mul, [], 4)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_job_is_the_callers_error(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(spread(operator.truediv, [(1, 0), (1, 0)], workers))


def test_one_job_or_one_worker_stays_in_this_process() -> None:
    assert list(spread(os.getpid, [()], 8)) == [os.getpid()]
    assert set(spread(os.getpid, [(), ()], 1)) == {os.getpid()}
    assert os.getpid() not in set(spread(os.getpid, [(), ()], 2))
