"""PSPNet: a pyramid of pooled context beside the feature map.

Source: Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017, arXiv:1612.01105, in the implementation of
segmentation-models-pytorch.
"""

from __future__ import annotations

import segmentation_models_pytorch as smp
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import AnySize, build_smp, use_default_batch_norm_momentum


def build_pspnet(
    *, backbone: str, num_classes: int, weights: str = "none", output_stride: int = 8, channels: int = 512
) -> nn.Module:
    """Build PSPNet; see ``build_model`` for the contract.

    Parameters
    ----------
    output_stride : 8 (the encoder's first three stages, as published by the library) or 4 (its max-pooling keeps the
        size, which doubles the resolution of the feature map and costs about four times as much)
    channels : channels of the pyramid's output, 512 in the library
    """
    if output_stride not in (4, 8):
        raise InputError(
            f"pspnet with {backbone}",
            found=f"output_stride {output_stride}",
            expected="output_stride 8 or 4",
            do="set models.pspnet.output_stride: 8",
        )
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
    use_default_batch_norm_momentum(network)
    return network


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
