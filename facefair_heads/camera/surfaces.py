"""Surfaces that fill a picture: patterns, strands, and rough ones."""

from __future__ import annotations

import numpy as np

from facefair_heads.camera.painting import SIDE, Canvas, X, Y, body_colour, colours, fractal, noise, streaks, turned
from facefair_heads.numerics import smoothstep


def pattern(random) -> np.ndarray:
    """Tiles, bricks, checks, stripes, plaids, dots or zigzags, straight or in folds."""
    form = str(random.choice(("tiles", "bricks", "checks", "stripes", "plaid", "dots", "zigzag")))
    u, v = turned(random.uniform(0, np.pi) if random.random() < 0.5 else 0)
    depth = 1 + random.uniform(-0.9, 0.9) * X + random.uniform(-0.9, 0.9) * Y
    bend = random.uniform(0, 0.06) * noise(random, 4) if random.random() < 0.35 else 0
    repeats, long = float(np.exp(random.uniform(1.1, 3.4))), random.uniform(0.3, 3) if random.random() < 0.5 else 1
    u, v = (u + bend) / depth * repeats + 50, (v + bend) / depth * repeats * long + 200
    u = u + 0.5 * (np.floor(v) % 2) if form == "bricks" else u
    v = v + np.abs(u % 1 - 0.5) if form == "zigzag" else v
    palette = np.concatenate([colours(random, 4), [body_colour(random)]])[random.permutation(5)]
    column, row, across, down = u.astype(int), v.astype(int), u % 1, v % 1
    table = random.integers(0, 5, 12)
    which = {
        "tiles": lambda: (across < 0.07) | (down < 0.07),
        "bricks": lambda: (across < 0.06) | (down < 0.12),
        "checks": lambda: (column + row) % 2,
        "stripes": lambda: table[(across * 12).astype(int)],
        "plaid": lambda: table[(across * 12).astype(int)],
        "dots": lambda: (across - 0.5) ** 2 + (down - 0.5) ** 2 < random.uniform(0.03, 0.2),
        "zigzag": lambda: table[(down * 12).astype(int)],
    }[form]().astype(int)
    picture = palette.take(which, 0)
    if form == "plaid":
        picture = 0.5 * (picture + palette[table[(down * 12).astype(int)]])
    cells = noise(random, SIDE).take((7 * column + 13 * SIDE * row) % SIDE**2)  # each tile a little different
    light = 1 + random.uniform(0, 0.3) * cells + 0.08 * fractal(random, 16, 4)
    if random.random() < 0.3:
        light = light + random.uniform(0.1, 0.5) * np.sin(random.uniform(10, 50) * (X + 0.1 * noise(random, 2)))
    return picture * light[..., None]


def strands(random) -> np.ndarray:
    """Fur, straw, grass, ropes, wood: lines in the colours of hair and of skin, in two directions."""
    parts = []
    for _ in range(2):
        across, bend = int(random.choice((16, 40, 90))), float(random.choice((0.02, 0.1, 0.3)))
        lines = streaks(random, across, int(random.choice((2, 4, 8))), bend, fine=random.uniform(0.3, 1.2))
        dark, colour = random.uniform(0.2, 0.8), body_colour(random)
        parts.append(colour * (dark + (1.5 - dark) * smoothstep(-1.5, 1.8, lines)[..., None]))
    where = smoothstep(-0.1, 0.1, fractal(random, 2, 4) - random.uniform(-0.5, 1.5))[..., None]
    return parts[0] * (1 - where) + parts[1] * where


def rough(random) -> np.ndarray:
    """Rock, bark, plaster, rust, carpet, crumpled paper, gravel: bumps at many scales, lit from the side."""
    if random.random() < 0.3:
        return _gravel(random)
    height = fractal(random, int(random.choice((2, 4, 8, 16, 64))), 5, random.uniform(0.4, 0.8))
    if random.random() < 0.5:
        height = np.abs(height)  # ridges
    if random.random() < 0.3:
        height = height + streaks(random, int(random.choice((16, 40))), 4, 0.3)
    down, right = np.diff(height, axis=0, prepend=height[:1]), np.diff(height, axis=1, prepend=height[:, :1])
    light = 1 + random.normal(0, 0.7) * down + random.normal(0, 0.7) * right + random.uniform(0, 0.25) * height
    mix = smoothstep(-1, 1, fractal(random, int(random.choice((2, 8, 32))), 3))[..., None] * random.uniform(0, 1)
    first, second = colours(random, 1, (0, 0.2), 0.7)[0] * 0.7 + 0.2, body_colour(random)
    return (first * (1 - mix) + second * mix) * np.clip(light, 0.1, 2)[..., None]


def _gravel(random) -> np.ndarray:
    """Pebbles, flakes or scraps of one size, one over the other."""
    canvas = Canvas(random, (0.02, 0.15), 0.5)
    count, sides = 280, 7
    radius = np.exp(random.uniform(1.2, 3.0) + random.normal(0, 0.3, (count, 1, 1)))
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False) + random.uniform(0, 6, (count, 1))
    ring = np.stack([np.cos(angle), np.sin(angle)], -1) * random.uniform(0.6, 1.1, (count, sides, 1))
    canvas.polygons(random.uniform(0, SIDE, (count, 1, 2)) + radius * ring, random.integers(0, 256, count))
    return canvas.shaded()
