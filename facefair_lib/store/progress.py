"""Progress of long work: one updating line in a notebook, a line now and then in a terminal.

A notebook that papermill runs has no terminal, so its runner names a file in ``FACEFAIR_PROGRESS`` and prints what
arrives there. tqdm is not used: under papermill its widget stays at 0 % and its plain form fills the notebook with
lines.

The remaining time is estimated from the pace since the first step, once enough steps are done. The first step itself is
no measure: it includes starting processes and one-time work, and counts all that an earlier run had finished.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Advance = Callable[[int, int], None]
"""Callback of long work, called after each step with the number of steps done and their total."""

PROGRESS_FILE = "FACEFAIR_PROGRESS"
_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_UPDATES = _SECONDS_BETWEEN_LOOKS = 0.5
# A pace is used after this share of the remaining steps or, of very many, after some steps and seconds.
_ESTIMATE_SHARE, _ESTIMATE_STEPS, _ESTIMATE_SECONDS = 0.05, 5, 10.0
_SHOWN_IN_SECONDS = 120  # longer times are given in minutes


class Progress:
    """Counts steps towards a total and shows how many are done.

    Parameters
    ----------
    title : what is being done, in two or three words
    total : number of steps
    """

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.done = title, total, 0
        self._begin = time.monotonic()
        self._first: tuple[float, int] | None = None  # time of the first step, and the steps done then
        self._last_line = self._last_update = -1e9
        self._display: Any = None

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Count further steps; ``note`` adds a few words, such as the latest score."""
        self.done += steps
        self.show(note)

    @classmethod
    def callback(cls, title: str) -> Advance:
        """A callback for long calls, which shows ``title``, the steps done and the time left."""
        shown = cls(title, 0)

        def advance(done: int, total: int) -> None:
            shown.total = total
            shown.advance(done - shown.done)

        return advance

    def show(self, note: str = "", *, always: bool = False) -> None:
        """Show the progress, unless it was shown a moment ago; the last step, and ``always``, are always shown."""
        now, last = time.monotonic(), always or self.done >= self.total
        if self._first is None and self.done:
            self._first = now, self.done
        text = self._text(now, note)
        if last or now - self._last_update >= _SECONDS_BETWEEN_UPDATES:
            self._last_update = now
            self._update_notebook(text)
        if last or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            write_line(text)

    def _text(self, now: float, note: str) -> str:
        when = ""
        if self.done and self.done >= self.total:
            when = f" in {_duration(now - self._begin)}"
        elif self.done:
            left = self._seconds_left(now)
            when = f" after {_duration(now - self._begin)}" if left is None else f", {_duration(left)} left"
        return f"{self.title}: {self.done}/{self.total}{when}" + (f" · {note}" if note else "")

    def _seconds_left(self, now: float) -> float | None:
        """Time left at the pace since the first step; None while too few steps are done."""
        if self._first is None:
            return None
        seconds, steps = now - self._first[0], self.done - self._first[1]
        some = steps >= _ESTIMATE_SHARE * (self.total - self._first[1])
        many = steps >= _ESTIMATE_STEPS and seconds >= _ESTIMATE_SECONDS
        return seconds / steps * (self.total - self.done) if steps and (some or many) else None

    def _update_notebook(self, text: str) -> None:
        if not in_notebook():
            return
        from IPython.display import HTML, display

        share = self.done / max(self.total, 1)
        bar = HTML(f'<progress value="{share:.3f}" style="width: 16em" aria-label="{self.title}"></progress> {text}')
        if self._display is None:
            self._display = display(bar, display_id=True)
        else:
            self._display.update(bar)


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _SHOWN_IN_SECONDS else f"{seconds / 60:.0f} min"


def write_line(text: str, *, also_in_notebook: bool = False) -> None:
    """Show a line to whoever started this work; in an open notebook, which has a bar, only on request."""
    target = os.environ.get(PROGRESS_FILE)
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    elif also_in_notebook or not in_notebook():
        print(text, file=sys.stderr, flush=True)


@contextmanager
def followed(folder: Path, show: Callable[[str], None]) -> Iterator[None]:
    """Call ``show`` with each line that other processes append to files in a folder while the block runs.

    The folder is emptied first, so that no lines of an earlier study are shown.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    finished = threading.Event()
    follower = threading.Thread(target=_follow, args=(folder, show, finished), daemon=True)
    follower.start()
    try:
        yield
    finally:
        finished.set()
        follower.join()


def _follow(folder: Path, show: Callable[[str], None], finished: threading.Event) -> None:
    read: dict[Path, int] = {}  # bytes of each file that were shown
    last_round = False
    while not last_round:
        last_round = finished.wait(_SECONDS_BETWEEN_LOOKS)
        for path in sorted(folder.iterdir()):
            # Opened anew each time: only then does a network file system ask for what others have written.
            with path.open("rb") as file:
                file.seek(read.get(path, 0))
                for line in file:
                    if line.endswith(b"\n") or last_round:
                        show(line.decode("utf-8", "replace"))
                        read[path] = file.tell()
