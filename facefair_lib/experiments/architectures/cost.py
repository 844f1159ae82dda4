"""The cost of labelling a picture: measured network by network, on one thread or a GPU, with nothing else running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.models.cost import measure_cost
from facefair_lib.settings.profiles import InferenceSettings
from facefair_lib.training.device import choose_device
from facefair_lib.training.predict import mean_probability

COST_COLUMNS = ["network", "parameters", "flops", "peak_bytes", "size", "views", "device"]
SPEED_COLUMNS = ["images_per_second", "slowest", "fastest"]
_BATCH = 8  # pictures at a time while the speed is measured


class Labelling(nn.Module):
    """A network as it labels pictures: with its probabilities averaged over all views.

    Parameters
    ----------
    network : see ``build_model``
    views : how a picture is seen
    """

    def __init__(self, network: nn.Module, views: InferenceSettings) -> None:
        super().__init__()
        self.network, self.views = network, views

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, C, H, W) probabilities."""
        return mean_probability(self.network, images, self.views)


def measure_costs(
    networks: Mapping[str, nn.Module],
    views: InferenceSettings,
    size: int,
    *,
    rounds: int = 3,
    seconds: float = 1.0,
) -> pd.DataFrame:
    """Measure fitted networks, one after the other.

    Parameters
    ----------
    networks : name -> network; measured on the GPU if there is one, else on one thread of the CPU
    views : how a picture is seen; more views cost more
    size : side of the pictures in pixels
    rounds : how often the speed is measured, every network once per round; the median counts. A machine that is busy
        for a moment then slows down one round of a few networks, not all measurements of one network.
    seconds : duration of each measurement

    Returns
    -------
    ``COST_COLUMNS`` and ``SPEED_COLUMNS``, a row per network in the order of ``networks``: ``flops`` and ``peak_bytes``
    of one picture; median, ``slowest`` and ``fastest`` of the rounds' images per second
    """
    target = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with _one_thread():
        seen = {name: Labelling(network, views).to(target) for name, network in networks.items()}
        measured = [
            [measure_cost(network, size, batch=_BATCH, seconds=seconds) for network in seen.values()]
            for _ in range(rounds)
        ]
        device = choose_device().description
    rows = []
    for place, name in enumerate(networks):
        first = measured[0][place]
        speeds = [costs[place].images_per_second for costs in measured]
        cost = (first.parameters, first.flops, first.peak_bytes)
        speed = (float(np.median(speeds)), min(speeds), max(speeds))
        rows.append((name, *cost, size, len(views.views), device, *speed))
    return pd.DataFrame(rows, columns=[*COST_COLUMNS, *SPEED_COLUMNS])


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
