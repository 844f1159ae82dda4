"""Garments stand off the body, are background, and are where the neckline says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facefair_heads.camera.render import render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_heads.geometry import regions
from facefair_heads.geometry.garments import add_garment
from facefair_heads.geometry.head_mesh import pose_head, shows_trunk
from facefair_heads.geometry.scene import SceneBuilder
from facefair_heads.people.label_rules import LabelRules
from facefair_heads.people.person import PATTERNS, Clothing
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_lib.settings.labels import INDEX


def dressed(person, **changed):
    clothing = {"neckline": 0.1, "v_neck": 0.0, "collar": 0.0, "pattern": "plain"} | changed
    return dataclasses.replace(person, clothing=dataclasses.replace(person.clothing, **clothing))


@pytest.fixture(scope="module")
def person():
    return sample_person(8, hair="buzz", glasses="none", facial_hair="none", headwear="none", earrings="none")


@pytest.fixture(scope="module")
def wide_shot(frontal_shot):
    return dataclasses.replace(frontal_shot, frame=2.0, offset_x=0.0, offset_y=0.0)


def garment(person, shot):
    builder = SceneBuilder()
    add_garment(builder, pose_head(person, shot), person)
    return builder.finish()


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("collar", [0.0, 1.0])
def test_all_of_a_garment_is_cloth_by_its_canonical_place(person, wide_shot, pattern, collar):
    worn = dressed(person, pattern=pattern, collar=collar, neckline=0.2, v_neck=0.8)
    cloth = garment(worn, wide_shot)
    assert len(cloth.triangles) > 1000
    middles = cloth.canonical[cloth.triangles].mean(1)
    assert np.all(regions.clothes(middles, worn.clothing) > 0)
    assert np.isfinite(cloth.positions).all()
    np.testing.assert_allclose(np.linalg.norm(cloth.normals, axis=1), 1, atol=1e-3)


def test_a_hem_stands_off_the_neck_and_is_closed_down_to_it(person, wide_shot):
    cloth, head = garment(dressed(person), wide_shot), pose_head(person, wide_shot)
    skin = head.positions[np.abs(head.positions[:, 1] - 5.6) < 1]
    low, high = np.percentile(_distances(cloth.positions, skin), (0, 50))
    assert low < 0.01
    assert high > 0.02


def _distances(points, surface):
    return np.array([np.sqrt(((surface - point) ** 2).sum(1).min()) for point in points[::40]])


def test_a_shirt_collar_stands_above_the_neckline_and_is_background(person, wide_shot):
    plain, shirt = (render(dressed(person, pattern=pattern), wide_shot, 64) for pattern in ("plain", "shirt"))
    newly = (plain.label == INDEX["face"]) & (shirt.label == INDEX["background"])
    assert newly.sum() > 5
    assert np.all(shirt.coverage[newly] > 0.4)
    changed = plain.label != shirt.label
    assert np.all(plain.label[changed] == INDEX["face"])
    assert np.all(np.nonzero(changed)[0] > 32)


def test_the_colour_of_a_garment_changes_no_label(person, wide_shot):
    worn = dressed(person, pattern="checks")
    other = dressed(worn, pattern="checks", colour=(0.6, 0.1, 0.1))
    first, second = render(worn, wide_shot, 64), render(other, wide_shot, 64)
    np.testing.assert_array_equal(first.label, second.label)
    assert np.any(first.rgb != second.rgb)


def test_collars_are_mirror_symmetric_and_lower_necklines_show_more_skin():
    points = np.random.default_rng(0).uniform((-0.9, 5, -0.5), (0.9, 6.4, 1.3), (3000, 3)).astype(np.float32)
    clothing = Clothing(colour=(0.1, 0.1, 0.1), pattern="shirt", neckline=0.05, v_neck=0.0, collar=0.5)
    collar = regions.shirt_collar(points, clothing)
    assert (collar > 0).sum() > 30
    np.testing.assert_allclose(collar, regions.shirt_collar(points * np.float32([-1, 1, 1]), clothing), atol=1e-5)
    covered = [(regions.clothes(points, dataclasses.replace(clothing, neckline=n)) > 0).sum() for n in (0.0, 0.1, 0.2)]
    assert covered[0] > covered[1] > covered[2]


@pytest.mark.parametrize(("scarf", "hidden"), [("loose", 20), ("high", 150)])
def test_a_scarf_hides_the_neck_or_the_chin_and_is_background_under_all_rules(person, wide_shot, scarf, hidden):
    bare = render(person, wide_shot, 64, samples=1)
    for rules in (LabelRules(), LabelRules(headwear="hair")):
        worn = render(dataclasses.replace(person, scarf=scarf), wide_shot, 64, samples=1, rules=rules)
        changed = bare.label != worn.label
        assert changed.sum() > hidden
        assert np.all(worn.label[changed] == INDEX["background"])
        assert np.all(worn.coverage[changed] == 1)
        assert np.all(np.nonzero(changed)[0] > 32)


@pytest.mark.parametrize(("frame", "yaw", "pitch"), [(3.0, 0.0, 16.0), (4.0, 35.0, 0.0), (4.5, -80.0, 40.0)])
def test_a_person_in_a_wide_picture_reaches_its_lower_edge_in_cloth(person, wide_shot, frame, yaw, pitch):
    shot = dataclasses.replace(wide_shot, frame=frame, yaw=yaw, pitch=pitch, offset_y=0.1)
    seen = render(person, shot, 64)
    body = np.nonzero(seen.coverage[-1])[0]
    assert len(body) > 5
    assert (seen.coverage[40:, int(np.median(body))] == 1).all()  # nothing shows through from the head down
    assert (seen.label[-1] == INDEX["background"]).all()


def test_what_is_below_the_breast_shows_in_wide_or_low_pictures_and_in_no_portrait():
    assert np.mean([shows_trunk(sample_shot(seed)) for seed in range(300)]) < 0.01
    portrait = sample_shot(0, frame=2.0, pitch=0.0, roll=0.0)
    lifted, above = dataclasses.replace(portrait, offset_y=0.2), dataclasses.replace(portrait, pitch=45.0)
    assert shows_trunk(lifted) and shows_trunk(above) and not shows_trunk(portrait)


def test_arms_hang_in_wide_pictures_alone_and_a_kept_scene_is_not_taken_for_one_of_the_other_kind(person, wide_shot):
    cache, wide = SceneCache(), dataclasses.replace(wide_shot, frame=4.0)
    render(person, wide_shot, 64, cache=cache)
    np.testing.assert_array_equal(render(person, wide, 64, cache=cache).rgb, render(person, wide, 64).rgb)
    spread, hanging = (np.ptp(pose_head(person, shot).positions[:, 0]) for shot in (wide_shot, wide))
    assert hanging < 0.8 * spread
