"""Skin: labels, colour and relief as functions of the canonical position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_lib.heads import regions
from facefair_lib.heads.label_rules import MUT1NY_RULES, LabelRules
from facefair_lib.heads.noise import noise, noise_gradient
from facefair_lib.heads.numerics import bump, dot, normalised, rgb, smoothstep, srgb_to_linear
from facefair_lib.heads.people import Person
from facefair_lib.labels import INDEX

MONK_SCALE = (
    "f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420",
)  # fmt: skip
"""sRGB colours of the ten tones. Source: E. Monk, "Monk Skin Tone Scale", 2019, skintone.google."""


@dataclass(frozen=True)
class SkinFields:
    """Everything that labels and colours of skin hits are functions of; (K,) float32 unless said otherwise.

    ``canonical`` (K, 3); ``cavity`` (K,) int8; ``hair``, ``beard``, ``brow``, ``clothes`` are the fields of ``regions``
    with their edges roughened; ``painted_hair`` is the opacity of hair painted on the scalp.
    """

    canonical: np.ndarray
    cavity: np.ndarray
    lips: np.ndarray
    ears: np.ndarray
    eyelids: np.ndarray
    hair: np.ndarray
    beard: np.ndarray
    brow: np.ndarray
    clothes: np.ndarray
    painted_hair: np.ndarray


def skin_fields(canonical: np.ndarray, masks: np.ndarray, cavity: np.ndarray, person: Person) -> SkinFields:
    """Evaluate all regions at skin hits; ``masks`` (K, 3) are lips, ears and eyelids there."""
    lips, ears, eyelids = masks.T
    hairline = regions.hair(canonical, person.recession)
    style = "full" if person.facial_hair == "stubble" else person.facial_hair
    beard = regions.facial_hair(canonical, style)
    if person.facial_hair != "none":
        beard = beard + 0.2 * noise(canonical, 9, shift=5)
    outer = (ears <= 0.5) & (cavity == 0)
    painted = smoothstep(0.0, 1.2, hairline + 0.35 * noise(canonical, 14, shift=3)) * outer
    painted *= {"bald": 0.08 if person.gender == "male" else 0.0, "buzz": 0.82}.get(person.hair, 1.0)
    return SkinFields(
        canonical=canonical,
        cavity=cavity,
        lips=lips,
        ears=ears,
        eyelids=eyelids,
        hair=hairline + 0.35 * noise(canonical, 7, shift=3),
        beard=beard,
        brow=regions.eyebrow(canonical, person.brow)[0],
        clothes=regions.clothes(canonical, person.clothing),
        painted_hair=painted,
    )


def skin_labels(fields: SkinFields, person: Person, rules: LabelRules = MUT1NY_RULES) -> np.ndarray:
    """Class of each skin hit, (K,) uint8; later rules win over earlier ones."""
    label = np.full(len(fields.canonical), INDEX["face"], np.uint8)
    nose, ear, outer = regions.nose(fields.canonical) > 0, fields.ears > 0.5, fields.cavity == 0
    lips = (fields.lips > 0.5) | (fields.cavity == 1)
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

    The swatches are pictures of lit skin, not reflectances: they are darkened, and shifted toward red, strongest for
    light tones whose swatches are paler than blood-filled skin.
    """
    swatches = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in MONK_SCALE]) / 255
    colour = np.array([np.interp(tone, np.arange(1, 11), channel) for channel in srgb_to_linear(swatches).T])
    darkness = np.clip((tone - 4.5) / 2, 0, 1)
    blood = rgb(1.08, 0.80, 0.66) * (1 - darkness) + rgb(1.12, 0.92, 0.82) * darkness
    # The two darkest swatches are nearly grey, which skin never is.
    blood = blood + rgb(0.45, 0.10, -0.08) * np.clip((tone - 7.5) / 1.5, 0, 1)
    return (0.74 * colour * blood).astype(np.float32)


def _mix(colour: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    return colour * (1 - share[:, None]) + other * share[:, None]


def skin_albedo(fields: SkinFields, person: Person, hair: np.ndarray, brow: np.ndarray) -> np.ndarray:
    """Linear colour of each skin hit, (K, 3): skin with its blotches, lips, painted hair and brows, clothes."""
    base = base_albedo(person.skin_tone)
    brightness = float(np.clip(base.mean() / 0.5, 0.05, 1))
    canonical = fields.canonical
    mottled, fine = noise(canonical, 5, octaves=3), noise(canonical, 26, shift=9, octaves=2)
    albedo = base * _blotches(fields, mottled, fine, person, brightness)
    albedo = _paint_beard(albedo, fields, person, hair)
    albedo = _paint_lips(albedo, fields, person, base, brightness)
    albedo[fields.cavity == 1] = rgb(0.22, 0.04, 0.04) * (0.2 + 0.8 * brightness)
    albedo[fields.cavity == 2] = rgb(0.14, 0.06, 0.05)
    rough_brow = fields.brow + 0.5 * noise(canonical, (54, 34, 0))
    albedo = _mix(albedo, brow, smoothstep(-0.5, 1.6, rough_brow) * 0.75)
    painted = fields.painted_hair
    if person.hair == "buzz":
        painted = painted * (1 - 0.25 * np.clip(noise(canonical, 70), 0, 1))
    if person.hair == "cornrows":
        painted = painted * (0.35 + 0.65 * smoothstep(0.15, 0.5, regions.cornrows(canonical)[0]))
    albedo = _mix(albedo, hair * (0.75 + 0.15 * fine)[:, None], painted)
    covered = fields.clothes > 0
    if covered.any():
        albedo[covered] = _cloth(canonical[covered], fields.clothes[covered], person)
    return albedo


def _blotches(fields: SkinFields, mottled, fine, person: Person, brightness: float) -> np.ndarray:
    """Colour factors (K, 3): redness, shadows under the eyes, make-up, freckles and moles."""
    x, y, z = np.abs(fields.canonical[:, 0]), fields.canonical[:, 1], fields.canonical[:, 2]
    redness = 0.9 * bump(x, 0.42, 0.2) * bump(y, 6.95, 0.2) + 0.7 * bump(x, 0, 0.14) * bump(y, 6.9, 0.1) * (z > 1.2)
    redness = redness + 0.6 * (fields.ears > 0.5) + 0.10 * np.clip(mottled, -1, 2)
    factor = 1 + rgb(0.10, -0.14, -0.14) * redness[:, None] * (0.35 + 0.65 * brightness)
    factor *= (1 + 0.05 * mottled + 0.045 * fine)[:, None]
    old = float(smoothstep(25, 80, person.age))
    if old > 0:  # creases are dark, old skin is spotted
        spots = smoothstep(1.3, 2.1, noise(fields.canonical, 13, shift=41, octaves=2))
        creases = np.exp(-((_fold(x, y) / 0.03) ** 2)) + 0.7 * np.exp(-((_bag(x, y) / 0.02) ** 2))
        factor *= 1 - old * (0.22 * np.minimum(creases, 1) * (z > 0.9) + 0.16 * spots)[:, None] * rgb(0.8, 1, 1)
    under_eye = bump(x, 0.30, 0.16) * bump(y, 7.16, 0.05) * (z > 1)
    factor *= 1 - (0.10 + 0.12 * (person.age > 42)) * under_eye[:, None] * rgb(0.7, 1, 0.9)
    lid = bump(x, 0.30, 0.17) * bump(y, 7.375, 0.035) * (z > 1)
    factor *= 1 - (0.16 + 0.5 * person.eye_makeup) * lid[:, None] * rgb(0.8, 1, 1)
    factor *= 1 - (0.22 + 0.3 * person.eye_makeup) * smoothstep(0.6, 1.0, fields.eyelids)[:, None]
    if person.freckles > 0.25 and person.skin_tone < 5:
        spots = smoothstep(1.1, 1.9, noise(fields.canonical, 34, shift=21)) * bump(x, 0.25, 0.35) * bump(y, 7, 0.25)
        factor *= 1 - 0.45 * person.freckles * spots[:, None] * rgb(0.5, 0.8, 1)
    moles = smoothstep(2.2, 2.6, noise(fields.canonical, 9, shift=33 + person.seed % 64))
    return factor * (1 - 0.5 * moles[:, None])


def _paint_beard(albedo: np.ndarray, fields: SkinFields, person: Person, hair: np.ndarray) -> np.ndarray:
    bare = (fields.lips <= 0.5) & (fields.cavity == 0)
    if person.facial_hair != "none":
        density = (0.45 if person.facial_hair == "stubble" else 0.8) * smoothstep(0, 1, fields.beard) * bare
        density *= 0.75 + 0.35 * np.clip(0.6 * noise(fields.canonical, 60, shift=2) + 0.4, 0, 1)
        return _mix(albedo, 1.3 * hair, density)
    if person.gender == "male":  # the bluish shadow of a shaved beard
        shaved = smoothstep(0, 1.5, regions.facial_hair(fields.canonical, "full")) * bare
        return albedo * (1 - 0.14 * shaved[:, None] * rgb(1, 0.85, 0.75))
    return albedo


def _paint_lips(albedo, fields: SkinFields, person: Person, base: np.ndarray, brightness: float) -> np.ndarray:
    natural = base * rgb(1.0, 0.62, 0.60) * (0.74 if person.skin_tone < 6 else 0.85)
    painted = rgb(*person.lip_colour) * brightness**0.75
    colour = natural * (1 - 0.8 * person.lip_strength) + painted * 0.8 * person.lip_strength
    creases = 1 + 0.12 * noise(fields.canonical, (90, 15, 30))
    return _mix(albedo, colour * creases[:, None], smoothstep(0.3, 0.75, fields.lips))


def _cloth(canonical: np.ndarray, inside: np.ndarray, person: Person) -> np.ndarray:
    colour = np.tile(rgb(*person.clothing.colour), (len(canonical), 1))
    if person.clothing.pattern == "stripes":
        colour[(canonical[:, 1] * 5) % 1 < 0.35] *= 0.45
    elif person.clothing.pattern == "melange":
        colour *= (1 + 0.12 * np.clip(noise(canonical, 40, shift=50, octaves=2), -2, 2))[:, None]
    elif person.clothing.pattern == "checks":
        colour[(canonical[:, 1] * 4) % 1 < 0.4] *= 0.6
        colour[(canonical[:, 0] * 4) % 1 < 0.4] *= 0.6
    elif person.clothing.pattern in ("suit", "shirt"):
        colour = _opened(colour, canonical, person)
    if person.clothing.pattern not in ("suit", "shirt"):  # a ribbed hem around the neck
        ribs = 0.5 + 0.5 * np.cos(np.arctan2(canonical[:, 0], canonical[:, 2] - 0.28) * 90)
        hem = smoothstep(2.6, 2.2, inside)
        colour = colour * (1 - hem * (0.16 + 0.10 * ribs) - 0.3 * bump(inside, 2.5, 0.22))[:, None]
    return colour * (1 + 0.05 * noise(canonical, 30))[:, None]


def _opened(colour: np.ndarray, canonical: np.ndarray, person: Person) -> np.ndarray:
    """A jacket over a white shirt with a tie, or a shirt with a placket and a lighter collar."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    front, below = z > 0.3, 6.0 - y
    if person.clothing.pattern == "shirt":
        colour[front & (x < 0.045)] *= 0.8
        colour[(below < 0.42) | (front & (np.abs(x - 0.7 * below + 0.12) < 0.03))] *= 1.25
        return np.clip(colour, 0, 0.9)
    shirt = front & (x < 0.62 - 0.38 * below)
    lapel = front & ~shirt & (x < 0.85 - 0.38 * below)
    colour = np.minimum(colour, 0.08 + 0.25 * colour)
    colour[lapel] *= 0.7
    colour[shirt] = (0.75, 0.75, 0.77)
    colour[shirt & (x < 0.05 + 0.05 * below)] = np.array(person.clothing.colour) * (0.9, 0.35, 0.4)
    return colour


def skin_gloss(fields: SkinFields, person: Person) -> tuple[np.ndarray, np.ndarray]:
    """Strength and sharpness of the highlight at each skin hit, each (K,)."""
    oily = 0.6 + 0.4 * bump(fields.canonical[:, 0], 0, 0.25) * (fields.canonical[:, 1] > 6.7)
    strength = 0.42 * oily * (1 + 0.12 * noise(fields.canonical, 26, shift=9))
    strength = np.where(fields.painted_hair > 0.5, 0.05, strength)
    lips = fields.lips > 0.5
    strength = np.where(fields.clothes > 0, 0, np.where(lips, 0.5, strength))
    # Dark skin shows its highlights most; broad ones look like skin, sharp ones like wet plastic.
    sharpness = 22 - 10 * np.clip((person.skin_tone - 5) / 4, 0, 1)
    return strength, np.where(lips, 40, sharpness)


def rough_normals(fields: SkinFields, normals: np.ndarray, person: Person) -> np.ndarray:
    """Bend normals (K, 3) by pores, wrinkles and folds of cloth."""
    relief = np.zeros_like(normals)
    skin = np.flatnonzero((fields.clothes <= 0) & (fields.cavity == 0))
    old = float(smoothstep(35, 90, person.age))
    pores = 0.0007 * (1 + 0.8 * (person.age > 50)) * (1 - 0.5 * np.clip((person.skin_tone - 5) / 4, 0, 1))
    relief[skin] = pores * noise_gradient(fields.canonical[skin], 38, 0.005, shift=3)
    if old > 0:
        relief[skin, :2] += old * _wrinkles(fields.canonical[skin])
    if person.hair == "cornrows":
        rows = np.flatnonzero((fields.painted_hair > 0.3) & (fields.clothes <= 0))
        relief[rows, 0] -= 0.8 * regions.cornrows(fields.canonical[rows])[1]
    cloth = np.flatnonzero(fields.clothes > 0)
    if len(cloth):
        relief[cloth] = 0.07 * noise_gradient(fields.canonical[cloth], 2.2, 0.02, shift=7)
    return normalised(normals - relief + dot(relief, normals)[:, None] * normals)


def _fold(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance across the fold from the nose's wing to beside the mouth's corner, decimetres; 9 beyond its ends."""
    across = (x - 0.205) * 0.85 + (y - 6.88) * 0.53
    along = (x - 0.205) * 0.53 - (y - 6.88) * 0.85
    return np.where((along > 0) & (along < 0.42), across + 0.5 * (along - 0.2) ** 2, 9)


def _bag(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance below the crease under the eye, decimetres."""
    return np.where(np.abs(x - 0.3) < 0.17, 7.135 - 0.9 * (x - 0.3) ** 2 - y, 9)


def _wrinkles(canonical: np.ndarray) -> np.ndarray:
    """Slopes (K, 2) along x and y: lines of forehead, brow and neck, crow's feet, folds beside the mouth, bags."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    waving = 0.03 * noise(canonical, (3, 0.9, 3))
    forehead = bump(y, 7.72, 0.14) * bump(x, 0, 0.5) * (z > 0.9)
    upward = 0.22 * forehead * np.cos((y + waving) * 2 * np.pi / 0.085)
    feet = bump(x, 0.58, 0.08) * bump(y, 7.27, 0.1)
    upward += 0.28 * feet * np.cos((y - (x - 0.5) * (y - 7.27) * 3) * 2 * np.pi / 0.05)
    upward += 0.12 * (y < 6.05) * (z > 0.4) * np.cos((y + 2 * waving) * 2 * np.pi / 0.16)
    sideways = 0.25 * bump(x, 0.06, 0.035) * bump(y, 7.44, 0.09) * np.sin((x - 0.06) * 2 * np.pi / 0.07) * (z > 1)
    fold, bag = _fold(x, y) / 0.035, _bag(x, y) / 0.025
    crease = 0.8 * fold * np.exp(-(fold**2)) * (z > 0.9)
    upward += 0.53 * crease - 0.5 * bag * np.exp(-(bag**2)) * (z > 0.9)
    return np.stack([(sideways + 0.85 * crease) * np.sign(canonical[:, 0]), upward], -1)
