"""Light: a key light with soft shadows, a fill, a rim and ambient light, on skin, cloth, eyes and hair.

Sources: wrapped diffuse light for skin after S. Green, "Real-time approximations to subsurface scattering", GPU Gems
(2004); two highlights per hair after S. Marschner et al., "Light scattering from human hair fibers", SIGGRAPH 2003, in
the cheap form of T. Scheuermann, "Hair rendering and shading", GDC 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.geometry.scene import EYEBROW_HAIR, HAIR, STRAND_PARTS
from facefair_heads.numerics import normalised, rgb
from facefair_heads.people.shots import LightSetup
from facefair_heads.shading.rays import Camera, Hits
from facefair_heads.shading.surface import Surface
from facefair_heads.warp_runtime import scalars, vectors


@dataclass(frozen=True)
class Lamps:
    """Unit vectors toward the lights, and their colours (3,) linear."""

    key: np.ndarray
    fill: np.ndarray
    rim: np.ndarray
    key_colour: np.ndarray
    ambient_colour: np.ndarray


def _toward(view: Camera, azimuth: float, elevation: float) -> np.ndarray:
    """Unit vector (3,) at angles from the camera's axis, radians."""
    level = normalised(np.cross(view.forward, (0, 1, 0)))
    flat = level * np.sin(azimuth) - view.forward * np.cos(azimuth)
    return normalised(flat * np.cos(elevation) + rgb(0, 1, 0) * np.sin(elevation)).astype(np.float32)


def key_direction(setup: LightSetup, view: Camera) -> np.ndarray:
    """Unit vector (3,) toward the key light."""
    return _toward(view, *np.radians((setup.azimuth, setup.elevation)))


def lamps(setup: LightSetup, view: Camera, surroundings: np.ndarray) -> Lamps:
    """Place the lights around the camera's axis; ambient light takes some of the surroundings' colour (3,)."""
    azimuth = np.radians(setup.azimuth)
    level = normalised(np.cross(view.forward, (0, 1, 0)))
    behind = view.forward * 0.8 - level * 0.8 * np.sign(azimuth + 1e-3) + rgb(0, 0.5, 0)
    warm = rgb(1 + 0.06 * setup.warmth, 1, 1 - 0.09 * setup.warmth)
    tint = surroundings / max(float(surroundings.mean()), 1e-3)
    return Lamps(
        key=key_direction(setup, view),
        fill=_toward(view, -0.8 * azimuth + 0.2 if abs(azimuth) < 1.9 else 0.3 * np.sign(azimuth), 0.2),
        rim=normalised(behind).astype(np.float32),
        key_colour=np.clip(warm, 0.5, 1.6),
        ambient_colour=np.clip((2 - warm) * (0.85 + 0.15 * tint), 0.4, 1.7).astype(np.float32),
    )


@wp.struct
class _Lights:
    """``Lamps`` and the strengths of ``LightSetup``, as the kernel reads them."""

    key: wp.vec3
    fill: wp.vec3
    rim: wp.vec3
    key_colour: wp.vec3
    ambient_colour: wp.vec3
    key_strength: float
    ambient_strength: float
    rim_strength: float
    fill_strength: float


@wp.struct
class _Points:
    """Geometry and light of the hits, see ``Hits``; ``ray`` is each hit's place on the grid of samples."""

    ray: wp.array(dtype=wp.int32)
    part: wp.array(dtype=wp.int8)
    direction: wp.array(dtype=wp.vec3)
    tangent: wp.array(dtype=wp.vec3)
    strand: wp.array(dtype=wp.vec3)
    lit: wp.array(dtype=wp.float32)
    open_sky: wp.array(dtype=wp.float32)


_FIRST_STRAND, _LAST_STRAND, _BROW = HAIR, STRAND_PARTS[-1], EYEBROW_HAIR


@wp.func
def _unit(value: float):
    return wp.clamp(value, 0.0, 1.0)


@wp.func
def _ambient(normal: wp.vec3, lights: _Lights):
    """Ambient light and the fill light by normal."""
    sky = (0.62 + 0.38 * normal[1]) * wp.vec3(0.97, 1.0, 1.04)
    fill = lights.fill_strength * _unit(wp.dot(normal, lights.fill) * 0.6 + 0.4)
    return lights.ambient_strength * wp.cw_mul(sky, lights.ambient_colour) + wp.vec3(fill, fill, fill)


@wp.func
def _rim(normal: wp.vec3, lights: _Lights):
    return lights.rim_strength * wp.pow(_unit(wp.dot(normal, lights.rim)), 1.5)


@wp.func
def _surface(i: int, p: _Points, surface: Surface, lights: _Lights):
    normal = surface.normal[i]
    scatter = surface.scatter[i]
    lit = p.lit[i]
    facing = wp.dot(normal, lights.key)
    # Light leaves skin beside where it entered, red farthest away: it wraps around into the shadow.
    wrap = wp.vec3(0.34, 0.16, 0.11) * scatter
    t = _unit((facing + 0.2) / 0.7)
    bleeding = wp.vec3(0.05, 0.022, 0.015) * (scatter * t * t * (3.0 - 2.0 * t))
    closed = 1.0 - p.open_sky[i]
    shut = wp.vec3(closed, closed, closed)
    if scatter > 0.5:
        shut = wp.vec3(0.80, 0.92, 0.95) * closed
    ambient = _ambient(normal, lights)
    rim = 0.25 * _rim(normal, lights)
    light = wp.vec3()
    for c in range(3):
        diffuse = wp.max((facing + wrap[c]) / (1.0 + wrap[c]), 0.0) * (1.0 - 0.15 * wrap[c])
        direct = diffuse * (lit + (1.0 - lit) * bleeding[c])
        light[c] = lights.key_strength * direct * lights.key_colour[c] + (1.0 - shut[c]) * (ambient[c] + rim)
    return wp.cw_mul(surface.albedo[i], light)


@wp.func
def _highlight(i: int, p: _Points, surface: Surface, lights: _Lights):
    """Blinn-Phong highlights of the key and fill lights, and a glancing reflection of the surroundings."""
    normal = surface.normal[i]
    direction = p.direction[i]
    gloss = surface.gloss[i]
    half_key = wp.normalize(lights.key - direction)
    half_fill = wp.normalize(lights.fill - direction)
    fresnel = 0.04 + 0.96 * wp.pow(1.0 - _unit(-wp.dot(half_key, direction)), 5.0)
    key = fresnel * wp.pow(_unit(wp.dot(normal, half_key)), gloss) * _unit(wp.dot(normal, lights.key)) * p.lit[i]
    fill = 0.04 * wp.pow(_unit(wp.dot(normal, half_fill)), gloss) * p.open_sky[i]
    lobe = (gloss + 8.0) / (8.0 * 3.14159265)
    total = surface.specular[i] * lobe * lights.key_strength * (3.2 * key + 0.5 * fill)
    glancing = 0.03 + 0.5 * wp.pow(1.0 - wp.clamp(-wp.dot(normal, direction), 0.02, 1.0), 4.0)
    total += glancing * wp.min(surface.specular[i], 1.0) * p.open_sky[i] * lights.ambient_strength * 0.35
    return total * lights.key_colour


@wp.func
def _lobe(tangent: wp.vec3, normal: wp.vec3, shift: float, exponent: float, light: wp.vec3, direction: wp.vec3):
    tilted = wp.normalize(tangent + normal * shift)
    to_light = wp.dot(tilted, light)
    to_eye = -wp.dot(tilted, direction)
    sines = wp.sqrt(_unit(1.0 - to_light * to_light)) * wp.sqrt(_unit(1.0 - to_eye * to_eye))
    return wp.pow(_unit(sines - to_light * to_eye), exponent)


@wp.func
def _strand(i: int, p: _Points, surface: Surface, lights: _Lights):
    normal = surface.normal[i]
    tangent = p.tangent[i]
    albedo = surface.albedo[i]
    along = wp.dot(tangent, lights.key)
    across = wp.sqrt(_unit(1.0 - along * along))
    side = _unit(0.75 * wp.dot(normal, lights.key) + 0.35)
    # Light hair scatters light between strands, which fills its shadows.
    bounce = _unit(2.5 * albedo[1])
    lit = 0.15 + 0.3 * bounce + (0.85 - 0.3 * bounce) * p.lit[i]
    jitter = (p.strand[i][2] - 0.5) * 0.25
    white = 0.045 * _lobe(tangent, normal, jitter - 0.10, 90.0, lights.key, p.direction[i])
    coloured = 0.5 * _lobe(tangent, normal, jitter + 0.12, 22.0, lights.key, p.direction[i])
    shut = 0.25 + 0.35 * bounce
    openness = wp.pow(shut + (1.0 - shut) * _unit(p.open_sky[i]), 1.2)
    key = lights.key_strength * lights.key_colour
    colour = wp.cw_mul(albedo, 1.15 * across * side * lit * key + openness * _ambient(normal, lights))
    shine = white * (0.35 + 0.65 * side) * lit * key + 1.6 * coloured * side * lit * wp.cw_mul(albedo, key)
    if int(p.part[i]) == _BROW:
        shine = 0.3 * shine
    rim = 0.22 * _rim(normal, lights) * openness
    return colour + shine + rim * (2.0 * albedo + wp.vec3(0.02, 0.02, 0.02))


@wp.kernel
def _shade(p: _Points, surface: Surface, lights: _Lights, colour: wp.array(dtype=wp.vec3)):
    i = wp.tid()
    part = int(p.part[i])
    if part >= _FIRST_STRAND and part <= _LAST_STRAND:
        colour[p.ray[i]] = _strand(i, p, surface, lights)
    else:
        total = _surface(i, p, surface, lights)
        if surface.specular[i] > 0.02:
            total += _highlight(i, p, surface, lights)
        colour[p.ray[i]] = total


def light_hits(
    hits: Hits,
    surface: Surface,
    lit: np.ndarray,
    open_sky: np.ndarray,
    lights: Lamps,
    setup: LightSetup,
    sample_count: int,
) -> np.ndarray:
    """Light that every sample receives from what it hit.

    Parameters
    ----------
    lit, open_sky : (H,) float32, see ``shadows.soft_shadows``
    sample_count : number of samples in the picture

    Returns
    -------
    (sample_count, 3) float32 linear; zero where nothing was hit
    """
    points, strengths = _Points(), _Lights()
    points.ray, points.part = scalars(hits.ray.astype(np.int32), wp.int32), scalars(hits.part, wp.int8)
    for name in ("direction", "tangent", "strand"):
        setattr(points, name, vectors(getattr(hits, name)))
    points.lit, points.open_sky = scalars(lit), scalars(open_sky)
    for name in ("key", "fill", "rim", "key_colour", "ambient_colour"):
        setattr(strengths, name, wp.vec3(*map(float, getattr(lights, name))))
    for name in ("key", "ambient", "rim", "fill"):
        setattr(strengths, f"{name}_strength", getattr(setup, name))
    colour = wp.zeros(sample_count, dtype=wp.vec3)
    wp.launch(_shade, len(hits.ray), [points, surface, strengths], [colour])
    return colour.numpy()
