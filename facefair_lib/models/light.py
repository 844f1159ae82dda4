"""Light networks in which one of the course paper's heads sits on a light trunk, with or without fine maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models import efficientnet_lite
from facefair_lib.models.adapters import check_output_stride
from facefair_lib.models.fine_maps import MIX_CHANNELS, FineMaps, enlarge
from facefair_lib.models.published import LIGHT_BACKBONES, LIGHT_CHANNELS, light_trunk

LIGHT_MAPS = {
    efficientnet_lite.BACKBONE: efficientnet_lite.CHANNELS,
    **{backbone: {4: 64, 8: LIGHT_CHANNELS} for backbone in LIGHT_BACKBONES},
}
"""Backbone -> output stride -> channels of the trunk's map there."""
OUTPUT_STRIDES = {efficientnet_lite.BACKBONE: efficientnet_lite.OUTPUT_STRIDES} | dict.fromkeys(LIGHT_BACKBONES, (8,))
"""Backbone -> output strides at which its head may sit; the first is the usual one."""


class LightNetwork(nn.Module):
    """A trunk, a head on its coarsest map, fine maps if there are any, and a classifier.

    Parameters
    ----------
    trunk : (B, 3, H, W) -> name -> map, from fine to coarse
    head : the coarsest map -> (B, C, h, w) of the same size, with context gathered
    fine_maps : joins that with the trunk's finer maps, or None
    classifier : (B, C, h, w) -> (B, classes, h, w)
    """

    def __init__(self, trunk: nn.Module, head: nn.Module, fine_maps: FineMaps | None, classifier: nn.Module) -> None:
        super().__init__()
        self.trunk, self.head, self.fine_maps, self.classifier = trunk, head, fine_maps, classifier

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, H, W) -> ``{"out": (B, classes, H, W) logits}``."""
        *finer, coarse = self.trunk(images).values()
        values = self.head(coarse)
        if self.fine_maps is not None:
            values = self.fine_maps(values, finer[::-1])
        return {"out": enlarge(self.classifier(values), images)}


def light_maps(model: str, backbone: str, weights: str, output_stride: int) -> tuple[nn.Module, list[int]]:
    """Build a light trunk that returns its maps from stride 4 on, and list their channels, from fine to coarse.

    Raises
    ------
    InputError
        if the backbone is not light, its coarsest map has another output stride, or the weights cannot be had
    """
    maps = LIGHT_MAPS.get(backbone)
    if maps is None:
        raise InputError(
            f"fine maps for {model} with {backbone}",
            found="fine_maps: true",
            expected=f"one of the light backbones: {', '.join(LIGHT_MAPS)}",
            do=f"choose one of these (models.{model}.backbone), or set fine_maps: false",
        )
    check_output_stride(
        model, backbone, output_stride, OUTPUT_STRIDES[backbone], ", which this backbone has as it is used here"
    )
    if backbone == efficientnet_lite.BACKBONE:
        trunk = efficientnet_lite.lite_trunk(model, weights, output_stride)
    else:
        trunk = light_trunk(model, backbone, weights, {"layer1": "4", "layer2": "8"})
    return trunk, [width for stride, width in maps.items() if stride <= output_stride]


def fine_network(
    trunk: nn.Module, widths: Sequence[int], head: nn.Module, channels: int, num_classes: int
) -> LightNetwork:
    """Put fine maps and a 1 x 1 convolution on a head with ``channels`` output channels."""
    finer = FineMaps(channels, widths[-2::-1])
    return LightNetwork(trunk, head, finer, nn.Conv2d(MIX_CHANNELS, num_classes, 1))
