"""One study at a time in one folder of results."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = ".lock"


@contextmanager
def alone_in(folder: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Hold a folder's lock while the block runs; if another process holds it, say so and wait.

    The operating system releases the lock when the last process that holds it ends, however it ends.

    Parameters
    ----------
    folder : made if it does not exist
    say : called with a line for the user if the lock is held or unavailable

    Yields
    ------
    the lock's file descriptor; a child process that inherits it holds the lock too
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _FILE).open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another study is running in {folder}; this one waits until it has ended …")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            say(f"the file system of {folder} has no locks: do not start another study there while this one runs")
        yield file.fileno()
