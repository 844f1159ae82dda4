"""Find pictures that may have close hashes, without comparing every picture with every other.

Two hashes that differ in at most d of 64 bits agree in at least one of d + 1 parts into which the bits are divided. Two
pictures that are close in BOTH hashes agree in a part of one and in a part of the other: they meet in at least one of
(d + 1)² sets of buckets. Few others meet there, so comparing only those takes little more than linear time.

Source: Norouzi, Punjani & Fleet (2012), Fast search in Hamming space with multi-index hashing, CVPR.
"""

from __future__ import annotations

import numpy as np

_MOST_BITS = 15  # from 16 on, a picture's buckets together have more members than there are pictures
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd: keys of different parts rarely collide, and a collision only costs time


class HashBuckets:
    """Buckets of pictures that agree in one part of each of two hashes.

    Parameters
    ----------
    gradient, frequency : (N,) uint64
    bits : largest Hamming distance, in both hashes, of pictures that must meet
    """

    def __init__(self, gradient: np.ndarray, frequency: np.ndarray, bits: int) -> None:
        self._count = len(gradient)
        masks = _masks(bits)
        shared = [_shared((gradient & a) * _MIX + (frequency & b)) for a in masks for b in masks]
        sizes = np.concatenate([size for _, size in shared])
        self._members = np.concatenate([members for members, _ in shared])
        self._edges = np.concatenate([[0], np.cumsum(sizes)])
        by_picture = np.argsort(self._members, kind="stable")
        self._buckets = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[by_picture]
        self._first = np.searchsorted(self._members[by_picture], np.arange(self._count + 1))

    @property
    def in_company(self) -> np.ndarray:
        """Positions, ascending, of the pictures that share a bucket with another."""
        return np.flatnonzero(np.diff(self._first))

    def later(self, i: int) -> np.ndarray:
        """Positions after ``i``, ascending, that include every picture close to it."""
        buckets = self._buckets[self._first[i] : self._first[i + 1]]
        met = [self._members[self._edges[b] : self._edges[b + 1]] for b in buckets]
        if sum(map(len, met)) >= self._count - i:
            return np.arange(i + 1, self._count)
        found = np.unique(np.concatenate(met))
        return found[found > i]


def _masks(bits: int) -> list[np.uint64]:
    """Bit masks of the parts; neighbouring bits, which a plain background makes equal, go to different parts."""
    if bits > _MOST_BITS:
        return [np.uint64(0)]  # one bucket of all pictures
    return [np.uint64(sum(1 << bit for bit in range(part, 64, bits + 1))) for part in range(bits + 1)]


def _shared(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures with equal keys, bucket by bucket, and the buckets' sizes; pictures that are alone are left out."""
    order = np.argsort(keys, kind="stable").astype(np.int32)
    ordered = keys[order]
    edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
    size = np.diff(edges)
    return order[np.repeat(size > 1, size)], size[size > 1]
