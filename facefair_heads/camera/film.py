"""From light to a picture: the mean of each pixel's samples, blur, exposure, film, colours and grain, then JPEG."""

from __future__ import annotations

import io

import numpy as np
import warp as wp
from PIL import Image

from facefair_heads.numerics import stream
from facefair_heads.people.shots import Shot
from facefair_heads.warp_runtime import scalars, vectors

_MIDDLE_GREY = 0.40  # sRGB value that contrast turns about
_BLUR_REACH = 3.0  # standard deviations after which the blur's kernel is cut off


@wp.kernel
def _composite(
    colour: wp.array(dtype=wp.vec3),
    transmission: wp.array(dtype=wp.float32),
    behind: wp.array(dtype=wp.vec3),
    size: int,
    samples: int,
    pixels: wp.array(dtype=wp.vec3),
):
    """Mean over a pixel's samples of what each sees and of what comes through from behind."""
    i = wp.tid()
    first = (i // size) * samples * samples * size + (i % size) * samples
    total = wp.vec3()
    through = wp.float32(0.0)
    for k in range(samples * samples):
        at = first + (k // samples) * samples * size + k % samples
        total += colour[at]
        through += transmission[at]
    pixels[i] = (total + through * behind[i]) / float(samples * samples)


def composite(colour: np.ndarray, transmission: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Lay samples over a background, pixel by pixel.

    Parameters
    ----------
    colour : (n, n, 3) linear light of every sample
    transmission : (n, n) of what is behind
    behind : (S, S, 3) linear light behind each pixel; n is a multiple of S

    Returns
    -------
    (S, S, 3) float32 linear
    """
    size = len(behind)
    pixels = wp.empty(size * size, dtype=wp.vec3)
    inputs = [vectors(colour.reshape(-1, 3)), scalars(transmission.ravel()), vectors(behind.reshape(-1, 3))]
    wp.launch(_composite, size * size, [*inputs, size, len(colour) // size], [pixels])
    return pixels.numpy().reshape(size, size, 3)


@wp.func
def _mirrored(k: int, size: int):
    """Index of a cell beyond the border, where the picture continues as its mirror image."""
    if k < 0:
        return -k - 1
    if k >= size:
        return 2 * size - 1 - k
    return k


@wp.kernel
def _blur_rows(
    pixels: wp.array2d(dtype=wp.vec3), weights: wp.array(dtype=wp.float32), blurred: wp.array2d(dtype=wp.vec3)
):
    row, column = wp.tid()
    total = weights[0] * pixels[row, column]
    for k in range(1, weights.shape[0]):
        left = _mirrored(column - k, pixels.shape[1])
        right = _mirrored(column + k, pixels.shape[1])
        total += weights[k] * (pixels[row, left] + pixels[row, right])
    blurred[row, column] = total


@wp.struct
class _Film:
    """How light becomes colour: see ``Shot``."""

    exposure: float
    saturation: float
    contrast: float


@wp.func
def _encoded(linear: float):
    """Linear light as an sRGB value. Source: IEC 61966-2-1."""
    value = wp.clamp(linear, 0.0, 1.0)
    if value <= 0.0031308:
        return 12.92 * value
    return 1.055 * wp.pow(value, 1.0 / 2.4) - 0.055


@wp.kernel
def _expose(
    pixels: wp.array2d(dtype=wp.vec3),
    weights: wp.array(dtype=wp.float32),
    grain: wp.array2d(dtype=wp.vec3),
    film: _Film,
    picture: wp.array3d(dtype=wp.uint8),
):
    """Blur along the columns, then the film's curve, colours, contrast and grain."""
    row, column = wp.tid()
    light = weights[0] * pixels[row, column]
    for k in range(1, weights.shape[0]):
        above = _mirrored(row - k, pixels.shape[0])
        below = _mirrored(row + k, pixels.shape[0])
        light += weights[k] * (pixels[above, column] + pixels[below, column])
    colour = wp.vec3()
    for c in range(3):
        exposed = film.exposure * wp.max(light[c], 0.0)
        colour[c] = _encoded(1.06 * (1.0 - wp.exp(-1.45 * exposed * (1.0 + 0.10 * exposed))))
    grey = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    for c in range(3):
        value = grey + film.saturation * (colour[c] - grey)
        value = _MIDDLE_GREY + film.contrast * (value - _MIDDLE_GREY) + grain[row, column][c]
        picture[row, column, c] = wp.uint8(int(wp.clamp(value, 0.0, 1.0) * 255.0 + 0.5))


def develop(pixels: np.ndarray, shot: Shot) -> np.ndarray:
    """Turn linear light (S, S, 3) into an sRGB picture (S, S, 3) uint8: blur, exposure, film, colours, grain."""
    size = len(pixels)
    weights = scalars(_blur_weights(shot.blur * size / 128))
    light = vectors(pixels.reshape(-1, 3)).reshape((size, size))
    blurred = wp.empty((size, size), dtype=wp.vec3)
    wp.launch(_blur_rows, (size, size), [light, weights], [blurred])
    grain = stream(shot.seed, "grain").normal(0, shot.grain, (size, size, 1))
    grain = grain + stream(shot.seed, "colour grain").normal(0, 0.4 * shot.grain, pixels.shape)
    film = _Film()
    film.exposure, film.saturation, film.contrast = 0.8 * shot.light.exposure, shot.saturation, shot.contrast
    picture = wp.empty((size, size, 3), dtype=wp.uint8)
    grain = vectors(grain.reshape(-1, 3)).reshape((size, size))
    wp.launch(_expose, (size, size), [blurred, weights, grain, film], [picture])
    return _finish(picture.numpy(), shot)


def _blur_weights(deviation: float) -> np.ndarray:
    """Half of a Gaussian kernel, its centre first, (k,) float32; its whole sums to 1. ``deviation`` is in pixels."""
    place = np.arange(int(_BLUR_REACH * deviation + 0.5) + 1)
    weights = np.exp(-0.5 * (place / max(deviation, 1e-6)) ** 2)
    return (weights / (2 * weights.sum() - weights[0])).astype(np.float32)


def _finish(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """Turn a picture (S, S, 3) uint8 to black and white and through JPEG, where the shot says so."""
    if shot.greyscale:
        luma = picture @ np.array((0.299, 0.587, 0.114))
        picture = np.repeat((luma + 0.5).astype(np.uint8)[..., None], 3, -1)
    if shot.jpeg_quality:
        compressed = io.BytesIO()
        Image.fromarray(picture).save(compressed, "JPEG", quality=shot.jpeg_quality)
        picture = np.array(Image.open(compressed).convert("RGB"))
    return picture
