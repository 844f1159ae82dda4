"""Small numeric building blocks that several rendering modules share."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """Give each seed and purpose an independent random stream, so that more draws for one purpose change no other."""
    return np.random.default_rng([int(seed), zlib.crc32(name.encode())])


def choose(random: np.random.Generator, weighted: Sequence[tuple[Any, float]]) -> Any:
    """Draw one of (value, weight) pairs with a single uniform number."""
    cumulative = np.cumsum([weight for _, weight in weighted])
    return weighted[int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right"))][0]


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (cubic Hermite)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def normalised(vectors_: np.ndarray) -> np.ndarray:
    """Scale vectors (..., 3) to length one; zero vectors stay zero."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors_, vectors_))[..., None]
    return vectors_ / np.maximum(length, 1e-9)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot product along the last axis."""
    return np.einsum("...i,...i->...", a, b)


def rgb(*values: float) -> np.ndarray:
    """Write a linear colour as a float32 array."""
    return np.asarray(values, np.float32)


def srgb_to_linear(colour: np.ndarray) -> np.ndarray:
    """Decode sRGB values in [0, 1] to linear light. Source: IEC 61966-2-1."""
    colour = np.asarray(colour, np.float32)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4).astype(np.float32)
