"""Skin tone measured on the pixels that a true mask calls skin."""

from __future__ import annotations

import numpy as np
import pytest

from facefair_lib.data.skin_tone import cielab, typology_angle
from facefair_lib.settings.labels import INDEX


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((119, 119, 119), (50.03, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_colours_have_the_published_coordinates(rgb, lab):
    np.testing.assert_allclose(cielab(np.array(rgb, np.uint8)), lab, atol=0.02)


def picture(skin: tuple[int, int, int], outliers: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One picture, blue but for a square of skin; some pixels of the skin are black holes."""
    image = np.full((1, 20, 20, 3), (0, 0, 255), np.uint8)
    mask = np.full((1, 20, 20), INDEX["background"], np.uint8)
    image[:, 5:15, 5:15], mask[:, 5:15, 5:15] = skin, INDEX["face"]
    image[0, 5, 5 : 5 + outliers] = 0
    return image, mask


def test_lighter_skin_has_the_larger_angle_whatever_surrounds_it_and_a_few_odd_pixels_do_not_matter():
    tones = [(246, 237, 228), (215, 189, 150), (130, 92, 67), (41, 36, 32)]  # Monk 1, 5, 7 and 10
    angles = [typology_angle(*picture(tone)).item() for tone in tones]
    assert angles == sorted(angles, reverse=True) and angles[0] > 55 and angles[-1] < -30
    light, _, yellow = cielab(np.array(tones[1], np.uint8))
    assert angles[1] == pytest.approx(np.degrees(np.arctan((light - 50) / yellow)))
    assert typology_angle(*picture(tones[1], outliers=10)).item() == pytest.approx(angles[1])


def test_a_picture_with_hardly_any_skin_has_no_tone():
    image, mask = picture((215, 189, 150))
    mask[:, 6:] = INDEX["hair"]
    assert np.isnan(typology_angle(image, mask)).all()
