"""Busy scenes of many small shapes: rooms full of things, towns, foliage, crowds, writing."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import ImageFont

from facefair_heads.camera.painting import HAIR, OWN, SIDE, SKIN, Canvas, X, Y, colours, fractal
from facefair_heads.camera.surfaces import pattern
from facefair_heads.numerics import smoothstep

_LETTERS = np.array(list("AAABCDEEEFGHIIKLMNOOPRSTUVWXYZaabcdeeefghiiklmnooprsttuvwxyz0123456789&!%    "))
_HIGH = np.sqrt(np.float32([(0.1, 0.25, 0.6), (0.5, 0.55, 0.62), (1, 1, 1), (0.25, 0.25, 0.4)]))
_LOW = np.sqrt(np.float32([(0.5, 0.7, 0.95), (0.9, 0.9, 0.9), (0.95, 0.55, 0.3)]))


def clutter(random) -> np.ndarray:
    """Things of all sizes in rows in front of a wall, on shelves or on one another, and cables."""
    canvas = Canvas(random, most=float(random.choice((0.3, 0.9))))
    for level in np.sort(random.uniform(0.1, 1.15, random.integers(2, 8))) * SIDE:
        if random.random() < 0.5:
            canvas.pen.rectangle((0, level, SIDE, level + random.uniform(2, 14)), fill=canvas.ink())
        place, usual = random.uniform(-30, 60), random.uniform(2.3, 3.8)
        while place < SIDE:
            width, tall = np.exp(usual + random.normal(0, 0.5)), np.exp(usual + random.normal(0.4, 0.5))
            _THINGS[int(random.integers(len(_THINGS)))](canvas, place, level, width, tall)
            place += width * random.uniform(0.7, 1.8)
    for _ in range(int(random.integers(0, 5))):
        knots = np.cumsum(random.normal(0, 40, (8, 2)), 0) + random.uniform(0, SIDE, 2)
        canvas.pen.line(knots.ravel().tolist(), fill=canvas.ink(), width=int(random.integers(1, 4)), joint="curve")
    return canvas.shaded(_wall(random))


def _wall(random) -> np.ndarray | None:
    """What is behind everything: a patterned wall, or none, which leaves the canvas's first ink."""
    return pattern(random) if random.random() < 0.5 else None


def _box(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A box with a side and a label, or a frame."""
    lean, deep = canvas.random.normal(0, 0.1, 2) * h
    canvas.pen.polygon(
        (x + w, y, x + w + lean, y - h, x + w + lean + deep, y - h - deep, x + w + deep, y), canvas.ink()
    )
    canvas.pen.polygon((x, y, x + w, y, x + w + lean, y - h, x + lean, y - h), canvas.ink())
    for left, top in canvas.random.uniform(0.05, 0.45, (int(canvas.random.integers(0, 3)), 2)):
        canvas.pen.rectangle((x + left * w, y - (1 - top) * h, x + (1 - left) * w, y - top * h), canvas.ink())


def _bottle(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    w = min(w, 0.5 * h)
    sides = [(0, 0), (0, 0.55), (0.3, 0.72), (0.33, 1), (0.67, 1), (0.7, 0.72), (1, 0.55), (1, 0)]
    canvas.pen.polygon([(x + a * w, y - b * h) for a, b in sides], canvas.ink())
    canvas.pen.rectangle((x, y - 0.45 * h, x + w, y - 0.15 * h), canvas.ink())
    canvas.pen.line((x + 0.2 * w, y - 0.05 * h, x + 0.2 * w, y - 0.5 * h), canvas.ink(), max(1, int(0.1 * w)))


def _ball(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    canvas.pen.ellipse((x, y - h, x + w, y), canvas.ink())
    canvas.pen.ellipse((x + 0.2 * w, y - 0.9 * h, x + 0.5 * w, y - 0.6 * h), canvas.ink())


def _pile(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """Books or folded clothes, upright or flat."""
    for k in range(5):
        start, end = 0.2 * k, 0.2 * (k + 1)
        place = (x + start * w, y - h * (0.8 + 0.05 * (k % 3)), x + end * w, y)
        flat = (x + 0.1 * w * (k % 2), y - end * h, x + w, y - start * h)
        canvas.pen.rectangle(place if w > h else flat, canvas.ink())


def _plant(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    canvas.pen.rectangle((x, y - 0.3 * h, x + w, y), canvas.ink())
    ink = canvas.ink()
    for angle in canvas.random.uniform(0, np.pi, 9):
        tip = (x + 0.5 * w + h * np.cos(angle), y - 0.3 * h - h * np.sin(angle))
        canvas.pen.line(
            (x + 0.5 * w, y - 0.3 * h, *tip), ink + int(canvas.random.integers(-2, 3)) & 255, max(1, int(0.12 * w))
        )


def _fingers(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A lump with fingers in one of the skin tones: a hand, a glove, sausages."""
    ink = canvas.ink(SKIN)
    canvas.pen.ellipse((x, y - 0.6 * h, x + w, y), ink)
    for k in range(4):
        canvas.pen.line((x + w * (0.15 + 0.22 * k), y - 0.3 * h, x + w * 0.33 * k, y - h), ink, max(2, int(0.2 * w)))


_THINGS = (_box, _box, _bottle, _ball, _pile, _plant, _fingers)


def foliage(random) -> np.ndarray:
    """Leaves and twigs in front of the sky or of farther leaves, sunlit or not."""
    canvas = Canvas(random, ((0.16, 0.3), (0.05, 0.2), (0.0, 1.0))[int(random.choice(3, p=(0.7, 0.2, 0.1)))])
    far, dark = fractal(random, int(random.choice((4, 8, 16, 32))), 5), random.random() < 0.6
    ground = colours(random, 1, (0.15, 0.3), 0.6)[0] * smoothstep(-1.5, 2.5, far)[..., None] if dark else _sky(random)
    for _ in range(int(random.choice((0, 3, 40)))):
        _twig(canvas, random.uniform(0, SIDE, 2), random.normal(0, 14, 2))
    leaves(canvas, int(random.choice((9, 120, 250))), random.uniform(0, SIDE, 2), SIDE)
    leaves(canvas, int(random.integers(30, 180)), random.uniform(0, SIDE, 2), random.uniform(0.3, 1) * SIDE)
    return canvas.shaded(ground)


def _twig(canvas: Canvas, start: np.ndarray, step: np.ndarray) -> None:
    knots = np.cumsum(step + canvas.random.normal(0, 7, (8, 2)), 0) + start
    canvas.pen.line(knots.ravel().tolist(), canvas.ink(HAIR), int(np.exp(canvas.random.uniform(0, 2))), "curve")


def leaves(canvas: Canvas, count: int, middle: np.ndarray, spread: float) -> None:
    """Draw leaves, needles or blades around a place, in pixels, in the canvas's own colours."""
    random = canvas.random
    length, slim = np.exp(random.normal(random.uniform(1.2, 3.2), 0.35, count)), np.exp(random.uniform(-2.6, -0.5))
    angle = random.normal(random.uniform(0, 6), random.choice((0.4, 3)), count)
    leaf = np.array([(-1, 0), (-0.4, slim), (0.3, slim), (1, 0), (0.3, -slim), (-0.4, -slim)])
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], -1).reshape(count, 2, 2)
    places = middle + spread * random.uniform(-0.6, 0.6, (count, 1, 2)) * random.random((count, 1, 1)) ** 0.3
    canvas.polygons(places + length[:, None, None] * (leaf @ turn), random.choice(OWN, count))


def _sky(random) -> np.ndarray:
    """Clear, clouded, grey or evening sky, or a wall that looks like one; (SIDE, SIDE, 3)."""
    high, low = (table[int(random.integers(len(table)))] for table in (_HIGH, _LOW))
    cloud = smoothstep(0, 1.5, fractal(random, int(random.choice((2, 4))), 5) - random.uniform(-0.5, 2))[..., None]
    sky = high + (low - high) * (Y[:, :1, None] + 0.5)  # a column
    return sky * (1 - cloud) + 0.97 * cloud


def vista(random) -> np.ndarray:
    """Houses, poles, trees and ground under a sky."""
    canvas, horizon = Canvas(random, most=0.5), random.uniform(0.4, 0.95)
    depth = 0.04 / np.maximum(Y + 0.5 - horizon, 0.01)
    ground = colours(random, 1, (0.05, 0.3), 0.5)[0] * (1 + 0.25 * fractal(random, 32, 3))[..., None]
    rows, columns = ((SIDE * place).astype(int) % SIDE for place in (depth, X * depth * 6))
    ground = ground.reshape(-1, 3).take(SIDE * rows + columns, 0)
    place = np.where((horizon < Y + 0.5)[..., None], ground, _sky(random))
    for _ in range(int(random.integers(0, 4))):
        _house(canvas, horizon * SIDE)
    for _ in range(int(random.integers(0, 5))):
        middle = np.array([random.uniform(0, SIDE), horizon * SIDE - random.uniform(0, 60)])
        _twig(canvas, middle, np.array([0, 9]))
        leaves(canvas, int(random.integers(10, 90)), middle, random.uniform(20, 90))
    for _ in range(int(random.choice((0, 2, 14)))):  # poles, rails
        x, y, wide = random.uniform(0, SIDE), random.uniform(0, SIDE), np.exp(random.uniform(0, 2))
        up = random.random() < 0.8
        canvas.pen.rectangle((x, y, x + wide, SIDE) if up else (0, y, SIDE, y + wide), canvas.ink())
    for _ in range(int(random.integers(0, 4))):
        _box(canvas, random.uniform(-30, SIDE), horizon * SIDE + random.uniform(-2, 40), *random.uniform(10, 60, 2))
    return canvas.shaded(place)


def _house(canvas: Canvas, foot: float) -> None:
    """A front with rows of windows, seen at an angle."""
    random = canvas.random
    left, wide, tall, lean = random.uniform((-100, 50, 60, -0.4), (200, 200, 300, 0.4))
    glass, frame, front = canvas.ink(), canvas.ink(), canvas.ink()
    floors, across = (int(n) for n in random.integers(2, (7, 8)))

    def at(u, v):
        return np.stack([left + u * wide, foot + 15 - v * tall * (1 + lean * u)], -1)

    canvas.polygons(at(np.array([[0, 1, 1, 0]]), np.array([[0, 0, 1, 1]])), np.array([front]))
    u, v = ((np.arange(n) + 0.25) / n for n in (across, floors))
    corner = np.stack(np.meshgrid(u, v), -1).reshape(-1, 1, 2)
    for grow, ink in ((1.25, frame), (1.0, glass)):
        size = np.array([0.5 / across, 0.6 / floors]) * grow
        window = corner + np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size
        canvas.polygons(at(window[..., 0], window[..., 1]), np.full(len(corner), ink))


def crowd(random) -> np.ndarray:
    """People without faces, from before or behind, small and large ones."""
    canvas = Canvas(random)
    pen, ground = canvas.pen, _sky(random) * random.uniform(0.4, 1)
    for left, top, right, bottom in random.uniform(-60, 300, (int(random.integers(3, 12)), 4)):
        pen.rectangle((min(left, right), min(top, bottom), max(left, right), max(top, bottom)), canvas.ink())
    for tall in np.sort(np.exp(random.normal(random.uniform(2.5, 4.3), 0.35, random.integers(4, 30)))):
        x, y = random.uniform(0, SIDE), random.uniform(0.1, 0.8) * SIDE
        wide, skin, hair = tall * random.uniform(0.34, 0.42), canvas.ink(SKIN), canvas.ink(HAIR)
        if random.random() < 0.5:  # long hair
            pen.ellipse((x - 1.3 * wide, y - 0.6 * tall, x + 1.3 * wide, y + tall), fill=hair)
        broad = tall * random.uniform(0.8, 1.1)
        pen.rounded_rectangle((x - broad, y + 0.65 * tall, x + broad, y + 4 * tall), 0.5 * tall, fill=canvas.ink())
        pen.rectangle((x - 0.5 * wide, y, x + 0.5 * wide, y + 0.72 * tall), fill=skin)
        pen.ellipse((x - wide, y - 0.5 * tall, x + wide, y + 0.5 * tall), fill=hair if random.random() < 0.2 else skin)
        cap = (x - 1.08 * wide, y - 0.58 * tall, x + 1.08 * wide, y + random.uniform(0.2, 0.5) * tall)
        pen.chord(cap, 180 - random.uniform(-25, 25), 360 + random.uniform(-25, 25), fill=hair)
    return canvas.shaded(ground)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def lettering(random) -> np.ndarray:
    """Boards, posters and labels with writing of all sizes, one over the other."""
    canvas = Canvas(random)
    for _ in range(int(random.integers(2, 9))):
        x, y, w, h = random.uniform((-60, -40, 50, 25), (200, 220, 240, 140))
        canvas.pen.rectangle((x, y, x + w, y + h), canvas.ink(), canvas.ink(), int(random.integers(0, 6)))
        ink, top = canvas.ink(), y + 3
        while top < min(y + h - 8, SIDE):
            size = int(random.choice((8, 11, 16, 24, 36, 54)))
            text = "".join(random.choice(_LETTERS, int(min(30, 1.9 * w / size))))
            canvas.pen.text((x + 4, top), text, fill=ink, font=_font(size))
            top += 1.15 * size
    return canvas.shaded(_wall(random))
