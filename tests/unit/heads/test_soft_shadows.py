"""Smoothing of the shadow rays' noisy answers, on hits laid out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from facefair_heads.geometry.head_mesh import SKIN, UPPER_TEETH
from facefair_heads.geometry.scene import HAIR
from facefair_heads.shading import shadows
from facefair_heads.shading.rays import Hits

SIDE = 64


def hits_of(part: np.ndarray) -> Hits:
    """One hit per sample of a (SIDE, SIDE) picture of parts; places and normals do not count here."""
    nothing = np.zeros((part.size, 3), np.float32)
    fields = {field.name: nothing for field in dataclasses.fields(Hits)}
    part = part.ravel().astype(np.int8)
    return Hits(**fields | {"ray": np.arange(part.size), "part": part, "is_strand": part == HAIR})


def smoothed(values: np.ndarray, part: np.ndarray, stride: int, blurs=(1.5, 1.0), teeth=(0.0, 1.0)) -> np.ndarray:
    """Smooth the values of the samples that cast rays, and read them at every sample."""
    middle = (stride - 1) // 2
    known = np.s_[middle::stride, middle::stride]
    row, column = (index.ravel() for index in np.indices(values[known].shape))
    strand = part[known].ravel() == HAIR
    grid = shadows._smoothed(values[known].ravel(), row, column, strand, -(-SIDE // stride), np.array(blurs))
    return shadows._at_hits(grid, hits_of(part), SIDE, stride, teeth).reshape(SIDE, SIDE)


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_shadows_are_smoothed_over_the_grid_of_rays_and_read_between_them(stride):
    values = np.random.default_rng(0).integers(0, 2, (SIDE, SIDE)).astype(np.float32)
    part, middle = np.full((SIDE, SIDE), SKIN), (stride - 1) // 2
    cells = values[middle::stride, middle::stride].astype(np.float64)
    beyond = -(-SIDE // stride) - len(cells)  # rows of the grid of rays that end outside the picture
    grids = (np.pad(grid, (0, beyond)) for grid in (cells, np.ones_like(cells)))
    total, weight = (gaussian_filter(grid, 1.5, truncate=2.5, mode="constant") for grid in grids)
    place = (np.indices((SIDE, SIDE)) - middle) / stride
    expected = map_coordinates(total, place, order=1, mode="nearest") / map_coordinates(
        weight, place, order=1, mode="nearest"
    )
    np.testing.assert_allclose(smoothed(values, part, stride), expected, atol=1e-4)


def test_shadow_does_not_bleed_from_hair_to_skin():
    part = np.full((SIDE, SIDE), SKIN)
    part[:, SIDE // 2 :] = HAIR
    values = (part == SKIN).astype(np.float32)
    np.testing.assert_allclose(smoothed(values, part, 2), values, atol=1e-6)


def test_where_no_ray_is_near_a_surface_is_lit():
    part = np.full((SIDE, SIDE), HAIR)
    part[31, 31] = SKIN  # between the rays
    assert smoothed(np.zeros((SIDE, SIDE), np.float32), part, 2)[31, 31] == 1


def test_teeth_are_never_black():
    dark = smoothed(np.zeros((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), UPPER_TEETH), 2, teeth=(0.4, 0.6))
    np.testing.assert_allclose(dark, 0.4)
