"""Colour, highlight and relief of skin, painted hair and cloth, as a Warp kernel: one thread per hit of the skin.

Noise is looked up only where it can be seen: it takes most of the time here.
"""

from __future__ import annotations

import warp as wp

from facefair_heads.people.person import PATTERNS
from facefair_heads.shading.noise import NOISE_LIMIT, noise_at, octaves_at, slope_at
from facefair_heads.shading.surface import HitPoints, Surface, bump_at, wrapped

_STRIPES, _MELANGE, _CHECKS, _SUIT, _SHIRT, _PRINT = (
    PATTERNS.index(name) for name in ("stripes", "melange", "checks", "suit", "shirt", "print")
)
_FAR = 9.0  # distance from a crease beyond its ends
_TURN = 2 * 3.14159265
_LIMIT = float(NOISE_LIMIT)


@wp.struct
class SkinPoints:
    """What is known of the hits of the skin, (K,) each; see ``skin.SkinFields``.

    ``row`` are their numbers among all hits; ``masks`` lips, ears and eyelids. ``braid``, empty but for cornrows, is
    the height of the braided rows and the slope across them.
    """

    row: wp.array(dtype=wp.int32)
    masks: wp.array(dtype=wp.vec3)
    cavity: wp.array(dtype=wp.int8)
    hairline: wp.array(dtype=wp.float32)
    beard: wp.array(dtype=wp.float32)
    brow: wp.array(dtype=wp.float32)
    clothes: wp.array(dtype=wp.float32)
    covered: wp.array(dtype=wp.int8)
    braid: wp.array(dtype=wp.vec2)


@wp.struct
class SkinLook:
    """A person's colours and their strengths, the same at every hit; see ``skin.skin_look``.

    ``motif`` of a print: 0 blobs, 1 flowers, 2 letters; ``motif_size`` in decimetres.
    """

    base: wp.vec3
    hair: wp.vec3
    brow: wp.vec3
    lips: wp.vec3
    cloth: wp.vec3
    headwear: wp.vec3
    pattern: int
    motif: int
    motif_size: float
    first_ink: wp.vec3
    second_ink: wp.vec3
    brightness: float
    aged: float
    wrinkled: float
    under_eye: float
    lid: float
    lid_edge: float
    freckles: float
    mole_shift: float
    beard: float
    shaved: float
    painted: float
    buzzed: float
    pores: float
    sharpness: float


@wp.func
def _mixed(colour: wp.vec3, other: wp.vec3, share: float):
    return colour * (1.0 - share) + other * share


@wp.func
def _fold(x: float, y: float):
    """Distance across the fold from the nose's wing to beside the mouth's corner, decimetres."""
    across = (x - 0.205) * 0.85 + (y - 6.88) * 0.53
    along = (x - 0.205) * 0.53 - (y - 6.88) * 0.85
    if along > 0.0 and along < 0.42:
        return across + 0.5 * (along - 0.2) * (along - 0.2)
    return _FAR


@wp.func
def _bag(x: float, y: float):
    """Distance below the crease under the eye, decimetres."""
    if wp.abs(x - 0.3) < 0.17:
        return 7.135 - 0.9 * (x - 0.3) * (x - 0.3) - y
    return _FAR


@wp.func
def _age_marks(p: wp.vec3, look: SkinLook, volume: wp.array3d(dtype=wp.float32)):
    """Creases are dark, old skin is spotted: colour factors."""
    dark = 0.16 * wp.smoothstep(1.3, 2.1, octaves_at(volume, p * 13.0, 41.0, 2))
    if p[2] > 0.9:
        x = wp.abs(p[0])
        creases = bump_at(_fold(x, p[1]), 0.0, 0.03) + 0.7 * bump_at(_bag(x, p[1]), 0.0, 0.02)
        dark += 0.22 * wp.min(creases, 1.0)
    return wp.vec3(1.0, 1.0, 1.0) - look.aged * dark * wp.vec3(0.8, 1.0, 1.0)


@wp.func
def _around_eye(x: float, y: float, look: SkinLook):
    """Shadow under the eye, and the lid with its make-up: colour factors."""
    under = look.under_eye * bump_at(x, 0.30, 0.16) * bump_at(y, 7.16, 0.05)
    lid = look.lid * bump_at(x, 0.30, 0.17) * bump_at(y, 7.375, 0.035)
    return wp.cw_mul(
        wp.vec3(1.0, 1.0, 1.0) - under * wp.vec3(0.7, 1.0, 0.9), wp.vec3(1.0, 1.0, 1.0) - lid * wp.vec3(0.8, 1.0, 1.0)
    )


@wp.func
def _redness(p: wp.vec3, ears: float, mottled: float):
    """Blood under the skin of cheeks, nose and ears."""
    x = wp.abs(p[0])
    redness = 0.9 * bump_at(x, 0.42, 0.2) * bump_at(p[1], 6.95, 0.2) + 0.10 * wp.clamp(mottled, -1.0, 2.0)
    if p[2] > 1.2:
        redness += 0.7 * bump_at(x, 0.0, 0.14) * bump_at(p[1], 6.9, 0.1)
    if ears > 0.5:
        redness += 0.6
    return redness


@wp.func
def _blotches(
    p: wp.vec3, masks: wp.vec3, mottled: float, fine: float, look: SkinLook, volume: wp.array3d(dtype=wp.float32)
):
    """Redness, shadows under the eyes, make-up, freckles and moles: colour factors."""
    x = wp.abs(p[0])
    red = _redness(p, masks[1], mottled) * (0.35 + 0.65 * look.brightness)
    factor = wp.vec3(1.0 + 0.10 * red, 1.0 - 0.14 * red, 1.0 - 0.14 * red) * (1.0 + 0.05 * mottled + 0.045 * fine)
    if look.aged > 0.0:
        factor = wp.cw_mul(factor, _age_marks(p, look, volume))
    if p[2] > 1.0:
        factor = wp.cw_mul(factor, _around_eye(x, p[1], look))
    factor = factor * (1.0 - look.lid_edge * wp.smoothstep(0.6, 1.0, masks[2]))
    where_freckled = look.freckles * bump_at(x, 0.25, 0.35) * bump_at(p[1], 7.0, 0.25)
    if where_freckled > 1.0e-3:
        spots = where_freckled * wp.smoothstep(1.1, 1.9, noise_at(volume, p * 34.0, 21.0))
        factor = wp.cw_mul(factor, wp.vec3(1.0, 1.0, 1.0) - spots * wp.vec3(0.5, 0.8, 1.0))
    return factor * (1.0 - 0.5 * wp.smoothstep(2.2, 2.6, noise_at(volume, p * 9.0, look.mole_shift)))


@wp.func
def _bearded(albedo: wp.vec3, p: wp.vec3, beard: float, look: SkinLook, volume: wp.array3d(dtype=wp.float32)):
    """Stubble and the skin under a beard, or the bluish shadow of a shaved one."""
    if look.beard > 0.0 and beard > 0.0:
        hairs = 0.75 + 0.35 * wp.clamp(0.6 * noise_at(volume, p * 60.0, 2.0) + 0.4, 0.0, 1.0)
        return _mixed(albedo, 1.3 * look.hair, look.beard * wp.smoothstep(0.0, 1.0, beard) * hairs)
    shadow = look.shaved * wp.smoothstep(0.0, 1.5, beard)
    return wp.cw_mul(albedo, wp.vec3(1.0 - shadow, 1.0 - 0.85 * shadow, 1.0 - 0.75 * shadow))


@wp.func
def _painted_hair(p: wp.vec3, hairline: float, outer: bool, look: SkinLook, volume: wp.array3d(dtype=wp.float32)):
    """Opacity of hair painted on the scalp."""
    if not outer or hairline < -0.35 * _LIMIT:
        return 0.0
    if hairline > 1.2 + 0.35 * _LIMIT:
        return look.painted
    return look.painted * wp.smoothstep(0.0, 1.2, hairline + 0.35 * noise_at(volume, p * 14.0, 3.0))


@wp.func
def _brow_share(p: wp.vec3, brow: float, volume: wp.array3d(dtype=wp.float32)):
    """Opacity of the painted brow."""
    if brow < -0.5 - 0.5 * _LIMIT:
        return 0.0
    rough = brow + 0.5 * noise_at(volume, wp.vec3(54.0 * p[0], 34.0 * p[1], 0.0), 0.0)
    return 0.75 * wp.smoothstep(-0.5, 1.6, rough)


@wp.func
def _opened(p: wp.vec3, look: SkinLook):
    """A jacket over a white shirt with a tie, or a shirt with a placket; collars have a shape of their own."""
    x = wp.abs(p[0])
    front = p[2] > 0.3
    below = 6.0 - p[1]
    colour = look.cloth
    if look.pattern == _SHIRT:
        if front and x < 0.045:
            colour = 0.8 * colour
        return colour
    if front and x < 0.62 - 0.38 * below:
        if x < 0.05 + 0.05 * below:
            return wp.cw_mul(colour, wp.vec3(0.9, 0.35, 0.4))
        return wp.vec3(0.75, 0.75, 0.77)
    colour = wp.min(colour, wp.vec3(0.08, 0.08, 0.08) + 0.25 * colour)
    if front and x < 0.85 - 0.38 * below:
        colour = 0.7 * colour
    return colour


@wp.func
def _drawn(x: float, y: float, seed: float):
    """A number in [0, 1) that belongs to a cell of a print."""
    return wrapped(wp.sin(12.99 * x + 78.23 * y + seed) * 4375.85)


@wp.func
def _flower(u: float, v: float, look: SkinLook):
    """One flower to a cell, of five petals, in both inks."""
    column = wp.floor(u)
    row = wp.floor(v)
    seed = look.mole_shift
    du = u - column - 0.35 - 0.3 * _drawn(column, row, seed)
    dv = v - row - 0.35 - 0.3 * _drawn(row, column, seed)
    away = wp.sqrt(du * du + dv * dv) / (0.2 + 0.25 * _drawn(column, row, 2.0 * seed))
    petals = look.first_ink
    heart = look.second_ink
    if _drawn(row, column, 3.0 * seed) < 0.4:
        petals = look.second_ink
        heart = look.first_ink
    if away < 0.35:
        return heart
    if away < 0.75 + 0.25 * wp.cos(5.0 * wp.atan2(dv, du) + seed):
        return petals
    return look.cloth


@wp.func
def _letter(u: float, v: float, look: SkinLook):
    """One letter-like mark of 4 x 5 squares to a cell, each row in one ink."""
    column = wp.floor(u)
    row = wp.floor(v)
    x = wp.floor(5.0 * (u - column))
    y = wp.floor(7.0 * (v - row))
    if x > 3.0 or y > 4.0 or _drawn(9.0 * column + x, 9.0 * row + y, look.mole_shift) > 0.6:
        return look.cloth
    if _drawn(row, 0.0, look.mole_shift) < 0.3:
        return look.second_ink
    return look.first_ink


@wp.func
def _printed(p: wp.vec3, look: SkinLook, volume: wp.array3d(dtype=wp.float32)):
    """Cloth with blobs, flowers or rows of letter-like marks in two inks."""
    u = p[0] / look.motif_size
    v = (p[1] - 0.5 * p[2]) / look.motif_size
    if look.motif == 1:
        return _flower(u, v, look)
    if look.motif == 2:
        return _letter(u, v, look)
    place = wp.vec3(2.0 * u, 2.0 * v, 0.5 * look.mole_shift)
    if noise_at(volume, place, 60.0) > 0.6:
        return look.first_ink
    if noise_at(volume, place, 70.0) > 1.0:
        return look.second_ink
    return look.cloth


@wp.func
def _cloth(p: wp.vec3, inside: float, look: SkinLook, volume: wp.array3d(dtype=wp.float32)):
    """Colour of the clothes with their pattern, and a ribbed hem around the neck."""
    colour = look.cloth
    if look.pattern == _SUIT or look.pattern == _SHIRT:
        colour = _opened(p, look)
    else:
        if look.pattern == _STRIPES and wrapped(p[1] * 5.0) < 0.35:
            colour = 0.45 * colour
        if look.pattern == _PRINT:
            colour = _printed(p, look, volume)
        if look.pattern == _MELANGE:
            colour = colour * (1.0 + 0.12 * wp.clamp(octaves_at(volume, p * 40.0, 50.0, 2), -2.0, 2.0))
        if look.pattern == _CHECKS:
            if wrapped(p[1] * 4.0) < 0.4:
                colour = 0.6 * colour
            if wrapped(p[0] * 4.0) < 0.4:
                colour = 0.6 * colour
        ribs = 0.5 + 0.5 * wp.cos(wp.atan2(p[0], p[2] - 0.28) * 90.0)
        hem = wp.smoothstep(2.6, 2.2, inside)
        colour = colour * (1.0 - hem * (0.16 + 0.10 * ribs) - 0.3 * bump_at(inside, 2.5, 0.22))
    return colour * (1.0 + 0.05 * noise_at(volume, p * 30.0, 0.0))


@wp.func
def _wrinkles(p: wp.vec3, volume: wp.array3d(dtype=wp.float32)):
    """Slopes along x and y: lines of forehead, brow and neck, crow's feet, folds beside the mouth, bags."""
    x = wp.abs(p[0])
    y = p[1]
    z = p[2]
    waving = 0.03 * noise_at(volume, wp.vec3(3.0 * p[0], 0.9 * y, 3.0 * z), 0.0)
    feet = bump_at(x, 0.58, 0.08) * bump_at(y, 7.27, 0.1)
    upward = 0.28 * feet * wp.cos((y - (x - 0.5) * (y - 7.27) * 3.0) * _TURN / 0.05)
    sideways = wp.float32(0.0)
    if y < 6.05 and z > 0.4:
        upward += 0.12 * wp.cos((y + 2.0 * waving) * _TURN / 0.16)
    if z > 0.9:
        forehead = bump_at(y, 7.72, 0.14) * bump_at(x, 0.0, 0.5)
        upward += 0.22 * forehead * wp.cos((y + waving) * _TURN / 0.085)
        fold = _fold(x, y) / 0.035
        bag = _bag(x, y) / 0.025
        crease = 0.8 * fold * wp.exp(-fold * fold)
        upward += 0.53 * crease - 0.5 * bag * wp.exp(-bag * bag)
        sideways += 0.85 * crease
    if z > 1.0:
        sideways += 0.25 * bump_at(x, 0.06, 0.035) * bump_at(y, 7.44, 0.09) * wp.sin((x - 0.06) * _TURN / 0.07)
    return wp.vec3(sideways * wp.sign(p[0]), upward, 0.0)


@wp.func
def _albedo(
    k: int,
    p: wp.vec3,
    fine: float,
    painted: float,
    points: SkinPoints,
    look: SkinLook,
    volume: wp.array3d(dtype=wp.float32),
):
    """Colour of skin: its blotches, beard, lips, cavities, brow and painted hair, in this order."""
    masks = points.masks[k]
    cavity = int(points.cavity[k])
    mottled = octaves_at(volume, p * 5.0, 0.0, 3)
    albedo = wp.cw_mul(look.base, _blotches(p, masks, mottled, fine, look, volume))
    if masks[0] <= 0.5 and cavity == 0:
        albedo = _bearded(albedo, p, points.beard[k], look, volume)
    if masks[0] > 0.3:
        creases = 1.0 + 0.12 * noise_at(volume, wp.vec3(90.0 * p[0], 15.0 * p[1], 30.0 * p[2]), 0.0)
        albedo = _mixed(albedo, look.lips * creases, wp.smoothstep(0.3, 0.75, masks[0]))
    if cavity == 1:
        albedo = wp.vec3(0.22, 0.04, 0.04) * (0.2 + 0.8 * look.brightness)
    if cavity == 2:
        albedo = wp.vec3(0.14, 0.06, 0.05)
    albedo = _mixed(albedo, look.brow, _brow_share(p, points.brow[k], volume))
    if painted > 0.0:
        share = painted
        if look.buzzed > 0.0:
            share = share * (1.0 - 0.25 * wp.clamp(noise_at(volume, p * 70.0, 0.0), 0.0, 1.0))
        if points.braid.shape[0] > 0:
            share = share * (0.35 + 0.65 * wp.smoothstep(0.15, 0.5, points.braid[k][0]))
        albedo = _mixed(albedo, look.hair * (0.75 + 0.15 * fine), share)
    return albedo


@wp.func
def _relief(k: int, p: wp.vec3, painted: float, points: SkinPoints, look: SkinLook, volume: wp.array3d(dtype=float)):
    """Slope of skin: pores, wrinkles, braided rows."""
    relief = wp.vec3()
    if int(points.cavity[k]) == 0:
        relief = look.pores * slope_at(volume, p, 38.0, 3.0)
        if look.wrinkled > 0.0:
            relief += look.wrinkled * _wrinkles(p, volume)
    if points.braid.shape[0] > 0 and painted > 0.3:
        relief[0] -= 0.8 * points.braid[k][1]
    return relief


@wp.kernel
def shade_skin(
    hits: HitPoints,
    points: SkinPoints,
    look: SkinLook,
    volume: wp.array3d(dtype=wp.float32),
    surface: Surface,
):
    """Write the reflectance of every hit of the skin."""
    k = wp.tid()
    i = points.row[k]
    p = hits.canonical[i]
    normal = hits.normal[i]
    if points.clothes[k] > 0.0:
        relief = 0.07 * slope_at(volume, p, 2.2, 7.0)
        surface.albedo[i] = _cloth(p, points.clothes[k], look, volume)
        surface.specular[i] = 0.0
        surface.gloss[i] = look.sharpness
        surface.scatter[i] = 0.0
    else:
        lips = points.masks[k][0]
        outer = points.masks[k][1] <= 0.5 and int(points.cavity[k]) == 0
        painted = _painted_hair(p, points.hairline[k], outer, look, volume)
        pored = noise_at(volume, p * 26.0, 9.0)
        fine = pored + 0.5 * noise_at(volume, p * 52.0, 9.0 + 17.3)
        relief = _relief(k, p, painted, points, look, volume)
        surface.albedo[i] = _albedo(k, p, fine, painted, points, look, volume)
        oily = wp.float32(0.6)
        if p[1] > 6.7:
            oily += 0.4 * bump_at(p[0], 0.0, 0.25)
        strength = 0.42 * oily * (1.0 + 0.12 * pored)
        surface.scatter[i] = 1.0
        if painted > 0.5:
            strength = 0.05
            surface.scatter[i] = 0.0
        surface.gloss[i] = look.sharpness
        if lips > 0.5:
            strength = 0.5
            surface.gloss[i] = 40.0
        surface.specular[i] = strength
    if int(points.covered[k]) != 0:  # the little skin that pokes through headwear
        surface.albedo[i] = look.headwear
        surface.specular[i] = 0.0
        surface.scatter[i] = 0.0
    surface.normal[i] = wp.normalize(normal - relief + wp.dot(relief, normal) * normal)
