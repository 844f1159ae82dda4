"""Read pictures and bring them to training size.

Photographs are resized with an antialiasing filter, index masks with nearest neighbour: a blended class index would
be a different class.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from facefair_lib.errors import InputError
from facefair_lib.labels import IGNORE_INDEX

FITS = ("stretch", "pad")
"""How a picture that is not square becomes square: ``stretch`` both sides (as the course paper did) or ``pad``."""

# 8 bits per channel, or fewer. 16-bit and floating-point pictures would be clipped silently by a conversion to RGB, and
# CMYK has no RGB values without the colour profile of its printing press.
EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "YCbCr")

MAX_PIXELS = 89_478_485
"""Largest picture that is opened: 256 MiB of RGB. A small file that unpacks to more is a decompression bomb."""


def read_rgb(path: Path) -> np.ndarray:
    """Read a photograph: upright by its EXIF orientation, transparency laid over white.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        if the file is missing, truncated, not a picture, too large, animated, CMYK, or has more than 8 bits per channel
    """
    picture = _open(Path(path))
    if _has_alpha(picture):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (255, 255, 255, 255)), picture)
    return np.asarray(picture.convert("RGB"))  # (H, W, 3)


def read_label_rgb(path: Path) -> np.ndarray:
    """Read a label picture: its colours exactly as stored; an alpha channel is dropped, never blended.

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    InputError
        as ``read_rgb``, and for JPEG files: lossy compression changes label colours
    """
    picture = _open_label(Path(path))
    if _has_alpha(picture):
        return np.asarray(picture.convert("RGBA"))[..., :3].copy()  # (H, W, 3)
    return np.asarray(picture.convert("RGB"))  # (H, W, 3)


def read_label_values(path: Path) -> np.ndarray:
    """Read a label file whose pixels are numbers, not colours.

    Grey pictures give their grey values, paletted ones their palette indices. A colour picture is accepted only where
    its three channels are equal, which some tools write for grey.

    Returns
    -------
    (H, W) uint8

    Raises
    ------
    InputError
        as ``read_label_rgb``, and for a picture with real colours
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
            do="restore the published label; a coloured preview of it cannot be read back",
        )
    return np.ascontiguousarray(rgb[..., 0])  # (H, W)


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info


def _open_label(path: Path) -> Image.Image:
    picture = _open(path)
    if picture.format in ("JPEG", "MPO"):
        raise InputError(
            path,
            found="a JPEG label picture, whose colours compression has changed",
            expected="a lossless label picture (PNG or BMP)",
            do="obtain the label in its published format",
        )
    return picture


def _open(path: Path) -> Image.Image:
    if not path.is_file():
        raise InputError(path, found="no such file", expected="a picture", do="restore the file")
    try:
        with Image.open(path) as opened:
            _refuse_strange(opened, path)
            opened.load()
            picture = ImageOps.exif_transpose(opened)
            picture.format = opened.format
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, str(error)) from error
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise InputError(
            path,
            found=f"an unreadable or truncated picture ({error})",
            expected="a complete picture file",
            do="copy or download the file again",
        ) from error
    return picture


def _refuse_strange(opened: Image.Image, path: Path) -> None:
    """Refuse, before any pixel is unpacked, what has no single 8-bit RGB picture in it."""
    if opened.width * opened.height > MAX_PIXELS:
        raise _too_large(path, f"{opened.width}x{opened.height} pixels")
    # Telephones write MPO: a photograph and, behind it, previews of the same. Its first picture is the photograph.
    if opened.format != "MPO" and getattr(opened, "is_animated", False):
        raise InputError(
            path,
            found=f"{opened.n_frames} pictures in one file (an animation or a document of several pages)",
            expected="one picture per file",
            do="save the wanted picture as a file of its own",
        )
    # 16-bit colour is opened as mode RGB and halved in depth while unpacking; only the raw mode still tells.
    if opened.mode not in EIGHT_BIT_MODES or _is_deep(opened):
        raise InputError(
            path,
            found=f"the pixel format {opened.mode}{' with 16 bits per channel' if _is_deep(opened) else ''}",
            expected=f"8 bits per channel ({', '.join(EIGHT_BIT_MODES)})",
            do="convert the picture to 8-bit RGB",
        )


def _is_deep(opened: Image.Image) -> bool:
    raw_modes = [tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in getattr(opened, "tile", [])]
    return any(isinstance(raw_mode, str) and ";16" in raw_mode for raw_mode in raw_modes)


def _too_large(path: Path, found: str) -> InputError:
    return InputError(
        path,
        found=f"{found} (a decompression bomb, or no picture for this study)",
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
    proportions: the longer side becomes ``size``, the photograph is mirrored into the rest, and the mask says ignore
    (255) there, so that the margin is neither trained on nor scored.

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
