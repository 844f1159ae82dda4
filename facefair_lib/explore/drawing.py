"""Pictures as HTML: small PNGs, each with a description, and masks that the browser lays over them.

A mask is sent as a palette PNG of about 2 kB and its opacity is CSS, so moving the opacity slider sends no picture.
matplotlib would take a hundred times as long.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from facefair_lib.explore.palettes import ERROR_TITLES, RIGHT, UNLABELLED, WRONG, error_table
from facefair_lib.settings.labels import IGNORE_INDEX, INDEX


def png(image: np.ndarray) -> bytes:
    """Encode a picture, (H, W, 3) uint8 RGB, as a PNG."""
    return _encoded(Image.fromarray(image))


def mask_png(mask: np.ndarray, table: np.ndarray, shown: np.ndarray) -> bytes:
    """Encode a mask as a palette PNG.

    Parameters
    ----------
    mask : (H, W) uint8
    table : (256, 3) uint8, colour of every value
    shown : (256,) bool, the values that are drawn; others are transparent
    """
    picture = Image.fromarray(mask)
    picture.putpalette(table.astype(np.uint8).tobytes())
    return _encoded(picture, transparency=bytes((np.asarray(shown) * 255).astype(np.uint8)))


def shown_classes(names: list[str] | tuple[str, ...]) -> np.ndarray:
    """Mark the mask values to draw, (256,) bool: the named classes, and pixels without a label."""
    shown = np.zeros(256, bool)
    shown[[INDEX[name] for name in names]] = True
    shown[IGNORE_INDEX] = True
    return shown


def error_map(label: np.ndarray, prediction: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Map which pixels are right.

    Parameters
    ----------
    label, prediction : (H, W) uint8 class indices, 255 in ``label`` = no label
    shown : (256,) bool; a wrong pixel counts if its true or its predicted class is among these

    Returns
    -------
    (H, W) uint8: ``RIGHT``, ``WRONG`` or ``UNLABELLED``
    """
    wrong = (label != prediction) & (shown[label] | shown[prediction])
    return np.where(label == IGNORE_INDEX, UNLABELLED, np.where(wrong, WRONG, RIGHT)).astype(np.uint8)


def error_png(label: np.ndarray, prediction: np.ndarray, shown: np.ndarray) -> bytes:
    """Encode the error map of a prediction as a palette PNG; right pixels are transparent."""
    drawn = np.isin(np.arange(256), (WRONG, UNLABELLED))
    return mask_png(error_map(label, prediction, shown), error_table(), drawn)


def data_url(content: bytes) -> str:
    """Write a PNG as a data URL."""
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def stack(picture: bytes, overlay: bytes | None, description: str, *, grey: bool = False) -> str:
    """Lay an overlay over a picture; screen readers read the description instead of both.

    Parameters
    ----------
    picture, overlay : PNGs of one size
    description : one sentence
    grey : whether the browser shows the picture in grey, so that the overlay's colours stand out
    """
    top = "" if overlay is None else f'<img class="facefair-mask" src="{data_url(overlay)}" alt="">'
    base = f'<img src="{data_url(picture)}" alt="{html.escape(description, quote=True)}">'
    return f'<div class="facefair-stack{" facefair-grey" if grey else ""}">{base}{top}</div>'


def line_of_figures(figures: Sequence[tuple[str, str]]) -> str:
    """Put figures side by side; each is a pair of content and caption, both HTML."""
    cells = [f"<figure>{content}<figcaption>{caption}</figcaption></figure>" for content, caption in figures]
    return f'<div class="facefair-row">{"".join(cells)}</div>'


def error_legend() -> str:
    """Write the legend of an error map, without the pixels that are right."""
    table = error_table()
    return " ".join(swatch(table[value], ERROR_TITLES[value]) for value in (WRONG, UNLABELLED))


def swatch(rgb: np.ndarray, title: str) -> str:
    """Write a legend entry: a framed patch of colour and its name."""
    colour = "rgb({}, {}, {})".format(*(int(value) for value in rgb))
    return f'<span class="facefair-swatch" style="background: {colour}"></span>{html.escape(title)}'


def _encoded(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1, **options)
    return buffer.getvalue()
