"""Networks that come with the package: packed, found and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from facefair_lib.errors import InputError
from facefair_lib.models import packed
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.trained import trained_network
from facefair_lib.settings.profiles import ONE_VIEW, load_profile
from facefair_lib.settings.shipped import SHIPPED, Card

SMOKE = load_profile("smoke").models


def card_of(model: str, iou: float) -> Card:
    return Card(
        model=model, settings=getattr(SMOKE, model), size=64, inference=ONE_VIEW, profile="long", data="some people",
        data_digest="0a1b", commit="f41cb82 of 2026-11-30", iou=iou,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose networks have learnt nothing; DeepLabV3 has the better score."""
    monkeypatch.setattr(packed, "FOLDER", tmp_path)
    for model, iou in (("pspnet", 0.4), ("deeplabv3", 0.5)):
        torch.manual_seed(1)
        network = model_from_settings(model, getattr(SMOKE, model))
        packed.pack(tmp_path / f"{model}.safetensors", network, card_of(model, iou))
    return tmp_path


@pytest.mark.parametrize("model", ["pspnet", "deeplabv3"])
def test_a_packed_network_answers_as_the_network_did(folder: Path, model: str) -> None:
    torch.manual_seed(1)
    before = model_from_settings(model, getattr(SMOKE, model)).eval()
    loaded = trained_network(model)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected, found = (network(images)["out"] for network in (before, loaded.network))
    assert (expected - found).abs().max() < 0.02 * expected.std()  # its classes are nearly ties: it has learnt nothing
    assert {value.dtype for value in loaded.network.parameters()} == {torch.float32}
    kinds = {value.dtype for value in load_file(folder / f"{model}.safetensors").values()}
    assert kinds == {torch.float16, torch.int64}
    assert (loaded.model, loaded.backbone, loaded.size, loaded.views) == (model, "efficientnet_lite0", 64, ONE_VIEW)


def test_it_is_said_which_weights_these_are(folder: Path) -> None:
    told = trained_network("pspnet").told
    assert told == "pspnet of the package, profile long, commit f41cb82 of 2026-11-30, trained on some people"


def test_without_a_name_the_better_network_is_taken(folder: Path) -> None:
    assert trained_network().model == "deeplabv3"
    (folder / "deeplabv3.safetensors").unlink()
    assert trained_network().model == "pspnet"


def test_where_there_are_none_the_way_to_others_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FOLDER", tmp_path / "nothing")
    for model in ("", "pspnet"):
        with pytest.raises(InputError, match=r"install facefair again, or run make study once.*--profile quick"):
            trained_network(model, SHIPPED)
    with pytest.raises(InputError, match="network 'alexnet' of the package"):
        trained_network("alexnet")


def spoil(path: Path, how: str) -> None:
    tensors = load_file(path)
    name = next(key for key, value in tensors.items() if value.ndim == 4)
    known = {"facefair": packed.read_card(path).model_dump_json()}
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "a tensor is missing":
        save_file({key: value for key, value in tensors.items() if key != name}, path, known)
    elif how == "another shape":
        save_file({**tensors, name: torch.zeros(7)}, path, known)
    elif how == "no card":
        save_file(tensors, path)
    else:
        path.write_text("version https://git-lfs.github.com/spec/v1")


@pytest.mark.parametrize("how", ["truncated", "a tensor is missing", "another shape", "no card", "a text"])
def test_a_damaged_file_is_refused(folder: Path, how: str) -> None:
    spoil(folder / "pspnet.safetensors", how)
    with pytest.raises(InputError, match=r"pspnet\.safetensors\n.*not a network of this(.*\n)+.*install facefair"):
        trained_network("pspnet")
