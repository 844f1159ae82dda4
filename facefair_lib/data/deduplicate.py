"""Find pictures that occur more than once, exactly or nearly.

A near-duplicate must pass three tests: two perceptual hashes that measure different things (``dhash`` gradients,
``phash`` low frequencies) and the mean absolute difference of small colour thumbnails. The hashes alone confuse
different photographs of one person, and even different people in front of the same wall.

Measured on 44 photographs of FASSEG: copies saved as JPEG (quality 50), halved in size, or made 5 per cent brighter
with added noise differ by at most 2 bits in either hash and 6.5 grey levels; copies cropped by 1 per cent or rotated by
1 degree, by up to 8 bits and 5.5 levels, so that only some of those are found. Two shots of one person differ by at
least 8 bits in the worse hash and 13 levels, two people by at least 8 bits and 18 levels. The limits of 4 bits and 10
levels lie between. Frames of an animation that differ only by a blink count as near-duplicates.

Source: hashes by the ImageHash library, 8 x 8 = 64 bits each.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

from facefair_lib.data.hash_buckets import HashBuckets
from facefair_lib.data.images import read_rgb
from facefair_lib.data.readers.files import file_in
from facefair_lib.errors import InputError
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance

HASH_DISTANCE = 4
"""Largest Hamming distance, in bits of 64, of each of the two hashes."""

PIXEL_DISTANCE = 10.0
"""Largest mean absolute difference of the thumbnails, in grey levels of 255."""

THUMBNAIL = 32  # pixels a side

TABLE_COLUMNS = ("kind", "kept_id", "removed_id", "distance", "folder", "category", "kept_path", "removed_path")


@dataclass(frozen=True)
class Fingerprints:
    """What is compared, one entry per image of a manifest, in its order."""

    digest: np.ndarray  # (N,) 32 bytes, SHA-256 of size and pixels: equal where only the file format differs
    gradient: np.ndarray  # (N,) uint64, dhash
    frequency: np.ndarray  # (N,) uint64, phash
    thumbnail: np.ndarray  # (N, T, T, 3) uint8, in a temporary file: only those of pictures with close hashes are read


@dataclass(frozen=True)
class Duplicates:
    """Result of ``find_duplicates``.

    Attributes
    ----------
    kept : the manifest without duplicates
    after_exact : the manifest without exact duplicates only
    table : one row per removed image, columns ``TABLE_COLUMNS``; distance is the larger Hamming distance (exact: 0)
    folders : folder, category, images, exact, near, kept (image counts)
    """

    kept: pd.DataFrame
    after_exact: pd.DataFrame
    table: pd.DataFrame
    folders: pd.DataFrame


def fingerprint(
    manifest: pd.DataFrame, root: Path, progress: Advance | None = None, workers: int | None = None
) -> Fingerprints:
    """Read every image once, on all cores, and compute what is compared."""
    paths = [file_in(Path(root), place) for place in manifest["image_path"]]
    with tempfile.TemporaryFile() as file:  # the system may reclaim its pages; the map outlives the file's name
        thumbnail = np.memmap(file, np.uint8, "w+", shape=(len(paths), THUMBNAIL, THUMBNAIL, 3))
    store = partial(_fingerprint_one, thumbnail=thumbnail)
    measured = map_ordered(store, list(enumerate(paths)), progress, workers)
    digest, gradient, frequency = zip(*measured, strict=True)
    return Fingerprints(
        np.array(digest, "S32"), np.array(gradient, np.uint64), np.array(frequency, np.uint64), thumbnail
    )


def _fingerprint_one(place: tuple[int, Path], thumbnail: np.ndarray) -> tuple[bytes, int, int]:
    row, path = place
    rgb = read_rgb(path)
    digest = hashlib.sha256(str(rgb.shape).encode())
    digest.update(np.ascontiguousarray(rgb))
    picture = Image.fromarray(rgb)
    thumbnail[row] = picture.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return digest.digest(), _bits(imagehash.dhash(picture)), _bits(imagehash.phash(picture))


def _bits(image_hash: imagehash.ImageHash) -> int:
    return int.from_bytes(np.packbits(image_hash.hash.ravel()).tobytes(), "big")


def find_duplicates(
    manifest: pd.DataFrame,
    root: Path,
    hash_distance: int = HASH_DISTANCE,
    pixel_distance: float = PIXEL_DISTANCE,
    progress: Advance | None = None,
    workers: int | None = None,
) -> Duplicates:
    """Split a manifest into images that are kept and duplicates of kept images.

    Of a set of duplicates the first by image_id is kept. Exact duplicates are looked for in the whole manifest,
    near-duplicates within a category. Every removed image is within the limits of an image that is KEPT: no image is
    removed because of a chain of small differences.

    Parameters
    ----------
    manifest : as ``check_manifest`` returns it
    root : the data set's folder
    hash_distance : largest Hamming distance in each of the two hashes, in bits of 64
    pixel_distance : largest mean absolute difference of 32 x 32 colour thumbnails, in levels of 255

    Raises
    ------
    InputError
        if an image cannot be read or a limit is out of range
    """
    if not (0 <= hash_distance <= 64 and 0 <= pixel_distance <= 255):
        raise InputError(
            "data.duplicates",
            found=f"hash_distance {hash_distance}, pixel_distance {pixel_distance}",
            expected="0 to 64 bits and 0 to 255 levels",
            do="correct the profile's limits",
        )
    manifest = manifest.sort_values("image_id", kind="stable", ignore_index=True)
    prints = fingerprint(manifest, root, progress, workers)
    exact = exact_duplicates(prints.digest)
    alive = np.ones(len(manifest), bool)
    alive[[removed for _, removed in exact]] = False
    found = [("exact", kept, removed, 0) for kept, removed in exact]
    after_exact = manifest[alive].reset_index(drop=True)
    for _, rows in manifest[alive].groupby("category", sort=True):
        for kept, removed, distance in near_duplicates(prints, rows.index.to_numpy(), hash_distance, pixel_distance):
            alive[removed] = False
            found.append(("near", kept, removed, distance))
    table = _duplicate_table(manifest, found)
    return Duplicates(manifest[alive].reset_index(drop=True), after_exact, table, _count_folders(manifest, table))


def exact_duplicates(digest: np.ndarray) -> list[tuple[int, int]]:
    """Pair each repeated digest with its first occurrence: (kept, removed) positions."""
    _, first, inverse = np.unique(digest, return_index=True, return_inverse=True)
    kept = first[inverse]  # (N,)
    return [(int(kept[row]), int(row)) for row in np.flatnonzero(kept != np.arange(len(digest)))]


def near_duplicates(
    prints: Fingerprints, rows: np.ndarray, hash_distance: int, pixel_distance: float
) -> list[tuple[int, int, int]]:
    """Compare the images at ``rows`` with each other.

    Returns
    -------
    (kept, removed, distance) positions, each image removed at most once, distance = the larger Hamming distance
    """
    gradient, frequency = prints.gradient[rows], prints.frequency[rows]
    buckets = HashBuckets(gradient, frequency, hash_distance)
    removed = np.zeros(len(rows), bool)
    found = []
    for i in buckets.in_company:
        if removed[i]:
            continue
        later = buckets.later(i)
        distance = np.maximum(
            np.bitwise_count(gradient[later] ^ gradient[i]), np.bitwise_count(frequency[later] ^ frequency[i])
        )  # (M,) uint8
        close = (distance <= hash_distance) & ~removed[later]
        if not close.any():
            continue
        later, distance = later[close], distance[close]
        levels = np.abs(prints.thumbnail[rows[later]].astype(np.int16) - prints.thumbnail[rows[i]]).mean((1, 2, 3))
        for j, bits in zip(later[levels <= pixel_distance], distance[levels <= pixel_distance], strict=True):
            removed[j] = True
            found.append((int(rows[i]), int(rows[j]), int(bits)))
    return found


def _duplicate_table(manifest: pd.DataFrame, found: list[tuple[str, int, int, int]]) -> pd.DataFrame:
    ids, paths = manifest["image_id"], manifest["image_path"]
    rows = [
        (kind, ids[a], ids[b], distance, manifest["folder"][b], manifest["category"][b], paths[a], paths[b])
        for kind, a, b, distance in found
    ]
    table = pd.DataFrame(rows, columns=list(TABLE_COLUMNS))
    return table.sort_values(["kind", "removed_id"], kind="stable", ignore_index=True)


def _count_folders(manifest: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    keys = ["folder", "category"]
    counts = manifest.groupby(keys, sort=True).size().rename("images").to_frame()
    for kind in ("exact", "near"):
        per_folder = table[table["kind"] == kind].groupby(keys).size()
        counts[kind] = per_folder.reindex(counts.index, fill_value=0).astype(int)
    counts["kept"] = counts["images"] - counts["exact"] - counts["near"]
    return counts.reset_index()
