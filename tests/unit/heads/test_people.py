from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from facefair_heads.geometry.body import load_body_model
from facefair_heads.people import population
from facefair_heads.people.expressions import EMOTIONS, grimace
from facefair_heads.people.person import GLASSES, GROUPS, HAIR_STYLES, HANGING_STYLES
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import LIGHTS, Shot, attributes, sample_shot
from facefair_lib.errors import InputError


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("tone", 9.0, "skin_tone"),
        ("hair", "afro", "hair"),
        ("glasses", "clear", "glasses"),
        ("facial_hair", "goatee", "facial_hair"),
        ("scarf", "high", "scarf"),
    ],
)
def test_fixing_one_option_changes_that_field_only(option, value, field):
    free, fixed = sample_person(77), sample_person(77, **{option: value})
    assert getattr(fixed, field) == value
    assert dataclasses.replace(fixed, **{field: getattr(free, field)}) == free


@pytest.mark.parametrize(
    ("option", "value", "follows"),
    [
        ("yaw", 60.0, set()), ("light", "backlit", set()), ("emotion", "happy", {"actions"}),
        ("frame", 2.0, {"offset_x", "offset_y"}), ("intensity", 0.3, set()), ("gaze", (5.0, 0.0), set()),
        ("occluder", "cup", set()), ("background", "street", set()),
    ],
)  # fmt: skip
def test_fixing_one_option_of_a_shot_leaves_the_rest(option, value, follows):
    free, fixed = sample_shot(3), sample_shot(3, **{option: value})
    changed = {f.name for f in dataclasses.fields(Shot) if getattr(free, f.name) != getattr(fixed, f.name)}
    assert changed <= {option, *follows}


def test_what_must_not_depend_on_the_group_is_the_same_in_every_group():
    for seed in range(40):
        people = [sample_person(seed, group=group) for group in GROUPS]
        same = (
            "age",
            "glasses",
            "facial_hair",
            "hair_length",
            "weight",
            "shape",
            "clothing",
            "fringe",
            "recession",
            "scarf",
        )
        for field in same:
            assert len({json.dumps(dataclasses.asdict(person)[field]) for person in people}) == 1, field
        hangs = {person.hair in (*HANGING_STYLES, "afro", "curly", "twists") for person in people}
        assert len(hangs) == 1


SHARED = (
    *("gender", "age", "facial_hair", "beard_length", "glasses", "clothing", "headwear", "earrings", "scarf"),
    *("lip_colour", "lip_strength", "eye_makeup", "recession", "parting", "fringe", "hair_length"),
)


def test_matched_people_share_what_is_no_look_of_their_own_and_are_different_people():
    lengths = [{style for pairs in groups.values() for style, _ in pairs} for groups in population._STYLES.values()]
    for matched in range(40):
        people = [sample_person(900 + 3 * matched + n, matched=matched, group=GROUPS[n]) for n in range(3)]
        for field in SHARED:
            assert len({json.dumps(dataclasses.asdict(person)[field]) for person in people}) == 1, field
        assert any({person.hair for person in people} <= styles for styles in lengths), "hair of one length"
        assert len({person.hair_colour in ("grey", "white") for person in people}) == 1
        for field in ("shape", "ancestry", "skin_tone", "weight", "brow", "freckles"):
            assert len({json.dumps(dataclasses.asdict(person)[field]) for person in people}) == 3, field
    assert sample_person(7, matched=7) == sample_person(7)


def test_skin_tones_of_the_groups_overlap():
    tones = {group: [sample_person(seed, group=group).skin_tone for seed in range(60)] for group in GROUPS}
    assert np.median(tones["black"]) > np.median(tones["asian"]) > np.median(tones["caucasian"])
    assert min(tones["black"]) < max(tones["caucasian"])
    assert all(len(set(values)) > 20 for values in tones.values())


def test_scarves_are_rare_and_came_without_moving_an_earlier_draw():
    worn = [sample_person(seed).scarf for seed in range(300)]
    assert 0 < sum(scarf != "none" for scarf in worn) < 20
    person = sample_person(4)
    assert (person.clothing.pattern, person.headwear, person.iris) == ("checks", "beanie", "green")
    assert person.freckles == pytest.approx(0.092903, abs=1e-6)
    assert person.clothing.neckline == pytest.approx(0.185123, abs=1e-6)


def test_half_of_the_yaws_are_near_the_front_and_the_rest_reach_the_profile():
    yaws = np.abs([sample_shot(seed).yaw for seed in range(400)])
    # Half within 15 degrees by design, plus a sixth of the broad half.
    assert np.mean(yaws <= 15) == pytest.approx(7 / 12, abs=0.07)
    assert yaws.max() > 80


def test_attributes_name_every_manifest_column():
    person, shot = sample_person(4), sample_shot(9)
    row = attributes(person, shot)
    assert list(row) == [
        "group", "gender", "age", "emotion", "skin_tone", "yaw", "light", "glasses", "hair", "facial_hair",
    ]  # fmt: skip
    assert row["group"] in GROUPS
    assert row["light"] in LIGHTS
    assert row["emotion"] in EMOTIONS
    assert row["hair"] in HAIR_STYLES
    assert row["glasses"] in GLASSES


def test_all_names_are_known_to_the_body_model():
    body, person = load_body_model(), sample_person(1)
    assert set(person.shape) <= set(body.local)
    for emotion in EMOTIONS:
        for seed in range(20):
            actions = sample_shot(seed, emotion=emotion).actions
            assert set(actions) <= set(body.actions)
            assert all(0 <= amount <= 1 for amount in actions.values())
    for seed in range(40):
        actions = grimace(np.random.default_rng(seed))
        assert set(actions) <= set(body.actions)
        assert all(0 <= amount <= 1 for amount in actions.values())


@pytest.mark.parametrize(
    ("draw", "option", "value", "message"),
    [
        (sample_person, "age", 12, "18 to 80 years"),
        (sample_person, "age", float("nan"), "18 to 80 years"),
        (sample_person, "tone", 0.5, "1 to 10 on the Monk scale"),
        (sample_person, "group", "martian", "asian, black, caucasian"),
        (sample_person, "gender", "other", "female, male"),
        (sample_person, "hair", "mohawk", "side_part"),
        (sample_person, "facial_hair", "sideburns", "moustache"),
        (sample_person, "glasses", "monocle", "sunglasses"),
        (sample_person, "scarf", "boa", "loose"),
        (sample_shot, "emotion", "bored", "neutral, happy, sad, angry"),
        (sample_shot, "yaw", 120.0, "-90 to 90 degrees"),
        (sample_shot, "frame", 9.0, "0.7 to 4.5 head heights"),
        (sample_shot, "light", "disco", "backlit"),
        (sample_shot, "background", "moon", "studio"),
        (sample_shot, "intensity", 1.5, "intensity"),
        (sample_shot, "gaze", (30.0, 0.0), "gaze"),
        (sample_shot, "occluder", "scarf", "occluder"),
    ],
)
def test_impossible_people_and_shots_are_refused(draw, option, value, message):
    with pytest.raises(InputError, match=message):
        draw(0, **{option: value})


@pytest.mark.parametrize("field", ["blur", "saturation", "contrast", "grain"])
def test_an_impossible_camera_is_refused(field):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(sample_shot(0), **{field: -1.0})


@pytest.mark.parametrize("draw", [sample_person, sample_shot])
@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_seeds_that_are_no_whole_numbers_are_refused(draw, seed):
    with pytest.raises(InputError, match="whole number from 0 up"):
        draw(seed)


def test_means_of_shapes_are_the_same_for_every_group():
    people = [sample_person(seed, group=GROUPS[seed % 3]) for seed in range(200)]
    assert all(one.shape == sample_person(one.seed, group="asian").shape for one in people[:30])
    for name, mean in (("mouth-scale-horiz-incr", 0.4), ("l-eye-height1-incr", 0.3), ("nose-hump-incr", 0.0)):
        assert np.mean([one.shape[name] for one in people]) == pytest.approx(mean, abs=0.1), name
