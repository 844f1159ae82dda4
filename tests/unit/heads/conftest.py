"""People and pictures that several tests of the rendered heads look at; rendered once per session, at 64 pixels."""

from __future__ import annotations

import pytest

from facefair_heads.camera.render import Rendering, render
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot

SIZE = 64


@pytest.fixture(scope="session")
def frontal_shot():
    return sample_shot(5, emotion="neutral", yaw=0.0, pitch=0.0, roll=0.0, frame=1.4, light="soft")


@pytest.fixture(scope="session")
def bearded_man():
    return sample_person(
        11, group="asian", gender="male", age=40, hair="short", facial_hair="full", glasses="sunglasses"
    )


@pytest.fixture(scope="session")
def woman():
    return sample_person(12, group="black", gender="female", age=30, hair="bun", glasses="none")


@pytest.fixture(scope="session")
def rendering_of_woman(woman, frontal_shot) -> Rendering:
    return render(woman, frontal_shot, SIZE)
