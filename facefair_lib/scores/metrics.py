"""Segmentation scores as pure functions of confusion counts.

A confusion matrix holds pixels: row = class of the target, column = class of the prediction. Functions here work on
the last two axes and keep the leading ones: the same call scores one image, a stack of images or 2,000 bootstrap
replicates.

Undefined is NaN, never 0, 1 or -1:

* a class in neither target nor prediction has no score at all;
* recall needs the class in the target, precision needs it in the prediction; IoU and F1 need it in either;
* an image without scored pixels has no score, and an image set without scored images has none.

One exception is needed for class means, and `class_mean` states it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from facefair_lib.scores.confusion import confusion_counts as confusion_counts  # re-exported
from facefair_lib.settings.labels import FIXED_CLASSES, INDEX

_BACKGROUND = INDEX["background"]
_FIXED = [INDEX[name] for name in FIXED_CLASSES]


def iou_floor(f1: float) -> float:
    """IoU of the predictions that have this F1, F / (2 - F); also the smallest mean IoU that a mean F1 allows."""
    return f1 / (2 - f1)


def iou_per_class(counts: np.ndarray) -> np.ndarray:
    """Intersection over union (Jaccard index) of each class.

    Parameters
    ----------
    counts : (..., C, C), rows = target, columns = prediction

    Returns
    -------
    (..., C) float64 in [0, 1]; NaN where the class is in neither target nor prediction
    """
    hit = _hits(counts)  # (..., C)
    return _ratio(hit, counts.sum(-1) + counts.sum(-2) - hit)


def f1_per_class(counts: np.ndarray) -> np.ndarray:
    """F1 (Dice coefficient) of each class: 2 hits / (target pixels + predicted pixels).

    Parameters
    ----------
    counts : (..., C, C), rows = target, columns = prediction

    Returns
    -------
    (..., C) float64 in [0, 1]; NaN where the class is in neither target nor prediction
    """
    return _ratio(2 * _hits(counts), counts.sum(-1) + counts.sum(-2))


def precision_per_class(counts: np.ndarray) -> np.ndarray:
    """Share of the pixels predicted as a class that belong to it.

    Parameters
    ----------
    counts : (..., C, C), rows = target, columns = prediction

    Returns
    -------
    (..., C) float64 in [0, 1]; NaN where the class is never predicted
    """
    return _ratio(_hits(counts), counts.sum(-2))


def recall_per_class(counts: np.ndarray) -> np.ndarray:
    """Share of the pixels of a class that were predicted as it.

    Parameters
    ----------
    counts : (..., C, C), rows = target, columns = prediction

    Returns
    -------
    (..., C) float64 in [0, 1]; NaN where the class is not in the target
    """
    return _ratio(_hits(counts), counts.sum(-1))


def pixel_accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of the scored pixels whose class is right.

    Parameters
    ----------
    counts : (..., C, C), rows = target, columns = prediction

    Returns
    -------
    (...) float64 in [0, 1]; NaN without scored pixels
    """
    return _ratio(_hits(counts).sum(-1), counts.sum((-1, -2)))


def class_mean(per_class: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean over the classes present in target or prediction.

    A present class whose own score is 0 / 0 counts as 0: a class that is never predicted has no precision of its own,
    but leaving it out would reward a model for never predicting a difficult class. So precision, recall, F1 and IoU
    are means over the same classes. This is scikit-learn's ``average="macro"`` with its default zero division.

    Parameters
    ----------
    per_class : (..., C) scores of the classes
    counts : (..., C, C) the counts they come from

    Returns
    -------
    (...) float64; NaN where no class is present
    """
    present = (counts.sum(-1) + counts.sum(-2)) > 0  # (..., C)
    return _ratio(np.where(present, np.nan_to_num(per_class), 0.0).sum(-1), present.sum(-1))


def mean_precision(counts: np.ndarray) -> np.ndarray:
    """Class mean of the precision, (..., C, C) -> (...)."""
    return class_mean(precision_per_class(counts), counts)


def mean_recall(counts: np.ndarray) -> np.ndarray:
    """Class mean of the recall, (..., C, C) -> (...)."""
    return class_mean(recall_per_class(counts), counts)


def mean_f1(counts: np.ndarray) -> np.ndarray:
    """Class mean of F1, (..., C, C) -> (...)."""
    return class_mean(f1_per_class(counts), counts)


def mean_iou(counts: np.ndarray) -> np.ndarray:
    """Class mean of the IoU, (..., C, C) -> (...)."""
    return class_mean(iou_per_class(counts), counts)


def mean_f1_foreground(counts: np.ndarray) -> np.ndarray:
    """Class mean of F1 without the background, as face-parsing papers report it, (..., C, C) -> (...).

    Background pixels stay in the counts, so that a face predicted on background still costs the face's F1.

    Source: FaRL (Zheng et al., CVPR 2022) and SegFace (Narayan et al., AAAI 2025).
    """
    return _nan_mean(np.delete(f1_per_class(counts), _BACKGROUND, axis=-1))


def shown_iou_per_class(counts: np.ndarray) -> np.ndarray:
    """IoU of the classes that the target shows, (..., C, C) -> (..., C); NaN where it is not in the target.

    A class that is only predicted has no score of its own: its pixels are missed by the classes that are there.
    """
    return np.where(counts.sum(-1) > 0, iou_per_class(counts), np.nan)


def fixed_iou(counts: np.ndarray) -> np.ndarray:
    """Mean IoU over those of ``labels.FIXED_CLASSES`` that the target shows, (..., C, C) -> (...).

    People are compared by it. `mean_iou` averages over every class that is present or wrongly predicted: a person with
    teeth, a beard or spectacles, or with invented ones, is scored on more and harder classes than one without.
    """
    shown = shown_iou_per_class(counts)
    return _nan_mean(np.where(np.isin(np.arange(counts.shape[-1]), _FIXED), shown, np.nan))


def image_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Score images one by one.

    Parameters
    ----------
    counts : (N, C, C), one matrix per image

    Returns
    -------
    image_iou, image_f1 : (N,) class mean of the image over the classes it shows or is predicted to show
    accuracy : (N,) pixel accuracy of the image
    """
    return {"image_iou": mean_iou(counts), "image_f1": mean_f1(counts), "accuracy": pixel_accuracy(counts)}


@dataclass(frozen=True)
class Estimand:
    """One score of an image set, under one name.

    Parameters
    ----------
    key : name in tables
    title : name in text and figures
    definition : one sentence
    score : (..., C, C) counts -> (...) values
    per_image : True for a mean of image scores, False for a score of the pooled counts

    Notes
    -----
    Both kinds are functions of a SUM over images: of the counts, or of the pair (score, is there a score). `parts`
    returns the summands, `from_total` the value of a sum. So resampling only needs weighted sums.
    """

    key: str
    title: str
    definition: str
    score: Callable[[np.ndarray], np.ndarray]
    per_image: bool = False

    def parts(self, counts: np.ndarray) -> np.ndarray:
        """Summands of each image, (N, C, C) -> (N, K) float64, all finite."""
        if not self.per_image:
            return counts.reshape(len(counts), counts.shape[-1] ** 2).astype(float)  # (N, C * C)
        scores = self.score(counts)  # (N,)
        return np.stack([np.nan_to_num(scores), np.isfinite(scores)], -1)  # (N, 2)

    def from_total(self, total: np.ndarray) -> np.ndarray:
        """Turn sums of `parts` into values, (..., K) -> (...)."""
        if self.per_image:
            return _ratio(total[..., 0], total[..., 1])
        num_classes = math.isqrt(total.shape[-1])
        return self.score(total.reshape(*total.shape[:-1], num_classes, num_classes))

    def function(self, counts: np.ndarray) -> float:
        """Score an image set, (N, C, C) -> scalar; NaN where undefined."""
        return float(self.from_total(self.parts(counts).sum(0)))


COMPARED_BY = "fixed_image_iou"
"""The estimand by which groups, emotions and features are compared: each picture counts once, on the same classes."""

_POOLED = "Mean over the classes{} of {}, from the counts of all images together."
_BY_IMAGE = "Mean over the images of each image's mean {} over {}."
_SHOWN = " that {} shows, spectacles, beards and teeth left out"

ESTIMANDS: Mapping[str, Estimand] = MappingProxyType(
    {
        estimand.key: estimand
        for estimand in (
            Estimand("accuracy", "Pixel accuracy", "Share of all scored pixels whose class is right.", pixel_accuracy),
            Estimand("precision", "Precision", _POOLED.format("", "precision"), mean_precision),
            Estimand("recall", "Recall", _POOLED.format("", "recall"), mean_recall),
            Estimand("f1", "F1", _POOLED.format("", "F1 (Dice)"), mean_f1),
            Estimand("iou", "IoU", _POOLED.format("", "IoU"), mean_iou),
            Estimand(
                "mean_f1_foreground",
                "Mean F1 without background",
                _POOLED.format(" except background", "F1"),
                mean_f1_foreground,
            ),
            Estimand("image_iou", "Image IoU", _BY_IMAGE.format("IoU", "its classes"), mean_iou, per_image=True),
            Estimand("image_f1", "Image F1", _BY_IMAGE.format("F1", "its classes"), mean_f1, per_image=True),
            Estimand(
                "fixed_iou", "Fixed-class IoU", _POOLED.format(_SHOWN.format("the target") + ",", "IoU"), fixed_iou
            ),
            Estimand(
                COMPARED_BY,
                "Fixed-class image IoU",
                _BY_IMAGE.format("IoU", "the classes" + _SHOWN.format("its target")),
                fixed_iou,
                per_image=True,
            ),
        )
    }
)
"""Key -> estimand, in the order of all tables."""

CLASS_METRICS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {"precision": precision_per_class, "recall": recall_per_class, "f1": f1_per_class, "iou": iou_per_class}
)
"""Key -> function (..., C, C) -> (..., C), in the order of all tables."""


def evaluate(
    counts: np.ndarray, total: Callable[[np.ndarray], np.ndarray], estimands: Iterable[str] = tuple(ESTIMANDS)
) -> dict[str, np.ndarray]:
    """Score an image set under several estimands, with one way of adding images up.

    Parameters
    ----------
    counts : (N, C, C), one matrix per image
    total : (N, K) -> (..., K), linear in the images: a plain sum, bootstrap sums, sums by permuted group
    estimands : keys of ``ESTIMANDS``

    Returns
    -------
    key -> (...) float64
    """
    chosen = [ESTIMANDS[key] for key in estimands]
    blocks = {e.key if e.per_image else "pooled": e.parts(counts) for e in chosen}  # pooled estimands share theirs
    ends = np.cumsum([block.shape[1] for block in blocks.values()])
    sums = total(np.concatenate(list(blocks.values()), axis=1))  # (..., K), in one call: sums can be expensive
    sums_by_block = dict(zip(blocks, np.split(sums, ends[:-1], axis=-1), strict=True))
    return {e.key: e.from_total(sums_by_block[e.key if e.per_image else "pooled"]) for e in chosen}


def _hits(counts: np.ndarray) -> np.ndarray:
    """Pixels whose class is right, (..., C, C) -> (..., C) float64."""
    return np.diagonal(counts, axis1=-2, axis2=-1).astype(float)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, with NaN where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


def _nan_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without NaN; NaN, and no warning, where nothing is left."""
    defined = np.isfinite(values)
    return _ratio(np.where(defined, values, 0.0).sum(-1), defined.sum(-1))
