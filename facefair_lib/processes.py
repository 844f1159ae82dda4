"""Work spread over processes, and processes that end with whoever started them."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, so that a killed study leaves no kernel computing on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG


def spread(work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Any]:
    """Call ``work(*job)`` for every job and give the results as they come, in whatever order that is.

    Parameters
    ----------
    work : a function of a module, so that other processes can import it
    workers : processes; with one, or with one job, everything is done here, because a process costs its start
    """
    if min(workers, len(jobs)) <= 1:
        for job in jobs:
            yield work(*job)
        return
    # "spawn": a forked child would inherit the threads of torch and Warp in an undefined state.
    processes = min(workers, len(jobs))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=die_with_parent) as pool:
        futures = [pool.submit(work, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
