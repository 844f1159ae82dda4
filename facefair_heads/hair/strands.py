"""Strands: hairs grown over the head by a Warp kernel, and the ribbons that show them.

A strand starts at a root on the skin and takes steps along a direction that bends toward its comb direction and
gravity. Where it would enter the head, it is lifted to its own height above the skin and deflected along it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.geometry.head_mesh import HeadMesh, HeadTemplate, head_template
from facefair_heads.geometry.scene import EYEBROW_HAIR, SceneBuilder
from facefair_heads.geometry.shapes import grid_triangles, halved
from facefair_heads.numerics import normalised
from facefair_heads.warp_runtime import build_mesh, scalars, vectors

_REACH = wp.constant(0.5)
"""Distance in decimetres beyond which the skin no longer acts on a strand."""


@wp.struct
class GrowthForces:
    """What bends a strand: see ``Growth``."""

    gravity: float
    stiffness: float
    comb: float
    comb_length: float
    drape: float
    curl: float
    curl_frequency: float
    wave: float
    jitter: float


@wp.kernel
def _grow(
    skin: wp.uint64,
    skin_normals: wp.array(dtype=wp.vec3),
    skin_triangles: wp.array(dtype=wp.int32),
    roots: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    combs: wp.array(dtype=wp.vec3),
    lengths: wp.array(dtype=wp.float32),
    heights: wp.array(dtype=wp.float32),
    segments: int,
    forces: GrowthForces,
    seed: int,
    points: wp.array2d(dtype=wp.vec3),
    normals: wp.array2d(dtype=wp.vec3),
):
    i = wp.tid()
    random = wp.rand_init(seed, i)
    p = roots[i]
    d = directions[i]
    step = lengths[i] / float(segments)
    phase = wp.randf(random) * 6.2831853
    own = wp.randf(random)
    normal = directions[i]
    feels = heights[i] + 0.05
    clear = wp.float32(0.0)  # how far the strand may move before the skin can act on it
    for k in range(segments + 1):
        height = wp.float32(9.0)
        foot = p
        near = bool(False)  # noqa: UP018 - Warp's way to declare a variable
        if clear <= 0.0:
            nearest = wp.mesh_query_point_no_sign(skin, p, _REACH)
            near = nearest.result
            clear = _REACH - feels
        if near:
            foot = wp.mesh_eval_position(skin, nearest.face, nearest.u, nearest.v)
            a = skin_normals[skin_triangles[3 * nearest.face]]
            b = skin_normals[skin_triangles[3 * nearest.face + 1]]
            c = skin_normals[skin_triangles[3 * nearest.face + 2]]
            normal = wp.normalize(a * nearest.u + b * nearest.v + c * (1.0 - nearest.u - nearest.v))
            height = wp.dot(p - foot, normal)
            clear = wp.length(p - foot) - feels
            wanted = heights[i] * wp.min(1.0, float(k) / 3.0)
            if height < wanted and wp.length(p - foot) < 0.9:
                p = p + normal * wp.min(wanted - height, 0.35)
                height = wanted
                clear = 0.0
        points[i, k] = p
        normals[i, k] = normal
        s = float(k) / float(segments)
        combing = forces.comb * wp.exp(-s * lengths[i] / forces.comb_length)
        pull = wp.vec3(0.0, -forces.gravity, 0.0) + combs[i] * combing
        # Long hair hangs around the neck, not in front of the face: below the ears, draw it to the neck and back.
        if forces.drape > 0.0 and p[1] < 6.95:
            from_axis = wp.sqrt(p[0] * p[0] + (p[2] - 0.1) * (p[2] - 0.1))
            if from_axis > 0.72:
                pull = pull + wp.vec3(-p[0], 0.0, 0.0) * forces.drape * wp.min(1.0, (from_axis - 0.72) * 4.0)
            if p[2] > 0.15:
                pull = pull + wp.vec3(0.0, 0.0, -0.5) * forces.drape
        # Beside the face it falls back toward the ear, or a profile would be all hair.
        if forces.drape > 0.0 and p[1] < 7.9 and p[2] > 0.25:
            pull = pull + wp.vec3(0.0, 0.0, -4.0 * wp.min(p[2] - 0.25, 0.6)) * forces.drape
            if wp.abs(p[0]) < 0.55 and p[2] > 0.4:
                pull = pull + wp.vec3(wp.sign(p[0]) * 0.8, 0.0, 0.0) * forces.drape
        strength = wp.length(pull)
        bend = 1.0 - wp.exp(-step / forces.stiffness)
        if strength > 1.0e-4:
            d = d * (1.0 - bend * wp.min(strength, 1.0)) + pull * (bend / wp.max(strength, 1.0))
        shake = wp.vec3(wp.randf(random) - 0.5, wp.randf(random) - 0.5, wp.randf(random) - 0.5)
        d = wp.normalize(d + shake * forces.jitter)
        if height < feels:
            inward = wp.dot(d, normal)
            if inward < 0.0:
                d = wp.normalize(d - normal * inward + combs[i] * 0.02)
        side = wp.normalize(wp.cross(d, normal) + wp.vec3(1.0e-5, 0.0, 0.0))
        up = wp.cross(side, d)
        angle = phase * forces.curl / (forces.curl + 0.3) + forces.curl_frequency * s * lengths[i]
        swing = wp.sin(forces.curl_frequency * s * lengths[i] + own * 1.2 + p[0] * 2.0)
        turn = side * (wp.cos(angle) * forces.curl + forces.wave * swing) + up * (wp.sin(angle) * forces.curl)
        p = p + (d + turn) * step
        clear = clear - wp.length(d + turn) * step


@dataclass(frozen=True)
class Growth:
    """How the strands of one style grow.

    Attributes
    ----------
    segments : steps per strand
    gravity, comb : pull downward and along the comb direction; the latter fades over ``comb_length`` decimetres
    stiffness : length over which a strand bends to the pull, decimetres
    drape : how strongly long hair is drawn around the neck
    curl, curl_frequency, wave : helix radius relative to a step, its radians per decimetre, sideways wave
    jitter : random change of direction per step
    """

    segments: int = 10
    gravity: float = 0.1
    stiffness: float = 1.0
    comb: float = 0.3
    comb_length: float = 5.0
    drape: float = 0.0
    curl: float = 0.0
    curl_frequency: float = 10.0
    wave: float = 0.0
    jitter: float = 0.1


@dataclass(frozen=True)
class Roots:
    """Where strands start: triangle numbers (n,), barycentric weights (n, 3), canonical, position and normal (n, 3)."""

    triangle: np.ndarray
    weights: np.ndarray
    canonical: np.ndarray
    position: np.ndarray
    normal: np.ndarray

    def __len__(self) -> int:
        return len(self.triangle)

    def select(self, keep: np.ndarray) -> Roots:
        """Keep some roots (boolean or index array)."""
        return Roots(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


class Scalp:
    """One head's skin, ready for roots to be drawn on it and strands to be grown over it."""

    def __init__(self, head: HeadMesh, *, over_ears: bool = False) -> None:
        self.head = head
        self.template: HeadTemplate = head_template()
        # Distances are to the coarse skin: a few tenths of a millimetre off, and faster to search.
        coarse = self.template.coarse_skin
        if over_ears:  # folds of the ears would push strands that fall over them outward
            coarse = coarse[self.template.masks["ears"][coarse].max(1) < 0.3]
        self.mesh = build_mesh(vectors(head.positions), coarse)
        self.normals = vectors(head.normals)
        self.triangles = scalars(coarse.ravel(), wp.int32)

    def draw_roots(self, region: Callable[[np.ndarray], np.ndarray], count: int, random: np.random.Generator) -> Roots:
        """Draw up to ``count`` roots, evenly over the canonical skin inside a region, thinning toward its edge."""
        template = self.template
        inside = np.flatnonzero(region(template.outer_centre) > 0.3)
        if not len(inside):
            return self._roots(inside, np.zeros((0, 3), np.float32))
        area = template.outer_area[inside]
        chosen = np.searchsorted(np.cumsum(area) / area.sum(), random.random(count)).clip(max=len(inside) - 1)
        uv = random.random((count, 2))
        uv = np.where(uv.sum(1, keepdims=True) > 1, 1 - uv, uv)
        weights = np.column_stack([uv, 1 - uv.sum(1)]).astype(np.float32)
        roots = self._roots(template.outer_skin[inside[chosen]], weights)
        return roots.select(region(roots.canonical) > 0.5 + 0.25 * random.normal(size=count))

    def _roots(self, triangle: np.ndarray, weights: np.ndarray) -> Roots:
        corners = self.template.triangles[triangle]  # (n, 3)

        def interpolate(values: np.ndarray) -> np.ndarray:
            return np.einsum("nk,nkd->nd", weights, values[corners])

        normal = normalised(interpolate(self.head.normals))
        return Roots(triangle, weights, interpolate(self.template.canonical), interpolate(self.head.positions), normal)

    def grow(
        self,
        start: np.ndarray,
        direction: np.ndarray,
        comb: np.ndarray,
        length: np.ndarray,
        height: np.ndarray,
        growth: Growth,
        seed: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Grow strands; all arguments are per strand.

        Returns
        -------
        points, normals : (n, segments + 1, 3) float32, the normals of the skin below
        """
        forces = GrowthForces()
        for name, value in dataclasses.asdict(growth).items():
            if name != "segments":
                setattr(forces, name, float(value))
        shape = (len(start), growth.segments + 1)
        points = wp.empty(shape, dtype=wp.vec3)
        normals = wp.empty(shape, dtype=wp.vec3)
        per_strand = [vectors(start), vectors(direction), vectors(comb)]
        per_strand += [scalars(length.astype(np.float32)), scalars(height.astype(np.float32))]
        wp.launch(
            _grow,
            dim=len(start),
            inputs=[self.mesh.id, self.normals, self.triangles, *per_strand, growth.segments, forces, seed],
            outputs=[points, normals],
        )
        return points.numpy(), normals.numpy()


def add_ribbons(
    builder: SceneBuilder,
    part: int,
    strands: tuple[np.ndarray, np.ndarray],
    width: np.ndarray,
    random: np.random.Generator,
    *,
    tip_width: float = 0.35,
    forbidden: Callable[[np.ndarray], np.ndarray] | None = None,
) -> None:
    """Add strands as flat ribbons whose shading normals are those of a round hair.

    Parameters
    ----------
    strands : points and normals, (n, k, 3) each, as ``Scalp.grow`` gives them
    width : (n,), full width at the root
    tip_width : width at the tip relative to the root
    forbidden : points (m, 3) -> (m,) bool; a strand with any point there is left out
    """
    points, normals = strands
    if forbidden is not None and len(points):
        keep = ~forbidden(points.reshape(-1, 3)).reshape(len(points), -1).any(1)
        points, normals, width = points[keep], normals[keep], width[keep]
    count, steps = points.shape[:2]
    if count == 0:
        return
    along = np.linspace(0, 1, steps, dtype=np.float32)
    tangent = normalised(np.gradient(points, axis=1))
    sideways = normalised(np.cross(tangent, normals))
    outward = np.cross(sideways, tangent)
    twist = random.normal(0, 0.35, (count, 1, 1)).astype(np.float32)
    across = sideways * np.cos(twist) + outward * np.sin(twist)
    half = across * (0.5 * width[:, None] * (1 - (1 - tip_width) * along**1.5))[..., None].astype(np.float32)
    positions = np.stack([points - half, points + half], 2).reshape(-1, 3)
    shading = normalised(np.stack([outward - 0.6 * sideways, outward + 0.6 * sideways], 2)).reshape(-1, 3)
    strand = np.empty((count, steps, 2, 3), np.float32)
    strand[..., 0] = along[None, :, None]
    strand[..., 1] = (-1, 1)
    strand[..., 2] = random.random(count)[:, None, None]
    row = np.arange(count * steps * 2).reshape(count, steps, 2)
    # Shadow rays meet every other ribbon, with every other joint: a quarter of the triangles. Brows cast no shadow.
    casting = row[::2] if part != EYEBROW_HAIR else row[:0]
    joints = np.unique(np.linspace(0, steps - 1, steps // 2 + 1).round().astype(int))
    tangents = np.repeat(tangent[:, :, None], 2, 2).reshape(-1, 3)
    builder.add(
        positions,
        shading,
        _strips(row),
        part,
        tangents=tangents,
        strand=strand.reshape(-1, 3),
        shading=_strips(casting[:, joints]),
    )


def _strips(row: np.ndarray) -> np.ndarray:
    """Triangles of ribbons whose left and right vertex numbers per joint are ``row`` (n, k, 2)."""
    quads = np.stack([row[:, :-1, 0], row[:, :-1, 1], row[:, 1:, 1], row[:, 1:, 0]], -1).reshape(-1, 4)
    return halved(quads)


def add_braids(
    builder: SceneBuilder, part: int, points: np.ndarray, radius: np.ndarray, random: np.random.Generator
) -> None:
    """Add strands (n, k, 3) as round braids of ``radius`` (n,): tubes that swell and shrink along their length."""
    count, steps = points.shape[:2]
    if count == 0:
        return
    finer = np.linspace(0, steps - 1, 3 * steps)
    low = np.minimum(finer.astype(int), steps - 2)
    share = (finer - low)[None, :, None].astype(np.float32)
    path = points[:, low] * (1 - share) + points[:, low + 1] * share  # (n, 3 k, 3)
    along = np.linspace(0, 1, path.shape[1], dtype=np.float32)
    tangent = normalised(np.gradient(path, axis=1))
    sideways = normalised(np.cross(tangent, (0.3, 0.2, 1.0)))
    upward = np.cross(sideways, tangent)
    angle = np.linspace(0, 2 * np.pi, 6, endpoint=False)[:, None]
    outward = sideways[:, :, None] * np.cos(angle) + upward[:, :, None] * np.sin(angle)  # (n, 3 k, 6, 3)
    swell = 1 + 0.16 * np.cos(np.arange(path.shape[1]) * np.pi)
    thick = radius[:, None] * swell * (1 - 0.45 * along**3)
    positions = path[:, :, None] + thick[..., None, None] * outward
    strand = np.empty((*outward.shape[:3], 3), np.float32)
    strand[..., 0], strand[..., 1] = along[:, None], np.cos(angle[:, 0])
    strand[..., 2] = random.random(count)[:, None, None]
    one = grid_triangles(path.shape[1], 6, wrap=True)
    triangles = (one[None] + np.arange(count)[:, None, None] * path.shape[1] * 6).reshape(-1, 3)
    tangents = np.repeat(tangent[:, :, None], 6, 2).reshape(-1, 3)
    builder.add(
        positions.reshape(-1, 3),
        outward.reshape(-1, 3),
        triangles,
        part,
        tangents=tangents,
        strand=strand.reshape(-1, 3),
    )
