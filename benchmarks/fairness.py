"""How long the bootstrap of group scores takes, against the plain loop that resamples images one replicate at a time.

Run it from the repository's root, on one core::

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 taskset -c 0 python benchmarks/fairness.py
        [--images 10000] [--classes 11] [--replicates 2000] [--groups 3] [--loops 5]

The loop is timed on a few replicates and scaled up. Both give the same numbers: the program checks it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.groups import group_bootstrap
from facefair_lib.scores.metrics import evaluate, iou_per_class
from facefair_lib.scores.resampling import SubjectBootstrap

IMAGES_PER_SUBJECT = 2


def made_up(images: int, classes: int, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts (N, C, C), subjects (N,) and groups (N,), with classes that are absent in some images."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(3, (images, classes, classes)) + 200 * np.eye(classes, dtype=np.int64)
    absent = rng.random((images, classes)) < 0.2
    counts[absent] = 0
    counts.swapaxes(1, 2)[absent] = 0
    subjects = np.arange(images) // IMAGES_PER_SUBJECT
    return counts.astype(np.int64), subjects, subjects % groups


def class_means(bootstrap: SubjectBootstrap, scores: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Mean score of each class in each group in each replicate, (B, G, C)."""
    defined = np.isfinite(scores)
    parts = np.concatenate([np.where(defined, scores, 0.0), defined], axis=1)  # (N, 2C)
    totals = np.stack([bootstrap.totals(parts, group == g) for g in np.unique(group)], 1)  # (B, G, 2C)
    sums, times = np.split(totals, 2, axis=2)
    return sums / times


def looped(bootstrap: SubjectBootstrap, scores: np.ndarray, group: np.ndarray, replicates: int) -> np.ndarray:
    """The same for the first replicates: repeat the drawn subjects' images, then average, one by one."""
    means = []
    for weights in bootstrap.weights[:replicates]:
        drawn = np.repeat(np.arange(len(scores)), weights[bootstrap.unit])
        means.append([np.nanmean(scores[drawn[group[drawn] == g]], axis=0) for g in np.unique(group)])
    return np.array(means)


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds and result of some work; another program on the same core costs nothing."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    """Time every stage and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("images", 10_000), ("classes", 11), ("replicates", 2000), ("groups", 3), ("loops", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    counts, subjects, group = made_up(asked.images, asked.classes, asked.groups)
    scoring, scores = seconds(lambda: iou_per_class(counts))
    drawing, bootstrap = seconds(lambda: group_bootstrap(subjects, group, replicates=asked.replicates))
    averaging, means = seconds(lambda: class_means(bootstrap, scores, group))
    loop, expected = seconds(lambda: looped(bootstrap, scores, group, asked.loops))
    np.testing.assert_allclose(means[: asked.loops], expected)
    names = [f"class {c}" for c in range(asked.classes)]
    family, _ = seconds(
        lambda: class_family(scores, group.astype(str), subjects, classes=names, permutations=asked.replicates)
    )
    pooled, _ = seconds(lambda: evaluate(counts, bootstrap.totals))
    vectorised, scaled = drawing + averaging, drawing + loop / asked.loops * asked.replicates
    print(f"{asked.images} images x {asked.classes} classes x {asked.replicates} replicates, {asked.groups} groups")
    for stage, spent in (
        ("IoU of every class in every image", scoring),
        ("drawing people", drawing),
        ("means of classes in groups, all replicates", averaging),
        ("total of the bootstrap", scoring + vectorised),
        ("groups x classes family with as many shuffles", family),
        ("all pooled scores of the whole set", pooled),
        (f"plain loop, scaled up from {asked.loops} replicates", scaled),
    ):
        print(f"  {stage:48s} {spent:9.2f} s")
    print(f"  the loop takes {scaled / vectorised:.0f} times as long")


if __name__ == "__main__":
    main()
