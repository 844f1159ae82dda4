"""A parser that is known to the last pixel."""

from __future__ import annotations

import pytest
from drawn_heads import SIZE, ReadsColours

from facefair_lib.parse.parser import Parser


@pytest.fixture(scope="session")
def parser() -> Parser:
    return Parser(ReadsColours(), SIZE)
