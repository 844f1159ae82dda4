"""People as plain values: everything that stays the same from one picture of a person to the next.

``facefair_heads.people.population`` draws people; a counterfactual is ``dataclasses.replace(person, skin_tone=3.0)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import GROUPS

GENDERS = ("female", "male")
HAIR_STYLES = (
    "bald", "buzz", "short", "side_part", "curly", "afro", "bob", "long", "long_wavy", "bun", "ponytail",
    "braids", "twists", "cornrows",
)  # fmt: skip
HANGING_STYLES = ("bob", "long", "long_wavy", "braids")
"""Styles that fall over the ears."""
FACIAL_HAIR = ("none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "clear", "sunglasses")
HEADWEAR = ("none", "cap", "beanie", "headscarf")
EARRINGS = ("none", "studs", "hoops")
PATTERNS = ("plain", "stripes", "melange", "checks", "suit", "shirt", "print")
SCARVES = ("none", "loose", "high")
"""None, around the neck, or up to the mouth."""
HAIR_COLOURS = ("black", "dark", "brown", "auburn", "red", "blond", "light_blond", "grey", "white")
IRIS_COLOURS = ("brown", "dark", "hazel", "green", "blue", "grey")


@dataclass(frozen=True)
class Brow:
    """Both eyebrows: inner and outer end, height, arch, tail's drop and thickness in canonical decimetres.

    ``strength`` is 1 for brows in a colour of their own; towards 0 they take the skin's.
    """

    inner: float
    outer: float
    height: float
    arch: float
    drop: float
    thickness: float
    strength: float = 1.0


@dataclass(frozen=True)
class Clothing:
    """What covers the shoulders. ``colour`` is linear RGB, ``pattern`` one of ``PATTERNS``.

    ``neckline`` lowers the neckline, ``v_neck`` draws it down to a V, ``collar`` raises it (0 to 1).
    """

    colour: tuple[float, float, float]
    pattern: str
    neckline: float
    v_neck: float
    collar: float


@dataclass(frozen=True)
class Person:
    """One rendered person.

    Attributes
    ----------
    seed : seeds everything without a field of its own: strands, freckles, the glasses' shape
    group, gender : one of ``GROUPS`` (as rendered: mostly one of Anny's ancestries), one of ``GENDERS``
    age : years, 18 to 80; Anny's age is interpolated over 10 years (1/3), 25 years (2/3) and 90 years (1)
    skin_tone : Monk skin tone scale, 1 (lightest) to 10, fractions allowed
    ancestry : shares of Anny's african, asian, caucasian; sum 1
    femininity, weight, muscle, proportions : Anny's phenotypes in [0, 1] (femininity is its "gender")
    shape : local change -> amount in [-1, 1]
    hair, hair_colour, facial_hair, glasses, iris, headwear, earrings, scarf : one of the tuples of this module
    recession : how far the temples recede, decimetres
    parting : where hair is parted, decimetres to the person's left
    fringe : whether long hair falls over the forehead
    hair_length, beard_length : 0 (shortest of the style) to 1
    brow, clothing : see their classes
    lip_colour : linear RGB of a lipstick; ``lip_strength`` in [0, 1], 0 = none
    eye_makeup, freckles : strength in [0, 1]
    """

    seed: int
    group: str
    gender: str
    age: float
    skin_tone: float
    ancestry: tuple[float, float, float]
    femininity: float
    weight: float
    muscle: float
    proportions: float
    shape: Mapping[str, float]
    hair: str
    hair_colour: str
    recession: float
    parting: float
    fringe: bool
    hair_length: float
    facial_hair: str
    beard_length: float
    glasses: str
    iris: str
    brow: Brow
    clothing: Clothing
    lip_colour: tuple[float, float, float]
    lip_strength: float
    eye_makeup: float
    freckles: float
    headwear: str
    earrings: str
    scarf: str = "none"

    def __post_init__(self) -> None:
        check_choice("group", self.group, GROUPS)
        check_choice("gender", self.gender, GENDERS)
        check_range("age", self.age, 18, 80, "years")
        check_range("skin_tone", self.skin_tone, 1, 10, "on the Monk scale")
        check_choice("hair", self.hair, HAIR_STYLES)
        check_choice("hair_colour", self.hair_colour, HAIR_COLOURS)
        check_choice("facial_hair", self.facial_hair, FACIAL_HAIR)
        check_choice("glasses", self.glasses, GLASSES)
        check_choice("iris", self.iris, IRIS_COLOURS)
        check_choice("headwear", self.headwear, HEADWEAR)
        check_choice("earrings", self.earrings, EARRINGS)
        check_choice("scarf", self.scarf, SCARVES)
        check_choice("clothing pattern", self.clothing.pattern, PATTERNS)

    def phenotypes(self) -> dict[str, float]:
        """Phenotypes as ``BodyModel.identity`` takes them."""
        african, asian, caucasian = self.ancestry
        return {
            "gender": self.femininity,
            "age": float(np.interp(self.age, (10, 25, 90), (1 / 3, 2 / 3, 1))),
            "weight": self.weight,
            "muscle": self.muscle,
            "proportions": self.proportions,
            "african": african,
            "asian": asian,
            "caucasian": caucasian,
        }


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ``InputError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise InputError(name, found=repr(value), expected=f"one of {', '.join(choices)}", do=f"choose one as {name}=")


def check_range(name: str, value: float, low: float, high: float, unit: str) -> None:
    """Raise ``InputError`` unless ``low <= value <= high``; NaN is refused too."""
    if not isinstance(value, (int, float, np.number)) or not low <= value <= high:
        raise InputError(
            name, found=repr(value), expected=f"a number from {low} to {high} {unit}", do=f"give {name}= in that range"
        )


def check_seed(seed: int) -> None:
    """Raise ``InputError`` unless ``seed`` can seed a random stream."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError("seed", found=repr(seed), expected="a whole number from 0 up", do="give another seed")
