"""Does a network's confidence match how often it is right? Pixels are counted by confidence, and the two are compared.

Source: reliability and expected calibration error: Guo et al., ICML 2017; of segmentation: Mehrtash et al., IEEE
Transactions on Medical Imaging 39 (2020), who also leave the background out.
"""

from __future__ import annotations

import numpy as np

from facefair_lib.settings.labels import IGNORE_INDEX, INDEX

BINS = 10
"""Equal bins of confidence, 0 to 1."""
_CHUNK = 64  # pictures at once: 64 x 128 x 128 pixels are 1 M


def reliability(labels: np.ndarray, masks: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Count each picture's pixels by confidence; true background and ignored pixels are left out.

    Parameters
    ----------
    labels, masks : (N, H, W) true and predicted classes
    confidence : (N, H, W) probability of the predicted class

    Returns
    -------
    (N, BINS, 3) float64: number of pixels, sum of their confidence, number of right ones
    """
    counts = np.zeros((len(labels), BINS, 3))
    for start in range(0, len(labels), _CHUNK):
        part = slice(start, start + _CHUNK)
        truth, sure = np.asarray(labels[part]), np.asarray(confidence[part], float)
        counted = (truth != INDEX["background"]) & (truth != IGNORE_INDEX)
        place = np.minimum((sure * BINS).astype(int), BINS - 1) + BINS * np.arange(len(truth))[:, None, None]
        for column, weight in enumerate((None, sure, masks[part] == truth)):
            weights = None if weight is None else np.asarray(weight, float)[counted]
            binned = np.bincount(place[counted], weights, minlength=BINS * len(truth))
            counts[part, :, column] = binned.reshape(len(truth), BINS)
    return counts


def overconfidence(counts: np.ndarray) -> np.ndarray:
    """Mean confidence minus share of right pixels, (..., BINS, 3) -> (...); NaN without pixels."""
    total, sure, right = np.moveaxis(counts.sum(-2), -1, 0)
    return np.divide(sure - right, total, out=np.full(total.shape, np.nan), where=total > 0)


def calibration_error(counts: np.ndarray) -> np.ndarray:
    """Expected calibration error: pixels' mean of |confidence - accuracy| of their bin, (..., BINS, 3) -> (...)."""
    total, sure, right = np.moveaxis(counts, -1, 0)
    pixels = total.sum(-1)
    return np.divide(np.abs(sure - right).sum(-1), pixels, out=np.full(pixels.shape, np.nan), where=pixels > 0)
