"""Parses one photograph of any size: every pixel gets a class, and how certain the network is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.figures.pictures import overlay
from facefair_lib.models.fused import fused
from facefair_lib.parse.blazeface import FaceDetector
from facefair_lib.parse.finding import Detect, Head, find_heads
from facefair_lib.parse.squares import Square, cut, whole_square
from facefair_lib.settings.labels import CLASS_NAMES, INDEX, NUM_CLASSES
from facefair_lib.settings.profiles import ONE_VIEW, InferenceSettings
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, use_cores
from facefair_lib.training.predict import mean_probability

FACES = ("many", "one")
"""``many``: heads are searched for, and each is parsed by itself. ``one``: the whole photograph is one head."""

SMALLEST_FACE = 0.1
"""Height of the smallest face that is searched for, as a share of the photograph's longer side."""

_KEPT = 8  # outputs of the network: a portrait's square often stays the same when its head is framed again
_STRIP = 512  # rows processed at a time: as floats, a whole photograph would take many times its own memory


@dataclass(frozen=True)
class Parsed:
    """A photograph and its mask.

    Attributes
    ----------
    image : (H, W, 3) uint8 RGB, upright
    mask : (H, W) uint8 class indices
    confidence : (H, W) float32, probability of each pixel's class; NaN where nothing was parsed, as no head was near
    heads : the heads found; empty when the photograph was parsed as one head
    """

    image: np.ndarray
    mask: np.ndarray
    confidence: np.ndarray
    heads: tuple[Head, ...]

    def overlay(self, opacity: float = 0.5, palette: str = "display") -> np.ndarray:
        """Blend the classes' colours with the photograph: (H, W, 3) uint8."""
        result = np.empty_like(self.image)
        for start in range(0, len(result), _STRIP):
            rows = slice(start, start + _STRIP)
            result[rows] = overlay(self.image[rows], self.mask[rows], opacity, palette)
        return result

    def areas(self) -> pd.DataFrame:
        """One row per class: its pixels, its share of the photograph and of all heads, its mean confidence.

        A class without pixels has no confidence (NaN). The background's confidence is that of the parsed squares.
        """
        pixels, seen, certain = np.zeros((3, NUM_CLASSES))
        for start in range(0, len(self.mask), _STRIP):
            mask, confidence = self.mask[start : start + _STRIP], self.confidence[start : start + _STRIP]
            parsed = ~np.isnan(confidence)
            pixels += np.bincount(mask.ravel(), minlength=NUM_CLASSES)
            seen += np.bincount(mask[parsed], minlength=NUM_CLASSES)
            certain += np.bincount(mask[parsed], confidence[parsed], NUM_CLASSES)
        head = pixels[np.arange(NUM_CLASSES) != INDEX["background"]].sum()
        of_heads = np.where(np.arange(NUM_CLASSES) == INDEX["background"], np.nan, pixels / head if head else np.nan)
        with np.errstate(invalid="ignore"):
            confidence = certain / seen  # NaN where the class has no pixel
        return pd.DataFrame(
            {
                "class": CLASS_NAMES,
                "pixels": pixels.astype(np.int64),
                "share": pixels / self.mask.size,
                "share_of_heads": of_heads,
                "confidence": confidence,
            }
        )


class Parser:
    """A fitted network, and how it is applied to photographs.

    Parameters
    ----------
    network : see ``build_model``; moved to the GPU if there is one
    size : side of the squares that it was trained on, in pixels
    views : the views that are averaged for the final mask; one view shows how far a head reaches
    detect : the face detector; ``None`` takes ``FaceDetector``
    told : which weights these are, in one line
    """

    def __init__(
        self,
        network: nn.Module,
        size: int,
        views: InferenceSettings = ONE_VIEW,
        detect: Detect | None = None,
        told: str = "",
    ) -> None:
        use_cores(assigned_cores())
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = fused(network.to(self._device))
        self._size, self._views = size, views
        self._detect = detect or FaceDetector()
        self.told = told

    def parse(self, image: np.ndarray, faces: str = "many", smallest: float = SMALLEST_FACE) -> Parsed:
        """Parse one photograph.

        Parameters
        ----------
        image : (H, W, 3) uint8 RGB, any size
        faces : one of ``FACES``
        smallest : with ``many``, height of the smallest face as a share of the longer side, 0.01 to 1; halving it takes
            four times as long

        Raises
        ------
        InputError
            if the image has another shape or type, or an option is out of range
        """
        _check(image)
        check_options(faces, smallest)

        @lru_cache(_KEPT)
        def look(square: Square, views: InferenceSettings) -> np.ndarray:
            return self._predict(cut(image, square, self._size), views)

        if faces == "one":
            squares, heads = [whole_square(image.shape[:2])], []
        else:
            heads = find_heads(image, lambda square: look(square, ONE_VIEW), self._detect, smallest)
            squares = [head.square for head in heads]
        answers = [look(square, self._views) for square in squares]
        mask, confidence = _lay_together(image.shape[:2], squares, answers)
        return Parsed(image, mask, confidence, tuple(heads))

    def _predict(self, rgb: np.ndarray, views: InferenceSettings) -> np.ndarray:
        """(S, S, 3) uint8 -> (C, S, S) float32 probabilities."""
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(rgb)[None]).to(self._device).permute(0, 3, 1, 2)
            return mean_probability(self._network, normalise(batch), views)[0].float().cpu().numpy()


def _check(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3 or 0 in image.shape:
        raise InputError(
            "photograph",
            found=f"an array of shape {image.shape} and type {image.dtype}",
            expected="(H, W, 3) uint8 RGB with at least one pixel",
            do="give the picture's path, or convert it with PIL's convert('RGB')",
        )


def check_options(faces: str, smallest: float) -> None:
    """Raise InputError if one of the options of ``Parser.parse`` is out of range."""
    if faces not in FACES:
        raise InputError("faces", found=repr(faces), expected=f"one of {', '.join(FACES)}", do="choose one of these")
    if not 0.01 <= smallest <= 1:
        raise InputError(
            "smallest face",
            found=f"{smallest}",
            expected="0.01 to 1",
            do="give a share of the photograph's longer side",
        )


def _lay_together(
    shape: tuple[int, int], squares: Sequence[Square], answers: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Stitch the squares' probabilities together at the photograph's size; where squares overlap, the one whose centre
    is nearer counts more.

    Returns
    -------
    mask : (H, W) uint8, background where there is no square
    confidence : (H, W) float32, NaN where there is no square
    """
    mask, confidence = np.empty(shape, np.uint8), np.empty(shape, np.float32)
    ones = [np.ones((2, 2), np.float32)] * len(squares)
    for start in range(0, shape[0], _STRIP):
        rows = slice(start, min(start + _STRIP, shape[0]))
        total = _sum_of_squares(rows, shape[1], squares, ones)  # (h, W)
        values = (
            _sum_of_squares(rows, shape[1], squares, [answer[index] for answer in answers])
            for index in range(NUM_CLASSES)
        )
        best, label = next(values), np.zeros(total.shape, np.uint8)
        for index, value in enumerate(values, start=1):
            np.copyto(label, index, where=value > best)
            np.maximum(best, value, out=best)
        covered = total > 0
        mask[rows] = np.where(covered, label, INDEX["background"])
        confidence[rows] = np.divide(best, total, out=np.full(total.shape, np.nan, np.float32), where=covered)
    return mask, confidence


def _sum_of_squares(strip: slice, width: int, squares: Sequence[Square], maps: Sequence[np.ndarray]) -> np.ndarray:
    """Weighted sum over squares of their maps (s, s), each enlarged to its square, in a strip of rows: (h, W)."""
    result = np.zeros((strip.stop - strip.start, width), np.float32)
    for square, values in zip(squares, maps, strict=True):
        rows = slice(max(square.top, strip.start), min(square.top + square.side, strip.stop))
        columns = slice(max(square.left, 0), min(square.left + square.side, width))
        if rows.start >= rows.stop:
            continue
        down = _axis(rows, square.top, square.side)
        across = _axis(columns, square.left, square.side)
        weight = np.maximum(1 - np.maximum(np.abs(down)[:, None], np.abs(across)[None]), 1e-3)  # (h, w)
        result[rows.start - strip.start : rows.stop - strip.start, columns] += weight * _enlarge(values, down, across)
    return result


def _axis(pixels: slice, start: int, side: int) -> np.ndarray:
    """Position of pixel centres in their square, -1 (its first edge) to 1 (its last)."""
    return ((np.arange(pixels.start, pixels.stop, dtype=np.float32) + 0.5 - start) / side) * 2 - 1


def _enlarge(values: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Bilinear samples of a map (s, s) at the crossings of two axes -> (h, w), one axis after the other."""
    return _along(np.ascontiguousarray(_along(values.T, across).T), down)


def _along(values: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Linear samples between the rows of ``values``, (s, n), at positions -1 to 1, (h,) -> (h, n)."""
    place = np.clip((axis + 1) / 2 * len(values) - 0.5, 0, len(values) - 1)
    first = np.minimum(place.astype(np.int64), len(values) - 2)
    share = (place - first).astype(np.float32)[:, None]
    return values[first] * (1 - share) + values[first + 1] * share
