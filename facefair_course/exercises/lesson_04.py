"""Lesson 4: pyramid pooling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefair_course.compare import difference
from facefair_course.exercise import Case, Exercise, Mistake, answer, expect


def pool(feature: np.ndarray, bins: int) -> np.ndarray:
    """Averages of ``bins`` x ``bins`` equal blocks: (H, W) -> (bins, bins); ``bins`` divides H and W."""
    height, width = feature.shape
    return feature.reshape(bins, height // bins, bins, width // bins).mean((1, 3))


def _pool_largest(feature: np.ndarray, bins: int) -> np.ndarray:
    height, width = feature.shape
    return feature.reshape(bins, height // bins, bins, width // bins).max((1, 3))


def _pool_into_blocks_of(feature: np.ndarray, bins: int) -> np.ndarray:
    height, width = feature.shape
    rows, columns = height // bins, width // bins
    return feature.reshape(rows, height // rows, columns, width // columns).mean((1, 3))


def _pool_cases() -> list[Case]:
    random = np.random.default_rng(8)
    ramp, feature = np.arange(24.0).reshape(4, 6), random.normal(size=(12, 18))
    tries = {
        "one bin: the average of everything": (ramp, 1),
        "2 × 2 bins of a 4 × 6 map": (ramp, 2),
        "3 × 3 bins of a 12 × 18 map": (feature, 3),
        "6 × 6 bins of a 12 × 18 map": (feature, 6),
    }
    hint = "bins counts the blocks along each side. How many rows and columns has one block?"
    return [expect(title, given, pool(*given), hint) for title, given in tries.items()]


def pyramid(feature: np.ndarray, bins: Sequence[int]) -> np.ndarray:
    """The map and, for each number of bins, its averages at the map's own size: (H, W) -> (1 + len(bins), H, W)."""
    height, width = feature.shape
    levels = [pool(feature, b).repeat(height // b, 0).repeat(width // b, 1) for b in bins]
    return np.stack([feature, *levels])


def _pyramid_tiled(feature: np.ndarray, bins: Sequence[int]) -> np.ndarray:
    height, width = feature.shape
    return np.stack([feature, *(np.tile(pool(feature, b), (height // b, width // b)) for b in bins)])


def _pyramid_cases() -> list[Case]:
    random = np.random.default_rng(9)
    small, feature = np.arange(24.0).reshape(4, 6), random.normal(size=(12, 18))
    tries = {"bins 1 and 2 of a 4 × 6 map": (small, (1, 2)), "PSPNet's bins 1, 2, 3, 6": (feature, (1, 2, 3, 6))}
    hint = "Every level has the map's own size again: each block's average is at all places of the block."
    return [expect(title, given, pyramid(*given), hint) for title, given in tries.items()]


_SURVIVING: dict[str, set[int]] = {
    "shuffle": {1},
    "mirror": {1},
    "shuffle within each quarter": {1, 2},
    "add 10 everywhere": set(),
}
_SHUFFLING_HINTS = {
    "shuffle": "An average does not know the order of its values. With how many bins are there no places at all?",
    "mirror": "What was in the left bins is now in the right ones. With how many bins is that the same bin?",
    "shuffle within each quarter": "A pixel stays in its quarter. For which numbers of bins does it then stay in its "
    "block? Draw the blocks of 2 × 2, 3 × 3 and 6 × 6 bins over the quarters.",
    "add 10 everywhere": "What happens to the average of some values if 10 is added to each?",
}


def _judge_shuffling(given: object) -> str | None:
    trouble = difference(_SURVIVING, given)
    if trouble is None or not isinstance(given, dict) or set(given) != set(_SURVIVING):
        return trouble
    return next(f"{key}: {_SHUFFLING_HINTS[key]}" for key in _SURVIVING if difference(_SURVIVING[key], given[key]))


EXERCISES = {
    "pool": Exercise(
        _pool_cases,
        (
            Mistake("These are the largest values. Pyramid pooling takes averages.", _pool_largest),
            Mistake("bins was taken as the size of a block. It is the number of blocks.", _pool_into_blocks_of),
        ),
        "With one bin the whole map becomes one number: all of the what, none of the where.",
    ),
    "pyramid": Exercise(
        _pyramid_cases,
        (
            Mistake("The averages are repeated as tiles. Each must stay where its block was.", _pyramid_tiled),
            Mistake("The map itself is missing; it comes first.", lambda f, bins: pyramid(f, bins)[1:]),
        ),
        "Now every pixel knows its own value and what its surroundings, near and far, look like.",
    ),
    "survives_shuffling": answer(_judge_shuffling),
}
