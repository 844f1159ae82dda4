"""What every network costs at the size of the default study, all measured in one run.

Run it from the repository's root::

    python benchmarks/models.py [--size 128] [--batch 8] [--threads 1]
"""

from __future__ import annotations

import argparse
from typing import Any

import torch

from facefair_lib.models.build import build_model
from facefair_lib.models.cost import measure_cost
from facefair_lib.settings.profiles import load_profile
from facefair_lib.training.device import choose_device

NETWORKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("deeplabv3", "mobilenet_v3_large", {}),
    ("deeplabv3", "resnet50", {}),
    ("deeplabv3", "resnet101", {}),
    ("pspnet", "resnet50", {}),
    ("pspnet", "resnet101", {}),
    ("fcn", "resnet50", {}),
    ("fcn", "resnet101", {}),
    ("unet", "resnet18", {}),
    ("unet", "resnet50", {}),
    ("segnet", "vgg16_bn", {}),
    ("deeplabv3plus", "resnet18", {}),
    ("deeplabv3plus", "resnet50", {}),
    ("upernet", "resnet18", {}),
    ("upernet", "resnet50", {}),
    ("segformer", "mit_b0", {}),
    ("segformer", "mit_b2", {}),
)
"""Networks to measure besides the two of the default study."""


def studied() -> list[tuple[str, str, dict[str, Any]]]:
    """Networks of the default study, as its profile shapes them."""
    models = load_profile("quick").models
    steering = {"epochs", "learning_rate", "small_start", "weights", "backbone"}
    rows = []
    for name in type(models).model_fields:
        settings = getattr(models, name)
        rows.append((name, settings.backbone, settings.model_dump(exclude=steering, exclude_none=True)))
    return rows


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seconds", type=float, default=2.0)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(f"{chosen.size} x {chosen.size} pixels, batches of {chosen.batch}, float32, {choose_device().description}\n")
    print("| network | backbone | parameters, M | GFLOP per image | peak memory, MB | images/s |")
    print("|---|---|--:|--:|--:|--:|")
    own = studied()
    for number, (name, backbone, shape) in enumerate([*own, *NETWORKS]):
        network = build_model(name, backbone, **shape).to(device, memory_format=torch.channels_last)
        cost = measure_cost(network, chosen.size, batch=chosen.batch, seconds=chosen.seconds)
        title = f"{name} (study)" if number < len(own) else name
        print(
            f"| {title} | {backbone} | {cost.parameters / 1e6:.1f} | {cost.flops / 1e9:.1f} "
            f"| {cost.peak_bytes / 1e6:.0f} | {cost.images_per_second:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
