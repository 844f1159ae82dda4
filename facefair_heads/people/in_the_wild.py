"""People and shots as in data collected "in the wild": attributes are correlated with the group.

``sample_person`` and ``sample_shot`` draw everything but looks independently of the group, so that a gap between
groups is a gap of the model. Collections of photographs are not like that. ``sample_in_the_wild`` imitates one such
collection, so that the gap that an observational audit sees can be set beside the controlled one.

The shares below are FICTIONAL. They were made up to be plainly unequal, say nothing about any people, and must not be
quoted as if they did: each group was given ages, glasses, headwear, light and poses of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facefair_heads.numerics import choose, stream
from facefair_heads.people.person import GROUPS, Person, check_choice, check_seed
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import Shot, sample_shot

GROUP_SHARES = (("asian", 0.20), ("black", 0.15), ("caucasian", 0.65))


@dataclass(frozen=True)
class WildShares:
    """One group's made-up shares; ``ages`` are lower end, mode and upper end of a triangle, in years."""

    ages: tuple[float, float, float]
    glasses: tuple[tuple[str, float], ...]
    headwear: tuple[tuple[str, float], ...]
    lights: tuple[tuple[str, float], ...]
    near_front: float


SHARES = {
    "asian": WildShares(
        ages=(18, 23, 55),
        glasses=(("none", 0.45), ("clear", 0.52), ("sunglasses", 0.03)),
        headwear=(("none", 0.96), ("cap", 0.03), ("beanie", 0.01)),
        lights=(("soft", 0.75), ("hard", 0.10), ("side", 0.05), ("backlit", 0.05), ("dim", 0.05)),
        near_front=0.80,
    ),
    "black": WildShares(
        ages=(18, 28, 60),
        glasses=(("none", 0.72), ("clear", 0.10), ("sunglasses", 0.18)),
        headwear=(("none", 0.82), ("cap", 0.10), ("beanie", 0.03), ("headscarf", 0.05)),
        lights=(("soft", 0.20), ("hard", 0.20), ("side", 0.15), ("backlit", 0.15), ("dim", 0.30)),
        near_front=0.40,
    ),
    "caucasian": WildShares(
        ages=(18, 45, 80),
        glasses=(("none", 0.66), ("clear", 0.26), ("sunglasses", 0.08)),
        headwear=(("none", 0.95), ("cap", 0.03), ("beanie", 0.02)),
        lights=(("soft", 0.50), ("hard", 0.25), ("side", 0.10), ("backlit", 0.10), ("dim", 0.05)),
        near_front=0.65,
    ),
}


def sample_in_the_wild(
    seed: int,
    *,
    group: str | None = None,
    gender: str | None = None,
    emotion: str | None = None,
    shot_seed: int | None = None,
) -> tuple[Person, Shot]:
    """Draw a person and a shot whose attributes are correlated with the group by ``SHARES``.

    Parameters
    ----------
    seed : of the person; everything not named in ``WildShares`` is what ``sample_person`` draws from it
    group, gender, emotion : fix a value; drawn where None, the group from ``GROUP_SHARES``
    shot_seed : of the shot; ``seed`` where None

    Raises
    ------
    InputError
        for a seed, group, gender or emotion that does not exist
    """
    shot_seed = seed if shot_seed is None else shot_seed
    check_seed(seed)
    check_seed(shot_seed)
    group = choose(stream(seed, "wild/group"), GROUP_SHARES) if group is None else group
    check_choice("group", group, GROUPS)
    shares, pose = SHARES[group], stream(shot_seed, "wild/pose")
    person = sample_person(
        seed,
        group=group,
        gender=gender,
        age=float(np.round(stream(seed, "wild/age").triangular(*shares.ages), 1)),
        glasses=choose(stream(seed, "wild/glasses"), shares.glasses),
        headwear=choose(stream(seed, "wild/headwear"), shares.headwear),
    )
    yaw = pose.uniform(-15, 15) if pose.random() < shares.near_front else pose.uniform(-90, 90)
    light = choose(stream(shot_seed, "wild/light"), shares.lights)
    return person, sample_shot(shot_seed, emotion=emotion, light=light, yaw=float(yaw))
