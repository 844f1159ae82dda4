"""The course paper's scores: a yes-or-no question per colour value, averaged over batches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.reproduction.protocol import AS_PUBLISHED, Protocol, Thresholds
from facefair_lib.reproduction.table_checks import SCORES
from facefair_lib.settings.labels import INDEX, PALETTES

TRACKED: tuple[Thresholds, ...] = (AS_PUBLISHED.f1_thresholds, AS_PUBLISHED.iou_thresholds)
"""Pairs of thresholds that are counted while a network is fitted, so that either can be used for scores later."""
SHRINKS: tuple[float, ...] = tuple(round(1 - step / 1000, 3) for step in range(51))
"""Factors from 1 down to 0.95 by which the values of a perfect prediction are too dark."""


def binary_counts(truth: np.ndarray, prediction: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    """Count colour values that are on or off.

    Parameters
    ----------
    truth, prediction : arrays of one shape, values in about 0..1
    thresholds : above which a value is on, in the truth and in the prediction

    Returns
    -------
    (4,) int64: true positives, false positives, false negatives, true negatives
    """
    actual, claimed = truth > thresholds[0], prediction > thresholds[1]
    hit, size = int((actual & claimed).sum()), truth.size
    positives, claims = int(actual.sum()), int(claimed.sum())
    return np.array([hit, claims - hit, positives - hit, size - positives - claims + hit], np.int64)


def tracked_counts(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """``binary_counts`` for each of ``TRACKED``: (2, 4) int64."""
    return np.stack([binary_counts(truth, prediction, thresholds) for thresholds in TRACKED])


def binary_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores from (..., 4) counts; 0 where a score is undefined, as in the course paper's library."""
    hit, false, missed, quiet = np.moveaxis(counts.astype(float), -1, 0)

    def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

    return {
        "accuracy": ratio(hit + quiet, hit + false + missed + quiet),
        "precision": ratio(hit, hit + false),
        "recall": ratio(hit, hit + missed),
        "f1": ratio(2 * hit, 2 * hit + false + missed),
        "iou": ratio(hit, hit + false + missed),
    }


def epoch_scores(counts: np.ndarray, protocol: Protocol) -> dict[str, float]:
    """The scores of one epoch as a protocol reports them: means over batches, IoU with its own thresholds.

    Parameters
    ----------
    counts : (batches, 2, 4) int64, of ``tracked_counts``
    protocol : gives thresholds and spurious zero

    Raises
    ------
    InputError
        if the protocol's thresholds were not counted
    """
    at_f1 = binary_scores(counts[:, _tracked(protocol.f1_thresholds)])
    at_iou = binary_scores(counts[:, _tracked(protocol.iou_thresholds)])
    batches = {**at_f1, "iou": at_iou["iou"]}  # name -> (batches,)
    size = len(counts) + protocol.spurious_zero
    return {name: float(batches[name].sum() / size) for name in SCORES}


def _tracked(thresholds: Thresholds) -> int:
    if thresholds not in TRACKED:
        raise InputError(
            "thresholds of a protocol",
            found=str(thresholds),
            expected=f"one of {', '.join(map(str, TRACKED))}",
            do="add them to reproduction.scoring.TRACKED, so that they are counted while a network is fitted",
        )
    return TRACKED.index(thresholds)


def knife_edge(labels: np.ndarray, shrink: float) -> Mapping[str, float]:
    """Scores of a perfect prediction whose colour values are all slightly too small, by the published thresholds.

    Parameters
    ----------
    labels : (N, H, W) uint8 class indices, the truth
    shrink : factor on every colour value, such as 0.99
    """
    known = np.where(labels < len(PALETTES["paper"]), labels, INDEX["background"])
    pixels = np.bincount(known.ravel(), minlength=len(PALETTES["paper"]))  # (11,)
    colours = PALETTES["paper"] / 255  # (11, 3)
    per_class = np.stack([tracked_counts(colour, colour * shrink) for colour in colours])  # (11, 2, 4)
    counts = (per_class * pixels[:, None, None]).sum(0)  # (2, 4)
    return {"f1": float(binary_scores(counts[0])["f1"]), "iou": float(binary_scores(counts[1])["iou"])}


def knife_edge_table(labels: np.ndarray) -> pd.DataFrame:
    """``knife_edge`` for each of ``SHRINKS``: columns shrink, f1, iou."""
    return pd.DataFrame([{"shrink": shrink, **knife_edge(labels, shrink)} for shrink in SHRINKS])
