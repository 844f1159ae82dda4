"""What each lever gives: networks that differ in one thing after the other, fitted alike, in one table.

It needs the pictures that a study of the profile has prepared. Run it from the repository's root; an interrupted run
goes on where it stopped, and a finished fit is not repeated::

    OMP_NUM_THREADS=1 python benchmarks/networks.py [--model pspnet] [--epochs 12] [--profile quick] [--only fine_maps]

Each row adds what its name says to the row above it, up to the profile's own network; rows named "or ..." change that
one alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from facefair_lib.models.fitted import load_network
from facefair_lib.scores import metrics
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import ModelSettings, Profile, SmallStart, load_profile
from facefair_lib.store.results import Stage
from facefair_lib.training.fit import fit
from facefair_lib.training.predict import predict

SMALL = SmallStart(epochs=0.5, scale=0.625)


def levers(profile: Profile, model: str, epochs: int) -> dict[str, ModelSettings]:
    """Name -> the network with this lever and all before it; those named "or" change the profile's network alone."""
    own = getattr(profile.models, model).model_copy(update={"epochs": epochs, "small_start": None})
    light = getattr(profile.reproduction.networks, model).model_dump(exclude={"small_start"}, exclude_none=True)
    plain = {"weights": "none", "fine_maps": False}
    return {
        "resnet18_to_stride_8": own.model_copy(update={**light, "fine_maps": False}),
        "efficientnet_lite0": own.model_copy(update={**plain, "learning_rate": light["learning_rate"]}),
        "imagenet_weights": own.model_copy(update={"fine_maps": False, "learning_rate": light["learning_rate"]}),
        "fine_maps": own.model_copy(update={"learning_rate": light["learning_rate"]}),
        "learning_rate": own,
        "or_small_start": own.model_copy(update={"small_start": SMALL}),
        "or_resnet18_fine_maps": own.model_copy(update={**light, "fine_maps": True}),
    }


def measured(name: str, model: ModelSettings, settings: Profile, folder: Path) -> tuple[float, float, float, str]:
    """Minutes of a fit, mean IoU of its kept weights on validation and test people, and its number format."""
    data = Stage(paths.results_dir(settings.name) / "01_data_preparation")
    images, labels = data.arrays()
    rows = {split: np.sort(part["row"].to_numpy()) for split, part in data.table("prepared").groupby("split")}
    result = fit(name, model, settings.training, images, labels, rows, folder, settings.seed)
    network = load_network(name, model, result.weights)
    scores = []
    for split in ("validation", "test"):
        people = rows[split]
        counts = confusion_counts(labels[people], predict(network, images[people], views=settings.inference))
        scores.append(float(metrics.mean_iou(counts.sum(0))))
    return result.description["seconds"].item() / 60, *scores, result.description["precision"].item()


def main() -> None:
    """Print the table, row by row."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="pspnet", choices=("deeplabv3", "pspnet"))
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--profile", default="quick")
    options.add_argument("--only", nargs="*", help="names of rows")
    chosen = options.parse_args()
    settings = load_profile(chosen.profile)
    print(f"{chosen.model}, {chosen.epochs} epochs, pictures of the profile {chosen.profile}\n")
    print("| lever | minutes | validation IoU | test IoU | format |")
    print("|---|--:|--:|--:|---|")
    for name, model in levers(settings, chosen.model, chosen.epochs).items():
        if chosen.only and name not in chosen.only:
            continue
        folder = paths.results_dir(chosen.profile) / "benchmark_networks" / f"{chosen.model}_{chosen.epochs}_{name}"
        folder.mkdir(parents=True, exist_ok=True)
        minutes, validation, test, number_format = measured(chosen.model, model, settings, folder)
        scores = f"{100 * validation:.1f} | {100 * test:.1f}"
        print(f"| {name.replace('_', ' ')} | {minutes:.1f} | {scores} | {number_format} |", flush=True)


if __name__ == "__main__":
    main()
