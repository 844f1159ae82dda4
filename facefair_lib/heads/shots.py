"""Shots as plain values: everything that belongs to one picture rather than to the person in it.

Nothing here is drawn with a view to the person: pose, light, background and camera are independent of the group.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from facefair_lib.heads.numerics import choose, stream
from facefair_lib.heads.people import Person, check_choice, check_fields, check_range, check_seed

LIGHTS = ("soft", "hard", "side", "backlit", "dim")
BACKGROUNDS = ("studio", "room", "street", "outdoors", "bokeh")

# Facial actions (ARKit's names) of each emotion; "*" stands for both sides.
_EXPRESSIONS: dict[str, tuple[dict[str, float], ...]] = {
    "neutral": ({},),
    "happy": (
        {
            "mouthSmile*": 0.85, "cheekSquint*": 0.6, "jawOpen": 0.24, "mouthUpperUp*": 0.75, "mouthDimple*": 0.2,
            "mouthLowerDown*": 0.25, "eyeSquint*": 0.35, "browOuterUp*": 0.15,
        },
        {
            "mouthSmile*": 0.75, "cheekSquint*": 0.5, "jawOpen": 0.18, "mouthUpperUp*": 0.65, "mouthStretch*": 0.2,
            "eyeSquint*": 0.25, "browInnerUp": 0.1,
        },
        {"mouthSmile*": 0.9, "cheekSquint*": 0.55, "mouthDimple*": 0.4, "eyeSquint*": 0.35, "mouthPress*": 0.1},
    ),
    "sad": (
        {
            "mouthFrown*": 0.85, "browInnerUp": 0.95, "mouthShrugLower": 0.45, "eyeLookDown*": 0.35, "eyeBlink*": 0.15,
            "mouthPress*": 0.2, "mouthRollLower": 0.15,
        },
        {"mouthFrown*": 0.7, "browInnerUp": 0.8, "eyeBlink*": 0.2, "mouthShrugLower": 0.3, "eyeLookDown*": 0.2},
    ),
    "angry": (
        {
            "browDown*": 1.0, "noseSneer*": 0.7, "mouthPress*": 0.5, "eyeSquint*": 0.45, "mouthFrown*": 0.4,
            "jawForward": 0.2, "mouthShrugUpper": 0.15,
        },
        {
            "browDown*": 1.0, "noseSneer*": 0.8, "jawOpen": 0.26, "mouthUpperUp*": 0.85, "mouthStretch*": 0.45,
            "mouthLowerDown*": 0.4, "eyeSquint*": 0.3,
        },
    ),
}  # fmt: skip
EMOTIONS = tuple(_EXPRESSIONS)


@dataclass(frozen=True)
class LightSetup:
    """Light of a shot; angles in degrees from the camera's axis, brightness relative to a usual portrait.

    ``spread`` is the key light's size (0 = a point), ``warmth`` shifts it from blue (negative) to orange (positive).
    """

    name: str
    azimuth: float
    elevation: float
    key: float
    ambient: float
    rim: float
    spread: float
    warmth: float
    exposure: float


@dataclass(frozen=True)
class Shot:
    """One picture's expression, pose, camera, light and background.

    Attributes
    ----------
    seed : seeds the background's layout, the camera noise and the shadow rays
    emotion : one of ``EMOTIONS``; ``actions`` are the facial actions that express it, in [0, 1]
    yaw, pitch, roll : camera around the head, degrees; positive yaw shows more of the person's left side
    neck_yaw : turn of the shoulders against the head, degrees
    field_of_view : degrees; a small one flattens the face
    frame : height of the picture in head heights
    offset_x, offset_y : shift of the head's centre, in picture sizes
    light : see ``LightSetup``
    background : one of ``BACKGROUNDS``
    blur : standard deviation of the camera blur, in pixels of a 128-pixel picture
    grain : standard deviation of the camera noise, in sRGB units of 1
    """

    seed: int
    emotion: str
    actions: Mapping[str, float]
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
    blur: float
    grain: float

    def __post_init__(self) -> None:
        check_choice("emotion", self.emotion, EMOTIONS)
        check_choice("light", self.light.name, LIGHTS)
        check_choice("background", self.background, BACKGROUNDS)
        check_range("yaw", self.yaw, -90, 90, "degrees")
        check_range("pitch", self.pitch, -60, 60, "degrees")
        check_range("roll", self.roll, -60, 60, "degrees")
        check_range("frame", self.frame, 0.8, 3, "head heights")
        check_range("field_of_view", self.field_of_view, 5, 60, "degrees")

    def to_dict(self) -> dict[str, Any]:
        """Write the shot as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Shot:
        """Read what ``to_dict`` wrote, also after a trip through JSON."""
        check_fields(cls, values)
        return cls(**{**values, "light": LightSetup(**values["light"]), "actions": dict(values["actions"])})


def sample_shot(
    seed: int,
    *,
    emotion: str | None = None,
    yaw: float | None = None,
    pitch: float | None = None,
    roll: float | None = None,
    light: str | None = None,
    background: str | None = None,
    frame: float | None = None,
) -> Shot:
    """Draw a shot.

    Half of all yaws lie within 15 degrees of the front, the other half anywhere up to 90 degrees. Framing runs from a
    tight portrait, where the head fills the picture, to head and shoulders.

    Parameters
    ----------
    seed : any non-negative integer
    emotion, light, background : fix a field by its name; drawn where None
    yaw, pitch, roll : degrees
    frame : height of the picture in head heights, 0.8 to 3

    Raises
    ------
    InputError
        for a value that no shot can have
    """

    check_seed(seed)

    def random(name: str) -> np.random.Generator:
        return stream(seed, f"shot/{name}")

    emotion = str(random("emotion").choice(EMOTIONS)) if emotion is None else emotion
    check_choice("emotion", emotion, EMOTIONS)
    if light is None:
        light = choose(random("light"), tuple(zip(LIGHTS, (0.42, 0.22, 0.16, 0.1, 0.1), strict=True)))
    check_choice("light", light, LIGHTS)
    if background is None:
        background = choose(random("background"), tuple(zip(BACKGROUNDS, (0.4, 0.2, 0.15, 0.15, 0.1), strict=True)))
    frame = _sample_frame(random("frame")) if frame is None else float(frame)
    room_to_move = float(np.clip(frame - 1.0, 0.0, 0.6))
    offset = random("offset").normal(0, (0.07, 0.05)) * room_to_move
    return Shot(
        seed=int(seed),
        emotion=emotion,
        actions=sample_actions(random("expression"), emotion),
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
        blur=float(random("blur").random() ** 2 * 0.6),
        grain=float(random("grain").uniform(0.002, 0.012)),
    )


def _sample_yaw(random: np.random.Generator) -> float:
    near_front = random.random() < 0.5
    return float(random.uniform(-15, 15) if near_front else random.uniform(-90, 90))


def _sample_frame(random: np.random.Generator) -> float:
    tight = random.random() < 0.5
    return float(random.uniform(1.05, 1.4) if tight else random.uniform(1.4, 2.1))


def sample_actions(random: np.random.Generator, emotion: str) -> dict[str, float]:
    """Draw the facial actions of an emotion: one of its expressions, its strength, slight asymmetry and the gaze."""
    variants = _EXPRESSIONS[emotion]
    chosen = variants[int(random.integers(len(variants)))]
    strength = random.uniform(0.8, 1.1)
    actions: dict[str, float] = {}
    for name, amount in chosen.items():
        for side in ("Left", "Right") if "*" in name else ("",):
            actions[name.replace("*", side)] = float(np.clip(amount * strength + random.normal(0, 0.04), 0, 1))
    sideways, upward = random.normal(0, 0.2), random.normal(0, 0.1)
    outer, inner = ("Left", "Right") if sideways > 0 else ("Right", "Left")
    actions[f"eyeLookOut{outer}"] = actions[f"eyeLookIn{inner}"] = float(min(abs(sideways), 0.7))
    if "eyeLookDownLeft" not in actions:
        direction = "Up" if upward > 0 else "Down"
        actions[f"eyeLook{direction}Left"] = actions[f"eyeLook{direction}Right"] = float(abs(upward))
    lids = random.normal(0.16, 0.09)
    opening = "eyeWide" if lids > 0 else "eyeBlink"
    for side in ("Left", "Right"):
        actions[f"{opening}{side}"] = float(np.clip(actions.get(f"{opening}{side}", 0.0) + abs(lids), 0, 1))
    return actions


def sample_light(random: np.random.Generator, name: str) -> LightSetup:
    """Draw a light setup of a kind."""
    side = random.choice((-1, 1))
    values = {
        "soft": (side * random.uniform(0, 50), random.uniform(15, 55), 0.75, 0.55, 0.4, 1.2),
        "hard": (side * random.uniform(10, 60), random.uniform(15, 65), 1.35, 0.35, 0.5, 0.1),
        "side": (side * random.uniform(60, 95), random.uniform(5, 40), 1.2, 0.38, 0.4, 0.3),
        "backlit": (side * random.uniform(115, 160), random.uniform(20, 50), 1.0, 0.55, 2.0, 0.3),
        "dim": (side * random.uniform(0, 70), random.uniform(10, 60), 0.55, 0.32, 0.3, 0.5),
    }[name]
    azimuth, elevation, key, ambient, rim, spread = (float(value) for value in values)
    vary = random.uniform(0.85, 1.15, 3)
    return LightSetup(
        name=name,
        azimuth=azimuth,
        elevation=elevation,
        key=key * float(vary[0]),
        ambient=ambient * float(vary[1]),
        rim=rim * float(vary[2]),
        spread=spread,
        warmth=float(random.normal(0, 1.2)),
        exposure=float(2 ** random.normal(0.22, 0.25)),
    )


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
