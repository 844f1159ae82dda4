"""How good is a prediction where no mask was drawn? Measures from predictions alone, and a test of their value.

None of them uses the truth: two models may agree on a mistake, and a wrong mask may be confident and shaped like a
face. So each is first compared with the true score where masks exist (`predicts`), and only then shown for photographs.

Source: agreement of two models: Jiang et al., "Assessing generalization via disagreement", ICLR 2022; consistency under
flips and scales: Ouali et al., CVPR 2020; entropy: Grandvalet and Bengio, NeurIPS 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.scores.anatomy_rules import (
    plausibility as plausibility,
)  # one of MEASURES, found here as the others are
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.metrics import mean_iou
from facefair_lib.scores.resampling import LEVEL, REPLICATES, encode_labels, times_drawn
from facefair_lib.settings.labels import INDEX

MEASURES = ("model_agreement", "flip_consistency", "scale_consistency", "entropy", "plausibility")
"""The first three are `label_agreement` of two models, of a picture and its mirror image, and of two sizes."""

_CELLS = 2**22  # replicates x images that are ranked at once


@dataclass(frozen=True)
class Prediction:
    """Rank correlation of a measure with the true score.

    Parameters
    ----------
    correlation : Spearman's, NaN where either is constant
    low, high : 95 % interval over subjects
    n_images, n_subjects : how many have both numbers
    """

    correlation: float
    low: float
    high: float
    n_images: int
    n_subjects: int


def label_agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean IoU of two label maps of the same picture, over the classes in either of them.

    Parameters
    ----------
    first, second : (..., H, W) integer class indices: of two models; or of one model, the second for the mirrored or
        resized picture and already mapped back (mirrored or resized with nearest neighbour)

    Returns
    -------
    (...) float64 in [0, 1]; the order of both makes no difference
    """
    return mean_iou(confusion_counts(first, second))


def mean_entropy(probabilities: np.ndarray) -> np.ndarray:
    """Mean uncertainty of a model about the pixels that it labels as a head.

    Parameters
    ----------
    probabilities : (N, C, H, W) class probabilities of each pixel, sum 1 over C

    Returns
    -------
    (N,) float64 in [0, 1]: entropy / log C, averaged over the pixels whose most likely class is not background; NaN
    where there are none

    Raises
    ------
    InputError
        if the shape is another or the values are not probabilities (take the softmax of logits first)
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 4 or probabilities.shape[1] < 2:
        raise InputError(
            "entropy",
            found=f"an array of shape {probabilities.shape}",
            expected="shape (images, classes, height, width)",
            do="pass a batch of probabilities",
        )
    means = np.full(len(probabilities), np.nan)
    for image, pixels in enumerate(probabilities):
        total = pixels.sum(0, dtype=float)
        if pixels.min() < -1e-6 or not np.allclose(total, 1, atol=1e-2):
            raise InputError(
                f"entropy, image {image}",
                found=f"values from {pixels.min():g} up, whose sums range from {total.min():g} to {total.max():g}",
                expected="probabilities that sum to 1 over the classes",
                do="take the softmax of the logits first",
            )
        chosen = pixels[:, pixels.argmax(0) != INDEX["background"]].astype(float)  # (C, n)
        if chosen.size:
            means[image] = stats.entropy(np.maximum(chosen, 0), axis=0).mean() / np.log(len(pixels))
    return means


def predicts(
    measure: np.ndarray, truth: np.ndarray, subjects: np.ndarray, *, replicates: int = REPLICATES, seed: int = 0
) -> Prediction:
    """Measure how well a measure ranks pictures by their true scores.

    Parameters
    ----------
    measure, truth : (N,); images that lack either (NaN) are left out
    subjects : (N,) subject of each image
    replicates, seed : number of bootstrap replicates over subjects, and seed of the random numbers

    Returns
    -------
    Prediction. The interval is Fisher's z = artanh of the correlation, plus and minus t standard deviations of the
    replicates' z, expanded for few subjects: percentile intervals are too short near -1 and 1. NaN with fewer than
    three subjects.

    Notes
    -----
    Good measures of a bad mask correlate positively, entropy negatively.
    """
    measure, truth = np.asarray(measure, float), np.asarray(truth, float)
    if measure.ndim != 1 or not measure.shape == truth.shape == np.shape(subjects):
        raise InputError(
            "quality measure",
            found=f"shapes {measure.shape}, {truth.shape} and {np.shape(subjects)}",
            expected="one measure, one true score and one subject per image",
            do="align the three",
        )
    kept = np.isfinite(measure) & np.isfinite(truth)
    if not kept.any():
        return Prediction(np.nan, np.nan, np.nan, 0, 0)
    unit, names = encode_labels(np.asarray(subjects, object)[kept], "subject_id")
    pair, people = (measure[kept], truth[kept]), len(names)
    value = float(_weighted_spearman(*pair, np.ones((1, len(unit))))[0])
    low = high = np.nan
    if people > 2 and np.isfinite(value):
        drawn = times_drawn(np.zeros(people, np.int64), replicates, np.random.default_rng(seed))  # (B, S)
        step = max(1, _CELLS // len(unit))
        blocks = [drawn[start : start + step] for start in range(0, replicates, step)]
        repeated = np.concatenate([_weighted_spearman(*pair, block[:, unit].astype(float)) for block in blocks])
        low, high = _fisher_interval(value, repeated, people)
    return Prediction(value, low, high, int(kept.sum()), people)


def _fisher_interval(value: float, replicates: np.ndarray, people: int) -> tuple[float, float]:
    limit = 1 - 1e-9  # a perfect order has no finite z
    z = np.arctanh(np.clip(replicates[np.isfinite(replicates)], -limit, limit))
    if len(z) < 2:
        return np.nan, np.nan
    reach = stats.t.ppf((1 + LEVEL) / 2, people - 1) * np.sqrt(people / (people - 1)) * z.std(ddof=1)
    centre = np.arctanh(np.clip(value, -limit, limit))
    return float(np.tanh(centre - reach)), float(np.tanh(centre + reach))


def _weighted_spearman(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman correlation of images that count ``weights`` times each, (N,), (N,), (B, N) -> (B,)."""
    ranks = [_weighted_ranks(values, weights) for values in (first, second)]  # (B, N)
    total = weights.sum(1, keepdims=True)
    a, b = (rank - (weights * rank).sum(1, keepdims=True) / total for rank in ranks)  # centred
    spread = np.sqrt((weights * a * a).sum(1) * (weights * b * b).sum(1))
    return np.divide((weights * a * b).sum(1), spread, out=np.full(len(weights), np.nan), where=spread > 1e-9)


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rank of each image among all repeated ones; ties share their mean rank, (N,), (B, N) -> (B, N)."""
    levels, code = np.unique(values, return_inverse=True)  # ties share a level
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(len(levels)))
    at_level = np.add.reduceat(weights[:, order], starts, axis=1)  # (B, L)
    middle = np.cumsum(at_level, axis=1) - (at_level - 1) / 2
    return middle[:, code]
