"""Boundary errors, areas, and the score that a shift of one pixel costs.

Dice and IoU penalise the same boundary error more on a smaller structure, so narrow eyes or thin brows score lower at
EQUAL accuracy of their outline. So a gap between groups in such a score is read beside three numbers: the area of the
class, the boundary error as a share of the distance between the eyes, and the score of the true mask against itself
with its rim taken off.

Rim of a class: its pixels with at least one of four neighbours in another class. The picture's edge and the border to
ignored pixels do not count.

Source: average symmetric surface distance: Heimann et al., IEEE Transactions on Medical Imaging 28 (2009); distance
transform: Felzenszwalb and Huttenlocher, Theory of Computing 8 (2012); size bias: Reinke et al., Nature Methods 21
(2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import ndimage

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, FIXED_CLASSES, IGNORE_INDEX, INDEX, NUM_CLASSES

OUTLINES = tuple(name for name in FIXED_CLASSES if name != "background")
"""Classes whose outlines are compared between groups: parts that every head has."""
MISSED = 1.0
"""Outline error of a part that was missed altogether: the whole distance between the eyes."""


def boundary_error(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Mean distance between the predicted and the true rim of each class.

    Parameters
    ----------
    target : (..., H, W) integer class indices, 255 = ignored
    prediction : (..., H, W) integer class indices; any value where the target is ignored

    Returns
    -------
    (..., C) float64 pixels: the distance from a rim pixel of either mask to the nearest of the other, averaged over all
    rim pixels; NaN where the class is absent in either mask, or fills the picture so that it has no rim

    Raises
    ------
    InputError
        if the shapes differ or the values are not class indices

    Notes
    -----
    A missed class has no boundary error: read it beside recall. Subpixel errors are not resolved: a perfect mask has 0,
    a shift of one pixel about 1 or less (parts of the rim move along themselves).
    """
    target, prediction = _check_masks(target), np.asarray(prediction)
    if target.shape != prediction.shape:
        raise InputError(
            "boundary error",
            found=f"target of shape {target.shape}, prediction of shape {prediction.shape}",
            expected="two masks of the same shape",
            do="resize predictions with nearest neighbour first",
        )
    prediction = _check_masks(np.where(target == IGNORE_INDEX, IGNORE_INDEX, prediction))
    return _by_image(_image_boundary_error, target, prediction)


def interocular_distance(target: np.ndarray) -> np.ndarray:
    """Distance between the centres of the two eyes.

    Both eyes are one class, so its pixels are split along their longest extent. They count as two eyes if the gap
    between the parts is at least two pixels and at least half as wide as the wider part, and the smaller part has at
    least a tenth of the pixels of the larger: one eye, or one that a frame cuts in two, is not a pair.

    Parameters
    ----------
    target : (..., H, W) integer class indices

    Returns
    -------
    (...) float64 pixels; NaN where fewer than two eyes are visible

    Notes
    -----
    In a turned head the distance is foreshortened, like the parts of the face.
    """
    return _by_image(_image_interocular, _check_masks(target))


def one_pixel_f1(target: np.ndarray) -> np.ndarray:
    """F1 of true masks without their rims against themselves: what one pixel costs a class of this size and shape.

    Parameters
    ----------
    target : (..., H, W) integer class indices, 255 = ignored

    Returns
    -------
    (..., C) float64 in [0, 1]: 2 (n - r) / (2 n - r) of a class with n pixels, r of them on the rim; NaN where the
    class is absent
    """
    target = _check_masks(target)
    total = _by_image(_class_pixels, target)  # (..., C)
    rim = _by_image(lambda mask: _class_pixels(mask, _rim(mask)), target)
    total = np.where(total > 0, total, np.nan)
    kept = total - rim
    return 2 * kept / (total + kept)


def area_share(target: np.ndarray) -> np.ndarray:
    """Share of the pixels that each class covers, without ignored ones, (..., H, W) -> (..., C); NaN without pixels."""
    total = _by_image(_class_pixels, _check_masks(target))
    whole = total.sum(-1, keepdims=True)
    return np.divide(total, whole, out=np.full(total.shape, np.nan), where=whole > 0)


def outline_shares(labels: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Boundary error of ``OUTLINES`` on every picture, as a share of the distance between the eyes.

    Parameters
    ----------
    labels, masks : (N, H, W) true and predicted classes

    Returns
    -------
    (N, len(OUTLINES)) in [0, MISSED]; MISSED where the prediction lacks the part, NaN where the picture does not show
    it or it fills either mask, so that it has no rim. Where two eyes are not visible, the median distance of the other
    pictures is taken; NaN everywhere if no picture shows two.
    """
    between_eyes = interocular_distance(labels)
    usual = _over_defined(np.median, between_eyes)
    scale = np.where(np.isfinite(between_eyes), between_eyes, usual)[:, None]  # (N, 1)
    columns = [INDEX[name] for name in OUTLINES]
    counted = labels != IGNORE_INDEX
    shown, found = (  # (N, K) each
        np.stack([(counted & (part == column)).any((1, 2)) for column in columns], 1) for part in (labels, masks)
    )
    error = np.where(found, boundary_error(labels, masks)[:, columns] / scale, MISSED)
    return np.where(shown & np.isfinite(scale), np.minimum(error, MISSED), np.nan)


def traps_table(
    target: np.ndarray,
    prediction: np.ndarray | None,
    labels: np.ndarray,
    interocular: np.ndarray | None = None,
) -> pd.DataFrame:
    """Describe each group's classes: how large they are, and how far off their outlines are.

    Parameters
    ----------
    target : (N, H, W) true masks
    prediction : (N, H, W) predicted masks, or None for the properties of the true masks alone
    labels : (N,) group of each image
    interocular : (N,) pixels; measured in the true masks by default, and wherever it is NaN

    Returns
    -------
    One row per group and class: group, class, area_share (mean over images), interocular (median, pixels), one_pixel_f1
    (mean over the images that show the class), boundary_error (median over images, per cent of the distance between the
    eyes; NaN without a prediction), n_images (that show the class)
    """
    target = _check_masks(target)
    labels = np.asarray(labels, object)
    if target.ndim != 3 or labels.shape != target.shape[:1]:
        raise InputError(
            "boundaries by group",
            found=f"masks of shape {target.shape}, labels of shape {labels.shape}",
            expected="masks (N, height, width) and N labels",
            do="pass one label per mask",
        )
    measured = interocular_distance(target)
    if interocular is not None:
        given = np.asarray(interocular, float)
        measured = np.where(np.isfinite(given) & (given > 0), given, measured)
    share, null = area_share(target), one_pixel_f1(target)
    error = np.full(share.shape, np.nan) if prediction is None else boundary_error(target, prediction)
    error = 100 * error / measured[:, None]
    rows = []
    for group in np.unique(labels):
        chosen = labels == group
        for index, name in enumerate(CLASS_NAMES):
            rows.append(
                {
                    "group": group,
                    "class": name,
                    "area_share": _over_defined(np.mean, share[chosen, index]),
                    "interocular": _over_defined(np.median, measured[chosen]),
                    "one_pixel_f1": _over_defined(np.mean, null[chosen, index]),
                    "boundary_error": _over_defined(np.median, error[chosen, index]),
                    "n_images": int(np.isfinite(null[chosen, index]).sum()),
                }
            )
    return pd.DataFrame(rows)


def _image_boundary_error(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Average symmetric surface distance of each class, (H, W), (H, W) -> (C,)."""
    errors = np.full(NUM_CLASSES, np.nan)
    rims = [np.where(_rim(mask), mask, IGNORE_INDEX) for mask in (target, prediction)]
    boxes = [ndimage.find_objects(rim.astype(np.int32) + 1, NUM_CLASSES) for rim in rims]
    for index, (first, second) in enumerate(zip(*boxes, strict=True)):
        if first is None or second is None:
            continue
        box = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
        edges = [rim[box] == index for rim in rims]
        distances = [ndimage.distance_transform_edt(~edge) for edge in edges]
        total = distances[1][edges[0]].sum() + distances[0][edges[1]].sum()
        errors[index] = total / (edges[0].sum() + edges[1].sum())
    return errors


def _image_interocular(mask: np.ndarray) -> float:
    """Distance between the centres of the eyes, (H, W) -> pixels."""
    points = np.argwhere(mask == INDEX["eyes"]).astype(float)  # (n, 2)
    if len(points) < 2:
        return math.nan
    centred = points - points.mean(0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]  # direction of the longest extent
    along = np.sort(centred @ axis)
    middle = (along[0] + along[-1]) / 2
    cut = np.searchsorted(along, middle)
    low, high = along[:cut], along[cut:]
    if not len(low) or not len(high):
        return math.nan
    gap, widest = high[0] - low[-1] - 1, max(np.ptp(low), np.ptp(high)) + 1  # between pixel edges
    if gap < max(2, widest / 2) or min(len(low), len(high)) < 0.1 * max(len(low), len(high)):
        return math.nan
    right = centred @ axis >= middle
    return float(np.linalg.norm(points[right].mean(0) - points[~right].mean(0)))


def _rim(mask: np.ndarray) -> np.ndarray:
    """Pixels with one of four neighbours in another class, neither of them ignored, (H, W) -> (H, W) bool."""
    rim = np.zeros(mask.shape, bool)
    counted = mask != IGNORE_INDEX
    for axis in (0, 1):
        first = tuple(slice(None, -1) if a == axis else slice(None) for a in (0, 1))
        second = tuple(slice(1, None) if a == axis else slice(None) for a in (0, 1))
        step = (mask[first] != mask[second]) & counted[first] & counted[second]
        rim[first] |= step
        rim[second] |= step
    return rim


def _class_pixels(mask: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
    """Count the pixels of each class, (H, W) -> (C,) float64."""
    values = mask.ravel() if chosen is None else mask[chosen]
    return np.bincount(values, minlength=IGNORE_INDEX + 1)[:NUM_CLASSES].astype(float)


def _by_image(measure: Callable[..., np.ndarray | float], *masks: np.ndarray) -> np.ndarray:
    """Measure image after image, (..., H, W) -> (...) + the measure's shape."""
    leading = masks[0].shape[:-2]
    flat = [mask.reshape(-1, *mask.shape[-2:]) for mask in masks]
    values = np.array([measure(*images) for images in zip(*flat, strict=True)], float)
    if not len(values):
        values = np.empty((0, *np.shape(measure(*(np.zeros(mask.shape[-2:], np.uint8) for mask in masks)))))
    return values.reshape((*leading, *values.shape[1:]))


def _over_defined(summary: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(summary(values)) if len(values) else math.nan


def _check_masks(masks: np.ndarray) -> np.ndarray:
    """Return masks as uint8, or raise `InputError` where they hold anything but class indices and 255."""
    masks = np.asarray(masks)
    if masks.ndim < 2 or not np.issubdtype(masks.dtype, np.integer):
        found = f"an array of shape {masks.shape} and type {masks.dtype}"
    else:
        strange = [int(v) for v in np.unique(masks) if not 0 <= v < NUM_CLASSES and v != IGNORE_INDEX]
        if not strange:
            return masks.astype(np.uint8)
        found = f"the values {strange[:5]}"
    raise InputError(
        "masks",
        found=found,
        expected=f"integer class indices 0 to {NUM_CLASSES - 1}, or {IGNORE_INDEX} for ignored pixels, (..., H, W)",
        do="decode label pictures with labels.decode first",
    )
