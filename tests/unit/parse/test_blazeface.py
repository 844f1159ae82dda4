"""The face detector: the published network to the last digit, and the heads that it finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facefair_heads import render, sample_person, sample_shot
from facefair_lib.parse.blazeface import FaceDetector
from facefair_lib.parse.finding import Head, find_heads
from facefair_lib.parse.squares import Box
from facefair_lib.settings.labels import INDEX, NUM_CLASSES


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def drawn_face() -> np.ndarray:
    """A face of ellipses: (128, 128, 3)."""
    picture = np.full((128, 128, 3), 200, np.uint8)
    rows, columns = np.mgrid[:128, :128]
    for row, column, high, wide, colour in (
        (70, 64, 40, 30, (190, 140, 110)),  # head
        (60, 52, 4, 7, (40, 30, 30)),
        (60, 76, 4, 7, (40, 30, 30)),
        (75, 64, 9, 4, (160, 110, 90)),
        (92, 64, 4, 12, (150, 50, 60)),
        (40, 64, 18, 32, (50, 35, 25)),  # hair
    ):
        picture[((rows - row) / high) ** 2 + ((columns - column) / wide) ** 2 < 1] = colour
    return picture


def test_the_network_answers_as_tensorflows_interpreter_does(detector: FaceDetector) -> None:
    """Numbers of LiteRT 2.3.0 with MediaPipe's file for the same picture."""
    inputs = torch.from_numpy(drawn_face())[None].permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        logits, places = detector._network(inputs)
    picked = logits[0, [0, 255, 511, 512, 700, 895]]
    assert picked.tolist() == pytest.approx([-5.069, -4.3652, -4.9756, -8.5928, -17.9528, -67.4298], abs=2e-3)
    assert logits.argmax() == 724
    assert logits.mean().item() == pytest.approx(-10.399102, abs=1e-3)
    assert places[0, 724, :6].tolist() == pytest.approx([9.803, 2.608, 65.567, 65.553, -4.857, -9.665], abs=2e-3)


def test_boxes_of_one_face_are_one(detector: FaceDetector) -> None:
    ((face, score),) = detector(drawn_face(), 0.5)
    assert Box(54, 34, 106, 94).overlap(face) > 0.9  # from the eyes to the chin
    assert score > 0.8
    assert detector(drawn_face(), 0.99) == []


def test_a_picture_without_a_face_has_none(detector: FaceDetector) -> None:
    assert detector(np.random.default_rng(0).integers(0, 256, (100, 333, 3), np.uint8), 0.5) == []


def test_a_face_is_found_wherever_it_lies(detector: FaceDetector) -> None:
    picture = np.full((200, 333, 3), 200, np.uint8)
    picture[60:188, 190:318] = drawn_face()
    ((face, _),) = detector(picture, 0.5)
    ((alone, _),) = detector(drawn_face(), 0.5)
    assert (face.top - 60, face.left - 190) == pytest.approx((alone.top, alone.left), abs=6)


@pytest.fixture(scope="module")
def heads() -> list[np.ndarray]:
    """Two rendered people who look at the camera, a light and a dark one: (96, 96, 3)."""
    people = (sample_person(1, group="asian", tone=3), sample_person(2, group="black", tone=9))
    return [render(person, sample_shot(3, yaw=0, pitch=0, roll=0, occluder=None), 96).rgb for person in people]


def found_in(photograph: np.ndarray, detector: FaceDetector, rows_seen: slice = slice(1, 9)) -> list[Head]:
    """Heads found where the network sees a head in these rows of every square of 10 x 10."""
    seen = np.zeros((NUM_CLASSES, 10, 10), np.float32)
    seen[INDEX["background"]] = 0.5
    seen[INDEX["face"], rows_seen, 1:9] = 1
    return find_heads(photograph, lambda square: seen, detector, 0.1)


def test_light_and_dark_heads_of_all_sizes_are_found(heads: list[np.ndarray], detector: FaceDetector) -> None:
    photograph = np.full((400, 500, 3), 120, np.uint8)
    photograph[30:126, 40:136] = heads[0]
    photograph[180:372, 250:442] = heads[1].repeat(2, 0).repeat(2, 1)
    large, small = found_in(photograph, detector)
    assert (large.square.side, small.square.side) == pytest.approx((150, 75), rel=0.5)
    assert Box(180, 250, 372, 442).overlap(large.face) == Box(30, 40, 126, 136).overlap(small.face) == 1


def test_a_face_in_which_the_network_sees_no_head_is_left_out(heads: list[np.ndarray], detector: FaceDetector) -> None:
    for rows_seen, found in ((slice(0), 0), (slice(9, 10), 0), (slice(5, 9), 1)):
        assert len(found_in(heads[0], detector, rows_seen)) == found


def test_a_face_that_fills_the_photograph_is_found(heads: list[np.ndarray], detector: FaceDetector) -> None:
    for head in heads:
        (found,) = found_in(head, detector)
        rows = slice(round(max(found.face.top, 0)), round(found.face.bottom))
        columns = slice(round(max(found.face.left, 0)), round(found.face.right))
        assert len(found_in(head[rows, columns], detector)) == 1
