"""Glasses: tube frames with temples over the ears, and lenses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_heads.geometry.head_mesh import LASHES, SKIN, HeadMesh, head_template
from facefair_heads.geometry.regions import EYE_RADIUS
from facefair_heads.geometry.scene import FRAME, LENS, SceneBuilder
from facefair_heads.geometry.shapes import grid_triangles
from facefair_heads.numerics import normalised, rgb, srgb_to_linear, stream
from facefair_heads.people.person import Person

_FRAME_COLOURS = ((0.03, 0.03, 0.03), (0.20, 0.12, 0.07), (0.70, 0.60, 0.40), (0.55, 0.55, 0.57), (0.35, 0.05, 0.07))
_CORNERS = 48


@dataclass(frozen=True)
class GlassesLook:
    """One pair: sizes and tube radius in decimetres, superellipse exponent, linear colour, light let through."""

    half_width: float
    half_height: float
    exponent: float
    tube: float
    frame_colour: np.ndarray
    lens_tint: float


def glasses_look(person: Person) -> GlassesLook:
    """Draw the look that belongs to a person."""
    random = stream(person.seed, "glasses")
    half_width = random.uniform(0.21, 0.26)
    return GlassesLook(
        half_width=half_width,
        half_height=half_width * random.uniform(0.72, 0.98),
        exponent=float(random.choice((2.0, 2.6, 3.5))),
        tube=random.uniform(0.009, 0.026),
        frame_colour=srgb_to_linear(rgb(*_FRAME_COLOURS[int(random.integers(len(_FRAME_COLOURS)))])),
        lens_tint=random.uniform(0.02, 0.12) if person.glasses == "sunglasses" else 0.92,
    )


def add_glasses(builder: SceneBuilder, head: HeadMesh, person: Person) -> None:
    """Add frame and lenses, fitted to the eyes, the bridge of the nose and the ears of this head."""
    if person.glasses == "none":
        return
    look, template = glasses_look(person), head_template()
    middle = head.eye_centres.mean(0)
    eye_x = abs(head.eye_centres[0, 0] - head.eye_centres[1, 0]) / 2
    lens_x = max(eye_x, look.half_width + 0.07)
    plane = _frame_depth(head, middle, eye_x, lens_x, look)
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    power = 2 / look.exponent
    outline_x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power * look.half_width
    outline_y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power * look.half_height
    for side, ear_vertex in ((1, template.left_ear_top), (-1, template.right_ear_top)):
        x = middle[0] + side * lens_x + outline_x
        ring = np.stack([x, middle[1] - 0.035 + outline_y, plane + _wrap(x - middle[0], eye_x)], -1)
        builder.add(*_tube(ring, look.tube, corners=6, closed=True), FRAME)
        _add_lens(builder, ring)
        hinge = ring[np.argmax(x * side)] + (0, 0.3 * look.half_height, 0)
        ear = head.positions[ear_vertex] + (side * 0.02, 0.02, -0.02)
        builder.add(*_tube(_temple(hinge, ear, side), look.tube, corners=5), FRAME)
    _add_bridge(builder, head, middle, lens_x - look.half_width, plane, eye_x, look)


def _wrap(x: np.ndarray, eye_x: float) -> np.ndarray:
    """How far a frame bends back at a distance from its middle."""
    return -0.10 * ((np.abs(x) - 0.3 * eye_x) / 0.4) ** 2


def _frame_depth(head: HeadMesh, middle: np.ndarray, eye_x: float, lens_x: float, look: GlassesLook) -> float:
    """Depth of the frame: clear of the eyeballs and of the brows and cheeks behind the lenses."""
    part = head_template().part_of_vertex
    x, y, z = (head.positions - middle).T
    behind = (part >= SKIN) & (part <= LASHES) & (np.abs(y + 0.035) < look.half_height + 0.02)
    behind &= (np.abs(x) < lens_x + look.half_width) & (np.abs(x) > 0.13) & (z + middle[2] > 0.9)
    eyes = head.eye_centres[:, 2].max() + 1.05 * EYE_RADIUS + 0.04
    return max(float(eyes), float((z[behind] + middle[2] - _wrap(x[behind], eye_x)).max()) + 0.025)


def _add_lens(builder: SceneBuilder, ring: np.ndarray) -> None:
    centre = ring.mean(0) + np.array((0, 0, 0.01))
    corner = np.arange(len(ring))
    triangles = np.stack([corner, np.roll(corner, -1), np.full(len(ring), len(ring))], -1)
    normals = np.tile(rgb(0, 0, 1), (len(ring) + 1, 1))
    normals[:-1, 0] += (ring[:, 0] - centre[0]) * 0.5
    builder.add(np.vstack([ring, centre]), normalised(normals), triangles, LENS, shading=triangles[:0])


def _temple(hinge: np.ndarray, ear: np.ndarray, side: int) -> np.ndarray:
    """Path of a temple from the hinge over the ear: (16, 3)."""
    u = np.linspace(0, 1, 14)[:, None]
    path = hinge * (1 - u) + ear * u
    path[:, 0] += side * 0.06 * np.sin(u[:, 0] * np.pi)
    return np.vstack([path, ear + np.array([(0, -0.10, -0.12), (0, -0.25, -0.20)])])


def _add_bridge(builder, head, middle, half_gap, plane, eye_x, look) -> None:
    """Join the rings over the nose, in front of its skin."""
    skin = head_template().part_of_vertex == SKIN
    x, y, z = head.positions.T
    nose = skin & (np.abs(y - middle[1] - 0.05) < 0.05) & (np.abs(x) < 0.05) & (z > 1)
    on_nose = float(z[nose].max()) + 0.02
    u = np.linspace(-1, 1, 9)
    depth = np.maximum(
        plane + _wrap(u * half_gap, eye_x), on_nose * (1 - u**2) + (plane + _wrap(half_gap, eye_x)) * u**2
    )
    path = np.stack([middle[0] + u * half_gap, middle[1] + 0.03 + 0.03 * (1 - u**2), depth], -1)
    builder.add(*_tube(path, look.tube, corners=5), FRAME)


def _tube(
    path: np.ndarray, radius: float, *, corners: int, closed: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sweep a circle along a path (n, 3): positions, normals, triangles."""
    n = len(path)
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    ahead = normalised(ahead)
    sideways = normalised(np.cross(ahead, (0, 0, 1.0) if closed else (0, 1.0, 0)))
    upward = np.cross(sideways, ahead)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)[None, :, None]
    outward = sideways[:, None] * np.cos(angle) + upward[:, None] * np.sin(angle)  # (n, corners, 3)
    triangles = grid_triangles(n + closed, corners, wrap=True) % (n * corners)  # a closed path's end is its start
    return (path[:, None] + radius * outward).reshape(-1, 3), normalised(outward).reshape(-1, 3), triangles
