from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from facefair_heads.camera.film import composite, develop
from facefair_heads.numerics import stream
from facefair_heads.people.shots import sample_shot


def test_a_pixel_is_the_mean_of_its_samples_over_what_is_behind():
    random = np.random.default_rng(1)
    colour, transmission, behind = random.random((6, 6, 3)), random.random((6, 6)), random.random((2, 2, 3))
    pixels = composite(colour, transmission, behind)
    for row, column in np.ndindex(2, 2):
        square = np.s_[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        seen = colour[square] + transmission[square][..., None] * behind[row, column]
        np.testing.assert_allclose(pixels[row, column], seen.mean((0, 1)), atol=1e-6)


def as_srgb(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055)


@pytest.mark.parametrize("blur", [0.0, 0.3, 2.0, 10.0])
def test_a_picture_is_blurred_exposed_coloured_and_grained_as_the_formulas_say(blur):
    shot = dataclasses.replace(sample_shot(4), blur=blur, grain=0.01, jpeg_quality=0, greyscale=False)
    size, light = 96, np.random.default_rng(2).random((96, 96, 3))
    deviation = blur * size / 128
    blurred = gaussian_filter(light, (deviation, deviation, 0), truncate=3.0) if blur else light
    exposed = 0.8 * shot.light.exposure * blurred
    colour = as_srgb(1.06 * (1 - np.exp(-1.45 * exposed * (1 + 0.10 * exposed))))
    grey = (colour @ (0.299, 0.587, 0.114))[..., None]
    value = 0.4 + shot.contrast * (grey + shot.saturation * (colour - grey) - 0.4)
    value += stream(shot.seed, "grain").normal(0, 0.01, (size, size, 1))
    value += stream(shot.seed, "colour grain").normal(0, 0.004, light.shape)
    expected = np.clip(value, 0, 1) * 255
    assert np.abs(develop(light, shot) - expected).max() < 0.51
