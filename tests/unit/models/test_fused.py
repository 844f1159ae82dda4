"""Fused batch norms: the same answers, and the network itself where they would be others."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from facefair_lib.models.build import build_model
from facefair_lib.models.fused import fused

KINDS = (
    ("pspnet", "efficientnet_lite0", {"channels": 16, "fine_maps": True}),
    ("deeplabv3", "efficientnet_lite0", {"channels": 16, "atrous_rates": (1, 2, 4), "fine_maps": True}),
    ("pspnet", "resnet18", {"channels": 16}),
    ("deeplabv3", "resnet18", {"channels": 16, "output_stride": 8}),
)


def used(network: nn.Module) -> nn.Module:
    """Give every batch norm statistics and weights of its own, as training does."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.8, 1.2)
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return network.eval()


@pytest.mark.parametrize(("model", "backbone", "options"), KINDS)
def test_a_fused_network_has_no_batch_norm_and_answers_as_before(
    model: str, backbone: str, options: dict[str, object]
) -> None:
    network = used(build_model(model, backbone, **options))
    before = copy.deepcopy(network.state_dict())
    quick = fused(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())
    images = torch.randn(2, 3, 96, 64)
    with torch.inference_mode():
        expected, found = (one(images)["out"] for one in (network, quick))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class UsedInAnotherOrder(nn.Module):
    """Its batch norm comes before the convolution that is defined before it."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.convolution(self.norm(images))}


def test_a_network_that_would_answer_otherwise_stays_as_it_is() -> None:
    network = used(UsedInAnotherOrder())
    assert fused(network) is network
