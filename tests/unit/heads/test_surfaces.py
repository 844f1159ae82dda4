from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import warp as wp

from facefair_heads.camera import painting
from facefair_heads.camera.background import background
from facefair_heads.camera.rasterise import visible
from facefair_heads.camera.scene_cache import build_scene
from facefair_heads.geometry import regions
from facefair_heads.geometry.head_mesh import HEAD_HEIGHT, SKIN, head_template, pose_head
from facefair_heads.numerics import choose, srgb_to_linear, stream
from facefair_heads.people.expressions import EMOTIONS
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import BACKGROUNDS, CANDID_BACKGROUNDS, PORTRAIT_BACKGROUNDS, sample_shot
from facefair_heads.shading.materials import HAIR_ALBEDO
from facefair_heads.shading.noise import noise
from facefair_heads.shading.rays import camera, cast, pixel_rays
from facefair_heads.shading.shadows import shadows
from facefair_heads.shading.skin import base_albedo
from facefair_heads.warp_runtime import build_mesh, vectors
from facefair_lib.settings.paths import cache_dir

POINTS = np.random.default_rng(0).uniform(-5, 5, (4000, 3)).astype(np.float32)


def skin_points() -> np.ndarray:
    template = head_template()
    return template.canonical[template.part_of_vertex == SKIN]


def test_noise_is_centred_repeatable_and_periodic():
    values = noise(POINTS, 3.0)
    assert abs(values.mean()) < 0.1
    assert 0.3 < values.std() < 1.5
    np.testing.assert_array_equal(values, noise(POINTS, 3.0))
    np.testing.assert_allclose(noise(POINTS + 64 / 4, 4.0), noise(POINTS, 4.0), atol=2e-3)
    assert np.abs(np.corrcoef(values, noise(POINTS, 3.0, shift=20))[0, 1]) < 0.1


def test_srgb_is_known_at_its_ends_and_at_mid_grey():
    np.testing.assert_allclose(srgb_to_linear(np.array([0.0, 0.04, 1.0])), [0.0, 0.04 / 12.92, 1.0], atol=1e-6)
    assert srgb_to_linear(np.array(0.5)) == pytest.approx(0.21404, abs=1e-4)


def test_choosing_follows_the_weights():
    random = stream(0, "test")
    drawn = [choose(random, (("a", 3.0), ("b", 1.0), ("c", 0.0))) for _ in range(2000)]
    assert drawn.count("a") / 2000 == pytest.approx(0.75, abs=0.04)
    assert "c" not in drawn


def test_streams_of_other_names_and_seeds_differ():
    first = stream(1, "hair").random(4)
    np.testing.assert_array_equal(first, stream(1, "hair").random(4))
    assert not np.array_equal(first, stream(1, "beard").random(4))
    assert not np.array_equal(first, stream(2, "hair").random(4))


def test_regions_are_mirror_symmetric():
    points, person = skin_points(), sample_person(1)
    mirrored = points * np.float32([-1, 1, 1])
    for field in (
        lambda p: regions.hair(p, 0.1),
        regions.nose,
        lambda p: regions.eyebrow(p, person.brow)[0],
        lambda p: regions.facial_hair(p, "full"),
        lambda p: regions.clothes(p, person.clothing),
    ):
        np.testing.assert_allclose(field(points), field(mirrored), atol=1e-5)


def test_a_receding_hairline_only_takes_hair_away():
    points = skin_points()
    before, after = (regions.hair(points, recession) > 0.5 for recession in (0.0, 0.3))
    assert np.all(before[after])
    assert after.sum() < before.sum()


def test_a_full_beard_contains_the_moustache_and_nobody_has_a_beard_of_style_none():
    points = skin_points()
    full, moustache = (regions.facial_hair(points, style) > 0.5 for style in ("full", "moustache"))
    assert moustache.sum() > 20
    assert np.all(full[moustache])
    assert np.all(regions.facial_hair(points, "none") < 0)


def test_skin_gets_darker_with_every_monk_tone_from_the_third_on_and_stays_warm():
    albedo = np.array([base_albedo(tone) for tone in range(1, 11)])
    brightness = albedo @ (0.2126, 0.7152, 0.0722)
    # The published swatches 1 to 3 are equally light; they differ in hue.
    assert np.all(np.diff(brightness[2:]) < 0)
    assert np.ptp(brightness[:3]) < 0.05
    assert np.all(albedo[:, 0] > albedo[:, 2])


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_an_expression_moves_no_part_of_the_crown_and_keeps_the_scale(emotion):
    person, shot = sample_person(5, hair="short"), sample_shot(1, emotion="neutral")
    crown = head_template().canonical[:, 1] > 8.0
    at_rest, posed = (
        pose_head(person, dataclasses.replace(shot, actions=actions)).positions[crown]
        for actions in ({}, sample_shot(1, emotion=emotion).actions)
    )
    np.testing.assert_allclose(posed, at_rest, atol=0.02)


def test_every_head_at_rest_is_of_the_same_height():
    template = head_template()
    for seed in range(3):
        shot = dataclasses.replace(sample_shot(seed), actions={}, neck_yaw=0.0)
        positions = pose_head(sample_person(seed, hair="bald"), shot).positions
        height = positions[template.crown, 1] - positions[template.chin, 1]
        assert height == pytest.approx(HEAD_HEIGHT, abs=5e-3)


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_backgrounds_are_finite_varied_and_scale_with_the_picture(kind):
    first, second = (background(sample_shot(seed, background=kind), 64) for seed in (1, 2))
    assert first.shape == (64, 64, 3)
    assert np.isfinite(first).all()
    assert first.min() >= 0
    assert np.abs(first - second).mean() > 0.01
    larger = background(sample_shot(1, background=kind), 128)
    np.testing.assert_allclose(larger.mean((0, 1)), first.mean((0, 1)), atol=0.02)
    assert larger.max() <= 1.35  # bicubic enlargement overshoots the brightest light of 1.2
    np.testing.assert_array_equal(first, background(sample_shot(1, background=kind), 64))


def test_candid_backgrounds_have_more_fine_detail_than_those_of_portraits():
    def detail(kind: str) -> float:
        pictures = [background(sample_shot(seed, background=kind), 128) ** 0.5 for seed in range(12)]
        return float(np.mean([np.abs(np.diff(picture, axis=0)).mean() for picture in pictures]))

    portrait, candid = (list(map(detail, kinds)) for kinds in (PORTRAIT_BACKGROUNDS, CANDID_BACKGROUNDS))
    assert min(candid) > np.mean(portrait)
    assert np.mean(candid) > 3 * np.mean(portrait)


@pytest.mark.parametrize(("inks", "tones"), [(painting.SKIN, 10), (painting.HAIR, len(HAIR_ALBEDO))])
def test_things_in_busy_backgrounds_take_every_tone_of_skin_and_hair_equally_often(inks, tones):
    _, counts = np.unique(painting.Canvas(stream(0, "test")).colours[inks], axis=0, return_counts=True)
    np.testing.assert_array_equal(counts, [len(inks) // tones] * tones)


@pytest.mark.parametrize("seed", range(3))
def test_a_shot_drawn_without_a_background_has_that_of_a_portrait(seed):
    assert sample_shot(seed).background in PORTRAIT_BACKGROUNDS


def test_rays_hit_a_wall_where_they_should_and_shadows_fall_behind_it():
    shot = sample_shot(0, yaw=0.0, pitch=0.0, roll=0.0, frame=1.5)
    view = dataclasses.replace(camera(shot), origin=np.float32([0, 0, 10]))
    wall = build_mesh(vectors(np.array([[-9, -9, 0], [9, -9, 0], [0, 18, 0]])), np.array([[0, 1, 2]]))
    rays = pixel_rays(view, 8)
    triangle, place = cast(wall, view.origin, rays)
    assert np.all(triangle == 0)
    np.testing.assert_allclose((view.origin + rays * place[:, 2:])[:, 2], 0, atol=1e-4)
    assert np.all(cast(wall, view.origin, -rays)[0] == -1)
    points, toward = np.float32([[0, 0, -1], [0, 0, 1]]), np.float32([0, 0, 1])
    normals = np.tile(toward, (2, 1))
    lit, open_sky = shadows(wall, points, normals, toward, 0.0, np.zeros(2), 3)
    np.testing.assert_array_equal(lit, [0, 1])
    assert open_sky[1] == 1


@pytest.mark.parametrize("seed", [3, 17])
def test_the_visible_triangles_are_those_that_cast_rays_hit(seed):
    shot, side = sample_shot(seed), 96
    world, view = build_scene(sample_person(seed, hair="short"), shot, 0.2), camera(shot)
    triangle, place = visible(world.positions, world.triangles, view, side)
    tree = build_mesh(vectors(world.positions), world.triangles)
    reference, reference_place = cast(tree, view.origin, pixel_rays(view, side))
    np.testing.assert_array_equal(triangle >= 0, reference >= 0)
    both = reference >= 0
    # Where two surfaces touch, either may be met; the distance is the same.
    assert np.mean(triangle[both] == reference[both]) > 0.999
    np.testing.assert_allclose(place[both, 2], reference_place[both, 2], atol=2e-3)
    same = both & (triangle == reference)
    np.testing.assert_allclose(place[same], reference_place[same], atol=2e-2)


def test_a_triangle_that_reaches_behind_the_camera_is_drawn_in_front_of_it_only():
    view = dataclasses.replace(camera(sample_shot(0, yaw=0.0, pitch=0.0, roll=0.0)), origin=np.float32([0, 0, 5]))
    floor = np.float32([[-50, -1, -50], [50, -1, -50], [0, -1, 50]])
    triangle, _ = visible(floor, np.int32([[0, 1, 2]]), view, 16)
    rows = triangle.reshape(16, 16)
    assert np.all(rows[:8] == -1)
    assert np.all(rows[-1] == 0)


def test_compiled_kernels_are_kept_in_the_cache_folder():
    assert wp.config.kernel_cache_dir.startswith(str(cache_dir() / "warp"))
