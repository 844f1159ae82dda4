"""torchvision's own DeepLabV3 and FCN, whole: with their auxiliary head, and with weights trained on COCO.

Sources: DeepLabV3, Chen et al. 2017, arXiv:1706.05587 · FCN, Long et al. 2015, arXiv:1411.4038 · the COCO weights
were trained on the images that show one of Pascal VOC's 20 classes: torchvision's ``references/segmentation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from torch import nn
from torchvision.models import get_model, get_model_weights
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCN, FCNHead

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import use_default_batch_norm_momentum
from facefair_lib.models.weights import unknown_weights, with_published_weights

FCN_BACKBONES = ("resnet50", "resnet101")
LIGHT_BACKBONES = ("resnet18", "resnet34")
"""Backbones that torchvision offers neither network with: they end after their second stage, at output stride 8."""
LIGHT_CHANNELS = 128  # of the second stage
_LAST = MappingProxyType({"layer2": "out"})


def build_published(model: str, backbone: str, num_classes: int, weights: str) -> nn.Module:
    """Build ``deeplabv3`` or ``fcn`` as torchvision publishes it.

    COCO weights load with their own 21-class heads, whose last 1 x 1 convolutions are then replaced.
    """
    name = f"{model}_{backbone}"
    if weights == "none":
        network = get_model(name, weights=None, weights_backbone=None, num_classes=num_classes, aux_loss=True)
    elif weights == "imagenet":
        trunk = get_model_weights(backbone).DEFAULT
        network = with_published_weights(
            f"ImageNet weights of {backbone}",
            lambda: get_model(name, weights=None, weights_backbone=trunk, num_classes=num_classes, aux_loss=True),
        )
    elif weights == "coco":
        network = with_published_weights(f"COCO weights of {name}", lambda: get_model(name, weights="DEFAULT"))
        for head in (network.classifier, network.aux_classifier):
            head[-1] = nn.Conv2d(head[-1].in_channels, num_classes, kernel_size=1)
    else:
        raise unknown_weights(model, backbone, weights, ("none", "imagenet", "coco"))
    use_default_batch_norm_momentum(network)
    return network


def build_fcn(*, backbone: str, num_classes: int, weights: str = "none") -> nn.Module:
    """Build FCN: a dilated ResNet (output stride 8) and one convolutional head. See ``build_model``.

    Of ResNet-18 and ResNet-34 the first two stages are used, as in the light DeepLabV3 and PSPNet.
    """
    if backbone in LIGHT_BACKBONES:
        return FCN(light_trunk("fcn", backbone, weights), FCNHead(LIGHT_CHANNELS, num_classes), None)
    if backbone not in FCN_BACKBONES:
        raise InputError(
            f"backbone {backbone!r} for fcn",
            found="no such backbone",
            expected=f"one of {', '.join((*FCN_BACKBONES, *LIGHT_BACKBONES))}",
            do="choose one of these (models.fcn.backbone)",
        )
    return build_published("fcn", backbone, num_classes, weights)


def light_trunk(model: str, backbone: str, weights: str, maps: Mapping[str, str] = _LAST) -> IntermediateLayerGetter:
    """Build the first two stages of a shallow ResNet: (B, 3, H, W) -> name -> map.

    Parameters
    ----------
    maps : torchvision's layer -> the map's name; the second stage's map alone is ``{"out": (B, 128, H / 8, W / 8)}``
    """
    if weights == "none":
        trunk = get_model(backbone, weights=None)
    elif weights == "imagenet":
        published = get_model_weights(backbone).DEFAULT
        trunk = with_published_weights(
            f"ImageNet weights of {backbone}", lambda: get_model(backbone, weights=published)
        )
    else:
        raise unknown_weights(model, backbone, weights, ("none", "imagenet"))
    return IntermediateLayerGetter(trunk, return_layers=dict(maps))
