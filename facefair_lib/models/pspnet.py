"""PSPNet: a pyramid of pooled context beside the feature map.

Source: Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017, arXiv:1612.01105, in the implementation of
segmentation-models-pytorch.
"""

from __future__ import annotations

import math

import segmentation_models_pytorch as smp
import timm
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.errors import InputError
from facefair_lib.models.weights import unknown_weights, with_published_weights


def build_pspnet(
    *, backbone: str, num_classes: int, weights: str = "none", output_stride: int = 8, channels: int = 512
) -> nn.Module:
    """Build PSPNet; see ``build_model`` for the contract.

    Parameters
    ----------
    output_stride : 8 (the encoder's first three stages, as published by the library) or 4 (its max-pooling keeps the
    size,
        which doubles the resolution of the feature map and costs about four times as much)
    channels : channels of the pyramid's output, 512 in the library
    """
    timm_name = backbone.removeprefix("tu-")  # how the library marks encoders that it takes from timm
    if backbone not in smp.encoders.get_encoder_names() and (timm_name == backbone or not timm.is_model(timm_name)):
        raise InputError(
            f"backbone {backbone!r} for pspnet",
            found="no such encoder",
            expected="an encoder of segmentation-models-pytorch, such as resnet18, resnet50 or resnet101",
            do="choose one of its table of encoders (models.pspnet.backbone)",
        )
    if weights not in ("none", "imagenet"):
        raise unknown_weights("pspnet", backbone, weights, ("none", "imagenet"))
    if output_stride not in (4, 8):
        raise InputError(
            f"pspnet with {backbone}",
            found=f"output_stride {output_stride}",
            expected="output_stride 8 or 4",
            do="set models.pspnet.output_stride: 8",
        )

    def build() -> smp.PSPNet:
        return smp.PSPNet(
            backbone,
            encoder_weights=None if weights == "none" else weights,
            psp_out_channels=channels,
            classes=num_classes,
            upsampling=output_stride,
        )

    network = build() if weights == "none" else with_published_weights(f"ImageNet weights of {backbone}", build)
    if output_stride == 4:
        _keep_size_in_max_pooling(network, backbone)
    _drop_unused(network)
    return PSPNet(network)


def _drop_unused(network: smp.PSPNet) -> None:
    """Remove the encoder's later stages, which the library builds and loads but whose output PSPNet never reads.

    They would be most of the parameters: kept by every checkpoint, averaged after every step, and reported as if they
    took part. What is unused is found out, not listed: a parameter to which no gradient comes.
    """
    network.eval()  # leaves the running statistics and the random numbers alone
    network(torch.ones(1, 3, 64, 64)).sum().backward()
    unused = {id(parameter) for parameter in network.parameters() if parameter.grad is None}
    _replace_unused(network, unused)
    network.zero_grad(set_to_none=True)
    network.train()


def _replace_unused(module: nn.Module, unused: set[int]) -> None:
    for name, child in module.named_children():
        parameters = {id(parameter) for parameter in child.parameters()}
        if parameters and parameters <= unused:
            setattr(module, name, nn.Identity())  # keeps the place, because encoders index their children
        else:
            _replace_unused(child, unused)


def _keep_size_in_max_pooling(network: smp.PSPNet, backbone: str) -> None:
    pooling = getattr(network.encoder, "maxpool", None)
    if not isinstance(pooling, nn.MaxPool2d):
        raise InputError(
            f"pspnet with {backbone} at output_stride 4",
            found="an encoder without a max-pooling stem",
            expected="a ResNet encoder",
            do="use output_stride: 8, or a ResNet backbone",
        )
    pooling.stride = 1


class PSPNet(nn.Module):
    """Gives the library's PSPNet the study's contract: any input size, logits under ``out``."""

    _MULTIPLE = 8  # what the encoder's strides must divide

    def __init__(self, network: smp.PSPNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, H, W) -> ``{"out": (B, C, H, W)}``; odd sizes are padded by their edge and cropped again."""
        height, width = images.shape[-2:]
        bottom = math.ceil(height / self._MULTIPLE) * self._MULTIPLE - height
        right = math.ceil(width / self._MULTIPLE) * self._MULTIPLE - width
        if bottom or right:
            images = functional.pad(images, (0, right, 0, bottom), mode="replicate")
        logits = self.network(images)  # (B, C, H', W')
        return {"out": logits[..., :height, :width]}
