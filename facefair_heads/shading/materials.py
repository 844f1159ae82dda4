"""Label and material of every hit: what is at a point, and how it reflects light.

Labels come first and never depend on colour: changing a person's skin tone changes no label.
"""

from __future__ import annotations

import numpy as np
import warp as wp

from facefair_heads.geometry import head_mesh, regions, scene
from facefair_heads.geometry.accessories import glasses_look
from facefair_heads.geometry.occluders import object_colour
from facefair_heads.geometry.wearables import wearables_look
from facefair_heads.numerics import rgb, smoothstep
from facefair_heads.people.label_rules import LabelRules
from facefair_heads.people.person import Person
from facefair_heads.people.shots import Shot
from facefair_heads.shading import skin
from facefair_heads.shading.material_shading import (
    EyeLook,
    PartLook,
    StrandLook,
    shade_eyes,
    shade_parts,
    shade_strands,
)
from facefair_heads.shading.noise import noise_volume
from facefair_heads.shading.rays import Hits
from facefair_heads.shading.skin_shading import shade_skin
from facefair_heads.shading.surface import HitPoints, Surface, empty_surface, hit_points
from facefair_heads.warp_runtime import current_device, scalars, vectors
from facefair_lib.settings.labels import INDEX

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
    head_mesh.LEFT_EYE: "eyes", head_mesh.RIGHT_EYE: "eyes", head_mesh.UPPER_TEETH: "teeth",
    head_mesh.LOWER_TEETH: "teeth", head_mesh.TONGUE: "lips", scene.HAIR: "hair", scene.FACIAL_HAIR: "facial_hair",
    scene.EYEBROW_HAIR: "eyebrows", scene.FRAME: "specs", scene.HEADWEAR: "background", scene.EARRING: "background",
    scene.HAND: "background", scene.OBJECT: "background", scene.SCARF: "background",
}  # fmt: skip
_PART_COUNT = scene.SCARF + 1


def brow_albedo(person: Person) -> np.ndarray:
    """Linear albedo (3,) of the brows; faint ones come close to the skin's."""
    skin_below, strength = skin.base_albedo(person.skin_tone), person.brow.strength
    return strength * _brow_hair_albedo(person) + (1 - strength) * skin_below


def _brow_hair_albedo(person: Person) -> np.ndarray:
    """The hairs' own: darker than fair hair; grey heads often keep some colour there."""
    if person.hair_colour in ("blond", "light_blond"):
        return HAIR_ALBEDO["brown"] * 1.4
    if person.hair_colour in ("grey", "white") and person.skin_tone > 5:
        return HAIR_ALBEDO["dark"] * 0.9
    # Never lighter than the skin below, however dark that is.
    limit = 0.75 * float(skin.base_albedo(person.skin_tone).mean()) if person.skin_tone > 6 else 1.0
    colour = HAIR_ALBEDO[person.hair_colour] * 0.9
    return colour * min(1.0, limit / float(colour.mean()))


def shade_hits(
    hits: Hits, cavity: np.ndarray, person: Person, shot: Shot, rules: LabelRules
) -> tuple[np.ndarray, Surface]:
    """Label and colour what was hit.

    Parameters
    ----------
    cavity : (H,) int8, cavity of each hit's triangle

    Returns
    -------
    label : (H,) uint8
    surface : see ``Surface``; its normals are those of ``hits``, bent where the surface is rough
    """
    label = _part_labels(rules)[hits.part]
    surface = empty_surface(len(hits.ray))
    points = hit_points(hits.part, hits.normal, hits.canonical)
    volume = noise_volume(current_device())
    eye = (hits.part == head_mesh.LEFT_EYE) | (hits.part == head_mesh.RIGHT_EYE)
    on_skin = hits.part == head_mesh.SKIN
    _shade_skin(hits, cavity, points, person, rules, label, surface)
    for chosen, kernel, look in (
        (eye, shade_eyes, _eye_look(person)),
        (~(on_skin | eye | hits.is_strand), shade_parts, _part_look(person, shot)),
    ):
        rows = np.flatnonzero(chosen).astype(np.int32)
        if len(rows):
            wp.launch(kernel, len(rows), [scalars(rows, wp.int32), points, look, volume, surface])
    strands = np.flatnonzero(hits.is_strand).astype(np.int32)
    if len(strands):
        inputs = [scalars(strands, wp.int32), points, vectors(hits.facing), vectors(hits.strand)]
        wp.launch(shade_strands, len(strands), [*inputs, _strand_look(person), surface])
    return label, surface


def _part_labels(rules: LabelRules) -> np.ndarray:
    """Class index by part number, (17,) uint8; that of skin is "face" until its fields are known."""
    label = np.full(_PART_COUNT, INDEX["face"], np.uint8)
    for part, name in _PART_LABEL.items():
        label[part] = INDEX[name]
    label[scene.HEADWEAR], label[scene.EARRING] = INDEX[rules.headwear], INDEX[rules.jewellery]
    return label


def _shade_skin(
    hits: Hits,
    cavity: np.ndarray,
    points: HitPoints,
    person: Person,
    rules: LabelRules,
    label: np.ndarray,
    surface: Surface,
) -> None:
    """Label and colour the hits of the skin, in place."""
    rows = np.flatnonzero(hits.part == head_mesh.SKIN)
    if not len(rows):
        return
    fields = skin.skin_fields(hits.canonical[rows], hits.masks[rows], cavity[rows], person)
    label[rows] = skin.skin_labels(fields, person, rules)
    # Headwear should cover all skin inside it; a little pokes through, for example where the jaw folds.
    covered = regions.headwear(fields.canonical, person.headwear) > 0.03
    label[rows[covered]] = INDEX[rules.headwear]
    cloth = wearables_look(person).cloth
    look = skin.skin_look(person, HAIR_ALBEDO[person.hair_colour], brow_albedo(person), cloth)
    skin_hits = skin.skin_points(rows, fields, covered, person)
    volume = noise_volume(current_device())
    wp.launch(shade_skin, len(rows), [points, skin_hits, look, volume, surface])


def _eye_look(person: Person) -> EyeLook:
    look = EyeLook()
    look.iris = wp.vec3(*map(float, 0.8 * _IRIS_ALBEDO[person.iris]))
    look.sclera = wp.vec3(*map(float, _SCLERA_ALBEDO * (1 - 0.25 * float(smoothstep(5, 9, person.skin_tone)))))
    return look


def _strand_look(person: Person) -> StrandLook:
    look = StrandLook()
    look.hair, look.brow = (
        wp.vec3(*map(float, colour)) for colour in (HAIR_ALBEDO[person.hair_colour], brow_albedo(person))
    )
    look.lightened = float(person.hair_colour not in ("black", "dark"))  # tips bleached by the sun
    look.greying = int(person.hair_colour == "grey")
    return look


def _part_look(person: Person, shot: Shot) -> PartLook:
    """Albedo, (specular, gloss, scatter) and mottling (frequency, strength, octaves) of every whole part."""
    wearables, tooth = wearables_look(person), (rgb(0.82, 0.75, 0.62), (0.6, 60, 0), (10, 0.05, 1))
    table = {
        head_mesh.UPPER_TEETH: tooth,
        head_mesh.LOWER_TEETH: tooth,
        head_mesh.TONGUE: (rgb(0.42, 0.13, 0.13), (0.4, 30, 0), (0, 0, 1)),
        scene.FRAME: (glasses_look(person).frame_colour, (1.2, 60, 0), (0, 0, 1)),
        scene.HEADWEAR: (wearables.cloth, (0, 20, 0), (22, 0.08, 2)),
        scene.SCARF: (wearables.scarf, (0, 20, 0), (22, 0.08, 2)),
        scene.EARRING: (wearables.metal * 0.6, (2.5, 40, 0), (0, 0, 1)),
        # A hand in front of the face is the person's own: as light, red and glossy as the cheek behind it.
        scene.HAND: (skin.hand_albedo(person.skin_tone), (0.25, skin.sharpness(person.skin_tone), 1), (4, 0.06, 3)),
        scene.OBJECT: (object_colour(shot), (0.8, 60, 0), (0, 0, 1)),
    }
    values = np.zeros((3, _PART_COUNT, 3), np.float32)
    for part, row in table.items():
        values[:, part] = row
    look = PartLook()
    look.albedo, look.shine, look.mottling = map(vectors, values)
    look.stripe = wp.vec3(*map(float, wearables.stripe))
    return look
