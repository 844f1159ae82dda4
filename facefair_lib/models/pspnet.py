"""PSPNet: a pyramid of pooled context beside the feature map.

Source: Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017, arXiv:1612.01105, in the implementation of
segmentation-models-pytorch.
"""

from __future__ import annotations

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.decoders.pspnet.decoder import PSPDecoder
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import AnySize, build_smp, check_output_stride
from facefair_lib.models.efficientnet_lite import BACKBONE as LITE
from facefair_lib.models.light import OUTPUT_STRIDES, LightNetwork, fine_network, light_maps


def build_pspnet(
    *,
    backbone: str,
    num_classes: int,
    weights: str = "none",
    output_stride: int | None = None,
    channels: int = 512,
    fine_maps: bool = False,
) -> nn.Module:
    """Build PSPNet; see ``build_model`` for the contract.

    Parameters
    ----------
    output_stride : 8 (the encoder's first three stages, as the library publishes it) or 4 (its max-pooling keeps the
        size, which doubles the resolution of the feature map and costs about four times as much); EfficientNet-Lite0
        takes 16 or 32. ``None`` takes the backbone's usual one.
    channels : channels of the pyramid's output, 512 in the library
    fine_maps : whether finer maps of a light trunk join the pyramid's, which the published network does not have
    """
    if output_stride is None:
        output_stride = OUTPUT_STRIDES.get(backbone, (8,))[0]
    if fine_maps or backbone == LITE:
        trunk, widths = light_maps("pspnet", backbone, weights, output_stride)
        pyramid = _Pyramid(widths[-1], channels)
        if fine_maps:
            return fine_network(trunk, widths, pyramid, channels, num_classes)
        return LightNetwork(trunk, pyramid, None, nn.Conv2d(channels, num_classes, 3, padding=1))
    check_output_stride("pspnet", backbone, output_stride, (8, 4))
    network = build_smp(
        smp.PSPNet,
        "pspnet",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=8,
        psp_out_channels=channels,
        upsampling=output_stride,
    )
    if output_stride == 4:
        _keep_size_in_max_pooling(network, backbone)
    return network


class _Pyramid(PSPDecoder):
    """The library's pyramid, which takes a list of maps, for the one map that it reads."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__([inputs], out_channels=channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, inputs, h, w) -> (B, channels, h, w)."""
        return super().forward([features])


def _keep_size_in_max_pooling(network: AnySize, backbone: str) -> None:
    pooling = getattr(network.network.encoder, "maxpool", None)
    if not isinstance(pooling, nn.MaxPool2d):
        raise InputError(
            f"pspnet with {backbone} at output_stride 4",
            found="an encoder without a max-pooling stem",
            expected="a ResNet encoder",
            do="use output_stride: 8, or a ResNet backbone",
        )
    pooling.stride = 1
