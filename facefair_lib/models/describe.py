"""Sizes of a built network, read off its modules, for the diagrams and for the text beside them."""

from __future__ import annotations

from typing import Any

from torch import nn

from facefair_lib.settings.profiles import ModelSettings


def describe_deeplabv3(network: nn.Module, settings: ModelSettings, size: int, num_classes: int) -> dict[str, Any]:
    """Arguments of ``figures.deeplabv3_architecture`` for a network built by ``build_deeplabv3``."""
    aspp = network.classifier[0]
    rates = [branch[0].dilation[0] for branch in aspp.convs[1:-1]]
    return {
        "input_size": size,
        "backbone": settings.backbone,
        "output_stride": settings.output_stride,
        "feature_channels": aspp.convs[0][0].in_channels,
        "aspp_channels": aspp.convs[0][0].out_channels,
        "atrous_rates": rates,
        "num_classes": num_classes,
        "stages": 1 + sum(name.startswith("layer") for name, _ in network.backbone.named_children()),
    }


def describe_pspnet(network: nn.Module, settings: ModelSettings, size: int, num_classes: int) -> dict[str, Any]:
    """Arguments of ``figures.pspnet_architecture`` for a network built by ``build_pspnet``."""
    pyramid = network.network.decoder.psp.blocks
    return {
        "input_size": size,
        "backbone": settings.backbone,
        "output_stride": settings.output_stride,
        "feature_channels": network.network.encoder.out_channels[-1],
        "pyramid_bins": [block.pool_size for block in pyramid],
        "pyramid_channels": pyramid[0].pool[1][0].out_channels,
        "bottleneck_channels": settings.channels,
        "num_classes": num_classes,
        "stages": len(network.network.encoder.out_channels) - 1,
    }


DESCRIPTIONS = {"deeplabv3": describe_deeplabv3, "pspnet": describe_pspnet}
