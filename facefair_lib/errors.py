"""Errors that a user can act on."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

from facefair_lib.settings.path_text import path_text


class InputError(ValueError):
    """An input that cannot be used: the message says which, what was found, what was expected and what to do."""

    def __init__(self, subject: object, *, found: str, expected: str, do: str) -> None:
        self.subject, self.found, self.expected, self.do = subject, found, expected, do
        named = path_text(subject) if isinstance(subject, Path) else subject
        super().__init__(f"{named}\n  found:    {found}\n  expected: {expected}\n  do:       {do}")

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send errors back pickled, and default pickling loses keyword-only arguments.
        return partial(InputError, self.subject, found=self.found, expected=self.expected, do=self.do), ()


_ELSEWHERE = "or choose another place (FACEFAIR_RESULTS for results, FACEFAIR_CACHE for the cache); then run it again"
_FULL = f"free some space, {_ELSEWHERE}"
_CLOSED = f"allow writing there, {_ELSEWHERE}"
_DO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FULL),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _CLOSED),
}


def unwritable(error: OSError) -> InputError | None:
    """The message for a full disk or a read-only folder; None for any other system error."""
    if error.errno not in _DO:
        return None
    subject = Path(error.filename) if isinstance(error.filename, str) else "a file of the study"
    return InputError(subject, found=str(error.strerror), expected="a file that can be written", do=_DO[error.errno])
