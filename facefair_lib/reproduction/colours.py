"""Label pictures as colours: blended by resizing, told apart by a threshold, shown with swapped channels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.data.readers.base import Reader
from facefair_lib.reproduction.protocol import Protocol
from facefair_lib.settings.labels import CLASSES, IGNORE_INDEX, INDEX, NUM_CLASSES, PALETTES, decode_nearest, encode

_FULL = 255
_EDGE = 128  # the grey of the face: 0.50196 of the full value
_ENLARGED = 9 / 8  # size, relative to the wanted one, to which a label picture of the wanted size is enlarged first
_THRESHOLD = 0.5  # of the full value, above which a channel is on


def colour_labels(mask: np.ndarray) -> np.ndarray:
    """The label picture of a mask in the course paper's colours: (H, W) uint8 -> (H, W, 3) uint8.

    Ignored pixels become background: a network that is fitted to colours cannot leave a pixel out.
    """
    return encode(np.where(mask == IGNORE_INDEX, INDEX["background"], mask).astype(np.uint8), "paper")


def resize_bilinear(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize by blending the four nearest pixels, as OpenCV does by default: without antialiasing when shrinking.

    Parameters
    ----------
    values : (H, W, K) numbers
    shape : (height, width) wanted

    Returns
    -------
    (height, width, K) float64
    """
    for axis, size in enumerate(shape):
        length = values.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)  # (size,)
        below = np.floor(place).astype(int)
        share = (place - below).reshape([-1 if i == axis else 1 for i in range(3)])
        above = np.minimum(below + 1, length - 1)
        values = np.take(values, below, axis) * (1 - share) + np.take(values, above, axis) * share
    return values


def blended_labels(mask: np.ndarray, size: int) -> np.ndarray:
    """A label picture as the target of the course paper's networks: resized with its colours blended.

    A mask that already has the wanted size is first enlarged a little without blending, because the paper's pictures
    and networks had different sizes.

    Parameters
    ----------
    mask : (H, W) uint8 class indices at native size
    size : side of the square, pixels

    Returns
    -------
    (size, size, 3) uint8 RGB
    """
    return np.rint(resize_bilinear(colour_labels(_off_size(mask, size)), (size, size))).astype(np.uint8)


def _off_size(mask: np.ndarray, size: int) -> np.ndarray:
    if mask.shape != (size, size):
        return mask
    larger = round(size * _ENLARGED)
    rows = np.arange(larger) * size // larger
    return mask[rows][:, rows]


def invented_classes(mask: np.ndarray, size: int) -> np.ndarray:
    """Count what blending does to one label picture.

    Parameters
    ----------
    mask : (H, W) uint8 class indices at native size
    size : side of the resized square, pixels

    Returns
    -------
    (3, 11) int64: pixels whose blended colour is nearest to each class; those among them whose colour is no label
    colour; and those to which the class contributed nothing, so that it was invented
    """
    source = _off_size(mask, size)
    nearest, distance = decode_nearest(blended_labels(mask, size), PALETTES["paper"])  # (S, S)
    known = np.where(source == IGNORE_INDEX, INDEX["background"], source)
    weights = resize_bilinear(np.eye(NUM_CLASSES)[known], (size, size))  # (S, S, 11)
    own = np.take_along_axis(weights, nearest[..., None].astype(int), -1)[..., 0]  # (S, S)
    chosen = (np.ones(nearest.shape, bool), distance > 0, own == 0)
    return np.stack([np.bincount(nearest[pixels], minlength=NUM_CLASSES) for pixels in chosen])


def invented_table(table: pd.DataFrame, reader: Reader, size: int) -> pd.DataFrame:
    """``invented_classes`` over the label pictures of a manifest.

    Returns
    -------
    columns class, pixels, blended, invented, images (in which the class was invented)
    """
    counts = np.stack([invented_classes(reader.mask(row), size) for row in table.to_dict("records")])  # (N, 3, 11)
    pixels, blended, invented = counts.sum(0)
    names = [face_class.name for face_class in CLASSES]
    columns = {"class": names, "pixels": pixels, "blended": blended, "invented": invented}
    return pd.DataFrame({**columns, "images": (counts[:, 2] > 0).sum(0)})


def blending_table(invented: pd.DataFrame) -> pd.DataFrame:
    """What blending does to all pixels together, and the class that gains most from it.

    Parameters
    ----------
    invented : of ``invented_table``

    Returns
    -------
    one row: blended and invented (shares of all pixels), class, invented_of_class (share of the pixels that look like
    this class, the largest of all classes)
    """
    pixels, blended, made = invented[["pixels", "blended", "invented"]].sum()
    shares = (invented["invented"] / invented["pixels"]).where(invented["pixels"] > 0)
    row = {"blended": blended / pixels, "invented": made / pixels}
    return pd.DataFrame([{**row, "class": invented["class"][shares.idxmax()], "invented_of_class": shares.max()}])


def nearest_labels(picture: np.ndarray) -> np.ndarray:
    """Give every pixel the class of the nearest label colour: (H, W, 3) uint8 RGB -> (H, W) uint8."""
    return decode_nearest(picture, PALETTES["paper"])[0]


def code_table(palette: str = "paper") -> pd.DataFrame:
    """What three channels above one half can tell apart, and what each colour looks like with red and blue swapped.

    Returns
    -------
    columns class, title, red, green, blue, code (such as ``110``), shares_with (classes of the same code), shown_red,
    shown_green, shown_blue, reads_as_paper, reads_as_vendor (the class that has the shown colour in that palette)
    """
    table = PALETTES[palette]
    codes = ["".join(str(int(on)) for on in colour / _FULL > _THRESHOLD) for colour in table]
    rows = []
    for face_class, colour, code in zip(CLASSES, table, codes, strict=True):
        shown = colour[::-1]
        rows.append(
            {
                "class": face_class.name,
                "title": face_class.title,
                **dict(zip(("red", "green", "blue"), colour.tolist(), strict=True)),
                "code": code,
                "shares_with": " ".join(
                    c.name for c, k in zip(CLASSES, codes, strict=True) if k == code and c != face_class
                ),
                **dict(zip(("shown_red", "shown_green", "shown_blue"), shown.tolist(), strict=True)),
                "reads_as_paper": class_of_colour(shown, "paper"),
                "reads_as_vendor": class_of_colour(shown, "vendor"),
            }
        )
    return pd.DataFrame(rows)


def misread(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A label picture with red and blue swapped, as the course paper shows it, and with each channel on or off.

    Parameters
    ----------
    mask : (H, W) uint8 class indices

    Returns
    -------
    two (H, W, 3) uint8 pictures
    """
    colours = colour_labels(mask)
    codes = np.where(colours / _FULL > _THRESHOLD, _FULL, 0).astype(np.uint8)
    return np.ascontiguousarray(colours[..., ::-1]), codes


def class_of_colour(colour: np.ndarray, palette: str) -> str:
    """Name of the class that has exactly this colour; empty if none has."""
    hits = np.flatnonzero((PALETTES[palette] == colour).all(1))
    return CLASSES[hits[0]].name if len(hits) else ""


def channel_values(labels: np.ndarray) -> pd.DataFrame:
    """How often each channel value occurs in the label pictures of masks: columns value (0 to 255), share.

    Parameters
    ----------
    labels : (N, H, W) uint8 class indices
    """
    pixels = np.bincount(labels.ravel(), minlength=256)[:NUM_CLASSES]  # (11,)
    counts = np.zeros(_FULL + 1, np.int64)
    np.add.at(counts, PALETTES["paper"], pixels[:, None])
    present = np.flatnonzero(counts)
    return pd.DataFrame({"value": present, "share": counts[present] / counts.sum()})


def edge_share(values: pd.DataFrame) -> float:
    """Share of the positive channel values that lie just above one half: 128 of 255.

    Parameters
    ----------
    values : of ``channel_values``
    """
    positive = values[values["value"] > 0]
    return float(positive.loc[positive["value"] == _EDGE, "share"].sum() / positive["share"].sum())


def shown_prediction(prediction: np.ndarray, protocol: Protocol) -> np.ndarray:
    """A colour prediction as a picture.

    Parameters
    ----------
    prediction : (3, H, W) float, channels in the protocol's order
    protocol : its ``display`` and ``channel_order`` decide

    Returns
    -------
    (H, W, 3) uint8, to be shown as RGB
    """
    picture = np.moveaxis(prediction, 0, -1)  # (H, W, 3)
    if protocol.display == "labels":
        return colour_labels(decode_prediction(prediction[None], protocol)[0])
    low, high = picture.min(), picture.max()
    return np.rint((picture - low) / max(high - low, 1e-12) * _FULL).astype(np.uint8)


def decode_prediction(prediction: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Give every pixel of colour predictions the class of the nearest label colour.

    Parameters
    ----------
    prediction : (N, 3, H, W) float in about 0..1, channels in the protocol's order
    protocol : its ``channel_order`` decides

    Returns
    -------
    (N, H, W) uint8 class indices
    """
    ordered = prediction[:, ::-1] if protocol.channel_order == "bgr" else prediction
    pictures = np.rint(np.clip(ordered, 0, 1) * _FULL).astype(np.uint8).transpose(0, 2, 3, 1)  # (N, H, W, 3)
    return np.stack([nearest_labels(picture) for picture in pictures])
