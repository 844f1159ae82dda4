"""Smooth random values in space, for whatever on a surface is not perfectly even."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import warp as wp
from scipy.ndimage import gaussian_filter

from facefair_heads.warp_runtime import current_device, vectors

NOISE_SIDE = 64
"""Side of the periodic noise volume, in cells."""
NOISE_LIMIT = 6.0
"""Bound on one octave's absolute value: noise cannot move a field across its edge where it is farther away."""


@lru_cache(maxsize=2)
def noise_volume(device: str) -> wp.array:
    """Periodic volume of slightly smoothed noise, mean 0 and standard deviation 1, on a device."""
    white = np.random.default_rng(1234).random((NOISE_SIDE,) * 3).astype(np.float32)
    smooth = gaussian_filter(white, 0.6, mode="wrap")
    return wp.array((smooth - smooth.mean()) / smooth.std(), dtype=wp.float32, device=device)


@wp.struct
class _Cell:
    """The noise at the eight corners of the cell around a point, and where in the cell the point lies."""

    near: wp.vec4
    far: wp.vec4
    place: wp.vec3


@wp.func
def _cell(volume: wp.array3d(dtype=wp.float32), point: wp.vec3):
    fx = wp.floor(point[0])
    fy = wp.floor(point[1])
    fz = wp.floor(point[2])
    # The volume's side is a power of two, so the bit mask wraps negative cells correctly too.
    x0 = int(fx) & 63
    y0 = int(fy) & 63
    z0 = int(fz) & 63
    x1 = (x0 + 1) & 63
    y1 = (y0 + 1) & 63
    z1 = (z0 + 1) & 63
    cell = _Cell()
    cell.near = wp.vec4(volume[x0, y0, z0], volume[x0, y1, z0], volume[x0, y0, z1], volume[x0, y1, z1])
    cell.far = wp.vec4(volume[x1, y0, z0], volume[x1, y1, z0], volume[x1, y0, z1], volume[x1, y1, z1])
    cell.place = point - wp.vec3(fx, fy, fz)
    return cell


@wp.func
def noise_at(volume: wp.array3d(dtype=wp.float32), point: wp.vec3, shift: float):
    """One octave of noise at a point, given in cells."""
    cell = _cell(volume, point + wp.vec3(shift, shift, shift))
    across = wp.lerp(cell.near, cell.far, cell.place[0])
    low = wp.lerp(across[0], across[1], cell.place[1])
    high = wp.lerp(across[2], across[3], cell.place[1])
    return wp.lerp(low, high, cell.place[2])


@wp.func
def _slope(volume: wp.array3d(dtype=wp.float32), point: wp.vec3):
    """Slope of one octave at a point, both in cells."""
    cell = _cell(volume, point)
    step = cell.far - cell.near
    across = wp.lerp(cell.near, cell.far, cell.place[0])
    y = cell.place[1]
    z = cell.place[2]
    slope_x = wp.lerp(wp.lerp(step[0], step[1], y), wp.lerp(step[2], step[3], y), z)
    slope_y = wp.lerp(across[1] - across[0], across[3] - across[2], z)
    slope_z = wp.lerp(across[2], across[3], y) - wp.lerp(across[0], across[1], y)
    return wp.vec3(slope_x, slope_y, slope_z)


@wp.func
def octaves_at(volume: wp.array3d(dtype=wp.float32), point: wp.vec3, shift: float, octaves: int):
    """Several octaves: each further one has twice the frequency and half the strength."""
    total = wp.float32(0.0)
    amplitude = wp.float32(1.0)
    scale = wp.float32(1.0)
    for octave in range(octaves):
        total += amplitude * noise_at(volume, point * scale, shift + 17.3 * float(octave))
        amplitude *= 0.5
        scale *= 2.0
    return total


@wp.func
def slope_at(volume: wp.array3d(dtype=wp.float32), point: wp.vec3, frequency: float, shift: float):
    """Slope of two octaves of noise at a point, per unit of space."""
    p = point * frequency
    further = shift + 17.3
    coarse = _slope(volume, p + wp.vec3(shift, shift, shift))
    fine = _slope(volume, p * 2.0 + wp.vec3(further, further, further))
    # The finer octave has half the strength and twice the frequency: its slope counts in full.
    return frequency * (coarse + fine)


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
    values[i] = octaves_at(volume, wp.cw_mul(points[i], frequency), shift, octaves)


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
    volume, scale = noise_volume(current_device()), wp.vec3(*map(float, per_axis))
    wp.launch(_sample_noise, len(points), [volume, vectors(points), scale, float(shift), octaves], [values])
    return values.numpy()
