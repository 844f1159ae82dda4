"""Parsers whose networks come with the package or from a study."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.models.trained import trained_network
from facefair_lib.parse.parser import Parser
from facefair_lib.settings.shipped import SHIPPED


def trained_parser(model: str = "", profile: str = SHIPPED, weights: Path | None = None) -> Parser:
    """Build the parser that sees photographs as the profile's test pictures were seen; see ``trained_network``."""
    fitted = trained_network(model, profile, weights)
    return Parser(fitted.network, fitted.size, fitted.views, told=fitted.told)
