"""Shadow rays: which points see the key light, and how open their surroundings are."""

from __future__ import annotations

import numpy as np
import warp as wp
from scipy.ndimage import gaussian_filter

from facefair_lib.heads.geometry import LOWER_TEETH, UPPER_TEETH
from facefair_lib.heads.numerics import normalised
from facefair_lib.heads.rays import Hits
from facefair_lib.heads.shots import Shot
from facefair_lib.heads.warp_runtime import scalars, vectors

OCCLUSION_RADIUS = 1.1
"""Reach of the ambient occlusion rays, decimetres."""


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
    # Neighbouring points share out the directions, so that smoothing over a few of them leaves little noise.
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
    # A near surface hides more than a far one: the mean over these reaches is 1 - 0.6 distance / radius.
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
    """Cast one ray per point toward a spread-out key light and one around the normal.

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
"""Sixteenth of the directions that each of the samples with rays takes, tile by tile: near ones, far sixteenths."""


def soft_shadows(mesh: wp.Mesh, hits: Hits, shot: Shot, key: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Shadow and openness of every hit, each smoothed over neighbouring samples of the same kind."""
    # Every other sample of every other row casts shadow rays; smoothing over the neighbours fills the others in.
    y, x = np.divmod(hits.ray, side)
    rows = np.flatnonzero((x % 2 == 0) & (y % 2 == 0))
    stratum = _STRATA[y[rows] // 2 % 4, x[rows] // 2 % 4]
    strand, facing = hits.is_strand[rows, None], hits.facing[rows]
    lift = np.where(strand, facing * 0.012 - hits.direction[rows] * 0.012, facing * 0.004)
    normals = normalised(np.where(strand, 1.0, 0.5) * hits.normal[rows] + np.where(strand, 0.3, 0.5) * facing)
    lit, open_sky = shadows(
        mesh, hits.position[rows] + lift, normals, key, 0.06 + 0.5 * shot.light.spread, stratum, shot.seed
    )
    pixels = side / 128  # the blur is set in pixels of a 128-pixel picture with two samples per pixel
    lit = _smooth(lit, rows, hits, side, (1.1 + 0.7 * shot.light.spread) * pixels, 0.8 * pixels)
    open_sky = _smooth(open_sky, rows, hits, side, 2.0 * pixels, 1.0 * pixels)
    teeth = (hits.part == UPPER_TEETH) | (hits.part == LOWER_TEETH)
    lit[teeth], open_sky[teeth] = 0.4 + 0.6 * lit[teeth], 0.45 + 0.55 * open_sky[teeth]
    return lit, open_sky


def _smooth(
    values: np.ndarray, rows: np.ndarray, hits: Hits, side: int, surface_blur: float, strand_blur: float
) -> np.ndarray:
    """Average noisy values of some hits over the grid of samples with rays and read them at all hits: (H,) float32.

    Surfaces and strands are averaged apart, so that neither bleeds into the other; where a hit has no neighbour with a
    value, the value is 1 (open and lit). Blurs are standard deviations in samples.
    """
    smoothed = np.empty(len(hits.ray), np.float32)
    half = (side + 1) // 2
    y, x = np.divmod(hits.ray, side)
    cells = y // 2 * half + x // 2
    for strand, blur in ((False, surface_blur), (True, strand_blur)):
        wanted, known = hits.is_strand == strand, hits.is_strand[rows] == strand
        if not wanted.any():
            continue
        # Only the rows of the grid that hold such hits are blurred.
        first, last = cells[wanted][[0, -1]] // half
        height = last - first + 1
        total, weight = np.zeros((2, height * half), np.float32)
        at = cells[rows[known]] - first * half
        total[at], weight[at] = values[known], 1
        total, weight = (
            gaussian_filter(grid.reshape(height, half), max(blur / 2, 0.75), truncate=2.5).ravel()[
                cells[wanted] - first * half
            ]
            for grid in (total, weight)
        )
        smoothed[wanted] = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), 1)
    return smoothed
