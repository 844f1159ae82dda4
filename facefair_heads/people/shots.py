"""Shots as plain values: everything that belongs to one picture rather than to the person in it.

Nothing here depends on the person: pose, light, background and camera are independent of the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facefair_heads.numerics import choose, stream
from facefair_heads.people.expressions import EMOTIONS, FULL_GAZE, facial_actions, sample_actions
from facefair_heads.people.person import Person, check_choice, check_range, check_seed

LIGHTS = ("soft", "hard", "side", "backlit", "dim", "night")
PORTRAIT_BACKGROUNDS = ("studio", "room", "street", "outdoors", "bokeh")
CANDID_BACKGROUNDS = ("clutter", "vista", "foliage", "crowd", "lettering", "pattern", "strands", "rough")
BACKGROUNDS = (*PORTRAIT_BACKGROUNDS, *CANDID_BACKGROUNDS)

_OCCLUDER_SHARES = (("none", 0.94), ("hand", 0.03), ("cup", 0.015), ("phone", 0.015))
HAND_PLACES = ("hand_mouth", "hand_cheek", "hand_chin", "hand_brow", "hand_ear", "hands")
OCCLUDERS = ("none", "hand", "cup", "phone", "microphone", *HAND_PLACES)
"""What may hide a part of the face; labelled as background."""


@dataclass(frozen=True)
class LightSetup:
    """Light of a shot; angles in degrees from the camera's axis, brightness relative to a usual portrait.

    ``spread`` is the key light's size (0 = a point), ``warmth`` shifts it from blue (negative) to orange (positive),
    ``backdrop`` is the brightness of the background.
    """

    name: str
    azimuth: float
    elevation: float
    key: float
    ambient: float
    rim: float
    fill: float
    backdrop: float
    spread: float
    warmth: float
    exposure: float


@dataclass(frozen=True)
class Shot:
    """One picture's expression, pose, camera, light and background.

    Attributes
    ----------
    seed : seeds the background's layout, the camera noise and the shadow rays
    emotion : one of ``EMOTIONS``; ``actions`` are the facial actions that express it at full intensity, in [0, 1]
    intensity : 0 (nothing of the emotion is shown) to 1
    gaze : where the eyes look, degrees to the person's left (-14 to 14) and upward (-9 to 9) from straight ahead
    eye_opening : -1 (shut) to 1 (wide open)
    yaw, pitch, roll : camera around the head, degrees; positive yaw shows more of the person's left side
    neck_yaw : turn of the shoulders against the head, degrees
    field_of_view : degrees; a small one flattens the face
    frame : height of the picture in head heights
    offset_x, offset_y : shift of the head's centre, in picture sizes
    light : see ``LightSetup``
    background : one of ``BACKGROUNDS``
    occluder : one of ``OCCLUDERS``, in front of the face
    blur : standard deviation of the camera blur, in pixels of a 128-pixel picture
    saturation : of the camera's colours; 1 leaves them as they are
    contrast : of the camera's tones about a middle grey; 1 leaves them as they are
    grain : standard deviation of the camera noise, in sRGB units of 1
    jpeg_quality : quality at which the finished picture has been compressed, 10 to 100; 0 = never
    greyscale : whether the picture is black and white
    """

    seed: int
    emotion: str
    actions: Mapping[str, float]
    intensity: float
    gaze: tuple[float, float]
    eye_opening: float
    yaw: float
    pitch: float
    roll: float
    neck_yaw: float
    field_of_view: float
    frame: float
    offset_x: float
    offset_y: float
    light: LightSetup
    background: str
    occluder: str
    blur: float
    saturation: float
    contrast: float
    grain: float
    jpeg_quality: int
    greyscale: bool

    def __post_init__(self) -> None:
        check_choice("emotion", self.emotion, EMOTIONS)
        check_choice("light", self.light.name, LIGHTS)
        check_choice("background", self.background, BACKGROUNDS)
        check_range("yaw", self.yaw, -90, 90, "degrees")
        check_range("pitch", self.pitch, -60, 60, "degrees")
        check_range("roll", self.roll, -60, 60, "degrees")
        check_range("frame", self.frame, 0.7, 4.5, "head heights")
        check_range("field_of_view", self.field_of_view, 5, 60, "degrees")
        check_range("intensity", self.intensity, 0, 1, "of the emotion")
        check_range("gaze to the left", self.gaze[0], -FULL_GAZE[0], FULL_GAZE[0], "degrees")
        check_range("gaze upward", self.gaze[1], -FULL_GAZE[1], FULL_GAZE[1], "degrees")
        check_range("eye_opening", self.eye_opening, -1, 1, "(shut to wide)")
        check_choice("occluder", self.occluder, OCCLUDERS)
        check_range("blur", self.blur, 0, 10, "pixels")
        check_range("saturation", self.saturation, 0, 2, "times")
        check_range("contrast", self.contrast, 0.2, 3, "times")
        check_range("grain", self.grain, 0, 0.5, "of full brightness")
        if self.jpeg_quality != 0:
            check_range("jpeg_quality", self.jpeg_quality, 10, 100, "(or 0 for no compression)")

    def facial_actions(self) -> dict[str, float]:
        """Facial actions as the body model takes them: the emotion at its intensity, the gaze and the lids."""
        return facial_actions(self.actions, self.intensity, self.gaze, self.eye_opening)


def sample_shot(
    seed: int,
    *,
    emotion: str | None = None,
    intensity: float | None = None,
    gaze: tuple[float, float] | None = None,
    yaw: float | None = None,
    pitch: float | None = None,
    roll: float | None = None,
    light: str | None = None,
    background: str | None = None,
    frame: float | None = None,
    occluder: str | None = None,
) -> Shot:
    """Draw a shot.

    Half of all yaws lie within 15 degrees of the front, the other half anywhere up to 90 degrees. Framing runs from a
    tight portrait, where the head fills the picture and hair may be cut off, to head and shoulders. Framing, blur,
    contrast, saturation and backgrounds vary widely enough to include what real portraits (FASSEG) show.

    Parameters
    ----------
    seed : any non-negative integer
    emotion, light, background, occluder : fix a field by its name; drawn where None
    intensity : 0 to 1; drawn from 0.75 to 1 where None
    gaze : degrees to the person's left and upward
    yaw, pitch, roll : degrees
    frame : height of the picture in head heights, 0.7 to 4.5

    Raises
    ------
    InputError
        for an impossible value
    """

    check_seed(seed)

    def random(name: str) -> np.random.Generator:
        return stream(seed, f"shot/{name}")

    emotion = str(random("emotion").choice(EMOTIONS)) if emotion is None else emotion
    check_choice("emotion", emotion, EMOTIONS)
    if light is None:
        light = choose(random("light"), tuple(zip(LIGHTS, (0.48, 0.2, 0.13, 0.08, 0.07, 0.04), strict=True)))
    check_choice("light", light, LIGHTS)
    if background is None:
        background = choose(
            random("background"), tuple(zip(PORTRAIT_BACKGROUNDS, (0.5, 0.18, 0.12, 0.13, 0.07), strict=True))
        )
    frame = _sample_frame(random("frame")) if frame is None else float(frame)
    room_to_move = float(np.clip(frame - 1.0, 0.0, 0.6))
    offset = random("offset").normal(0, (0.07, 0.05)) * room_to_move
    return Shot(
        seed=int(seed),
        emotion=emotion,
        actions=sample_actions(random("expression"), emotion),
        intensity=float(random("intensity").uniform(0.75, 1)) if intensity is None else intensity,
        gaze=_sample_gaze(random("gaze")) if gaze is None else (float(gaze[0]), float(gaze[1])),
        eye_opening=float(np.clip(random("lids").normal(0.22, 0.12), -0.15, 0.5)),
        yaw=_sample_yaw(random("yaw")) if yaw is None else yaw,
        pitch=float(np.clip(random("pitch").normal(0, 7), -25, 25)) if pitch is None else pitch,
        roll=float(np.clip(random("roll").normal(0, 4), -20, 20)) if roll is None else roll,
        neck_yaw=float(random("neck").uniform(-12, 12)),
        field_of_view=float(random("lens").uniform(12, 32)),
        frame=frame,
        offset_x=float(offset[0]),
        offset_y=float(offset[1]),
        light=sample_light(random("light setup"), light),
        background=background,
        occluder=choose(random("occluder"), _OCCLUDER_SHARES) if occluder is None else occluder,
        blur=float(0.15 + 0.8 * random("blur").random() ** 1.3),
        saturation=float(random("saturation").triangular(0.35, 1.0, 1.25)),
        contrast=float(random("contrast").uniform(0.85, 1.3)),
        grain=float(0.001 + 0.010 * random("grain").random() ** 2),
        jpeg_quality=_sample_jpeg_quality(random("jpeg")),
        greyscale=bool(random("greyscale").random() < 0.04),
    )


def _sample_gaze(random: np.random.Generator) -> tuple[float, float]:
    limits = np.array(FULL_GAZE)
    sideways, upward = np.clip(random.normal(0, (3.0, 1.2)), -limits, limits)
    return float(sideways), float(upward)


def _sample_jpeg_quality(random: np.random.Generator) -> int:
    return int(random.integers(45, 96)) if random.random() < 0.35 else 0


def _sample_yaw(random: np.random.Generator) -> float:
    near_front = random.random() < 0.5
    return float(random.uniform(-15, 15) if near_front else random.uniform(-90, 90))


def _sample_frame(random: np.random.Generator) -> float:
    limits = ((0.86, 1.12), (1.12, 1.5), (1.5, 2.1))[int(random.choice(3, p=(0.45, 0.33, 0.22)))]
    return float(random.uniform(*limits))


# Kind of light -> ranges of ``LightSetup``'s fields, in their order: azimuth to either side, exposure in stops.
_LIGHT_RANGES = {
    "soft": ((0, 45), (15, 50), (0.5, 0.85), (0.5, 0.75), (0.0, 0.5), (0.1, 0.2), (0.75, 1.3), (0.9, 1.5), (-1.2, 1.2),
             (-0.25, 0.5)),
    "hard": ((10, 60), (15, 65), (1.3, 1.8), (0.12, 0.28), (0.1, 0.6), (0.02, 0.08), (0.4, 1.1), (0.02, 0.12),
             (-0.5, 1.5), (-0.1, 0.45)),
    "side": ((65, 100), (0, 35), (1.2, 1.7), (0.10, 0.24), (0.1, 0.5), (0.0, 0.06), (0.25, 1.0), (0.15, 0.5),
             (-1.5, 1.5), (-0.1, 0.5)),
    "backlit": ((120, 165), (20, 55), (1.2, 1.8), (0.28, 0.45), (2.0, 3.5), (0.05, 0.15), (1.2, 1.9), (0.1, 0.4),
                (-0.5, 2.5), (-0.2, 0.4)),
    "dim": ((0, 70), (20, 70), (0.3, 0.55), (0.16, 0.3), (0.0, 0.4), (0.02, 0.1), (0.3, 0.6), (0.4, 0.9), (1.0, 4.0),
            (-0.5, 0.15)),
    "night": ((20, 100), (10, 60), (0.6, 1.1), (0.07, 0.15), (0.3, 1.5), (0.0, 0.05), (0.05, 0.2), (0.05, 0.4),
              (-5.0, 5.0), (-0.4, 0.3)),
}  # fmt: skip


def sample_light(random: np.random.Generator, name: str) -> LightSetup:
    """Draw a light setup of a kind."""
    side = random.choice((-1, 1))
    azimuth, *others, stops = (float(random.uniform(*limits)) for limits in _LIGHT_RANGES[name])
    return LightSetup(name, float(side) * azimuth, *others, exposure=2**stops)


def attributes(person: Person, shot: Shot) -> dict[str, str | float]:
    """List the columns a manifest takes from a person and a shot."""
    return {
        "group": person.group,
        "gender": person.gender,
        "age": person.age,
        "emotion": shot.emotion,
        "skin_tone": person.skin_tone,
        "yaw": shot.yaw,
        "light": shot.light.name,
        "glasses": person.glasses,
        "hair": person.hair,
        "facial_hair": person.facial_hair,
    }
