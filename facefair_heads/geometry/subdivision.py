"""Catmull-Clark subdivision as one sparse matrix, so that smoothing a posed mesh is a single product.

Source: E. Catmull and J. Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes",
Computer-Aided Design 10 (1978); borders follow the cubic B-spline rule.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse


def _incidence(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], weight: float = 1.0) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.full(rows.size, weight), (rows.ravel(), columns.ravel())), shape=shape)


def catmull_clark(quads: np.ndarray, vertices: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Plan one subdivision step of a quad mesh.

    Parameters
    ----------
    quads : (F, 4) int, vertex numbers
    vertices : number of vertices V

    Returns
    -------
    operator : (V + E + F, V) float32 CSR; multiplied with any (V, K) vertex attribute it gives the refined one
    refined : (4 F, 4) int32 quads; rows f, f + F, f + 2 F and f + 3 F come from face f
    """
    faces = len(quads)
    ends = np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2)
    edge, edge_of_corner, sharing = np.unique(np.sort(ends, 1), axis=0, return_inverse=True, return_counts=True)
    edge_of_corner = edge_of_corner.reshape(faces, 4)
    face_of_corner = np.repeat(np.arange(faces), 4)
    face_points = _incidence(face_of_corner, quads, (faces, vertices), 0.25)
    midpoints = _incidence(np.repeat(np.arange(len(edge)), 2), edge, (len(edge), vertices), 0.5)
    faces_of_edge = _incidence(edge_of_corner, face_of_corner, (len(edge), faces))
    inner = sharing == 2
    edge_points = sparse.diags(np.where(inner, 0.5, 1.0)) @ midpoints
    edge_points = edge_points + sparse.diags(np.where(inner, 0.25, 0.0)) @ (faces_of_edge @ face_points)
    vertex_points = _vertex_points(quads, vertices, edge, inner, face_points, midpoints)
    operator = sparse.vstack([vertex_points, edge_points, face_points]).tocsr().astype(np.float32)
    edge_row = edge_of_corner + vertices
    face_row = np.arange(faces) + vertices + len(edge)
    refined = [
        np.stack([quads[:, corner], edge_row[:, corner], face_row, edge_row[:, corner - 1]], 1) for corner in range(4)
    ]
    return operator, np.concatenate(refined).astype(np.int32)


def _vertex_points(quads, vertices, edge, inner, face_points, midpoints) -> sparse.csr_matrix:
    """The rows that move the old vertices: (Q + 2 R + (n - 3) P) / n inside, the B-spline mask on borders."""
    faces = len(quads)
    faces_of_vertex = _incidence(quads, np.repeat(np.arange(faces), 4), (vertices, faces))
    edges_of_vertex = _incidence(edge, np.repeat(np.arange(len(edge)), 2), (vertices, len(edge)))
    valence = np.asarray(faces_of_vertex.sum(1)).ravel()
    edge_valence = np.asarray(edges_of_vertex.sum(1)).ravel()
    at_least_one = np.maximum(valence, 1)
    border = edge[~inner]
    on_border = np.zeros(vertices, bool)
    on_border[border.ravel()] = True
    inside = ~on_border & (valence > 0)
    face_mean = sparse.diags(1 / at_least_one) @ (faces_of_vertex @ face_points)
    edge_mean = sparse.diags(1 / np.maximum(edge_valence, 1)) @ (edges_of_vertex @ midpoints)
    points = (
        sparse.diags(np.where(inside, 1 / at_least_one, 0.0)) @ face_mean
        + sparse.diags(np.where(inside, 2 / at_least_one, 0.0)) @ edge_mean
        + sparse.diags(np.where(inside, (at_least_one - 3) / at_least_one, 1.0))
    )
    neighbours = _incidence(border, border[:, ::-1], (vertices, vertices))
    smooth = on_border & (np.asarray(neighbours.sum(1)).ravel() == 2)
    # A border row of `points` is still the identity, so three quarters of it is the mask 1/8, 3/4, 1/8.
    keep = sparse.diags(np.where(smooth, 0.75, 1.0)) @ points
    return keep + sparse.diags(np.where(smooth, 0.125, 0.0)) @ neighbours
