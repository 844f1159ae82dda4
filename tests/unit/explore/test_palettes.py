from __future__ import annotations

import itertools

import numpy as np
import pytest

from facefair_lib.errors import InputError
from facefair_lib.explore.palettes import PALETTE_TITLES, colour_table
from facefair_lib.settings import labels

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency",
# IEEE TVCG 15 (2009), severity 1.0, applied to linear RGB.
SEEN = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)


def lab(rgb: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of sRGB colours as seen, (N, 3) uint8 -> (N, 3)."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ seen.T, 0, 1) @ TO_XYZ.T / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)


def closest_pair(rgb: np.ndarray, seen: np.ndarray) -> float:
    colours = lab(rgb, seen)
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(colours, 2))


@pytest.mark.parametrize("deficiency", SEEN)
def test_any_two_safe_colours_stay_apart_however_they_are_seen(deficiency: str) -> None:
    assert closest_pair(colour_table("safe")[: labels.NUM_CLASSES], SEEN[deficiency]) > 30


def test_the_papers_colours_do_not_which_is_why_there_is_another_set() -> None:
    assert closest_pair(labels.PALETTES["paper"], SEEN["protanopia"]) < 6


@pytest.mark.parametrize("palette", PALETTE_TITLES)
def test_the_studys_own_colours_come_from_the_labels_and_ignored_pixels_have_one_in_every_set(palette: str) -> None:
    np.testing.assert_array_equal(colour_table(palette)[: labels.NUM_CLASSES], labels.PALETTES[palette])
    ignored = labels.encode(np.array([[labels.IGNORE_INDEX]], np.uint8))[0, 0]
    np.testing.assert_array_equal(colour_table(palette)[labels.IGNORE_INDEX], ignored)
    with pytest.raises(InputError, match="paper, safe, display"):
        colour_table("rainbow")
