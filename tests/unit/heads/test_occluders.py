"""What is held before the face hides what it should, is background, and stands clear of the skin."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial import cKDTree

from facefair_heads.camera.render import render
from facefair_heads.geometry.head_mesh import SKIN, head_template, pose_head
from facefair_heads.geometry.occluders import add_occluder
from facefair_heads.geometry.scene import SceneBuilder
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import HAND_PLACES, OCCLUDERS, sample_shot
from facefair_lib.settings.labels import INDEX

HIDDEN = {
    "hand": "lips", "cup": "lips", "phone": "ears", "microphone": "lips", "hand_mouth": "lips", "hand_cheek": "face",
    "hand_chin": "face", "hand_brow": "eyebrows", "hand_ear": "ears", "hands": "face",
}  # fmt: skip


@pytest.fixture(scope="module")
def person():
    return sample_person(8, hair="buzz", glasses="none", facial_hair="none", headwear="none", earrings="none")


@pytest.mark.parametrize("occluder", OCCLUDERS[1:])
def test_an_occluder_hides_its_part_of_the_face_and_is_background(person, frontal_shot, occluder):
    bare, hidden = (
        render(person, dataclasses.replace(frontal_shot, occluder=name), 64, samples=1).label
        for name in ("none", occluder)
    )
    changed = bare != hidden
    assert np.all(hidden[changed] == INDEX["background"])
    assert INDEX[HIDDEN[occluder]] in bare[changed]


@pytest.mark.parametrize("occluder", ["microphone", *HAND_PLACES])
def test_an_occluder_stands_clear_of_the_skin(occluder):
    template = head_template()
    face = np.flatnonzero((template.part_of_vertex == SKIN) & (template.canonical[:, 1] > 6.3))
    for seed in range(4):
        person, shot = sample_person(seed, hair="bald"), sample_shot(seed, occluder=occluder)
        head, builder = pose_head(person, shot), SceneBuilder()
        add_occluder(builder, head, shot)
        points = builder.finish().positions
        distance, nearest = cKDTree(head.positions[face]).query(points)
        above = np.einsum("ij,ij->i", points - head.positions[face][nearest], head.normals[face][nearest])
        assert above[distance < 0.3].min() > -0.02
        if occluder in HAND_PLACES:
            assert distance.min() < 0.15  # it touches
