"""Weights: loaded with their own head, or an error that says how to go on; never something else in their place."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torchvision.models import ResNet50_Weights, VGG11_BN_Weights, get_model, resnet18
from torchvision.models.segmentation import DeepLabV3_ResNet50_Weights, FCN_ResNet50_Weights

from facefair_lib.errors import InputError
from facefair_lib.models.build import build_model


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which torch keeps what it downloads, empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def publish(network: nn.Module, folder: Path, url: str) -> dict[str, torch.Tensor]:
    """Put a network's weights where torch looks for the file of that address."""
    torch.manual_seed(7)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.02)
    torch.save(network.state_dict(), folder / url.rsplit("/", 1)[1])
    return network.state_dict()


def test_coco_weights_fill_the_whole_network_and_only_the_last_layers_are_new(checkpoints: Path) -> None:
    published = publish(
        get_model("deeplabv3_resnet50", weights=None, weights_backbone=None, num_classes=21, aux_loss=True),
        checkpoints,
        DeepLabV3_ResNet50_Weights.DEFAULT.url,
    )
    network = build_model("deeplabv3", "resnet50", weights="coco")
    loaded = network.state_dict()
    assert list(loaded) == list(published)
    new = {name for name in loaded if loaded[name].shape != published[name].shape}
    assert new == {"classifier.4.weight", "classifier.4.bias", "aux_classifier.4.weight", "aux_classifier.4.bias"}
    same = [name for name in loaded if name not in new]
    assert all(torch.equal(loaded[name], published[name]) for name in same)
    outputs = network.eval()(torch.zeros(1, 3, 32, 32))
    assert {name: logits.shape[1] for name, logits in outputs.items()} == {"out": 11, "aux": 11}


def test_imagenet_weights_fill_the_backbone_of_the_published_network(checkpoints: Path) -> None:
    published = publish(get_model("resnet50", weights=None), checkpoints, ResNet50_Weights.DEFAULT.url)
    network = build_model("deeplabv3", "resnet50", weights="imagenet")
    for name, value in network.backbone.state_dict().items():
        assert torch.equal(value, published[name]), name


def test_imagenet_weights_fill_the_trunk_of_the_light_network(checkpoints: Path) -> None:
    published = publish(resnet18(), checkpoints, "https://download.pytorch.org/models/resnet18-f37072fd.pth")
    network = build_model("deeplabv3", "resnet18", weights="imagenet", channels=16)
    for name, value in network.backbone.state_dict().items():
        assert torch.equal(value, published[name]), name


def test_imagenet_weights_fill_the_encoder_of_pspnet_before_its_unused_stages_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from safetensors.torch import save_file
    from segmentation_models_pytorch import encoders

    torch.manual_seed(7)
    source = resnet18()
    published = {name: value for name, value in source.state_dict().items() if not name.startswith("fc.")}
    save_file(published, tmp_path / "model.safetensors")
    asked: list[dict[str, Any]] = []

    def downloaded(*repository: str, **options: Any) -> str:
        asked.append({"repository": repository, **options})
        return str(tmp_path / "model.safetensors")

    monkeypatch.setattr(encoders, "hf_hub_download", downloaded)
    network = build_model("pspnet", "resnet18", weights="imagenet", channels=16)
    assert asked[0]["repository"][0] == "smp-hub/resnet18.imagenet"
    loaded = network.network.encoder.state_dict()
    assert "layer2.1.conv2.weight" in loaded
    assert "layer3.0.conv1.weight" not in loaded
    for name, value in loaded.items():
        assert torch.equal(value, published[name]), name


def test_coco_weights_of_fcn_load_with_their_own_head(checkpoints: Path) -> None:
    published = publish(
        get_model("fcn_resnet50", weights=None, weights_backbone=None, num_classes=21, aux_loss=True),
        checkpoints,
        FCN_ResNet50_Weights.DEFAULT.url,
    )
    loaded = build_model("fcn", "resnet50", weights="coco").state_dict()
    new = {name for name in loaded if not torch.equal(loaded[name], published[name])}
    assert new == {"classifier.4.weight", "classifier.4.bias", "aux_classifier.4.weight", "aux_classifier.4.bias"}
    assert {len(loaded[name]) for name in new} == {11}


def test_imagenet_weights_fill_segnets_encoder(checkpoints: Path) -> None:
    with torch.device("meta"):  # only names and shapes: the fully connected layers have 124 million numbers
        names = get_model("vgg11_bn", weights=None).state_dict()
    generator = torch.Generator().manual_seed(7)
    published = {
        name: torch.randn(like.shape, generator=generator)
        if name.startswith("features.") and like.dtype == torch.float32
        else torch.zeros((), dtype=like.dtype).expand(like.shape)  # stored as one number
        for name, like in names.items()
    }
    torch.save(published, checkpoints / VGG11_BN_Weights.DEFAULT.url.rsplit("/", 1)[1])
    network = build_model("segnet", "vgg11_bn", weights="imagenet").network
    for name, value in network.features.state_dict().items():
        assert torch.equal(value, published[f"features.{name}"]), name


def test_another_vggs_weights_under_the_published_name_are_an_error(checkpoints: Path) -> None:
    with torch.device("meta"):
        names = get_model("vgg13_bn", weights=None).state_dict()
    other = {name: torch.zeros((), dtype=like.dtype).expand(like.shape) for name, like in names.items()}
    torch.save(other, checkpoints / VGG11_BN_Weights.DEFAULT.url.rsplit("/", 1)[1])
    with pytest.raises(InputError, match="they could not be loaded"):
        build_model("segnet", "vgg11_bn", weights="imagenet")


@pytest.mark.parametrize(
    ("name", "encoder", "options"),
    [
        ("unet", "resnet18", {}),
        ("deeplabv3plus", "resnet18", {"channels": 16}),
        ("upernet", "resnet18", {"channels": 16}),
        ("segformer", "mit_b0", {"channels": 16}),
        ("deeplabv3", "mobilenet_v2", {"channels": 16}),
    ],
)
def test_imagenet_weights_fill_the_librarys_encoders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, encoder: str, options: dict[str, Any]
) -> None:
    published = publish_encoder(encoder, tmp_path, monkeypatch)
    loaded = build_model(name, encoder, weights="imagenet", **options).network.encoder.state_dict()
    assert set(loaded) == set(published)  # these networks read every stage
    for key, value in loaded.items():
        assert torch.equal(value, published[key]), key


def publish_encoder(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Put an encoder's weights where the library believes to have downloaded them."""
    from safetensors.torch import save_file
    from segmentation_models_pytorch import encoders

    network = encoders.get_encoder(name, weights=None)
    generator = torch.Generator().manual_seed(7)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.02, generator=generator)
    save_file(network.state_dict(), folder / "model.safetensors")
    monkeypatch.setattr(encoders, "hf_hub_download", lambda *_, **__: str(folder / "model.safetensors"))
    return network.state_dict()


@pytest.mark.parametrize(
    ("name", "backbone", "weights", "options"),
    [
        ("fcn", "resnet50", "coco", {}),
        ("segnet", "vgg11_bn", "imagenet", {}),
        ("unet", "resnet18", "imagenet", {}),
        ("segformer", "mit_b0", "imagenet", {}),
        ("deeplabv3", "resnet50", "coco", {}),
        ("deeplabv3", "mobilenet_v3_large", "imagenet", {"output_stride": 16}),
        ("deeplabv3", "resnet18", "imagenet", {}),
        ("pspnet", "resnet18", "imagenet", {}),
    ],
)
def test_weights_that_cannot_be_had_are_an_error_that_names_the_way_out(
    checkpoints: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    backbone: str,
    weights: str,
    options: dict[str, Any],
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    monkeypatch.setattr("segmentation_models_pytorch.encoders.hf_hub_download", offline)
    with pytest.raises(InputError) as caught:
        build_model(name, backbone, weights=weights, **options)
    for words in ("pretrained weights", backbone, "URLError", "no network", "weights: none", "TORCH_HOME"):
        assert words in str(caught.value)


def test_a_damaged_weights_file_is_an_error(checkpoints: Path) -> None:
    url = DeepLabV3_ResNet50_Weights.DEFAULT.url
    (checkpoints / url.rsplit("/", 1)[1]).write_bytes(hashlib.sha256(b"").digest())
    with pytest.raises(InputError, match="they could not be loaded"):
        build_model("deeplabv3", "resnet50", weights="coco")


def test_weights_of_another_network_under_the_published_name_are_an_error(checkpoints: Path) -> None:
    publish(resnet18(), checkpoints, DeepLabV3_ResNet50_Weights.DEFAULT.url)
    with pytest.raises(InputError, match="RuntimeError"):
        build_model("deeplabv3", "resnet50", weights="coco")


@pytest.mark.parametrize(
    ("name", "backbone", "options", "words"),
    [
        ("linknet", "resnet18", {}, r"model 'linknet'\n.*\n.*one of deeplabv3, pspnet, fcn, unet, segnet"),
        ("deeplabv3", "vgg16", {}, r"deeplabv3 with vgg16\n.*cannot be used .*dilated"),
        ("deeplabv3", "resnet19", {}, r"backbone 'resnet19' for deeplabv3\n.*no such encoder"),
        ("deeplabv3", "mobilenet_v2", {"output_stride": 4}, r"expected: output_stride 8 or 16"),
        ("deeplabv3plus", "resnet18", {"output_stride": 4}, r"expected: output_stride 16 or 8"),
        ("fcn", "mobilenet_v2", {}, r"backbone 'mobilenet_v2' for fcn\n.*\n.*resnet50, resnet101, resnet18"),
        ("segnet", "resnet18", {}, r"backbone 'resnet18' for segnet\n.*\n.*vgg16_bn"),
        ("segnet", "vgg16_bn", {"weights": "coco"}, r"weights 'coco' for segnet with vgg16_bn\n.*\n.*none, imagenet"),
        ("unet", "resnet18", {"weights": "coco"}, r"weights 'coco' for unet with resnet18\n.*\n.*none, imagenet"),
        ("unet", "resnet18", {"output_stride": 8}, r"model 'unet'\n.*option output_stride\n.*only channels"),
        ("fcn", "resnet50", {"channels": 8}, r"model 'fcn'\n.*option channels\n.*no option"),
        ("upernet", "tu-swin_tiny_patch4_window7_224", {}, r"upernet with tu-swin\S+\n.*cannot be used"),
        ("pspnet", "resnet19", {}, r"backbone 'resnet19' for pspnet\n.*no such encoder"),
        ("pspnet", "tu-resnet19", {}, r"backbone 'tu-resnet19' for pspnet\n.*no such encoder"),
        ("deeplabv3", "resnet18", {"weights": "coco"}, r"weights 'coco' for deeplabv3 with resnet18"),
        ("fcn", "resnet18", {"weights": "coco"}, r"weights 'coco' for fcn with resnet18\n.*\n.*none, imagenet"),
        ("deeplabv3", "resnet50", {"weights": "swag"}, r"one of none, imagenet, coco"),
        ("pspnet", "resnet18", {"weights": "coco"}, r"weights 'coco' for pspnet with resnet18\n.*\n.*none, imagenet"),
        ("deeplabv3", "resnet18", {"output_stride": 16}, r"expected: output_stride 8"),
        ("deeplabv3", "resnet50", {"channels": 64}, r"expected: the published network: .*8"),
        ("pspnet", "resnet18", {"output_stride": 16}, r"pspnet with resnet18\n.*output_stride 16\n.*8 or 4"),
        ("pspnet", "mobilenet_v2", {"output_stride": 4}, r"expected: a ResNet encoder"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(name: str, backbone: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_model(name, backbone, **options)
