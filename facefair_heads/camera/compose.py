"""Pictures of two or three people: rendered one by one and composited by depth, sample by sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from facefair_heads.camera.background import background
from facefair_heads.camera.film import develop
from facefair_heads.camera.render import Rendering, check_size, detail_for, sample, vote
from facefair_heads.numerics import stream
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules
from facefair_heads.people.person import Person
from facefair_heads.people.shots import Shot
from facefair_lib.errors import InputError

_SHOULDERS = 2.35  # frame, in head heights, that shows a person with both shoulders


def _places(count: int, random: np.random.Generator) -> list[tuple[float, float, float]]:
    """Centre x, centre y and side of each person's own square, in picture sizes, the farthest person first."""
    spread = np.linspace(0.5 - 0.13 * count, 0.5 + 0.13 * count, count) + random.uniform(-0.05, 0.05, count)
    scale = np.sort(random.uniform(1.0, 1.35, count)) * (1.0 if count == 2 else 0.85)
    # Farther people are smaller; every square reaches the picture's lower edge or beyond.
    drop = random.uniform(0.0, 0.08, count)
    centres = zip(random.permutation(spread), 1 - scale / 2 + drop, scale, strict=True)
    return [(float(x), float(y), float(side)) for x, y, side in centres]


def compose(
    people: Sequence[Person],
    shots: Sequence[Shot],
    size: int = 256,
    seed: int = 0,
    samples: int = 2,
    *,
    rules: LabelRules = MUT1NY_RULES,
) -> Rendering:
    """Render two or three people in one picture.

    Light and background are those of the first shot, so that all are in the same place; pose and expression are each
    person's own. Nearer people hide what is behind them, in the picture as in the labels.

    Parameters
    ----------
    people, shots : two or three of each, in matching order
    size : width and height in pixels, 16 to 1024
    seed : places the people
    samples : samples per pixel along each axis, 1 to 4
    rules : conventions of the labels

    Raises
    ------
    InputError
        for another number of people, unequal numbers, or a size out of range
    """
    check_size(size, samples)
    if len(people) not in (2, 3) or len(people) != len(shots):
        raise InputError(
            "a picture of several people",
            found=f"{len(people)} people and {len(shots)} shots",
            expected="two or three people and as many shots",
            do="give one shot per person",
        )
    grid, first = size * samples, shots[0]
    behind = background(first, grid)
    surroundings = behind.mean((0, 1))
    linear = first.light.backdrop * behind
    label, hit = np.zeros((grid, grid), np.uint8), np.zeros((grid, grid), bool)
    for person, shot, (x, y, scale) in zip(people, shots, _places(len(people), stream(seed, "places")), strict=True):
        shot = dataclasses.replace(shot, light=first.light, frame=_SHOULDERS, offset_x=0.0, offset_y=0.0)
        side = round(scale * grid)
        seen = sample(person, shot, side, detail_for(round(scale * size)), surroundings, rules=rules)
        left, top = round((x - scale / 2) * grid), round((y - scale / 2) * grid)
        inside, source = _overlap(left, top, side, grid)
        transmission = seen.transmission[source]
        linear[inside] = seen.colour[source] + transmission[..., None] * linear[inside]
        # Through a clear lens beside the head, what is farther away is seen and labelled.
        covered = seen.hit[source] & ((transmission < 0.5) | (seen.label[source] > 0))
        label[inside] = np.where(covered, seen.label[source], label[inside])
        hit[inside] |= seen.hit[source]
    coverage = hit.reshape(size, samples, size, samples).mean((1, 3), dtype=np.float32)
    pixels = linear.reshape(size, samples, size, samples, 3).mean((1, 3))
    return Rendering(develop(pixels, first), vote(label, samples), coverage)


def _overlap(left: int, top: int, side: int, grid: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index pairs of the part of a square that lies inside the picture: in the picture, and in the square."""
    rows, columns = (slice(max(0, start), min(grid, start + side)) for start in (top, left))
    return (rows, columns), (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
