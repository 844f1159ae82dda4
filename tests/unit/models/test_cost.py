"""What a network costs, against counts by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from facefair_lib.models.build import build_model
from facefair_lib.models.cost import LiveBytes, measure_cost


def two_convolutions() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 1))


def test_memory_is_that_of_the_tensors_alive_together() -> None:
    network = two_convolutions()
    with torch.no_grad(), LiveBytes() as alive:
        output = network(torch.zeros(1, 3, 16, 16))
    # Picture (3 channels) and first map (8); the ReLU works in place; then the second map (4). Nothing was freed yet.
    assert alive.peak == (3 + 8 + 4) * 16 * 16 * 4
    assert alive.now == output.nbytes  # and afterwards only the result is


def test_memory_that_is_free_again_is_not_counted_twice() -> None:
    with torch.no_grad(), LiveBytes() as alive:
        for _ in range(5):
            torch.zeros(1000)
    assert alive.peak == 4000
    assert alive.now == 0


def test_a_view_takes_no_memory() -> None:
    values = torch.zeros(4, 100)
    with LiveBytes() as alive:
        kept = [values.view(400), values[1:], values.T]
    assert (len(kept), alive.peak) == (3, 0)


def test_costs_of_two_convolutions_are_those_counted_by_hand() -> None:
    network = two_convolutions()
    cost = measure_cost(network, 16, batch=2, seconds=0.01)
    assert cost.parameters == (3 * 9 * 8 + 8) + (8 * 4 + 4)
    assert cost.flops == 2 * 16 * 16 * (3 * 9 * 8 + 8 * 4)  # a multiplication and its addition are two
    assert cost.peak_bytes == 4 * (cost.parameters + (3 + 8 + 4) * 16 * 16)
    assert cost.images_per_second > 0


def test_operations_grow_with_the_area_of_the_picture() -> None:
    network = build_model("unet", "resnet18", channels=4)
    small, large = (measure_cost(network, size, batch=1, seconds=0) for size in (32, 64))
    assert large.flops == pytest.approx(4 * small.flops, rel=0.01)
    assert large.parameters == small.parameters
