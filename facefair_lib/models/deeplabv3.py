"""DeepLabV3: atrous convolution and atrous spatial pyramid pooling (ASPP).

Source: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017, arXiv:1706.05587, in
torchvision's implementation. ResNet-50, ResNet-101 and MobileNetV3 are torchvision's own. ResNet-18 and ResNet-34,
which torchvision does not offer here, end after their second stage, at output stride 8: the same trunk that PSPNet has
in segmentation-models-pytorch, so that the light networks differ in how they gather context and in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torchvision.models import get_model, get_model_weights
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import ASPP, DeepLabHead, DeepLabV3

from facefair_lib.errors import InputError
from facefair_lib.models.weights import unknown_weights, with_published_weights

PUBLISHED_BACKBONES = ("resnet50", "resnet101", "mobilenet_v3_large")
LIGHT_BACKBONES = ("resnet18", "resnet34")
_PUBLISHED_RATES = (12, 24, 36)


def build_deeplabv3(
    *,
    backbone: str,
    num_classes: int,
    weights: str = "none",
    output_stride: int = 8,
    atrous_rates: Sequence[int] = _PUBLISHED_RATES,
    channels: int = 256,
) -> nn.Module:
    """Build DeepLabV3; see ``build_model`` for the contract.

    Parameters
    ----------
    output_stride : input pixels per feature-map pixel; the published backbones have their own (ResNet 8, MobileNetV3
    16) atrous_rates : dilation of the three atrous branches. The published 12, 24, 36 suit a 65 x 65 map; on a smaller
    map a
        3 x 3 kernel that wide sees mostly padding, so scale them with the map.
    channels : channels of the ASPP branches, 256 in the paper
    """
    if backbone in PUBLISHED_BACKBONES:
        return _published(backbone, num_classes, weights, output_stride, tuple(atrous_rates), channels)
    if backbone in LIGHT_BACKBONES:
        return _light(backbone, num_classes, weights, output_stride, tuple(atrous_rates), channels)
    raise InputError(
        f"backbone {backbone!r} for deeplabv3",
        found="no such backbone",
        expected=f"one of {', '.join(PUBLISHED_BACKBONES + LIGHT_BACKBONES)}",
        do="choose one of these (models.deeplabv3.backbone)",
    )


def _published(
    backbone: str, num_classes: int, weights: str, output_stride: int, rates: tuple[int, ...], channels: int
) -> nn.Module:
    """torchvision's own network; COCO weights load with their own 21-class head, which is then replaced."""
    stride = 16 if backbone == "mobilenet_v3_large" else 8
    if (output_stride, rates, channels) != (stride, _PUBLISHED_RATES, 256):
        raise InputError(
            f"deeplabv3 with {backbone}",
            found=f"output_stride {output_stride}, atrous_rates {list(rates)}, channels {channels}",
            expected=f"the published network: {stride}, {list(_PUBLISHED_RATES)}, 256",
            do=f"set these, or choose a light backbone ({', '.join(LIGHT_BACKBONES)}) that can be shaped",
        )
    name = f"deeplabv3_{backbone}"
    if weights == "none":
        network = get_model(name, weights=None, weights_backbone=None, num_classes=num_classes, aux_loss=True)
    elif weights == "imagenet":
        published = get_model_weights(backbone).DEFAULT
        network = with_published_weights(
            f"ImageNet weights of {backbone}",
            lambda: get_model(name, weights=None, weights_backbone=published, num_classes=num_classes, aux_loss=True),
        )
    elif weights == "coco":
        network = with_published_weights(f"COCO weights of {name}", lambda: get_model(name, weights="DEFAULT"))
        replace_classifier(network, num_classes)
    else:
        raise unknown_weights("deeplabv3", backbone, weights, ("none", "imagenet", "coco"))
    _use_default_batch_norm_momentum(network)
    return network


def replace_classifier(network: DeepLabV3, num_classes: int) -> None:
    """Give a loaded DeepLabV3 new last 1 x 1 convolutions (main and auxiliary) with ``num_classes`` channels."""
    for head in (network.classifier, network.aux_classifier):
        if head is not None:
            head[-1] = nn.Conv2d(head[-1].in_channels, num_classes, kernel_size=1)


def _light(
    backbone: str, num_classes: int, weights: str, output_stride: int, rates: tuple[int, ...], channels: int
) -> nn.Module:
    """A shallow ResNet's first two stages under the published head."""
    if weights == "none":
        trunk = get_model(backbone, weights=None)
    elif weights == "imagenet":
        published = get_model_weights(backbone).DEFAULT
        trunk = with_published_weights(
            f"ImageNet weights of {backbone}", lambda: get_model(backbone, weights=published)
        )
    else:
        raise unknown_weights("deeplabv3", backbone, weights, ("none", "imagenet"))
    if output_stride != 8:
        raise InputError(
            f"deeplabv3 with {backbone}",
            found=f"output_stride {output_stride}",
            expected="output_stride 8, which its first two stages have",
            do="set models.deeplabv3.output_stride: 8",
        )
    features = IntermediateLayerGetter(trunk, return_layers={"layer2": "out"})
    channels_in = 128
    if channels == 256:
        return DeepLabV3(features, DeepLabHead(channels_in, num_classes, rates), None)
    return DeepLabV3(features, _narrow_head(channels_in, num_classes, rates, channels), None)


def _narrow_head(in_channels: int, num_classes: int, rates: tuple[int, ...], channels: int) -> nn.Sequential:
    """The published head with fewer channels in its branches."""
    return nn.Sequential(
        ASPP(in_channels, rates, channels),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, num_classes, 1),
    )


def _use_default_batch_norm_momentum(network: nn.Module) -> None:
    """Undo MobileNetV3's batch-norm momentum of 0.01: in a short schedule its running statistics lag behind the
    weights.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
