"""Eyes, strands and whole parts against the same formulas in plain float64."""

from __future__ import annotations

import dataclasses
import math

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
from facefair_heads.shading.noise import noise, noise_volume
from facefair_heads.shading.surface import empty_surface, hit_points
from facefair_heads.warp_runtime import scalars, vectors

PERSON = dataclasses.replace(sample_person(4), hair_colour="grey", skin_tone=8.0, iris="green")
NORMAL = np.float32([0, 0.6, 0.8])


def rise(low, high, value) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def one_noise(point, frequency, **kwargs) -> float:
    return float(noise(np.float32([point]), frequency, **kwargs)[0])


def launch(kernel, part, canonical, *inputs):
    """Run a kernel over hits of the given parts and places, and give the albedo and the normals."""
    count, surface = len(part), empty_surface(len(part))
    hits = hit_points(np.int8(part), np.tile(NORMAL, (count, 1)), np.float32(canonical))
    rows = scalars(np.arange(count, dtype=np.int32), wp.int32)
    wp.launch(kernel, count, [rows, hits, *inputs, surface])
    return surface.albedo.numpy(), surface.normal.numpy()


@pytest.mark.parametrize(("part", "side"), [(LEFT_EYE, 1), (RIGHT_EYE, -1)])
@pytest.mark.parametrize("direction", [(0.05, 0.02, 1), (0.2, 0.1, 1), (0.4, -0.1, 1), (0.9, 0.6, 1)])
def test_an_eye_is_coloured_by_the_angle_from_its_axis(part, side, direction):
    outward = np.array(direction) / np.linalg.norm(direction)
    place = regions.LEFT_EYE * (side, 1, 1) + regions.EYE_RADIUS * outward
    albedo, _ = launch(shade_eyes, [part], [place], materials._eye_look(PERSON), noise_volume("cpu"))
    angle, around = math.acos(outward[2]), math.atan2(outward[1], outward[0])
    white = np.array([0.42, 0.395, 0.375]) * (1 - 0.25 * rise(5, 9, 8.0))
    white = white * (1 - 0.06 * np.clip(one_noise(outward, 3), 0, 2))
    white = white * (1 - rise(0.7, 1.2, angle) * np.array([0.20, 0.42, 0.42]))
    spokes = one_noise((6 * math.cos(around), 6 * math.sin(around), 2 * angle), 2, shift=3.0 * side)
    iris = 0.8 * np.array([0.10, 0.15, 0.07]) * (1 + 0.35 * spokes) * (1.35 - 0.9 * rise(0.25, 0.395, angle))
    in_white = rise(0.365, 0.43, angle)
    colour = (iris * (1 - in_white) + white * in_white) * (1 - 0.55 * math.exp(-(((angle - 0.395) / 0.03) ** 2)))
    outside = rise(0.145, 0.185, angle)
    expected = (0.004 * (1 - outside) + colour * outside) * (1 - 0.55 * rise(0.10, 0.60, outward[1]))
    np.testing.assert_allclose(albedo[0], expected, atol=1e-4)


def test_strands_vary_along_across_and_among_each_other_and_face_the_camera():
    strand = np.float32([[0.1, -1, 0.3], [0.9, 1, 0.8], [0.5, 0.2, 0.5]])
    part, facing = [HAIR, HAIR, EYEBROW_HAIR], np.float32([NORMAL, -NORMAL, NORMAL])
    inputs = [vectors(facing), vectors(strand), materials._strand_look(PERSON)]
    albedo, normal = launch(shade_strands, part, np.zeros((3, 3)), *inputs)
    for k, (along, across, own) in enumerate(strand.astype(float)):
        brow = part[k] == EYEBROW_HAIR
        vary = (0.84 + 0.32 * own) * (1 if brow else 1 + 0.10 * math.sin(across * 3 + own * 40))
        vary *= (0.75 + 0.25 * rise(0, 0.3, along)) * (0.88 + 0.24 * along) * (0.6 if (own * 7) % 1 < 0.4 else 1.1)
        colour = materials.brow_albedo(PERSON) if brow else materials.HAIR_ALBEDO["grey"]
        np.testing.assert_allclose(albedo[k], colour * vary, atol=1e-4)
    np.testing.assert_allclose(normal, [NORMAL, -NORMAL, NORMAL])


def test_teeth_have_gaps_and_a_hand_follows_the_tone_of_its_person():
    places = np.array([[0.0, 6.7, 1.2], [0.0375, 6.7, 1.2]])  # in a gap, and in a tooth's middle
    look = materials._part_look(PERSON, sample_shot(1))
    teeth, _ = launch(shade_parts, [UPPER_TEETH] * 2, places, look, noise_volume("cpu"))
    for k, gap in enumerate((1 - 0.35, 1 - 0.35 * math.exp(-((0.5 / 0.07) ** 2)))):
        expected = np.array([0.82, 0.75, 0.62]) * gap * (1 + 0.05 * one_noise(places[k], 10))
        np.testing.assert_allclose(teeth[k], expected, atol=1e-4)
    hands = []
    for tone in (2.0, 9.0):
        look = materials._part_look(dataclasses.replace(PERSON, skin_tone=tone), sample_shot(1))
        albedo, _ = launch(shade_parts, [HAND], places[:1], look, noise_volume("cpu"))
        hands.append(albedo[0])
        ratio = albedo[0] / materials.skin.base_albedo(tone)
        assert ratio[0] > ratio[1]  # redder than the base, as the face is
        assert ratio == pytest.approx(1, abs=0.35)
    assert hands[0].mean() > 3 * hands[1].mean()
