"""Things that hide a part of the face: hands, a cup, a phone, a microphone. They are labelled as background."""

from __future__ import annotations

import colorsys

import numpy as np
from scipy.ndimage import maximum_filter

from facefair_heads.geometry.head_mesh import SKIN, HeadMesh, head_template, shows_trunk
from facefair_heads.geometry.scene import HAND, OBJECT, SceneBuilder
from facefair_heads.geometry.shapes import Surface, box, ellipsoid, tube
from facefair_heads.numerics import normalised, rgb, srgb_to_linear, stream
from facefair_heads.people.shots import Shot

_CELL = 0.07  # of the relief on which a hand is laid, decimetres
# Place of a hand on the person's left -> palm (decimetres), range of the fingers' lean toward the face's middle
# (radians), and where the back of the hand faces: outward and ahead.
_PLACES = {
    "hand_mouth": ((0.22, 6.50, 0.0), (0.7, 1.3), (0.1, 1.0)),
    "hand_cheek": ((0.62, 6.45, 1.05), (-0.3, 0.3), (0.84, 0.54)),
    "hand_chin": ((0.20, 5.75, 0.0), (0.2, 0.7), (0.15, 0.99)),
    "hand_brow": ((0.55, 7.55, 0.0), (0.9, 1.5), (0.3, 0.95)),
    "hand_ear": ((0.0, 6.85, 0.55), (-0.2, 0.4), (0.97, 0.24)),
}


def object_colour(shot: Shot) -> np.ndarray:
    """Draw the linear colour (3,) of a shot's cup, phone or microphone."""
    random = stream(shot.seed, "occluder/colour")
    value = 0.08 if shot.occluder == "phone" else random.uniform(0.3, 0.95)
    if shot.occluder == "microphone" and random.random() < 0.8:  # most are black
        value = 0.1
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
        _add_hand(builder, shot, _hand(centre, side, random.uniform(0.1, 0.9)))
    elif shot.occluder == "cup":
        mouth = np.array([0.0, 6.62, 0.0])
        front = _front(head, mouth)
        _add_cup(builder, mouth + np.array([0, -0.42, front + 0.36]))
        _add_hand(builder, shot, _hand(mouth + np.array([side * 0.12, -0.5, front + 0.78]), side, 1.2))
    elif shot.occluder == "phone":
        ear = np.abs(head.positions[[head_template().left_ear_top, head_template().right_ear_top], 0]).max()
        axes = np.array([(0.05, 0.012, -0.02), (0, 0.72, 0.28), (0, -0.13, 0.33)]) * (side, 1, 1)
        builder.add(*box((side * (ear + 0.16), 6.85, 0.72), axes), OBJECT)
        _add_hand(builder, shot, _hand(np.array([side * (ear + 0.30), 6.72, 0.66]), side, 0.25, (0.75, 0.35)))
    elif shot.occluder == "microphone":
        _add_microphone(builder, head, shot, side, random)
    else:
        both = shot.occluder == "hands"
        place = ("hand_cheek", "hand_mouth")[int(random.random() < 0.3)] if both else shot.occluder
        for one in (side, -side) if both else (side,):
            _lay_hand(builder, head, shot, place, one, random)


def _front(head: HeadMesh, centre: np.ndarray) -> float:
    """Foremost skin behind a hand-sized patch."""
    near = (head_template().part_of_vertex == SKIN) & (np.abs(head.positions[:, :2] - centre[:2]).max(1) < 0.35)
    return float(head.positions[near, 2].max())


def _add_hand(builder: SceneBuilder, shot: Shot, hand: list[Surface], shift: np.ndarray | float = 0.0) -> None:
    """Add a hand, its wrist last; where a picture shows its elbow, a sleeve leads on to the shoulder."""
    for positions, normals, triangles in hand:
        builder.add(positions + shift, normals, triangles, HAND)
    if shows_trunk(shot):
        elbow = (hand[-1][0][-10:] + shift).mean(0)
        along = np.array([0, 0.03, 0.12, 0.4, 0.7, 1.0])[:, None]
        path = elbow + along * (np.array([np.sign(elbow[0]) * 1.6, 5.0, 0.3]) - elbow)
        positions, normals, triangles = tube(path, np.array([0, 0.25, 0.36, 0.4, 0.42, 0.42]))
        # Whatever lies in the garment's canonical region is cloth: here, the chest.
        builder.add(positions, normals, triangles, SKIN, canonical=positions - path[3] + (0, 3.0, 0.3))


def _lay_hand(
    builder: SceneBuilder, head: HeadMesh, shot: Shot, place: str, side: float, random: np.random.Generator
) -> None:
    """Lay a hand on the skin at one of ``_PLACES``, moved a little at random."""
    palm, lean, back = _PLACES[place]
    palm = (palm + random.normal(0, 0.06, 3)) * (side, 1, 1)
    hand = _hand(palm, side, random.uniform(*lean), back, curl=random.uniform(0.05, 0.3))
    behind = normalised(np.array([back[0] * side, 0, back[1]]))
    touching = np.concatenate([positions for positions, _, _ in hand[:-1]])  # all but the wrist
    _add_hand(builder, shot, hand, behind * (0.02 - _clearance(head, touching, behind)))


def _clearance(head: HeadMesh, points: np.ndarray, behind: np.ndarray) -> float:
    """How far points (n, 3) can move against ``behind`` before the first of them meets the head, decimetres."""
    skin = (head_template().part_of_vertex == SKIN) & (head_template().canonical[:, 1] > 6.1)
    across = np.cross((0, 1, 0), behind)
    axes = np.stack([across, np.cross(behind, across), behind])
    on_skin, at = head.positions[skin] @ axes.T, points @ axes.T
    low = np.minimum(on_skin.min(0), at.min(0))[:2]
    cells = [((values[:, :2] - low) / _CELL).astype(int) for values in (on_skin, at)]
    relief = np.full(np.concatenate(cells).max(0) + 1, -np.inf)
    np.maximum.at(relief, tuple(cells[0].T), on_skin[:, 2])
    return float((at[:, 2] - maximum_filter(relief, 3)[tuple(cells[1].T)]).min())


def _hand(palm: np.ndarray, side: float, tilt: float, back=(0.0, 1.0), curl: float = 0.10) -> list[Surface]:
    """A hand with its wrist; ``tilt`` leans the fingers toward the face's middle, radians.

    ``back`` is where the back of the hand faces, outward and ahead; ``curl`` bends the fingers toward the face.
    """
    across, behind = np.array([back[1], 0, -back[0] * side]), np.array([back[0] * side, 0, back[1]])
    up = np.array([0, 1.0, 0]) * np.cos(tilt) - across * side * np.sin(tilt)
    wide = across * np.cos(tilt) + np.array([0, 1.0, 0]) * side * np.sin(tilt)
    hand = [ellipsoid(palm, np.array([wide * 0.33, up * 0.38, behind * 0.12]))]
    bend = np.linspace(0, 1, 8)[:, None]
    profile = np.array([0.075, 0.08, 0.078, 0.076, 0.074, 0.07, 0.055, 0.0])
    for number, length in enumerate((0.62, 0.72, 0.68, 0.52)):
        start = palm + wide * (0.165 * (number - 1.5)) + up * 0.27
        path = start + up * length * bend + wide * 0.05 * (number - 1.5) * bend - behind * curl * bend**2
        hand.append(tube(path, profile))
    thumb = palm - wide * 0.24 * side - up * 0.12
    hand.append(tube(thumb + (0.55 * up - 0.32 * wide * side) * bend, 1.1 * profile))
    wrist = palm - up * 0.15 - up * 2.6 * np.linspace(0, 1, 6)[:, None]
    return [*hand, tube(wrist, np.linspace(0.20, 0.30, 6))]


def _add_cup(builder: SceneBuilder, centre: np.ndarray) -> None:
    height = np.array([-0.5, -0.5, 0.0, 0.5, 0.5, 0.42])
    radius = np.array([0.0, 0.27, 0.30, 0.34, 0.31, 0.0])
    path = centre + np.stack([0 * height, height, 0.12 * height], -1)
    path += np.linspace(0, 1e-4, len(path))[:, None] * (0, 1, 0)  # no two points of a path may coincide
    builder.add(*tube(path, radius, corners=20), OBJECT)


def _add_microphone(
    builder: SceneBuilder, head: HeadMesh, shot: Shot, side: float, random: np.random.Generator
) -> None:
    """A microphone in front of the mouth or the chin: held in a fist, or with a windscreen on a stand."""
    held = random.random() < 0.6
    ball = random.uniform(0.19, 0.26) if held else random.uniform(0.22, 0.36)
    top = np.array([side * random.uniform(-0.05, 0.25), random.uniform(6.15, 6.6), 0.0])
    top[2] = _front(head, top) + ball + random.uniform(0.03, 0.3)
    lean = random.uniform(0.1, 0.6)
    down = normalised(np.array([side * random.uniform(0, 0.7), -1, lean]) if held else np.array([0, -lean, 1.0]))
    builder.add(*ellipsoid(top, ball * np.eye(3)), OBJECT)
    along = np.linspace(0.5 * ball, 1.7, 5)[:, None]
    builder.add(*tube(top + down * along, np.array([0.8 * ball, 0.13, 0.11, 0.09, 0.0])), OBJECT)
    if held:
        grip = top + down * 1.0  # four fingers round the handle, their knuckles ahead
        axes = np.array([(0.2, 0, 0), (0, 0.085, 0), (0, 0, 0.2)])
        fist = [ellipsoid(grip + down * 0.16 * (number - 1.5), axes) for number in range(4)]
        wrist = grip + np.array([side * 0.15, -0.1, -0.1])
        elbow = np.array([side * 1.9, 4.3, 0.7])
        arm = tube(wrist + (elbow - wrist) * np.linspace(0, 1, 6)[:, None], np.linspace(0.2, 0.3, 6))
        _add_hand(builder, shot, [*fist, arm])
    else:
        stand = top + down * 1.6 + np.linspace(0, 1, 4)[:, None] * (0, -9.0, 0)
        builder.add(*tube(stand, np.full(4, 0.05)), OBJECT)
