"""Parsers with networks of the package or of a study."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.models.trained import trained_network
from facefair_lib.parse.parser import Parser
from facefair_lib.settings.shipped import SHIPPED


def trained_parser(model: str = "", profile: str = SHIPPED, weights: Path | None = None) -> Parser:
    """Build a parser with the profile's network, picture size and views; see ``trained_network``."""
    fitted = trained_network(model, profile, weights)
    return Parser(fitted.network, fitted.size, fitted.views, told=fitted.told)
