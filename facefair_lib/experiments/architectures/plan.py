"""Which networks are compared: each is built once before anything is fitted, so that a mistake costs only seconds."""

from __future__ import annotations

from dataclasses import dataclass

from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.cost import measure_cost
from facefair_lib.settings.profiles import ComparedModelSettings, ComparedNetwork, ComparisonSettings


@dataclass(frozen=True)
class Contender:
    """One network of the comparison.

    Attributes
    ----------
    name : of its folder and its rows; see ``network_name``
    model : its name in ``build_model``
    settings : how it is built and fitted
    flops : operations for one picture, by which the longest fits start first
    """

    name: str
    model: str
    settings: ComparedModelSettings
    flops: int


def network_name(model: str, backbone: str, fine_maps: bool | None = None, weights: str | None = None) -> str:
    """Name of a network's folder and rows, ``<model>_<backbone>[_fine_maps][_<weights>]``.

    It is unique within a comparison. ``weights`` are named if they differ from the comparison's.
    """
    return "_".join([model, backbone, *(["fine_maps"] if fine_maps else []), *([weights] if weights else [])])


def contenders(settings: ComparisonSettings, size: int) -> list[Contender]:
    """Build every network once and describe it, in the order of the profile.

    Parameters
    ----------
    size : side of the pictures in pixels

    Raises
    ------
    InputError
        if a network, a backbone or an option is unknown; the message names the entry of the profile
    """
    return [_contender(place, network, settings, size) for place, network in enumerate(settings.networks)]


def _contender(place: int, network: ComparedNetwork, settings: ComparisonSettings, size: int) -> Contender:
    own = ComparedModelSettings(
        **network.model_dump(exclude={"model", "weights"}),
        weights=network.weights or settings.weights,
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
    )
    key = f"comparison.networks[{place}]"
    try:
        built = model_from_settings(network.model, own)
    except InputError as error:
        raise InputError(
            f"{key}: {error.subject}", found=error.found, expected=error.expected, do=f"correct {key} in the profile"
        ) from error
    flops = measure_cost(built, size, batch=1, seconds=0).flops
    name = network_name(network.model, network.backbone, network.fine_maps, network.weights)
    return Contender(name, network.model, own, flops)
