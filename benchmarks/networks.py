"""What each lever gives: networks that differ in one thing at a time, fitted alike, in one table.

It needs the pictures that a study of the profile has prepared. Run it from the repository's root; an interrupted run
resumes, and a finished fit is not repeated::

    OMP_NUM_THREADS=1 python benchmarks/networks.py [--model pspnet] [--epochs 12] [--profile quick] [--only fine_maps]
        [--sets fasseg=FOLDER ...]

Each row adds what its name says to the row above it, up to the profile's own network; rows named "or ..." change only
that one. With ``--sets`` there is a column of mean F1 on each of these published sets, as ``wild.py`` measures it.

Measured on 1 December 2026 on one core of an Intel Xeon with AMX, another fit on the other core: PSPNet, 12 epochs, one
run each, in per cent.

| lever | minutes | validation IoU | test IoU | fasseg | lapa | facesynthetics |
|---|--:|--:|--:|--:|--:|--:|
| resnet18 to stride 8 | 1.6 | 57.3 | 52.4 | 79.1 | 70.5 | 34.9 |
| efficientnet lite0 | 3.2 | 36.2 | 32.1 | 62.3 | 51.0 | 13.5 |
| imagenet weights | 2.9 | 53.1 | 50.3 | 74.4 | 68.5 | 36.4 |
| fine maps | 3.9 | 67.5 | 63.5 | 85.6 | 79.4 | 55.9 |
| learning rate | 4.1 | 73.5 | 69.1 | 84.2 | 80.2 | 54.5 |
| wide zoom and camera | 3.5 | 73.0 | 68.9 | 83.7 | 79.3 | 55.4 |
| or full zoom and camera | 3.5 | 72.1 | 67.5 | 84.2 | 78.8 | 54.3 |
| or stride 32 | 4.3 | 73.3 | 68.7 | 84.7 | 79.9 | 55.5 |
| or small start | 2.7 | 67.5 | 61.6 | 84.7 | 80.6 | 55.1 |
| or resnet18 fine maps | 2.4 | 57.1 | 52.1 | 80.0 | 72.8 | 37.5 |

ImageNet weights and fine maps give most. ResNet-18 is quick because it is fitted in bf16 there. What makes pictures
harder (zoom, camera) does not pay within 12 epochs, nor on these sets; a small start costs seven points.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from wild import mean_f1

from facefair_lib.models.fitted import load_network
from facefair_lib.parse.parser import Parser
from facefair_lib.scores import metrics
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import ModelSettings, Profile, SmallStart, TrainingSettings, load_profile
from facefair_lib.store.results import Stage
from facefair_lib.training.fit import fit
from facefair_lib.training.predict import predict

SMALL = SmallStart(epochs=0.5, scale=0.625)
Lever = tuple[ModelSettings, TrainingSettings]


def levers(profile: Profile, model: str, epochs: int) -> dict[str, Lever]:
    """Name -> network and training with this lever and all before it; "or" levers change only the profile's own."""
    as_drawn = profile.training.model_copy(update={"zoom": 0.0, "camera": 0.0})
    wide = profile.training.model_copy(update={"zoom": 0.5, "camera": 0.6})
    networks = _networks(profile, model, epochs)
    before = list(networks).index("learning_rate")
    fits = {
        name: (network, as_drawn if place <= before else profile.training)
        for place, (name, network) in enumerate(networks.items())
    }
    own = networks["wide_zoom_and_camera"]
    return fits | {"or_full_zoom_and_camera": (own, wide)}


def _networks(profile: Profile, model: str, epochs: int) -> dict[str, ModelSettings]:
    own = getattr(profile.models, model).model_copy(update={"epochs": epochs, "small_start": None})
    light = getattr(profile.reproduction.networks, model).model_dump(exclude={"small_start"}, exclude_none=True)
    plain = {"weights": "none", "fine_maps": False}
    return {
        "resnet18_to_stride_8": own.model_copy(update={**light, "fine_maps": False}),
        "efficientnet_lite0": own.model_copy(update={**plain, "learning_rate": light["learning_rate"]}),
        "imagenet_weights": own.model_copy(update={"fine_maps": False, "learning_rate": light["learning_rate"]}),
        "fine_maps": own.model_copy(update={"learning_rate": light["learning_rate"]}),
        "learning_rate": own,
        "wide_zoom_and_camera": own,
        "or_stride_32": own.model_copy(update={"output_stride": 32}),
        "or_small_start": own.model_copy(update={"small_start": SMALL}),
        "or_resnet18_fine_maps": own.model_copy(update={**light, "fine_maps": True}),
    }


def measured(name: str, lever: Lever, settings: Profile, folder: Path, sets: Sequence[str]) -> list[float]:
    """Minutes of a fit, mean IoU of its kept weights on validation and test people, and mean F1 on the sets."""
    model, training = lever
    data = Stage(paths.results_dir(settings.name) / "01_data_preparation")
    images, labels = data.arrays()
    rows = {split: np.sort(part["row"].to_numpy()) for split, part in data.table("prepared").groupby("split")}
    result = fit(name, model, training, images, labels, rows, folder, settings.seed)
    network = load_network(name, model, result.weights)
    scores = []
    for split in ("validation", "test"):
        people = rows[split]
        counts = confusion_counts(labels[people], predict(network, images[people], views=settings.inference))
        scores.append(float(metrics.mean_iou(counts.sum(0))))
    parser = Parser(network, settings.data.size, settings.inference)
    return [result.timings["seconds"].item() / 60, *scores, *mean_f1(parser, sets)]


def main() -> None:
    """Print the table, row by row."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="pspnet", choices=("deeplabv3", "pspnet"))
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--profile", default="quick")
    options.add_argument("--only", nargs="*", help="names of rows")
    options.add_argument("--sets", nargs="*", default=[], metavar="NAME=FOLDER", help="published sets to score on")
    chosen = options.parse_args()
    settings = load_profile(chosen.profile)
    print(f"{chosen.model}, {chosen.epochs} epochs, pictures of the profile {chosen.profile}\n")
    names = [entry.split("=")[0] for entry in chosen.sets]
    print("| " + " | ".join(("lever", "minutes", "validation IoU", "test IoU", *names)) + " |")
    print("|---|" + "--:|" * (3 + len(names)))
    for name, lever in levers(settings, chosen.model, chosen.epochs).items():
        if chosen.only and name not in chosen.only:
            continue
        folder = paths.results_dir(chosen.profile) / "benchmark_networks" / f"{chosen.model}_{chosen.epochs}_{name}"
        folder.mkdir(parents=True, exist_ok=True)
        minutes, *scores = measured(chosen.model, lever, settings, folder, chosen.sets)
        shown = " | ".join(f"{100 * score:.1f}" for score in scores)
        print(f"| {name.replace('_', ' ')} | {minutes:.1f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
