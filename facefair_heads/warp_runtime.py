"""Warp, set up for this project: quiet, on the CPU, with its compiled kernels in the project's cache folder.

Every module that uses Warp imports it from here, so the cache folder is set before Warp starts.
"""

from __future__ import annotations

import os
import sys
import tempfile

import numpy as np
import warp as wp

from facefair_lib.settings.paths import cache_dir

wp.config.log_level = wp.LOG_WARNING
wp.config.enable_backward = False  # no gradients are taken; halves the time to compile a kernel
wp.config.kernel_cache_dir = str(cache_dir() / "warp")


def _start() -> None:
    """Start Warp without its line about a missing CUDA driver, which bypasses Python's ``sys.stderr``."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            wp.init()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        caught.seek(0)
        said = caught.read().decode(errors="replace").splitlines()
    for line in said:
        if "NVIDIA CUDA driver" not in line:
            print(line, file=sys.stderr)


_start()

# Pictures must be the same bytes on every machine, so all rays are cast on the CPU even where there is a GPU, unless a
# caller chooses another device for one block with ``wp.ScopedDevice``, as ``render(device=...)`` does.
wp.set_device("cpu")

_LEAF_SIZE = 8
"""Triangles per leaf of a search tree: builds a third faster than Warp's default and casts as fast."""


def current_device() -> str:
    """Name of the device that arrays are made on and kernels run on now."""
    return wp.get_device().alias


def vectors(values: np.ndarray) -> wp.array:
    """Hand an (N, 3) array to Warp as N vectors; on the CPU memory is shared, so do not write to it afterwards."""
    return wp.array(np.ascontiguousarray(values, np.float32), dtype=wp.vec3, copy=False)


def scalars(values: np.ndarray, dtype: type = wp.float32) -> wp.array:
    """Hand an (N,) array to Warp; shared as in ``vectors``."""
    return wp.array(np.ascontiguousarray(values), dtype=dtype, copy=False)


def build_mesh(points: wp.array, triangles: np.ndarray) -> wp.Mesh:
    """Build the search tree over triangles (T, 3) of ``points``."""
    indices = scalars(triangles.ravel().astype(np.int32), wp.int32)
    return wp.Mesh(points=points, indices=indices, bvh_leaf_size=_LEAF_SIZE)
