"""One constructor for every network, with the same arguments and the same kind of output."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.deeplabv3 import build_deeplabv3
from facefair_lib.models.encoder_decoders import build_deeplabv3plus, build_segformer, build_unet, build_upernet
from facefair_lib.models.pspnet import build_pspnet
from facefair_lib.models.published import build_fcn
from facefair_lib.models.segnet import build_segnet
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.settings.profiles import ModelSettings

_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "deeplabv3": build_deeplabv3,
    "pspnet": build_pspnet,
    "fcn": build_fcn,
    "unet": build_unet,
    "segnet": build_segnet,
    "deeplabv3plus": build_deeplabv3plus,
    "upernet": build_upernet,
    "segformer": build_segformer,
}
MODEL_NAMES: tuple[str, ...] = tuple(_BUILDERS)

_ALWAYS_GIVEN = {"backbone", "num_classes", "weights"}


def build_model(
    name: str, backbone: str, num_classes: int = NUM_CLASSES, weights: str = "none", **options: Any
) -> nn.Module:
    """Build a segmentation network.

    Parameters
    ----------
    name : one of ``MODEL_NAMES``
    backbone : one that the network's library offers, such as ``resnet101``
    num_classes : channels of the logits
    weights : ``none`` (random), ``imagenet`` (backbone) or ``coco`` (whole DeepLabV3 or FCN; its head is replaced after
        loading)
    options : what only some networks take: ``output_stride``, ``atrous_rates``, ``channels``, ``fine_maps``

    Returns
    -------
    module whose forward takes (B, 3, H, W) float and returns ``{"out": (B, num_classes, H, W) logits[, "aux"]}``

    Raises
    ------
    InputError
        if the network, the backbone, the weights or an option is unknown, or the weights cannot be loaded: there is no
        silent fallback
    """
    if name not in _BUILDERS:
        raise InputError(
            f"model {name!r}",
            found="no such model",
            expected=f"one of {', '.join(MODEL_NAMES)}",
            do="choose one of these",
        )
    builder = _BUILDERS[name]
    _check_options(name, builder, options)
    return builder(backbone=backbone, num_classes=num_classes, weights=weights, **options)


def _check_options(name: str, builder: Callable[..., nn.Module], options: dict[str, Any]) -> None:
    known = [option for option in inspect.signature(builder).parameters if option not in _ALWAYS_GIVEN]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise InputError(
            f"model {name!r}",
            found=f"the option {', '.join(unknown)}",
            expected=f"only {', '.join(known)}" if known else "no option: this network is as published",
            do=f"leave out {', '.join(unknown)} (models.{name})",
        )


def model_from_settings(name: str, settings: ModelSettings, num_classes: int = NUM_CLASSES) -> nn.Module:
    """Build the network that a profile describes.

    Keys that only concern training are left out, and so are those that are ``None``: the network's defaults apply.
    """
    options = settings.model_dump(exclude={"epochs", "learning_rate", "small_start"}, exclude_none=True)
    return build_model(name, num_classes=num_classes, **options)
