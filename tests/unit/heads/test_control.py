"""Changing one thing changes that thing and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facefair_heads.camera.compose import compose
from facefair_heads.camera.film import develop
from facefair_heads.camera.render import render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_heads.people.counterfactual import counterfactuals, with_morphology
from facefair_heads.people.expressions import facial_actions
from facefair_heads.people.in_the_wild import sample_in_the_wild
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules, parse_label_rules
from facefair_heads.people.person import GROUPS
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX

SIZE = 64


def changed_fields(first, second) -> set[str]:
    return {f.name for f in dataclasses.fields(first) if getattr(first, f.name) != getattr(second, f.name)}


def test_counterfactuals_change_what_they_are_named_after():
    base = sample_person(5, group="asian", glasses="clear", hair="side_part", tone=4.0)
    versions = counterfactuals(base, group="black", tone=8.0)
    assert list(versions) == ["base", "morphology", "tone", "both"]
    assert changed_fields(base, versions["morphology"]) == {"group", "ancestry"}
    assert changed_fields(base, versions["tone"]) == {"skin_tone"}
    assert changed_fields(base, versions["both"]) == {"group", "ancestry", "skin_tone"}
    assert with_morphology(versions["morphology"], "asian") == base


def test_counterfactual_pictures_share_the_background_and_differ_in_the_head():
    base = sample_person(6, group="caucasian", hair="short", glasses="none", headwear="none", tone=3.0)
    shot = dataclasses.replace(sample_shot(6, yaw=0.0, frame=2.0, occluder="none"), blur=0.0, jpeg_quality=0)
    seen = {name: render(who, shot, SIZE) for name, who in counterfactuals(base, group="black", tone=9.0).items()}
    outside = np.all([picture.coverage == 0 for picture in seen.values()], 0)
    assert outside.mean() > 0.2
    for picture in seen.values():
        np.testing.assert_array_equal(picture.rgb[outside], seen["base"].rgb[outside])
    np.testing.assert_array_equal(seen["tone"].label, seen["base"].label)
    np.testing.assert_array_equal(seen["both"].label, seen["morphology"].label)
    assert np.any(seen["morphology"].label != seen["base"].label)


def test_a_counterfactual_of_nothing_is_refused():
    with pytest.raises(InputError, match="give group=, tone= or both"):
        counterfactuals(sample_person(1))


def test_intensity_scales_the_expression_and_leaves_gaze_and_lids():
    actions = {"jawOpen": 0.6, "mouthSmileLeft": 0.4}
    weak, full = (facial_actions(actions, intensity, (7.0, -4.75), 0.1) for intensity in (0.5, 1.0))
    assert weak["jawOpen"] == pytest.approx(0.3)
    assert full["mouthSmileLeft"] == pytest.approx(0.4)
    others = {name for name in full if name not in actions}
    assert {name: weak[name] for name in others} == {name: full[name] for name in others}
    assert full["eyeLookOutLeft"] == full["eyeLookInRight"] == pytest.approx(0.5)
    assert full["eyeLookDownLeft"] == pytest.approx(0.5)


def test_a_cached_scene_gives_the_same_bytes_and_is_reused_for_camera_and_colour_only(woman, frontal_shot):
    cache = SceneCache()
    turned = dataclasses.replace(frontal_shot, yaw=20.0)
    render(woman, frontal_shot, 32, cache=cache)
    again = render(dataclasses.replace(woman, skin_tone=3.0), turned, 32, cache=cache)
    plain = render(dataclasses.replace(woman, skin_tone=3.0), turned, 32)
    assert cache.hits == 1
    np.testing.assert_array_equal(again.rgb, plain.rgb)
    render(woman, dataclasses.replace(turned, intensity=0.1, actions={"jawOpen": 1.0}), 32, cache=cache)
    assert cache.hits == 1


def test_pictures_that_differ_in_colours_share_their_rays_and_are_the_same_bytes(woman, frontal_shot):
    cache = SceneCache()
    person = dataclasses.replace(woman, glasses="clear")
    versions = [person]
    for colours in ({"skin_tone": 2.0}, {"skin_tone": 9.5, "iris": "green"}, {"hair_colour": "red", "freckles": 0.9}):
        versions.append(dataclasses.replace(person, **colours))
    shared = [render(version, frontal_shot, 32, cache=cache) for version in versions]
    assert cache.shared_rays == 3
    for version, seen in zip(versions, shared, strict=True):
        plain = render(version, frontal_shot, 32)
        for name in ("rgb", "label", "coverage"):
            np.testing.assert_array_equal(getattr(seen, name), getattr(plain, name))
    other_light = sample_shot(5, light="side").light
    render(person, dataclasses.replace(frontal_shot, light=other_light), 32, cache=cache)
    assert (cache.hits, cache.shared_rays) == (4, 3)


def test_pictures_that_differ_in_exposure_and_film_share_their_rays_and_are_the_same_bytes(woman, frontal_shot):
    cache, light = SceneCache(), frontal_shot.light
    render(woman, frontal_shot, 32, cache=cache)
    film = {"blur": 2.0, "saturation": 0.4, "contrast": 0.9, "grain": 0.1, "jpeg_quality": 40, "greyscale": True}
    for change in (film, {"light": dataclasses.replace(light, exposure=3 * light.exposure)}):
        shot = dataclasses.replace(frontal_shot, **change)
        np.testing.assert_array_equal(render(woman, shot, 32, cache=cache).rgb, render(woman, shot, 32).rgb)
    assert cache.shared_rays == 2


@pytest.mark.parametrize(
    ("person_field", "shot_field"),
    [
        ({"headwear": "headscarf"}, {}),
        ({"headwear": "beanie"}, {}),
        ({}, {"occluder": "hand"}),
        ({}, {"occluder": "cup"}),
    ],
)
def test_what_hides_the_head_is_background_that_covers_pixels(woman, frontal_shot, person_field, shot_field):
    plain = render(woman, frontal_shot, SIZE)
    hidden = render(dataclasses.replace(woman, **person_field), dataclasses.replace(frontal_shot, **shot_field), SIZE)
    newly = (plain.label > 0) & (hidden.label == 0) & (hidden.coverage == 1)
    assert newly.sum() > 60


def test_label_rules_move_only_what_they_name(frontal_shot):
    person = sample_person(14, gender="male", hair="buzz", facial_hair="stubble", glasses="clear", headwear="beanie")
    plain = render(person, frontal_shot, SIZE, samples=1).label  # one sample: no votes that a rule could turn
    for rule, into in (
        ({"neck": "background"}, "background"),
        ({"clear_lenses": "specs"}, "specs"),
        ({"stubble": "facial_hair"}, "facial_hair"),
        ({"headwear": "hair"}, "hair"),
    ):
        label = render(person, frontal_shot, SIZE, 1, rules=LabelRules(**rule)).label
        moved = label != plain
        assert moved.sum() > 10, rule
        assert set(np.unique(label[moved])) == {INDEX[into]}, rule


@pytest.mark.parametrize("text", ["neck", "neck=collar", "beard=face", "neck=face,neck=background", "=face"])
def test_label_rules_are_written_and_read_and_others_are_refused_with_those_that_there_are(text):
    for known in ("", "clear_lenses=specs", "neck=background,stubble=facial_hair"):
        assert str(parse_label_rules(known)) == known
    assert parse_label_rules(" neck = background ,") == LabelRules(neck="background")
    with pytest.raises(InputError, match="clear_lenses=seen or specs; neck=face or background"):
        parse_label_rules(text)
    with pytest.raises(InputError, match="face, background"):
        LabelRules(neck="collar")


def test_black_and_white_pictures_have_equal_channels(frontal_shot):
    shot = dataclasses.replace(frontal_shot, greyscale=True, jpeg_quality=60)
    picture = develop(np.random.default_rng(0).random((16, 16, 3)), shot)
    assert np.abs(picture - picture[..., :1].astype(int)).max() == 0


def test_in_the_wild_attributes_hang_together_with_the_group_and_balanced_ones_do_not():
    drawn = [sample_in_the_wild(seed, group=GROUPS[seed % 3]) for seed in range(180)]
    ages = {group: np.median([p.age for p, _ in drawn if p.group == group]) for group in GROUPS}
    dim = {group: np.mean([s.light.name == "dim" for p, s in drawn if p.group == group]) for group in GROUPS}
    assert ages["caucasian"] > ages["asian"] + 8
    assert dim["black"] > dim["asian"] + 0.1
    assert np.mean([sample_in_the_wild(seed)[0].group == "caucasian" for seed in range(60)]) > 0.5


def test_label_rules_hold_in_pictures_of_several_people(woman, frontal_shot):
    people = [woman, dataclasses.replace(woman, skin_tone=3.0)]
    faces = [
        (compose(people, [frontal_shot] * 2, 48, rules=rules).label == INDEX["face"]).sum()
        for rules in (MUT1NY_RULES, LabelRules(neck="background"))
    ]
    assert faces[1] < faces[0]
