"""Candid shots: what ordinary photographs have and portraits lack, whoever is in them."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from facefair_heads.people.candid import sample_candid_shot, with_any_clothes, with_any_hair_colour, with_any_looks
from facefair_heads.people.person import HAIR_COLOURS
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import BACKGROUNDS, sample_shot
from facefair_heads.sets.cohort import plan_cohort
from facefair_heads.shading.materials import brow_albedo
from facefair_heads.shading.skin import base_albedo
from facefair_lib.errors import InputError
from facefair_lib.settings.profiles import CohortSettings

SHOTS = [sample_candid_shot(seed) for seed in range(400)]


def test_heads_are_a_quarter_to_all_of_the_frame() -> None:
    shares = 1 / np.array([shot.frame for shot in SHOTS])
    assert shares.min() < 0.27
    assert shares.max() > 1
    assert np.mean(shares < 0.5) > 0.2


def test_some_heads_are_cut_by_the_frame_and_none_has_left_it() -> None:
    away = np.array([np.abs((shot.offset_x, shot.offset_y)).max() for shot in SHOTS])  # of the picture's side
    half_head = 0.5 / np.array([shot.frame for shot in SHOTS])
    assert np.mean((away + half_head > 0.5) & (half_head < 0.4)) > 0.05
    assert (away + 0.3 * 2 * half_head <= 0.5 + 1e-9).all()


def test_poses_backgrounds_and_things_before_the_face_are_more_varied_than_in_portraits() -> None:
    portraits = [sample_shot(seed) for seed in range(400)]
    for angle in ("pitch", "roll"):
        spreads = [np.std([getattr(shot, angle) for shot in shots]) for shots in (SHOTS, portraits)]
        assert spreads[0] > 1.8 * spreads[1]
    assert {shot.background for shot in SHOTS} == set(BACKGROUNDS)
    hidden = [np.mean([shot.occluder != "none" for shot in shots]) for shots in (SHOTS, portraits)]
    assert hidden[0] > 0.2 > hidden[1]


def test_the_same_seed_gives_the_same_shot_and_the_emotion_can_be_fixed() -> None:
    assert sample_candid_shot(7) == sample_candid_shot(7) != sample_candid_shot(8)
    assert sample_candid_shot(7, emotion="sad").emotion == "sad"
    with pytest.raises(InputError, match="emotion"):
        sample_candid_shot(7, emotion="bored")


def test_dyed_hair_has_any_colour_and_nothing_else_changes() -> None:
    dyed = [(sample_person(seed, group="asian"), seed) for seed in range(300)]
    colours = Counter()
    for person, seed in dyed:
        changed = with_any_hair_colour(person, seed)
        colours[changed.hair_colour] += changed.hair_colour != person.hair_colour
        assert {name for name in vars(person) if getattr(person, name) != getattr(changed, name)} <= {"hair_colour"}
    assert 0.15 < sum(colours.values()) / 300 < 0.4
    assert set(HAIR_COLOURS) <= set(colours)


def test_printed_cloth_and_scarves_are_worn_alike_in_every_group_and_nothing_else_changes() -> None:
    worn = Counter()
    for seed in range(300):
        clothes = set()
        for group in ("asian", "black"):
            person = sample_person(seed, group=group)
            changed = with_any_clothes(person, seed)
            assert {name for name in vars(person) if getattr(person, name) != getattr(changed, name)} <= {
                "clothing", "scarf",
            }  # fmt: skip
            clothes.add((changed.clothing.pattern, changed.scarf))
        ((pattern, scarf),) = clothes
        worn.update({pattern: 1, scarf: 1})
    assert 0.15 < worn["print"] / 300 < 0.35
    assert 0.85 < worn["none"] / 300 < 0.95


def test_brows_made_up_eyes_and_fair_hair_vary_alike_in_every_group_and_nothing_else_changes() -> None:
    looks, ratios = Counter(), []
    for seed in range(300):
        drawn = set()
        for group in ("asian", "black"):
            person = sample_person(seed, group=group)
            changed = with_any_looks(person, seed)
            differing = {name for name in vars(person) if getattr(person, name) != getattr(changed, name)}
            assert differing <= {"brow", "eye_makeup", "hair_colour"}
            shape = {name for name in vars(person.brow) if getattr(person.brow, name) != getattr(changed.brow, name)}
            assert shape <= {"thickness", "strength"}
            fair = changed.hair_colour in ("blond", "light_blond") and "hair_colour" in differing
            ratio = round(changed.brow.thickness / person.brow.thickness, 9)
            drawn.add((changed.brow.strength, ratio, fair, changed.eye_makeup if "eye_makeup" in differing else 0))
        ((strength, ratio, fair, makeup),) = drawn
        looks.update(faint=strength < 1, fair=fair, made_up=makeup > 0)
        ratios.append(ratio)
    assert 0.4 < looks["faint"] / 300 < 0.6
    assert 0.18 < looks["fair"] / 300 < 0.32
    assert 0.18 < looks["made_up"] / 300 < 0.32
    assert 0.8 < min(ratios) < 0.95 and 1.8 < max(ratios) <= 2


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_faint_brows_are_as_bright_as_the_skin_and_strong_ones_as_their_hair(strength: float) -> None:
    person = sample_person(3, group="asian")
    own = brow_albedo(person)
    faint = brow_albedo(dataclasses.replace(person, brow=dataclasses.replace(person.brow, strength=strength)))
    assert faint == pytest.approx(own + (1 - strength) * (base_albedo(person.skin_tone) - own), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_candid_pictures_are_a_share_of_the_cohort_and_equally_many_in_every_group(share: float) -> None:
    cohort = CohortSettings(
        real=192, people=6, two_folders=2, shots=4, multiperson=4, exact_duplicates=0, near_duplicates=0, size=32,
        samples=1, candid=share,
    )  # fmt: skip
    heads = [picture.heads[0] for picture in plan_cohort(cohort, seed=1) if picture.subject.startswith("real")]
    counts = Counter((head.group, head.gender, head.emotion) for head in heads if head.candid)
    assert sum(counts.values()) == 192 * share
    assert len(set(counts.values())) <= 1
    named = [picture.heads[0] for picture in plan_cohort(cohort, seed=1) if not picture.subject.startswith("real")]
    assert np.mean([head.candid for head in named]) == share
