"""Finds the heads of a photograph: a face detector finds faces; the segmentation network confirms and frames them.

The detector finds faces of about 25 to 120 pixels. So it sees the photograph in several sizes: from one so small, in a
wide black frame, that a face that fills the photograph is found, to one in which the smallest face sought is large
enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from facefair_lib.data.images import resize_image
from facefair_lib.parse.squares import Box, Square, square_around
from facefair_lib.settings.labels import CLASS_NAMES, INDEX

Look = Callable[[Square], np.ndarray]
"""A square of the photograph -> (C, S, S) float32, the class probabilities that the segmentation network sees in it."""

Detect = Callable[[np.ndarray, float], list[tuple[Box, float]]]
"""See ``blazeface.FaceDetector.__call__``."""

CERTAIN = 0.55
"""Least score of a face; the segmentation network confirms it, see ``CONFIRMED``."""

CONFIRMED = 0.25
"""Least share of a face's rectangle that the segmentation network must see as a head.

Faces found and heads invented by the package's DeepLabV3 with a score of 0.6 alone, and with both rules: 255 and 13,
now 256 and 1, in 100 rendered scenes of 300 faces; 16 invented, now none, in 80 patterns; 50 and 3, now 50 and 2, in 50
pictures of FaceSynthetics; 196 and 1, now 198 and 0, in 200 photographs of FairFace. Both limits were chosen on these
pictures.
"""

_HEAD = np.array([INDEX[name] for name in CLASS_NAMES if name != "background"])
_FACE_PIXELS = 28  # height of the smallest face sought in the largest picture that the detector is shown
_SMALLEST_PICTURE = 64  # longer side, in pixels, of the smallest picture
_SAME = 0.4  # overlap from which two faces are one
_ABOVE, _BESIDE, _BELOW = 0.6, 0.25, 0.1  # of the detector's box, from brows to chin, to the edges of a usual head
_MARGIN = 0.06  # around a head with its hair, as in the training pictures
_GROWTH = 2.7  # a head with its hair is at most so many times as large as its face; more is something else's
_ROUNDS = 2


@dataclass(frozen=True)
class Head:
    """A head that was found.

    Attributes
    ----------
    face : the face's rectangle in the photograph, from the brows to the chin
    square : the part of the photograph that the network sees to parse this head
    score : 0 to 1, how certain the detector is of the face
    """

    face: Box
    square: Square
    score: float


def find_heads(rgb: np.ndarray, look: Look, detect: Detect, smallest: float) -> list[Head]:
    """Find the heads of a photograph, largest face first.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    look : asks the segmentation network
    detect : the face detector
    smallest : smallest face to look for: its height as a share of the photograph's longer side

    Notes
    -----
    Heads seen from behind are not found.
    """
    least = smallest * max(rgb.shape[:2])
    faces = _best_of_overlapping(found for found in _scan_all(rgb, detect, smallest) if found[0].height >= least)
    heads = []
    for face, score in faces:
        square, seen = _framed(rgb.shape[:2], look, face)
        if seen >= CONFIRMED:
            heads.append(Head(face, square, score))
    return sorted(heads, key=lambda head: -head.face.area())


def _scan_all(rgb: np.ndarray, detect: Detect, smallest: float) -> Iterator[tuple[Box, float]]:
    """Faces, with their scores, in the photograph at every size."""
    height, width = rgb.shape[:2]
    for side in _sides(smallest):
        scale = side / max(height, width)
        shown = resize_image(rgb, (max(1, round(height * scale)), max(1, round(width * scale))))
        frame = side // 2 if side == _SMALLEST_PICTURE else 0
        for face, score in detect(np.pad(shown, ((frame, frame), (frame, frame), (0, 0))), CERTAIN):
            placed = Box(*((value - frame) / scale for value in (face.top, face.left, face.bottom, face.right)))
            row, column = (placed.top + placed.bottom) / 2, (placed.left + placed.right) / 2
            if 0 <= row < height and 0 <= column < width:
                yield placed, score


def _sides(smallest: float) -> Iterator[int]:
    """Longer sides of the pictures that the detector sees; each is about the square root of two times the last."""
    yield _SMALLEST_PICTURE
    step = 2
    while (side := round(_SMALLEST_PICTURE * 2 ** (step / 2))) < _FACE_PIXELS / smallest:
        yield side
        step += 1
    yield side


def _framed(shape: tuple[int, int], look: Look, face: Box) -> tuple[Square, float]:
    """The square around a face's whole head, and the share of the face that the network sees as a head, 0 to 1.

    The square lies first around a usual head, then around what the network sees there.
    """
    head = Box(
        face.top - _ABOVE * face.height,
        face.left - _BESIDE * face.width,
        face.bottom + _BELOW * face.height,
        face.right + _BESIDE * face.width,
    )
    square = square_around(head, _MARGIN, shape)
    for _ in range(_ROUNDS):  # the square grows if it cuts off hair
        is_head = np.isin(look(square).argmax(0), _HEAD)  # (S, S)
        seen = _share_inside(is_head, square, face)
        square = square_around(_whole_head(is_head, square, face, head), _MARGIN, shape)
    return square, seen


def _share_inside(is_head: np.ndarray, square: Square, face: Box) -> float:
    """Share of a face's rectangle, as far as it lies in the square, that is head."""
    scale = len(is_head) / square.side
    rows, columns = (
        slice(max(0, int((first - start) * scale)), max(0, int((last - start) * scale)) + 1)
        for first, last, start in ((face.top, face.bottom, square.top), (face.left, face.right, square.left))
    )
    return float(is_head[rows, columns].mean())


def _whole_head(is_head: np.ndarray, square: Square, face: Box, usual: Box) -> Box:
    """Rectangle of a face's head, hair and ears included, among the pixels (S, S) of one square."""
    regions, _ = ndimage.label(is_head)
    boxes = (
        square.to_photo(Box(rows.start, columns.start, rows.stop, columns.stop), len(is_head))
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
    """Keep each face that overlaps none with a higher score."""
    kept: list[tuple[Box, float]] = []
    for face, score in sorted(faces, key=lambda found: -found[1]):
        if all(face.overlap(other) < _SAME for other, _ in kept):
            kept.append((face, score))
    return kept
