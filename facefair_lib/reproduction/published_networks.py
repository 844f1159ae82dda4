"""The course paper's two networks as its programs build them: how much of each is used, and whether it can train.

They are built on torch's device ``meta``, which knows the shapes of tensors but not their values: counting parameters
and trying a batch then cost neither memory nor time, and nothing has to be downloaded.
"""

from __future__ import annotations

import segmentation_models_pytorch as smp
import torch
from pandas import DataFrame
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import get_model
from torchvision.models.segmentation.deeplabv3 import DeepLabHead

from facefair_lib.models.adapters import unused_parameters
from facefair_lib.reproduction.pool import learnt_images
from facefair_lib.reproduction.protocol import AS_PUBLISHED

_BACKBONE, _BACKBONE_CHANNELS = "resnet101", 2048
_COLOURS = 3
_STAGES = ("layer1", "layer2", "layer3", "layer4")  # of a ResNet, after its stem


def published_networks() -> dict[str, nn.Module]:
    """Both networks, without values: torchvision's DeepLabV3 with a new head, smp's PSPNet with its defaults.

    Source: the author's public programs.
    """
    with torch.device("meta"):
        deeplabv3 = get_model(f"deeplabv3_{_BACKBONE}", weights=None, weights_backbone=None, aux_loss=True)
        deeplabv3.classifier = DeepLabHead(_BACKBONE_CHANNELS, _COLOURS)
        return {"deeplabv3": deeplabv3, "pspnet": smp.PSPNet(_BACKBONE, encoder_weights=None, classes=_COLOURS)}


def parts_table(published: DataFrame) -> DataFrame:
    """How much of each network the programs build, and how much of that its prediction depends on.

    Parameters
    ----------
    published : columns model, metric, value; of the model ``study``, the metric image_size

    Returns
    -------
    one row per network: model, backbone, stages_built, stages_used (of the ResNet, after its stem), trunk_built,
    trunk_used, built, used (parameters of the ResNet, and of the network), share_used, operations (for one picture; a
    multiplication and its addition count as two)
    """
    size = _numbers(published, "image_size")[0]
    networks = published_networks().items()
    return DataFrame([{"model": model, "backbone": _BACKBONE, **_parts(network, size)} for model, network in networks])


def _parts(network: nn.Module, size: int) -> dict[str, float]:
    unused = {id(parameter) for parameter in unused_parameters(network)}
    trunk = network.backbone if hasattr(network, "backbone") else network.encoder
    stages = [stage for name, stage in trunk.named_children() if name in _STAGES]
    (trunk_built, trunk_used), (built, used) = (_counts(part, unused) for part in (trunk, network))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(_pictures(1, size))
    return {
        "stages_built": len(stages), "stages_used": sum(_counts(stage, unused)[1] > 0 for stage in stages),
        "trunk_built": trunk_built, "trunk_used": trunk_used, "built": built, "used": used, "share_used": used / built,
        "operations": counter.get_total_flops(),
    }  # fmt: skip


def _counts(part: nn.Module, unused: set[int]) -> tuple[int, int]:
    """Number of parameters of a part: all, and those that are used."""
    built = sum(parameter.numel() for parameter in part.parameters())
    return built, built - sum(parameter.numel() for parameter in part.parameters() if id(parameter) in unused)


def _numbers(published: DataFrame, *metrics: str) -> list[int]:
    """What the course paper says about its study."""
    values = published[published["model"] == "study"].set_index("metric")["value"]
    return [int(values[metric]) for metric in metrics]


def _pictures(number: int, size: int) -> torch.Tensor:
    return torch.ones(number, 3, size, size, device="meta")


def refusal(network: nn.Module, pictures: torch.Tensor) -> str:
    """The error that a network in training raises on a batch that it cannot learn from; empty if it can.

    Parameters
    ----------
    pictures : (B, 3, S, S), on the network's device
    """
    try:
        network.train()(pictures)
    except ValueError as error:
        return str(error)
    return ""


def last_batch_table(published: DataFrame) -> DataFrame:
    """Try the last batch of an epoch of the course paper on both of its networks.

    Parameters
    ----------
    published : columns model, metric, value; of the model ``study``, the metrics subsample, image_size and batch_size

    Returns
    -------
    one row per network: model, images (all), learnt (number of these in training), batch_size, last (pictures in the
    last batch), stops (whether training fails there), says (the error), fewer, more (the nearest numbers of all
    pictures with which it would not)
    """
    images, size, batch = _numbers(published, "subsample", "image_size", "batch_size")
    rows = []
    for model, network in published_networks().items():
        says = {last: refusal(network, _pictures(last, size)) for last in range(1, batch + 1)}
        runs = [number for number in range(images - batch, images + batch) if not says[_last_batch(number, batch)]]
        last = _last_batch(images, batch)
        rows.append(
            {
                "model": model, "images": images, "learnt": learnt_images(images, AS_PUBLISHED), "batch_size": batch,
                "last": last, "stops": bool(says[last]), "says": says[last],
                "fewer": max(number for number in runs if number < images),
                "more": min(number for number in runs if number > images),
            }
        )  # fmt: skip
    return DataFrame(rows)


def _last_batch(images: int, batch: int) -> int:
    """Pictures in the last batch of an epoch over the training share of ``images``."""
    return learnt_images(images, AS_PUBLISHED) % batch or batch
