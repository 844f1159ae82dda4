"""Where the heads of a photograph are: a face detector finds faces, the segmentation network says how far heads reach.

The detector sees pictures of one small size. So squares of several scales are cut out of the photograph, from twice its
size (in which even a face that fills the photograph is whole) down to those in which the smallest face is large enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from facefair_lib.data.images import resize_image
from facefair_lib.parse.squares import Box, Square, cut, scan, square_around, whole_square
from facefair_lib.settings.labels import CLASS_NAMES, INDEX

Predict = Callable[[np.ndarray], np.ndarray]
"""(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities."""

Detect = Callable[[np.ndarray, float], list[list[tuple[Box, float]]]]
"""See ``blazeface.FaceDetector.__call__``."""

CERTAIN = 0.6
"""Least score of a face. MediaPipe uses 0.5, at which more patterns and ears are taken for faces."""

_SIDE = 128  # of the detector's pictures
_HEAD = np.array([INDEX[name] for name in CLASS_NAMES if name != "background"])
_FACE_IN_SQUARE = 0.25  # the smallest face sought is a quarter as high as the smallest squares
_SAME = 0.4  # overlap from which two faces are one
_ABOVE, _BESIDE, _BELOW = 0.6, 0.25, 0.1  # of the detector's box, from brows to chin, to the edges of a usual head
_MARGIN = 0.06  # around a head with its hair, as in the training pictures
_GROWTH = 2.7  # a head with its hair is at most so many times its face; more is a neighbour's hair or a background
_ROUNDS = 2
_BATCH = 32


@dataclass(frozen=True)
class Head:
    """A head that was found.

    Attributes
    ----------
    face : the face's rectangle in the photograph, from the brows to the chin
    square : what the network is shown to parse this head
    score : 0 to 1, how certain the detector is of the face
    """

    face: Box
    square: Square
    score: float


def find_heads(rgb: np.ndarray, predict: Predict, size: int, detect: Detect, smallest: float) -> list[Head]:
    """Find the heads of a photograph, largest face first.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    predict : the segmentation network, for squares of ``size`` pixels
    detect : the face detector
    smallest : smallest face to look for: its height as a share of the photograph's longer side

    Notes
    -----
    A head that is seen from behind is not found.
    """
    least = smallest * max(rgb.shape[:2])
    faces = _best_of_overlapping(found for found in _scan_all(rgb, detect, smallest) if found[0].height >= least)
    heads = [Head(face, _framed(rgb, predict, size, face), score) for face, score in faces]
    return sorted(heads, key=lambda head: -head.face.height * head.face.width)


def _scan_all(rgb: np.ndarray, detect: Detect, smallest: float) -> Iterator[tuple[Box, float]]:
    """Faces, with their scores, in the squares of every scale."""
    height, width = rgb.shape[:2]
    whole = whole_square((height, width))
    doubled = Square(whole.top - whole.side // 2, whole.left - whole.side // 2, 2 * whole.side)
    for squares in ([doubled], *scan((height, width), min(1.0, smallest / _FACE_IN_SQUARE))):
        scale = _SIDE / squares[0].side
        scaled = resize_image(rgb, (max(1, round(height * scale)), max(1, round(width * scale))))
        for start in range(0, len(squares), _BATCH):
            batch = squares[start : start + _BATCH]
            # Black beyond the photograph's edge: what is mirrored there would be a second face.
            cuts = np.stack([cut(scaled, _scaled(square, scale), _SIDE, beyond="constant") for square in batch])
            for square, faces in zip(batch, detect(cuts, CERTAIN), strict=True):
                placed = ((square.to_photo(face, _SIDE), score) for face, score in faces)
                yield from (found for found in placed if _is_whole(found[0], square, (height, width)))


def _scaled(square: Square, scale: float) -> Square:
    return Square(round(square.top * scale), round(square.left * scale), _SIDE)


def _is_whole(face: Box, square: Square, shape: tuple[int, int]) -> bool:
    """Whether a face lies in the photograph, and no edge of the square cuts it where the photograph goes on."""
    middle = ((face.top + face.bottom) / 2, (face.left + face.right) / 2)
    edges = (
        (face.top, square.top, face.bottom, square.top + square.side, shape[0]),
        (face.left, square.left, face.right, square.left + square.side, shape[1]),
    )
    inside = all(0 <= place < length for place, length in zip(middle, shape, strict=True))
    return inside and not any(
        (begin < first and first > 0) or (end > last and last < length) for begin, first, end, last, length in edges
    )


def _framed(rgb: np.ndarray, predict: Predict, size: int, face: Box) -> Square:
    """The square around a face's whole head: that of a usual head first, then that of what the network sees in it."""
    head = Box(
        face.top - _ABOVE * face.height,
        face.left - _BESIDE * face.width,
        face.bottom + _BELOW * face.height,
        face.right + _BESIDE * face.width,
    )
    square = square_around(head, _MARGIN, rgb.shape[:2])
    for _ in range(_ROUNDS):  # hair that the square cuts lets it grow
        mask = predict(cut(rgb, square, size)[None])[0].argmax(0)  # (S, S)
        square = square_around(_whole_head(mask, square, face, head), _MARGIN, rgb.shape[:2])
    return square


def _whole_head(mask: np.ndarray, square: Square, face: Box, usual: Box) -> Box:
    """Rectangle of the head, hair and ears included, that a face belongs to, in the answer (S, S) for one square."""
    regions, _ = ndimage.label(np.isin(mask, _HEAD))
    boxes = (
        square.to_photo(Box(rows.start, columns.start, rows.stop, columns.stop), len(mask))
        for rows, columns in ndimage.find_objects(regions)
    )
    whole = max((box for box in boxes if box.overlap(face) > _SAME), key=Box.area, default=usual)
    whole = Box(
        min(whole.top, face.top),
        min(whole.left, face.left),
        max(whole.bottom, face.bottom),
        max(whole.right, face.right),
    )
    return whole if max(whole.height, whole.width) <= _GROWTH * max(face.height, face.width) else usual


def _best_of_overlapping(faces: Iterable[tuple[Box, float]]) -> list[tuple[Box, float]]:
    """Keep each face that overlaps no surer one."""
    kept: list[tuple[Box, float]] = []
    for face, score in sorted(faces, key=lambda found: -found[1]):
        if all(face.overlap(other) < _SAME for other, _ in kept):
            kept.append((face, score))
    return kept
