"""Camera and ray casting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.geometry.head_mesh import HEAD_HEIGHT
from facefair_heads.geometry.scene import HAIR, STRAND_PARTS, Scene
from facefair_heads.numerics import normalised, rgb
from facefair_heads.people.shots import Shot
from facefair_heads.warp_runtime import scalars, vectors

_HEAD_CENTRE = (0.0, 7.22, 0.5)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; axes are unit vectors, ``half`` is half the picture's height at the head (decimetres)."""

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


@wp.kernel
def _aim(ahead: wp.vec3, right: wp.vec3, up: wp.vec3, side: int, directions: wp.array(dtype=wp.vec3)):
    i = wp.tid()
    across = (float(i % side) + 0.5) / float(side) * 2.0 - 1.0
    down = (float(i // side) + 0.5) / float(side) * 2.0 - 1.0
    directions[i] = wp.normalize(ahead + across * right - down * up)


def pixel_rays(view: Camera, side: int) -> np.ndarray:
    """Directions (side * side, 3) float32 through the centres of a square grid, row by row from the top left."""
    axes = (view.forward * view.distance, view.right * view.half, view.up * view.half)
    directions = wp.empty(side * side, dtype=wp.vec3)
    wp.launch(_aim, side * side, [*(wp.vec3(*map(float, axis)) for axis in axes), side], [directions])
    return directions.numpy()


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
    triangle = wp.empty(len(directions), dtype=wp.int32)
    place = wp.zeros(len(directions), dtype=wp.vec3)
    start = wp.vec3(*map(float, origin))
    wp.launch(_cast, len(directions), [mesh.id, start, vectors(directions)], [triangle, place])
    return triangle.numpy(), place.numpy()


@dataclass
class Hits:
    """What the rays hit first, one row per ray that hit; (H, 3) float32 unless said otherwise.

    ``ray`` and ``triangle`` (H,) int; ``facing`` is the triangle's own normal, turned to the camera; ``normal`` the
    smooth one, which materials may change; ``canonical``, ``tangent``, ``strand`` and ``masks`` as in ``Scene``;
    ``part`` and ``is_strand`` (H,).
    """

    ray: np.ndarray
    triangle: np.ndarray
    position: np.ndarray
    direction: np.ndarray
    facing: np.ndarray
    normal: np.ndarray
    canonical: np.ndarray
    tangent: np.ndarray
    strand: np.ndarray
    masks: np.ndarray
    part: np.ndarray
    is_strand: np.ndarray


@wp.struct
class _Attributes:
    """The vertex attributes of a scene."""

    positions: wp.array(dtype=wp.vec3)
    normals: wp.array(dtype=wp.vec3)
    canonical: wp.array(dtype=wp.vec3)
    tangents: wp.array(dtype=wp.vec3)
    strand: wp.array(dtype=wp.vec3)
    masks: wp.array(dtype=wp.vec3)


@wp.func
def _mix(values: wp.array(dtype=wp.vec3), a: int, b: int, c: int, place: wp.vec3):
    return values[a] * place[0] + values[b] * place[1] + values[c] * (1.0 - place[0] - place[1])


@wp.kernel
def _gather(
    vertices: _Attributes,
    corners: wp.array(dtype=wp.int32),
    triangle: wp.array(dtype=wp.int32),
    place: wp.array(dtype=wp.vec3),
    direction: wp.array(dtype=wp.vec3),
    origin: wp.vec3,
    hits: _Attributes,
    facing: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    a = corners[3 * triangle[i]]
    b = corners[3 * triangle[i] + 1]
    c = corners[3 * triangle[i] + 2]
    flat = wp.normalize(
        wp.cross(vertices.positions[b] - vertices.positions[a], vertices.positions[c] - vertices.positions[a])
    )
    if wp.dot(flat, direction[i]) > 0.0:
        flat = -flat
    facing[i] = flat
    hits.positions[i] = origin + direction[i] * place[i][2]
    hits.normals[i] = wp.normalize(_mix(vertices.normals, a, b, c, place[i]))
    hits.canonical[i] = _mix(vertices.canonical, a, b, c, place[i])
    hits.tangents[i] = wp.normalize(_mix(vertices.tangents, a, b, c, place[i]))
    hits.strand[i] = _mix(vertices.strand, a, b, c, place[i])
    hits.masks[i] = _mix(vertices.masks, a, b, c, place[i])


def gather_hits(
    scene: Scene, triangles: np.ndarray, part: np.ndarray, hit: np.ndarray, place: np.ndarray, view: Camera, rays
) -> Hits:
    """Collect the rays that hit, with all vertex attributes interpolated at the hit."""
    ray = np.flatnonzero(hit >= 0)
    triangle, place, direction = hit[ray], place[ray], rays[ray]
    names = tuple(_Attributes.vars)
    vertices, at_hits, facing = _Attributes(), _Attributes(), wp.empty(len(ray), dtype=wp.vec3)
    for name in names:
        setattr(vertices, name, vectors(getattr(scene, name)))
        setattr(at_hits, name, wp.empty(len(ray), dtype=wp.vec3))
    start = wp.vec3(*map(float, view.origin))
    inputs = [vertices, scalars(triangles.ravel(), wp.int32), scalars(triangle, wp.int32), vectors(place)]
    wp.launch(_gather, len(ray), [*inputs, vectors(direction), start, at_hits], [facing])
    position, normal, canonical, tangent, strand, masks = (getattr(at_hits, name).numpy() for name in names)
    seen = part[triangle]
    is_strand = (seen >= HAIR) & (seen <= STRAND_PARTS[-1])
    return Hits(
        ray, triangle, position, direction, facing.numpy(), normal, canonical, tangent, strand, masks, seen, is_strand
    )
