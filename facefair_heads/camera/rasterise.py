"""What the camera sees: every triangle drawn onto the sample grid, the nearest one kept.

Camera rays all start at one point and form a grid, so asking each triangle which rays it meets is faster than
searching a tree for each ray's triangle: about four times at 128 pixels, more at larger sizes. The result is that of
casting a ray through the centre of every sample. Source: the edge test in each sample's own sheared frame follows
S. Woop, C. Benthin and I. Wald, "Watertight ray/triangle intersection", JCGT 2 (2013).
"""

from __future__ import annotations

import numpy as np
import warp as wp

from facefair_heads.shading.rays import Camera
from facefair_heads.warp_runtime import scalars, vectors

_NOTHING = wp.constant(wp.uint64(0xFFFFFFFFFFFFFFFF))
_NEAR = wp.constant(1.0e-3)
"""Depth, relative to the head's, below which a corner's place on the grid means nothing."""


_ROUNDING = wp.constant(0.9999)
"""A factor below one by more than rounding can lower a depth between three corners."""
_WIDE = wp.constant(3)
"""Widest bounding box, in columns, of triangles whose rows are scanned in full."""


@wp.kernel
def _into_camera(
    positions: wp.array(dtype=wp.vec3),
    origin: wp.vec3,
    right: wp.vec3,
    down: wp.vec3,
    ahead: wp.vec3,
    seen: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    p = positions[i] - origin
    seen[i] = wp.vec3(wp.dot(p, right), wp.dot(p, down), wp.dot(p, ahead))


@wp.func
def _centre(sample: int, side: int):
    """Place of a sample's centre on the grid, from -1 to 1."""
    return (float(sample) + 0.5) / float(side) * 2.0 - 1.0


@wp.func
def _edges(a: wp.vec3, b: wp.vec3, c: wp.vec3, x: float, y: float):
    """Signed areas opposite to the corners, seen along the ray through (x, y, 1)."""
    ax = a[0] - x * a[2]
    ay = a[1] - y * a[2]
    bx = b[0] - x * b[2]
    by = b[1] - y * b[2]
    cx = c[0] - x * c[2]
    cy = c[1] - y * c[2]
    return wp.vec3(bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx)


@wp.func
def _first(low: float, side: int):
    return wp.max(int(wp.ceil((low + 1.0) * 0.5 * float(side) - 0.5)), 0)


@wp.func
def _last(high: float, side: int):
    return wp.min(int(wp.floor((high + 1.0) * 0.5 * float(side) - 0.5)), side - 1)


@wp.func
def _crossing(b: wp.vec3, c: wp.vec3, y: float, turn: float, span: wp.vec2):
    """Cut a row's span (x from, x to) to the inner side of one edge; ``turn`` is 1 or -1 for the triangle's sense."""
    by = b[1] - y * b[2]
    cy = c[1] - y * c[2]
    at_zero = (b[0] * cy - by * c[0]) * turn
    slope = (by * c[2] - b[2] * cy) * turn
    if slope > 1.0e-12:
        return wp.vec2(wp.max(span[0], -at_zero / slope), span[1])
    if slope < -1.0e-12:
        return wp.vec2(span[0], wp.min(span[1], -at_zero / slope))
    return span


@wp.kernel
def _draw(
    corners: wp.array(dtype=wp.int32),
    seen: wp.array(dtype=wp.vec3),
    side: int,
    nearest: wp.array(dtype=wp.uint64),
):
    i = wp.tid()
    a = seen[corners[3 * i]]
    b = seen[corners[3 * i + 1]]
    c = seen[corners[3 * i + 2]]
    foremost = wp.min(a[2], wp.min(b[2], c[2]))
    left = wp.int32(0)
    right = side - 1
    top = wp.int32(0)
    bottom = side - 1
    # Most cells of a long thin triangle's box are empty: there, each row's span is worked out first.
    wide = wp.int32(0)
    if foremost > _NEAR:
        ax = a[0] / a[2]
        bx = b[0] / b[2]
        cx = c[0] / c[2]
        ay = a[1] / a[2]
        by = b[1] / b[2]
        cy = c[1] / c[2]
        # Clamped first: whole numbers have a limit.
        left = _first(wp.clamp(wp.min(ax, wp.min(bx, cx)), -2.0, 2.0), side)
        right = _last(wp.clamp(wp.max(ax, wp.max(bx, cx)), -2.0, 2.0), side)
        top = _first(wp.clamp(wp.min(ay, wp.min(by, cy)), -2.0, 2.0), side)
        bottom = _last(wp.clamp(wp.max(ay, wp.max(by, cy)), -2.0, 2.0), side)
        wide = right - left
    elif wp.max(a[2], wp.max(b[2], c[2])) <= 0.0:
        return
    turn = wp.float32(1.0)
    if wide > _WIDE:
        middle = _edges(a, b, c, _centre((left + right) // 2, side), _centre((top + bottom) // 2, side))
        turn = wp.sign(middle[0] + middle[1] + middle[2])
    # No point of the triangle is nearer than this: most of a head's hair is hidden by hair that is.
    first = wp.max(foremost * _ROUNDING, 0.0)
    least = wp.uint64(wp.cast(first, wp.uint32)) << wp.uint64(32)
    for row in range(top, bottom + 1):
        y = _centre(row, side)
        start = left
        stop = right
        if wide > _WIDE:
            span = wp.vec2(-2.0, 2.0)
            span = _crossing(b, c, y, turn, span)
            span = _crossing(c, a, y, turn, span)
            span = _crossing(a, b, y, turn, span)
            start = wp.max(left, _first(wp.clamp(span[0], -2.0, 2.0), side) - 1)
            stop = wp.min(right, _last(wp.clamp(span[1], -2.0, 2.0), side) + 1)
        for column in range(start, stop + 1):
            if least < nearest[row * side + column]:
                w = _edges(a, b, c, _centre(column, side), y)
                low = wp.min(w[0], wp.min(w[1], w[2]))
                high = wp.max(w[0], wp.max(w[1], w[2]))
                if (low >= 0.0 or high <= 0.0) and low != high:
                    depth = (w[0] * a[2] + w[1] * b[2] + w[2] * c[2]) / (w[0] + w[1] + w[2])
                    if depth > 0.0:
                        # A positive float's bits sort as the float does; ties go to the lower triangle number, in
                        # whatever order the triangles are drawn.
                        key = (wp.uint64(wp.cast(depth, wp.uint32)) << wp.uint64(32)) | wp.uint64(i)
                        if key < nearest[row * side + column]:
                            wp.atomic_min(nearest, row * side + column, key)


@wp.kernel
def _resolve(
    corners: wp.array(dtype=wp.int32),
    seen: wp.array(dtype=wp.vec3),
    side: int,
    nearest: wp.array(dtype=wp.uint64),
    slope: float,
    distance: float,
    triangle: wp.array(dtype=wp.int32),
    place: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    triangle[i] = -1
    if nearest[i] != _NOTHING:
        hit = int(nearest[i] & wp.uint64(0xFFFFFFFF))
        a = seen[corners[3 * hit]]
        b = seen[corners[3 * hit + 1]]
        c = seen[corners[3 * hit + 2]]
        x = _centre(i % side, side)
        y = _centre(i // side, side)
        w = _edges(a, b, c, x, y)
        w = w / (w[0] + w[1] + w[2])
        depth = w[0] * a[2] + w[1] * b[2] + w[2] * c[2]
        triangle[i] = hit
        place[i] = wp.vec3(w[0], w[1], depth * distance * wp.sqrt(1.0 + slope * slope * (x * x + y * y)))


def visible(positions: np.ndarray, triangles: np.ndarray, view: Camera, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest triangle behind the centre of every cell of a square grid.

    Parameters
    ----------
    positions : (N, 3) float32
    triangles : (T, 3) int32
    side : cells per row and column

    Returns
    -------
    triangle : (side * side,) int32, row by row from the top left; -1 where there is none
    place : (side * side, 3) float32: weights of the triangle's first and second corner, and the distance
    """
    seen = wp.empty(len(positions), dtype=wp.vec3)
    axes = (view.right / view.half, -view.up / view.half, view.forward / view.distance)
    frame = [wp.vec3(*map(float, vector)) for vector in (view.origin, *axes)]
    wp.launch(_into_camera, len(positions), [vectors(positions), *frame], [seen])
    corners = scalars(triangles.ravel(), wp.int32)
    nearest = wp.full(side * side, _NOTHING, dtype=wp.uint64)
    wp.launch(_draw, len(triangles), [corners, seen, side], [nearest])
    triangle = wp.empty(side * side, dtype=wp.int32)
    place = wp.zeros(side * side, dtype=wp.vec3)
    slope = view.half / view.distance
    wp.launch(_resolve, side * side, [corners, seen, side, nearest, slope, view.distance], [triangle, place])
    return triangle.numpy(), place.numpy()
