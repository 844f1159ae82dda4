"""Where the heads of a photograph are: a face detector finds faces, the segmentation network says how far heads reach.

The detector knows faces of about 25 to 120 pixels. So the photograph is shown to it in several sizes: from one so
small, in a wide black frame, that even a face that fills the photograph is found, to one in which the smallest face
sought is large enough.
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

CERTAIN = 0.6
"""Least score of a face. In 25 rendered scenes 69 of 75 faces were found and none invented; at 0.5, as in MediaPipe,
73 and 4. In 50 pictures of FaceSynthetics all 50 were found, with 3 false ones; at 0.5 with 10."""

_HEAD = np.array([INDEX[name] for name in CLASS_NAMES if name != "background"])
_FACE_PIXELS = 28  # height of the smallest face sought in the largest picture that the detector is shown
_SMALLEST_PICTURE = 64  # longer side, in pixels, of the smallest
_SAME = 0.4  # overlap from which two faces are one
_ABOVE, _BESIDE, _BELOW = 0.6, 0.25, 0.1  # of the detector's box, from brows to chin, to the edges of a usual head
_MARGIN = 0.06  # around a head with its hair, as in the training pictures
_GROWTH = 2.7  # a head with its hair is at most so many times its face; more is a neighbour's hair or a background
_ROUNDS = 2


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
    A head that is seen from behind is not found.
    """
    least = smallest * max(rgb.shape[:2])
    faces = _best_of_overlapping(found for found in _scan_all(rgb, detect, smallest) if found[0].height >= least)
    heads = [Head(face, _framed(rgb.shape[:2], look, face), score) for face, score in faces]
    return sorted(heads, key=lambda head: -head.face.height * head.face.width)


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
    """Longer sides of the pictures that the detector is shown; sizes differ by the square root of two."""
    yield _SMALLEST_PICTURE
    step = 2
    while (side := round(_SMALLEST_PICTURE * 2 ** (step / 2))) < _FACE_PIXELS / smallest:
        yield side
        step += 1
    yield side


def _framed(shape: tuple[int, int], look: Look, face: Box) -> Square:
    """The square around a face's whole head: that of a usual head first, then that of what the network sees in it."""
    head = Box(
        face.top - _ABOVE * face.height,
        face.left - _BESIDE * face.width,
        face.bottom + _BELOW * face.height,
        face.right + _BESIDE * face.width,
    )
    square = square_around(head, _MARGIN, shape)
    for _ in range(_ROUNDS):  # hair that the square cuts lets it grow
        mask = look(square).argmax(0)  # (S, S)
        square = square_around(_whole_head(mask, square, face, head), _MARGIN, shape)
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
