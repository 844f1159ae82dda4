"""Where the heads of a photograph are, by the segmentation network's own answers: no detector, no download.

The networks were trained on single heads that fill most of a square. A square that holds a head in that way is
answered with eyes, a nose and a mouth, all three with confidence; one that cuts a head or holds none is not. So squares
of all sizes are shown to the network, connected regions of face are scored by their least certain part, the best of
overlapping ones is kept, and a new square is cut around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from facefair_lib.data.images import resize_image
from facefair_lib.parse.squares import Box, Square, cut, scan, square_around
from facefair_lib.settings.labels import CLASS_NAMES, INDEX

Predict = Callable[[np.ndarray], np.ndarray]
"""(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities."""

CERTAIN = 0.7
"""Least score of a head. On 24 collages of FASSEG's photographs the quick study's PSPNet scored 56 of 57 heads above
it, and nothing else; at 0.5 it found the last head and one that is none."""

_PARTS = tuple(np.array([INDEX[name] for name in names]) for names in (("eyes", "specs"), ("nose",), ("lips", "teeth")))
_FACE = np.array([INDEX[name] for name in CLASS_NAMES if name not in ("background", "hair", "ears")])
_HEAD = np.array([INDEX[name] for name in CLASS_NAMES if name != "background"])

_PART_PIXELS = 12  # a part is as certain as its 12 surest pixels on average: lips and eyes are that small at 128 px
_LEAST_FACE = 0.25  # height of a face as a share of its square; a smaller one is found in a smaller square
_FACE_IN_SQUARE = 0.5  # the smallest face sought fills half of the smallest squares
_SAME = 0.4  # overlap from which two regions are one head
_FACE_MARGIN, _HEAD_MARGIN = 0.2, 0.06  # around a face, and around a head with its hair, as in the training pictures
_GROWTH = 2.2  # a head with its hair is at most so many times its face; more is a neighbour's hair or a background
_ROUNDS = 3
_BATCH = 32


@dataclass(frozen=True)
class Head:
    """A head that was found.

    Attributes
    ----------
    face : the face's rectangle in the photograph, without hair and ears
    square : what the network is shown to parse this head
    score : 0 to 1, how certain the network is of eyes, nose and mouth
    """

    face: Box
    square: Square
    score: float


def find_heads(rgb: np.ndarray, predict: Predict, size: int, smallest: float) -> list[Head]:
    """Find the heads of a photograph, largest first.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    predict : the network, for squares of ``size`` pixels
    smallest : smallest face to look for: its height as a share of the photograph's longer side

    Notes
    -----
    A head that is seen from behind, or whose eyes, nose or mouth is hidden, is not found.
    """
    candidates = _best_of_overlapping(_scan_all(rgb, predict, size, smallest))
    refined = (_refine(rgb, predict, size, head) for head in candidates)
    heads = _best_of_overlapping(head for head in refined if head is not None)
    return sorted(heads, key=lambda head: -head.face.height * head.face.width)


def _scan_all(rgb: np.ndarray, predict: Predict, size: int, smallest: float) -> Iterator[Head]:
    """Regions of face in the squares of every scale."""
    height, width = rgb.shape[:2]
    for squares in scan((height, width), min(1.0, smallest / _FACE_IN_SQUARE)):
        side = squares[0].side
        scaled = resize_image(rgb, (max(1, round(height * size / side)), max(1, round(width * size / side))))
        for start in range(0, len(squares), _BATCH):
            batch = squares[start : start + _BATCH]
            cuts = np.stack([cut(scaled, _scaled(square, size / side), size) for square in batch])  # (B, S, S, 3)
            for square, probability in zip(batch, predict(cuts), strict=True):
                yield from _faces(probability, square)


def _scaled(square: Square, scale: float) -> Square:
    return Square(round(square.top * scale), round(square.left * scale), round(square.side * scale))


def _faces(probability: np.ndarray, square: Square) -> Iterator[Head]:
    """Connected regions of face in one square that are certain enough: (C, S, S) -> heads."""
    size = probability.shape[-1]
    regions, _ = ndimage.label(np.isin(probability.argmax(0), _FACE))  # (S, S)
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), start=1):
        if rows.stop - rows.start < _LEAST_FACE * size:
            continue
        inside = regions[rows, columns] == number
        score = part_score(probability[:, rows, columns], inside)
        # A face that the square's edge cuts is better seen in another square. At the lower edge lies the neck.
        score *= 0.8 ** ((rows.start == 0) + (columns.start == 0) + (columns.stop == size))
        if score >= CERTAIN / 2:
            face = square.to_photo(Box(rows.start, columns.start, rows.stop, columns.stop), size)
            yield Head(face, square, score)


def part_score(probability: np.ndarray, inside: np.ndarray) -> float:
    """How certain a region is a face: the geometric mean over eyes, nose and mouth of each part's surest pixels.

    Parameters
    ----------
    probability : (C, h, w)
    inside : (h, w) bool, the region
    """
    scores = []
    for classes in _PARTS:
        values = probability[classes].sum(0)[inside]
        surest = np.sort(values)[-_PART_PIXELS:]
        scores.append(surest.sum() / _PART_PIXELS)
    return float(np.prod(scores) ** (1 / len(scores)))


def _refine(rgb: np.ndarray, predict: Predict, size: int, head: Head) -> Head | None:
    """Frame a head with its hair; ``None`` if the network is certain neither there nor where the head was found."""
    square = square_around(head.face, _FACE_MARGIN, rgb.shape[:2])
    for _ in range(_ROUNDS):  # hair that the square cuts lets it grow
        probability = predict(cut(rgb, square, size)[None])[0]  # (C, S, S)
        whole = _whole_head(probability.argmax(0), square, head.face)
        square = square_around(whole, _HEAD_MARGIN, rgb.shape[:2])
    seen = _faces(predict(cut(rgb, square, size)[None])[0], square)
    best = max([head, *(face for face in seen if face.face.overlap(head.face) > _SAME)], key=lambda face: face.score)
    return Head(best.face, square, best.score) if best.score >= CERTAIN else None


def _whole_head(mask: np.ndarray, square: Square, face: Box) -> Box:
    """Rectangle of the head, hair and ears included, that a face belongs to, in the answer (S, S) for one square."""
    regions, _ = ndimage.label(np.isin(mask, _HEAD))
    boxes = (
        square.to_photo(Box(rows.start, columns.start, rows.stop, columns.stop), len(mask))
        for rows, columns in ndimage.find_objects(regions)
    )
    whole = max((box for box in boxes if box.overlap(face) > _SAME), key=Box.area, default=face)
    whole = Box(
        min(whole.top, face.top),
        min(whole.left, face.left),
        max(whole.bottom, face.bottom),
        max(whole.right, face.right),
    )
    return whole if max(whole.height, whole.width) <= _GROWTH * max(face.height, face.width) else face


def _best_of_overlapping(heads: Iterable[Head]) -> list[Head]:
    """Keep each head that overlaps no better one."""
    kept: list[Head] = []
    for head in sorted(heads, key=lambda head: -head.score):
        if all(head.face.overlap(other.face) < _SAME for other in kept):
            kept.append(head)
    return kept
