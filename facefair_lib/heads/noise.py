"""Smooth random values in space, for everything on a surface that is not perfectly even."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import warp as wp
from scipy.ndimage import gaussian_filter

from facefair_lib.heads.warp_runtime import current_device, vectors

NOISE_SIDE = 64
"""Side of the periodic noise volume, in cells."""


@lru_cache(maxsize=2)
def _noise_volume(device: str) -> wp.array:
    white = np.random.default_rng(1234).random((NOISE_SIDE,) * 3).astype(np.float32)
    smooth = gaussian_filter(white, 0.6, mode="wrap")
    return wp.array((smooth - smooth.mean()) / smooth.std(), dtype=wp.float32, device=device)


@wp.func
def _noise_at(volume: wp.array3d(dtype=wp.float32), point: wp.vec3, shift: float, octaves: int):
    total = wp.float32(0.0)
    amplitude = wp.float32(1.0)
    scale = wp.float32(1.0)
    for octave in range(octaves):
        p = point * scale
        offset = shift + 17.3 * float(octave)
        x = p[0] + offset
        y = p[1] + offset
        z = p[2] + offset
        fx = wp.floor(x)
        fy = wp.floor(y)
        fz = wp.floor(z)
        # The volume's side is a power of two, so the bit mask wraps negative cells correctly too.
        x0 = int(fx) & 63
        y0 = int(fy) & 63
        z0 = int(fz) & 63
        x1 = (x0 + 1) & 63
        y1 = (y0 + 1) & 63
        z1 = (z0 + 1) & 63
        low = wp.lerp(
            wp.lerp(volume[x0, y0, z0], volume[x1, y0, z0], x - fx),
            wp.lerp(volume[x0, y1, z0], volume[x1, y1, z0], x - fx),
            y - fy,
        )
        high = wp.lerp(
            wp.lerp(volume[x0, y0, z1], volume[x1, y0, z1], x - fx),
            wp.lerp(volume[x0, y1, z1], volume[x1, y1, z1], x - fx),
            y - fy,
        )
        total += amplitude * wp.lerp(low, high, z - fz)
        amplitude *= 0.5
        scale *= 2.0
    return total


@wp.kernel
def _sample_noise(
    volume: wp.array3d(dtype=wp.float32),
    points: wp.array(dtype=wp.vec3),
    frequency: wp.vec3,
    shift: float,
    octaves: int,
    values: wp.array(dtype=wp.float32),
):
    i = wp.tid()
    values[i] = _noise_at(volume, wp.cw_mul(points[i], frequency), shift, octaves)


@wp.kernel
def _sample_gradient(
    volume: wp.array3d(dtype=wp.float32),
    points: wp.array(dtype=wp.vec3),
    frequency: float,
    step: float,
    shift: float,
    slopes: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    p = points[i] * frequency
    further = step * frequency
    here = _noise_at(volume, p, shift, 2)
    x = _noise_at(volume, p + wp.vec3(further, 0.0, 0.0), shift, 2)
    y = _noise_at(volume, p + wp.vec3(0.0, further, 0.0), shift, 2)
    z = _noise_at(volume, p + wp.vec3(0.0, 0.0, further), shift, 2)
    slopes[i] = wp.vec3(x - here, y - here, z - here) / step


def noise(
    points: np.ndarray, frequency: float | tuple[float, float, float], *, shift: float = 0.0, octaves: int = 1
) -> np.ndarray:
    """Smooth random values at points: zero mean, standard deviation about 1 (more with more octaves).

    Parameters
    ----------
    points : (N, 3)
    frequency : cells per unit, one number or one per axis
    shift : moves the lookup, for independent values at the same points
    octaves : each further octave has twice the frequency and half the strength

    Returns
    -------
    (N,) float32
    """
    per_axis = np.broadcast_to(np.asarray(frequency, np.float32), 3)
    values = wp.empty(len(points), dtype=wp.float32)
    volume, scale = _noise_volume(current_device()), wp.vec3(*map(float, per_axis))
    wp.launch(_sample_noise, len(points), [volume, vectors(points), scale, float(shift), octaves], [values])
    return values.numpy()


def noise_gradient(points: np.ndarray, frequency: float, step: float, *, shift: float = 0.0) -> np.ndarray:
    """Gradient (N, 3) of two octaves of ``noise`` by forward differences."""
    slopes = wp.empty(len(points), dtype=wp.vec3)
    inputs = [_noise_volume(current_device()), vectors(points), float(frequency), float(step), float(shift)]
    wp.launch(_sample_gradient, len(points), inputs, [slopes])
    return slopes.numpy()
