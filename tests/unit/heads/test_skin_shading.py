"""The skin's kernel against the same formulas written once more, in float64 and for one point at a time."""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache

import numpy as np
import pytest
import warp as wp
from scipy.ndimage import map_coordinates

from facefair_heads.geometry.head_mesh import SKIN, head_template
from facefair_heads.people.person import Clothing
from facefair_heads.people.population import sample_person
from facefair_heads.shading import skin
from facefair_heads.shading.materials import HAIR_ALBEDO, brow_albedo
from facefair_heads.shading.noise import NOISE_LIMIT, noise, noise_volume
from facefair_heads.shading.skin_shading import shade_skin
from facefair_heads.shading.surface import empty_surface, hit_points

HEADWEAR = (0.3, 0.2, 0.1)
PEOPLE = {
    "stubble": sample_person(3, group="caucasian", gender="male", age=70, hair="short", facial_hair="stubble"),
    "shaved": sample_person(5, group="black", gender="male", age=30, hair="buzz", facial_hair="none"),
    "painted lips": dataclasses.replace(
        sample_person(6, group="caucasian", gender="female", age=45, hair="bob"),
        skin_tone=2.0, freckles=0.9, eye_makeup=0.8, lip_colour=(0.5, 0.02, 0.05), lip_strength=0.8,
    ),
    "braided rows": sample_person(7, group="black", gender="female", age=20, hair="cornrows"),
}  # fmt: skip
PATTERNS = ("plain", "stripes", "melange", "checks", "suit", "shirt")


@lru_cache(maxsize=1)
def volume() -> np.ndarray:
    return noise_volume("cpu").numpy().astype(np.float64)


def octaves(point, frequency, shift=0.0, count=1) -> float:
    """Noise by scipy's linear interpolation in the periodic volume."""
    total = 0.0
    for octave in range(count):
        place = np.asarray(point) * frequency * 2.0**octave + shift + 17.3 * octave
        total += 0.5**octave * map_coordinates(volume(), place[:, None], order=1, mode="grid-wrap")[0]
    return float(total)


def slope(point, frequency, shift) -> np.ndarray:
    """Slope of two octaves, by central differences."""
    step = 1e-4 / frequency
    ends = [(np.asarray(point) + step * axis, np.asarray(point) - step * axis) for axis in np.eye(3)]
    return np.array([(octaves(a, frequency, shift, 2) - octaves(b, frequency, shift, 2)) / (2 * step) for a, b in ends])


def rise(low, high, value) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def bell(value, centre, width) -> float:
    return math.exp(-(((value - centre) / width) ** 2))


def mixed(colour, other, share) -> np.ndarray:
    return np.asarray(colour) * (1 - share) + np.asarray(other) * share


def fold_and_bag(x, y) -> tuple[float, float]:
    across, along = (x - 0.205) * 0.85 + (y - 6.88) * 0.53, (x - 0.205) * 0.53 - (y - 6.88) * 0.85
    fold = across + 0.5 * (along - 0.2) ** 2 if 0 < along < 0.42 else 9.0
    return fold, 7.135 - 0.9 * (x - 0.3) ** 2 - y if abs(x - 0.3) < 0.17 else 9.0


def blotches(p, masks, person, brightness) -> np.ndarray:
    x, y, z = abs(p[0]), p[1], p[2]
    mottled, fine = octaves(p, 5, count=3), octaves(p, 26, 9, 2)
    red = 0.9 * bell(x, 0.42, 0.2) * bell(y, 6.95, 0.2) + 0.7 * bell(x, 0, 0.14) * bell(y, 6.9, 0.1) * (z > 1.2)
    red = (red + 0.6 * (masks[1] > 0.5) + 0.10 * np.clip(mottled, -1, 2)) * (0.35 + 0.65 * brightness)
    factor = (1 + np.array([0.10, -0.14, -0.14]) * red) * (1 + 0.05 * mottled + 0.045 * fine)
    fold, bag = fold_and_bag(x, y)
    creases = min(bell(fold, 0, 0.03) + 0.7 * bell(bag, 0, 0.02), 1) * (z > 0.9)
    dark = rise(25, 80, person.age) * (0.22 * creases + 0.16 * rise(1.3, 2.1, octaves(p, 13, 41, 2)))
    factor *= 1 - dark * np.array([0.8, 1, 1])
    under_eye = (0.10 + 0.12 * (person.age > 42)) * bell(x, 0.30, 0.16) * bell(y, 7.16, 0.05) * (z > 1)
    lid = (0.16 + 0.5 * person.eye_makeup) * bell(x, 0.30, 0.17) * bell(y, 7.375, 0.035) * (z > 1)
    factor *= (1 - under_eye * np.array([0.7, 1, 0.9])) * (1 - lid * np.array([0.8, 1, 1]))
    factor *= 1 - (0.22 + 0.3 * person.eye_makeup) * rise(0.6, 1.0, masks[2])
    if person.freckles > 0.25 and person.skin_tone < 5:
        spots = rise(1.1, 1.9, octaves(p, 34, 21)) * bell(x, 0.25, 0.35) * bell(y, 7, 0.25)
        factor *= 1 - 0.45 * person.freckles * spots * np.array([0.5, 0.8, 1])
    return factor * (1 - 0.5 * rise(2.2, 2.6, octaves(p, 9, 33 + person.seed % 64)))


def painted_hair(p, masks, cavity, hairline, person) -> float:
    outer = masks[1] <= 0.5 and cavity == 0
    limit = {"bald": 0.08 if person.gender == "male" else 0.0, "buzz": 0.82}.get(person.hair, 1.0)
    return limit * outer * rise(0, 1.2, hairline + 0.35 * octaves(p, 14, 3))


def skin_colour(p, masks, cavity, fields, braid, person) -> np.ndarray:
    """Blotches, beard, lips, cavities, brow and painted hair, in the order in which they are painted."""
    base = skin.base_albedo(person.skin_tone).astype(np.float64)
    hair = HAIR_ALBEDO[person.hair_colour]
    brightness = float(np.clip(base.mean() / 0.5, 0.05, 1))
    colour = base * blotches(p, masks, person, brightness)
    bare = masks[0] <= 0.5 and cavity == 0
    if person.facial_hair != "none":
        density = {"stubble": 0.45}.get(person.facial_hair, 0.8) * rise(0, 1, fields["beard"]) * bare
        colour = mixed(colour, 1.3 * hair, density * (0.75 + 0.35 * np.clip(0.6 * octaves(p, 60, 2) + 0.4, 0, 1)))
    elif person.gender == "male":
        colour = colour * (1 - 0.14 * rise(0, 1.5, fields["beard"]) * bare * np.array([1, 0.85, 0.75]))
    natural = base * (1.0, 0.62, 0.60) * np.interp(person.skin_tone, (4.5, 7.5), (0.68, 0.85))
    painted = np.array(person.lip_colour) * brightness**0.75
    lips = natural * (1 - 0.8 * person.lip_strength) + painted * 0.8 * person.lip_strength
    colour = mixed(colour, lips * (1 + 0.12 * octaves(p, np.array([90, 15, 30]))), rise(0.3, 0.75, masks[0]))
    colour = {1: np.array([0.22, 0.04, 0.04]) * (0.2 + 0.8 * brightness), 2: np.array([0.14, 0.06, 0.05])}.get(
        cavity, colour
    )
    rough_brow = fields["brow"] + 0.5 * octaves(p, np.array([54, 34, 0]))
    colour = mixed(colour, brow_albedo(person), 0.75 * rise(-0.5, 1.6, rough_brow))
    share = painted_hair(p, masks, cavity, fields["hairline"], person)
    if person.hair == "buzz":
        share *= 1 - 0.25 * np.clip(octaves(p, 70), 0, 1)
    if person.hair == "cornrows":
        share *= 0.35 + 0.65 * rise(0.15, 0.5, braid[0])
    return mixed(colour, hair * (0.75 + 0.15 * octaves(p, 26, 9, 2)), share)


def cloth_colour(p, inside, clothing) -> np.ndarray:
    x, front, below = abs(p[0]), p[2] > 0.3, 6.0 - p[1]
    own = np.array(clothing.colour)
    if clothing.pattern == "shirt":
        colour = own * (0.8 if front and x < 0.045 else 1)
    elif clothing.pattern == "suit":
        shirt, tie = front and x < 0.62 - 0.38 * below, x < 0.05 + 0.05 * below
        jacket = np.minimum(own, 0.08 + 0.25 * own) * (0.7 if front and x < 0.85 - 0.38 * below else 1)
        colour = (own * (0.9, 0.35, 0.4) if tie else np.array([0.75, 0.75, 0.77])) if shirt else jacket
    else:
        colour = (
            own
            * {
                "plain": 1.0,
                "stripes": 0.45 if (p[1] * 5) % 1 < 0.35 else 1.0,
                "checks": (0.6 if (p[1] * 4) % 1 < 0.4 else 1.0) * (0.6 if (p[0] * 4) % 1 < 0.4 else 1.0),
                "melange": 1 + 0.12 * np.clip(octaves(p, 40, 50, 2), -2, 2),
            }[clothing.pattern]
        )
        ribs = 0.5 + 0.5 * math.cos(math.atan2(p[0], p[2] - 0.28) * 90)
        colour = colour * (1 - rise(2.6, 2.2, inside) * (0.16 + 0.10 * ribs) - 0.3 * bell(inside, 2.5, 0.22))
    return colour * (1 + 0.05 * octaves(p, 30))


def wrinkles(p) -> np.ndarray:
    (x, y, z), turn = (abs(p[0]), p[1], p[2]), 2 * math.pi
    waving = 0.03 * octaves(p, np.array([3, 0.9, 3]))
    upward = 0.22 * bell(y, 7.72, 0.14) * bell(x, 0, 0.5) * (z > 0.9) * math.cos((y + waving) * turn / 0.085)
    upward += 0.28 * bell(x, 0.58, 0.08) * bell(y, 7.27, 0.1) * math.cos((y - (x - 0.5) * (y - 7.27) * 3) * turn / 0.05)
    upward += 0.12 * (y < 6.05) * (z > 0.4) * math.cos((y + 2 * waving) * turn / 0.16)
    sideways = 0.25 * bell(x, 0.06, 0.035) * bell(y, 7.44, 0.09) * math.sin((x - 0.06) * turn / 0.07) * (z > 1)
    fold, bag = fold_and_bag(x, y)
    crease = 0.8 * fold / 0.035 * bell(fold, 0, 0.035) * (z > 0.9)
    upward += 0.53 * crease - 0.5 * bag / 0.025 * bell(bag, 0, 0.025) * (z > 0.9)
    return np.array([(sideways + 0.85 * crease) * np.sign(p[0]), upward, 0])


def shaded(points, masks, cavity, person, covered=False):
    """Run the kernel over some points of the skin, and give the fields that it saw."""
    rows = np.arange(len(points))
    fields = skin.skin_fields(points, masks, cavity, person)
    normal = np.tile(np.float32([0, 0.6, 0.8]), (len(points), 1))
    surface = empty_surface(len(points))
    look = skin.skin_look(person, HAIR_ALBEDO[person.hair_colour], brow_albedo(person), np.array(HEADWEAR))
    inputs = skin.skin_points(rows, fields, np.full(len(points), covered), person)
    hits = hit_points(np.zeros(len(points), np.int8), normal, points)
    wp.launch(shade_skin, len(points), [hits, inputs, look, noise_volume("cpu"), surface])
    names = ("normal", "albedo", "specular", "gloss", "scatter")
    return fields, {name: getattr(surface, name).numpy() for name in names}


@pytest.fixture(scope="module")
def places():
    """Points spread over the skin, with their masks; the first three are in cavities."""
    template = head_template()
    chosen = np.flatnonzero(template.part_of_vertex == SKIN)[::450]
    front = np.flatnonzero((template.part_of_vertex == SKIN) & (template.canonical[:, 2] > 1.1))[::120]
    chosen = np.concatenate([chosen, front])
    masks = np.stack([template.masks[name][chosen] for name in ("lips", "ears", "eyelids")], -1)
    cavity = np.zeros(len(chosen), np.int8)
    cavity[:3] = (1, 2, 1)
    return template.canonical[chosen], masks, cavity


@pytest.mark.parametrize("name", PEOPLE)
def test_skin_is_coloured_and_glossy_as_the_formulas_say(places, name):
    points, masks, cavity = places
    person = PEOPLE[name]
    fields, seen = shaded(points, masks, cavity, person)
    braids = np.stack(skin.regions.cornrows(points), -1)
    on_skin = np.flatnonzero(fields.clothes <= 0)
    assert len(on_skin) > 40
    for k in on_skin:
        p, own = points[k].astype(np.float64), {f: float(getattr(fields, f)[k]) for f in ("hairline", "beard", "brow")}
        expected = skin_colour(p, masks[k], int(cavity[k]), own, braids[k], person)
        np.testing.assert_allclose(seen["albedo"][k], expected, atol=1e-4)
        painted = painted_hair(p, masks[k], cavity[k], own["hairline"], person)
        oily = 0.6 + 0.4 * bell(p[0], 0, 0.25) * (p[1] > 6.7)
        strength = 0.05 if painted > 0.5 else 0.42 * oily * (1 + 0.12 * octaves(p, 26, 9))
        dark = np.clip((person.skin_tone - 5) / 4, 0, 1)
        lips = masks[k, 0] > 0.5
        assert seen["specular"][k] == pytest.approx(0.5 if lips else strength, abs=1e-4)
        assert seen["gloss"][k] == pytest.approx(40 if lips else 22 - 10 * dark, abs=1e-4)
        assert seen["scatter"][k] == (painted <= 0.5)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_clothes_have_the_colours_of_their_pattern(places, pattern):
    points, masks, cavity = places
    clothing = Clothing((0.4, 0.3, 0.6), pattern, neckline=0.1, v_neck=0.1, collar=0.0)
    person = dataclasses.replace(PEOPLE["shaved"], clothing=clothing)
    fields, seen = shaded(points, masks, cavity, person)
    dressed = np.flatnonzero(fields.clothes > 0)
    assert len(dressed) > 5
    for k in dressed:
        expected = cloth_colour(points[k].astype(np.float64), fields.clothes[k], clothing)
        np.testing.assert_allclose(seen["albedo"][k], expected, atol=1e-4)
    assert not seen["specular"][dressed].any()
    assert not seen["scatter"][dressed].any()


@pytest.mark.parametrize("name", ["stubble", "braided rows"])
def test_normals_bend_by_pores_wrinkles_braids_and_folds_of_cloth(places, name):
    points, masks, cavity = places
    person, normal = PEOPLE[name], np.array([0, 0.6, 0.8])
    fields, seen = shaded(points, masks, cavity, person)
    braids = np.stack(skin.regions.cornrows(points), -1)
    dark = np.clip((person.skin_tone - 5) / 4, 0, 1)
    errors = []
    for k, p in enumerate(points.astype(np.float64)):
        if fields.clothes[k] > 0:
            relief = 0.07 * slope(p, 2.2, 7)
        else:
            relief = np.zeros(3)
            if cavity[k] == 0:
                relief = 0.0007 * (1 + 0.8 * (person.age > 50)) * (1 - 0.5 * dark) * slope(p, 38, 3)
                relief = relief + rise(35, 90, person.age) * wrinkles(p)
            if person.hair == "cornrows" and painted_hair(p, masks[k], cavity[k], fields.hairline[k], person) > 0.3:
                relief[0] -= 0.8 * braids[k, 1]
        bent = normal - relief + (relief @ normal) * normal
        errors.append(np.abs(seen["normal"][k] - bent / np.linalg.norm(bent)).max())
    # The noise's slope jumps where its cells meet: the differences may straddle such a place.
    assert np.mean(np.array(errors) < 1e-4) > 0.95
    assert max(errors) < 0.1


def test_skin_that_headwear_covers_is_cloth(places):
    _, seen = shaded(*places, PEOPLE["painted lips"], covered=True)
    np.testing.assert_allclose(seen["albedo"], np.tile(np.float32(HEADWEAR), (len(places[0]), 1)))
    assert not seen["specular"].any()
    assert not seen["scatter"].any()


def test_noise_is_the_linear_interpolation_of_its_volume_and_never_beyond_its_limit():
    points = np.random.default_rng(3).uniform(-5, 5, (40, 3)).astype(np.float32)
    for frequency, shift, count in ((5.0, 0.0, 3), (26.0, 9.0, 1)):
        expected = [octaves(p.astype(np.float64), frequency, shift, count) for p in points]
        np.testing.assert_allclose(noise(points, frequency, shift=shift, octaves=count), expected, atol=1e-3)
    assert np.abs(volume()).max() < NOISE_LIMIT
