"""Pack pictures and masks into two arrays at training size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.images import check_fit, fit_pair
from facefair_lib.data.manifest import check_manifest
from facefair_lib.data.pictures import Pictures
from facefair_lib.data.readers.base import Reader
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, INDEX
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance
from facefair_lib.store.results import read_array

IMAGES, LABELS = "images.npy", "labels.npy"


def pack(
    manifest: pd.DataFrame,
    reader: Reader,
    folder: Path,
    size: int,
    fit: str | None = None,
    expected_classes: Sequence[str] | None = None,
    progress: Advance | None = None,
) -> Pictures:
    """Read every pair of a manifest, bring it to a square, and store ``images.npy`` and ``labels.npy``.

    Masks are decoded at native size and resized as index masks. Both files are written under temporary names and
    renamed when complete and checked: an interrupted run leaves the earlier arrays as they were.

    Parameters
    ----------
    manifest : as ``check_manifest`` returns it, with or without the column split
    reader : the data set the manifest was read from
    folder : where the arrays are written
    size : side of the square, in pixels
    fit : "stretch" or "pad"; None = the reader's default
    expected_classes : class names that must occur in the train split (in the whole set if there is no column split);
        None = those that the data set labels, () = no check

    Returns
    -------
    Pictures as read-only memory maps; the table is the manifest with the column row, the position in the arrays

    Raises
    ------
    InputError
        if a file cannot be used, or an expected class does not occur in train
    """
    fit = fit or reader.default_fit
    check_fit(fit)
    if size < 8:
        raise InputError("data.size", found=f"{size} pixels", expected="at least 8", do="correct the profile's size")
    prepared = check_manifest(manifest, reader.root)
    prepared["row"] = np.arange(len(prepared))
    folder.mkdir(parents=True, exist_ok=True)
    temporary = {name: folder / f".{name}.partial" for name in (IMAGES, LABELS)}
    try:
        shapes = {IMAGES: (len(prepared), size, size, 3), LABELS: (len(prepared), size, size)}
        arrays = {
            name: np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shapes[name])
            for name, path in temporary.items()
        }
        store = partial(_store, reader=reader, images=arrays[IMAGES], labels=arrays[LABELS], fit=fit)
        map_ordered(store, prepared.to_dict("records"), progress)
        check_classes(
            prepared, arrays[LABELS], reader.expected_classes if expected_classes is None else expected_classes
        )
        for array in arrays.values():
            array.flush()
        del arrays, store
        for name, path in temporary.items():
            path.replace(folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
    return Pictures(prepared, *open_arrays(folder))


def _store(row: dict[str, object], reader: Reader, images: np.ndarray, labels: np.ndarray, fit: str) -> None:
    image, mask = reader.pair(row)
    position = row["row"]
    images[position], labels[position] = fit_pair(image, mask, images.shape[1], fit)


def open_arrays(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Open packed arrays as read-only memory maps: (N, S, S, 3) and (N, S, S) uint8.

    Raises
    ------
    InputError
        if a file is missing or damaged, or the two do not belong together
    """
    do = "run the data preparation again"
    images, labels = (read_array(folder / name, memory_map=True, do=do) for name in (IMAGES, LABELS))
    if images.shape != (*labels.shape, 3) or images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise InputError(
            folder,
            found=f"images {images.shape} {images.dtype} and labels {labels.shape} {labels.dtype}",
            expected="(N, S, S, 3) and (N, S, S), both uint8",
            do=do,
        )
    return images, labels


def check_classes(prepared: pd.DataFrame, labels: np.ndarray, expected_classes: Sequence[str]) -> None:
    """Raise InputError if an expected class has no pixel in the train split."""
    unknown = [name for name in expected_classes if name not in INDEX]
    if unknown:
        raise InputError(
            "data.expected_classes",
            found=", ".join(unknown),
            expected=f"names among {', '.join(CLASS_NAMES)}",
            do="correct the profile",
        )
    where, rows = "the whole data set", prepared["row"]
    if "split" in prepared:
        where, rows = "the train split", rows[prepared["split"] == "train"]
    pixels = np.zeros(256, np.int64)
    for row in rows:
        pixels += np.bincount(labels[row].ravel(), minlength=256)
    empty = [name for name in expected_classes if pixels[INDEX[name]] == 0]
    if empty:
        raise InputError(
            where,
            found=f"no pixel of {', '.join(empty)} in {len(rows)} images",
            expected=f"every class of interest: {', '.join(expected_classes)}",
            do="raise data.subsample.per_folder, choose another seed, train at a larger size, "
            "or leave the class out of data.expected_classes",
        )
