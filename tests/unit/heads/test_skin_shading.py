"""Skin as its kernel paints it: what each trait of a person changes, where, and in which direction."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import warp as wp
from scipy.ndimage import map_coordinates

from facefair_heads.geometry.head_mesh import SKIN, head_template
from facefair_heads.people.person import PATTERNS, Clothing
from facefair_heads.people.population import sample_person
from facefair_heads.shading import skin
from facefair_heads.shading.materials import HAIR_ALBEDO, brow_albedo
from facefair_heads.shading.noise import NOISE_LIMIT, noise, noise_volume
from facefair_heads.shading.skin_shading import shade_skin
from facefair_heads.shading.surface import empty_surface, hit_points

HEADWEAR = (0.3, 0.2, 0.1)
NORMAL = np.float32([0, 0.6, 0.8])
WOMAN = dataclasses.replace(
    sample_person(6, group="caucasian", gender="female", age=20, hair="bald"),
    skin_tone=3.0, freckles=0.0, eye_makeup=0.0, lip_strength=0.0,
)  # fmt: skip
MAN = sample_person(3, group="caucasian", gender="male", age=20, hair="short", facial_hair="none")
EVERYBODY = [
    *(sample_person(seed, group=group) for seed, group in enumerate(["asian", "black", "caucasian"] * 2)),
    sample_person(7, group="black", gender="female", age=20, hair="cornrows"),
    dataclasses.replace(WOMAN, skin_tone=1.0, freckles=0.9, eye_makeup=0.8, lip_strength=0.8),
]


def _places():
    template = head_template()
    skinned, place = template.part_of_vertex == SKIN, template.canonical
    face, scalp = skinned & (place[:, 2] > 1.1), skinned & (place[:, 1] > 7.7)
    chosen = np.concatenate([np.flatnonzero(skinned)[::150], np.flatnonzero(face)[::40], np.flatnonzero(scalp)[::10]])
    masks = np.stack([template.masks[name][chosen] for name in ("lips", "ears", "eyelids")], -1)
    cavity = np.zeros(len(chosen), np.int8)
    cavity[:3] = (1, 2, 1)  # mouth and nostrils
    return place[chosen], masks, cavity


POINTS, MASKS, CAVITY = _places()
LIPS, EARS, EYELIDS = MASKS.T


def shaded(person, masks=MASKS, covered=False, order=slice(None)) -> SimpleNamespace:
    """Run the kernel over points spread over the skin; what it wrote, and the fields that it saw."""
    points = POINTS[order]
    fields = skin.skin_fields(points, masks[order], CAVITY[order], person)
    look = skin.skin_look(person, HAIR_ALBEDO[person.hair_colour], brow_albedo(person), np.array(HEADWEAR))
    inputs = skin.skin_points(np.arange(len(points)), fields, np.full(len(points), covered), person)
    hits = hit_points(np.zeros(len(points), np.int8), np.tile(NORMAL, (len(points), 1)), points)
    surface = empty_surface(len(points))
    wp.launch(shade_skin, len(points), [hits, inputs, look, noise_volume("cpu"), surface])
    names = ("normal", "albedo", "specular", "gloss", "scatter")
    return SimpleNamespace(fields=fields, **{name: getattr(surface, name).numpy() for name in names})


def changed(person, **traits) -> tuple[np.ndarray, np.ndarray]:
    """Where other traits change the albedo, (K,) bool, and by which factor, (K, 3)."""
    before, after = shaded(person).albedo, shaded(dataclasses.replace(person, **traits)).albedo
    return np.any(before != after, axis=1), after / before


@pytest.mark.parametrize("person", EVERYBODY, ids=range(len(EVERYBODY)))
def test_reflectances_are_physical_and_a_point_is_shaded_whatever_is_shaded_beside_it(person):
    seen = shaded(person)
    assert ((seen.albedo > 0) & (seen.albedo <= 1)).all()
    assert ((seen.specular >= 0) & (seen.specular <= 1)).all()
    assert set(seen.scatter) <= {0, 1}
    np.testing.assert_allclose(np.linalg.norm(seen.normal, axis=1), 1, atol=1e-5)
    order = np.random.default_rng(0).permutation(len(POINTS))[:40]
    again = shaded(person, order=order)
    np.testing.assert_array_equal(again.albedo, seen.albedo[order])
    np.testing.assert_array_equal(again.normal, seen.normal[order])


def test_a_darker_tone_is_darker_in_linear_light_and_its_highlights_are_broader():
    tones = [shaded(dataclasses.replace(WOMAN, skin_tone=tone)) for tone in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)]
    on_skin = (tones[0].fields.clothes <= 0) & (tones[0].fields.brow < -2) & (CAVITY == 0)
    brightness = np.array([seen.albedo[on_skin].mean(axis=1) for seen in tones])
    assert (np.diff(brightness, axis=0) < 0).all()
    gloss = np.array([seen.gloss[on_skin & (LIPS <= 0.5)] for seen in tones])
    assert (np.diff(gloss, axis=0) <= 0).all() and (gloss[-1] < gloss[0]).all()


def test_freckles_darken_the_cheeks_of_light_skinned_people_who_have_them():
    where, factor = changed(WOMAN, freckles=0.9)
    assert where.any() and (factor <= 1).all()
    assert (np.abs(POINTS[where, 1] - 7) < 0.7).all() and (np.abs(POINTS[where, 0]) < 1.2).all()
    assert not changed(WOMAN, freckles=0.2)[0].any()
    assert not changed(dataclasses.replace(WOMAN, skin_tone=6.0), freckles=0.9)[0].any()


def test_colour_of_the_lips_is_on_the_lips_alone_and_they_shine():
    where, _ = changed(WOMAN, lip_colour=(0.5, 0.02, 0.05), lip_strength=0.8)
    outside_cavities = CAVITY == 0
    np.testing.assert_array_equal(where, (LIPS > 0.3) & outside_cavities)
    seen = shaded(WOMAN)
    lips, bare = (LIPS > 0.5) & outside_cavities, (LIPS <= 0.5) & (seen.fields.clothes <= 0)
    assert seen.specular[lips].min() > np.quantile(seen.specular[bare], 0.9)
    assert seen.gloss[lips].min() > seen.gloss[bare].max()
    redness = seen.albedo[:, 0] / seen.albedo[:, 1]
    assert np.median(redness[lips & (LIPS > 0.75)]) > 1.2 * np.median(redness[bare & outside_cavities])


def test_eye_makeup_darkens_the_lids_alone():
    where, factor = changed(WOMAN, eye_makeup=0.8)
    assert where.any() and (factor <= 1).all()
    clearly = factor.min(axis=1) < 0.98
    assert clearly.any()
    near = (np.abs(np.abs(POINTS[:, 0]) - 0.3) < 0.5) & (np.abs(POINTS[:, 1] - 7.375) < 0.12) & (POINTS[:, 2] > 1)
    assert (near | (EYELIDS > 0.6))[clearly].all()


def test_age_darkens_and_folds_the_skin_of_the_face():
    where, factor = changed(WOMAN, age=80)
    assert where.any() and (factor <= 1 + 1e-6).all()
    young, old = (shaded(dataclasses.replace(WOMAN, age=age)) for age in (20, 80))
    bent = [np.arccos(np.clip(seen.normal @ NORMAL, -1, 1)) for seen in (young, old)]
    face = (young.fields.clothes <= 0) & (POINTS[:, 2] > 0.9) & (CAVITY == 0)
    assert bent[0][face].max() < np.deg2rad(10)  # pores
    assert bent[1][face].mean() > 2 * bent[0][face].mean()
    assert bent[1][CAVITY > 0].max() < 1e-3


def test_a_beard_and_a_shaved_one_are_where_beards_grow():
    shaved, stubble = shaded(MAN), shaded(dataclasses.replace(MAN, facial_hair="stubble"))
    woman = shaded(dataclasses.replace(MAN, gender="female"))
    bare = (LIPS <= 0.5) & (CAVITY == 0) & (shaved.fields.clothes <= 0)
    darker = shaved.albedo / woman.albedo
    np.testing.assert_array_equal((darker < 1 - 1e-6).any(axis=1), bare & (shaved.fields.beard > 0))
    assert darker.max() <= 1
    grown = np.any(stubble.albedo != woman.albedo, axis=1)
    np.testing.assert_array_equal(grown, bare & (stubble.fields.beard > 0))


def test_painted_hair_has_the_colour_of_hair_and_neither_shines_nor_scatters():
    dark, grey = (shaded(dataclasses.replace(MAN, hair="buzz", hair_colour=colour)) for colour in ("black", "grey"))
    skin_there = dark.fields.clothes <= 0
    brow = dark.fields.brow > -0.5 - 0.5 * NOISE_LIMIT
    different = np.any(dark.albedo != grey.albedo, axis=1) & ~brow
    assert different.sum() > 50
    assert (dark.fields.hairline[different] > -0.35 * NOISE_LIMIT).all()
    assert not different[(EARS > 0.5) | (CAVITY > 0) | ~skin_there].any()
    scalp = skin_there & (dark.fields.hairline > 1.2 + 0.35 * NOISE_LIMIT) & (EARS <= 0.5) & (CAVITY == 0)
    assert (dark.scatter[scalp] == 0).all() and (dark.specular[scalp] <= 0.05 + 1e-6).all()
    assert (grey.albedo[scalp] > dark.albedo[scalp]).all()
    assert (shaded(WOMAN).scatter[skin_there] == 1).all()  # a bald woman's scalp is skin


def test_braided_rows_are_furrows_with_a_relief_of_their_own():
    rows, short = (shaded(dataclasses.replace(MAN, hair=hair)) for hair in ("cornrows", "short"))
    scalp = (rows.scatter == 0) & (rows.fields.clothes <= 0)
    bent = np.any(np.abs(rows.normal - short.normal) > 0.01, axis=1)
    assert bent.sum() > 20 and scalp[bent].mean() > 0.75
    np.testing.assert_array_equal(np.any(rows.albedo != short.albedo, axis=1) & (rows.fields.hairline < -1), False)


def test_ears_are_redder_than_the_skin_beside_them():
    without = MASKS * (1, 0, 1)
    ears = (EARS > 0.5) & (CAVITY == 0)
    red = [seen.albedo[ears, 0] / seen.albedo[ears, 1] for seen in (shaded(WOMAN, without), shaded(WOMAN))]
    assert (red[1] > 1.05 * red[0]).all()


def test_inside_mouth_and_nostrils_nothing_is_painted():
    inside = CAVITY > 0
    one, other = (shaded(person).albedo[inside] for person in (WOMAN, dataclasses.replace(MAN, skin_tone=3.0)))
    np.testing.assert_array_equal(one, other)
    assert one.mean() < 0.5 * shaded(WOMAN).albedo[(CAVITY == 0) & (EARS > 0.5)].mean()


def dressed(pattern: str) -> SimpleNamespace:
    clothing = Clothing((0.4, 0.3, 0.6), pattern, neckline=0.1, v_neck=0.1, collar=0.0)
    return shaded(dataclasses.replace(MAN, clothing=clothing))


@pytest.mark.parametrize(("pattern", "shades"), [("stripes", 2), ("checks", 3)])
def test_stripes_and_checks_are_darker_shades_of_the_plain_cloth(pattern, shades):
    plain, seen = dressed("plain"), dressed(pattern)
    cloth = plain.fields.clothes > 0
    factor = seen.albedo[cloth] / plain.albedo[cloth]
    np.testing.assert_allclose(factor, factor[:, :1].repeat(3, 1), atol=1e-4)
    assert len(np.unique(factor[:, 0].round(3))) == shades
    assert factor.max() == pytest.approx(1)


def test_a_print_lays_flat_inks_that_stand_out_on_the_plain_cloth():
    plain, seen = dressed("plain"), dressed("print")
    inked = np.flatnonzero(np.any(seen.albedo != plain.albedo, axis=1))
    assert 10 < len(inked) < 0.9 * (plain.fields.clothes > 0).sum()
    assert (np.abs(seen.albedo - plain.albedo)[inked].max(1) > 0.1).all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_cloth_neither_shines_nor_scatters_and_the_skin_beside_it_is_as_before(pattern):
    plain, seen = dressed("plain"), dressed(pattern)
    cloth = seen.fields.clothes > 0
    assert cloth.sum() > 20
    assert not seen.specular[cloth].any() and not seen.scatter[cloth].any()
    np.testing.assert_array_equal(seen.albedo[~cloth], plain.albedo[~cloth])
    different = np.any(seen.albedo != plain.albedo, axis=1)
    assert different.any() == (pattern != "plain")
    assert ((seen.albedo > 0) & (seen.albedo <= 1)).all()


def test_folds_bend_the_normals_of_cloth_against_the_slope_of_their_height():
    seen = dressed("plain")
    cloth = np.flatnonzero(seen.fields.clothes > 0)
    step = 1e-3
    ends = [[noise(POINTS[cloth] + sign * step * axis, 2.2, shift=7.0, octaves=2) for sign in (1, -1)]
            for axis in np.eye(3, dtype=np.float32)]  # fmt: skip
    slope = 0.07 * np.stack([(above - below) / (2 * step) for above, below in ends], -1)
    bent = NORMAL - slope + (slope @ NORMAL)[:, None] * NORMAL
    error = np.abs(seen.normal[cloth] - bent / np.linalg.norm(bent, axis=1, keepdims=True)).max(axis=1)
    # The noise's slope jumps where its cells meet: the differences may straddle such a place.
    assert np.quantile(error, 0.85) < 1e-3 and error.max() < 0.1


def test_skin_that_headwear_covers_is_cloth():
    seen = shaded(WOMAN, covered=True)
    np.testing.assert_allclose(seen.albedo, np.tile(np.float32(HEADWEAR), (len(POINTS), 1)))
    assert not seen.specular.any() and not seen.scatter.any()


def test_noise_is_the_linear_interpolation_of_its_volume_and_never_beyond_its_limit():
    volume = noise_volume("cpu").numpy().astype(np.float64)
    points = np.random.default_rng(3).uniform(-5, 5, (40, 3)).astype(np.float32)
    for frequency, shift, count in ((5.0, 0.0, 3), (26.0, 9.0, 1)):
        places = [points.T.astype(float) * frequency * 2.0**octave + shift + 17.3 * octave for octave in range(count)]
        layers = [map_coordinates(volume, place, order=1, mode="grid-wrap") for place in places]
        expected = sum(0.5**octave * layer for octave, layer in enumerate(layers))
        np.testing.assert_allclose(noise(points, frequency, shift=shift, octaves=count), expected, atol=1e-3)
    assert np.abs(volume).max() < NOISE_LIMIT
