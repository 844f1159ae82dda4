"""DeepLabV3: atrous convolution and atrous spatial pyramid pooling (ASPP).

Source: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017, arXiv:1706.05587, in
torchvision's implementation. ResNet-50, ResNet-101 and MobileNetV3 are torchvision's own. Of ResNet-18 and ResNet-34,
which torchvision does not offer here, the first two stages are used, at output stride 8: the same trunk as PSPNet's in
segmentation-models-pytorch, so that the light networks differ only in how they gather context. EfficientNet-Lite0 and
the fine maps that may join the head's on a light trunk are shared in the same way. Every other encoder comes, with its
head, from segmentation-models-pytorch.
"""

from __future__ import annotations

from collections.abc import Sequence

import segmentation_models_pytorch as smp
from torch import nn
from torchvision.models.segmentation.deeplabv3 import ASPP, DeepLabV3

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import build_smp, check_output_stride
from facefair_lib.models.efficientnet_lite import BACKBONE as LITE
from facefair_lib.models.light import OUTPUT_STRIDES, LightNetwork, fine_network, light_maps
from facefair_lib.models.published import LIGHT_BACKBONES, LIGHT_CHANNELS, build_published, light_trunk

PUBLISHED_STRIDES = {"resnet50": 8, "resnet101": 8, "mobilenet_v3_large": 16}
"""Backbone of a network that torchvision publishes -> its output stride."""
_PUBLISHED_RATES = (12, 24, 36)


def build_deeplabv3(
    *,
    backbone: str,
    num_classes: int,
    weights: str = "none",
    output_stride: int | None = None,
    atrous_rates: Sequence[int] = _PUBLISHED_RATES,
    channels: int = 256,
    fine_maps: bool = False,
) -> nn.Module:
    """Build DeepLabV3; see ``build_model`` for the contract.

    Parameters
    ----------
    output_stride : input pixels per feature-map pixel; ``None`` takes the backbone's own. That of a published backbone
        is fixed (ResNet 8, MobileNetV3 16); the library's encoders take 8 or 16.
    atrous_rates : dilation of the three atrous branches. The published 12, 24, 36 suit a 65 x 65 map; on a smaller
        map a 3 x 3 kernel that wide sees mostly padding, so scale them with the map.
    channels : channels of the ASPP branches, 256 in the paper
    fine_maps : whether finer maps of a light trunk join the pyramid's, which the published network does not have
    """
    stride = output_stride or PUBLISHED_STRIDES.get(backbone, OUTPUT_STRIDES.get(backbone, (8,))[0])
    rates = tuple(atrous_rates)
    if fine_maps or backbone == LITE:
        trunk, widths = light_maps("deeplabv3", backbone, weights, stride)
        pyramid, *rest = _head(widths[-1], num_classes, rates, channels)
        if fine_maps:  # their convolutions replace the rest of the head
            return fine_network(trunk, widths, pyramid, channels, num_classes)
        return LightNetwork(trunk, pyramid, None, nn.Sequential(*rest))
    if backbone in PUBLISHED_STRIDES:
        _check_published(backbone, stride, rates, channels)
        return build_published("deeplabv3", backbone, num_classes, weights)
    if backbone in LIGHT_BACKBONES:
        check_output_stride("deeplabv3", backbone, stride, (8,), ", which its first two stages have")
        trunk = light_trunk("deeplabv3", backbone, weights)
        return DeepLabV3(trunk, _head(LIGHT_CHANNELS, num_classes, rates, channels), None)
    check_output_stride("deeplabv3", backbone, stride, (8, 16))
    return build_smp(
        smp.DeepLabV3,
        "deeplabv3",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=stride,
        encoder_output_stride=stride,
        decoder_atrous_rates=rates,
        decoder_channels=channels,
    )


def _check_published(backbone: str, output_stride: int, rates: tuple[int, ...], channels: int) -> None:
    stride = PUBLISHED_STRIDES[backbone]
    if (output_stride, rates, channels) != (stride, _PUBLISHED_RATES, 256):
        raise InputError(
            f"deeplabv3 with {backbone}",
            found=f"output_stride {output_stride}, atrous_rates {list(rates)}, channels {channels}",
            expected=f"the published network: {stride}, {list(_PUBLISHED_RATES)}, 256",
            do=f"set these, or choose a light backbone ({', '.join(LIGHT_BACKBONES)}), which takes other values",
        )


def _head(in_channels: int, num_classes: int, rates: tuple[int, ...], channels: int) -> nn.Sequential:
    """The published head, with any number of channels in its branches."""
    return nn.Sequential(
        ASPP(in_channels, rates, channels),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, num_classes, 1),
    )
