"""What several rooms' tests share: tables of the committed reference study, pictures that are easy to learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from facefair_lib.settings import paths


@pytest.fixture(scope="session")
def reference_table() -> Callable[[str], pd.DataFrame]:
    """Reads a table afresh, such as ``07_counterfactual_fairness/effects``: a test may change its cells."""
    return lambda name: pd.read_csv(paths.REPOSITORY / "results" / "kept" / f"{name}.csv")


@pytest.fixture(scope="session")
def halves() -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
    """Makes (count, seed) -> pictures, bright above, dark below, the border anywhere; labels are hair and face."""

    def make(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        border = np.random.default_rng(seed).integers(8, 24, count)
        above = np.arange(32)[None, :, None] < border[:, None, None]  # (N, 32, 1)
        labels = np.broadcast_to(np.where(above, 5, 4), (count, 32, 32)).astype(np.uint8)
        images = np.repeat(np.where(labels == 5, 220, 40)[..., None], 3, -1).astype(np.uint8)
        return images, labels

    return make
