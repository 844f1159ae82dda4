"""Candid shots: people as in ordinary photographs, where ``sample_shot`` draws portraits.

Heads fill a quarter of the frame or more, off centre, cut by its edges, seen from above and below, in front of busy
backgrounds, with hands and objects before the face, through worse cameras. Nothing depends on the person. Some people
have dyed hair, whose colour then says nothing about their skin, and some wear printed cloth or scarves.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from facefair_heads.numerics import choose, stream
from facefair_heads.people.expressions import grimace
from facefair_heads.people.person import HAIR_COLOURS, Person
from facefair_heads.people.shots import CANDID_BACKGROUNDS, HAND_PLACES, PORTRAIT_BACKGROUNDS, Shot, sample_shot

_OCCLUDERS = (
    ("none", 0.68), *((place, 0.02) for place in ("hand", *HAND_PLACES)),
    ("cup", 0.05), ("phone", 0.05), ("microphone", 0.08),
)  # fmt: skip
_BUSY, _GRIMACES = 0.8, 0.2  # shares of the shots with a busy background, with a grimace
_FRAMES = ((0.75, 1.2), (1.2, 2.2), (2.2, 4.0))
"""Ranges of the picture's height, in head heights: a head fills it, about half of it, or a quarter to a half."""
_DYED, _PRINTED = 0.3, 0.25  # shares of people
_FAINT, _MADE_UP, _FAIR = 0.5, 0.25, 0.25  # shares of people with faint brows, made-up eyes, fair hair
_SCARVES = (("none", 0.9), ("loose", 0.06), ("high", 0.04))
_INSIDE = 0.3  # head heights from the head's centre to the nearest edge, at least


def sample_candid_shot(seed: int, *, emotion: str | None = None) -> Shot:
    """Draw a candid shot; see ``sample_shot`` for parameters and errors. The light is drawn as there."""

    def random(name: str) -> np.random.Generator:
        return stream(seed, f"candid/{name}")

    places = CANDID_BACKGROUNDS if random("busy").random() < _BUSY else PORTRAIT_BACKGROUNDS
    frame = float(random("frame").uniform(*_FRAMES[int(random("framing").choice(3, p=(0.2, 0.5, 0.3)))]))
    reach = 0.5 - _INSIDE / frame
    offset = np.clip(random("offset").normal(0, 0.45, 2), -1, 1) * reach
    portrait = sample_shot(
        seed,
        emotion=emotion,
        frame=frame,
        pitch=float(np.clip(random("pitch").normal(0, 16), -45, 45)),
        roll=float(np.clip(random("roll").normal(0, 12), -45, 45)),
        background=str(random("background").choice(places)),
        occluder=choose(random("occluder"), _OCCLUDERS),
    )
    exposure = portrait.light.exposure * 2 ** random("exposure").normal(0, 0.3)
    return dataclasses.replace(
        portrait,
        actions=grimace(random("grimace")) if random("face").random() < _GRIMACES else portrait.actions,
        light=dataclasses.replace(portrait.light, exposure=float(exposure)),
        field_of_view=float(random("lens").uniform(10, 50)),
        offset_x=float(offset[0]),
        offset_y=float(offset[1]),
        blur=float(0.15 + 1.8 * random("blur").random() ** 2),
        grain=float(0.001 + 0.03 * random("grain").random() ** 2),
        jpeg_quality=int(random("quality").integers(20, 96)) if random("jpeg").random() < 0.6 else 0,
    )


def with_any_hair_colour(person: Person, seed: int) -> Person:
    """Return the person, or the same one with hair dyed any colour."""
    random = stream(seed, "candid/dye")
    if random.random() >= _DYED:
        return person
    return dataclasses.replace(person, hair_colour=str(random.choice(HAIR_COLOURS)))


def with_any_looks(person: Person, seed: int) -> Person:
    """Return the person with thicker or fainter brows; some also have made-up eyes or fair hair, in every group."""
    random = stream(seed, "candid/looks")
    thickness = person.brow.thickness * 2 ** random.uniform(-0.2, 1)
    strength = random.uniform(0.25, 1) if random.random() < _FAINT else 1.0
    makeup = random.uniform(0.5, 1) if random.random() < _MADE_UP else person.eye_makeup
    fair = random.choice(("blond", "light_blond")) if random.random() < _FAIR else person.hair_colour
    brow = dataclasses.replace(person.brow, thickness=float(thickness), strength=float(strength))
    return dataclasses.replace(person, brow=brow, eye_makeup=float(makeup), hair_colour=str(fair))


def with_any_clothes(person: Person, seed: int) -> Person:
    """Return the person, or the same one in printed cloth or with a scarf."""
    random = stream(seed, "candid/clothes")
    pattern = "print" if random.random() < _PRINTED else person.clothing.pattern
    clothing = dataclasses.replace(person.clothing, pattern=pattern)
    return dataclasses.replace(person, clothing=clothing, scarf=choose(random, _SCARVES))
