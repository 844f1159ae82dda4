"""What painted backgrounds are made of: noise, streaks, colours, and a canvas for many small shapes.

Values are square roots of linear light: close enough to perception that 8 bits are plenty.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from facefair_heads.numerics import srgb_to_linear
from facefair_heads.shading.materials import HAIR_ALBEDO
from facefair_heads.shading.skin import base_albedo

SIDE = 256
"""Side of the picture in which a busy background is composed."""
Y, X = np.mgrid[-0.5 : 0.5 : SIDE * 1j, -0.5 : 0.5 : SIDE * 1j].astype(np.float32)
INKS, OWN, SKIN, HAIR = np.arange(1, 256), np.arange(1, 152), np.arange(152, 202), np.arange(202, 256)
"""Inks of a canvas: all but the ground's, those of its own colours, of skin and of hair; each tone equally often."""


def turned(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along and across a direction; (SIDE, SIDE) float32 each."""
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return cosine * X + sine * Y, cosine * Y - sine * X


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    """Put a picture out of focus; the radius is in pixels."""
    form = ImageFilter.GaussianBlur if radius > 0.9 else ImageFilter.BoxBlur  # a third of the time, looks the same
    return picture.filter(form(float(radius)))


@cache
def _bank(cells: int) -> np.ndarray:
    """Smooth noise of unit spread, ``cells`` per picture side, as large as four pictures; (2 SIDE, 2 SIDE) float32."""
    coarse = np.random.default_rng(cells).normal(size=(2 * cells, 2 * cells)).astype(np.float32)
    fine = np.asarray(Image.fromarray(np.tile(coarse, (2, 2))).resize((4 * SIDE, 4 * SIDE), Image.Resampling.BICUBIC))
    fine = fine[SIDE : 3 * SIDE, SIDE : 3 * SIDE]
    return fine / fine.std()


def noise(random, cells: int) -> np.ndarray:
    """A window of the noise with ``cells`` per side, turned at random; (SIDE, SIDE)."""
    top, left = random.integers(0, SIDE, 2)
    window = _bank(cells)[top : top + SIDE, left : left + SIDE]
    window = window.T if random.random() < 0.5 else window
    return window[::-1] if random.random() < 0.5 else window


def fractal(random, cells: int, octaves: int, decay: float = 0.55) -> np.ndarray:
    """Noise at several scales, each finer one weaker; (SIDE, SIDE), spread about 1."""
    total = noise(random, cells).copy()
    for k in range(1, octaves):
        total += decay**k * noise(random, min(cells * 2**k, SIDE))
    return total * (1 - decay**2) ** 0.5


def streaks(random, across: int, along: int, curl: float, *, fine: float = 0.5) -> np.ndarray:
    """Noise drawn out along bent lines, with finer lines in it: hair, straw, wood grain; (SIDE, SIDE)."""
    straight = np.zeros((SIDE, SIDE), np.float32)
    for count, strength in ((across, 1.0), (3 * across, fine)):
        coarse = strength * random.normal(size=(along, count)).astype(np.float32)
        straight += Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    (u, v), cells = turned(random.uniform(0, np.pi)), int(random.choice((2, 4)))
    bent = u + curl / cells * noise(random, cells)
    rows, columns = (np.abs((SIDE * place).astype(int) % (2 * SIDE - 2) - SIDE + 1) for place in (v, bent))  # mirrored
    return straight.take(SIDE * rows + columns) * 1.2


@cache
def _people_colours() -> tuple[np.ndarray, np.ndarray]:
    """Square roots of the ten skin tones and of the hair colours."""
    skin, hair = np.array([base_albedo(tone) for tone in range(1, 11)]), np.array(list(HAIR_ALBEDO.values()))
    return np.sqrt(1.25 * skin), np.sqrt(1.5 * hair)  # as brightly lit as people are


def colours(random, n: int, hues: tuple[float, float] = (0, 1), most: float = 0.8) -> np.ndarray:
    """Draw colours around a few hues, many of them nearly grey; (n, 3) float32."""
    hue = random.choice(random.uniform(*hues, 5), n) + random.normal(0, 0.02, n)
    saturation, value = most * random.beta(1, 2.2, n), random.beta(1.2, 1.2, n)
    wheel = np.clip(np.abs((6 * hue[:, None] + (0, 4, 2)) % 6 - 3) - 1, 0, 1)
    return np.sqrt(srgb_to_linear(value[:, None] * (1 - saturation[:, None] * (1 - wheel))))


def body_colour(random) -> np.ndarray:
    """Draw the colour of a skin or of hair, all tones equally likely, in any light; (3,)."""
    table = _people_colours()[int(random.integers(2))]
    return table[int(random.integers(len(table)))] * random.uniform(0.6, 1.3)


class Canvas:
    """Shapes drawn over one another as ink numbers, which are coloured and shaded all at once.

    Inks in ``SKIN`` and ``HAIR`` have the colours of people, all others colours around the hues given.
    """

    def __init__(self, random: np.random.Generator, hues: tuple[float, float] = (0, 1), most: float = 0.8) -> None:
        self.random = random
        skin, hair = _people_colours()
        people = [table[inks % len(table)] for table, inks in ((skin, SKIN), (hair, HAIR))]
        self.colours = np.concatenate([colours(random, SKIN[0], hues, most), *people])
        self.map = Image.new("L", (SIDE, SIDE))
        self.pen = ImageDraw.Draw(self.map)
        self.pen.fontmode = "1"  # an ink's number must not be blended with another's

    def polygons(self, corners: np.ndarray, inks: np.ndarray) -> None:
        """Draw polygons (n, k, 2), in pixels."""
        for points, ink in zip(corners.reshape(len(corners), -1).tolist(), inks.tolist(), strict=True):
            self.pen.polygon(points, fill=ink)

    def ink(self, among: np.ndarray = INKS) -> int:
        """Draw an ink."""
        return int(among[self.random.integers(len(among))])

    def shaded(self, ground: np.ndarray | None = None) -> np.ndarray:
        """Colour the shapes; ink 0 shows ``ground``, if given. Waves per ink are folds, stripes or gradients."""
        random, inks = self.random, np.asarray(self.map)
        length = np.exp(random.uniform(-0.5, 4.2, 256)) * (random.random(256) < 0.85)
        angle, phase, depth = random.uniform(0, 2 * np.pi, 256), random.uniform(0, 6, 256), random.uniform(0, 0.3, 256)
        table = np.stack([np.cos(angle) * length, np.sin(angle) * length, phase, depth]).astype(np.float32)
        kx, ky, shift, strength = table.take(inks, 1)
        light = 1 + strength * np.cos(kx * X + ky * Y + shift) + random.uniform(0, 0.07) * noise(random, 128)
        far = int(random.integers(1, 5))
        edge = np.zeros((SIDE, SIDE), np.uint8)
        edge[far:, far:] = 255 * (inks[far:, far:] != inks[:-far, :-far])
        light -= np.asarray(blurred(Image.fromarray(edge), far)) * np.float32(random.uniform(0.1, 0.6) / 255)
        picture = self.colours.take(inks, 0)
        if ground is not None:
            picture = np.where((inks == 0)[..., None], ground, picture)
        picture *= light[..., None]
        return picture
