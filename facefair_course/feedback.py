"""What a check says, as plain text and as HTML: the mark is a word and a sign, never a colour alone."""

from __future__ import annotations

import html
from dataclasses import dataclass

_SIGNS = {"passed": "✓", "not yet": "✗", "unknown": "?"}
_EDGES = {"passed": "#2e7d32", "not yet": "#b26a00", "unknown": "#6b6b6b"}


@dataclass(frozen=True)
class Feedback:
    """The outcome of one check.

    Attributes
    ----------
    exercise : name of the exercise
    state : ``passed``, ``not yet`` or ``unknown`` (there is no such exercise)
    summary : one sentence
    details : what was tried, what came back, what to think about; one line each
    """

    exercise: str
    state: str
    summary: str
    details: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case was right."""
        return self.state == "passed"

    def __str__(self) -> str:
        return "\n".join([f"{self._headline} {self.summary}", *(f"   {line}" for line in self.details)])

    __repr__ = __str__  # a notebook without HTML, and a terminal, show this

    def _repr_html_(self) -> str:
        edge = _EDGES[self.state]
        lines = "".join(f'<div style="margin-top:.25em">{html.escape(line)}</div>' for line in self.details)
        return (
            f'<div role="status" style="border-left:.4em solid {edge};padding:.4em .8em;margin:.3em 0">'
            f"<strong>{html.escape(self._headline)}</strong> {html.escape(self.summary)}{lines}</div>"
        )

    @property
    def _headline(self) -> str:
        return f"{_SIGNS[self.state]} {self.exercise}: {self.state}."


@dataclass(frozen=True)
class Scorecard:
    """The exercises of one lesson and which of them have passed in this session."""

    lesson: int
    passed: dict[str, bool]

    def __str__(self) -> str:
        return "\n".join([self._headline, *(f"   {self._mark(done)} {name}" for name, done in self.passed.items())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{self._mark(done)} {html.escape(name)}</li>" for name, done in self.passed.items())
        listing = f'<ul style="list-style:none;margin:.2em 0">{items}</ul>'
        return f'<div role="status"><strong>{self._headline}</strong>{listing}</div>'

    @property
    def _headline(self) -> str:
        return f"Lesson {self.lesson}: {sum(self.passed.values())} of {len(self.passed)} exercises passed."

    @staticmethod
    def _mark(done: bool) -> str:
        return "✓ passed" if done else "✗ not yet"
