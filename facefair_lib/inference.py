"""Predicting with fitted networks, and counting what they confuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from facefair_lib import metrics
from facefair_lib.config import ONE_VIEW, InferenceSettings, ModelSettings
from facefair_lib.errors import InputError
from facefair_lib.models import model_from_settings
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, use_cores

_BATCH = 32

Advance = Callable[[int, int], None]


def load_network(name: str, model: ModelSettings, weights: Path) -> nn.Module:
    """Build the network of a profile and load the weights that its fit kept.

    Raises
    ------
    InputError
        if the file is not there, is no plain state dict, or belongs to another network
    """
    where = f"{name} weights {weights}"
    network = model_from_settings(name, model.model_copy(update={"weights": "none"}))
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except FileNotFoundError as error:
        raise InputError(
            where, found="no such file", expected="best.pt of a fit", do="train this network first"
        ) from error
    except Exception as error:  # unpickling fails in many ways; a wrong network is a RuntimeError
        raise InputError(
            where,
            found=f"{type(error).__name__}: {str(error).splitlines()[0]}",
            expected=f"the weights of {name} with {model.backbone}",
            do="train this network again, or name the profile that trained these weights",
        ) from error
    return network.to(memory_format=torch.channels_last).eval()


def predict(
    network: nn.Module, images: np.ndarray, progress: Advance | None = None, views: InferenceSettings = ONE_VIEW
) -> np.ndarray:
    """Segment images of one size.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 RGB
    progress : called with (images done, images in all)
    views : the scales at which a picture is seen, as it is or mirrored. Averaging over views is how both networks'
        papers test (Zhao et al. 2017, section 5.1; Chen et al. 2017, section 4.1).

    Returns
    -------
    (N, H, W) uint8 class indices
    """
    use_cores(assigned_cores())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    masks = np.empty(images.shape[:3], np.uint8)
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(np.array(images[start : start + _BATCH])).to(device).permute(0, 3, 1, 2)
            probability = mean_probability(network, normalise(batch), views)  # (B, C, H, W)
            masks[start : start + _BATCH] = probability.argmax(1).to(torch.uint8).cpu().numpy()
            if progress:
                progress(min(start + _BATCH, len(images)), len(images))
    return masks


def mean_probability(network: nn.Module, inputs: torch.Tensor, views: InferenceSettings) -> torch.Tensor:
    """Average the class probabilities of several views of each picture.

    Parameters
    ----------
    inputs : (B, 3, H, W) normalised pictures

    Returns
    -------
    (B, C, H, W) float, sums to 1 over C
    """
    size = inputs.shape[-2:]
    seen = []
    for view in views.views:
        shown = inputs if view.scale == 1 else _resize(inputs, [round(side * view.scale) for side in size])
        probability = _probability(network, shown.flip(-1) if view.mirrored else shown, size)
        seen.append(probability.flip(-1) if view.mirrored else probability)
    return torch.stack(seen).mean(0)


def _probability(network: nn.Module, view: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Class probabilities of one view, brought to ``size``."""
    logits = network(view.contiguous(memory_format=torch.channels_last))["out"]
    return (logits if logits.shape[-2:] == size else _resize(logits, size)).softmax(1)


def _resize(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return functional.interpolate(values, size, mode="bilinear", align_corners=False)


def count_images(labels: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Confusion counts image by image: two (N, H, W) uint8 stacks -> (N, 11, 11) int64, rows = target."""
    return metrics.confusion_counts(np.asarray(labels), masks)
