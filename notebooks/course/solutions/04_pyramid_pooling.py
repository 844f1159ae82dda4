"""Solutions of lesson 4."""

import numpy as np


def pool(feature, bins):
    """Average of each of bins × bins equal blocks: (H, W) -> (bins, bins)."""
    height, width = feature.shape
    return feature.reshape(bins, height // bins, bins, width // bins).mean((1, 3))


def pyramid(feature, bins):
    """The map and its pooled levels: (H, W), B numbers -> (1 + B, H, W)."""
    height, width = feature.shape
    levels = [np.kron(pool(feature, number), np.ones((height // number, width // number))) for number in bins]
    return np.stack([feature, *levels])


survives_shuffling = {
    "shuffle": {1},
    "mirror": {1},
    "shuffle within each quarter": {1, 2},
    "add 10 everywhere": set(),
}
