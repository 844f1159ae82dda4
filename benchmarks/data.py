"""How fast pictures are hashed, compared, packed and counted, against plain ways and other libraries.

Run it from the repository's root, with the packages of ``requirements-dev.lock`` for scikit-learn::

    OMP_NUM_THREADS=1 python benchmarks/data.py [--hashes 16557 1000000] [--pictures 100] [--side 512]

Times are of one processor. Near-duplicates and counts are checked against the other ways.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import confusion_matrix

from facefair_lib.data.deduplicate import HASH_DISTANCE, PIXEL_DISTANCE, Fingerprints, fingerprint, near_duplicates
from facefair_lib.data.images import fit_pair, read_rgb
from facefair_lib.data.manifest import make_manifest
from facefair_lib.scores.confusion import confusion_counts

CLASSES = 11


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds and result of some work; another program on the same core costs nothing."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def made_up_hashes(pictures: int) -> Fingerprints:
    """Hashes, a quarter of which are earlier ones with up to four bits flipped."""
    rng = np.random.default_rng(0)
    new = pictures - pictures // 4
    origin = np.concatenate([np.arange(new), rng.integers(0, new, pictures - new)])
    hashes = rng.integers(0, 2**64, (2, new), np.uint64)[:, origin]
    flips = np.uint64(1) << rng.integers(0, 64, (4, 2, pictures - new), np.uint64)
    hashes[:, new:] ^= np.bitwise_or.reduce(flips)
    return Fingerprints(origin, *hashes, np.zeros((pictures, 1, 1, 3), np.uint8))


def compared_one_by_one(prints: Fingerprints) -> list[tuple[int, int, int]]:
    """Near-duplicates of pictures with equal thumbnails, each picture compared with all later ones."""
    gone, found = np.zeros(len(prints.gradient), bool), []
    for i in range(len(gone)):
        parts = (np.bitwise_count(part[i + 1 :] ^ part[i]) for part in (prints.gradient, prints.frequency))
        distance = np.maximum(*parts)
        for j in np.flatnonzero((distance <= HASH_DISTANCE) & ~gone[i + 1 :] & ~gone[i]):
            gone[i + 1 + j] = True
            found.append((i, int(i + 1 + j), int(distance[j])))
    return found


def hashes(sizes: list[int]) -> None:
    """Time the grouping of hashes."""
    for pictures in sizes:
        prints = made_up_hashes(pictures)
        limits = HASH_DISTANCE, PIXEL_DISTANCE
        spent, found = seconds(partial(near_duplicates, prints, np.arange(pictures), *limits))
        plain = ""
        if pictures <= 20_000:
            one_by_one, expected = seconds(partial(compared_one_by_one, prints))
            assert found == expected
            plain = f", compared one by one {one_by_one:.2f} s"
        print(f"  {pictures:9,d} hashes grouped, {len(found):,d} near-duplicates {spent:9.2f} s{plain}")


def preparation(pictures: int, side: int) -> None:
    """Time hashing and packing against decoding alone."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number:04d}.jpg" for number in range(pictures)]
        for name in names:
            coarse = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
            coarse.resize((side, side), Image.Resampling.BICUBIC).save(Path(folder) / name, quality=90)
        paths = [Path(folder) / name for name in names]
        keys = ("image_id", "image_path", "source", "folder", "subject_id")
        manifest = make_manifest(dict.fromkeys(keys, name) for name in names)
        mask = np.zeros((side, side), np.uint8)
        bare, _ = seconds(lambda: [np.asarray(Image.open(path)) for path in paths])
        reading, _ = seconds(lambda: [read_rgb(path) for path in paths])
        hashing, _ = seconds(lambda: fingerprint(manifest, Path(folder), workers=1))
        packing, _ = seconds(lambda: [fit_pair(read_rgb(path), mask, 128, "pad") for path in paths])
    for what, spent in (
        ("decoded by Pillow alone", bare),
        ("read as a study reads them", reading),
        ("read and hashed", hashing),
        ("read and packed at 128 pixels", packing),
    ):
        print(f"  {side} x {side} JPEG {what:32s} {pictures / spent:9.0f} pictures/s")


def counts(pictures: int, side: int) -> None:
    """Time confusion counts against those of other libraries."""
    # Here, because they import torchvision, which may need the package's help to be imported.
    from segmentation_models_pytorch.metrics import get_stats
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    rng = np.random.default_rng(0)
    target, prediction = rng.integers(0, CLASSES, (2, pictures, side, side), np.uint8)
    pairs = list(zip(target, prediction, strict=True))
    tensors = [tuple(torch.from_numpy(mask).long() for mask in pair) for pair in pairs]
    own, found = seconds(lambda: confusion_counts(target, prediction))
    metrics, by_metrics = seconds(lambda: [multiclass_confusion_matrix(p, t, CLASSES) for t, p in tensors])
    names = range(CLASSES)
    scikit, by_scikit = seconds(lambda: [confusion_matrix(t.ravel(), p.ravel(), labels=names) for t, p in pairs])
    stats, by_stats = seconds(
        lambda: [get_stats(p[None], t[None], mode="multiclass", num_classes=CLASSES)[0][0] for t, p in tensors]
    )
    np.testing.assert_array_equal(found, np.stack(by_metrics))
    np.testing.assert_array_equal(found, np.stack(by_scikit))
    np.testing.assert_array_equal(np.diagonal(found, axis1=1, axis2=2), np.stack(by_stats))
    for what, spent in (
        ("facefair", own),
        ("torchmetrics", metrics),
        ("scikit-learn", scikit),
        ("segmentation-models-pytorch, no pairs of classes", stats),
    ):
        print(f"  confusion counts of {side} x {side} masks, {what:50s} {pictures / spent:9.0f} pictures/s")


def main() -> None:
    """Print all."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hashes", type=int, nargs="+", default=[16_557, 1_000_000])
    options.add_argument("--pictures", type=int, default=100)
    options.add_argument("--side", type=int, default=512)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    hashes(chosen.hashes)
    preparation(chosen.pictures, chosen.side)
    counts(chosen.pictures, chosen.side)


if __name__ == "__main__":
    main()
