"""One constructor for every network: same arguments in, same kind of output out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from facefair_lib.config import ModelSettings
from facefair_lib.errors import InputError
from facefair_lib.labels import NUM_CLASSES
from facefair_lib.models.deeplabv3 import build_deeplabv3
from facefair_lib.models.pspnet import build_pspnet

_BUILDERS: dict[str, Callable[..., nn.Module]] = {"deeplabv3": build_deeplabv3, "pspnet": build_pspnet}
MODEL_NAMES: tuple[str, ...] = tuple(_BUILDERS)


def build_model(
    name: str, backbone: str, num_classes: int = NUM_CLASSES, weights: str = "none", **options: Any
) -> nn.Module:
    """Build a segmentation network.

    Parameters
    ----------
    name : ``deeplabv3`` or ``pspnet``
    backbone : a backbone that the network's library offers, such as ``resnet101``
    num_classes : channels of the logits
    weights : ``none`` (random), ``imagenet`` (backbone) or ``coco`` (whole DeepLabV3; its head is replaced after
    loading) options : what only one network knows: ``output_stride``, ``atrous_rates``, ``channels``

    Returns
    -------
    module whose forward takes (B, 3, H, W) float and returns ``{"out": (B, num_classes, H, W) logits[, "aux"]}``

    Raises
    ------
    InputError
        if the network, the backbone or the weights are unknown, or weights cannot be had; nothing falls back silently
    """
    if name not in _BUILDERS:
        raise InputError(
            f"model {name!r}",
            found="no such model",
            expected=f"one of {', '.join(MODEL_NAMES)}",
            do="choose one of these",
        )
    return _BUILDERS[name](backbone=backbone, num_classes=num_classes, weights=weights, **options)


def model_from_settings(name: str, settings: ModelSettings, num_classes: int = NUM_CLASSES) -> nn.Module:
    """Build the network that a profile describes; the keys that only steer its training are left out."""
    options = settings.model_dump(exclude={"epochs", "learning_rate"})
    return build_model(name, num_classes=num_classes, **options)
