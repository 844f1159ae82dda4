"""Emotions as mixes of facial actions, at an intensity, with a gaze.

An emotion names one or more expressions; each is a mix of facial actions under the names of Apple's ARKit, which the
body model implements. The comments give the action units of the Facial Action Coding System that a mix follows.

Source: P. Ekman and W. Friesen, "EMFACS-7: Emotional Facial Action Coding System", 1983; contempt as a one-sided
tightening of the lip corner after P. Ekman and K. Heider, "The universality of a contempt expression", Motivation and
Emotion 12 (1988).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# "*" stands for both sides, "~" for one side, drawn at random.
_EXPRESSIONS: dict[str, tuple[dict[str, float], ...]] = {
    "neutral": ({},),
    "happy": (  # 6 + 12 (+ 25); three of four smiles show teeth, about the share of teeth in the published data set
        {
            "mouthSmile*": 0.85, "cheekSquint*": 0.6, "jawOpen": 0.34, "mouthUpperUp*": 0.95, "mouthDimple*": 0.2,
            "mouthLowerDown*": 0.5, "eyeSquint*": 0.35, "browOuterUp*": 0.15,
        },
        {
            "mouthSmile*": 0.75, "cheekSquint*": 0.5, "jawOpen": 0.28, "mouthUpperUp*": 0.85, "mouthStretch*": 0.2,
            "mouthLowerDown*": 0.35, "eyeSquint*": 0.25, "browInnerUp": 0.1,
        },
        {
            "mouthSmile*": 0.8, "cheekSquint*": 0.65, "jawOpen": 0.42, "mouthUpperUp*": 0.95, "mouthLowerDown*": 0.55,
            "eyeSquint*": 0.4,
        },
        {"mouthSmile*": 0.9, "cheekSquint*": 0.55, "mouthDimple*": 0.4, "eyeSquint*": 0.35, "mouthPress*": 0.1},
    ),
    "sad": (  # 1 + 4 + 15 (+ 17)
        {
            "mouthFrown*": 0.85, "browInnerUp": 0.95, "mouthShrugLower": 0.45, "eyeLookDown*": 0.35, "eyeBlink*": 0.15,
            "mouthPress*": 0.2, "mouthRollLower": 0.15,
        },
        {"mouthFrown*": 0.7, "browInnerUp": 0.8, "eyeBlink*": 0.2, "mouthShrugLower": 0.3, "eyeLookDown*": 0.2},
    ),
    "angry": (  # 4 + 5 + 7 + 23, or with the teeth shown
        {
            "browDown*": 1.0, "noseSneer*": 0.7, "mouthPress*": 0.5, "eyeSquint*": 0.45, "mouthFrown*": 0.4,
            "jawForward": 0.2, "mouthShrugUpper": 0.15,
        },
        {
            "browDown*": 1.0, "noseSneer*": 0.8, "jawOpen": 0.26, "mouthUpperUp*": 0.85, "mouthStretch*": 0.45,
            "mouthLowerDown*": 0.4, "eyeSquint*": 0.3,
        },
    ),
    "surprised": (  # 1 + 2 + 5 + 26
        {"browInnerUp": 0.9, "browOuterUp*": 0.85, "eyeWide*": 0.7, "jawOpen": 0.5, "mouthFunnel": 0.2},
        {"browInnerUp": 0.7, "browOuterUp*": 0.9, "eyeWide*": 0.55, "jawOpen": 0.25},
    ),
    "disgusted": (  # 9 + 15 + 16
        {
            "noseSneer*": 0.95, "browDown*": 0.5, "mouthUpperUp*": 0.45, "mouthFrown*": 0.4, "cheekSquint*": 0.5,
            "eyeSquint*": 0.45, "mouthShrugLower": 0.3,
        },
        {"noseSneer*": 0.8, "mouthUpperUp*": 0.6, "jawOpen": 0.18, "mouthFrown*": 0.5, "eyeSquint*": 0.5},
    ),
    "afraid": (  # 1 + 2 + 4 + 5 + 20 + 26
        {
            "browInnerUp": 1.0, "browOuterUp*": 0.4, "browDown*": 0.25, "eyeWide*": 0.75, "mouthStretch*": 0.75,
            "jawOpen": 0.2, "mouthFrown*": 0.25,
        },
        {"browInnerUp": 0.9, "browOuterUp*": 0.35, "eyeWide*": 0.6, "mouthStretch*": 0.6, "mouthLowerDown*": 0.2},
    ),
    "contempt": (  # one-sided 12 + 14
        {"mouthSmile~": 0.55, "mouthDimple~": 0.7, "mouthPress*": 0.2, "eyeSquint*": 0.2, "browOuterUp~": 0.25},
        {"mouthDimple~": 0.8, "mouthUpperUp~": 0.25, "mouthSmile~": 0.35, "eyeBlink*": 0.15},
    ),
}  # fmt: skip
EMOTIONS = tuple(_EXPRESSIONS)
COHORT_EMOTIONS = EMOTIONS[:4]
"""Emotions that the study's cohort deals out in turn: those of the published data set."""

# Faces that show no emotion: for training pictures, never under an emotion's name in the study.
_GRIMACES: tuple[dict[str, float], ...] = (
    {  # shouting
        "jawOpen": 1.0, "mouthLowerDown*": 0.5, "mouthUpperUp*": 0.6, "browDown*": 0.6, "noseSneer*": 0.4,
        "mouthStretch*": 0.3, "eyeSquint*": 0.3,
    },
    {  # laughing
        "jawOpen": 0.85, "mouthSmile*": 0.85, "cheekSquint*": 0.8, "eyeSquint*": 0.6, "mouthUpperUp*": 0.8,
        "mouthLowerDown*": 0.4, "eyeBlink*": 0.3,
    },
    {"jawOpen": 1.0, "eyeBlink*": 0.85, "browInnerUp": 0.6, "noseSneer*": 0.3, "mouthFunnel": 0.25},  # yawning
    {"jawOpen": 0.8, "mouthFunnel": 0.7, "browInnerUp": 0.5, "eyeWide*": 0.5},  # singing
    {"cheekPuff": 1.0, "mouthPress*": 0.5, "mouthPucker": 0.3, "browInnerUp": 0.3},
    {"mouthPucker": 1.0, "mouthFunnel": 0.25, "browOuterUp*": 0.3},
    {"mouthRollLower": 0.9, "mouthRollUpper": 0.9, "mouthPress*": 0.5, "browInnerUp": 0.4},
    {"eyeBlink~": 1.0, "cheekSquint~": 0.8, "mouthSmile~": 0.6, "jawOpen": 0.15},  # winking
    {  # a one-sided squint
        "eyeSquint~": 1.0, "cheekSquint~": 0.9, "browDown~": 0.9, "noseSneer~": 0.6, "mouthUpperUp~": 0.5,
        "eyeBlink~": 0.5,
    },
    {"tongueOut": 1.0, "jawOpen": 0.45, "mouthSmile*": 0.3, "eyeSquint*": 0.3},
    {"mouthUpperUp*": 0.95, "mouthLowerDown*": 0.9, "jawOpen": 0.55, "mouthStretch*": 0.7, "browDown*": 0.4},  # teeth
    {"mouth~": 0.9, "jaw~": 0.7, "browDown*": 0.3},  # all to one side
)  # fmt: skip

FULL_GAZE = (14.0, 9.5)
"""Degrees by which an eye turns, sideways and up or down, when its facial action is at 1 (measured on the model)."""


def sample_actions(random: np.random.Generator, emotion: str) -> dict[str, float]:
    """Draw one of an emotion's expressions at full intensity, a little stronger or weaker and a little lopsided."""
    return _draw_mix(random, _EXPRESSIONS[emotion])


def grimace(random: np.random.Generator) -> dict[str, float]:
    """Draw a grimace as ``sample_actions`` draws an expression: a wide-open mouth, puffed cheeks, the tongue, a wink.

    A training picture takes it as the ``actions`` of its shot, whose ``emotion`` stays as it was.
    """
    return _draw_mix(random, _GRIMACES)


def _draw_mix(random: np.random.Generator, variants: tuple[dict[str, float], ...]) -> dict[str, float]:
    chosen = variants[int(random.integers(len(variants)))]
    strength, one_side = random.uniform(0.85, 1.1), str(random.choice(("Left", "Right")))
    actions: dict[str, float] = {}
    for name, amount in chosen.items():
        sides = ("Left", "Right") if "*" in name else (one_side,) if "~" in name else ("",)
        for side in sides:
            amount_here = amount * strength + random.normal(0, 0.04)
            actions[name.rstrip("*~") + side] = float(np.clip(amount_here, 0, 1))
    return actions


def facial_actions(
    actions: Mapping[str, float], intensity: float, gaze: tuple[float, float], eye_opening: float
) -> dict[str, float]:
    """Combine an expression at an intensity with the gaze and the lids.

    Parameters
    ----------
    actions : facial actions at full intensity
    intensity : 0 (nothing of the expression) to 1
    gaze : degrees to the person's left and upward, relative to the head
    eye_opening : -1 (shut) to 1 (wide)

    Returns
    -------
    facial action -> amount in [0, 1]
    """
    applied = {name: amount * intensity for name, amount in actions.items()}

    def add(name: str, amount: float) -> None:
        applied[name] = float(np.clip(applied.get(name, 0.0) + amount, 0, 1))

    sideways, upward = gaze[0] / FULL_GAZE[0], gaze[1] / FULL_GAZE[1]
    outer, inner = ("Left", "Right") if sideways > 0 else ("Right", "Left")
    add(f"eyeLookOut{outer}", abs(sideways))
    add(f"eyeLookIn{inner}", abs(sideways))
    for side in ("Left", "Right"):
        add(f"eyeLook{'Up' if upward > 0 else 'Down'}{side}", abs(upward))
        add(f"{'eyeWide' if eye_opening > 0 else 'eyeBlink'}{side}", abs(eye_opening))
    return applied
