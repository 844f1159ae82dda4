"""Could this label map be a face? Rules of anatomy that can be checked without knowing the true mask.

Every rule is a yes-or-no question; a rule about absent parts does not apply. They assume one person, more or less
upright, and say nothing about accuracy: a smooth, wrong mask can keep all of them, and a correct profile may break one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import ConvexHull

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX

_HEAD = tuple(INDEX[name] for name in INDEX if name not in ("background", "hair"))
_MOUTH = (INDEX["lips"], INDEX["teeth"])
_SMALL = 0.1  # specks make up no more than this share of a part
_INSIDE = 0.95  # at least this share of a part has to be where it belongs
_EIGHT = np.ones((3, 3), bool)


def plausibility_rules(labels: np.ndarray) -> pd.DataFrame:
    """Check every rule on every label map.

    Parameters
    ----------
    labels : (N, H, W) integer class indices; other values (255) belong to no part

    Returns
    -------
    N rows, one column per rule of ``RULES``: 1.0 kept, 0.0 broken, NaN does not apply

    Raises
    ------
    InputError
        if the shape or type is another
    """
    labels = np.asarray(labels)
    if labels.ndim != 3 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            "plausibility",
            found=f"an array of shape {labels.shape} and type {labels.dtype}",
            expected="integer class indices, shape (images, height, width)",
            do="take the most likely class of each pixel first",
        )
    return pd.DataFrame({name: [rule(mask) for mask in labels] for name, rule in RULES.items()}, dtype=float)


def plausibility(labels: np.ndarray) -> np.ndarray:
    """Share of the applicable rules that each label map keeps, (N, H, W) -> (N,) in [0, 1].

    A map without a face keeps none: that its parts are present is the one rule that always applies.
    """
    return plausibility_rules(labels).mean(axis=1).to_numpy()


def _parts_present(mask: np.ndarray) -> float:
    """A head shows skin, nose and mouth, and eyes or something in front of them."""
    seen = np.bincount(mask.ravel(), minlength=256) > 0
    eyes = seen[INDEX["eyes"]] or seen[INDEX["specs"]]
    return float(seen[INDEX["face"]] and seen[INDEX["nose"]] and seen[INDEX["lips"]] and eyes)


def _one_head(mask: np.ndarray) -> float:
    """Nearly all of the head is one connected piece."""
    pieces = _pieces(np.isin(mask, _HEAD))
    return np.nan if not len(pieces) else float(pieces[0] >= _INSIDE * pieces.sum())


def _above(upper: tuple[int, ...], lower: tuple[int, ...]) -> Callable[[np.ndarray], float]:
    """Make the rule that the centre of one part is above that of another."""

    def rule(mask: np.ndarray) -> float:
        heights = [np.flatnonzero(np.isin(mask, part)) // mask.shape[1] for part in (upper, lower)]
        return np.nan if not all(map(len, heights)) else float(heights[0].mean() < heights[1].mean())

    return rule


def _pieces_at_most(number: int, part: tuple[int, ...]) -> Callable[[np.ndarray], float]:
    """Make the rule that a part consists of at most ``number`` pieces, specks aside."""

    def rule(mask: np.ndarray) -> float:
        pieces = _pieces(np.isin(mask, part))
        return np.nan if not len(pieces) else float(pieces[:number].sum() >= (1 - _SMALL) * pieces.sum())

    return rule


def _inside_head(mask: np.ndarray) -> float:
    """Eyes, brows and mouth lie within the convex hull of skin, ears, beard and hair; a nose may stick out."""
    parts = np.isin(mask, [*_MOUTH, INDEX["eyes"], INDEX["eyebrows"]])
    skin = np.isin(mask, [INDEX[name] for name in ("face", "ears", "facial_hair", "hair")])
    if not parts.any() or not skin.any():
        return np.nan
    hull = ConvexHull(_extreme_corners(skin))
    points = np.argwhere(parts) + 0.5  # centres of the pixels
    inside = (points @ hull.equations[:, :2].T + hull.equations[:, 2] <= 1e-9).all(1)
    return float(inside.mean() >= _INSIDE)


def _balanced(mask: np.ndarray) -> float:
    """The mouth is below the nose, not beside it: sideways, their centres differ by less than a quarter of the head."""
    mouth, nose, head = (np.isin(mask, part) for part in (_MOUTH, (INDEX["nose"],), _HEAD))
    if not mouth.any() or not nose.any():
        return np.nan
    columns = [np.nonzero(part)[1] for part in (mouth, nose)]
    width = np.ptp(np.nonzero(head)[1]) + 1
    return float(abs(columns[0].mean() - columns[1].mean()) < width / 4)


def _eyes_alike(mask: np.ndarray) -> float:
    """Of two visible eyes, neither is more than four times as large as the other."""
    pieces = _pieces(mask == INDEX["eyes"])
    if len(pieces) < 2 or pieces[1] < _SMALL * pieces.sum():
        return np.nan
    return float(pieces[0] <= 4 * pieces[1])


def _teeth_in_mouth(mask: np.ndarray) -> float:
    """Teeth touch the lips or lie between them."""
    teeth, lips = (mask == INDEX[name] for name in ("teeth", "lips"))
    if not teeth.any():
        return np.nan
    rows, columns = np.nonzero(teeth)
    if not lips.any():
        return 0.0
    box = ndimage.find_objects(ndimage.binary_dilation(lips, _EIGHT).astype(np.int8))[0]
    inside = (rows >= box[0].start) & (rows < box[0].stop) & (columns >= box[1].start) & (columns < box[1].stop)
    return float(inside.mean() >= _INSIDE)


def _pieces(region: np.ndarray) -> np.ndarray:
    """Sizes of the connected pieces, largest first."""
    numbered, count = ndimage.label(region, _EIGHT)
    return np.sort(np.bincount(numbered.ravel(), minlength=count + 1)[1:])[::-1]


def _extreme_corners(region: np.ndarray) -> np.ndarray:
    """Corners of the first and last pixel of every row, whose hull is that of the whole region, (H, W) -> (n, 2)."""
    rows = np.flatnonzero(region.any(1))
    first = region[rows].argmax(1)
    last = region.shape[1] - region[rows, ::-1].argmax(1)  # one past the last pixel
    ends = np.stack([np.repeat(rows, 2), np.stack([first, last], 1).ravel()], 1)  # (2 * rows, 2) upper corners
    return np.concatenate([ends, ends + np.array([1, 0])])


RULES: Mapping[str, Callable[[np.ndarray], float]] = MappingProxyType(
    {
        "parts_present": _parts_present,
        "one_head": _one_head,
        "eyes_above_nose": _above((INDEX["eyes"],), (INDEX["nose"],)),
        "nose_above_mouth": _above((INDEX["nose"],), _MOUTH),
        "brows_above_eyes": _above((INDEX["eyebrows"],), (INDEX["eyes"],)),
        "parts_inside_head": _inside_head,
        "mouth_below_nose": _balanced,
        "two_eyes": _pieces_at_most(2, (INDEX["eyes"],)),
        "one_nose": _pieces_at_most(1, (INDEX["nose"],)),
        "one_mouth": _pieces_at_most(1, _MOUTH),
        "eyes_alike": _eyes_alike,
        "teeth_in_mouth": _teeth_in_mouth,
    }
)
"""Rule -> function of one label map (H, W): 1.0 kept, 0.0 broken, NaN does not apply."""
