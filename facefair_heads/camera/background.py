"""Backgrounds: out-of-focus scenes in realistic colours."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

from facefair_heads.camera.clutter import candid_background
from facefair_heads.numerics import rgb, srgb_to_linear, stream
from facefair_heads.people.shots import CANDID_BACKGROUNDS, Shot

_SIDE = 96
"""Side of the small picture in which a background is composed; it is out of focus anyway."""


def background(shot: Shot, side: int) -> np.ndarray:
    """Draw a shot's background.

    Returns
    -------
    (side, side, 3) float32, linear light
    """
    random = stream(shot.seed, f"background/{shot.background}")
    paint = {"studio": _studio, "room": _room, "street": _street, "outdoors": _outdoors, "bokeh": _bokeh}
    drawn = (
        candid_background(random, shot.background)
        if shot.background in CANDID_BACKGROUNDS
        else paint[shot.background](random)
    )
    small = np.clip(drawn, 0.0, 1.2).astype(np.float32)
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
    if random.random() < 0.65:
        base = _colour(random, (0.05, 0.65), (0.0, 0.08), (0.65, 1.0))
    else:
        base = _colour(random, (0, 1), (0.05, 0.4), (0.12, 0.8))
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, 0.25)
    ramp = 1 + strength * 2 * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    spot = 1 - random.uniform(0, 0.6) * ((x - random.uniform(0.3, 0.7)) ** 2 + (y - 0.4) ** 2)
    return base * (ramp * spot)[..., None] * (1 + 0.01 * _clouds(random, 3))


def _box(picture: np.ndarray, left: float, top: float, width: float, height: float, colour: np.ndarray) -> None:
    """Paint a rectangle, given in picture sizes, in place."""
    rows, columns = (
        slice(*(min(max(round(edge * _SIDE), 0), _SIDE) for edge in (start, start + length)))
        for start, length in ((top, height), (left, width))
    )
    picture[rows, columns] = colour


def _room(random) -> np.ndarray:
    """A wall and a floor with a window, a door, a bookshelf, pictures or a lamp."""
    wall = _colour(random, (0.03, 0.16) if random.random() < 0.7 else (0.4, 0.65), (0.02, 0.22), (0.5, 0.95))
    picture = np.tile(wall, (_SIDE, _SIDE, 1))
    _, x = _grid()
    picture *= (1 + random.uniform(-0.35, 0.35) * (x - 0.5))[..., None]
    floor = random.uniform(0.75, 1.1)
    _box(picture, 0, floor, 1, 1, _colour(random, (0.03, 0.12), (0.2, 0.55), (0.2, 0.55)))
    _box(picture, 0, floor - 0.025, 1, 0.025, np.minimum(wall * 1.3, 0.95))
    things = (_window, _door, _shelf, _frames, _lamp)
    for number in random.choice(len(things), int(random.integers(1, 4)), replace=False):
        things[number](random, picture, floor)
    return _blur(picture * (1 + 0.05 * _clouds(random, 4)), random.uniform(0.008, 0.04))


def _aside(random, width: float) -> float:
    """Left edge of a thing of this width that stands beside the head rather than behind it."""
    return random.uniform(-0.15, 0.22) if random.random() < 0.5 else random.uniform(0.78, 1.12) - width


def _window(random, picture: np.ndarray, floor: float) -> None:
    width, height, top = random.uniform(0.25, 0.45), random.uniform(0.4, 0.65), random.uniform(-0.15, 0.1)
    left, frame = _aside(random, width), rgb(0.75, 0.74, 0.72) * random.uniform(0.5, 1.1)
    _box(picture, left - 0.02, top - 0.02, width + 0.04, height + 0.04, frame)
    _box(picture, left, top, width, height, rgb(0.85, 0.93, 1.05) * random.uniform(0.7, 1.15))
    _box(picture, left, top + 0.6 * height, width, 0.4 * height, _colour(random, (0.2, 0.4), (0.1, 0.4), (0.4, 0.8)))
    _box(picture, left + 0.5 * width - 0.01, top, 0.02, height, frame)
    _box(picture, left, top + 0.5 * height, width, 0.02, frame)


def _door(random, picture: np.ndarray, floor: float) -> None:
    width, top = random.uniform(0.2, 0.3), random.uniform(-0.1, 0.15)
    left, colour = _aside(random, width), _colour(random, (0.03, 0.12), (0.05, 0.6), (0.25, 0.9))
    _box(picture, left, top, width, floor - top, colour)
    for upper in (0.06, 0.53):
        panel = top + upper * (floor - top)
        _box(picture, left + 0.2 * width, panel, 0.6 * width, 0.38 * (floor - top), colour * 0.8)


def _shelf(random, picture: np.ndarray, floor: float) -> None:
    width = random.uniform(0.3, 0.5)
    left, wood = _aside(random, width), _colour(random, (0.05, 0.1), (0.3, 0.6), (0.2, 0.55))
    for top in np.arange(random.uniform(-0.1, 0.05), floor, 0.19):
        _box(picture, left, top, width, 0.19, wood * 0.35)
        place = left
        while place < left + width - 0.02:
            thick, tall = random.uniform(0.012, 0.035), random.uniform(0.10, 0.165)
            book = _colour(random, (0, 1), (0.1, 0.65), (0.2, 0.85))
            _box(picture, place, top + 0.17 - tall, min(thick, left + width - place), tall, book)
            place += thick
        _box(picture, left, top + 0.17, width, 0.02, wood)


def _frames(random, picture: np.ndarray, floor: float) -> None:
    for _ in range(int(random.integers(1, 4))):
        width, height = random.uniform(0.1, 0.28, 2)
        left, top = _aside(random, width), random.uniform(0.0, 0.4)
        _box(picture, left, top, width, height, _colour(random, (0.05, 0.1), (0.1, 0.5), (0.08, 0.5)))
        _box(picture, left + 0.015, top + 0.015, width - 0.03, height - 0.03, rgb(0.8, 0.79, 0.76))
        inner = _colour(random, (0, 1), (0.1, 0.5), (0.2, 0.8))
        _box(picture, left + 0.04, top + 0.04, width - 0.08, height - 0.08, inner)


def _lamp(random, picture: np.ndarray, floor: float) -> None:
    y, x = _grid()
    left, top = _aside(random, 0.15) + 0.07, random.uniform(0.1, 0.4)
    glow = np.exp(-(((x - left) / 0.22) ** 2) - ((y - top) / 0.25) ** 2)
    picture += glow[..., None] * rgb(0.5, 0.38, 0.22)
    _box(picture, left - 0.008, top, 0.016, floor - top, rgb(0.1, 0.09, 0.08))
    _box(picture, left - 0.07, top - 0.06, 0.14, 0.12, rgb(1.1, 0.95, 0.7))


def _street(random) -> np.ndarray:
    """House fronts with rows of windows under a strip of sky, and pavement."""
    picture = np.tile(_colour(random, (0.54, 0.62), (0.0, 0.35), (0.7, 1.0)), (_SIDE, _SIDE, 1))
    left, ground = random.uniform(-0.3, 0.0), random.uniform(0.72, 0.98)
    while left < 1:
        width, top = random.uniform(0.22, 0.6), random.uniform(-0.3, 0.35)
        front = _colour(random, (0.0, 0.13) if random.random() < 0.75 else (0.5, 0.65), (0.03, 0.5), (0.3, 0.85))
        _box(picture, left, top, width, ground - top, front)
        glass = _colour(random, (0.5, 0.65), (0.02, 0.3), (0.1, 0.45))
        across, down = random.uniform(0.07, 0.13), random.uniform(0.12, 0.2)
        for row in np.arange(top + 0.05, ground - down, down):
            for column in np.arange(left + 0.03, left + width - 0.4 * across, across):
                _box(picture, column, row, 0.5 * across, 0.6 * down, glass * random.uniform(0.7, 1.6))
        _box(picture, left, ground - 0.14, width, 0.14, front * random.uniform(0.25, 0.7))  # shops
        left += width
    for _ in range(int(random.integers(0, 3))):  # cars
        at, long = random.uniform(-0.1, 0.9), random.uniform(0.25, 0.4)
        car = _colour(random, (0, 1), (0, 0.7), (0.1, 0.9))
        _box(picture, at, ground - 0.07, long, 0.09, car)
        _box(picture, at + 0.2 * long, ground - 0.13, 0.55 * long, 0.07, car * 0.4)
    _box(picture, 0, ground, 1, 1, _colour(random, (0.55, 0.65), (0, 0.06), (0.3, 0.6)))
    return _blur(picture, random.uniform(0.008, 0.035))


def _outdoors(random) -> np.ndarray:
    """Sky above a line of trees and a meadow; light falls through the leaves in patches."""
    y, _ = _grid()
    horizon = random.uniform(0.35, 0.8)
    pale, deep = (_colour(random, (0.55, 0.61), limits, (0.8, 1.0)) for limits in ((0.0, 0.15), (0.1, 0.5)))
    height = np.clip(y / horizon, 0, 1)[..., None]
    picture = deep * (1 - height) + pale * height
    cloud = np.clip(_clouds(random, 6) - random.uniform(0, 1.2), 0, 1)
    picture = picture * (1 - cloud) + rgb(0.95, 0.95, 0.97) * cloud
    crown = horizon - random.uniform(0.05, 0.75) - 0.07 * _clouds(random, 8)[..., 0]
    leaf = _colour(random, (0.18, 0.36), (0.25, 0.6), (0.12, 0.45))
    patches = np.exp(0.45 * _clouds(random, 20) + 0.35 * _clouds(random, 8))
    trees = np.clip((y - crown) / 0.03 + 0.5, 0, 1)[..., None]
    picture = picture * (1 - trees) + leaf * patches * trees
    meadow = _colour(random, (0.12, 0.33), (0.2, 0.55), (0.3, 0.75)) * (1 + 0.1 * _clouds(random, 12))
    below = np.clip((y - horizon) / 0.02, 0, 1)[..., None]
    return _blur(picture * (1 - below) + meadow * below, random.uniform(0.008, 0.03))


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
