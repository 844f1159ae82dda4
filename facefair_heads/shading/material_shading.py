"""Eyes, strands and all other parts but the skin, as Warp kernels: one thread per hit."""

from __future__ import annotations

import warp as wp

from facefair_heads.geometry import head_mesh, regions, scene
from facefair_heads.shading.noise import noise_at, octaves_at, slope_at
from facefair_heads.shading.surface import HitPoints, Surface, bump_at, wrapped

_UPPER_TEETH, _LOWER_TEETH, _LEFT_EYE = head_mesh.UPPER_TEETH, head_mesh.LOWER_TEETH, head_mesh.LEFT_EYE
_HEADWEAR, _SCARF, _EYEBROW_HAIR = scene.HEADWEAR, scene.SCARF, scene.EYEBROW_HAIR
_EYE_CENTRE = wp.constant(wp.vec3(*map(float, regions.LEFT_EYE)))
_IRIS, _PUPIL = float(regions.IRIS_ANGLE), float(regions.PUPIL_ANGLE)


@wp.struct
class EyeLook:
    """Linear colours of both eyes."""

    iris: wp.vec3
    sclera: wp.vec3


@wp.func
def _iris(around: float, angle: float, side: float, look: EyeLook, volume: wp.array3d(dtype=wp.float32)):
    """Spokes about the pupil, darker toward the rim."""
    spokes = wp.vec3(wp.cos(around) * 12.0, wp.sin(around) * 12.0, angle * 4.0)
    shade = (1.0 + 0.35 * noise_at(volume, spokes, 3.0 * side)) * (1.35 - 0.9 * wp.smoothstep(0.25, _IRIS, angle))
    return shade * look.iris


@wp.func
def _sclera(outward: wp.vec3, angle: float, look: EyeLook, volume: wp.array3d(dtype=wp.float32)):
    """White of the eye, redder toward the corners."""
    mottled = 1.0 - 0.06 * wp.clamp(noise_at(volume, outward * 3.0, 0.0), 0.0, 2.0)
    corner = wp.smoothstep(0.7, 1.2, angle) * wp.vec3(0.20, 0.42, 0.42)
    return mottled * wp.cw_mul(look.sclera, wp.vec3(1.0, 1.0, 1.0) - corner)


@wp.kernel
def shade_eyes(
    rows: wp.array(dtype=wp.int32),
    hits: HitPoints,
    look: EyeLook,
    volume: wp.array3d(dtype=wp.float32),
    surface: Surface,
):
    """Sclera, iris and pupil as functions of the angle from the eye's axis."""
    i = rows[wp.tid()]
    side = wp.float32(-1.0)
    if int(hits.part[i]) == _LEFT_EYE:
        side = 1.0
    # Subdivision shrinks the eyeball by a few per cent, so the direction matters, not the position.
    outward = wp.normalize(hits.canonical[i] - wp.vec3(side * _EYE_CENTRE[0], _EYE_CENTRE[1], _EYE_CENTRE[2]))
    angle = wp.acos(wp.clamp(outward[2], -1.0, 1.0))
    around = wp.atan2(outward[1], outward[0])
    in_sclera = wp.smoothstep(_IRIS - 0.03, _IRIS + 0.035, angle)
    colour = _iris(around, angle, side, look, volume) * (1.0 - in_sclera)
    colour += _sclera(outward, angle, look, volume) * in_sclera
    colour = colour * (1.0 - 0.55 * bump_at(angle, _IRIS, 0.03))
    outside_pupil = wp.smoothstep(_PUPIL - 0.02, _PUPIL + 0.02, angle)
    black = 0.004 * (1.0 - outside_pupil)
    # The upper lid and its lashes always shade the top of the eyeball.
    lid_shade = 1.0 - 0.55 * wp.smoothstep(0.10, 0.60, outward[1])
    surface.albedo[i] = lid_shade * (wp.vec3(black, black, black) + outside_pupil * colour)
    surface.normal[i] = hits.normal[i]
    surface.specular[i] = 1.2
    surface.gloss[i] = 260.0
    surface.scatter[i] = 0.35


@wp.struct
class StrandLook:
    """Linear colours of a person's hair and brows; ``lightened`` and ``greying`` are 0 or 1."""

    hair: wp.vec3
    brow: wp.vec3
    lightened: float
    greying: int


@wp.kernel
def shade_strands(
    rows: wp.array(dtype=wp.int32),
    hits: HitPoints,
    facing: wp.array(dtype=wp.vec3),
    strand: wp.array(dtype=wp.vec3),
    look: StrandLook,
    surface: Surface,
):
    """Strand colours: lighter tips, darker roots, each strand a little different; normals face the camera."""
    i = rows[wp.tid()]
    along = strand[i][0]
    own = strand[i][2]
    colour = look.brow
    vary = (0.84 + 0.32 * own) * (0.75 + 0.25 * wp.smoothstep(0.0, 0.3, along))
    if int(hits.part[i]) != _EYEBROW_HAIR:
        colour = look.hair
        vary = vary * (1.0 + 0.10 * wp.sin(strand[i][1] * 3.0 + own * 40.0))
    vary = vary * (1.0 + look.lightened * (0.24 * along - 0.12))
    if look.greying != 0:
        vary = vary * wp.where(wrapped(own * 7.0) < 0.4, 0.6, 1.1)
    surface.albedo[i] = vary * colour
    normal = hits.normal[i]
    if wp.dot(facing[i], normal) < 0.0:
        normal = -normal
    surface.normal[i] = normal
    surface.specular[i] = 0.0
    surface.gloss[i] = 20.0
    surface.scatter[i] = 0.0


@wp.struct
class PartLook:
    """Reflectance of whole parts, by part number: linear ``albedo``; (specular, gloss, scatter) as ``shine``.

    ``mottling`` is the frequency, strength and number of octaves of the noise that varies the albedo; ``stripe`` the
    scarf's second colour.
    """

    albedo: wp.array(dtype=wp.vec3)
    shine: wp.array(dtype=wp.vec3)
    mottling: wp.array(dtype=wp.vec3)
    stripe: wp.vec3


@wp.kernel
def shade_parts(
    rows: wp.array(dtype=wp.int32),
    hits: HitPoints,
    look: PartLook,
    volume: wp.array3d(dtype=wp.float32),
    surface: Surface,
):
    """Teeth, tongue, glasses, headwear, scarves, earrings, hands and objects."""
    i = rows[wp.tid()]
    part = int(hits.part[i])
    p = hits.canonical[i]
    mottling = look.mottling[part]
    shade = wp.float32(1.0)
    if mottling[1] > 0.0:
        shade += mottling[1] * octaves_at(volume, p * mottling[0], 0.0, int(mottling[2]))
    if part == _UPPER_TEETH or part == _LOWER_TEETH:  # noqa: SIM109 - Warp has no "in"; dark gaps between them
        shade = shade * (1.0 - 0.35 * bump_at(wp.abs(wrapped(p[0] / 0.075 + 0.5) - 0.5), 0.0, 0.07))
    normal = hits.normal[i]
    albedo = look.albedo[part]
    if part == _SCARF:
        if wrapped(wp.atan2(p[0], p[2]) * 3.0 + p[1] * 0.7) < 0.3:
            albedo = look.stripe
        normal = wp.normalize(normal - 0.08 * slope_at(volume, p, 3.5, 11.0))
    if part == _HEADWEAR:  # folds
        normal = wp.normalize(normal - 0.06 * slope_at(volume, p, 2.6, 11.0))
    surface.albedo[i] = shade * albedo
    surface.normal[i] = normal
    surface.specular[i] = look.shine[part][0]
    surface.gloss[i] = look.shine[part][1]
    surface.scatter[i] = look.shine[part][2]
