"""Errors that a user can act on."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.settings.path_text import path_text


class InputError(ValueError):
    """Something the user gave cannot be used: the message names it, what was found, what was expected, what to do."""

    def __init__(self, subject: object, *, found: str, expected: str, do: str) -> None:
        self.subject, self.found, self.expected, self.do = subject, found, expected, do
        named = path_text(subject) if isinstance(subject, Path) else subject
        super().__init__(f"{named}\n  found:    {found}\n  expected: {expected}\n  do:       {do}")

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling, and worker processes send errors back pickled.
        return _rebuild, (self.subject, self.found, self.expected, self.do)


def _rebuild(subject: object, found: str, expected: str, do: str) -> InputError:
    return InputError(subject, found=found, expected=expected, do=do)
