"""Solutions of lesson 6."""

import numpy as np


def confusion(target, prediction, classes):
    """Pixels by true class (row) and predicted class (column): (H, W), (H, W) -> (classes, classes)."""
    counted = target != 255
    table = np.zeros((classes, classes), int)
    np.add.at(table, (target[counted], prediction[counted]), 1)
    return table


def iou(counts):
    """IoU of each class from a confusion matrix: (C, C) -> (C,)."""
    hits = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - hits
    return np.array([hit / size if size else np.nan for hit, size in zip(hits, union, strict=True)])


def two_means(counts):
    """Pooled mean IoU and image mean IoU: (N, C, C) -> two numbers."""
    pooled = np.nanmean(iou(counts.sum(0)))
    each = [np.nanmean(iou(table)) for table in counts]
    return pooled, np.mean(each)


def can_be_true(f1, iou, step):
    """Whether a printed mean F1 and mean IoU can belong together."""
    smallest_f1, largest_f1 = f1 - step / 2, f1 + step / 2
    smallest_iou, largest_iou = iou - step / 2, iou + step / 2
    return largest_iou >= smallest_f1 / (2 - smallest_f1) and smallest_iou <= largest_f1
