"""Things that hide a part of the face: a hand, a cup, a phone. They are labelled as background."""

from __future__ import annotations

import colorsys

import numpy as np

from facefair_heads.geometry.head_mesh import SKIN, HeadMesh, head_template
from facefair_heads.geometry.scene import HAND, OBJECT, SceneBuilder
from facefair_heads.geometry.shapes import box, ellipsoid, tube
from facefair_heads.numerics import rgb, srgb_to_linear, stream
from facefair_heads.people.shots import Shot


def object_colour(shot: Shot) -> np.ndarray:
    """Linear colour (3,) of a shot's cup or phone."""
    random = stream(shot.seed, "occluder/colour")
    value = 0.08 if shot.occluder == "phone" else random.uniform(0.3, 0.95)
    return srgb_to_linear(rgb(*colorsys.hsv_to_rgb(random.random(), random.uniform(0, 0.6), value)))


def add_occluder(builder: SceneBuilder, head: HeadMesh, shot: Shot) -> None:
    """Add a shot's occluder in front of the head, standing clear of the skin."""
    if shot.occluder == "none":
        return
    random = stream(shot.seed, "occluder/place")
    side = float(random.choice((-1, 1)))
    if shot.occluder == "hand":
        centre = np.array([side * random.uniform(0.1, 0.45), random.uniform(6.25, 6.7), 0.0])
        centre[2] = _front(head, centre) + 0.13
        _add_hand(builder, centre, side, random.uniform(0.1, 0.9))
    elif shot.occluder == "cup":
        mouth = np.array([0.0, 6.62, 0.0])
        front = _front(head, mouth)
        _add_cup(builder, mouth + np.array([0, -0.42, front + 0.36]))
        _add_hand(builder, mouth + np.array([side * 0.12, -0.5, front + 0.78]), side, 1.2)
    else:
        ear = np.abs(head.positions[[head_template().left_ear_top, head_template().right_ear_top], 0]).max()
        axes = np.array([(0.05, 0.012, -0.02), (0, 0.72, 0.28), (0, -0.13, 0.33)]) * (side, 1, 1)
        builder.add(*box((side * (ear + 0.16), 6.85, 0.72), axes), OBJECT)
        _add_hand(builder, np.array([side * (ear + 0.30), 6.72, 0.66]), side, 0.25, flat=(0.35, 0.75))


def _front(head: HeadMesh, centre: np.ndarray) -> float:
    """Foremost skin behind a hand-sized patch."""
    near = (head_template().part_of_vertex == SKIN) & (np.abs(head.positions[:, :2] - centre[:2]).max(1) < 0.35)
    return float(head.positions[near, 2].max())


def _add_hand(builder: SceneBuilder, palm: np.ndarray, side: float, tilt: float, flat=(1.0, 0.0)) -> None:
    """Add a hand with its wrist; ``tilt`` leans the fingers toward the face's middle, radians.

    ``flat`` are the cosine and sine that turn the palm from facing the face to facing its side.
    """
    across = np.array([flat[0], 0, -flat[1] * side])
    behind = np.array([flat[1] * side, 0, flat[0]])
    up = np.array([0, 1.0, 0]) * np.cos(tilt) - across * side * np.sin(tilt)
    wide = across * np.cos(tilt) + np.array([0, 1.0, 0]) * side * np.sin(tilt)
    builder.add(*ellipsoid(palm, np.array([wide * 0.33, up * 0.38, behind * 0.12])), HAND)
    bend = np.linspace(0, 1, 8)[:, None]
    profile = np.array([0.075, 0.08, 0.078, 0.076, 0.074, 0.07, 0.055, 0.0])
    for number, length in enumerate((0.62, 0.72, 0.68, 0.52)):
        start = palm + wide * (0.165 * (number - 1.5)) + up * 0.27
        path = start + up * length * bend + wide * 0.05 * (number - 1.5) * bend - behind * 0.10 * bend**2
        builder.add(*tube(path, profile), HAND)
    thumb = palm - wide * 0.24 * side - up * 0.12
    builder.add(*tube(thumb + (0.55 * up - 0.32 * wide * side) * bend, 1.1 * profile), HAND)
    wrist = palm - up * 0.15 - up * 2.6 * np.linspace(0, 1, 6)[:, None]
    builder.add(*tube(wrist, np.linspace(0.20, 0.30, 6)), HAND)


def _add_cup(builder: SceneBuilder, centre: np.ndarray) -> None:
    height = np.array([-0.5, -0.5, 0.0, 0.5, 0.5, 0.42])
    radius = np.array([0.0, 0.27, 0.30, 0.34, 0.31, 0.0])
    path = centre + np.stack([0 * height, height, 0.12 * height], -1)
    path += np.linspace(0, 1e-4, len(path))[:, None] * (0, 1, 0)  # no two points of a path may coincide
    builder.add(*tube(path, radius, corners=20), OBJECT)
