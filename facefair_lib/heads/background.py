"""Backgrounds: out-of-focus places with the colours of real ones."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

from facefair_lib.heads.numerics import rgb, srgb_to_linear, stream
from facefair_lib.heads.shots import Shot

_SIDE = 96
"""Side of the small picture in which a background is composed: it is out of focus anyway."""


def background(shot: Shot, side: int) -> np.ndarray:
    """Draw a shot's background.

    Returns
    -------
    (side, side, 3) float32, linear light
    """
    random = stream(shot.seed, f"background/{shot.background}")
    paint = {"studio": _studio, "room": _room, "street": _street, "outdoors": _outdoors, "bokeh": _bokeh}
    small = np.clip(paint[shot.background](random), 0.0, 1.2).astype(np.float32)
    channels = [Image.fromarray(small[..., k]).resize((side, side), Image.Resampling.BICUBIC) for k in range(3)]
    return np.maximum(np.stack([np.asarray(channel) for channel in channels], -1), 0)


def _colour(random, hue: tuple[float, float], saturation: tuple[float, float], value: tuple[float, float]):
    """Draw a colour in hue, saturation and value ranges; returned linear."""
    drawn = [random.uniform(*interval) for interval in (hue, saturation, value)]
    return srgb_to_linear(rgb(*colorsys.hsv_to_rgb(drawn[0] % 1, drawn[1], drawn[2])))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in [0, 1): y (rows, from the top) and x."""
    return np.mgrid[0:_SIDE, 0:_SIDE] / _SIDE


def _blur(picture: np.ndarray, amount: float) -> np.ndarray:
    return gaussian_filter(picture, (amount * _SIDE, amount * _SIDE, 0), mode="nearest")


def _clouds(random, cells: int) -> np.ndarray:
    """Smooth random values of mean 0 and spread about 1, (side, side, 1)."""
    coarse = random.normal(size=(cells + 2, cells + 2))
    return zoom(coarse, _SIDE / (cells + 2), order=3)[:_SIDE, :_SIDE, None]


def _studio(random) -> np.ndarray:
    """Plain paper or wall: mostly light grey, lit from one side."""
    y, x = _grid()
    if random.random() < 0.6:
        base = _colour(random, (0.05, 0.65), (0.0, 0.10), (0.55, 0.97))
    else:
        base = _colour(random, (0, 1), (0.05, 0.4), (0.15, 0.8))
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, 0.25)
    ramp = 1 + strength * 2 * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    spot = 1 - random.uniform(0, 0.6) * ((x - random.uniform(0.3, 0.7)) ** 2 + (y - 0.4) ** 2)
    return base * (ramp * spot)[..., None] * (1 + 0.01 * _clouds(random, 3))


def _boxes(random, picture: np.ndarray, count: int, colour, width, height, top=(0.0, 1.0)) -> np.ndarray:
    y, x = _grid()
    for _ in range(count):
        left, upper = random.uniform(-0.1, 1), random.uniform(*top)
        inside = (x > left) & (x < left + random.uniform(*width)) & (y > upper) & (y < upper + random.uniform(*height))
        picture = np.where(inside[..., None], colour(), picture)
    return picture


def _room(random) -> np.ndarray:
    """A wall with furniture, shelves or pictures, and perhaps a bright window."""
    wall = _colour(random, (0.03, 0.16) if random.random() < 0.7 else (0.4, 0.65), (0.03, 0.25), (0.45, 0.92))
    picture = np.broadcast_to(wall, (_SIDE, _SIDE, 3)).copy()
    picture = _boxes(
        random,
        picture,
        int(random.integers(2, 7)),
        lambda: _colour(random, (0.0, 0.15), (0.1, 0.55), (0.12, 0.65)),
        (0.08, 0.4),
        (0.1, 0.7),
        (0.1, 0.9),
    )
    if random.random() < 0.4:
        picture = _boxes(random, picture, 1, lambda: rgb(0.95, 0.98, 1.05), (0.2, 0.4), (0.4, 0.8), (-0.2, 0.2))
    return _blur(picture * (1 + 0.06 * _clouds(random, 4)), random.uniform(0.01, 0.06))


def _street(random) -> np.ndarray:
    """House fronts, cars and pavement in grey and brick."""
    base = _colour(random, (0.02, 0.14), (0.02, 0.3), (0.3, 0.7))
    picture = np.broadcast_to(base, (_SIDE, _SIDE, 3)).copy()
    picture = _boxes(
        random,
        picture,
        int(random.integers(6, 16)),
        lambda: _colour(random, (0.0, 0.14) if random.random() < 0.7 else (0.5, 0.65), (0.02, 0.45), (0.08, 0.85)),
        (0.04, 0.3),
        (0.1, 0.8),
    )
    y, _ = _grid()
    pavement = _colour(random, (0.55, 0.65), (0, 0.06), (0.3, 0.55))
    picture = np.where((y > random.uniform(0.7, 0.95))[..., None], pavement, picture)
    return _blur(picture, random.uniform(0.015, 0.06))


def _outdoors(random) -> np.ndarray:
    """Sky above leaves or a field."""
    y, _ = _grid()
    horizon = random.uniform(-0.1, 0.7)
    sky = _colour(random, (0.54, 0.62), (0.02, 0.45), (0.75, 1.0))
    leaf = _colour(random, (0.16, 0.36), (0.2, 0.6), (0.15, 0.5))
    other = _colour(random, (0.10, 0.36), (0.15, 0.5), (0.2, 0.7))
    mixed = np.clip(0.5 + 0.5 * _clouds(random, 9), 0, 1)
    ground = leaf * mixed + other * (1 - mixed)
    share = np.clip((y[..., None] - horizon) / 0.15 + 0.5 * _clouds(random, 7), 0, 1)
    return _blur(sky * (1 - share) + ground * share, random.uniform(0.01, 0.05))


def _bokeh(random) -> np.ndarray:
    """Dark evening with discs of light."""
    y, x = _grid()
    picture = np.broadcast_to(_colour(random, (0, 1), (0.1, 0.5), (0.1, 0.35)), (_SIDE, _SIDE, 3)).copy()
    radius = random.uniform(0.03, 0.09)
    for _ in range(int(random.integers(8, 30))):
        disc = (x - random.random()) ** 2 + (y - random.random()) ** 2 < (radius * random.uniform(0.7, 1.2)) ** 2
        light = _colour(random, (0.02, 0.16) if random.random() < 0.7 else (0.5, 0.9), (0.1, 0.6), (0.4, 0.9))
        picture = picture + disc[..., None] * light * random.uniform(0.2, 0.7)
    return _blur(picture, random.uniform(0.008, 0.03))
