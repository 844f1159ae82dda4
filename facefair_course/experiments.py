"""Small experiments that run within a second: what coarse maps lose, what context gives, what copying scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import imagehash
import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import uniform_filter

from facefair_lib.scores import metrics
from facefair_lib.settings.labels import CLASS_NAMES, INDEX, NUM_CLASSES


def through_coarse_map(masks: np.ndarray, stride: int) -> np.ndarray:
    """Keep one label per ``stride`` x ``stride`` block, the one at its centre, and enlarge it again.

    Parameters
    ----------
    masks : (..., H, W) class indices; ``stride`` divides H and W
    """
    coarse = masks[..., stride // 2 :: stride, stride // 2 :: stride]
    return coarse.repeat(stride, -2).repeat(stride, -1)


def coarse_limits(
    masks: np.ndarray,
    strides: Sequence[int],
    classes: Sequence[str],
    through: Callable[[np.ndarray, int], np.ndarray] = through_coarse_map,
) -> pd.DataFrame:
    """IoU of true masks that were squeezed through a coarse map: columns stride, class, iou.

    Parameters
    ----------
    masks : (N, H, W) class indices
    through : (masks, stride) -> what is left of the masks; by default one label per block is kept
    """
    rows = []
    for stride in strides:
        scores = metrics.iou_per_class(metrics.confusion_counts(masks, through(masks, stride)).sum(0))
        rows += [{"stride": stride, "class": name, "iou": scores[INDEX[name]]} for name in classes]
    return pd.DataFrame(rows)


def tap_shares(sizes: Sequence[int], rates: Sequence[int]) -> pd.DataFrame:
    """Share of a 3 x 3 kernel's taps that lie inside a square map, over all places: columns map, rate, share."""
    rows = []
    for size, rate in product(sizes, rates):
        line = (1 + 2 * max(size - rate, 0) / size) / 3  # along one axis: both outer taps miss at ``rate`` places
        rows.append({"map": size, "rate": rate, "share": line**2})
    return pd.DataFrame(rows)


def against_surroundings(values: np.ndarray, rate: int) -> np.ndarray:
    """Each value minus the mean of the eight that lie ``rate`` away, (H, W) -> (H, W): one atrous branch."""
    steps = [step for step in product((-rate, 0, rate), repeat=2) if step != (0, 0)]
    padded = np.pad(values, rate, mode="edge")
    height, width = values.shape
    around = [padded[rate + r : rate + r + height, rate + c : rate + c + width] for r, c in steps]
    return values - np.mean(around, axis=0)


def features(images: np.ndarray, context: Sequence[str]) -> np.ndarray:
    """What a linear classifier may look at: (N, H, W, 3) uint8 -> (N, H, W, F) float64.

    Parameters
    ----------
    context : any of ``surroundings`` (mean colours of three neighbourhoods) and ``pyramid`` (place, and mean colours
        of the bins of a 1, 2, 3, 6 pyramid); a pixel's own colour is always included
    """
    own = images / 255.0
    parts = [own]
    if "surroundings" in context:
        parts += [uniform_filter(own, (0, side, side, 0), mode="nearest") for side in (3, 7, 15)]
    if "pyramid" in context:
        parts += [binned(own, bins) for bins in (1, 2, 3, 6)]
        place = np.linspace(-1, 1, own.shape[1])
        parts.append(np.broadcast_to(_products(place), (*own.shape[:3], 9)))
    return np.concatenate([*parts, np.ones((*own.shape[:3], 1))], -1)


def binned(values: np.ndarray, bins: int) -> np.ndarray:
    """Mean of each of ``bins`` x ``bins`` blocks at every place of its block: (N, H, H, K) -> (N, H, H, K) float64."""
    place = np.arange(values.shape[1]) * bins // values.shape[1]  # (H,)
    member = np.eye(bins)[place]  # (H, bins)
    weights = member / member.sum(0)
    means = np.einsum("nhwc,hi,wj->nijc", values, weights, weights)
    return means[:, place][:, :, place]


def _products(place: np.ndarray) -> np.ndarray:
    """Where a pixel lies: powers of row and column up to the second, (H, H, 9)."""
    powers = np.stack([np.ones_like(place), place, place**2], -1)  # (H, 3)
    return np.einsum("ha,wb->hwab", powers, powers).reshape(len(place), len(place), 9)


def linear_labels(train: np.ndarray, masks: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Fit one number per feature and class by least squares and label other pictures: (N, H, W) uint8.

    Parameters
    ----------
    train, test : (N, H, W, F) features
    masks : (N, H, W) class indices of the training pictures
    """
    wanted = np.eye(NUM_CLASSES)[masks.ravel()]  # (pixels, C)
    weights, *_ = np.linalg.lstsq(train.reshape(-1, train.shape[-1]), wanted, rcond=None)
    return (test @ weights).argmax(-1).astype(np.uint8)


def copied_masks(train: np.ndarray, masks: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Label each picture with the mask of the most similar training picture: nothing learnt, everything remembered.

    Parameters
    ----------
    train, test : (N, H, W, 3) and (M, H, W, 3) uint8
    masks : (N, H, W) class indices

    Returns
    -------
    (M, H, W) class indices
    """
    known, asked = (pictures.reshape(len(pictures), -1).astype(float) for pictures in (train, test))
    distances = ((asked[:, None] - known[None]) ** 2).mean(-1)  # (M, N)
    return masks[distances.argmin(1)]


def hash_distance(first: np.ndarray, second: np.ndarray) -> int:
    """Bits of 64 in which the difference hashes of two pictures differ; pictures (H, W, 3) uint8 of any size."""
    return int(imagehash.dhash(Image.fromarray(first)) - imagehash.dhash(Image.fromarray(second)))


def skin_by_rule(images: np.ndarray) -> np.ndarray:
    """Call a pixel skin by a fixed rule on its red, green and blue: (..., 3) uint8 -> (...) bool.

    Source: Kovac, Peer and Solina, "Human skin colour clustering for face detection", EUROCON 2003 (rule for daylight).
    """
    red, green, blue = np.moveaxis(images.astype(int), -1, 0)
    spread = images.max(-1).astype(int) - images.min(-1)
    bright = (red > 95) & (green > 40) & (blue > 20) & (spread > 15)
    return bright & (np.abs(red - green) > 15) & (red > green) & (red > blue)


def overlap(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """IoU of two yes-or-no masks, (..., H, W) bool -> (...)."""
    return (found & wanted).sum((-1, -2)) / (found | wanted).sum((-1, -2))


def interval_coverage(
    people: int, pictures: int, spread: float, studies: int, *, replicates: int = 300, seed: int = 1
) -> dict[str, float]:
    """How often 95 per cent bootstrap intervals contain the true mean when people, or pictures, are resampled.

    Parameters
    ----------
    people, pictures : people per study, pictures of each
    spread : standard deviation between people; pictures of one person differ by a quarter of it
    studies : number of simulated studies
    """
    random = np.random.default_rng(seed)
    scores = random.normal(0, spread, (studies, people, 1)) + random.normal(0, spread / 4, (studies, people, pictures))
    held = {}
    for unit, values in (("people", scores.mean(2)), ("pictures", scores.reshape(studies, -1))):
        number = values.shape[1]
        means = np.stack([values[:, random.integers(number, size=number)].mean(1) for _ in range(replicates)])
        low, high = np.quantile(means, [0.025, 0.975], axis=0)
        held[unit] = float(((low <= 0) & (high >= 0)).mean())
    return held


def iou_table(target: np.ndarray, predictions: dict[str, np.ndarray]) -> pd.DataFrame:
    """IoU of each class (rows) for each way of labelling (columns); the mean over classes is the last row."""
    columns = {}
    for name, prediction in predictions.items():
        counts = metrics.confusion_counts(target, prediction).sum(0)
        columns[name] = [*metrics.iou_per_class(counts), float(metrics.mean_iou(counts))]
    return pd.DataFrame(columns, index=[*CLASS_NAMES, "mean"])
