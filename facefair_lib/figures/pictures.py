"""Figures made of pictures: images, masks, overlays, pairs of duplicates.

``picture_rows`` draws every grid of pictures; the other functions only arrange them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.settings import labels

BOTH_RIGHT, FIRST_RIGHT, SECOND_RIGHT, BOTH_WRONG = range(4)
DISAGREEMENT_TITLES = ("Both right", "Only DeepLabV3 right", "Only PSPNet right", "Both wrong")
DISAGREEMENT_COLOURS = ListedColormap(
    ["#f4f4f4", *style.MODEL_COLOURS.values(), "#333333"], name="facefair_disagreement"
).with_extremes(over=style.mask_colours().get_over())
DISAGREEMENT_NORM = BoundaryNorm(np.arange(5) - 0.5, 4)
_EDGE, _GAP, _TITLE, _LINE = 0.03, 0.05, 0.19, 0.145  # inches: margin, space between pictures, title, small line


@dataclass(frozen=True)
class Picture:
    """One picture of a grid: an image (H, W, 3) uint8, a mask (H, W) uint8 or a disagreement map (H, W) uint8."""

    pixels: np.ndarray
    kind: str = "image"
    caption: str = ""

    def __post_init__(self) -> None:
        kinds = ("image", "mask", "disagreement")
        if self.kind not in kinds:
            raise InputError(
                "picture", found=f"kind {self.kind!r}", expected=f"one of {', '.join(kinds)}", do="check the spelling"
            )
        check_pictures(self.pixels[None], "image" if self.kind == "image" else "mask", self.kind)


def check_pictures(values: np.ndarray, kind: str, name: str) -> None:
    """Raise ``InputError`` unless ``values`` is (N, H, W, 3) uint8 images or (N, H, W) uint8 masks."""
    values = np.asarray(values)
    right_rank = values.ndim == 4 and values.shape[-1] == 3 if kind == "image" else values.ndim == 3
    if not right_rank or values.dtype != np.uint8 or 0 in values.shape:
        raise InputError(
            name,
            found=f"an array of shape {values.shape} and type {values.dtype}",
            expected="(N, H, W, 3) uint8 RGB images" if kind == "image" else "(N, H, W) uint8 class indices",
            do="give the arrays as prepared: images 0 to 255, masks as class indices, not as colours",
        )


def check_pairs(images: np.ndarray, masks: np.ndarray, name: str) -> None:
    """Raise ``InputError`` unless images (N, H, W, 3) and masks (N, H, W) have the same number and size."""
    check_pictures(images, "image", f"images of {name}")
    check_pictures(masks, "mask", f"masks of {name}")
    if images.shape[:3] != masks.shape:
        raise InputError(
            name,
            found=f"images {images.shape} beside masks {masks.shape}",
            expected="the same number, height and width",
            do="take both from the same rows of the same stage",
        )


def overlay(image: np.ndarray, mask: np.ndarray, opacity: float = 0.5, palette: str = "paper") -> np.ndarray:
    """Blend a mask's colours into its image; background pixels keep the image.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    mask : (H, W) uint8 class indices, 255 = ignored
    opacity : share of the mask's colour, 0 (image only) to 1 (mask only)
    palette : a name in ``labels.PALETTES``

    Returns
    -------
    (H, W, 3) uint8 RGB or the opacity is not from 0 to 1
    """
    check_pairs(image[None], mask[None], "overlay")
    if not 0 <= opacity <= 1:
        raise InputError("overlay", found=f"opacity {opacity}", expected="0 to 1", do="give a share, not per cent")
    share = np.where(mask == labels.INDEX["background"], 0.0, opacity)[..., None]  # (H, W, 1)
    mixed = (1 - share) * image + share * labels.encode(mask, palette)  # (H, W, 3)
    return np.rint(mixed).astype(np.uint8)


def draw_picture(axes: Axes, picture: Picture) -> None:
    """Draw one picture without ticks, with its caption below; all masks share one colour map and norm."""
    if picture.kind == "image":
        axes.imshow(picture.pixels)
    elif picture.kind == "mask":
        axes.imshow(picture.pixels, cmap=style.mask_colours(), norm=style.MASK_NORM, interpolation="nearest")
    else:
        axes.imshow(picture.pixels, cmap=DISAGREEMENT_COLOURS, norm=DISAGREEMENT_NORM, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.GREY, linewidth=0.4)
    if picture.caption:
        axes.set_xlabel(picture.caption, fontsize=style.SMALL_SIZE, labelpad=2)


def picture_rows(
    rows: Sequence[Sequence[Picture | None]],
    *,
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    title: str = "",
    width: float = style.PAGE_WIDTH,
) -> Figure:
    """Draw a grid of pictures, and below it the legends of its masks and disagreement maps.

    Parameters
    ----------
    rows : one sequence per row, all of the same length; None leaves a place empty
    column_titles, row_titles : above the first row and left of the first column; none, or one per column or row
    width : inches; the height follows from the pictures' shape
    """
    columns = _check_grid(rows, column_titles, row_titles)
    present = [picture for row in rows for picture in row if picture is not None]
    legends = _legends(present)
    left, top = _TITLE * bool(row_titles) + _EDGE, _TITLE * (bool(title) + bool(column_titles)) + _EDGE
    side = (width - left - _EDGE - _GAP * (columns - 1)) / columns
    heights = [_row_height(row, side) for row in rows]
    per_line = max(1, int((width - 0.1) / 1.16))
    bottom = sum(_LINE * -(-len(entries) // per_line) + 0.06 for entries in legends) + _EDGE
    height = top + sum(heights) + _GAP * (len(rows) - 1) + bottom
    with style.look():
        figure = style.new_figure(width, height, constrained=False)
        y = height - top
        for order, (row, room) in enumerate(zip(rows, heights, strict=True)):
            heads = column_titles if order == 0 else ()
            _draw_row(figure, row, (left, y, side), heads, row_titles[order] if row_titles else "")
            y -= room + _GAP
        if title:
            figure.text(0.5, 1 - 0.02 / height, title, ha="center", va="top", fontweight="bold")
        _draw_legends(figure, legends, per_line)
    return style.describe(figure, f"{title or 'Pictures'}: {len(rows)} rows of {columns} pictures.")


def _check_grid(
    rows: Sequence[Sequence[Picture | None]], column_titles: Sequence[str], row_titles: Sequence[str]
) -> int:
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1 or lengths == [0]:
        raise InputError(
            "picture rows",
            found=f"{len(rows)} rows of {lengths} pictures",
            expected="at least one row, all of the same length",
            do="fill short rows with None",
        )
    for given, count, what in ((column_titles, lengths[0], "column"), (row_titles, len(rows), "row")):
        if len(given) not in (0, count):
            raise InputError(
                "picture rows",
                found=f"{len(given)} {what} titles for {count} {what}s",
                expected=f"none or one per {what}",
                do=f"give {count} {what} titles",
            )
    return lengths[0]


def _row_height(row: Sequence[Picture | None], side: float) -> float:
    """Height of a row in inches: its tallest picture and the lines of its captions."""
    present = [picture for picture in row if picture is not None]
    lines = max((picture.caption.count("\n") + 1 for picture in present if picture.caption), default=0)
    return side * _aspect(row) + _LINE * lines


def _aspect(row: Sequence[Picture | None]) -> float:
    shapes = [picture.pixels.shape for picture in row if picture is not None]
    return max((shape[0] / shape[1] for shape in shapes), default=1.0)


def _draw_row(
    figure: Figure,
    row: Sequence[Picture | None],
    place: tuple[float, float, float],
    column_titles: Sequence[str],
    row_title: str,
) -> None:
    """Draw a row; ``place`` is (left, top, width) of its first picture in inches."""
    left, top, side = place
    width, height = figure.get_size_inches()
    tall = side * _aspect(row)
    for column, picture in enumerate(row):
        x = left + column * (side + _GAP)
        if picture is not None:
            axes = figure.add_axes((x / width, (top - tall) / height, side / width, tall / height))
            draw_picture(axes, picture)
        if column_titles:
            figure.text(
                (x + side / 2) / width, (top + 0.03) / height, column_titles[column], ha="center", fontweight="bold"
            )
    if row_title:
        spot = ((left - 0.05) / width, (top - tall / 2) / height)
        figure.text(*spot, row_title, rotation=90, ha="right", va="center", fontweight="bold")


def _legends(pictures: Sequence[Picture]) -> list[list[Artist]]:
    """Make a list of swatches for masks and one for disagreement maps, if there are any."""
    legends: list[list[Artist]] = []
    masks = [picture.pixels for picture in pictures if picture.kind == "mask"]
    if masks:
        ignored = any((mask == labels.IGNORE_INDEX).any() for mask in masks)
        legends.append(style.mask_handles(ignored=ignored))
    if any(picture.kind == "disagreement" for picture in pictures):
        entries = zip(DISAGREEMENT_COLOURS.colors, DISAGREEMENT_TITLES, strict=True)
        legends.append([Patch(facecolor=rgb, edgecolor=style.GREY, linewidth=0.4, label=text) for rgb, text in entries])
    return legends


def _draw_legends(figure: Figure, legends: Sequence[Sequence[Artist]], per_line: int) -> None:
    """Stack the legends at the lower edge, the last one at the bottom."""
    height = figure.get_size_inches()[1]
    y = 0.02
    for entries in reversed(legends):
        figure.legend(
            handles=style.by_rows(entries, min(per_line, len(entries))),
            loc="lower center", bbox_to_anchor=(0.5, y / height), ncols=min(per_line, len(entries)),
            borderaxespad=0, borderpad=0, **style.SWATCHES,
        )  # fmt: skip
        y += _LINE * -(-len(entries) // per_line) + 0.06


def images_and_masks(
    images: np.ndarray, masks: np.ndarray, captions: Sequence[str] = (), *, columns: int = 8
) -> Figure:
    """Figure 3: example images above their masks, with a legend of the colours.

    Parameters
    ----------
    images : (N, H, W, 3) uint8; more than ``columns`` continue in a second pair of rows
    masks : (N, H, W) uint8 class indices
    captions : none, or one per image, shown below its mask
    """
    check_pairs(images, masks, "images and masks")
    if len(captions) not in (0, len(images)):
        raise InputError(
            "images and masks",
            found=f"{len(captions)} captions for {len(images)} images",
            expected="none or one per image",
            do="give one caption per image",
        )
    columns = min(columns, len(images))
    texts = list(captions) or [""] * len(images)
    rows: list[list[Picture | None]] = []
    for start in range(0, len(images), columns):
        chosen = range(start, min(start + columns, len(images)))
        gap = [None] * (columns - len(chosen))
        rows.append([*(Picture(images[i]) for i in chosen), *gap])
        rows.append([*(Picture(masks[i], "mask", texts[i]) for i in chosen), *gap])
    figure = picture_rows(rows, row_titles=("Image", "Mask") * (len(rows) // 2))
    return style.describe(figure, f"{len(images)} example images, each above its label mask, with the class colours.")


def duplicate_pairs(pairs: Sequence[tuple[np.ndarray, np.ndarray, str, float]], *, pairs_per_row: int = 3) -> Figure:
    """Draw pairs that were taken for duplicates: the kept picture left, the removed one right.

    Parameters
    ----------
    pairs : (kept (H, W, 3) uint8, removed (H, W, 3) uint8, kind "exact" or "near", distance of their hashes in bits)
    """
    if not pairs:
        raise InputError(
            "duplicate pairs", found="no pair", expected="at least one", do="draw this figure only if there are some"
        )
    rows: list[list[Picture | None]] = []
    for start in range(0, len(pairs), pairs_per_row):
        row: list[Picture | None] = []
        for kept, removed, kind, distance in pairs[start : start + pairs_per_row]:
            row += [Picture(kept, caption=f"{kind} duplicate"), Picture(removed, caption=f"hash distance {distance:g}")]
        rows.append(row + [None] * (2 * min(pairs_per_row, len(pairs)) - len(row)))
    columns = len(rows[0]) // 2
    figure = picture_rows(
        rows,
        column_titles=("Kept", "Removed") * columns,
        width=style.PAGE_WIDTH if columns > 1 else style.COLUMN_WIDTH,
    )
    return style.describe(figure, f"{len(pairs)} pairs of pictures taken for duplicates: kept left, removed right.")


def iou_caption(value: float) -> str:
    """Write the caption of a scored picture; empty if its image IoU is NaN, because there is no true mask."""
    return "" if np.isnan(value) else f"image IoU {value:.2f}"
