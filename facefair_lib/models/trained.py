"""Loads a fitted network: one that comes with the package, or one that a study has trained."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.errors import InputError
from facefair_lib.models.fitted import load_network
from facefair_lib.models.packed import Fitted, shipped_network
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import from_home, path_text
from facefair_lib.settings.profiles import load_profile
from facefair_lib.settings.shipped import SHIPPED

USUAL = "pspnet"
"""The network of a study that is taken where none is named."""


def trained_network(model: str = "", profile: str = SHIPPED, weights: Path | None = None) -> Fitted:
    """Load a fitted network.

    Parameters
    ----------
    model : a network of the profile; "" takes the better one of the package, and of a study ``USUAL``
    profile : the study that trained the network: it says how the network is built, at which size it sees pictures, and
        which views are averaged. ``SHIPPED`` takes the networks that come with the package
    weights : ``best.pt`` of a fit of this profile; ``None`` takes that of the package or of the profile's study

    Raises
    ------
    InputError
        if the profile has no such network, or its weights are missing or belong to another network
    """
    if profile == SHIPPED and weights is None:
        return shipped_network(model)
    model = model or USUAL
    settings = load_profile(profile)
    built = getattr(settings.models, model, None)
    if built is None:
        raise InputError(
            f"model {model!r}",
            found=f"no such network in the profile {profile}",
            expected=f"one of {', '.join(type(settings.models).model_fields)}",
            do="choose one of these, or name the profile that trained this network",
        )
    file = from_home(Path(weights)) if weights else find_weights(model, profile)
    network = load_network(model, built, file)
    told = f"{model} of {path_text(file)}, profile {profile}: {settings.title}"
    return Fitted(network, model, built.backbone, settings.data.size, settings.inference, told)


def find_weights(model: str, profile: str) -> Path:
    """Path of the ``best.pt`` that the profile's study has written for a network.

    Raises
    ------
    InputError
        if there is none; the message says how to make it
    """
    folder = paths.results_dir(profile)
    found = sorted(folder.glob(f"[0-9][0-9]_train_{model}/best.pt"))
    if not found:
        command = "make study" if profile == paths.DEFAULT_PROFILE else f"make study PROFILE={profile}"
        raise InputError(
            f"trained weights of {model}",
            found=f"none in {path_text(folder)}",
            expected=f"best.pt in a folder NN_train_{model}, which the study writes",
            do=f"run {command} once, name a file: --weights FILE, or take the network of the package: "
            f"--profile {SHIPPED}",
        )
    return found[0]
