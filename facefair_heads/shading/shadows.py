"""Shadow rays: which points see the key light, and how open their surroundings are."""

from __future__ import annotations

import numpy as np
import warp as wp
from scipy.ndimage import gaussian_filter

from facefair_heads.geometry.head_mesh import LOWER_TEETH, UPPER_TEETH
from facefair_heads.geometry.scene import HAIR, STRAND_PARTS
from facefair_heads.numerics import normalised
from facefair_heads.people.shots import Shot
from facefair_heads.shading.rays import Hits
from facefair_heads.warp_runtime import scalars, vectors

OCCLUSION_RADIUS = 1.1
"""Reach of the ambient occlusion rays, decimetres."""

_BLUR_REACH = 2.5  # standard deviations after which the smoothing is cut off
_FIRST_STRAND, _LAST_STRAND = HAIR, STRAND_PARTS[-1]
_UPPER_TEETH, _LOWER_TEETH = UPPER_TEETH, LOWER_TEETH


@wp.kernel
def _shadow(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    key: wp.vec3,
    spread: float,
    radius: float,
    stratum: wp.array(dtype=wp.int32),
    seed: int,
    lit: wp.array(dtype=wp.float32),
    open_sky: wp.array(dtype=wp.float32),
):
    i = wp.tid()
    random = wp.rand_init(seed, i)
    p = points[i]
    n = normals[i]
    # Neighbouring points divide the directions among them, so that smoothing over a few leaves little noise.
    share = float(stratum[i])
    jx = (share + wp.randf(random)) / 16.0
    jy = share * 0.754878 + 0.25 * wp.randf(random)
    jz = share * 0.569840 + 0.25 * wp.randf(random)
    jitter = wp.vec3(jx - 0.5, jy - wp.floor(jy) - 0.5, jz - wp.floor(jz) - 0.5)
    toward = wp.normalize(key + jitter * spread)
    lit[i] = 1.0
    if wp.dot(n, key) > -0.35 and wp.mesh_query_ray_anyhit(mesh, p, toward, 30.0):
        lit[i] = 0.0
    across = wp.vec3(1.0, 0.0, 0.0)
    if wp.abs(n[0]) > 0.7:
        across = wp.vec3(0.0, 1.0, 0.0)
    b1 = wp.normalize(wp.cross(n, across))
    b2 = wp.cross(n, b1)
    u = (share + wp.randf(random)) / 16.0
    phi = (share * 0.618034 + 0.1 * wp.randf(random)) * 6.2831853
    r = wp.sqrt(u)
    d = b1 * (r * wp.cos(phi)) + b2 * (r * wp.sin(phi)) + n * wp.sqrt(1.0 - u)
    # A near surface hides more than a far one: averaged over the reaches, 1 - 0.6 distance / radius.
    reach = radius
    if wp.randf(random) < 0.6:
        reach = radius * wp.randf(random)
    open_sky[i] = 1.0
    if wp.mesh_query_ray_anyhit(mesh, p, d, reach):
        open_sky[i] = 0.0


def shadows(
    mesh: wp.Mesh,
    points: np.ndarray,
    normals: np.ndarray,
    key: np.ndarray,
    spread: float,
    stratum: np.ndarray,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Cast one ray per point toward an extended key light and one around the normal.

    Parameters
    ----------
    points, normals : (H, 3)
    key : (3,) unit vector toward the key light
    spread : size of the light, as an offset of the unit direction
    stratum : (H,) int, 0 to 15: which sixteenth of the directions each point samples
    seed : seeds the random directions

    Returns
    -------
    lit : (H,) float32, 1 where the key light is seen, 0 in shadow
    open_sky : (H,) float32, 1 where the ambient ray met nothing near, 0 where it did; its mean is the ambient openness
    """
    lit = wp.empty(len(points), dtype=wp.float32)
    open_sky = wp.empty(len(points), dtype=wp.float32)
    toward = wp.vec3(*map(float, key))
    inputs = [mesh.id, vectors(points), vectors(normals), toward, float(spread), OCCLUSION_RADIUS]
    inputs += [scalars(stratum.astype(np.int32), wp.int32), seed % (1 << 30)]
    wp.launch(_shadow, len(points), inputs, [lit, open_sky])
    return lit.numpy(), open_sky.numpy()


_STRATA = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
"""Which sixteenth of the directions a sample takes, by its place in a 4 x 4 tile: neighbours take distant ones."""

_SIDE_PER_STRIDE, _LONGEST_STRIDE = 128, 4
_TEETH_SEE = ((0.4, 0.6), (0.45, 0.55))  # lit and open sky of teeth: the least, and what the rays add


def soft_shadows(mesh: wp.Mesh, hits: Hits, shot: Shot, key: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Shadow and openness of every hit, each smoothed over neighbouring samples of the same kind, (H,) float32."""
    # One sample of each square casts shadow rays; smoothing over the neighbours fills in the others. In large
    # pictures, where the blur spans more samples, squares are larger.
    stride = int(np.clip(side // _SIDE_PER_STRIDE, 2, _LONGEST_STRIDE))
    y, x = np.divmod(hits.ray.astype(np.int32), np.int32(side))
    middle = (stride - 1) // 2
    rows = np.flatnonzero((x % stride == middle) & (y % stride == middle))
    row, column = y[rows] // stride, x[rows] // stride
    strand, facing = hits.is_strand[rows, None], hits.facing[rows]
    lift = np.where(strand, facing * 0.012 - hits.direction[rows] * 0.012, facing * 0.004)
    normals = normalised(np.where(strand, 1.0, 0.5) * hits.normal[rows] + np.where(strand, 0.3, 0.5) * facing)
    seen = shadows(
        mesh,
        hits.position[rows] + lift,
        normals,
        key,
        0.06 + 0.5 * shot.light.spread,
        _STRATA[row % 4, column % 4],
        shot.seed,
    )
    pixels = side / 128  # the blur is set in pixels of a 128-pixel picture with two samples per pixel
    blurs = (((1.1 + 0.7 * shot.light.spread) * pixels, 0.8 * pixels), (2.0 * pixels, 1.0 * pixels))
    width = -(-side // stride)
    grids = [
        _smoothed(values, row, column, hits.is_strand[rows], width, np.divide(blur, stride))
        for values, blur in zip(seen, blurs, strict=True)
    ]
    return tuple(_at_hits(grid, hits, side, stride, teeth) for grid, teeth in zip(grids, _TEETH_SEE, strict=True))


def _smoothed(
    values: np.ndarray, row: np.ndarray, column: np.ndarray, strand: np.ndarray, width: int, blurs: np.ndarray
) -> np.ndarray:
    """Average noisy values over the grid of rays: (2, width, width, 2) float32, sums and weights.

    Surfaces and strands, in this order along the first axis, are averaged apart, so that neither bleeds into the
    other; ``blurs`` are their standard deviations in cells.
    """
    grid = np.zeros((2, width, width, 2), np.float32)
    grid[strand.astype(np.intp), row, column] = np.stack([values, np.ones_like(values)], -1)
    for kind, blur in zip(grid, blurs, strict=True):
        used = np.flatnonzero(kind[..., 1].any(1))
        if len(used):  # only the rows that hold such hits, and those that the blur can reach, are blurred
            deviation = max(float(blur), 0.75)
            reach = int(_BLUR_REACH * deviation + 0.5)
            rows = kind[max(used[0] - reach, 0) : used[-1] + reach + 1]
            rows[:] = gaussian_filter(rows, (deviation, deviation, 0), truncate=_BLUR_REACH, mode="constant")
    return grid


@wp.func
def _cell(grid: wp.array3d(dtype=wp.vec2), kind: int, row: int, column: int):
    last = grid.shape[1] - 1
    return grid[kind, wp.clamp(row, 0, last), wp.clamp(column, 0, last)]


@wp.kernel
def _interpolate(
    grid: wp.array3d(dtype=wp.vec2),
    ray: wp.array(dtype=wp.int32),
    part: wp.array(dtype=wp.int8),
    side: int,
    stride: int,
    teeth: wp.vec2,
    values: wp.array(dtype=wp.float32),
):
    i = wp.tid()
    middle = float((stride - 1) // 2)
    y = (float(ray[i] // side) - middle) / float(stride)
    x = (float(ray[i] % side) - middle) / float(stride)
    row = int(wp.floor(y))
    column = int(wp.floor(x))
    kind = wp.int32(0)
    if int(part[i]) >= _FIRST_STRAND and int(part[i]) <= _LAST_STRAND:
        kind = 1
    above = wp.lerp(_cell(grid, kind, row, column), _cell(grid, kind, row, column + 1), x - float(column))
    below = wp.lerp(_cell(grid, kind, row + 1, column), _cell(grid, kind, row + 1, column + 1), x - float(column))
    near = wp.lerp(above, below, y - float(row))
    value = wp.float32(1.0)  # open and lit, where no neighbour has a value
    if near[1] > 1.0e-3:
        value = near[0] / near[1]
    if int(part[i]) == _UPPER_TEETH or int(part[i]) == _LOWER_TEETH:
        value = teeth[0] + teeth[1] * value
    values[i] = value


def _at_hits(grid: np.ndarray, hits: Hits, side: int, stride: int, teeth: tuple[float, float]) -> np.ndarray:
    """Read smoothed values at all hits, between the cells of the grid: (H,) float32."""
    values = wp.empty(len(hits.ray), dtype=wp.float32)
    inputs = [wp.array(grid, dtype=wp.vec2), scalars(hits.ray.astype(np.int32), wp.int32), scalars(hits.part, wp.int8)]
    wp.launch(_interpolate, len(hits.ray), [*inputs, side, stride, wp.vec2(*teeth)], [values])
    return values.numpy()
