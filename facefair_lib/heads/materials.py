"""Label and material of every hit: what is seen at a point, and how it reflects light.

Labels come first and never depend on colour: changing a person's skin tone changes no label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_lib.heads import geometry, regions, scene, skin
from facefair_lib.heads.accessories import glasses_look
from facefair_lib.heads.label_rules import LabelRules
from facefair_lib.heads.noise import noise, noise_gradient
from facefair_lib.heads.numerics import bump, dot, normalised, rgb, smoothstep
from facefair_lib.heads.occluders import object_colour
from facefair_lib.heads.people import Person
from facefair_lib.heads.rays import Hits
from facefair_lib.heads.shots import Shot
from facefair_lib.heads.wearables import wearables_look
from facefair_lib.labels import INDEX

HAIR_ALBEDO = {
    "black": rgb(0.012, 0.010, 0.010), "dark": rgb(0.028, 0.018, 0.012), "brown": rgb(0.07, 0.038, 0.02),
    "auburn": rgb(0.11, 0.035, 0.015), "red": rgb(0.22, 0.075, 0.025), "blond": rgb(0.34, 0.22, 0.11),
    "light_blond": rgb(0.47, 0.35, 0.20), "grey": rgb(0.27, 0.26, 0.25), "white": rgb(0.55, 0.53, 0.50),
}  # fmt: skip
"""Natural hair colour -> linear albedo."""
_IRIS_ALBEDO = {
    "brown": rgb(0.10, 0.045, 0.02), "dark": rgb(0.04, 0.02, 0.012), "hazel": rgb(0.16, 0.10, 0.04),
    "green": rgb(0.10, 0.15, 0.07), "blue": rgb(0.11, 0.17, 0.26), "grey": rgb(0.20, 0.24, 0.27),
}  # fmt: skip
_SCLERA_ALBEDO = rgb(0.42, 0.395, 0.375)
_PART_LABEL = {
    geometry.LEFT_EYE: "eyes", geometry.RIGHT_EYE: "eyes", geometry.UPPER_TEETH: "teeth",
    geometry.LOWER_TEETH: "teeth", geometry.TONGUE: "lips", scene.HAIR: "hair", scene.FACIAL_HAIR: "facial_hair",
    scene.EYEBROW_HAIR: "eyebrows", scene.FRAME: "specs", scene.HEADWEAR: "background", scene.EARRING: "background",
    scene.HAND: "background", scene.OBJECT: "background",
}  # fmt: skip


@dataclass
class Material:
    """How the hits reflect light: ``albedo`` (H, 3) linear; ``specular``, ``gloss`` and ``scatter`` (H,) float32.

    ``scatter`` is 1 for skin, through which light spreads, and 0 for cloth and hair.
    """

    albedo: np.ndarray
    specular: np.ndarray
    gloss: np.ndarray
    scatter: np.ndarray


def brow_albedo(person: Person) -> np.ndarray:
    """Eyebrows of fair heads are darker than the hair, those of grey heads often keep some colour."""
    if person.hair_colour in ("blond", "light_blond"):
        return HAIR_ALBEDO["brown"] * 1.4
    if person.hair_colour in ("grey", "white") and person.skin_tone > 5:
        return HAIR_ALBEDO["dark"] * 0.9
    # Never lighter than the skin below: on the darkest tones brows are as dark as they are.
    limit = 0.75 * float(skin.base_albedo(person.skin_tone).mean()) if person.skin_tone > 6 else 1.0
    colour = HAIR_ALBEDO[person.hair_colour] * 0.9
    return colour * min(1.0, limit / float(colour.mean()))


def shade_hits(
    hits: Hits, cavity: np.ndarray, person: Person, shot: Shot, rules: LabelRules
) -> tuple[np.ndarray, Material]:
    """Name and colour what was hit; bends ``hits.normal`` where a surface is rough.

    Parameters
    ----------
    cavity : (H,) int8, cavity of each hit's triangle

    Returns
    -------
    label : (H,) uint8
    material : see ``Material``
    """
    count = len(hits.ray)
    label = np.full(count, INDEX["face"], np.uint8)
    for part, name in _PART_LABEL.items():
        label[hits.part == part] = INDEX[name]
    label[hits.part == scene.HEADWEAR] = INDEX[rules.headwear]
    label[hits.part == scene.EARRING] = INDEX[rules.jewellery]
    nothing = np.zeros(count, np.float32)
    strands = np.flatnonzero(hits.is_strand)
    material = Material(
        np.full((count, 3), 0.5, np.float32),
        nothing.copy(),
        np.full(count, 20, np.float32),
        nothing.copy(),
    )
    on_skin = np.flatnonzero(hits.part == geometry.SKIN)
    if len(on_skin):
        fields = skin.skin_fields(hits.canonical[on_skin], hits.masks[on_skin], cavity[on_skin], person)
        label[on_skin] = skin.skin_labels(fields, person, rules)
        hair, brow = HAIR_ALBEDO[person.hair_colour], brow_albedo(person)
        material.albedo[on_skin] = skin.skin_albedo(fields, person, hair, brow)
        material.specular[on_skin], material.gloss[on_skin] = skin.skin_gloss(fields, person)
        material.scatter[on_skin] = (fields.clothes <= 0) & (fields.painted_hair <= 0.5)
        hits.normal[on_skin] = skin.rough_normals(fields, hits.normal[on_skin], person)
        _cover_skin(hits, on_skin, label, material, person, rules)
    _shade_eyes(hits, material, person)
    _shade_mouth(hits, material)
    frame = hits.part == scene.FRAME
    if frame.any():
        material.albedo[frame] = glasses_look(person).frame_colour
        material.specular[frame], material.gloss[frame] = 1.2, 60
    _shade_things(hits, material, person, shot)
    _shade_strands(hits, material, strands, person)
    return label, material


def _cover_skin(
    hits: Hits, on_skin: np.ndarray, label: np.ndarray, material: Material, person: Person, rules: LabelRules
) -> None:
    """Make cloth of the little skin that headwear should cover and that comes through it, as where the jaw folds."""
    covered = on_skin[regions.headwear(hits.canonical[on_skin], person.headwear) > 0.03]
    if len(covered):
        label[covered] = INDEX[rules.headwear]
        material.albedo[covered] = wearables_look(person).cloth
        material.specular[covered], material.scatter[covered] = 0, 0


def _shade_eyes(hits: Hits, material: Material, person: Person) -> None:
    """Sclera, iris and pupil as functions of the angle from the eye's axis."""
    for part, side in ((geometry.LEFT_EYE, 1), (geometry.RIGHT_EYE, -1)):
        rows = np.flatnonzero(hits.part == part)
        if not len(rows):
            continue
        canonical = hits.canonical[rows]
        # Subdivision draws the eyeball in by a few per cent, so the direction counts, not the place.
        outward = normalised(canonical - regions.LEFT_EYE * np.float32((side, 1, 1)))
        angle = np.arccos(np.clip(outward[:, 2], -1, 1))
        around = np.arctan2(outward[:, 1], outward[:, 0])
        sclera = (
            _SCLERA_ALBEDO
            * (1 - 0.25 * float(smoothstep(5, 9, person.skin_tone)))
            * (1 - 0.06 * np.clip(noise(outward, 3), 0, 2))[:, None]
        )
        sclera = sclera * (1 - smoothstep(0.7, 1.2, angle)[:, None] * rgb(0.20, 0.42, 0.42))
        spokes = noise(np.stack([np.cos(around) * 6, np.sin(around) * 6, angle * 2], -1), 2, shift=3.0 * side)
        iris = 0.8 * _IRIS_ALBEDO[person.iris] * (1 + 0.35 * spokes)[:, None]
        iris = iris * (1.35 - 0.9 * smoothstep(0.25, regions.IRIS_ANGLE, angle))[:, None]
        in_sclera = smoothstep(regions.IRIS_ANGLE - 0.03, regions.IRIS_ANGLE + 0.035, angle)[:, None]
        colour = iris * (1 - in_sclera) + sclera * in_sclera
        colour *= 1 - 0.55 * bump(angle, regions.IRIS_ANGLE, 0.03)[:, None]
        outside_pupil = smoothstep(regions.PUPIL_ANGLE - 0.02, regions.PUPIL_ANGLE + 0.02, angle)[:, None]
        # The upper lid and its lashes always shade the top of the eyeball.
        lid_shade = 1 - 0.55 * smoothstep(0.10, 0.60, outward[:, 1])[:, None]
        material.albedo[rows] = (0.004 * (1 - outside_pupil) + colour * outside_pupil) * lid_shade
        material.specular[rows], material.gloss[rows], material.scatter[rows] = 1.2, 260, 0.35


def _shade_mouth(hits: Hits, material: Material) -> None:
    teeth = np.flatnonzero((hits.part == geometry.UPPER_TEETH) | (hits.part == geometry.LOWER_TEETH))
    if len(teeth):
        canonical = hits.canonical[teeth]
        between = np.abs((canonical[:, 0] / 0.075 + 0.5) % 1 - 0.5)
        gaps = 1 - 0.35 * bump(between, 0, 0.07)
        material.albedo[teeth] = rgb(0.82, 0.75, 0.62) * (gaps * (1 + 0.05 * noise(canonical, 10)))[:, None]
        material.specular[teeth], material.gloss[teeth] = 0.6, 60
    tongue = hits.part == geometry.TONGUE
    material.albedo[tongue] = rgb(0.42, 0.13, 0.13)
    material.specular[tongue], material.gloss[tongue] = 0.4, 30


def _shade_things(hits: Hits, material: Material, person: Person, shot: Shot) -> None:
    """Headwear, earrings and occluders; folds and weave of the cloth bend its normals."""
    look = wearables_look(person)
    cloth = np.flatnonzero(hits.part == scene.HEADWEAR)
    if len(cloth):
        place = hits.position[cloth]
        material.albedo[cloth] = look.cloth * (1 + 0.08 * noise(place, 22, octaves=2))[:, None]
        hits.normal[cloth] = normalised(hits.normal[cloth] - 0.06 * noise_gradient(place, 2.6, 0.02, shift=11))
    metal = hits.part == scene.EARRING
    material.albedo[metal], material.specular[metal], material.gloss[metal] = look.metal * 0.6, 2.5, 40
    hand = np.flatnonzero(hits.part == scene.HAND)
    if len(hand):
        mottled = 1 + 0.06 * noise(hits.position[hand], 4, octaves=3)
        material.albedo[hand] = skin.base_albedo(person.skin_tone) * mottled[:, None]
        material.specular[hand], material.scatter[hand] = 0.3, 1
    thing = hits.part == scene.OBJECT
    material.albedo[thing] = object_colour(shot)
    material.specular[thing], material.gloss[thing] = 0.8, 60


def _shade_strands(hits: Hits, material: Material, rows: np.ndarray, person: Person) -> None:
    """Strand colours: lighter tips, darker roots, every strand a little different; normals turned to the camera."""
    if not len(rows):
        return
    along, across, own = hits.strand[rows].T
    is_brow = hits.part[rows] == scene.EYEBROW_HAIR
    colour = np.where(is_brow[:, None], brow_albedo(person), HAIR_ALBEDO[person.hair_colour])
    vary = (0.84 + 0.32 * own) * (1 + 0.10 * np.sin(across * 3 + own * 40) * ~is_brow)
    vary *= 0.75 + 0.25 * smoothstep(0, 0.3, along)
    if person.hair_colour not in ("black", "dark"):
        vary *= 0.88 + 0.24 * along
    if person.hair_colour == "grey":
        vary = vary * np.where((own * 7) % 1 < 0.4, 0.6, 1.1)
    material.albedo[rows] = colour * vary[:, None]
    turned_away = rows[dot(hits.facing[rows], hits.normal[rows]) < 0]
    hits.normal[turned_away] *= -1
