"""Confusion counts: pixels by class of the target (row) and class of the prediction (column).

Every score, table, figure and group gap of the study is computed from one such matrix per image.
"""

from __future__ import annotations

import math

import numpy as np

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES


def confusion_counts(target: np.ndarray, prediction: np.ndarray, num_classes: int = NUM_CLASSES) -> np.ndarray:
    """Count pixels by target class and predicted class.

    Parameters
    ----------
    target : (..., H, W) integer class indices; pixels with ``IGNORE_INDEX`` (255) are not counted
    prediction : (..., H, W) integer class indices; any value is allowed where the target is ignored
    num_classes : number of classes C

    Returns
    -------
    (..., C, C) int64, rows = target, columns = prediction; one matrix per image

    Raises
    ------
    InputError
        if the shapes differ, the values are not integers, or a scored pixel has no class index
    """
    target, prediction = np.asarray(target), np.asarray(prediction)
    _check_masks(target, prediction)
    size = num_classes * num_classes
    leading = target.shape[:-2]
    pixels = (math.prod(leading), math.prod(target.shape[-2:]))
    counts = np.empty((pixels[0], size), np.int64)  # (N, C * C)
    pairs = zip(target.reshape(pixels), prediction.reshape(pixels), strict=True)
    for image, (target_row, prediction_row) in enumerate(pairs):  # by image: whole stacks would need 16 bytes per pixel
        scored = target_row != IGNORE_INDEX
        rows, columns = target_row[scored].astype(np.int64), prediction_row[scored].astype(np.int64)
        _check_indices(rows, num_classes, image, f"target (class index, or {IGNORE_INDEX} for a pixel to ignore)")
        _check_indices(columns, num_classes, image, "prediction")
        counts[image] = np.bincount(rows * num_classes + columns, minlength=size)
    return counts.reshape(*leading, num_classes, num_classes)


def merge_counts(counts: np.ndarray, lookup: np.ndarray) -> np.ndarray:
    """Add up the rows and columns of classes that are scored as one.

    Parameters
    ----------
    counts : (..., C, C) integer, rows = target, columns = prediction
    lookup : (C,) merged index of each class, -1 for a class that is not scored (``labels.merge_lookup`` makes it)

    Returns
    -------
    (..., K, K) int64. Pixels whose target is not scored are dropped, as ignored pixels are.

    Raises
    ------
    InputError
        if the lengths differ, or pixels of a scored class were predicted as one that is not scored: dropping them would
        hide misses
    """
    counts, lookup = np.asarray(counts), np.asarray(lookup)
    if counts.ndim < 2 or lookup.shape != counts.shape[-1:]:
        raise InputError(
            "merging classes",
            found=f"a lookup of shape {lookup.shape} for counts of shape {counts.shape}",
            expected="one merged index per class",
            do="make the lookup with labels.merge_lookup",
        )
    scored = lookup >= 0
    lost = int(counts[..., scored, :][..., ~scored].sum())
    if lost:
        raise InputError(
            "merging classes",
            found=f"{lost} pixels of scored classes that were predicted as a class in no group",
            expected="every predicted class in a group",
            do="put every class into one of the groups",
        )
    spread = np.zeros((len(lookup), int(lookup.max()) + 1), np.int64)  # (C, K)
    spread[np.flatnonzero(scored), lookup[scored]] = 1
    return spread.T @ counts.astype(np.int64) @ spread


def check_counts(counts: np.ndarray, subject: object = "confusion counts") -> np.ndarray:
    """Return ``counts`` as an array, or raise `InputError` if it is not a stack of confusion matrices.

    Parameters
    ----------
    counts : (N, C, C) integer, not negative
    subject : what to call it in the message
    """
    counts = np.asarray(counts)
    square = counts.ndim == 3 and counts.shape[1] == counts.shape[2]
    if not square or not np.issubdtype(counts.dtype, np.integer):
        found = f"an array of shape {counts.shape} and type {counts.dtype}"
    elif counts.size and counts.min() < 0:
        found = f"a negative count, {counts.min()}"
    else:
        return counts
    raise InputError(
        subject,
        found=found,
        expected="whole numbers of pixels, shape (images, classes, classes), rows = target",
        do="make the counts with metrics.confusion_counts",
    )


def _check_masks(target: np.ndarray, prediction: np.ndarray) -> None:
    if target.shape != prediction.shape or target.ndim < 2:
        found = f"target of shape {target.shape}, prediction of shape {prediction.shape}"
    elif not (np.issubdtype(target.dtype, np.integer) and np.issubdtype(prediction.dtype, np.integer)):
        found = f"target of type {target.dtype}, prediction of type {prediction.dtype}"
    else:
        return
    raise InputError(
        "confusion counts",
        found=found,
        expected="two integer arrays of the same shape (..., height, width)",
        do="take the largest logit of each pixel first, and resize predictions with nearest neighbour",
    )


def _check_indices(values: np.ndarray, num_classes: int, image: int, what: str) -> None:
    if values.size and (values.min() < 0 or values.max() >= num_classes):
        strange = sorted({int(v) for v in np.unique(values) if not 0 <= v < num_classes})
        raise InputError(
            f"confusion counts, image {image}",
            found=f"the values {strange} in the {what}",
            expected=f"class indices from 0 to {num_classes - 1}",
            do="decode label pictures with labels.decode first",
        )
