"""Headwear, scarves and earrings: cloth shells cut out of the head's own surface, rolls and rings around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from facefair_heads.geometry import regions
from facefair_heads.geometry.head_mesh import SKIN, HeadMesh, HeadTemplate, head_template
from facefair_heads.geometry.scene import EARRING, HEADWEAR, SCARF, SceneBuilder
from facefair_heads.geometry.shapes import clip, ellipsoid, grid_triangles, ring, tube
from facefair_heads.numerics import rgb, smoothstep, srgb_to_linear, stream
from facefair_heads.people.person import Person

_CLOTH = (
    (0.10, 0.10, 0.12), (0.16, 0.20, 0.33), (0.75, 0.74, 0.70), (0.42, 0.10, 0.13), (0.35, 0.36, 0.30),
    (0.62, 0.48, 0.38), (0.20, 0.36, 0.40), (0.55, 0.40, 0.55),
)  # fmt: skip
_SCARF_CLOTH = (*_CLOTH, (0.85, 0.66, 0.54), (0.45, 0.29, 0.19), (0.80, 0.62, 0.15), (0.70, 0.08, 0.08))
_METAL = ((0.80, 0.66, 0.36), (0.72, 0.72, 0.74))


@dataclass(frozen=True)
class WearablesLook:
    """Linear colours of headwear, earrings and scarf; the scarf's stripes often have its own colour."""

    cloth: np.ndarray
    metal: np.ndarray
    scarf: np.ndarray
    stripe: np.ndarray


def wearables_look(person: Person) -> WearablesLook:
    """Draw the look that belongs to a person."""
    random = stream(person.seed, "wearables")
    cloth, metal = _CLOTH[int(random.integers(len(_CLOTH)))], _METAL[int(random.integers(len(_METAL)))]
    random = stream(person.seed, "scarf")
    scarf, stripe = (_SCARF_CLOTH[k] for k in random.choice(len(_SCARF_CLOTH), 2, replace=False))
    stripe = stripe if random.random() < 0.4 else scarf
    return WearablesLook(*(srgb_to_linear(rgb(*colour)) for colour in (cloth, metal, scarf, stripe)))


def add_headwear(builder: SceneBuilder, head: HeadMesh, person: Person) -> None:
    """Add the cap, beanie or headscarf."""
    if person.headwear == "none":
        return
    template = head_template()
    field = regions.headwear(template.canonical, person.headwear)
    offset, rise = {"cap": (0.09, 0.10), "beanie": (0.11, 0.16), "headscarf": (0.09, 0.13)}[person.headwear]
    lift = offset + rise * smoothstep(0, 0.7, field)
    _add_shell(builder, head, template, field, lift)
    if person.headwear == "beanie":  # the turned-up cuff
        _add_shell(builder, head, template, np.minimum(field, 0.26 - field), np.full(len(field), 0.17))
    if person.headwear == "cap":
        _add_visor(builder, head, template)


def _add_shell(builder, head: HeadMesh, template: HeadTemplate, field: np.ndarray, lift: np.ndarray) -> None:
    """Lift the skin along its normals where ``field`` is positive, and smooth out what cloth would not follow."""
    outer = template.triangles[(template.part == SKIN) & (template.cavity == 0)]
    outer = outer[(field[outer] > -0.5).any(1)]
    positions = head.positions + head.normals * lift[:, None].astype(np.float32)
    pairs = np.concatenate([outer[:, [a, b]] for a in range(3) for b in range(3)])
    link = sparse.csr_matrix((np.ones(len(pairs), np.float32), pairs.T), shape=(len(positions),) * 2)
    link = sparse.diags(1 / np.maximum(np.asarray(link.sum(1)).ravel(), 1)).astype(np.float32) @ link
    used, normals = np.unique(outer), head.normals
    for _ in range(8):
        moved = (link @ positions)[used]
        # Smoothing may bridge hollows but must not sink into the head.
        above = np.einsum("ij,ij->i", moved - head.positions[used], head.normals[used])
        lacking = np.maximum(0.7 * lift[used] - above, 0)[:, None]
        positions[used] = moved + head.normals[used] * lacking
        normals = (link @ normals).astype(np.float32)
    builder.add(*clip(positions, normals, outer, field), HEADWEAR)


def _add_visor(builder: SceneBuilder, head: HeadMesh, template: HeadTemplate) -> None:
    """Add the cap's visor: a bent sheet from the front edge."""
    part, field = template.part_of_vertex, regions.headwear(template.canonical, "cap")
    edge = np.flatnonzero((part == SKIN) & (np.abs(field) < 0.035) & (template.canonical[:, 2] > 0.6))
    x, y, z = head.positions[edge].T
    across = np.linspace(-0.6, 0.6, 21)
    # The edge's own vertices scatter about it: the visor follows a smooth symmetric curve through them.
    y0, z0 = (np.polynomial.Polynomial.fit(np.abs(x), values, 3)(np.abs(across)) for values in (y, z))
    out = np.linspace(0, 1, 7)[:, None]
    # It tapers to nothing at its ends, where it meets the crown.
    share = np.sqrt(np.clip(1 - (across / 0.6) ** 2, 0, 1))
    reach = 0.66 * share
    sheet = np.stack(
        [
            across * (1 + 0.10 * out),
            y0 + 0.055 - out * share * (0.155 + 0.45 * across**2),
            z0 - 0.02 + out * (0.04 + reach),
        ],
        -1,
    )
    normals = np.stack([0.5 * across + 0 * out, np.ones_like(reach * out), 0.25 + 0 * reach * out], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    triangles = grid_triangles(7, 21)
    builder.add(sheet.reshape(-1, 3), normals.reshape(-1, 3), triangles, HEADWEAR)
    builder.add(sheet.reshape(-1, 3) - (0, 0.03, 0), -normals.reshape(-1, 3), triangles[:, ::-1], HEADWEAR)


def add_earrings(builder: SceneBuilder, head: HeadMesh, person: Person) -> None:
    """Hang earrings from the lobes."""
    if person.earrings == "none" or person.headwear == "headscarf":
        return
    template, random = head_template(), stream(person.seed, "earrings")
    ear = (template.masks["ears"] > 0.6) & (template.part_of_vertex == SKIN)
    radius = random.uniform(0.08, 0.16)
    for side in (1, -1):
        candidates = np.flatnonzero(ear & (template.canonical[:, 0] * side > 0))
        lobe = head.positions[candidates[template.canonical[candidates, 1].argmin()]]
        if person.earrings == "studs":
            builder.add(*ellipsoid(lobe + np.array([0.02 * side, 0.04, 0.03]), np.eye(3) * 0.028), EARRING)
        else:
            centre = lobe + np.array([0.03 * side, 0.03 - radius, 0.02])
            builder.add(*ring(centre, (0.03 * side, 0, radius), (0, radius, 0), 0.011), EARRING)


def add_scarf(builder: SceneBuilder, head: HeadMesh, person: Person) -> None:
    """Wind a scarf round the neck: rolls of cloth, each outside the skin at its height, and often a hanging end."""
    if person.scarf == "none" or person.headwear == "headscarf":
        return
    random, template = stream(person.seed, "scarf/shape"), head_template()
    skin = head.positions[(template.part_of_vertex == SKIN) & (template.masks["ears"] < 0.3)]
    low, rise = (5.55, 0.16) if person.scarf == "loose" else (5.65, random.uniform(0.2, 0.26))
    front = None
    for number in range(3 if person.scarf == "loose" else 4):
        thickness = random.uniform(0.13, 0.19)
        path = _roll(skin, low + rise * number, random.uniform(0.1, 0.35), thickness)
        turn = np.linspace(0, 2 * np.pi, len(path))
        wave = 1 + 0.15 * np.sin(turn * random.integers(3, 7) + random.uniform(0, 6))
        builder.add(*tube(path, thickness * wave, corners=9), SCARF)
        front = path[len(path) // 2 + int(random.integers(-5, 6))] if front is None else front
    if random.random() < 0.6:
        fall = np.linspace(0, 1, 8)[:, None]
        path = front + fall * (0.2 * np.sign(front[0]), -2.2, 0.0) + np.sqrt(fall) * (0, 0, 0.3)
        builder.add(*tube(path, np.linspace(0.16, 0.3, 8)), SCARF)


def _roll(skin: np.ndarray, height: float, tilt: float, thickness: float) -> np.ndarray:
    """Path (61, 3) once round the neck, ``tilt`` higher and closed at the nape, clear of ``skin`` (n, 3)."""
    angle = np.linspace(-1.02 * np.pi, 1.02 * np.pi, 61)
    level = height + tilt * (1 - np.cos(angle)) / 2
    x, y, z = (skin - (0, 0, 0.28)).T
    sector = np.rint((np.arctan2(x, z) / np.pi + 1.02) * 30 / 1.02).astype(int)
    beside = np.abs(y - level[sector]) < 1.1 * thickness
    radius = np.full(61, 0.6)
    np.maximum.at(radius, sector[beside], np.hypot(x, z)[beside])
    radius = np.minimum(radius, np.interp(level, (5.6, 6.2), (0.8, 1.2)))  # low rolls sink into the shoulders
    radius = uniform_filter1d(maximum_filter1d(radius, 5), 5) + 0.7 * thickness
    return np.stack([radius * np.sin(angle), level, radius * np.cos(angle) + 0.28], -1)
