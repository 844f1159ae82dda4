"""What a docstring lists exists: an entry that a reformatting has torn apart names no parameter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from facefair_lib.settings.paths import REPOSITORY

FILES = sorted((REPOSITORY / "facefair_lib").rglob("*.py"))
Documented = ast.FunctionDef | ast.ClassDef


def documented(path: Path) -> Iterator[tuple[Documented, str]]:
    """Functions and classes of a module with their docstrings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
            yield node, text


def entries(docstring: str) -> list[str]:
    """The lines that begin an entry in a docstring's lists of parameters and attributes."""
    lists = re.findall(r"(?m)^(?:Parameters|Attributes)\n-+\n((?:(?!^.+\n-+\n).*\n?)*)", docstring)
    return [line for text in lists for line in text.splitlines() if line and not line.startswith(" ")]


def names(node: Documented) -> set[str]:
    """What a function takes, or what a class is made of and from."""
    if isinstance(node, ast.FunctionDef):
        taken = node.args
        starred = [argument for argument in (taken.vararg, taken.kwarg) if argument]
        return {argument.arg for argument in [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *starred]}
    fields = {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
    fields |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    made = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
    return fields.union(*map(names, made))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_entry_of_a_docstring_names_something_that_is_there(path: Path) -> None:
    unknown = []
    for node, text in documented(path):
        for entry in entries(text):
            named = re.match(r"([\w*]+(?:, [\w*]+)*) : \S", entry)
            if not named or not {name.strip("*") for name in named[1].split(", ")} <= names(node):
                unknown.append(f"{node.name}: {entry}")
    assert not unknown
