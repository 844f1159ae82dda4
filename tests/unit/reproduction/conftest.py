"""A few small pictures with people, groups of duplicates, and labels of every class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.reproduction.colours import blended_labels
from facefair_lib.reproduction.pool import Pool
from facefair_lib.settings.labels import NUM_CLASSES, PALETTES
from facefair_lib.settings.profiles import load_profile

SIZE = 32


@pytest.fixture(scope="session")
def pool() -> Pool:
    """20 pictures of ten people, grey patches for the most part; picture 19 is a near-duplicate, 18 a hash twin."""
    random = np.random.default_rng(3)
    labels = np.zeros((20, SIZE, SIZE), np.uint8)
    for number, mask in enumerate(labels):
        mask[4:28, 6:26] = 4
        mask[2:8, 6:26] = 5
        mask[10 + number % 3 : 13 + number % 3, 9:13] = 2
        row, column = random.integers(14, 20, 2)
        mask[row : row + 4, column : column + 5] = 1 + number % (NUM_CLASSES - 1)
    images = PALETTES["display"][labels] // 2 + random.integers(0, 60, (*labels.shape, 1)).astype(np.uint8)
    table = pd.DataFrame(
        {
            "image_id": [f"i{number:02d}" for number in range(20)],
            "subject_id": [f"p{number % 10}" for number in range(20)],
            "category": "female",
            "near": [False] * 19 + [True],
            "twin": [False] * 18 + [True, False],
        }
    )
    colours = np.stack([blended_labels(mask, SIZE) for mask in labels])
    return Pool(table, images.astype(np.uint8), labels, colours)


@pytest.fixture(scope="session")
def settings():
    """The profile ``smoke`` with very small networks."""
    return load_profile("smoke")
