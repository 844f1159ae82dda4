"""Skin: tones, labels and everything its kernel (``skin_shading``) reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.geometry import regions
from facefair_heads.numerics import rgb, smoothstep, srgb_to_linear, stream
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules
from facefair_heads.people.person import PATTERNS, Person
from facefair_heads.shading.noise import NOISE_LIMIT, noise
from facefair_heads.shading.skin_shading import SkinLook, SkinPoints
from facefair_heads.warp_runtime import scalars, vectors
from facefair_lib.settings.labels import INDEX

MONK_SCALE = (
    "f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420",
)  # fmt: skip
"""sRGB colours of the ten tones. Source: E. Monk, "Monk Skin Tone Scale", 2019, skintone.google."""
# Inks of printed cloth, sRGB, and their least distance from the cloth in some channel, linear.
_INKS = ((0.93, 0.93, 0.90), (0.06, 0.06, 0.07), (0.80, 0.10, 0.12), (0.95, 0.78, 0.15), (0.12, 0.35, 0.70))
_INK_CONTRAST = 0.15
_HAIR_ROUGHNESS, _BEARD_ROUGHNESS = 0.35, 0.2  # how far noise moves the edges of hair and beard


@dataclass(frozen=True)
class SkinFields:
    """What decides labels and colours of skin hits; (K,) float unless said otherwise.

    ``canonical`` and ``masks`` (lips, ears, eyelids) (K, 3); ``cavity`` (K,) int8. ``hairline``, ``beard``, ``brow``
    and ``clothes`` are the fields of ``regions``; ``hair`` is the hairline with its edge roughened, as the beard's is.
    Where no beard grows, ``beard`` is the region that is shaved.
    """

    canonical: np.ndarray
    masks: np.ndarray
    cavity: np.ndarray
    hairline: np.ndarray
    hair: np.ndarray
    beard: np.ndarray
    brow: np.ndarray
    clothes: np.ndarray


def skin_fields(canonical: np.ndarray, masks: np.ndarray, cavity: np.ndarray, person: Person) -> SkinFields:
    """Evaluate all regions at skin hits; ``masks`` (K, 3) are lips, ears and eyelids there."""
    canonical = np.asfortranarray(canonical)  # the regions read one column at a time
    hairline = regions.hair(canonical, person.recession)
    style = {"stubble": "full", "none": "full" if person.gender == "male" else "none"}
    beard = regions.facial_hair(canonical, style.get(person.facial_hair, person.facial_hair))
    if person.facial_hair != "none":
        beard = _roughened(beard, canonical, (0, 1), _BEARD_ROUGHNESS, frequency=9, shift=5)
    return SkinFields(
        canonical=canonical,
        masks=masks,
        cavity=cavity,
        hairline=hairline,
        hair=_roughened(hairline, canonical, (0.5, 0.5), _HAIR_ROUGHNESS, frequency=7, shift=3),
        beard=beard,
        brow=regions.eyebrow(canonical, person.brow)[0],
        clothes=regions.clothes(canonical, person.clothing),
    )


def _roughened(
    field: np.ndarray,
    canonical: np.ndarray,
    edge: tuple[float, float],
    strength: float,
    *,
    frequency: float,
    shift: float,
) -> np.ndarray:
    """Move a field by noise where that can matter: near the values at which its edge begins and ends."""
    reach = strength * NOISE_LIMIT
    near = np.flatnonzero((field > edge[0] - reach) & (field < edge[1] + reach))
    rough = field.copy()
    rough[near] += strength * noise(canonical[near], frequency, shift=shift)
    return rough


def skin_labels(fields: SkinFields, person: Person, rules: LabelRules = MUT1NY_RULES) -> np.ndarray:
    """Class of each skin hit, (K,) uint8; later rules win over earlier ones."""
    label = np.full(len(fields.canonical), INDEX["face"], np.uint8)
    nose, ear, outer = regions.nose(fields.canonical) > 0, fields.masks[:, 1] > 0.5, fields.cavity == 0
    lips = (fields.masks[:, 0] > 0.5) | (fields.cavity == 1)
    label[nose] = INDEX["nose"]
    label[ear] = INDEX["ears"]
    label[lips] = INDEX["lips"]
    label[(fields.brow > 0.6) & ~lips] = INDEX["eyebrows"]
    if person.hair != "bald":
        label[(fields.hair > 0.5) & ~ear & outer] = INDEX["hair"]
    if rules.neck == "background":
        label[(regions.neck(fields.canonical) > 0) & outer & (label == INDEX["face"])] = INDEX["background"]
    if person.facial_hair not in ("none", "stubble" if rules.stubble == "face" else ""):
        label[(fields.beard > 0.5) & ~lips & ~ear & ~nose & outer] = INDEX["facial_hair"]
    label[fields.clothes > 0] = INDEX["background"]
    return label


def base_albedo(tone: float) -> np.ndarray:
    """Linear albedo of a Monk tone.

    The swatches are pictures of lit skin, not reflectances: they are darkened and shifted toward red, most for light
    tones, whose swatches are paler than skin with blood in it.
    """
    swatches = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in MONK_SCALE]) / 255
    colour = np.array([np.interp(tone, np.arange(1, 11), channel) for channel in srgb_to_linear(swatches).T])
    darkness = np.clip((tone - 4.5) / 2, 0, 1)
    blood = rgb(1.08, 0.80, 0.66) * (1 - darkness) + rgb(1.12, 0.92, 0.82) * darkness
    # The two darkest swatches are nearly grey; skin never is.
    blood = blood + rgb(0.45, 0.10, -0.08) * np.clip((tone - 7.5) / 1.5, 0, 1)
    return (0.74 * colour * blood).astype(np.float32)


def skin_look(person: Person, hair: np.ndarray, brow: np.ndarray, headwear: np.ndarray) -> SkinLook:
    """Colours and strengths with which a person's skin is painted; the colours given are linear, (3,)."""
    look, base = SkinLook(), base_albedo(person.skin_tone)
    colours = {
        "base": base, "hair": hair, "brow": brow, "cloth": person.clothing.colour, "headwear": headwear,
        "lips": _lip_colour(person, base),
    }  # fmt: skip
    for name, colour in colours.items():
        setattr(look, name, wp.vec3(*map(float, colour)))
    if person.clothing.pattern == "print":
        _choose_print(look, person, base, hair)
    dark = float(np.clip((person.skin_tone - 5) / 4, 0, 1))
    look.pattern = PATTERNS.index(person.clothing.pattern)
    look.brightness = _brightness(base)
    look.aged, look.wrinkled = (float(smoothstep(young, old, person.age)) for young, old in ((25, 80), (35, 90)))
    look.under_eye = 0.10 + 0.12 * (person.age > 42)
    look.lid, look.lid_edge = 0.16 + 0.5 * person.eye_makeup, 0.22 + 0.3 * person.eye_makeup
    look.freckles = 0.45 * person.freckles * (person.freckles > 0.25 and person.skin_tone < 5)
    look.mole_shift = float(33 + person.seed % 64)
    look.beard = {"none": 0.0, "stubble": 0.45}.get(person.facial_hair, 0.8)
    look.shaved = 0.14 * (person.facial_hair == "none" and person.gender == "male")
    look.painted = {"bald": 0.08 if person.gender == "male" else 0.0, "buzz": 0.82}.get(person.hair, 1.0)
    look.buzzed = float(person.hair == "buzz")
    look.pores = 0.0007 * (1 + 0.8 * (person.age > 50)) * (1 - 0.5 * dark)
    look.sharpness = sharpness(person.skin_tone)
    return look


def _choose_print(look: SkinLook, person: Person, base: np.ndarray, hair: np.ndarray) -> None:
    """Draw motif and inks of printed cloth; some are the colours of the person's skin and hair."""
    random = stream(person.seed, "print")
    look.motif, look.motif_size = int(random.integers(3)), float(random.uniform(0.25, 0.8))
    inks = [base, hair, *(srgb_to_linear(rgb(*ink)) for ink in _INKS)]
    drawn = [inks[k] for k in random.permutation(len(inks))]
    far = [ink for ink in drawn if np.abs(ink - person.clothing.colour).max() > _INK_CONTRAST]
    look.first_ink, look.second_ink = (wp.vec3(*map(float, ink)) for ink in far[:2])


def sharpness(tone: float) -> float:
    """Sharpness of the highlights on the skin of a Monk tone."""
    # Highlights show most on dark skin; broad ones look like skin, sharp ones like wet plastic.
    return 22 - 10 * float(np.clip((tone - 5) / 4, 0, 1))


def hand_albedo(tone: float) -> np.ndarray:
    """Linear albedo of hands: a little redder than the base, as the face is by its blotches."""
    base = base_albedo(tone)
    return base * (1 + rgb(0.10, -0.14, -0.14) * 0.4 * (0.35 + 0.65 * _brightness(base)))


def _brightness(base: np.ndarray) -> float:
    return float(np.clip(base.mean() / 0.5, 0.05, 1))


def _lip_colour(person: Person, base: np.ndarray) -> np.ndarray:
    natural = base * rgb(1.0, 0.62, 0.60) * float(np.interp(person.skin_tone, (4.5, 7.5), (0.68, 0.85)))
    painted = rgb(*person.lip_colour) * _brightness(base) ** 0.75
    return natural * (1 - 0.8 * person.lip_strength) + painted * 0.8 * person.lip_strength


def skin_points(rows: np.ndarray, fields: SkinFields, covered: np.ndarray, person: Person) -> SkinPoints:
    """Hand the fields of the skin's hits to Warp.

    Parameters
    ----------
    rows : (K,) their numbers among all hits
    covered : (K,) bool, skin to be coloured as the headwear over it
    """
    points = SkinPoints()
    points.row = scalars(rows.astype(np.int32), wp.int32)
    points.masks = vectors(fields.masks)
    points.cavity = scalars(fields.cavity, wp.int8)
    points.covered = scalars(covered.astype(np.int8), wp.int8)
    for name in ("hairline", "beard", "brow", "clothes"):
        setattr(points, name, scalars(getattr(fields, name).astype(np.float32)))
    braid = np.stack(regions.cornrows(fields.canonical), -1) if person.hair == "cornrows" else np.zeros((0, 2))
    points.braid = wp.array(braid.astype(np.float32), dtype=wp.vec2)
    return points
