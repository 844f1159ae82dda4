"""Contact sheets: many renderings on one page, each above its label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from facefair_heads.camera.render import Rendering
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import encode

_TITLE_HEIGHT = 14


def contact_sheet(pictures: Sequence[Rendering], columns: int, *, titles: Sequence[str] | None = None) -> Image.Image:
    """Lay out renderings of one size in rows, each above its label.

    Parameters
    ----------
    columns : renderings per row
    titles : one line of text above each picture

    Raises
    ------
    InputError
        if there are no pictures, if their sizes differ, or if the titles are not as many
    """
    sizes = {picture.label.shape[0] for picture in pictures}
    if len(sizes) != 1 or (titles is not None and len(titles) != len(pictures)):
        raise InputError(
            "a contact sheet",
            found=f"{len(pictures)} pictures of sizes {sorted(sizes)}"
            + ("" if titles is None else f" and {len(titles)} titles"),
            expected="one or more pictures of one size, and a title each or none",
            do="render all pictures with the same size=",
        )
    size, rows = sizes.pop(), -(-len(pictures) // columns)
    above = 0 if titles is None else _TITLE_HEIGHT
    height = above + 2 * size
    sheet = Image.new("RGB", (columns * size, rows * height), "white")
    pen = ImageDraw.Draw(sheet)
    for number, picture in enumerate(pictures):
        left, top = number % columns * size, number // columns * height
        if titles is not None:
            pen.text((left + 3, top + 1), titles[number], fill="black")
        sheet.paste(Image.fromarray(picture.rgb), (left, top + above))
        label = np.ascontiguousarray(encode(picture.label, "display"))
        sheet.paste(Image.fromarray(label), (left, top + above + size))
    return sheet
