"""Light: a key light with soft shadows, a fill, a rim and ambient light, on skin, cloth, eyes and hair.

Sources: wrapped diffuse light for skin after S. Green, "Real-time approximations to subsurface scattering", GPU Gems
(2004); two highlights per hair after S. Marschner et al., "Light scattering from human hair fibers", SIGGRAPH 2003, in
the cheap form of T. Scheuermann, "Hair rendering and shading", GDC 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp
from scipy.ndimage import gaussian_filter

from facefair_lib.heads.geometry import LOWER_TEETH, UPPER_TEETH
from facefair_lib.heads.materials import Material
from facefair_lib.heads.numerics import dot, normalised, rgb, smoothstep
from facefair_lib.heads.rays import Camera, Hits, shadows
from facefair_lib.heads.scene import EYEBROW_HAIR
from facefair_lib.heads.shots import LightSetup, Shot


@dataclass(frozen=True)
class Lamps:
    """Unit vectors toward the lights, and their colours (3,) linear."""

    key: np.ndarray
    fill: np.ndarray
    rim: np.ndarray
    key_colour: np.ndarray
    ambient_colour: np.ndarray


def lamps(setup: LightSetup, view: Camera, surroundings: np.ndarray) -> Lamps:
    """Place the lights around the camera's axis; ambient light takes some of the surroundings' colour (3,)."""
    level = normalised(np.cross(view.forward, (0, 1, 0)))

    def toward(azimuth: float, elevation: float) -> np.ndarray:
        flat = level * np.sin(azimuth) - view.forward * np.cos(azimuth)
        return normalised(flat * np.cos(elevation) + rgb(0, 1, 0) * np.sin(elevation)).astype(np.float32)

    azimuth, elevation = np.radians(setup.azimuth), np.radians(setup.elevation)
    behind = view.forward * 0.8 - level * 0.8 * np.sign(azimuth + 1e-3) + rgb(0, 0.5, 0)
    warm = rgb(1 + 0.06 * setup.warmth, 1, 1 - 0.09 * setup.warmth)
    tint = surroundings / max(float(surroundings.mean()), 1e-3)
    return Lamps(
        key=toward(azimuth, elevation),
        fill=toward(-0.8 * azimuth + 0.2 if abs(azimuth) < 1.9 else 0.3 * np.sign(azimuth), 0.2),
        rim=normalised(behind).astype(np.float32),
        key_colour=np.clip(warm, 0.5, 1.6),
        ambient_colour=np.clip((2 - warm) * (0.85 + 0.15 * tint), 0.4, 1.7).astype(np.float32),
    )


def light_hits(
    mesh: wp.Mesh, hits: Hits, material: Material, shot: Shot, view: Camera, side: int, surroundings: np.ndarray
) -> np.ndarray:
    """Reflected light of every hit.

    Parameters
    ----------
    side : width and height of the sample grid; ``hits.ray`` counts its cells
    surroundings : (3,) linear mean colour of the background

    Returns
    -------
    (H, 3) float32 linear
    """
    lights = lamps(shot.light, view, surroundings)
    lit, open_sky = _soft_shadows(mesh, hits, shot, lights, side)
    colour = _light_surfaces(hits, material, shot.light, lights, lit, open_sky)
    strands = np.flatnonzero(hits.is_strand)
    if len(strands):
        colour[strands] = _light_strands(hits, material, strands, shot.light, lights, lit[strands], open_sky[strands])
    return colour


_STRATA = np.array(
    [
        [0, -1, 8, -1, 3, -1, 11, -1],
        [-1, 12, -1, 4, -1, 15, -1, 7],
        [2, -1, 10, -1, 1, -1, 9, -1],
        [-1, 14, -1, 6, -1, 13, -1, 5],
    ]
)
"""Sixteenth of the directions that each cell of a checkerboard samples, tile by tile: near cells, far sixteenths."""


def _soft_shadows(mesh: wp.Mesh, hits: Hits, shot: Shot, lights: Lamps, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Shadow and openness of every hit, each smoothed over neighbouring samples of the same kind."""
    # Half the samples, in a checkerboard, cast shadow rays; smoothing over the neighbours fills the others in.
    y, x = np.divmod(hits.ray, side)
    rows = np.flatnonzero((x + y) % 2 == 0)
    stratum = _STRATA[y[rows] % 4, x[rows] % 8]
    strand, facing = hits.is_strand[rows, None], hits.facing[rows]
    lift = np.where(strand, facing * 0.012 - hits.direction[rows] * 0.012, facing * 0.004)
    normals = normalised(np.where(strand, 1.0, 0.5) * hits.normal[rows] + np.where(strand, 0.3, 0.5) * facing)
    lit, open_sky = shadows(
        mesh, hits.position[rows] + lift, normals, lights.key, 0.06 + 0.5 * shot.light.spread, stratum, shot.seed
    )
    pixels = side / 128  # the blur is set in pixels of a 128-pixel picture with two samples per pixel
    lit = _smooth(lit, rows, hits, side, 0.9 * pixels + 0.6 * shot.light.spread * pixels, 0.35 * pixels)
    open_sky = _smooth(open_sky, rows, hits, side, 1.2 * pixels, 0.45 * pixels)
    teeth = (hits.part == UPPER_TEETH) | (hits.part == LOWER_TEETH)
    lit[teeth], open_sky[teeth] = 0.4 + 0.6 * lit[teeth], 0.45 + 0.55 * open_sky[teeth]
    return lit, open_sky


def _smooth(
    values: np.ndarray, rows: np.ndarray, hits: Hits, side: int, surface_blur: float, strand_blur: float
) -> np.ndarray:
    """Average noisy values of some hits over the sample grid and read them at all hits: (H,) float32.

    Surfaces and strands are averaged apart, so that neither bleeds into the other; where a hit has no neighbour with a
    value, the value is 1 (open and lit).
    """
    smoothed = np.empty(len(hits.ray), np.float32)
    for strand, blur in ((False, surface_blur), (True, strand_blur)):
        known, wanted = hits.is_strand[rows] == strand, hits.ray[hits.is_strand == strand]
        total, weight = np.zeros((2, side * side), np.float32)
        total[hits.ray[rows[known]]], weight[hits.ray[rows[known]]] = values[known], 1
        total, weight = (
            gaussian_filter(grid.reshape(side, side), max(blur, 0.5), truncate=2.5).ravel()[wanted]
            for grid in (total, weight)
        )
        smoothed[hits.is_strand == strand] = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), 1)
    return smoothed


def _ambient(hits: Hits, rows, setup: LightSetup, lights: Lamps) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ambient, fill and rim light by normal: (n, 3), (n, 1), (n, 1)."""
    normal = hits.normal[rows]
    sky = (0.62 + 0.38 * normal[:, 1])[:, None] * rgb(0.97, 1.0, 1.04)
    fill = np.clip(normal @ lights.fill * 0.6 + 0.4, 0, 1)[:, None]
    rim = np.clip(normal @ lights.rim, 0, 1)[:, None] ** 1.5
    return setup.ambient * sky * lights.ambient_colour, 0.16 * (setup.key + 0.4 * setup.ambient) * fill, setup.rim * rim


def _light_surfaces(hits, material, setup: LightSetup, lights: Lamps, lit, open_sky) -> np.ndarray:
    scatter = material.scatter[:, None]
    facing_key = hits.normal @ lights.key
    # Light that enters skin comes out beside where it entered, reddest farthest: it wraps around into the shadow.
    wrap = rgb(0.34, 0.16, 0.11) * scatter
    diffuse = np.clip((facing_key[:, None] + wrap) / (1 + wrap), 0, None) * (1 - 0.15 * wrap)
    bleeding = rgb(0.05, 0.022, 0.015) * scatter * smoothstep(-0.2, 0.5, facing_key)[:, None]
    direct = diffuse * (lit[:, None] + (1 - lit[:, None]) * bleeding)
    ambient, fill, rim = _ambient(hits, slice(None), setup, lights)
    openness = 1 - (1 - open_sky[:, None]) * np.where(scatter > 0.5, rgb(0.80, 0.92, 0.95), 1.0)
    irradiance = setup.key * direct * lights.key_colour + openness * (ambient + fill) + 0.25 * rim * openness
    colour = material.albedo * irradiance
    shine = np.flatnonzero(material.specular > 0.02)
    colour[shine] += _highlights(hits, material, shine, setup, lights, lit, open_sky)
    return colour.astype(np.float32)


def _highlights(hits, material, rows, setup: LightSetup, lights: Lamps, lit, open_sky) -> np.ndarray:
    """Blinn-Phong highlights of the key and fill lights, and a glancing reflection of the surroundings."""
    normal, direction, gloss = hits.normal[rows], hits.direction[rows], material.gloss[rows]
    strength, lit, open_sky = material.specular[rows], lit[rows], open_sky[rows]
    half_key, half_fill = normalised(lights.key - direction), normalised(lights.fill - direction)
    fresnel = 0.04 + 0.96 * (1 - np.clip(-dot(half_key, direction), 0, 1)) ** 5
    lobe = (gloss + 8) / (8 * np.pi)
    key = fresnel * np.clip(dot(normal, half_key), 0, 1) ** gloss * np.clip(normal @ lights.key, 0, 1) * lit
    fill = 0.04 * np.clip(dot(normal, half_fill), 0, 1) ** gloss * open_sky
    glancing = 0.03 + 0.5 * (1 - np.clip(-dot(normal, direction), 0.02, 1)) ** 4
    total = strength * lobe * setup.key * (3.2 * key + 0.5 * fill)
    total += glancing * np.minimum(strength, 1) * open_sky * setup.ambient * 0.35
    return total[:, None] * lights.key_colour


def _light_strands(hits, material, rows, setup: LightSetup, lights: Lamps, lit, open_sky) -> np.ndarray:
    tangent, own = material.tangent, material.strand[:, 2]
    normal, direction, albedo = hits.normal[rows], hits.direction[rows], material.albedo[rows]
    across = np.sqrt(np.clip(1 - (tangent @ lights.key) ** 2, 0, 1))
    side = np.clip(0.75 * (normal @ lights.key) + 0.35, 0, 1)
    lit = 0.15 + 0.85 * lit

    def lobe(shift: np.ndarray, exponent: float) -> np.ndarray:
        tilted = normalised(tangent + normal * shift[:, None])
        to_light, to_eye = tilted @ lights.key, -dot(tilted, direction)
        sines = np.sqrt(np.clip(1 - to_light**2, 0, 1)) * np.sqrt(np.clip(1 - to_eye**2, 0, 1))
        return np.clip(sines - to_light * to_eye, 0, 1) ** exponent

    jitter = (own - 0.5) * 0.25
    white, coloured = 0.045 * lobe(jitter - 0.10, 90), 0.5 * lobe(jitter + 0.12, 22)
    ambient, fill, rim = _ambient(hits, rows, setup, lights)
    openness = (0.25 + 0.75 * np.clip(open_sky, 0, 1)[:, None]) ** 1.2
    key = setup.key * lights.key_colour
    colour = albedo * (1.15 * (across * side * lit)[:, None] * key + openness * (ambient + fill))
    shine = (white * (0.35 + 0.65 * side) * lit)[:, None] * key
    shine = shine + (coloured * side * lit)[:, None] * albedo * 1.6 * key
    shine = shine * np.where(hits.part[rows] == EYEBROW_HAIR, 0.6, 1.0)[:, None]
    return (colour + shine + 0.22 * rim * openness * (2 * albedo + 0.02)).astype(np.float32)
