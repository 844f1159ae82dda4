from __future__ import annotations

import dataclasses
import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import label as connected

from facefair_heads.camera.compose import compose
from facefair_heads.camera.render import render, vote
from facefair_heads.camera.sheets import contact_sheet
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, INDEX

SIZE = 64  # the size at which conftest renders the shared pictures


def pixels(rendering, name: str) -> int:
    return int((rendering.label == INDEX[name]).sum())


def test_all_eleven_classes_appear_over_a_few_people(bearded_man, rendering_of_woman):
    smile = sample_shot(3, emotion="happy", yaw=0.0, pitch=0.0, roll=0.0, frame=1.1)
    smile = dataclasses.replace(smile, actions={"jawOpen": 0.24, "mouthUpperUpLeft": 0.75, "mouthUpperUpRight": 0.75})
    seen = set(np.unique(rendering_of_woman.label)) | set(np.unique(render(bearded_man, smile, SIZE).label))
    assert {CLASS_NAMES[index] for index in seen} == set(CLASS_NAMES)


def test_a_picture_is_the_same_bytes_again(woman, frontal_shot, rendering_of_woman):
    again = render(woman, frontal_shot, SIZE)
    for name in ("rgb", "label", "coverage"):
        np.testing.assert_array_equal(getattr(again, name), getattr(rendering_of_woman, name))


def test_a_picture_is_the_same_bytes_in_another_process(woman, frontal_shot, rendering_of_woman):
    code = (
        "import hashlib, pickle, sys; from facefair_heads import render;"
        f"seen = render(*pickle.load(sys.stdin.buffer), {SIZE});"
        "print(hashlib.sha256(seen.rgb.tobytes() + seen.label.tobytes()).hexdigest())"
    )
    values = pickle.dumps((woman, frontal_shot))
    there = subprocess.run([sys.executable, "-c", code], input=values, capture_output=True, check=True)
    here = hashlib.sha256(rendering_of_woman.rgb.tobytes() + rendering_of_woman.label.tobytes()).hexdigest()
    assert there.stdout.decode().split()[-1] == here


def test_skin_tone_changes_the_picture_and_no_label(woman, frontal_shot, rendering_of_woman):
    lighter = render(dataclasses.replace(woman, skin_tone=2.0), frontal_shot, SIZE)
    np.testing.assert_array_equal(lighter.label, rendering_of_woman.label)
    np.testing.assert_array_equal(lighter.coverage, rendering_of_woman.coverage)
    face = rendering_of_woman.label == INDEX["face"]
    assert lighter.rgb[face].mean() > rendering_of_woman.rgb[face].mean() + 20


def test_light_changes_no_label(woman, frontal_shot, rendering_of_woman):
    hard = sample_shot(5, emotion="neutral", yaw=0.0, pitch=0.0, roll=0.0, frame=1.4, light="side").light
    seen = render(woman, dataclasses.replace(frontal_shot, light=hard), SIZE)
    np.testing.assert_array_equal(seen.label, rendering_of_woman.label)
    assert np.any(seen.rgb != rendering_of_woman.rgb)


def test_an_expression_moves_the_mouth_and_leaves_the_crown(woman, frontal_shot, rendering_of_woman):
    actions = dict(frontal_shot.actions) | {"jawOpen": 0.8}
    seen = render(woman, dataclasses.replace(frontal_shot, actions=actions), SIZE)
    rows = SIZE // 4
    np.testing.assert_array_equal(seen.label[:rows], rendering_of_woman.label[:rows])
    assert pixels(seen, "lips") > 1.3 * pixels(rendering_of_woman, "lips")


def test_the_profile_shows_one_eye_and_one_ear(frontal_shot):
    person = sample_person(3, hair="buzz", glasses="none", facial_hair="none")
    front, left, right = (render(person, dataclasses.replace(frontal_shot, yaw=yaw), 96) for yaw in (0.0, 80.0, -80.0))
    ear_columns = {}
    for name, seen in (("left", left), ("right", right)):
        assert pixels(seen, "ears") > pixels(front, "ears")
        assert 0 < pixels(seen, "eyes") < pixels(front, "eyes")
        ear_columns[name] = np.nonzero(seen.label == INDEX["ears"])[1].mean()
        nose_column = np.nonzero(seen.label == INDEX["nose"])[1].mean()
        # Positive yaw shows the person's left side: the face then looks to the picture's left.
        assert (nose_column < ear_columns[name]) == (name == "left")


def test_a_frontal_face_is_nearly_symmetric(frontal_shot):
    person = sample_person(8, hair="bald", glasses="none", facial_hair="none")
    shot = dataclasses.replace(frontal_shot, neck_yaw=0.0, offset_x=0.0)
    label = render(person, shot, SIZE).label
    assert np.mean(label == label[:, ::-1]) > 0.95


def test_bald_people_have_no_hair_and_others_have(frontal_shot, woman):
    assert pixels(render(dataclasses.replace(woman, hair="bald"), frontal_shot, 48), "hair") == 0
    for style in ("buzz", "curly", "long", "ponytail"):
        assert pixels(render(dataclasses.replace(woman, hair=style), frontal_shot, 48), "hair") > 50, style


def test_a_clear_lens_is_labelled_as_what_is_seen_through_it(frontal_shot, woman):
    clear = render(dataclasses.replace(woman, glasses="clear"), frontal_shot, SIZE)
    dark = render(dataclasses.replace(woman, glasses="sunglasses"), frontal_shot, SIZE)
    assert pixels(clear, "eyes") > 0
    assert pixels(dark, "eyes") == 0
    assert pixels(dark, "specs") > 2 * pixels(clear, "specs") > 0


def test_pixels_without_a_person_are_background_and_faces_are_covered(rendering_of_woman):
    assert np.all(rendering_of_woman.label[rendering_of_woman.coverage == 0] == INDEX["background"])
    assert np.all(rendering_of_woman.coverage[rendering_of_woman.label == INDEX["face"]] > 0)
    assert rendering_of_woman.rgb.dtype == rendering_of_woman.label.dtype == np.uint8


def test_the_vote_takes_the_majority_and_the_lower_class_on_a_tie():
    label = np.array([[4, 4, 3, 5], [4, 1, 5, 3]], np.uint8).repeat(1, 0)
    square = np.vstack([label, [[0, 0, 9, 9], [0, 2, 9, 9]]]).astype(np.uint8)
    np.testing.assert_array_equal(vote(square, 2), [[4, 3], [0, 9]])


@pytest.mark.parametrize(
    ("size", "samples", "message"),
    [*((size, 3, "16 to 1024") for size in (15, 1025, 64.0, "64")), (64, 5, "1 to 4 samples")],
)
def test_sizes_and_samples_out_of_range_are_refused(woman, frontal_shot, size, samples, message):
    with pytest.raises(InputError, match=message):
        render(woman, frontal_shot, size, samples=samples)


def test_a_composition_shows_every_person_and_hides_what_is_behind(woman, bearded_man, frontal_shot):
    people = [woman, bearded_man, dataclasses.replace(bearded_man, hair="bald")]
    picture = compose(people, [frontal_shot] * 3, size=96, seed=4)
    noses, count = connected(picture.label == INDEX["nose"])
    large = [region for region in range(1, count + 1) if (noses == region).sum() > 5]
    assert len(large) == 3
    single = render(woman, dataclasses.replace(frontal_shot, frame=2.35), 96)
    assert 1.2 < (picture.coverage > 0.5).sum() / (single.coverage > 0.5).sum() < 3
    np.testing.assert_array_equal(compose(people, [frontal_shot] * 3, size=96, seed=4).label, picture.label)


def test_a_composition_of_one_or_of_unequal_numbers_is_refused(woman, frontal_shot):
    for people, shots in (([woman], [frontal_shot]), ([woman] * 2, [frontal_shot]), ([woman] * 4, [frontal_shot] * 4)):
        with pytest.raises(InputError, match="two or three people"):
            compose(people, shots, size=64)


def test_a_contact_sheet_lays_out_pictures_over_labels(rendering_of_woman):
    sheet = contact_sheet([rendering_of_woman] * 3, 2, titles=["a", "b", "c"])
    assert sheet.size == (2 * SIZE, 2 * (2 * SIZE + 14))
    assert contact_sheet([rendering_of_woman], 1).size == (SIZE, 2 * SIZE)
    with pytest.raises(InputError, match="sizes"):
        contact_sheet([], 2)
