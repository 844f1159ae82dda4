"""Building blocks of the architecture diagrams; all lengths are in inches, on a ``style.canvas``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from facefair_lib.figures import style
from facefair_lib.settings import labels

BLUE, GREEN, ORANGE, VIOLET, STONE = "#5b8fb9", "#6aa67c", "#d99a4e", "#9a82b8", "#a3a8ad"
DETAIL_SIZE = 6.5  # points
DEPTH = 0.07
"""Oblique depth of a feature-map slab."""

Point = tuple[float, float]

# Natural tones of the schematic photograph, by class name; its mask has the palette's colours instead.
_TONES = {
    "background": "#d5dde3",
    "hair": "#4b3a31",
    "ears": "#b98d6e",
    "face": "#cda080",
    "eyebrows": "#4b3a31",
    "eyes": "#2f2622",
    "nose": "#b98765",
    "lips": "#a4574f",
}
# (class, centre x, centre y, width, height) as shares of the picture's side, in drawing order.
_FACE = (
    ("hair", 0.5, 0.60, 0.66, 0.70),
    ("ears", 0.22, 0.47, 0.10, 0.18),
    ("ears", 0.78, 0.47, 0.10, 0.18),
    ("face", 0.5, 0.14, 0.26, 0.50),
    ("face", 0.5, 0.46, 0.54, 0.68),
    ("eyebrows", 0.37, 0.615, 0.17, 0.04),
    ("eyebrows", 0.63, 0.615, 0.17, 0.04),
    ("eyes", 0.37, 0.535, 0.13, 0.065),
    ("eyes", 0.63, 0.535, 0.13, 0.065),
    ("nose", 0.5, 0.43, 0.10, 0.20),
    ("lips", 0.5, 0.26, 0.22, 0.075),
)


def tint(colour: str, share: float) -> tuple[float, ...]:
    """Mix a colour with white (share > 0) or black (share < 0)."""
    base, target = np.array(to_rgb(colour)), 1.0 if share > 0 else 0.0
    return tuple(base + (target - base) * abs(share))


def write(axes: Axes, x: float, y: float, text: str, **options: object) -> None:
    """Write centred small type."""
    settings = {"ha": "center", "va": "center", "fontsize": DETAIL_SIZE, "linespacing": 1.15, **options}
    axes.text(x, y, text, **settings)


def panel(axes: Axes, x: float, y: float, width: float, height: float, title: str, colour: str) -> None:
    """Draw a pale rounded background with a bold title at the top; (x, y) is the lower left corner."""
    shape = FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.07",
        facecolor=tint(colour, 0.88), edgecolor=tint(colour, 0.35), linewidth=0.7, zorder=0,
    )  # fmt: skip
    axes.add_patch(shape)
    write(axes, x + width / 2, y + height - 0.05, title, va="top", fontsize=style.SMALL_SIZE, fontweight="bold")


def block(axes: Axes, place: Point, size: tuple[float, float], text: str, colour: str, rotation: float = 0) -> None:
    """Draw a rounded box of ``size`` around its text; ``place`` is the middle of its left side."""
    (x, middle), (width, height) = place, size
    shape = FancyBboxPatch(
        (x, middle - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.035",
        facecolor=tint(colour, 0.62), edgecolor=tint(colour, -0.15), linewidth=0.7,
    )  # fmt: skip
    axes.add_patch(shape)
    write(axes, x + width / 2, middle, text, rotation=rotation)


def slab(axes: Axes, x: float, middle: float, width: float, height: float, colours: Sequence[str]) -> None:
    """Draw a stack of feature maps as an oblique cuboid; several colours make bands, from top to bottom."""
    edge = {"edgecolor": "white" if len(colours) > 1 else tint(colours[0], -0.3), "linewidth": 0.5}
    low, band = middle - height / 2, height / len(colours)
    for order, colour in enumerate(reversed(colours)):
        y = low + order * band
        axes.add_patch(Rectangle((x, y), width, band, facecolor=tint(colour, 0.35), **edge))
        right = x + width
        side = [(right, y), (right + DEPTH, y + DEPTH), (right + DEPTH, y + band + DEPTH), (right, y + band)]
        axes.add_patch(Polygon(side, facecolor=tint(colour, -0.1), **edge))
    top = low + height
    lid = [(x, top), (x + DEPTH, top + DEPTH), (x + width + DEPTH, top + DEPTH), (x + width, top)]
    axes.add_patch(Polygon(lid, facecolor=tint(colours[0], 0.6), **edge))


def line(axes: Axes, *points: Point) -> None:
    """Draw a line through points."""
    axes.add_patch(
        PathPatch(Path(points), fill=False, edgecolor=style.GREY, linewidth=0.8, joinstyle="miter", zorder=1)
    )


def arrow(axes: Axes, start: Point, end: Point) -> None:
    """Draw a straight arrow."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>,head_length=2.6,head_width=1.5", shrinkA=0, shrinkB=0,
            color=style.GREY, linewidth=0.8, zorder=1, joinstyle="miter",
        )
    )  # fmt: skip


def kernel_glyph(axes: Axes, x: float, middle: float, side: float, rate: int, largest: int) -> None:
    """Draw the nine taps of a 3x3 kernel; their distance grows with the dilation rate."""
    low = middle - side / 2
    axes.add_patch(Rectangle((x, low), side, side, facecolor="white", edgecolor=style.GREY, linewidth=0.5))
    tap = side * 0.11
    spread = tap * 1.25 + (side * 0.40 - tap * 1.25) * rate / largest
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            centre = (x + side / 2 + column * spread, middle + row * spread)
            corner = (centre[0] - tap / 2, centre[1] - tap / 2)
            axes.add_patch(Rectangle(corner, tap, tap, facecolor=tint(GREEN, -0.25), linewidth=0))


def bins_glyph(axes: Axes, x: float, middle: float, side: float, bins: int, colour: str) -> None:
    """Draw the grid of a pyramid level: ``bins`` by ``bins`` cells."""
    cell = side / bins
    for row in range(bins):
        for column in range(bins):
            corner = (x + column * cell, middle - side / 2 + row * cell)
            shade = tint(colour, 0.25 + 0.45 * ((row + column) % 2))
            axes.add_patch(Rectangle(corner, cell, cell, facecolor=shade, edgecolor="white", linewidth=0.4))
    axes.add_patch(
        Rectangle((x, middle - side / 2), side, side, fill=False, edgecolor=tint(colour, -0.3), linewidth=0.5)
    )


def face_glyph(axes: Axes, x: float, middle: float, side: float, *, mask: bool) -> None:
    """Draw a schematic face as a photograph, or as its mask in the paper's palette."""
    low = middle - side / 2
    rgb = dict(zip(labels.CLASS_NAMES, labels.PALETTES["paper"] / 255, strict=True)) if mask else _TONES
    frame = Rectangle((x, low), side, side, facecolor=rgb["background"], edgecolor=style.GREY, linewidth=0.6)
    axes.add_patch(frame)
    for name, centre_x, centre_y, width, height in _FACE:
        part = Ellipse(
            (x + centre_x * side, low + centre_y * side), width * side, height * side, facecolor=rgb[name], linewidth=0
        )
        axes.add_patch(part)
        part.set_clip_path(frame)
