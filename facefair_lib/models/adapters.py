"""Adapts the networks of segmentation-models-pytorch to the contract of ``build_model``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import timm
import torch
from segmentation_models_pytorch.encoders import encoders as smp_encoders
from torch import nn
from torch.nn import functional

from facefair_lib.errors import InputError
from facefair_lib.models.weights import unknown_weights, with_published_weights

Built = TypeVar("Built")

_TIMM = "tu-"  # how the library marks encoders that it takes from timm


class AnySize(nn.Module):
    """Lets a network that takes only some sizes take any, and returns its logits under ``out``.

    Parameters
    ----------
    network : (B, 3, H, W) -> (B, C, H, W) logits, for H and W that ``multiple`` divides
    multiple : in pixels; the network's deepest stride
    """

    def __init__(self, network: nn.Module, multiple: int) -> None:
        super().__init__()
        self.network, self.multiple = network, multiple

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, H, W) -> ``{"out": (B, C, H, W)}``; other sizes are padded by their edge and cropped again."""
        height, width = images.shape[-2:]
        bottom = math.ceil(height / self.multiple) * self.multiple - height
        right = math.ceil(width / self.multiple) * self.multiple - width
        if bottom or right:
            images = functional.pad(images, (0, right, 0, bottom), mode="replicate")
        logits = self.network(images)  # (B, C, H', W')
        return {"out": logits[..., :height, :width]}


def build_smp(
    architecture: Callable[..., nn.Module],
    model: str,
    *,
    backbone: str,
    num_classes: int,
    weights: str,
    multiple: int,
    **options: Any,
) -> AnySize:
    """Build one of the library's networks, without the encoder stages that it never reads, and with PyTorch's default
    batch-norm momentum.

    Parameters
    ----------
    architecture : a constructor of segmentation-models-pytorch
    model : its name in ``build_model``, for errors
    weights : ``none`` or a name that the library publishes for this encoder, such as ``imagenet``
    multiple : see ``AnySize``
    options : passed to the constructor

    Raises
    ------
    InputError
        if there is no such encoder, it cannot be used in this architecture, or the weights are unknown or not available
    """
    check_encoder(model, backbone)
    known = published_weights(backbone)
    if weights not in known:
        raise unknown_weights(model, backbone, weights, known)
    asked = None if weights == "none" else True if backbone.startswith(_TIMM) else weights

    def build() -> nn.Module:
        return architecture(backbone, encoder_weights=asked, classes=num_classes, **options)

    if asked is None:
        network = _suited(build, model, backbone)
    else:
        network = with_published_weights(f"{weights} weights of {backbone}", build)
    _suited(lambda: drop_unused(network), model, backbone)
    use_default_batch_norm_momentum(network)
    return AnySize(network, multiple)


def check_encoder(model: str, backbone: str) -> None:
    """Raise ``InputError`` unless the library, or timm for names that begin with ``tu-``, has this encoder."""
    timm_name = backbone.removeprefix(_TIMM)
    if backbone not in smp_encoders and (timm_name == backbone or not timm.is_model(timm_name)):
        raise InputError(
            f"backbone {backbone!r} for {model}",
            found="no such encoder",
            expected="an encoder of segmentation-models-pytorch, such as resnet18, resnet50 or resnet101",
            do=f"choose one of its table of encoders (models.{model}.backbone)",
        )


def check_output_stride(model: str, backbone: str, found: int, allowed: Sequence[int], why: str = "") -> None:
    """Raise ``InputError`` unless ``found`` is one of the output strides ``allowed``, the first of which it advises."""
    if found not in allowed:
        raise InputError(
            f"{model} with {backbone}",
            found=f"output_stride {found}",
            expected=f"output_stride {' or '.join(map(str, allowed))}{why}",
            do=f"set models.{model}.output_stride: {allowed[0]}",
        )


def published_weights(backbone: str) -> tuple[str, ...]:
    """Names of weights that ``build_smp`` can load into an encoder, ``none`` first."""
    if backbone.startswith(_TIMM):
        return ("none", "imagenet")
    return ("none", *smp_encoders[backbone]["pretrained_settings"])


def _suited(step: Callable[[], Built], model: str, backbone: str) -> Built:
    """Run one step of building; its failure, such as an encoder that cannot be dilated, becomes an ``InputError``."""
    try:
        return step()
    except Exception as error:  # ValueError, KeyError, TypeError, AssertionError and more, by encoder
        raise InputError(
            f"{model} with {backbone}",
            found=f"the encoder cannot be used in this network ({type(error).__name__}: {error})",
            expected="an encoder with the stages and strides that the network reads, such as a ResNet",
            do=f"choose another backbone (models.{model}.backbone)",
        ) from error


def drop_unused(network: nn.Module) -> None:
    """Remove the encoder's later stages, which the library builds and loads but whose output a network never reads.

    In PSPNet they would be most of the parameters: kept in every checkpoint, averaged after every step, and counted as
    if they took part. They are found, not listed: no gradient reaches their parameters.
    """
    _replace_unused(network, {id(parameter) for parameter in unused_parameters(network)})
    network.train()


def unused_parameters(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that a network's logits do not depend on; the network is left in evaluation mode."""
    network.eval()  # leaves the running statistics and the random numbers alone
    logits = network(torch.ones(1, 3, 64, 64, device=next(network.parameters()).device))
    (logits["out"] if isinstance(logits, dict) else logits).sum().backward()
    unused = [parameter for parameter in network.parameters() if parameter.grad is None]
    network.zero_grad(set_to_none=True)
    return unused


def _replace_unused(module: nn.Module, unused: set[int]) -> None:
    for name, child in module.named_children():
        parameters = {id(parameter) for parameter in child.parameters()}
        if parameters and parameters <= unused:
            setattr(module, name, _Unused())  # not deleted, because encoders index their children
        else:
            _replace_unused(child, unused)


class _Unused(nn.Module):
    """Takes a removed module's place; it may still be called, with whatever arguments that module took."""

    def forward(self, values: torch.Tensor, *_: object) -> torch.Tensor:
        """Return the values unchanged."""
        return values


def use_default_batch_norm_momentum(network: nn.Module) -> None:
    """Replace the batch-norm momentum of 0.01 that MobileNetV3 and EfficientNet set: in a short schedule, their running
    statistics would lag behind the weights.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
