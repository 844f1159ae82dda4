"""Squares of a photograph: where they are, and how they are cut out for a network with a fixed input size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_lib.data.images import resize_image


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the photograph; it may reach beyond the photograph's edge."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    def area(self) -> float:
        """Pixels inside."""
        return self.height * self.width

    def overlap(self, other: Box) -> float:
        """Shared area as a share of the smaller box's area, 0 to 1: a box inside another overlaps it fully."""
        rows = min(self.bottom, other.bottom) - max(self.top, other.top)
        columns = min(self.right, other.right) - max(self.left, other.left)
        smaller = min(self.area(), other.area())
        return max(rows, 0.0) * max(columns, 0.0) / smaller if smaller > 0 else 0.0


@dataclass(frozen=True)
class Square:
    """A square in whole pixels of the photograph; it may reach beyond the photograph's edge."""

    top: int
    left: int
    side: int

    def to_photo(self, box: Box, size: int) -> Box:
        """Map a box from the square's cut of ``size`` x ``size`` pixels to the photograph."""
        scale = self.side / size
        return Box(
            self.top + box.top * scale,
            self.left + box.left * scale,
            self.top + box.bottom * scale,
            self.left + box.right * scale,
        )


def square_around(box: Box, margin: float, shape: tuple[int, int]) -> Square:
    """Square around a box, with ``margin`` (a share of the square) at both ends of the box's longer side.

    It is moved, and if necessary shrunk, into the photograph of ``shape`` (height, width), as mirroring at an edge
    would make a second head. It may reach beyond only along the photograph's shorter side.
    """
    side = min(max(1, round(max(box.height, box.width) / (1 - 2 * margin))), max(shape))
    starts = []
    for middle, length in (((box.top + box.bottom) / 2, shape[0]), ((box.left + box.right) / 2, shape[1])):
        centred = round(middle - side / 2)
        starts.append(min(max(centred, 0), length - side) if side <= length else -((side - length) // 2))
    return Square(starts[0], starts[1], side)


def whole_square(shape: tuple[int, int]) -> Square:
    """Smallest square around a photograph of ``shape`` (height, width), which is centred in it."""
    side = max(shape)
    return Square(-((side - shape[0]) // 2), -((side - shape[1]) // 2), side)


def cut(rgb: np.ndarray, square: Square, size: int) -> np.ndarray:
    """Cut a square out and resize it to the network's input; beyond its edge the photograph is mirrored.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    square : any square that touches the photograph

    Returns
    -------
    (size, size, 3) uint8
    """
    height, width = rgb.shape[:2]
    bottom, right = square.top + square.side, square.left + square.side
    inside = rgb[max(square.top, 0) : min(bottom, height), max(square.left, 0) : min(right, width)]
    scale = size / square.side
    margins = [
        (round(max(-square.top, 0) * scale), round(max(bottom - height, 0) * scale)),
        (round(max(-square.left, 0) * scale), round(max(right - width, 0) * scale)),
    ]
    # Shrunk before it is mirrored: the margins of a large photograph would take more memory than the photograph.
    shape = tuple(max(1, size - before - after) for before, after in margins)
    return np.pad(resize_image(inside, shape), (*margins, (0, 0)), mode="symmetric")[:size, :size]
