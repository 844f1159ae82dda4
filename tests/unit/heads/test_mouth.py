"""Teeth show through the open mouth and nowhere else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from facefair_heads.camera.rasterise import visible
from facefair_heads.geometry.head_mesh import LASHES, LOWER_TEETH, SKIN, TONGUE, UPPER_TEETH, head_template, pose_head
from facefair_heads.people.expressions import EMOTIONS, grimace, sample_actions
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_heads.shading.rays import camera

SIZE = 128
SMALLEST_ROW = 6  # pixels
OPEN_MOUTHS = ("surprised", "happy", "angry", "disgusted", "afraid")
YAWS = (0.0, 20.0, -35.0, 60.0, -75.0, 8.0)


def seen_with_and_without_teeth(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of one head: where teeth are, and where lips or face are once the teeth are gone."""
    person = sample_person(seed, hair="bald", facial_hair="none")
    shot = sample_shot(seed, emotion=OPEN_MOUTHS[seed % 5], intensity=1.0, yaw=YAWS[seed % 6], frame=1.1)
    head, template = pose_head(person, shot), head_template()
    view, solid = camera(shot), template.part != LASHES
    tooth = np.isin(template.part, (UPPER_TEETH, LOWER_TEETH))
    seen, _ = visible(head.positions, template.triangles[solid], view, SIZE)
    beyond, _ = visible(head.positions, template.triangles[solid & ~tooth], view, SIZE)
    outer = (template.part == SKIN) & (template.cavity == 0)
    teeth = (seen >= 0) & tooth[solid][seen]
    covered = (beyond >= 0) & outer[solid & ~tooth][beyond]
    return teeth.reshape(SIZE, SIZE), covered.reshape(SIZE, SIZE)


@pytest.fixture(scope="module")
def mouths() -> list[tuple[np.ndarray, np.ndarray]]:
    return [seen_with_and_without_teeth(seed) for seed in range(60)]


def test_teeth_come_through_neither_lips_nor_face(mouths):
    # Looking in at a corner of the mouth, a tooth may stand before the far lip.
    assert sum((teeth & covered).sum() for teeth, covered in mouths) < 0.01 * sum(teeth.sum() for teeth, _ in mouths)


def test_teeth_are_rows_and_not_scraps(mouths):
    scraps = whole = 0
    for seed, (teeth, _) in enumerate(mouths):
        patches, _ = ndimage.label(teeth, np.ones((3, 3)))
        sizes = np.bincount(patches.ravel())[1:]
        assert (sizes >= SMALLEST_ROW).sum() <= 2, f"more than an upper and a lower row, seed {seed}"
        scraps += sizes[sizes < SMALLEST_ROW].sum()
        whole += sizes[sizes >= SMALLEST_ROW].sum()
    assert whole > 500
    assert scraps < 0.012 * whole


def test_lower_teeth_show_in_a_mouth_that_is_wide_open_and_not_in_one_that_is_parted():
    person, shot, template = sample_person(30, hair="bald"), sample_shot(30, yaw=0.0), head_template()
    lower = template.part[template.part != LASHES] == LOWER_TEETH
    for jaw_open, shown in ((0.3, False), (0.6, True)):
        posed = pose_head(person, dataclasses.replace(shot, actions={"jawOpen": jaw_open}, intensity=1.0))
        seen, _ = visible(posed.positions, template.triangles[template.part != LASHES], camera(shot), SIZE)
        assert lower[seen[seen >= 0]].any() == shown


def test_a_grimace_opens_the_mouth_wider_than_any_emotion_and_another_closes_it():
    person, shot, template = sample_person(30, hair="bald"), sample_shot(30, yaw=0.0, frame=1.1), head_template()
    solid = template.part != LASHES
    inside = (template.cavity[solid] == 1) | np.isin(template.part[solid], (LOWER_TEETH, UPPER_TEETH, TONGUE))

    def opening(actions) -> int:
        posed = pose_head(person, dataclasses.replace(shot, actions=actions, intensity=1.0))
        seen, _ = visible(posed.positions, template.triangles[solid], camera(shot), SIZE)
        return int(inside[seen[seen >= 0]].sum())

    shown = [opening(sample_actions(np.random.default_rng(seed), name)) for name in EMOTIONS for seed in range(4)]
    grimaces = [opening(grimace(np.random.default_rng(seed))) for seed in range(12)]
    assert max(grimaces) > 1.3 * max(shown)
    assert min(grimaces) < 0.1 * max(grimaces)
