"""Hair styles: where strands start, how long they are and where they are combed."""

from __future__ import annotations

import numpy as np

from facefair_heads.geometry import regions
from facefair_heads.geometry.scene import EYEBROW_HAIR, FACIAL_HAIR, HAIR, SceneBuilder
from facefair_heads.hair.strands import Growth, Roots, Scalp, add_braids, add_ribbons
from facefair_heads.numerics import dot, normalised, smoothstep, stream
from facefair_heads.people.person import Person

_STRANDS = {
    "short": 8000, "side_part": 8000, "curly": 5000, "afro": 7000, "bob": 7000, "long": 7500, "long_wavy": 7500,
    "bun": 5000, "ponytail": 5000, "braids": 230, "twists": 520,
}  # fmt: skip
TUBE_STYLES = ("braids", "twists")
_BROW_DETAIL = 0.6  # fine even in small pictures: a few wide hairs would turn brows into blocks
_STYLE_ENDS = {"bob": 6.75, "long": 5.2, "long_wavy": 5.3, "braids": 5.4}  # height of the tips, decimetres


def strand_count(full: int, detail: float) -> int:
    """Strands to draw at a level of detail; ``strand_width`` widens them so that they cover the same area."""
    return max(32, round(full * detail))


def strand_width(width: float, count: int, detail: float, random: np.random.Generator) -> np.ndarray:
    """Widths (count,) in decimetres, varied around ``width`` and widened for a lower level of detail."""
    return width * detail**-0.75 * random.uniform(0.6, 1.4, count)


def add_hair(builder: SceneBuilder, scalp: Scalp, person: Person, detail: float) -> None:
    """Add the hair of the head. Bald, buzzed and cornrowed heads have none: it is painted on the scalp."""
    if person.hair in ("bald", "buzz", "cornrows") or person.headwear == "headscarf":
        return
    random = stream(person.seed, "hair/strands")
    # Braids are few and thick: all of them are grown at every size.
    count = _STRANDS[person.hair] if person.hair in TUBE_STYLES else strand_count(_STRANDS[person.hair], detail)
    roots = scalp.draw_roots(lambda canonical: regions.hair(canonical, person.recession), count, random)
    if person.headwear != "none":
        roots = roots.select(regions.headwear(roots.canonical, person.headwear) < -0.10)
    if not len(roots):
        return
    if person.hair in TUBE_STYLES:
        _braided(builder, scalp, person, roots, random)
        return
    style = {"short": _short, "side_part": _side_part, "curly": _curly, "afro": _afro}.get(person.hair)
    if style is not None:
        style(builder, scalp, person, roots, random, detail)
    elif person.hair in _STYLE_ENDS:
        _hanging(builder, scalp, person, roots, random, detail)
    else:
        _tied(builder, scalp, person, roots, random, detail)


def along_skin(direction: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Project directions (n, 3) into the skin's plane and normalise them."""
    return normalised(direction - dot(direction, normal)[:, None] * normal)


def _in_face(points: np.ndarray) -> np.ndarray:
    """Points in front of the face, where no strand of a styled head may hang."""
    x, y, z = points.T
    beside = (z > 0.95) & (y < 7.65) & (np.abs(x) < 0.95)
    return ((z > 0.72) & (y < 7.75) & (np.abs(x) < 0.62) & (y > 6.2)) | (beside & (y > 6.2))


def _sunk(roots: Roots, depth: float = 0.01) -> np.ndarray:
    return roots.position - depth * roots.normal


def _seed(random: np.random.Generator) -> int:
    return int(random.integers(1 << 30))


def _short(builder, scalp, person, roots, random, detail) -> None:
    """Cropped hair, combed one of four ways on top."""
    n, x, y, z = len(roots), *roots.canonical.T
    top = smoothstep(7.75, 8.3, y) * smoothstep(-0.5, 0.2, z)
    forward, sideways, lift = ((0.6, 0.1, 0.35), (-0.7, 0.1, 0.5), (0.1, 0.7, 0.45), (-0.15, 0.0, 1.1))[
        int(random.integers(4))
    ]
    outward = np.sign(x) if sideways < 0.5 else 1.0
    comb = np.stack(
        [sideways * outward * top + random.normal(0, 0.12, n), -0.8 * (1 - top), forward * top - 0.35 * (1 - top)], -1
    )
    edge = 0.35 + 0.65 * smoothstep(0.5, 4.5, regions.hair(roots.canonical, person.recession))
    length = (0.10 + (0.15 + 0.3 * person.hair_length) * top) * random.uniform(0.7, 1.2, n) * edge
    growth = Growth(segments=5, gravity=0.35, stiffness=0.2, comb=1.1, comb_length=0.35, jitter=0.07)
    direction, comb, height = _combed(roots, comb, top, lift, random)
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    add_ribbons(builder, HAIR, strands, strand_width(0.034, n, detail, random), random, forbidden=_in_face)


def _side_part(builder, scalp, person, roots, random, detail) -> None:
    """Short hair, longer on top and parted on one side."""
    n, x, y, z = len(roots), *roots.canonical.T
    top = smoothstep(7.75, 8.3, y) * smoothstep(-0.5, 0.2, z)
    side = 1.0 if person.parting >= 0 else -1.0
    outward = np.where(x * side > 0.30, side, -side)
    comb = np.stack([outward * 0.9 * top, -0.9 * (1 - top), 0.05 - 0.35 * (1 - top) + random.normal(0, 0.08, n)], -1)
    edge = 0.35 + 0.65 * smoothstep(0.5, 4.5, regions.hair(roots.canonical, person.recession))
    length = (0.11 + (0.35 + 0.3 * person.hair_length) * top) * random.uniform(0.8, 1.15, n) * edge
    growth = Growth(segments=6, gravity=0.8, stiffness=0.2, comb=1.1, comb_length=0.35, jitter=0.07)
    direction, comb, height = _combed(roots, comb, top, 0.35, random)
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    add_ribbons(builder, HAIR, strands, strand_width(0.034, n, detail, random), random, forbidden=_in_face)


def _combed(
    roots: Roots, comb: np.ndarray, top: np.ndarray, lift: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions and combs (n, 3) and heights (n,) of hair that lies close, except on top."""
    n = len(roots)
    comb = along_skin(comb, roots.normal)
    direction = normalised(comb + roots.normal * (0.15 + lift * top)[:, None] + random.normal(0, 0.10, (n, 3)))
    return direction, comb, 0.02 + 0.10 * random.random(n) * (0.3 + 0.7 * top)


def _curly(builder, scalp, person, roots, random, detail) -> None:
    n, x, y, _ = len(roots), *roots.canonical.T
    top = smoothstep(7.3, 8.2, y)
    length = (0.35 + 0.35 * person.hair_length + 0.45 * top) * random.uniform(0.7, 1.3, n)
    comb = along_skin(np.stack([0.4 * np.sign(x), np.full(n, -0.3), np.full(n, -0.1)], -1), roots.normal)
    direction = normalised(roots.normal + random.normal(0, 0.4, (n, 3)))
    height = 0.03 + 0.28 * random.random(n) * (0.4 + 0.6 * top)
    growth = Growth(segments=11, gravity=0.7, stiffness=0.22, comb=0.5, curl=0.8, curl_frequency=22, jitter=0.35)
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    add_ribbons(builder, HAIR, strands, strand_width(0.052, n, detail, random), random, forbidden=_in_face)


def _afro(builder, scalp, person, roots, random, detail) -> None:
    n, y = len(roots), roots.canonical[:, 1]
    radius = 0.25 + 0.55 * person.hair_length
    length = radius * (0.55 + 0.45 * smoothstep(6.9, 7.9, y)) * random.uniform(0.75, 1.25, n) * 1.15
    direction = normalised(roots.normal + random.normal(0, 0.35, (n, 3)))
    growth = Growth(segments=7, gravity=0, stiffness=0.3, comb=0.6, curl=0.75, curl_frequency=40, jitter=0.8)
    strands = scalp.grow(_sunk(roots), direction, roots.normal, length, np.zeros(n), growth, _seed(random))
    add_ribbons(builder, HAIR, strands, strand_width(0.058, n, detail, random), random, forbidden=_in_face)


def _hanging(builder, scalp, person, roots, random, detail) -> None:
    """Bob and long hair: parted, falling beside the face, with or without a fringe."""
    n, x, y, z = len(roots), *roots.canonical.T
    side = np.where(x > person.parting, 1.0, -1.0)
    back = 1 - smoothstep(0.2, 0.9, z)
    comb = np.stack([side * (1 - 0.6 * back), -0.55 - 0.3 * back, -0.35 * (1 - back) - 0.25], -1)
    end = _STYLE_ENDS[person.hair] + 0.5 * (0.5 - person.hair_length)
    length = np.clip((y - end) * 1.05 + 0.15, 0.35, 9) * random.uniform(0.88, 1.03, n)
    if person.fringe:
        front = (z > 0.95) & (np.abs(x) < 0.5) & (y > 7.8)
        comb[front] = np.stack([0.5 * x, np.full(n, -0.6), np.full(n, 0.7)], -1)[front]
        length[front] = random.uniform(0.5, 0.62, front.sum())
    comb = along_skin(comb, roots.normal)
    direction = normalised(comb + 0.25 * roots.normal + random.normal(0, 0.04, (n, 3)))
    wave = 0.42 if person.hair == "long_wavy" else float(random.choice((0.0, 0.0, 0.15)))
    growth = Growth(
        segments=14, gravity=0.9, stiffness=0.16, comb=1.5, comb_length=0.30, drape=random.uniform(0.05, 0.45),
        wave=wave, curl_frequency=6.5, jitter=0.05,
    )  # fmt: skip
    height = 0.03 + 0.15 * random.random(n) ** 0.8
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    lowest = 7.44 if person.fringe else 7.7

    def in_face(points: np.ndarray) -> np.ndarray:
        px, py, pz = points.T
        stray = (np.abs(px) > 1.08) & (py > 6.5)
        return ((pz > 0.80) & (py < lowest) & (np.abs(px) < 0.60 + 0.3 * (py < 7.3)) & (py > 6.2)) | stray

    width = strand_width(0.048, n, detail, random)
    add_ribbons(builder, HAIR, strands, width, random, tip_width=0.45, forbidden=in_face)


def _braided(builder, scalp, person, roots, random) -> None:
    """Box braids that hang, or short twists that stand: few, thick and round."""
    n, x, y, z = len(roots), *roots.canonical.T
    if person.hair == "twists":
        length = (0.35 + 0.35 * person.hair_length) * random.uniform(0.8, 1.2, n)
        direction = normalised(roots.normal + random.normal(0, 0.3, (n, 3)))
        comb = along_skin(np.stack([0.4 * np.sign(x), np.full(n, -0.4), np.full(n, 0.1)], -1), roots.normal)
        growth = Growth(segments=8, gravity=0.6, stiffness=0.25, comb=0.4, curl=0.35, curl_frequency=14, jitter=0.1)
        radius, height = 0.034, 0.03 + 0.1 * random.random(n)
    else:
        side = np.where(x > person.parting, 1.0, -1.0)
        back = 1 - smoothstep(0.2, 0.9, z)
        comb = along_skin(np.stack([side * (1 - 0.6 * back), -0.55 - 0.3 * back, -0.6 + 0.35 * back], -1), roots.normal)
        end = _STYLE_ENDS["braids"] + 0.9 * (0.5 - person.hair_length)
        length = np.clip((y - end) * 1.05 + 0.15, 0.35, 9) * random.uniform(0.85, 1.03, n)
        direction = normalised(comb + 0.25 * roots.normal)
        growth = Growth(segments=14, gravity=0.9, stiffness=0.16, comb=1.5, comb_length=0.3, drape=0.33, jitter=0.03)
        radius, height = 0.036, 0.03 + 0.14 * random.random(n)
    points, _ = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    keep = ~_in_face(points.reshape(-1, 3)).reshape(n, -1).any(1)
    add_braids(builder, HAIR, points[keep], radius * random.uniform(0.8, 1.2, keep.sum()), random)


def _tied(builder, scalp, person, roots, random, detail) -> None:
    """Hair drawn back into a bun or a ponytail."""
    low_bun, high_bun, tail = np.array([(0, 8.05, -0.45), (0, 8.5, 0.1), (0, 7.75, -0.62)])
    if person.headwear != "none":
        tail = low_bun = high_bun = np.array([0, 7.05, -0.55])
    knot = tail if person.hair == "ponytail" else (low_bun if person.hair_length < 0.5 else high_bun)
    n = len(roots)
    toward = knot - roots.position
    distance = np.linalg.norm(toward, axis=1)
    direction = normalised(along_skin(toward, roots.normal) + 0.15 * roots.normal)
    growth = Growth(segments=9, gravity=0, stiffness=0.2, comb=1.0, jitter=0.04)
    height = 0.03 + 0.07 * random.random(n)
    points, normals = scalp.grow(
        _sunk(roots), direction, normalised(toward), distance * 1.15, height, growth, _seed(random)
    )
    caught = np.linalg.norm(points[:, -1] - knot, axis=1) < 0.4  # strands that miss the knot would stick out
    width = strand_width(0.052, n, detail, random)[caught]
    add_ribbons(builder, HAIR, (points[caught], normals[caught]), width, random, forbidden=_in_face)
    if person.hair == "bun":
        _bun(builder, knot, random, detail)
        return
    count = strand_count(1500, detail)
    start = knot + random.normal(0, 0.06, (count, 3))
    away = normalised(np.array([0, 0.1, -1.0]) + random.normal(0, 0.12, (count, 3)))
    growth = Growth(segments=12, gravity=0.8, stiffness=0.3, comb=0, jitter=0.06, wave=0.12, curl_frequency=6)
    length, height = 1.9 * random.uniform(0.8, 1.1, count), 0.05 + 0.2 * random.random(count)
    strands = scalp.grow(start, away, 0 * away, length, height, growth, _seed(random))
    add_ribbons(builder, HAIR, strands, strand_width(0.06, count, detail, random), random)


def _bun(builder: SceneBuilder, knot: np.ndarray, random: np.random.Generator, detail: float) -> None:
    """Arcs wound over a sphere."""
    count, steps = strand_count(1500, detail), 7
    radius = random.uniform(0.28, 0.38)
    centre = knot + ((0, 0.16, -0.16) if knot[2] < 0 else (0, 0.2, -0.02))
    outward = normalised(random.normal(size=(count, 3)))
    winding = normalised(np.cross(normalised(np.array([0, 0.7, -0.7])), outward) + random.normal(0, 0.15, (count, 3)))
    angle = np.linspace(-0.8, 0.8, steps)[None, :, None]
    normals = outward[:, None] * np.cos(angle) + winding[:, None] * np.sin(angle)
    points = centre + normals * (radius * random.uniform(0.9, 1.06, count))[:, None, None]
    width = strand_width(0.06, count, detail, random)
    add_ribbons(builder, HAIR, (points, normalised(normals)), width, random, tip_width=1.0)


def add_facial_hair(builder: SceneBuilder, scalp: Scalp, person: Person, detail: float) -> None:
    """Add beard strands; stubble is painted on the skin."""
    if person.facial_hair in ("none", "stubble"):
        return
    random = stream(person.seed, "facial hair/strands")
    count = strand_count(6000 if person.facial_hair == "full" else 2600, detail)
    roots = scalp.draw_roots(lambda canonical: regions.facial_hair(canonical, person.facial_hair), count, random)
    corners = scalp.template.triangles[roots.triangle]
    roots = roots.select((scalp.template.masks["lips"][corners] * roots.weights).sum(1) < 0.35)
    n, x, y, z = len(roots), *roots.canonical.T
    moustache = (y > 6.58) & (np.abs(x) < 0.36) & (z > 1.1)
    comb = np.stack(
        [np.sign(x) * np.where(moustache, 0.75, 0.1), np.where(moustache, -0.75, -1), np.where(moustache, 0, 0.1)], -1
    )
    comb = along_skin(comb, roots.normal)
    full_length = 0.06 + 0.45 * person.beard_length
    length = np.where(moustache, min(full_length, 0.11), full_length * (0.45 + 0.55 * smoothstep(0.75, 1.2, z)))
    length = length * random.uniform(0.6, 1.2, n)
    direction = normalised(comb + 0.35 * roots.normal + random.normal(0, 0.15, (n, 3)))
    height = 0.012 + 0.05 * random.random(n) * min(1, full_length * 4)
    curl = 0.15 if full_length > 0.15 else 0.0
    growth = Growth(segments=4, gravity=0.5, stiffness=0.15, comb=0.6, jitter=0.25, curl=curl, curl_frequency=30)
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    add_ribbons(builder, FACIAL_HAIR, strands, strand_width(0.028, n, detail, random), random)


def add_eyebrows(builder: SceneBuilder, scalp: Scalp, person: Person, detail: float) -> None:
    """Add the fine hairs of the brows; the brow itself is painted on the skin."""
    random, detail = stream(person.seed, "eyebrows/strands"), max(detail, _BROW_DETAIL)
    roots = scalp.draw_roots(
        lambda canonical: regions.eyebrow(canonical, person.brow)[0] * 0.6 + 0.3, strand_count(900, detail), random
    )
    n, along = len(roots), regions.eyebrow(roots.canonical, person.brow)[1]
    comb = np.stack([np.sign(roots.canonical[:, 0]) * (0.35 + 0.65 * along), 0.75 - 0.95 * along, 0 * along], -1)
    comb = along_skin(comb, roots.normal)
    growth = Growth(segments=3, gravity=0, stiffness=0.1, comb=1.0)
    length, height = 0.075 * random.uniform(0.6, 1.2, n), np.full(n, 0.012)
    direction = normalised(comb + 0.2 * roots.normal)
    strands = scalp.grow(_sunk(roots), direction, comb, length, height, growth, _seed(random))
    add_ribbons(builder, EYEBROW_HAIR, strands, strand_width(0.011, n, detail, random), random)
