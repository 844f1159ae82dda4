"""How every hit reflects light: written by the material kernels, read by the light, on one device."""

from __future__ import annotations

import numpy as np
import warp as wp

from facefair_heads.warp_runtime import scalars, vectors


@wp.struct
class Surface:
    """Reflectance of the hits, (H,) each.

    ``normal`` unit vectors, bent where the surface is rough; ``albedo`` linear; ``specular`` and ``gloss`` strength and
    sharpness of the highlight; ``scatter`` 1 for skin, through which light spreads, 0 for cloth and hair.
    """

    normal: wp.array(dtype=wp.vec3)
    albedo: wp.array(dtype=wp.vec3)
    specular: wp.array(dtype=wp.float32)
    gloss: wp.array(dtype=wp.float32)
    scatter: wp.array(dtype=wp.float32)


@wp.struct
class HitPoints:
    """Where the hits are, (H,) each: see ``rays.Hits``."""

    part: wp.array(dtype=wp.int8)
    normal: wp.array(dtype=wp.vec3)
    canonical: wp.array(dtype=wp.vec3)


def empty_surface(count: int) -> Surface:
    """Allocate the reflectance of ``count`` hits on the current device."""
    surface = Surface()
    surface.normal, surface.albedo = (wp.empty(count, dtype=wp.vec3) for _ in range(2))
    surface.specular, surface.gloss, surface.scatter = (wp.empty(count, dtype=wp.float32) for _ in range(3))
    return surface


def hit_points(part: np.ndarray, normal: np.ndarray, canonical: np.ndarray) -> HitPoints:
    """Hand the hits to Warp: ``part`` (H,) int8, ``normal`` and ``canonical`` (H, 3)."""
    points = HitPoints()
    points.part, points.normal, points.canonical = scalars(part, wp.int8), vectors(normal), vectors(canonical)
    return points


@wp.func
def bump_at(value: float, centre: float, width: float):
    """Gaussian bump of height 1."""
    t = (value - centre) / width
    # Most points are far from most bumps, and the exponential costs more than all else.
    if t * t > 16.0:
        return 0.0
    return wp.exp(-t * t)


@wp.func
def wrapped(value: float):
    """Fractional part of a number, in [0, 1)."""
    return value - wp.floor(value)
