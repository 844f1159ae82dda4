"""Drawing people: which values a person has, and how often.

A person is sampled from a seed. Every field has its own random stream, so fixing one field, or replacing it afterwards
with ``dataclasses.replace``, changes that field alone: the counterfactual pictures of the study rest on this.

What depends on what, by design:

- group: ancestry shares of the body model, skin tone, hair texture, natural hair colour and iris colour;
- gender: the body model's gender, hair length, facial hair, brow thickness and make-up;
- age: the body model's age, receding hairlines, grey hair;
- nothing else: age, hair length, glasses, clothes and shape variation are drawn independently of the group.

People can be matched: they then share everything in ``MATCHED``, as far as their groups allow, and differ in body,
face, skin and eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from facefair_heads.numerics import choose, stream
from facefair_heads.people.person import (
    GENDERS,
    GROUPS,
    PATTERNS,
    Brow,
    Clothing,
    Person,
    check_choice,
    check_range,
    check_seed,
)

# Monk tone, mean and standard deviation: wide and overlapping, so that a tone does not give a group away.
_TONES = {"asian": (4.0, 1.2), "black": (7.2, 1.4), "caucasian": (3.1, 1.2)}
_QUANTILES = 1000  # that stand for a group's tones
_ANCESTRY = {"asian": (0, 1, 0), "black": (1, 0, 0), "caucasian": (0, 0, 1)}  # african, asian, caucasian
_HAIR_LENGTHS = {
    "female": (("bald", 0.02), ("short", 0.16), ("medium", 0.27), ("long", 0.37), ("tied", 0.18)),
    "male": (("bald", 0.10), ("short", 0.64), ("medium", 0.16), ("long", 0.07), ("tied", 0.03)),
}
_STYLES = {
    "bald": dict.fromkeys(GROUPS, (("bald", 1.0),)),
    "short": {
        "asian": (("buzz", 0.2), ("short", 0.45), ("side_part", 0.33), ("cornrows", 0.02)),
        "black": (("buzz", 0.42), ("short", 0.3), ("side_part", 0.08), ("cornrows", 0.2)),
        "caucasian": (("buzz", 0.2), ("short", 0.4), ("side_part", 0.38), ("cornrows", 0.02)),
    },
    "medium": {
        "asian": (("bob", 0.82), ("curly", 0.15), ("twists", 0.03)),
        "black": (("afro", 0.4), ("curly", 0.2), ("bob", 0.15), ("twists", 0.25)),
        "caucasian": (("bob", 0.58), ("curly", 0.34), ("afro", 0.05), ("twists", 0.03)),
    },
    "long": {
        "asian": (("long", 0.72), ("long_wavy", 0.23), ("braids", 0.05)),
        "black": (("long", 0.3), ("long_wavy", 0.25), ("braids", 0.45)),
        "caucasian": (("long", 0.52), ("long_wavy", 0.43), ("braids", 0.05)),
    },
    "tied": dict.fromkeys(GROUPS, (("bun", 0.5), ("ponytail", 0.5))),
}
_NATURAL_COLOURS = {
    "asian": (("black", 0.7), ("dark", 0.25), ("brown", 0.05)),
    "black": (("black", 0.75), ("dark", 0.25)),
    "caucasian": (("dark", 0.3), ("brown", 0.3), ("auburn", 0.1), ("blond", 0.14), ("light_blond", 0.1), ("red", 0.06)),
}
_IRISES = {
    "asian": (("brown", 0.5), ("dark", 0.5)),
    "black": (("brown", 0.4), ("dark", 0.6)),
    "caucasian": (("brown", 0.4), ("hazel", 0.15), ("green", 0.12), ("blue", 0.25), ("grey", 0.08)),
}
# Rare, and independent of the group: headwear must not give a group away.
_HEADWEAR = {
    "female": (("none", 0.95), ("cap", 0.01), ("beanie", 0.015), ("headscarf", 0.025)),
    "male": (("none", 0.95), ("cap", 0.03), ("beanie", 0.02)),
}
_EARRINGS = {
    "female": (("none", 0.6), ("studs", 0.2), ("hoops", 0.2)),
    "male": (("none", 0.94), ("studs", 0.05), ("hoops", 0.01)),
}
_SCARVES = (("none", 0.97), ("loose", 0.02), ("high", 0.01))
# Local changes of Anny and their spread; "l-"/"r-" pairs vary together, with a little asymmetry.
_PAIRED_SHAPES = {
    "cheek-trans-up": 0.35, "cheek-volume-incr": 0.45, "cheek-inner-incr": 0.3, "cheek-bones-incr": 0.5,
    "ear-lobe-incr": 0.4, "ear-scale-incr": 0.35, "ear-wing-incr": 0.35, "ear-flap-incr": 0.3,
    "eye-corner1-up": 0.3, "eye-height1-incr": 0.2, "eye-height2-incr": 0.2, "eye-scale-incr": 0.2,
    "eye-eyefold-up": 0.3, "eye-bag-incr": 0.3, "eye-trans-out": 0.2, "eye-trans-up": 0.2, "eye-push1-out": 0.15,
}  # fmt: skip
# Where Anny's means differ from portraits (FASSEG): its eyes are smaller, its mouths narrower, fuller and lower. The
# same for every group, so that no group's face is moved toward another's.
_SHAPE_MEANS = {
    "eye-scale-incr": 0.35, "eye-height1-incr": 0.3, "eye-height2-incr": 0.3, "mouth-scale-horiz-incr": 0.4,
    "mouth-scale-vert-incr": -0.35, "mouth-lowerlip-height-incr": -0.15, "mouth-upperlip-height-incr": -0.15,
    "mouth-trans-up": 0.25,
}  # fmt: skip
_SINGLE_SHAPES = {
    "chin-jaw-drop-incr": 0.3, "chin-height-incr": 0.35, "chin-prominent-incr": 0.35, "chin-bones-incr": 0.35,
    "chin-width-incr": 0.4, "chin-prognathism-incr": 0.2, "eyebrows-angle-up": 0.3, "eyebrows-trans-up": 0.3,
    "eyebrows-trans-forward": 0.3, "forehead-temple-incr": 0.35, "forehead-scale-vert-incr": 0.35,
    "forehead-nubian-incr": 0.3, "head-scale-vert-incr": 0.3, "head-scale-horiz-incr": 0.3,
    "head-scale-depth-incr": 0.3, "head-fat-incr": 0.35, "head-back-scale-depth-incr": 0.3,
    "mouth-scale-horiz-incr": 0.35, "mouth-scale-vert-incr": 0.3, "mouth-lowerlip-volume-incr": 0.35,
    "mouth-upperlip-volume-incr": 0.35, "mouth-lowerlip-height-incr": 0.3, "mouth-upperlip-height-incr": 0.3,
    "mouth-cupidsbow-incr": 0.4, "mouth-trans-up": 0.2, "mouth-angles-up": 0.2, "mouth-laugh-lines-out": 0.3,
    "neck-scale-horiz-incr": 0.25, "neck-scale-depth-incr": 0.2, "nose-scale-horiz-incr": 0.3,
    "nose-scale-vert-incr": 0.2, "nose-scale-depth-incr": 0.15, "nose-hump-incr": 0.2, "nose-curve-convex": 0.2,
    "nose-point-up": 0.3, "nose-point-width-incr": 0.4, "nose-volume-incr": 0.25, "nose-width1-incr": 0.3,
    "nose-width2-incr": 0.3, "nose-width3-incr": 0.3, "nose-nostrils-width-incr": 0.3, "nose-flaring-incr": 0.3,
    "nose-base-up": 0.25, "nose-greek-incr": 0.2,
}  # fmt: skip
# What people wear in portraits: mostly muted; sRGB triples in [0, 1] with their weights.
_CLOTH_COLOURS = MappingProxyType({
    (0.07, 0.07, 0.08): 4, (0.90, 0.90, 0.88): 4, (0.13, 0.16, 0.27): 4, (0.35, 0.36, 0.38): 3, (0.62, 0.63, 0.64): 2,
    (0.20, 0.29, 0.42): 3, (0.72, 0.65, 0.54): 2, (0.33, 0.08, 0.11): 2, (0.28, 0.31, 0.20): 2, (0.55, 0.70, 0.82): 2,
    (0.66, 0.16, 0.15): 1, (0.83, 0.62, 0.60): 1, (0.12, 0.33, 0.29): 1, (0.75, 0.56, 0.20): 1, (0.40, 0.27, 0.45): 1,
})  # fmt: skip


MATCHED = (
    *("gender", "age", "facial hair", "beard length", "glasses", "clothing", "makeup", "headwear", "earrings", "scarf"),
    *("hair", "hair texture", "hair colour", "recession", "parting", "fringe", "hair length"),
)
"""Streams that matched people share. Hair style or colour may still differ where it is drawn from a group's own shares;
length, and greying with age, do not."""


def sample_person(
    seed: int,
    *,
    matched: int | None = None,
    group: str | None = None,
    gender: str | None = None,
    age: float | None = None,
    tone: float | None = None,
    hair: str | None = None,
    facial_hair: str | None = None,
    glasses: str | None = None,
    headwear: str | None = None,
    earrings: str | None = None,
    scarf: str | None = None,
) -> Person:
    """Draw a person.

    Parameters
    ----------
    seed : any non-negative integer
    matched : the seed that matched people share
    group, gender, hair, facial_hair, glasses, headwear, earrings, scarf : fix a field; drawn where None
    age : years, 18 to 80
    tone : Monk skin tone, 1 to 10

    Raises
    ------
    InputError
        for an impossible value
    """

    check_seed(seed)

    def random(name: str) -> np.random.Generator:
        return stream(seed if matched is None or name not in MATCHED else matched, f"person/{name}")

    group = str(random("group").choice(GROUPS)) if group is None else group
    gender = str(random("gender").choice(GENDERS)) if gender is None else gender
    check_choice("group", group, GROUPS)
    check_choice("gender", gender, GENDERS)
    age = float(np.round(random("age").triangular(18, 28, 80), 1)) if age is None else age
    check_range("age", age, 18, 80, "years")
    woman = gender == "female"
    if facial_hair is None:
        styles = (("none", 0.42), ("stubble", 0.16), ("full", 0.22), ("goatee", 0.1), ("moustache", 0.1))
        facial_hair = "none" if woman else choose(random("facial hair"), styles)
    if glasses is None:
        glasses = choose(random("glasses"), (("none", 0.66), ("clear", 0.24), ("sunglasses", 0.10)))
    return Person(
        seed=int(seed),
        group=group,
        gender=gender,
        age=float(age),
        skin_tone=_sample_tone(random("tone"), group) if tone is None else float(tone),
        ancestry=_sample_ancestry(random("ancestry"), group),
        femininity=float(np.clip(woman + (-1 if woman else 1) * abs(random("femininity").normal(0, 0.08)), 0, 1)),
        weight=float(random("weight").uniform(0.25, 0.85)),
        muscle=float(random("muscle").uniform(0.3, 0.7)),
        proportions=float(random("proportions").uniform(0.4, 1)),
        shape=_sample_shape(random("shape"), age),
        hair=_sample_hair(random("hair"), random("hair texture"), group, gender) if hair is None else hair,
        hair_colour=_sample_hair_colour(random("hair colour"), group, age),
        recession=float(random("recession").uniform(0, 0.05 if woman else 0.004 * (age - 18) + 0.06)),
        parting=float(random("parting").choice((0.0, 0.22, -0.22))),
        fringe=bool(random("fringe").random() < 0.3),
        hair_length=float(random("hair length").random()),
        facial_hair=facial_hair,
        beard_length=float(random("beard length").random() ** 1.5),
        glasses=glasses,
        iris=choose(random("iris"), _IRISES[group]),
        brow=_sample_brow(random("brow"), woman),
        clothing=_sample_clothing(random("clothing")),
        **_sample_makeup(random("makeup"), woman),
        freckles=float(random("freckles").random() ** 3),
        headwear=choose(random("headwear"), _HEADWEAR[gender]) if headwear is None else headwear,
        earrings=choose(random("earrings"), _EARRINGS[gender]) if earrings is None else earrings,
        scarf=choose(random("scarf"), _SCARVES) if scarf is None else scarf,
    )


def _sample_tone(random: np.random.Generator, group: str) -> float:
    mean, spread = _TONES[group]
    return float(np.round(np.clip(random.normal(mean, spread), 1, 10), 2))


def tone_shares(group: str, tones: Sequence[float]) -> np.ndarray:
    """Weights that turn scores at a few tones into the mean over a group's own tones.

    Scores are interpolated linearly between tones and constant beyond the first and the last.

    Parameters
    ----------
    tones : (T,) increasing, on the Monk scale

    Returns
    -------
    (T,) float64, sums to 1
    """
    mean, spread = _TONES[group]
    drawn = np.clip(stats.norm.ppf((np.arange(_QUANTILES) + 0.5) / _QUANTILES, mean, spread), 1, 10)
    return np.array([np.interp(drawn, tones, alone).mean() for alone in np.eye(len(tones))])


def _sample_ancestry(random: np.random.Generator, group: str) -> tuple[float, float, float]:
    shares = 0.8 * np.array(_ANCESTRY[group]) + 0.2 * random.dirichlet((0.35, 0.35, 0.35))
    return tuple(float(share) for share in shares)


def _sample_shape(random: np.random.Generator, age: float) -> dict[str, float]:
    shape = {}
    for name, spread in _PAIRED_SHAPES.items():
        both = np.clip(random.normal(_SHAPE_MEANS.get(name, 0.0), 0.9 * spread), -0.75, 0.75)
        for side in "lr":
            shape[f"{side}-{name}"] = float(np.clip(both + random.normal(0, 0.05), -1, 1))
    for name, spread in _SINGLE_SHAPES.items():
        shape[name] = float(np.clip(random.normal(_SHAPE_MEANS.get(name, 0.0), 0.9 * spread), -0.75, 0.75))
    shape["head-age-incr"] = float(np.clip((age - 22) / 78, -0.1, 0.8))
    return shape


def _sample_hair(random: np.random.Generator, texture: np.random.Generator, group: str, gender: str) -> str:
    """Draw the length without regard to the group, then a style of that length with the group's usual texture."""
    length = choose(random, _HAIR_LENGTHS[gender])
    return choose(texture, _STYLES[length][group])


def _sample_hair_colour(random: np.random.Generator, group: str, age: float) -> str:
    natural = choose(random, _NATURAL_COLOURS[group])
    grey = random.random() < np.clip((age - 42) / 30, 0, 0.9)
    return str(random.choice(("grey", "white"), p=(0.65, 0.35))) if grey else natural


def _sample_brow(random: np.random.Generator, woman: bool) -> Brow:
    spread = random.normal(size=5)
    return Brow(
        inner=float(0.125 + 0.012 * spread[0]),
        outer=float(0.56 + 0.02 * spread[1]),
        height=float(7.449 + 0.01 * spread[2]),
        arch=float(0.036 + 0.013 * spread[3]),
        drop=float(0.035 + 0.01 * spread[4]),
        thickness=float((0.016 if woman else 0.022) * random.uniform(0.8, 1.25)),
    )


def _sample_clothing(random: np.random.Generator) -> Clothing:
    colour = np.array(choose(random, tuple(_CLOTH_COLOURS.items())))
    colour = np.clip(colour * random.uniform(0.75, 1.2) + random.normal(0, 0.03, 3), 0.02, 0.95) ** 2.2
    return Clothing(
        colour=tuple(float(channel) for channel in colour),
        pattern=str(random.choice(PATTERNS[:6], p=(0.44, 0.1, 0.14, 0.08, 0.12, 0.12))),
        neckline=float(random.uniform(-0.03, 0.20)),
        v_neck=float(random.choice((0.0, 0.0, 0.8))),
        collar=float(random.choice((0.0, 0.0, 0.5, 1.0))),
    )


def _sample_makeup(random: np.random.Generator, woman: bool) -> dict[str, Any]:
    colours = ((0.42, 0.02, 0.03), (0.55, 0.13, 0.17), (0.22, 0.03, 0.07), (0.45, 0.16, 0.12))
    colour = colours[int(random.integers(len(colours)))]
    strength, eyes = random.uniform(0, 0.8) * (random.random() < 0.6), random.uniform(0, 0.7)
    return {"lip_colour": colour, "lip_strength": float(strength * woman), "eye_makeup": float(eyes * woman)}
