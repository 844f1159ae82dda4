from __future__ import annotations

import dataclasses

import pytest

from facefair_heads.people.person import GROUPS
from facefair_heads.people.population import sample_person
from facefair_lib.explore.person_controls import Choices


@pytest.mark.parametrize("number", range(6))
def test_the_first_choices_leave_a_person_as_drawn(number: int) -> None:
    choices, drawn = Choices.of_person(number), sample_person(number)
    person = choices.person()
    assert dataclasses.replace(person, age=drawn.age, skin_tone=drawn.skin_tone) == drawn
    assert person.age == pytest.approx(drawn.age, abs=0.5)
    assert person.skin_tone == pytest.approx(drawn.skin_tone, abs=0.25)


def test_group_changes_the_face_alone_and_tone_the_skin_alone() -> None:
    choices = Choices.of_person(0)
    other = next(group for group in GROUPS if group != choices.group)
    moved = dataclasses.replace(choices, group=other).person()
    assert dataclasses.replace(moved, group=choices.group, ancestry=choices.person().ancestry) == choices.person()
    darker = dataclasses.replace(choices, skin_tone=9.0).person()
    assert dataclasses.replace(darker, skin_tone=choices.skin_tone) == choices.person()


def test_a_change_of_emotion_leaves_pose_light_and_background_alone() -> None:
    choices = Choices.of_person(1)
    calm, happy = choices.shot(), dataclasses.replace(choices, emotion="happy").shot()
    assert happy.actions != calm.actions
    assert dataclasses.replace(happy, emotion=calm.emotion, actions=calm.actions) == calm


def test_a_picture_is_in_colour_and_nothing_hides_the_face() -> None:
    shots = [Choices.of_person(number).shot() for number in range(20)]
    assert not any(shot.greyscale or shot.jpeg_quality for shot in shots)
    assert {shot.occluder for shot in shots} == {"none"}
