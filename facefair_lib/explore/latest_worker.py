"""Work in threads: only the latest request is done, so that dragging a slider does not queue up work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

PAUSE = 0.4
"""Seconds without a change after which a draft is refined."""


class LatestWorker(Generic[Value]):
    """Works on the latest value in a thread of its own: a draft at once, the fine version when changes pause.

    Of the values that arrive during work, only the last is worked on.

    Parameters
    ----------
    work : called with (value, fine); ``fine`` is False for the draft. Long fine work checks ``is_stale`` between its
        steps
    on_error : called with whatever ``work`` raises; the worker then continues with the next value
    pause : seconds to wait for another change before the fine version

    Notes
    -----
    A kernel's event loop handles one widget message at a time, so work done there would be done for every position that
    a slider passes. Here the loop only stores the newest value.
    """

    def __init__(
        self, work: Callable[[Value, bool], None], on_error: Callable[[Exception], None], pause: float = PAUSE
    ) -> None:
        self._work, self._on_error, self._pause = work, on_error, pause
        self._changed = threading.Condition()
        self._waiting: list[Value] = []  # empty, or the one value to work on next
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="facefair-explorer", daemon=True)
        self._thread.start()

    def submit(self, value: Value) -> None:
        """Request ``value``; an earlier request that has not been started is dropped."""
        with self._changed:
            self._waiting = [value]
            self._changed.notify()

    def is_stale(self) -> bool:
        """Whether there has been a newer request, or the worker was closed, since the current work started."""
        return bool(self._waiting) or self._closed

    def close(self) -> None:
        """Stop after the current work, and wait for it."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                self._changed.wait_for(self.is_stale)
                taken, self._waiting = self._waiting, []
            for value in taken:
                self._attempt(value, False)
                with self._changed:
                    changed = self._changed.wait_for(self.is_stale, self._pause)
                if not changed:
                    self._attempt(value, True)

    def _attempt(self, value: Value, fine: bool) -> None:
        try:
            self._work(value, fine)
        except Exception as error:  # the thread must survive a failed picture
            self._on_error(error)


class Poller:
    """Calls a function at intervals from a thread of its own, also while a cell keeps the kernel busy."""

    def __init__(self, function: Callable[[], None], seconds: float) -> None:
        self._stop = threading.Event()
        self._function, self._seconds = function, seconds
        self._thread = threading.Thread(target=self._run, name="facefair-poller", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait for the current call."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._function()
