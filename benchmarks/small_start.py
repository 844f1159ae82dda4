"""First epochs on smaller pictures against all on whole ones: time and score of one network, both in one run.

It needs the pictures that a finished study has prepared. Run it from the repository's root::

    python benchmarks/small_start.py [--model pspnet] [--epochs 22] [--profile quick]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from facefair_lib.models.fitted import load_network
from facefair_lib.scores import metrics
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import SmallStart, load_profile
from facefair_lib.store.results import Stage
from facefair_lib.training.fit import fit
from facefair_lib.training.predict import predict


def main() -> None:
    """Print seconds and validation IoU of both, and the ratio."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="pspnet", choices=("deeplabv3", "pspnet"))
    options.add_argument("--epochs", type=int, default=22)
    options.add_argument("--profile", default="quick")
    chosen = options.parse_args()
    start = getattr(load_profile(chosen.profile).models, chosen.model).small_start
    if start is None:
        raise SystemExit(f"{chosen.model} of the profile {chosen.profile} has no small_start to compare")
    small, whole = (measured(chosen.model, chosen.profile, chosen.epochs, each) for each in (start, None))
    for name, (seconds, score) in {"small start": small, "whole pictures": whole}.items():
        print(f"{name:15} {seconds:6.0f} s   IoU on the validation people {100 * score:.1f}")
    print(f"{'ratio':15} {small[0] / whole[0]:6.2f}     difference {100 * (small[1] - whole[1]):+.1f} points")


def measured(name: str, profile: str, epochs: int, start: SmallStart | None) -> tuple[float, float]:
    """Seconds of a fit, and the mean IoU of its kept weights on the validation people."""
    settings = load_profile(profile)
    data = Stage(paths.results_dir(profile) / "01_data_preparation")
    images, labels = data.arrays()
    rows = {split: np.sort(part["row"].to_numpy()) for split, part in data.table("prepared").groupby("split")}
    model = getattr(settings.models, name).model_copy(update={"epochs": epochs, "small_start": start})
    with tempfile.TemporaryDirectory() as folder:
        result = fit(name, model, settings.training, images, labels, rows, Path(folder), settings.seed)
        network = load_network(name, model, result.weights)
    people = rows["validation"]
    counts = confusion_counts(labels[people], predict(network, images[people], views=settings.inference))
    return float(result.description["seconds"].item()), float(metrics.mean_iou(counts.sum(0)))


if __name__ == "__main__":
    main()
