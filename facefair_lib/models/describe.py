"""Sizes of a built network, read from its modules, for the diagrams and the text beside them."""

from __future__ import annotations

from typing import Any

from torch import nn

from facefair_lib.models.light import LightNetwork
from facefair_lib.settings.profiles import ModelSettings


def describe_deeplabv3(network: nn.Module, settings: ModelSettings, size: int, num_classes: int) -> dict[str, Any]:
    """Arguments of ``figures.deeplabv3_architecture`` for a network built by ``build_deeplabv3``."""
    light = isinstance(network, LightNetwork)
    aspp = network.head if light else network.classifier[0]
    stages = None if light else 1 + sum(name.startswith("layer") for name, _ in network.backbone.named_children())
    return {
        **_describe_trunk(network, settings, size, num_classes, stages),
        "feature_channels": aspp.convs[0][0].in_channels,
        "aspp_channels": aspp.convs[0][0].out_channels,
        "atrous_rates": [branch[0].dilation[0] for branch in aspp.convs[1:-1]],
    }


def describe_pspnet(network: nn.Module, settings: ModelSettings, size: int, num_classes: int) -> dict[str, Any]:
    """Arguments of ``figures.pspnet_architecture`` for a network built by ``build_pspnet``."""
    light = isinstance(network, LightNetwork)
    pyramid = (network.head if light else network.network.decoder).psp.blocks
    stages = None if light else len(network.network.encoder.out_channels) - 1
    return {
        **_describe_trunk(network, settings, size, num_classes, stages),
        "feature_channels": pyramid[0].pool[1][0].in_channels,
        "pyramid_bins": [block.pool_size for block in pyramid],
        "pyramid_channels": pyramid[0].pool[1][0].out_channels,
        "bottleneck_channels": settings.channels,
    }


def _describe_trunk(
    network: nn.Module, settings: ModelSettings, size: int, num_classes: int, stages: int | None
) -> dict[str, Any]:
    """What both networks have; ``stages`` None is a light trunk, each of whose drawn stages halves the sides."""
    described = {
        "input_size": size,
        "backbone": settings.backbone,
        "output_stride": settings.output_stride,
        "num_classes": num_classes,
        "stages": stages or settings.output_stride.bit_length() - 1,
    }
    if settings.fine_maps:
        finer = len(network.fine_maps.mix)
        described["fine_strides"] = [settings.output_stride >> step for step in range(1, finer + 1)]
        described["mix_channels"] = network.fine_maps.mix[-1][0].out_channels
    return described


DESCRIPTIONS = {"deeplabv3": describe_deeplabv3, "pspnet": describe_pspnet}
