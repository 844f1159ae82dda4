"""Camera, ray casting and shadow rays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_lib.heads.geometry import HEAD_HEIGHT
from facefair_lib.heads.numerics import dot, normalised, rgb
from facefair_lib.heads.scene import HAIR, STRAND_PARTS, Scene
from facefair_lib.heads.shots import Shot
from facefair_lib.heads.warp_runtime import DEVICE, scalars, vectors

_HEAD_CENTRE = (0.0, 7.22, 0.5)
OCCLUSION_RADIUS = 1.1
"""Reach of the ambient occlusion rays, decimetres."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; axes are unit vectors, ``half`` is half the picture's height at the head's centre."""

    origin: np.ndarray
    forward: np.ndarray
    right: np.ndarray
    up: np.ndarray
    distance: float
    half: float


def camera(shot: Shot) -> Camera:
    """Place the camera of a shot around the head."""
    yaw, pitch, roll = np.radians((shot.yaw, shot.pitch, shot.roll))
    half = 0.5 * HEAD_HEIGHT * shot.frame
    distance = half / np.tan(np.radians(shot.field_of_view) / 2)
    forward = rgb(-np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch))
    level = normalised(np.cross(forward, (0, 1, 0)))
    upright = np.cross(level, forward)
    right = level * np.cos(roll) + upright * np.sin(roll)
    up = upright * np.cos(roll) - level * np.sin(roll)
    target = rgb(*_HEAD_CENTRE) - (right * shot.offset_x + up * shot.offset_y) * 2 * half
    return Camera(target - forward * distance, forward, right, up, float(distance), float(half))


def pixel_rays(view: Camera, side: int) -> np.ndarray:
    """Directions (side * side, 3) float32 through the centres of a square grid, row by row from the top left."""
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    across, down = np.meshgrid(grid * view.half, -grid * view.half)
    rays = view.forward * view.distance + across[..., None] * view.right + down[..., None] * view.up
    return normalised(rays.reshape(-1, 3)).astype(np.float32)


@wp.kernel
def _cast(
    mesh: wp.uint64,
    origin: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    triangle: wp.array(dtype=wp.int32),
    place: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    hit = wp.mesh_query_ray(mesh, origin, directions[i], 1.0e6)
    triangle[i] = -1
    if hit.result:
        triangle[i] = hit.face
        place[i] = wp.vec3(hit.u, hit.v, hit.t)


def cast(mesh: wp.Mesh, origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cast rays from one point.

    Returns
    -------
    triangle : (R,) int32, -1 for a miss
    place : (R, 3) float32: weights of the triangle's first and second corner, and the distance
    """
    triangle = wp.empty(len(directions), dtype=wp.int32, device=DEVICE)
    place = wp.zeros(len(directions), dtype=wp.vec3, device=DEVICE)
    start = wp.vec3(*map(float, origin))
    wp.launch(_cast, len(directions), [mesh.id, start, vectors(directions)], [triangle, place], device=DEVICE)
    return triangle.numpy(), place.numpy()


@dataclass
class Hits:
    """What the rays hit first, one row per ray that hit; (H, 3) float32 unless said otherwise.

    ``ray`` and ``triangle`` (H,) int; ``corners`` (H, 3) vertex numbers and ``weights`` (H, 3); ``facing`` is the
    triangle's own normal, turned to the camera; ``normal`` the smooth one, which materials may change; ``part`` and
    ``is_strand`` (H,).
    """

    ray: np.ndarray
    triangle: np.ndarray
    corners: np.ndarray
    weights: np.ndarray
    position: np.ndarray
    direction: np.ndarray
    facing: np.ndarray
    normal: np.ndarray
    part: np.ndarray
    is_strand: np.ndarray

    def interpolate(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Interpolate a vertex attribute (N,) or (N, K) at some hits."""
        corners, weights = self.corners[rows], self.weights[rows]
        if values.ndim == 1:
            return (values[corners] * weights).sum(1)
        return sum(values[corners[:, k]] * weights[:, k, None] for k in range(3))


def gather_hits(
    scene: Scene,
    triangles: np.ndarray,
    part: np.ndarray,
    hit: np.ndarray,
    place: np.ndarray,
    view: Camera,
    rays: np.ndarray,
) -> Hits:
    """Collect the rays that hit, with geometry interpolated at the hit."""
    ray = np.flatnonzero(hit >= 0)
    place, direction = place[ray], rays[ray]
    corners = triangles[hit[ray]]
    weights = np.stack([place[:, 0], place[:, 1], 1 - place[:, 0] - place[:, 1]], -1)
    a, b, c = (scene.positions[corners[:, k]] for k in range(3))
    facing = normalised(np.cross(b - a, c - a))
    facing[dot(facing, direction) > 0] *= -1
    part = part[hit[ray]]
    is_strand = (part >= HAIR) & (part <= STRAND_PARTS[-1])
    position = view.origin.astype(np.float32) + direction * place[:, 2:]
    hits = Hits(ray, hit[ray], corners, weights, position, direction, facing, facing, part, is_strand)
    hits.normal = normalised(hits.interpolate(scene.normals, slice(None)))
    return hits


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
    lit = wp.empty(len(points), dtype=wp.float32, device=DEVICE)
    open_sky = wp.empty(len(points), dtype=wp.float32, device=DEVICE)
    toward = wp.vec3(*map(float, key))
    inputs = [mesh.id, vectors(points), vectors(normals), toward, float(spread), OCCLUSION_RADIUS]
    inputs += [scalars(stratum.astype(np.int32), wp.int32), seed % (1 << 30)]
    wp.launch(_shadow, len(points), inputs, [lit, open_sky], device=DEVICE)
    return lit.numpy(), open_sky.numpy()
