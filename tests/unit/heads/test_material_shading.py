"""Eyes, strands and whole parts: what is dark, what is coloured, and what a person's traits change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import warp as wp

from facefair_heads.geometry import regions
from facefair_heads.geometry.head_mesh import LEFT_EYE, RIGHT_EYE, UPPER_TEETH
from facefair_heads.geometry.scene import EYEBROW_HAIR, HAIR, HAND
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_heads.shading import materials
from facefair_heads.shading.material_shading import shade_eyes, shade_parts, shade_strands
from facefair_heads.shading.noise import noise_volume
from facefair_heads.shading.surface import empty_surface, hit_points
from facefair_heads.warp_runtime import scalars, vectors

PERSON = dataclasses.replace(sample_person(4), hair_colour="grey", skin_tone=8.0, iris="green")
NORMAL = np.float32([0, 0.6, 0.8])


def launch(kernel, part, canonical, *inputs):
    """Run a kernel over hits of the given parts and places, and give the albedo and the normals."""
    count, surface = len(part), empty_surface(len(part))
    hits = hit_points(np.int8(part), np.tile(NORMAL, (count, 1)), np.float32(canonical))
    rows = scalars(np.arange(count, dtype=np.int32), wp.int32)
    wp.launch(kernel, count, [rows, hits, *inputs, surface])
    return surface.albedo.numpy(), surface.normal.numpy()


def eye(person, angles, part=LEFT_EYE) -> np.ndarray:
    """Albedo (K, 3) at angles (radians) from the axis of an eye, outward and a little down, out of the lid's shade."""
    side = 1 if part == LEFT_EYE else -1
    outward = np.stack([side * np.sin(angles), np.full(len(angles), -0.02), np.cos(angles)], -1)
    place = regions.LEFT_EYE * (side, 1, 1) + regions.EYE_RADIUS * outward
    return launch(shade_eyes, [part] * len(angles), place, materials._eye_look(person), noise_volume("cpu"))[0]


@pytest.mark.parametrize("part", [LEFT_EYE, RIGHT_EYE])
def test_an_eye_has_a_black_pupil_a_coloured_iris_a_dark_rim_and_a_white_that_reddens(part):
    pupil, iris, rim, white, corner = eye(PERSON, np.array([0.05, 0.27, 0.395, 0.6, 1.2]), part)
    assert pupil.max() < 0.01
    assert iris.argmax() == 1 and iris[1] > 5 * pupil[1]  # green
    assert white.min() > 1.3 * iris.max() and iris.max() > rim.max()
    assert corner[0] / corner[1] > 1.2 * white[0] / white[1]


def test_colour_of_the_iris_is_in_the_iris_alone_and_dark_skinned_people_have_a_darker_white():
    angles = np.array([0.05, 0.25, 0.3, 0.6, 1.0])
    green, brown, light = (
        eye(dataclasses.replace(PERSON, **traits), angles) for traits in ({}, {"iris": "brown"}, {"skin_tone": 2.0})
    )
    np.testing.assert_array_equal(np.any(green != brown, axis=1), [False, True, True, False, False])
    np.testing.assert_array_equal(np.any(light > green, axis=1), [False, False, False, True, True])


def test_strands_vary_along_and_among_each_other_in_the_colour_of_their_hair_and_face_the_camera():
    random = np.random.default_rng(0)
    strand = np.float32(np.stack([random.random(200), random.uniform(-1, 1, 200), random.random(200)], -1))
    part = np.where(np.arange(200) < 100, HAIR, EYEBROW_HAIR)
    facing = np.where(np.arange(200)[:, None] % 2, NORMAL, -NORMAL).astype(np.float32)
    inputs = [vectors(facing), vectors(strand), materials._strand_look(PERSON)]
    albedo, normal = launch(shade_strands, part, np.zeros((200, 3)), *inputs)
    np.testing.assert_allclose(normal, facing)
    for kind, colour in ((HAIR, materials.HAIR_ALBEDO["grey"]), (EYEBROW_HAIR, materials.brow_albedo(PERSON))):
        ratio = albedo[part == kind] / colour
        np.testing.assert_allclose(ratio, ratio[:, :1].repeat(3, 1), rtol=1e-3)  # lighter and darker, of one hue
        assert 0.2 < ratio.min() < 0.7 < 0.9 < ratio.max() < 1.6
        along = strand[part == kind, 0]
        assert ratio[along < 0.2].mean() < ratio[along > 0.5].mean()  # dark at the root


def test_teeth_have_gaps_and_a_hand_follows_the_tone_of_its_person():
    places = np.array([[0.0, 6.7, 1.2], [0.0375, 6.7, 1.2]])  # in a gap, and in a tooth's middle
    look = materials._part_look(PERSON, sample_shot(1))
    (gap, tooth), _ = launch(shade_parts, [UPPER_TEETH] * 2, places, look, noise_volume("cpu"))
    assert (gap < 0.8 * tooth).all() and tooth.min() > 0.4 and tooth.max() < 1
    hands = []
    for tone in (2.0, 9.0):
        look = materials._part_look(dataclasses.replace(PERSON, skin_tone=tone), sample_shot(1))
        albedo, _ = launch(shade_parts, [HAND], places[:1], look, noise_volume("cpu"))
        hands.append(albedo[0])
        ratio = albedo[0] / materials.skin.base_albedo(tone)
        assert ratio[0] > ratio[1]  # redder than the base, as the face is
        assert ratio == pytest.approx(1, abs=0.35)
    assert hands[0].mean() > 3 * hands[1].mean()
