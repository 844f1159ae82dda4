"""Run one function over many files on all cores, in order, with a progress callback."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from facefair_lib.store.processes import available_cores
from facefair_lib.store.progress import Advance

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 16  # queued items per thread: enough that a slow item blocks no other; queueing all would cost memory


def map_ordered(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    progress: Advance | None = None,
    workers: int | None = None,
) -> list[Result]:
    """Apply ``function`` to every item and return the results in the items' order.

    Threads suffice: decoding, resizing, sorting and hashing release Python's global lock. Threads need no pickling and
    start at once in notebooks. The first error stops the work and is raised unchanged.

    Parameters
    ----------
    progress : called with (done, total) after each item, from the calling thread
    workers : number of threads; None = one per core, and no threads at all for a single item
    """
    count = min(workers or available_cores(), max(len(items), 1))
    if count == 1:
        return [_report(function(item), done, len(items), progress) for done, item in enumerate(items, 1)]
    waiting, results = iter(items), []
    with ThreadPoolExecutor(count) as pool:
        futures = deque(pool.submit(function, item) for item in islice(waiting, _AHEAD * count))
        try:
            while futures:
                results.append(_report(futures.popleft().result(), len(results) + 1, len(items), progress))
                futures.extend(pool.submit(function, item) for item in islice(waiting, 1))
            return results
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _report(result: Result, done: int, total: int, progress: Advance | None) -> Result:
    if progress is not None:
        progress(done, total)
    return result
