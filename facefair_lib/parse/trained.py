"""The networks that a study has trained, ready to parse photographs."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.fitted import load_network
from facefair_lib.parse.parser import Parser
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import from_home, path_text
from facefair_lib.settings.profiles import Profile, load_profile


def trained_parser(model: str, profile: str = paths.DEFAULT_PROFILE, weights: Path | None = None) -> Parser:
    """Build the parser that sees photographs as the profile's test pictures were seen.

    Parameters
    ----------
    model : a network of the profile, such as ``pspnet``
    profile : says how the network is built, at which size, and which views are averaged
    weights : ``best.pt`` of a fit; ``None`` takes the one that the profile's study has left

    Raises
    ------
    InputError
        if the profile has no such network, or there are no weights, or they belong to another network
    """
    settings = load_profile(profile)
    network = trained_network(model, settings, weights)
    return Parser(network, settings.data.size, settings.inference)


def trained_network(model: str, profile: Profile, weights: Path | None = None) -> nn.Module:
    """Build a profile's network with the weights that its study has left, or with others."""
    settings = getattr(profile.models, model, None)
    if settings is None:
        raise InputError(
            f"model {model!r}",
            found=f"no such network in the profile {profile.name}",
            expected=f"one of {', '.join(type(profile.models).model_fields)}",
            do="choose one of these, or name the profile that trained this network",
        )
    return load_network(model, settings, from_home(Path(weights)) if weights else find_weights(model, profile.name))


def find_weights(model: str, profile: str) -> Path:
    """Path of ``best.pt`` that the profile's study has left for a network.

    Raises
    ------
    InputError
        if there is none: the message says how to get it
    """
    folder = paths.results_dir(profile)
    found = sorted(folder.glob(f"[0-9][0-9]_train_{model}/best.pt"))
    if not found:
        command = "make study" if profile == paths.DEFAULT_PROFILE else f"make study PROFILE={profile}"
        raise InputError(
            f"trained weights of {model}",
            found=f"none in {path_text(folder)}",
            expected=f"best.pt in a folder NN_train_{model}, which the study writes",
            do=f"run {command} once, or name a file: --weights FILE",
        )
    return found[0]
