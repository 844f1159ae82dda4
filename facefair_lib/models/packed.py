"""The networks that come with the package: fitted for long, with all that is needed to apply them to photographs.

Each is a file ``models/shipped/<model>.safetensors`` of half floats with a `Card` in its metadata, and a page beside it
that says what it was trained on and how well it performs. ``tools/ship.py`` writes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text
from facefair_lib.settings.profiles import InferenceSettings
from facefair_lib.settings.shipped import Card
from facefair_lib.store.results import replacing

FOLDER = Path(__file__).with_name("shipped")
_CARD = "facefair"  # key of the metadata


@dataclass(frozen=True)
class Fitted:
    """A fitted network, and how it is applied to pictures.

    Attributes
    ----------
    network : ready to predict
    model, backbone : their names
    size, views : side of the pictures that it was trained on, in pixels, and the views that are averaged
    told : which weights these are, in one line
    """

    network: nn.Module
    model: str
    backbone: str
    size: int
    views: InferenceSettings
    told: str


def shipped_network(model: str = "") -> Fitted:
    """Load a network that comes with the package; without a name, the one with the highest score on test people.

    Raises
    ------
    InputError
        if the package has no such network, or its file is damaged
    """
    if not model:
        cards = [read_card(path) for path in sorted(FOLDER.glob("*.safetensors"))]
        if not cards:
            raise _absent("the networks of the package", f"none in {path_text(FOLDER)}")
        model = max(cards, key=lambda card: (card.iou, card.model)).model
    return unpack(FOLDER / f"{model}.safetensors")


def unpack(path: Path) -> Fitted:
    """Load what ``pack`` has written; raises InputError if it is damaged or does not match its own settings."""
    from facefair_lib.models.build import model_from_settings  # takes seconds, and the face detector does not need it

    card = read_card(path)
    network = model_from_settings(card.model, card.settings.model_copy(update={"weights": "none"}))
    try:
        network.load_state_dict(read_tensors(path))  # raises if a name is missing or unexpected, or a shape differs
    except RuntimeError as error:
        raise _damaged(path, error) from error
    network = network.to(memory_format=torch.channels_last).eval()
    return Fitted(network, card.model, card.settings.backbone, card.size, card.inference, card.told())


def pack(path: Path, network: nn.Module, card: Card) -> Path:
    """Write a network's tensors as half floats, and its card into the file's metadata; integers stay as they are."""
    state = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(halves, {_CARD: card.model_dump_json()}))
    return path


def read_card(path: Path) -> Card:
    """Read the card of a packed network without its weights; raises InputError if it is absent or damaged."""
    if not path.is_file():
        raise _absent(f"the network {path.stem!r} of the package", f"no file {path_text(path)}")
    try:
        with safe_open(path, "pt") as file:
            return Card.model_validate_json((file.metadata() or {}).get(_CARD, ""))
    except Exception as error:  # SafetensorError of a damaged file, ValidationError of a wrong card, OSError of a disk
        raise _damaged(path, error) from error


def read_tensors(path: Path) -> Mapping[str, torch.Tensor]:
    """Read a file of half floats in single precision; integers stay as they are."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a mapping
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def _absent(what: str, found: str) -> InputError:
    return InputError(
        what,
        found=found,
        expected="pspnet or deeplabv3, which come with the package",
        do="choose one of these, install facefair again, or run make study once and name it: --profile quick",
    )


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        path,
        found=f"not a network of this package ({(str(error).splitlines() or [''])[0]})",
        expected="the file as it was installed",
        do="install facefair again, or run make study once and name it: --profile quick",
    )
