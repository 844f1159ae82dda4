from __future__ import annotations

import numpy as np

from facefair_heads.geometry.subdivision import catmull_clark

CUBE = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])
CUBE_QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def test_a_cube_subdivides_to_the_known_points():
    operator, refined = catmull_clark(CUBE_QUADS, 8)
    points = operator @ CUBE
    assert points.shape == (8 + 12 + 6, 3)
    assert refined.shape == (24, 4)
    # (Q + 2 R) / 3 with Q the mean of three face points and R of three edge midpoints: 5/9 of the corner.
    np.testing.assert_allclose(np.abs(points[:8]), 5 / 9, atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(points[8:20]), 1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(points[20:]), 1), np.tile([0, 0, 1], (6, 1)), atol=1e-6)


def test_a_flat_grid_stays_flat_and_its_border_straight():
    grid = np.array([[x, y, 0.0] for y in range(3) for x in range(3)])
    quads = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]])
    points = catmull_clark(quads, 9)[0] @ grid
    assert np.all(points[:, 2] == 0)
    np.testing.assert_allclose(points[4], (1, 1, 0), atol=1e-6)
    np.testing.assert_allclose(points[1], (1, 0, 0), atol=1e-6)


def test_refined_quads_keep_the_orientation():
    operator, refined = catmull_clark(CUBE_QUADS, 8)
    points = operator @ CUBE
    a, b, _, d = (points[refined[:, corner]] for corner in range(4))
    outward = np.einsum("ij,ij->i", np.cross(b - a, d - a), points[refined].mean(1))
    coarse = CUBE[CUBE_QUADS]
    coarse_outward = np.einsum(
        "ij,ij->i", np.cross(coarse[:, 1] - coarse[:, 0], coarse[:, 3] - coarse[:, 0]), coarse.mean(1)
    )
    assert np.all(np.sign(outward) == np.sign(np.tile(coarse_outward, 4)))
