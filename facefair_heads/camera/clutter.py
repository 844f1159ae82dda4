"""Backgrounds of ordinary photographs: crowded, sharp or blurred, lit unevenly, with the colours of skin and hair.

Values are square roots of linear light until the end: close enough to perception that 8 bits are plenty.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from facefair_heads.camera import scenes, surfaces
from facefair_heads.camera.painting import SIDE, X, Y, blurred, fractal, noise, turned
from facefair_heads.numerics import smoothstep

_WHITE = 1.2**0.5  # the brightest value


def candid_background(random: np.random.Generator, kind: str) -> np.ndarray:
    """Draw a background of one of ``CANDID_BACKGROUNDS``, often with something of another kind in front of it.

    Returns
    -------
    (SIDE, SIDE, 3) float32, linear light
    """
    focus = _sample_focus(random, kind)
    picture = blurred(_view(random, _PAINT[kind](random)), focus)
    if random.random() < 0.5:
        other = str(random.choice(list(_PAINT)))
        near = blurred(_view(random, _PAINT[other](random)), _sample_focus(random, other))
        picture.paste(near, mask=_cut(random, ragged=other in ("foliage", "rough")))
    linear = (np.asarray(picture, np.float32) * (_WHITE / 255)) ** 2
    return _developed(random, linear * _light(random)[..., None])


def _sample_focus(random, kind: str) -> float:
    """Draw a blur in pixels. Crowds, whose people have no faces, are never sharp."""
    least = 2.0 if kind == "crowd" else 0.45
    low, high = ((least, least + 0.4), (least + 0.4, least + 2), (3, 8))[int(random.choice(3, p=(0.45, 0.35, 0.2)))]
    return float(random.uniform(low, high))


def _view(random, picture: np.ndarray) -> Image.Image:
    """View a flat picture from the front or at an angle."""
    image = Image.fromarray((np.clip(picture, 0, _WHITE) * (255 / _WHITE)).astype(np.uint8))
    if random.random() < 0.5:
        return image
    corner = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])
    seen = SIDE * (corner + (1 - 2 * corner) * random.uniform(0, 0.28, (4, 2)))
    return image.transform(image.size, Image.Transform.QUAD, seen.ravel().tolist(), Image.Resampling.BILINEAR)


def _cut(random, ragged: bool) -> Image.Image:
    """Mask of what stands in front: a bush, one side of a line, or a board."""
    if ragged and random.random() < 0.6:
        inside = fractal(random, int(random.choice((2, 4))), 6, 0.65) > random.uniform(0, 0.8)
    elif random.random() < 0.6:
        inside = turned(random.uniform(0, 2 * np.pi))[0] > random.uniform(0.0, 0.3)
    else:
        (x, y), (w, h) = random.uniform(-0.5, 0.5, 2), random.uniform(0.1, 0.35, 2)
        inside = (np.abs(X - x + 0.2 * random.normal() * Y) < w) & (np.abs(Y - y) < h)
    return blurred(Image.fromarray(np.uint8(255) * inside), random.choice((0.6, 2, 5)))


def _light(random) -> np.ndarray:
    """Light on the scene: uneven, often with shadow edges as from windows or leaves; (SIDE, SIDE), mean 1."""
    light = np.exp(random.uniform(0.05, 0.4) * noise(random, 2) + random.normal(0, 0.6) * X + random.normal(0, 0.6) * Y)
    if random.random() < 0.35:
        edge = fractal(random, int(random.choice((2, 4, 16))), 4) + 3 * random.normal() * X
        soft = random.uniform(0.1, 0.8)
        light *= 1 - random.uniform(0.3, 0.8) * smoothstep(-soft, soft, edge)
    return light / light.mean()


def _developed(random, linear: np.ndarray) -> np.ndarray:
    """Give a picture the brightness, contrast and cast of a photograph's background."""
    linear = linear * np.exp(random.normal(0, 0.12, 3)).astype(np.float32)
    mean = max(float(linear.mean()), 1e-3)
    gain = float(np.clip(np.exp(random.normal(-1.5, 0.65)) / mean, 0.4, 2.5))
    haze = random.uniform(0, 0.5) if random.random() < 0.3 else 0.0
    return (linear * (1 - haze) + mean * haze) * gain


_PAINT = {
    "clutter": scenes.clutter, "vista": scenes.vista, "foliage": scenes.foliage, "crowd": scenes.crowd,
    "lettering": scenes.lettering, "pattern": surfaces.pattern, "strands": surfaces.strands, "rough": surfaces.rough,
}  # fmt: skip
