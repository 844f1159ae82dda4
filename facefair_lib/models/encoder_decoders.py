"""Encoder-decoder networks beyond the course paper's two, as segmentation-models-pytorch implements them.

Sources: U-Net, Ronneberger et al. 2015, arXiv:1505.04597 · DeepLabV3+, Chen et al. 2018, arXiv:1802.02611 · UPerNet,
Xiao et al. 2018, arXiv:1807.10221 · SegFormer, Xie et al. 2021, arXiv:2105.15203.
"""

from __future__ import annotations

from collections.abc import Sequence

import segmentation_models_pytorch as smp
from torch import nn

from facefair_lib.models.adapters import build_smp, check_output_stride

_DEEPEST = 32  # pixels of the input per pixel of an encoder's last map


def build_unet(*, backbone: str, num_classes: int, weights: str = "none", channels: int = 16) -> nn.Module:
    """Build U-Net: a decoder that joins the encoder's map at every resolution. See ``build_model``.

    Parameters
    ----------
    channels : channels of the decoder's finest map, 16 in the library; they double with every halving of the resolution
    """
    return build_smp(
        smp.Unet,
        "unet",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=_DEEPEST,
        decoder_channels=[channels * 2**level for level in (4, 3, 2, 1, 0)],
    )


def build_deeplabv3plus(
    *,
    backbone: str,
    num_classes: int,
    weights: str = "none",
    output_stride: int = 16,
    atrous_rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
) -> nn.Module:
    """Build DeepLabV3+: DeepLabV3's pyramid and a decoder that adds the encoder's fine map. See ``build_model``.

    Parameters
    ----------
    output_stride : input pixels per pixel of the map under the pyramid, 16 or 8
    atrous_rates : dilation of the three atrous branches; scale them with the map
    channels : channels of the branches, 256 in the paper
    """
    check_output_stride("deeplabv3plus", backbone, output_stride, (16, 8))
    return build_smp(
        smp.DeepLabV3Plus,
        "deeplabv3plus",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=output_stride,
        encoder_output_stride=output_stride,
        decoder_atrous_rates=tuple(atrous_rates),
        decoder_channels=channels,
    )


def build_upernet(*, backbone: str, num_classes: int, weights: str = "none", channels: int = 256) -> nn.Module:
    """Build UPerNet: PSPNet's pyramid on top of a feature pyramid. See ``build_model``.

    Parameters
    ----------
    channels : channels of every level of the feature pyramid, 256 in the library
    """
    return build_smp(
        smp.UPerNet,
        "upernet",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=_DEEPEST,
        decoder_channels=channels,
    )


def build_segformer(*, backbone: str, num_classes: int, weights: str = "none", channels: int = 256) -> nn.Module:
    """Build SegFormer: a decoder of 1 x 1 convolutions over all levels. See ``build_model``.

    Parameters
    ----------
    backbone : ``mit_b0`` to ``mit_b5`` are the paper's transformers; any other encoder gets the same decoder
    channels : channels of the decoder, 256 in the paper's smaller networks
    """
    return build_smp(
        smp.Segformer,
        "segformer",
        backbone=backbone,
        num_classes=num_classes,
        weights=weights,
        multiple=_DEEPEST,
        decoder_segmentation_channels=channels,
    )
