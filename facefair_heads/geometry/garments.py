"""Garments: cloth of its own thickness over the shoulders, with a hem at the neckline, a rolled or a shirt collar.

The cloth is a shell over the body's own surface. Its points keep the body's canonical positions, drawn a little into
the cloth, so that labels, colours and patterns are those of ``regions.clothes`` without special cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from facefair_heads.geometry import regions
from facefair_heads.geometry.head_mesh import SKIN, HeadMesh, head_template
from facefair_heads.geometry.scene import SceneBuilder
from facefair_heads.geometry.shapes import cut_line, cut_triangles
from facefair_heads.numerics import normalised, smoothstep
from facefair_heads.people.person import Person

_TOP = 6.45
"""Canonical height that no garment reaches, decimetres."""
_RIM_TOP, _TRUNK = 5.8, 16.0  # below the cut at ``_TOP``; how far cloth hangs from the body model's rims, decimetres
_THICKNESS, _HEM_THICKNESS = 0.022, 0.042
_HEM = 2.5  # width of the hem, in units of ``regions.clothes``
_SHADED_HEM = 4.0
"""Distance from its edge, in the same units, within which cloth casts shadows; beyond, the body below casts them."""
_OPEN_PATTERNS = ("suit", "shirt")
"""Clothing with a shirt collar."""


@dataclass(frozen=True)
class _Torso:
    """Skin that garments can cover: ``vertices`` (n,) of the head, ``triangles`` (t, 3) numbered within them."""

    vertices: np.ndarray
    triangles: np.ndarray
    canonical: np.ndarray


@lru_cache(maxsize=1)
def _torso() -> _Torso:
    template = head_template()
    skin = template.triangles[(template.part == SKIN) & (template.cavity == 0)]
    low = skin[(template.canonical[skin, 1] < _TOP).all(1)]
    vertices, numbers = np.unique(low, return_inverse=True)
    return _Torso(vertices, numbers.reshape(-1, 3), template.canonical[vertices])


def add_garment(builder: SceneBuilder, head: HeadMesh, person: Person) -> None:
    """Lay the garment over the shoulders."""
    torso, clothing = _torso(), person.clothing
    field = regions.clothes(torso.canonical, clothing)
    opened = clothing.pattern in _OPEN_PATTERNS
    hem = smoothstep(_HEM + 0.6, _HEM, field) * (0.0 if opened else 1.0 + clothing.collar)
    _add_sheet(builder, head, torso, field, _THICKNESS + (_HEM_THICKNESS - _THICKNESS) * hem, drop=0.03)
    if opened:
        collar = regions.shirt_collar(torso.canonical, clothing)
        _add_sheet(builder, head, torso, collar, np.full(len(field), 0.075), drop=regions.COLLAR_RISE + 0.03)


def add_trunk(builder: SceneBuilder, head: HeadMesh) -> None:
    """Hang cloth from the rims at which the body model's chest and arms end, down past every picture's edge."""
    edges = _rim()
    vertices, numbers = np.unique(edges, return_inverse=True)
    a, b = numbers.reshape(-1, 2).T
    top, places = head.positions[vertices], head_template().canonical[vertices]
    fall = np.float32((0, _TRUNK, 0))
    outward = normalised(head.normals[vertices] * (1, 0, 1))
    low = len(vertices)
    triangles = np.concatenate([np.stack([a, b, b + low], -1), np.stack([a, b + low, a + low], -1)])
    builder.add(
        np.concatenate([top, top - fall]),
        np.concatenate([outward, outward]),
        triangles,
        SKIN,
        canonical=np.concatenate([places, places - fall]),
    )


@lru_cache(maxsize=1)
def _rim() -> np.ndarray:
    """Edges (e, 2) of the skin below the neck that belong to one triangle only."""
    torso = _torso()
    edges = np.sort(torso.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    edges, count = np.unique(edges, axis=0, return_counts=True)
    below = (torso.canonical[edges, 1] < _RIM_TOP).all(1)
    return torso.vertices[edges[(count == 1) & below]]


def _add_sheet(
    builder: SceneBuilder, head: HeadMesh, torso: _Torso, field: np.ndarray, lift: np.ndarray, drop: float
) -> None:
    """Add cloth where ``field`` (n,) is positive, ``lift`` (n,) above the skin, its edge closed down to the skin.

    ``drop`` is how far its canonical points are drawn down into the cloth, decimetres.
    """
    skin, normals = head.positions[torso.vertices], head.normals[torso.vertices]
    lifted = skin + normals * lift[:, None].astype(np.float32)
    canonical = torso.canonical * np.float32((1.04, 1, 1.04)) - np.float32((0, drop, 0.04 * 0.28))
    inside = (field > 0).astype(np.int8)
    count = sum(inside[corner] for corner in torso.triangles.T)  # column by column: sums along short rows are slow
    whole, crossed = torso.triangles[count == 3], torso.triangles[(count > 0) & (count < 3)]
    near = field < _SHADED_HEM
    used = np.zeros(len(field), bool)
    used[whole] = True
    numbers = np.cumsum(used) - 1
    builder.add(
        lifted[used],
        normals[used],
        numbers[whole],
        SKIN,
        canonical=canonical[used],
        shading=numbers[whole[near[whole[:, 0]]]],
    )
    positions, bent, places = cut_triangles((lifted, normals, canonical), crossed, field)
    builder.add(positions, normalised(bent), np.arange(len(positions)).reshape(-1, 3), SKIN, canonical=places)
    outer, inner, up, places = cut_line((lifted, skin, normals, canonical), crossed, field)  # (k, 2, 3) each
    along = outer[:, 1] - outer[:, 0]
    outward = normalised(np.cross(along, up.mean(1)))
    rim = np.concatenate([outer, inner], 1).reshape(-1, 3)
    first = 4 * np.arange(len(outer))[:, None]
    triangles = np.concatenate([first + np.array((0, 1, 2)), first + np.array((1, 3, 2))])
    builder.add(
        rim,
        np.repeat(outward, 4, 0),
        triangles,
        SKIN,
        canonical=np.concatenate([places, places], 1).reshape(-1, 3),
    )
