"""SegNet: a decoder that puts every value back where max-pooling took it from.

Source: Badrinarayanan et al., "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation",
TPAMI 2017, arXiv:1511.00561: the thirteen convolutions of VGG16 and their mirror image, each with batch norm and ReLU.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torchvision.models import get_model_weights
from torchvision.models.vgg import cfgs, make_layers

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import AnySize
from facefair_lib.models.weights import unknown_weights, with_published_weights

BACKBONES = {"vgg11_bn": "A", "vgg13_bn": "B", "vgg16_bn": "D", "vgg19_bn": "E"}
"""Backbone -> torchvision's name of its list of layers; the paper takes vgg16_bn."""
_MULTIPLE = 32  # five poolings: for such a size they leave no row out, which unpooling could not fill again


def build_segnet(*, backbone: str = "vgg16_bn", num_classes: int, weights: str = "none") -> nn.Module:
    """Build SegNet; see ``build_model`` for the contract. ``imagenet`` fills the encoder with torchvision's weights."""
    if backbone not in BACKBONES:
        raise InputError(
            f"backbone {backbone!r} for segnet",
            found="no such encoder",
            expected=f"one of {', '.join(BACKBONES)}",
            do="choose one of these (models.segnet.backbone); the paper takes vgg16_bn",
        )
    network = SegNet(cfgs[BACKBONES[backbone]], num_classes)
    if weights == "imagenet":
        with_published_weights(f"ImageNet weights of {backbone}", lambda: _load_encoder(network, backbone))
    elif weights != "none":
        raise unknown_weights("segnet", backbone, weights, ("none", "imagenet"))
    return AnySize(network, _MULTIPLE)


def _load_encoder(network: SegNet, backbone: str) -> None:
    """Fill the encoder with a published classifier's convolutions; its fully connected layers are never built."""
    state = get_model_weights(backbone).DEFAULT.get_state_dict(progress=False, check_hash=True)
    prefix = "features."
    layers = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    network.features.load_state_dict(layers)


class SegNet(nn.Module):
    """(B, 3, H, W) -> (B, num_classes, H, W) logits, for sides that 32 divides.

    Parameters
    ----------
    plan : channels of the encoder's convolutions and "M" for a pooling, as torchvision lists them
    num_classes : channels of the last convolution, which has neither batch norm nor ReLU
    """

    def __init__(self, plan: list[str | int], num_classes: int) -> None:
        super().__init__()
        self.features = make_layers(plan, batch_norm=True)  # the classifier's layers, under the classifier's names
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                layer.return_indices = True
        self.decoder = nn.ModuleList(_mirror(plan, num_classes))
        for layer in self.decoder.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Encode, remembering where each maximum came from; decode by putting it back there."""
        values, remembered = images, []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                values, places = layer(values)  # (B, C, h, w) twice
                remembered.append(places)
            else:
                values = layer(values)
        for stage, places in zip(self.decoder, reversed(remembered), strict=True):
            values = stage(unpool(values, places))  # (B, C', 2h, 2w)
        return values


def unpool(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Undo a 2 x 2 max-pooling: every maximum goes back to its place, the other three pixels become 0.

    ``torch.nn.functional.max_unpool2d`` does the same but cannot be exported to ONNX.

    Parameters
    ----------
    values : (B, C, h, w)
    places : (B, C, h, w) int64, index of each maximum in its channel of 2h x 2w pixels

    Returns
    -------
    (B, C, 2h, 2w)
    """
    batch, channels, height, width = values.shape
    empty = values.new_zeros(batch, channels, 4 * height * width)
    return empty.scatter(2, places.flatten(2), values.flatten(2)).view(batch, channels, 2 * height, 2 * width)


def _mirror(plan: list[str | int], num_classes: int) -> Iterator[nn.Sequential]:
    """Decoder stages, deepest first: the encoder's convolutions in reverse, each from its outputs to its inputs."""
    stages: list[list[tuple[int, int]]] = [[]]
    channels = 3
    for entry in plan:
        if entry == "M":
            stages.append([])
        else:
            stages[-1].append((channels, int(entry)))
            channels = int(entry)
    for level, stage in reversed(list(enumerate(stages[:-1]))):
        layers: list[nn.Module] = []
        for first, (outputs, inputs) in reversed(list(enumerate(stage))):
            if level == 0 and first == 0:
                layers.append(nn.Conv2d(inputs, num_classes, 3, padding=1))
            else:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        yield nn.Sequential(*layers)
