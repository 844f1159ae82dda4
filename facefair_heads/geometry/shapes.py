"""Simple surfaces that wearables and occluders are built from: positions, normals and triangles of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefair_heads.numerics import normalised

Surface = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Positions (N, 3), normals (N, 3) and triangles (T, 3)."""


def grid_triangles(rows: int, columns: int, *, wrap: bool = False) -> np.ndarray:
    """Triangles of a grid of rows x columns points; with ``wrap`` the last column joins the first."""
    i, j = np.arange(rows - 1)[:, None], np.arange(columns if wrap else columns - 1)[None]
    right = (j + 1) % columns
    corners = np.stack([i * columns + j, i * columns + right, (i + 1) * columns + right, (i + 1) * columns + j], -1)
    return halved(corners.reshape(-1, 4))


def halved(quads: np.ndarray) -> np.ndarray:
    """Cut quads (F, 4) into triangles (2 F, 3)."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def ellipsoid(centre, axes: np.ndarray) -> Surface:
    """Ellipsoid; ``axes`` (3, 3) holds its half axes as rows, at right angles to each other."""
    polar, around = np.linspace(0, np.pi, 9)[:, None], np.linspace(0, 2 * np.pi, 12, endpoint=False)[None]
    unit = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar) + 0 * around], -1)
    unit = unit.reshape(-1, 3)
    lengths = np.linalg.norm(axes, axis=1)
    normals = normalised(unit @ (axes / lengths[:, None] ** 2))
    return np.asarray(centre) + unit @ axes, normals, grid_triangles(9, 12, wrap=True)


def tube(path: np.ndarray, radius: np.ndarray, corners: int = 10) -> Surface:
    """Sweep a circle of changing ``radius`` (n,) along a path (n, 3); a tube that starts or ends at 0 is closed."""
    ahead = normalised(np.gradient(path, axis=0))
    helper = np.eye(3)[np.abs(ahead).mean(0).argmin()]
    sideways = normalised(np.cross(ahead, helper))
    upward = np.cross(sideways, ahead)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)[None, :, None]
    outward = sideways[:, None] * np.cos(angle) + upward[:, None] * np.sin(angle)  # (n, corners, 3)
    positions = path[:, None] + np.asarray(radius)[:, None, None] * outward
    return positions.reshape(-1, 3), outward.reshape(-1, 3), grid_triangles(len(path), corners, wrap=True)


def ring(centre, across, along, thickness: float) -> Surface:
    """Torus around ``centre`` in the plane of the half axes ``across`` and ``along`` (3,)."""
    angle = np.linspace(0, 2 * np.pi, 25)
    circle = np.cos(angle)[:, None] * np.asarray(across) + np.sin(angle)[:, None] * np.asarray(along)
    axis = normalised(np.cross(across, along))
    turn = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    outward = normalised(circle)[:, None] * np.cos(turn)[None, :, None] + axis * np.sin(turn)[None, :, None]
    positions = np.asarray(centre) + circle[:, None] + thickness * outward
    return positions.reshape(-1, 3), outward.reshape(-1, 3), grid_triangles(len(angle), len(turn), wrap=True)


def box(centre, axes: np.ndarray) -> Surface:
    """Box; ``axes`` (3, 3) holds its half axes as rows."""
    positions, normals, triangles = [], [], []
    for axis in range(3):
        u, v = axes[(axis + 1) % 3], axes[(axis + 2) % 3]
        for sign in (-1, 1):
            first = 4 * len(positions)
            positions.append(np.asarray(centre) + sign * axes[axis] + np.array([-u - v, u - v, u + v, v - u]))
            normals.append(np.tile(normalised(sign * axes[axis]), (4, 1)))
            triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return np.concatenate(positions), np.concatenate(normals), np.array(triangles)


def clip(positions: np.ndarray, normals: np.ndarray, triangles: np.ndarray, field: np.ndarray) -> Surface:
    """Keep the part of a mesh where the vertex values ``field`` (N,) are positive, cut along the zero line."""
    count = (field[triangles] > 0).sum(1)
    whole, crossed = triangles[count == 3], triangles[(count > 0) & (count < 3)]
    flat, bent = (
        np.concatenate([values[whole].reshape(-1, 3), cut])
        for values, cut in zip((positions, normals), cut_triangles((positions, normals), crossed, field), strict=True)
    )
    return flat, normalised(bent), np.arange(len(flat)).reshape(-1, 3)


def cut_triangles(values: Sequence[np.ndarray], crossed: np.ndarray, field: np.ndarray) -> list[np.ndarray]:
    """Cut triangles (T, 3) that the zero line of ``field`` (N,) crosses down to what lies inside.

    Returns
    -------
    each of ``values`` (N, d) at the corners of the pieces: (3 P, d), three rows per piece
    """
    a, b, c, tip = _odd_corner(crossed, field)
    cut = []
    for value in values:
        ab, ac = _between(value, field, a, b), _between(value, field, a, c)
        tips, first, second = (
            np.stack(rows, 1) for rows in ((value[a], ab, ac), (ab, value[b], value[c]), (ab, value[c], ac))
        )
        cut.append(np.concatenate([tips[tip], first[~tip], second[~tip]]).reshape(-1, value.shape[1]))
    return cut


def cut_line(values: Sequence[np.ndarray], crossed: np.ndarray, field: np.ndarray) -> list[np.ndarray]:
    """Follow the zero line of ``field`` (N,) through triangles (T, 3) that it crosses, the inside to its left.

    Returns
    -------
    each of ``values`` (N, d) at both ends of the line in every triangle: (T, 2, d)
    """
    a, b, c, tip = _odd_corner(crossed, field)
    first, second = np.where(tip, b, c), np.where(tip, c, b)
    return [np.stack([_between(value, field, a, first), _between(value, field, a, second)], 1) for value in values]


def _odd_corner(crossed: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, ...]:
    """Corners of triangles, first the one that is alone on its side of the zero line, and whether that is inside."""
    inside = field[crossed] > 0
    tip = inside.sum(1) == 1
    odd = np.where(tip, inside.argmax(1), (~inside).argmax(1))
    return *(crossed[np.arange(len(crossed)), (odd + k) % 3] for k in range(3)), tip


def _between(value: np.ndarray, field: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Values where ``field`` is zero between the corners ``a`` and ``b``."""
    return value[a] + (value[b] - value[a]) * (field[a] / (field[a] - field[b]))[:, None]
