"""The scene of one picture as a single triangle soup: head, strands and glasses, with what shading needs per vertex."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import numpy as np

from facefair_heads.geometry.body_cache import PARTS

HAIR, FACIAL_HAIR, EYEBROW_HAIR, FRAME, LENS, HEADWEAR, EARRING, HAND, OBJECT, SCARF = range(
    len(PARTS), len(PARTS) + 10
)
"""Part numbers beyond those of the body."""
STRAND_PARTS = (HAIR, FACIAL_HAIR, EYEBROW_HAIR)


@dataclass(frozen=True)
class Scene:
    """Triangles of everything that can be seen.

    Attributes
    ----------
    positions, normals, canonical : (N, 3) float32
    tangents : (N, 3) float32, along a strand; zero elsewhere
    strand : (N, 3) float32: position along the strand (0 root, 1 tip), across it (-1, 1), random number of the strand
    masks : (N, 3) float32 in [0, 1]: lips, ears, eyelids; zero off the skin
    triangles : (T, 3) int32
    part : (T,) int8
    cavity : (T,) int8, see ``BodyModel``
    shading : (K, 3) int32, fewer and larger triangles over the same vertices: what shadow rays meet
    """

    positions: np.ndarray
    normals: np.ndarray
    canonical: np.ndarray
    tangents: np.ndarray
    strand: np.ndarray
    masks: np.ndarray
    triangles: np.ndarray
    part: np.ndarray
    cavity: np.ndarray
    shading: np.ndarray


class Details(TypedDict, total=False):
    """What only some meshes have: see ``Scene``."""

    canonical: np.ndarray
    tangents: np.ndarray
    strand: np.ndarray
    masks: np.ndarray
    cavity: np.ndarray
    shading: np.ndarray


@dataclass
class SceneBuilder:
    """Collects meshes and joins them once."""

    _pieces: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    _vertices: int = 0

    def add(
        self,
        positions: np.ndarray,
        normals: np.ndarray,
        triangles: np.ndarray,
        part: int | np.ndarray,
        **details: Unpack[Details],
    ) -> None:
        """Add a mesh. Absent details are zero, except ``canonical`` (the positions) and ``shading`` (the triangles)."""
        nothing, none = np.zeros((len(positions), 3), np.float32), np.zeros(len(triangles), np.int8)
        self._pieces.append(
            (
                positions,
                normals,
                details.get("canonical", positions),
                details.get("tangents", nothing),
                details.get("strand", nothing),
                details.get("masks", nothing),
                triangles + self._vertices,
                np.broadcast_to(np.asarray(part, np.int8), len(triangles)),
                details.get("cavity", none),
                details.get("shading", triangles) + self._vertices,
            )
        )
        self._vertices += len(positions)

    def finish(self) -> Scene:
        """Join the meshes in the order they were added."""
        joined = [np.concatenate(arrays) for arrays in zip(*self._pieces, strict=True)]
        attributes = (array.astype(np.float32, copy=False) for array in joined[:6])
        triangles, part, cavity, shading = joined[6:]
        return Scene(*attributes, triangles.astype(np.int32), part, cavity, shading.astype(np.int32))
