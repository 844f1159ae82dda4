"""What every network promises, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.models.build import MODEL_NAMES, build_model, model_from_settings
from facefair_lib.models.describe import DESCRIPTIONS
from facefair_lib.models.segnet import unpool
from facefair_lib.reproduction.ladder import budgeted
from facefair_lib.scores.titles import backbone_title
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.settings.profiles import load_profile


class NetworkPromises:
    """Passed by every network; a subclass names one."""

    name: str
    backbone: str
    options: dict[str, Any]
    heads: set[str]

    @pytest.fixture(scope="class")
    @classmethod
    def network(cls) -> nn.Module:
        torch.manual_seed(0)
        return build_model(cls.name, cls.backbone, NUM_CLASSES, "none", **cls.options)

    @pytest.fixture(scope="class")
    @classmethod
    def images(cls) -> torch.Tensor:
        return torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(1))

    def test_logits_have_a_channel_per_class_and_the_inputs_size(
        self, network: nn.Module, images: torch.Tensor
    ) -> None:
        outputs = network.train()(images)
        assert set(outputs) == self.heads
        for logits in outputs.values():
            assert logits.shape == (2, NUM_CLASSES, 64, 64)
            assert logits.dtype == torch.float32
            assert logits.isfinite().all()

    def test_one_image_can_be_predicted_alone(self, network: nn.Module, images: torch.Tensor) -> None:
        with torch.inference_mode():
            assert network.eval()(images[:1])["out"].shape == (1, NUM_CLASSES, 64, 64)

    @pytest.mark.parametrize("size", [(65, 51), (33, 70)])
    def test_odd_sizes_come_back_as_they_went_in(self, network: nn.Module, size: tuple[int, int]) -> None:
        with torch.inference_mode():
            assert network.eval()(torch.zeros(1, 3, *size))["out"].shape == (1, NUM_CLASSES, *size)

    def test_an_image_is_predicted_independently_of_the_others(self, network: nn.Module, images: torch.Tensor) -> None:
        with torch.no_grad():
            network.train()(images)  # with the statistics of no picture MobileNet says the same of all
            together = network.eval()(images)["out"]
            other = network(torch.stack([images[0], torch.zeros_like(images[0])]))["out"]
        between_images = (together[0] - together[1]).abs().max()  # small, because nothing has been learnt
        assert (together[0] - other[0]).abs().max() < 0.01 * between_images

    def test_a_gradient_reaches_every_parameter(self, network: nn.Module, images: torch.Tensor) -> None:
        outputs = network.train()(images)
        torch.stack([logits.square().mean() for logits in outputs.values()]).sum().backward()
        idle = [name for name, p in network.named_parameters() if p.grad is None or not p.requires_grad]
        network.zero_grad(set_to_none=True)
        assert idle == []

    def test_running_statistics_follow_within_a_short_schedule(self, network: nn.Module) -> None:
        momenta = {module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm2d)}
        assert momenta == {0.1}


class TestDeepLabV3ResNet18(NetworkPromises):
    name, backbone, heads = "deeplabv3", "resnet18", {"out"}
    options = {"channels": 32, "atrous_rates": (3, 6, 9)}  # noqa: RUF012 - never changed


class TestDeepLabV3ResNet34(NetworkPromises):
    name, backbone, heads, options = "deeplabv3", "resnet34", {"out"}, {}


class TestDeepLabV3MobileNetV3(NetworkPromises):
    name, backbone, heads, options = "deeplabv3", "mobilenet_v3_large", {"out", "aux"}, {"output_stride": 16}


class TestDeepLabV3ResNet50(NetworkPromises):
    name, backbone, heads, options = "deeplabv3", "resnet50", {"out", "aux"}, {}


class TestDeepLabV3MobileNetV2(NetworkPromises):
    """An encoder of the library, dilated by the library."""

    name, backbone, heads = "deeplabv3", "mobilenet_v2", {"out"}
    options = {"channels": 32, "output_stride": 16, "atrous_rates": (1, 2, 3)}  # noqa: RUF012


class TestPSPNetResNet18(NetworkPromises):
    name, backbone, heads, options = "pspnet", "resnet18", {"out"}, {"channels": 64}


class TestPSPNetResNet18FineGrained(NetworkPromises):
    name, backbone, heads, options = "pspnet", "resnet18", {"out"}, {"output_stride": 4, "channels": 64}


class TestDeepLabV3Lite(NetworkPromises):
    name, backbone, heads = "deeplabv3", "efficientnet_lite0", {"out"}
    options = {"channels": 32, "atrous_rates": (1, 2, 4)}  # noqa: RUF012


class TestDeepLabV3FineMaps(NetworkPromises):
    name, backbone, heads = "deeplabv3", "efficientnet_lite0", {"out"}
    options = {"channels": 32, "atrous_rates": (1, 2, 4), "fine_maps": True}  # noqa: RUF012


class TestDeepLabV3ResNet18FineMaps(NetworkPromises):
    name, backbone, heads, options = "deeplabv3", "resnet18", {"out"}, {"channels": 32, "fine_maps": True}


class TestPSPNetLite(NetworkPromises):
    name, backbone, heads, options = "pspnet", "efficientnet_lite0", {"out"}, {"channels": 64}


class TestPSPNetFineMaps(NetworkPromises):
    name, backbone, heads = "pspnet", "efficientnet_lite0", {"out"}
    options = {"channels": 64, "fine_maps": True}  # noqa: RUF012


class TestPSPNetResNet18FineMaps(NetworkPromises):
    name, backbone, heads, options = "pspnet", "resnet18", {"out"}, {"channels": 64, "fine_maps": True}


class TestPSPNetResNet50(NetworkPromises):
    name, backbone, heads, options = "pspnet", "resnet50", {"out"}, {}


class TestPSPNetMobileNetV2(NetworkPromises):
    """An encoder that is one list of layers, of which the library uses the first."""

    name, backbone, heads, options = "pspnet", "mobilenet_v2", {"out"}, {"channels": 64}


class TestPSPNetEfficientNet(NetworkPromises):
    """An encoder whose blocks take a second argument, and whose batch norm brings a momentum of 0.01."""

    name, backbone, heads, options = "pspnet", "efficientnet-b0", {"out"}, {"channels": 64}


class TestPSPNetTimm(NetworkPromises):
    """An encoder that the library takes from timm."""

    name, backbone, heads, options = "pspnet", "tu-resnet18", {"out"}, {"channels": 64}


class TestFCNResNet50(NetworkPromises):
    name, backbone, heads, options = "fcn", "resnet50", {"out", "aux"}, {}


class TestFCNResNet18(NetworkPromises):
    """On the trunk of the light DeepLabV3 and PSPNet."""

    name, backbone, heads, options = "fcn", "resnet18", {"out"}, {}


class TestUNetResNet18(NetworkPromises):
    name, backbone, heads, options = "unet", "resnet18", {"out"}, {}


class TestSegNetVGG11(NetworkPromises):
    name, backbone, heads, options = "segnet", "vgg11_bn", {"out"}, {}


class TestDeepLabV3PlusResNet18(NetworkPromises):
    name, backbone, heads = "deeplabv3plus", "resnet18", {"out"}
    options = {"channels": 32, "atrous_rates": (1, 2, 3)}  # noqa: RUF012


class TestDeepLabV3PlusFineGrained(NetworkPromises):
    name, backbone, heads = "deeplabv3plus", "mobilenet_v2", {"out"}
    options = {"channels": 32, "output_stride": 8}  # noqa: RUF012


class TestUPerNetResNet18(NetworkPromises):
    name, backbone, heads, options = "upernet", "resnet18", {"out"}, {"channels": 32}


class TestSegFormerB0(NetworkPromises):
    """A transformer, whose only batch norm is its decoder's."""

    name, backbone, heads, options = "segformer", "mit_b0", {"out"}, {"channels": 32}


def test_every_network_is_held_to_the_promises() -> None:
    assert {promised.name for promised in NetworkPromises.__subclasses__()} == set(MODEL_NAMES)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_light_networks_have_the_same_trunk() -> None:
    deeplabv3 = build_model("deeplabv3", "resnet18", channels=32, atrous_rates=(3, 6, 9))
    pspnet = build_model("pspnet", "resnet18", channels=64)
    # ResNet-18 up to its second stage: 9,408 + 128 (stem), 147,968 (stage 1), 525,568 (stage 2).
    assert parameters(deeplabv3.backbone) == parameters(pspnet.network.encoder) == 683_072


def test_dropping_unused_stages_leaves_the_logits_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    pruned = build_model("pspnet", "resnet18", channels=64).eval()
    monkeypatch.setattr("facefair_lib.models.adapters.drop_unused", lambda network: None)
    torch.manual_seed(3)
    whole = build_model("pspnet", "resnet18", channels=64).eval()
    images = torch.randn(1, 3, 64, 64)
    assert parameters(whole) > 10 * parameters(pruned)
    torch.testing.assert_close(pruned(images)["out"], whole(images)["out"])


def test_unpooling_puts_each_maximum_back_to_its_place() -> None:
    picture = torch.tensor([[[[1.0, 5.0, 0.0, 2.0], [3.0, 4.0, 7.0, 6.0]]]])  # (1, 1, 2, 4)
    values, places = functional.max_pool2d(picture, 2, return_indices=True)
    expected = torch.tensor([[[[0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 7.0, 0.0]]]])
    torch.testing.assert_close(unpool(values, places), expected)


def test_unpooling_is_what_torch_does_for_any_batch() -> None:
    pictures = torch.randn(2, 3, 8, 6, generator=torch.Generator().manual_seed(4))
    values, places = functional.max_pool2d(pictures, 2, return_indices=True)
    torch.testing.assert_close(unpool(values, places), functional.max_unpool2d(values, places, 2))


def test_segnets_decoder_mirrors_its_encoder() -> None:
    network = build_model("segnet", "vgg16_bn").network
    down, up = (
        [(layer.in_channels, layer.out_channels) for layer in part.modules() if isinstance(layer, nn.Conv2d)]
        for part in (network.features, network.decoder)
    )
    assert len(down) == len(up) == 13
    assert up[:-1] == [(outputs, inputs) for inputs, outputs in reversed(down[1:])]
    assert up[-1] == (64, NUM_CLASSES)


def test_finer_pspnet_doubles_its_feature_map() -> None:
    sizes = {}
    for stride in (8, 4):
        network = build_model("pspnet", "resnet18", output_stride=stride, channels=64).eval()
        sizes[stride] = network.network.encoder(torch.zeros(1, 3, 64, 64))[-1].shape[-1]
    assert sizes == {8: 8, 4: 16}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_default_profiles_networks_are_described_as_they_are_built(name: str) -> None:
    profile = load_profile("quick")
    settings = getattr(profile.models, name)
    network = model_from_settings(name, settings)
    described = DESCRIPTIONS[name](network, settings, profile.data.size, NUM_CLASSES)
    maps = list(network.trunk(torch.zeros(1, 3, 64, 64)).values())
    strides = [64 // each.shape[-1] for each in maps]
    assert described["feature_channels"] == maps[-1].shape[1]
    assert [*described["fine_strides"][::-1], described["output_stride"]] == strides
    assert described["mix_channels"] == network.classifier.in_channels
    assert described["input_size"] == profile.data.size
    if name == "deeplabv3":
        assert described["atrous_rates"] == list(settings.atrous_rates)
        assert described["aspp_channels"] == settings.channels
    else:
        assert described["pyramid_bins"] == [1, 2, 3, 6]
        assert described["bottleneck_channels"] == settings.channels


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_reproductions_networks_are_described_without_fine_maps(name: str) -> None:
    profile = load_profile("quick")
    settings = budgeted(name, profile)
    network = model_from_settings(name, settings)
    described = DESCRIPTIONS[name](network, settings, profile.reproduction.size, NUM_CLASSES)
    assert (described["output_stride"], described["feature_channels"], described["stages"]) == (8, 128, 3)
    assert "fine_strides" not in described


@pytest.mark.parametrize(
    ("model", "backbone", "title"),
    [
        ("pspnet", "resnet18", "ResNet-18 to stride 8"),
        ("pspnet", "resnet101", "ResNet-101 to stride 8"),
        ("fcn", "resnet34", "ResNet-34 to stride 8"),
        ("deeplabv3", "resnet18", "ResNet-18 to stride 8"),
        ("deeplabv3", "resnet50", "ResNet-50"),
        ("upernet", "resnet18", "ResNet-18"),
        ("pspnet", "efficientnet_lite0", "EfficientNet-Lite0 to stride 16"),
    ],
)
def test_a_backbone_is_named_whole_only_where_all_of_its_stages_are_used(model: str, backbone: str, title: str) -> None:
    assert backbone_title(backbone, model) == title
    network = build_model(model, backbone)
    stages = {name for name, _ in network.named_parameters() if "layer4" in name or "stages.6" in name}
    assert bool(stages) == (" to stride " not in title)


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_lite0"])
def test_fine_maps_reach_the_logits(backbone: str) -> None:
    """An eye is smaller than a place of the coarse map: what only the finest map shows must change the answer there."""
    network = build_model("pspnet", backbone, channels=16, fine_maps=True).eval()
    images = torch.zeros(1, 3, 64, 64)
    fine = {}
    network.fine_maps.reduce[-1].register_forward_hook(lambda module, given, made: fine.setdefault("made", made))
    with torch.inference_mode():
        before = network(images)["out"]
        network.fine_maps.reduce[-1].register_forward_hook(
            lambda module, given, made: made + functional.pad(torch.ones(1, 1, 1, 1), (4, 11, 4, 11))
        )
        change = (network(images)["out"] - before).abs().amax(1)[0]  # (64, 64)
    assert fine["made"].shape[-1] == 16
    touched = change.nonzero()
    assert touched.min() >= 8 and touched.max() <= 28  # a 3 x 3 kernel at stride 4 around (4, 4), blended
