"""What the parts of a study cost at 1, 4 and 16 times the data: processor time, memory and disk.

Run it from the repository's root, on one core::

    OMP_NUM_THREADS=1 python benchmarks/growth.py [--images 32] [--factors 1 4 16] [--only scores gaps]

Each part runs in its own process, on made-up pictures of 64 pixels in the layout of LaPa, with the networks of the
profile smoke. Memory is what the part itself takes at its peak, beyond what imports took; pages of mapped files, which
the system can take back, are left out. Memory is read from Linux's /proc. ``docs/scaling.md`` says what
the numbers mean.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

SIZE = 64
REPLICATES = 2000


def draw_pictures(folder: Path, images: int) -> None:
    """Write photographs and label files as LaPa has them; every tenth is an earlier one, a little brighter."""
    rng = np.random.default_rng(0)
    places = [folder / "set" / "train" / kind for kind in ("images", "labels")]
    for place in places:
        place.mkdir(parents=True)
    labels = np.repeat((np.arange(SIZE) * 11 // SIZE).astype(np.uint8), SIZE).reshape(SIZE, SIZE)
    for number in range(images):
        coarse = np.random.default_rng(number - number % 10 if number % 10 == 1 else number).integers(0, 240, (8, 8, 3))
        picture = np.asarray(Image.fromarray(coarse.astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
        brighter = picture + np.uint8(number % 10 == 1) * np.uint8(3)
        Image.fromarray(np.minimum(brighter, 252)).save(places[0] / f"{number:07d}.jpg", quality=95)
        Image.fromarray(np.roll(labels, int(rng.integers(SIZE)), 0)).save(places[1] / f"{number:07d}.png")


def reading(folder: Path, images: int) -> Iterator[None]:
    """List the pictures and find duplicates."""
    from facefair_lib.data.deduplicate import find_duplicates
    from facefair_lib.data.manifest import save_manifest
    from facefair_lib.data.readers.opening import open_reader

    yield
    reader = open_reader("lapa", folder / "set")
    kept = find_duplicates(reader.read(), reader.root, workers=1).kept
    save_manifest(kept, folder / "manifest.parquet", reader.root)


def packing(folder: Path, images: int) -> Iterator[None]:
    """Split by person and pack into arrays."""
    from facefair_lib.data.arrays import pack
    from facefair_lib.data.manifest import load_manifest
    from facefair_lib.data.readers.opening import open_reader
    from facefair_lib.data.split import split_by_subject
    from facefair_lib.store.results import Stage

    yield
    manifest = load_manifest(folder / "manifest.parquet")
    shares = {"train": 0.7, "validation": 0.1, "test": 0.2}
    divided = split_by_subject(manifest, shares, seed=0, by=("category", "group"))
    packed = pack(divided, open_reader("lapa", folder / "set"), folder, SIZE)
    Stage(folder).save_table("prepared", packed.table)


def training(folder: Path, images: int) -> Iterator[None]:
    """Fit one epoch."""
    from facefair_lib.settings.profiles import load_profile
    from facefair_lib.training.fit import fit

    smoke, (table, *arrays) = load_profile("smoke"), _prepared(folder)
    yield
    rows = {split: part["row"].to_numpy() for split, part in table.groupby("split")}
    fit("pspnet", smoke.models.pspnet, smoke.training, *arrays, rows, folder, smoke.seed)


def labelling(folder: Path, images: int) -> Iterator[None]:
    """Label the test pictures and count pixels."""
    from facefair_lib.models.fitted import load_network
    from facefair_lib.scores.confusion import confusion_counts
    from facefair_lib.settings.profiles import load_profile
    from facefair_lib.store.results import Stage
    from facefair_lib.training.predict import predict

    smoke, (table, pictures, labels) = load_profile("smoke"), _prepared(folder)
    network = load_network("pspnet", smoke.models.pspnet, folder / "best.pt")
    yield
    test = table.loc[table["split"] == "test", "row"].to_numpy()
    masks = predict(network, pictures[test], views=smoke.inference)
    Stage(folder).save_array("test_predictions", masks)
    Stage(folder).save_array("test_counts", confusion_counts(labels[test], masks))


def scores(folder: Path, images: int) -> Iterator[None]:
    """Scores of two networks with bootstrap intervals, as in notebook 04."""
    from facefair_lib.store.results import Stage
    from facefair_lib.tables import performance

    counts, table = _counts(images)
    yield
    both = {"deeplabv3": counts, "pspnet": counts[::-1]}
    for name in ("summary_table", "class_table", "difference_table"):
        Stage(folder).save_table(name, getattr(performance, name)(both, table, replicates=REPLICATES))
    Stage(folder).save_table("images", performance.image_table(both, table))


def gaps(folder: Path, images: int) -> Iterator[None]:
    """Gaps between three groups in every class, with as many shuffles."""
    from facefair_lib.fairness.families import class_family
    from facefair_lib.scores.metrics import iou_per_class
    from facefair_lib.settings.labels import CLASS_NAMES

    counts, table = _counts(images)
    yield
    group = np.array(["a", "b", "c"])[np.arange(images) % 3]
    subjects = table["subject_id"].to_numpy()
    class_family(iou_per_class(counts), group, subjects, classes=CLASS_NAMES, permutations=REPLICATES)


PARTS = {part.__name__: part for part in (reading, packing, training, labelling, scores, gaps)}


def _prepared(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    from facefair_lib.data.arrays import open_arrays

    return pd.read_csv(folder / "prepared.csv"), *open_arrays(folder)


def _counts(images: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Counts (N, 11, 11) of as many scored pictures, each of a person of its own."""
    counts = np.random.default_rng(0).poisson(3, (images, 11, 11)) + 300 * np.eye(11, dtype=np.int64)
    names = [f"{number:07d}" for number in range(images)]
    return counts, pd.DataFrame({"image_id": names, "subject_id": names, "row": np.arange(images)})


@contextmanager
def peak_memory() -> Iterator[dict[str, float]]:
    """Peak memory of the block in megabytes, beyond what was in use before."""
    begin, finished = _own_memory(), threading.Event()
    peak = {"memory": 0.0}

    def watch() -> None:
        while not finished.wait(0.005):
            peak["memory"] = max(peak["memory"], (_own_memory() - begin) / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        finished.set()
        watcher.join()


def _own_memory() -> int:
    """Bytes of this process in memory that do not belong to a file."""
    _, resident, of_files, *_ = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGE_SIZE")


def measure(part: str, folder: Path, images: int) -> dict[str, float]:
    """Run one part in this process; its generator yields where imports and loading end."""
    work = PARTS[part](folder, images)
    next(work)
    before = _disk(folder)
    with peak_memory() as peak:
        start = time.process_time()
        next(work, None)
        seconds = time.process_time() - start
    return {"seconds": seconds, **peak, "disk": (_disk(folder) - before) / 1e6}


def _disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and "set" not in file.parts)


def in_a_process(part: str, folder: Path, images: int) -> dict[str, float]:
    """The same in a fresh process, so that no part inherits another's memory."""
    command = [sys.executable, __file__, "--part", part, str(folder), str(images)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    """Print one row per part."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--images", type=int, default=32)
    options.add_argument("--factors", type=int, nargs="+", default=[1, 4, 16])
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="those before labelling too")
    options.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.part:
        part, folder, images = chosen.part
        print(json.dumps(measure(part, Path(folder), int(images))))
        return
    sizes = [chosen.images * factor for factor in chosen.factors]
    found: dict[str, list[dict[str, float]]] = {part: [] for part in PARTS if part in chosen.only}
    for images in sizes:
        with tempfile.TemporaryDirectory() as folder:
            if {"reading", "packing"} & set(chosen.only):
                draw_pictures(Path(folder), images)
            for part in found:
                found[part].append(in_a_process(part, Path(folder), images))
    heads = [f"{what} at {images}" for what in ("s", "MB memory", "MB disk") for images in sizes]
    print("| part | " + " | ".join(heads) + " |\n|---|" + "--:|" * len(heads))
    for part, rows in found.items():
        cells = [f"{row[what]:.1f}" for what in ("seconds", "memory", "disk") for row in rows]
        print(f"| {part} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
