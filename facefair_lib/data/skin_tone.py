"""Skin tone as photographs show it, measured on the pixels that their true masks label as skin.

A camera records skin and light together: where the light is unknown, a dark photograph of light skin and a bright one
of dark skin look alike. What is measured here is the colour in the picture; it says nothing about the person.

Source: individual typology angle: Chardon, Cretois and Hourseau, International Journal of Cosmetic Science 13 (1991);
sRGB: IEC 61966-2-1; CIELAB: CIE 15, white point D65.
"""

from __future__ import annotations

import numpy as np

from facefair_lib.settings.labels import INDEX

FEWEST_PIXELS = 50
"""Skin pixels below which a picture has no measured tone."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(1)


def cielab(rgb: np.ndarray) -> np.ndarray:
    """Convert sRGB colours to CIELAB: (..., 3) uint8 -> (..., 3) float64 L* (0 to 100), a*, b*."""
    share = np.asarray(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    bent = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def typology_angle(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Measure the individual typology angle of the skin in each picture.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 sRGB
    labels : (N, H, W) uint8 true class indices; skin is the class ``face``

    Returns
    -------
    (N,) degrees: arctan((L* - 50) / b*) of the median colour of the skin; above 55 very light, 10 to 28 tan, below -30
    dark. NaN with fewer than ``FEWEST_PIXELS`` pixels of skin.
    """
    angles = np.full(len(images), np.nan)
    for number, (image, mask) in enumerate(zip(images, labels, strict=True)):
        skin = image[mask == INDEX["face"]]  # (n, 3)
        if len(skin) >= FEWEST_PIXELS:
            light, _, yellow = np.median(cielab(skin), axis=0)
            angles[number] = np.degrees(np.arctan2(light - 50, yellow))
    return angles
