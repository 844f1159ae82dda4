"""Read pictures and bring them to training size.

Photographs are resized with an antialiasing filter, index masks with nearest neighbour: a blended class index would
be a different class.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock

import numpy as np
from PIL import ExifTags, Image

from facefair_lib.data.picture_kinds import unreadable
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import IGNORE_INDEX

FITS = ("stretch", "pad")
"""How a picture that is not square becomes square: ``stretch`` both sides (as the course paper did) or ``pad``."""

# 8 bits per channel, or fewer. 16-bit and floating-point pictures would be clipped silently by a conversion to RGB, and
# CMYK has no RGB values without the colour profile of its printing press.
EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "YCbCr")

MAX_PIXELS = 200_000_000
"""Largest picture that is opened: what the largest sensors of phones give. A small file that unpacks to more is a
decompression bomb."""

_PILLOWS_LIMIT = Image.MAX_IMAGE_PIXELS or 0
_LIMIT_LOCK = RLock()  # pictures are read in threads

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what makes the stored pixels upright."""

_SUBFILE_TYPE = 254  # TIFF tag; its first bit says that the page is a reduced copy of another
_PREVIEW = 256  # longer side, in pixels, up to which a further page counts as a preview
_ALIKE = 24.0  # mean difference of grey levels on an 8 x 8 grid: copies differ by less, two photographs by twice that


def read_rgb(path: Path) -> np.ndarray:
    """Read a photograph: turned upright by its EXIF orientation, transparency laid over white.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        if the file is missing, truncated, not a picture, too large, animated, CMYK, or has more than 8 bits per channel
    """
    return read_upright(path)[0]


def read_upright(path: Path) -> tuple[np.ndarray, int]:
    """Read a photograph as ``read_rgb`` does, and return with it the EXIF orientation applied: 1 (none) to 8."""
    picture, orientation = _open(Path(path))
    if _has_alpha(picture):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (255, 255, 255, 255)), picture)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB")), orientation  # (H, W, 3)


def read_label_rgb(path: Path) -> np.ndarray:
    """Read a label picture: its colours exactly as stored; an alpha channel is dropped, never blended.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        as ``read_rgb``, and for JPEG and AVIF files: lossy compression changes label colours
    """
    picture = _open_label(Path(path))
    if _has_alpha(picture):
        return np.asarray(picture.convert("RGBA"))[..., :3].copy()  # (H, W, 3)
    return np.asarray(picture.convert("RGB"))  # (H, W, 3)


def read_label_values(path: Path) -> np.ndarray:
    """Read a label file whose pixels are numbers, not colours.

    Grey pictures give their grey values, paletted ones their palette indices. A colour picture is accepted only if its
    three channels are equal: some tools write grey that way.

    Returns
    -------
    (H, W) uint8

    Raises
    ------
    InputError
        as ``read_label_rgb``, and for a picture that is not grey
    """
    path = Path(path)
    picture = _open_label(path)
    if picture.mode in ("L", "P"):
        return np.asarray(picture)  # (H, W)
    rgb = read_label_rgb(path)
    if (rgb != rgb[..., :1]).any():
        raise InputError(
            path,
            found="a label picture in colours",
            expected="one number per pixel (a grey or paletted picture), as the data set publishes it",
            do="restore the published label; a coloured preview of it cannot be decoded",
        )
    return np.ascontiguousarray(rgb[..., 0])  # (H, W)


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info


def _open_label(path: Path) -> Image.Image:
    picture, _ = _open(path)
    if picture.format in ("JPEG", "MPO", "AVIF"):
        raise InputError(
            path,
            found=f"a {picture.format} label picture, whose colours were changed by compression",
            expected="a lossless label picture (PNG or BMP)",
            do="obtain the label in its published format",
        )
    return picture


def label_as_photograph(label: Path, mask: np.ndarray, orientation: int, shape: tuple[int, int]) -> np.ndarray:
    """Turn a mask as its photograph was turned, if it was drawn on the photograph's stored pixels.

    Some labelling tools apply a photograph's EXIF orientation and some do not. A label with an orientation of its own
    has been turned by it. For one without, its size decides if the orientation swaps width and height.

    Parameters
    ----------
    label : the label's file
    mask : (H, W) uint8, as decoded
    orientation : of the photograph, as ``read_upright`` gives it
    shape : (height, width) of the upright photograph

    Returns
    -------
    (H, W) uint8; of another size than ``shape`` only if the label does not belong to the photograph

    Raises
    ------
    InputError
        if the mask would fit both ways
    """
    stored = shape[::-1] if orientation >= 5 else shape  # from 5 on, width and height are swapped
    if orientation == 1 or mask.shape != stored:
        return mask
    with opened(label) as picture:
        if _orientation(picture) != 1:
            return mask
    if mask.shape != shape:
        return np.asarray(Image.fromarray(mask).transpose(_TURNS[orientation]))
    raise InputError(
        label,
        found=f"a label without an EXIF orientation, for a photograph with EXIF orientation {orientation}",
        expected="a photograph whose stored pixels are upright: this label fits it both turned and not turned",
        do="save the photograph turned and without the tag (mogrify -auto-orient), and check that the mask fits it",
    )


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file and read its header only; more than ``MAX_PIXELS`` pixels are an InputError."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))  # Pillow would leave it open when the disk fails
        with _pillow_limit(None):
            picture = stack.enter_context(Image.open(file))
        if picture.width * picture.height > MAX_PIXELS:
            raise _too_large(path, f"{picture.width}x{picture.height} pixels")
        if picture.width * picture.height > _PILLOWS_LIMIT:
            stack.enter_context(_pillow_limit(MAX_PIXELS))
        yield picture


@contextmanager
def _pillow_limit(pixels: int | None) -> Iterator[None]:
    """Replace Pillow's own limit, which is lower and a setting of the whole process, while the block runs."""
    with _LIMIT_LOCK:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _orientation(picture: Image.Image) -> int:
    try:
        tag = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF fails in many ways, but the pixels can still be good
        return 1
    return tag if tag in _TURNS else 1


def _open(path: Path) -> tuple[Image.Image, int]:
    """Read a picture upright; return it with the EXIF orientation applied."""
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises if the name is too long
        raise InputError(path, found="no such file", expected="a picture", do="correct the name or restore the file")
    try:
        with opened(path) as picture:
            _refuse_unsupported(picture, path)
            orientation = _orientation(picture)
            picture.load()
            # Not exif_transpose: it copies even an upright picture, and rewrites the EXIF block, which can fail.
            turn = _TURNS.get(_orientation(picture))  # loading a TIFF has turned it already
            result = picture if turn is None else picture.transpose(turn)
            result.format = picture.format
    except (InputError, MemoryError):  # too little memory says nothing about the file
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(path, str(error)) from error
    except Exception as error:  # Pillow's readers fail in more ways on damaged bytes than can be listed
        raise unreadable(path, error) from error
    return result, orientation


def _refuse_unsupported(picture: Image.Image, path: Path) -> None:
    """Refuse, before any pixel is decoded, a file that is not one picture with at most 8 bits per channel."""
    if not _first_is_all(picture):
        raise InputError(
            path,
            found=f"{picture.n_frames} pictures in one file (an animation or a document of several pages)",
            expected="one picture per file",
            do="save the wanted picture as a separate file",
        )
    # Pillow opens 16-bit colour as mode RGB and drops half of each value on loading; only the raw mode shows it.
    if picture.mode not in EIGHT_BIT_MODES or _is_deep(picture):
        raise InputError(
            path,
            found=f"the pixel format {picture.mode}{' with 16 bits per channel' if _is_deep(picture) else ''}",
            expected="RGB or grey, with 8 bits per channel",
            do="convert the picture to 8-bit RGB",
        )


def _first_is_all(picture: Image.Image) -> bool:
    """Whether a file's first picture is the only one, or the others are only smaller copies or parts of it."""
    # Phones write MPO: a photograph followed by previews of it. A PSD's first picture merges its layers.
    if picture.format in ("MPO", "PSD") or not getattr(picture, "is_animated", False):
        return True
    return picture.format == "TIFF" and _pages_are_copies(picture)


def _pages_are_copies(tiff: Image.Image) -> bool:
    """Whether every later page is a reduced copy of the first: flagged as one, or smaller, of its shape and similar."""
    whole = tiff.size
    try:
        for page in range(1, tiff.n_frames):
            tiff.seek(page)
            flagged = tiff.tag_v2.get(_SUBFILE_TYPE, 0) & 1
            if not flagged and not (_is_reduced(tiff.size, whole) and _looks_like_the_first(tiff)):
                return False
    finally:
        tiff.seek(0)
    return True


def _is_reduced(size: tuple[int, int], whole: tuple[int, int]) -> bool:
    """Whether a page is smaller than the first and of its shape, up to a rounded pixel."""
    return size < whole and abs(size[0] * whole[1] - size[1] * whole[0]) <= max(whole)


def _looks_like_the_first(tiff: Image.Image) -> bool:
    """Whether the current page shows what the first one does; a page as small as a preview always counts."""
    if max(tiff.size) <= _PREVIEW:
        return True
    page = _glance(tiff)
    tiff.seek(0)
    return float(np.abs(page - _glance(tiff)).mean()) < _ALIKE


def _glance(picture: Image.Image) -> np.ndarray:
    """Mean grey levels of a picture on an 8 x 8 grid: (8, 8) float64."""
    return np.asarray(picture.convert("L").resize((8, 8), Image.Resampling.BOX), np.float64)


def _is_deep(picture: Image.Image) -> bool:
    raw_modes = [
        tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in getattr(picture, "tile", [])
    ]
    # "BGR;16" packs three channels into 16 bits.
    return any(isinstance(raw, str) and ";16" in raw and raw not in ("BGR;16", "RGB;16") for raw in raw_modes)


def _too_large(path: Path, found: str) -> InputError:
    return InputError(
        path,
        found=f"{found} (a decompression bomb, or too large for this study)",
        expected=f"at most {MAX_PIXELS // 10**6} million pixels",
        do="check where the file comes from; if it is a real photograph, make it smaller",
    )


def resize_image(rgb: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a photograph with a triangle filter that widens when shrinking (antialiased).

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    shape : (height, width) wanted, in pixels

    Returns
    -------
    (height, width, 3) uint8
    """
    if rgb.shape[:2] == tuple(shape):
        return rgb
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def resize_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize an index mask with nearest neighbour: (H, W) uint8 -> (height, width) uint8, no new values."""
    if mask.shape == tuple(shape):
        return mask
    picture = Image.fromarray(np.ascontiguousarray(mask))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def fit_pair(rgb: np.ndarray, mask: np.ndarray, size: int, fit: str) -> tuple[np.ndarray, np.ndarray]:
    """Bring a photograph and its mask to a square.

    ``stretch`` scales both sides separately, as the course paper did: faces change their proportions. ``pad`` keeps
    proportions: the longer side becomes ``size``, the rest is filled with the mirrored photograph, and the mask is 255
    (ignore) there, so that the margin is neither trained on nor scored.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    mask : (H, W) uint8
    size : side of the square, in pixels
    fit : "stretch" or "pad"

    Returns
    -------
    (size, size, 3) uint8 and (size, size) uint8
    """
    check_fit(fit)
    if fit == "stretch":
        return resize_image(rgb, (size, size)), resize_mask(mask, (size, size))
    height, width = (max(1, round(side * size / max(mask.shape))) for side in mask.shape)
    margins = tuple(((size - side) // 2, size - side - (size - side) // 2) for side in (height, width))
    image = np.pad(resize_image(rgb, (height, width)), (*margins, (0, 0)), mode="symmetric")  # (S, S, 3)
    label = np.pad(resize_mask(mask, (height, width)), margins, constant_values=IGNORE_INDEX)  # (S, S)
    return image, label


def check_fit(fit: str) -> None:
    """Raise InputError if ``fit`` is not one of ``FITS``."""
    if fit not in FITS:
        raise InputError(
            "data.fit", found=repr(fit), expected=f"one of {', '.join(FITS)}", do="correct the profile's data.fit"
        )
