"""Loads networks that a fit has saved."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.settings.path_text import path_text
from facefair_lib.settings.profiles import ModelSettings


def load_network(name: str, model: ModelSettings, weights: Path) -> nn.Module:
    """Build the network of a profile and load the weights that its fit saved; it is left in evaluation mode.

    Raises
    ------
    InputError
        if the file does not exist, is not a plain state dict, or belongs to another network
    """
    where = f"{name} weights {path_text(weights)}"
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        network = model_from_settings(name, model.model_copy(update={"weights": "none"}))
        network.load_state_dict(state)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            where, found="no such file", expected="best.pt of a fit", do="train this network first"
        ) from error
    except Exception as error:  # unpickling fails in many ways; a wrong network is a RuntimeError
        raise InputError(
            where,
            found=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}",
            expected=f"the weights of {name} with {model.backbone}",
            do="train this network again, or name the profile that trained these weights",
        ) from error
    return network.to(memory_format=torch.channels_last).eval()
