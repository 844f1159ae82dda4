"""Pretrained weights: fetched by the libraries' own loaders, and never replaced silently if that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from facefair_lib.errors import InputError

# ImageNet statistics, with which the study normalises every picture: nearly all published backbones expect them.
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)

Built = TypeVar("Built")


def with_published_weights(what: str, build: Callable[[], Built]) -> Built:
    """Call ``build``, which downloads published weights; its failure becomes an InputError that says what to do."""
    try:
        return build()
    except Exception as error:  # each library fails in its own way: URLError, HTTPError, hub errors, a bad digest
        raise InputError(
            f"pretrained weights: {what}",
            found=f"they could not be loaded ({type(error).__name__}: {error})",
            expected="a network connection, or the file in the cache that TORCH_HOME (or HF_HOME) names",
            do="connect and run again, copy the file into that cache, or train from scratch with weights: none",
        ) from error


def unknown_weights(model: str, backbone: str, weights: str, known: tuple[str, ...]) -> InputError:
    """The error for weights that are not published for a network."""
    return InputError(
        f"weights {weights!r} for {model} with {backbone}",
        found="no such published weights",
        expected=f"one of {', '.join(known)}",
        do="choose one of these in the profile (models.<name>.weights)",
    )
