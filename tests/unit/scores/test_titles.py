"""Keys of tables become words of a figure or a sentence."""

from __future__ import annotations

import pytest

from facefair_lib.scores import titles


def test_keys_of_the_study_have_their_titles_and_keys_of_a_user_keep_their_words() -> None:
    keys = ["pspnet", "unet", "facial_hair", "fixed_image_iou", "east asian", "total", "old_age ", "OTHER"]
    assert [titles.title(key) for key in keys] == [
        "PSPNet", "U-Net", "Facial hair / beard", "Fixed-class image IoU", "East Asian", "Total", "Old age", "Other",
    ]  # fmt: skip
    assert titles.in_order(["zoo", "black", "asian", "ape"], titles.GROUP_TITLES) == ["asian", "black", "ape", "zoo"]


@pytest.mark.parametrize(
    ("heading", "inside"),
    [("Pixel accuracy", "pixel accuracy"), ("IoU", "IoU"), ("F1", "F1"), ("A face", "a face"), ("Top IoU", "top IoU")],
)
def test_a_title_inside_a_sentence_loses_its_capital_unless_it_is_spelled_with_one(heading: str, inside: str) -> None:
    assert titles.in_text(heading) == inside


@pytest.mark.parametrize(
    ("backbone", "title"),
    [
        ("resnet101", "ResNet-101"), ("vgg16_bn", "VGG-16"), ("mit_b0", "MiT-B0"), ("my_resnet18", "my_resnet18"),
        ("efficientnet_lite0", "EfficientNet-Lite0"), ("mobilenet_v3_large", "MobileNetV3-Large"),
        ("mobilenet_v3_small", "MobileNetV3-Small"),
    ],
)  # fmt: skip
def test_a_backbone_is_spelled_as_in_its_paper(backbone: str, title: str) -> None:
    assert titles.backbone_title(backbone) == title


def test_a_network_says_which_part_of_its_backbone_it_uses_and_what_was_added() -> None:
    lite = "efficientnet_lite0"
    for model in ("deeplabv3", "fcn", "pspnet"):
        assert titles.backbone_title("resnet18", model) == "ResNet-18 to stride 8"
        assert titles.backbone_title("resnet34", model) == "ResNet-34 to stride 8"
        assert titles.backbone_title(lite, model) == "EfficientNet-Lite0 to stride 16"
    assert titles.backbone_title("resnet101", "pspnet") == "ResNet-101 to stride 8"
    assert titles.backbone_title("resnet101", "deeplabv3") == "ResNet-101"
    assert titles.backbone_title("resnet18", "unet") == "ResNet-18"
    assert titles.network_title("pspnet", True) == "PSPNet with fine maps"
    assert titles.network_title("pspnet") == titles.network_title("pspnet", float("nan")) == "PSPNet"
