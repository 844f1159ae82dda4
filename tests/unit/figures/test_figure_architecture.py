import pytest

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.networks.diagrams import deeplabv3_architecture, pspnet_architecture

COMMON = {"input_size": 256, "backbone": "ResNet-101", "output_stride": 8, "num_classes": 11}
DEEPLAB = {**COMMON, "feature_channels": 2048, "aspp_channels": 256, "atrous_rates": (12, 24, 36)}
PSP = {
    **COMMON,
    "feature_channels": 512,
    "pyramid_bins": (1, 2, 3, 6),
    "pyramid_channels": 128,
    "bottleneck_channels": 512,
    "stages": 3,
}


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_deeplabv3_prints_the_sizes_of_its_tensors(assert_legible):
    figure = deeplabv3_architecture(**DEEPLAB)
    texts = texts_of(figure)
    for expected in (
        "256×256×3",
        "output 32×32×2048",
        "concatenated\n32×32×1280",
        "3×3 conv, rate 24",
        "1×1 conv, 11",
        "bilinear upsampling ×8",
        "256×256×11\nlargest logit",
    ):
        assert texts.count(expected) == 1, expected
    assert texts.count("1/8") == 3 and "dilated" in texts
    assert figure.get_size_inches()[0] == style.PAGE_WIDTH
    assert_legible(figure)


def test_deeplabv3_follows_another_profile(assert_legible):
    other = {"input_size": (130, 96), "output_stride": 16, "num_classes": 6, "backbone": "MobileNetV3-Large"}
    figure = deeplabv3_architecture(
        **{**DEEPLAB, **other, "atrous_rates": (6, 12, 18, 24), "aspp_channels": 64, "feature_channels": 960}
    )
    texts = texts_of(figure)
    assert {"130×96×3", "output 9×6×960", "concatenated\n9×6×384", "bilinear upsampling ×16"} <= set(texts)
    assert sum("rate" in text for text in texts) == 4
    assert not [text for text in texts if "256" in text or "ResNet" in text]
    assert_legible(figure)


def test_a_backbone_that_strides_to_its_end_is_not_called_dilated():
    texts = texts_of(deeplabv3_architecture(**{**DEEPLAB, "output_stride": 32}))
    assert "dilated" not in texts and "1/32" in texts


def test_pspnet_prints_one_level_per_bin_and_joins_the_features(assert_legible):
    figure = pspnet_architecture(**PSP)
    texts = texts_of(figure)
    for bins in PSP["pyramid_bins"]:
        assert f"pool to {bins}×{bins}\n1×1 conv, 128" in texts
    assert {"output 32×32×512", "concatenated\n32×32×1024", "1×1 conv, 512", "3×3 conv, 11"} <= set(texts)
    assert "dilated" not in texts
    assert_legible(figure)


@pytest.mark.parametrize("draw", ["deeplabv3", "pspnet"])
def test_fine_maps_are_drawn_from_their_stages_into_the_head(draw, assert_legible):
    fine = {
        "backbone": "efficientnet_lite0",
        "output_stride": 16,
        "stages": 4,
        "fine_strides": [8, 4],
        "mix_channels": 64,
    }
    figure = (
        deeplabv3_architecture(**{**DEEPLAB, **fine}) if draw == "deeplabv3" else pspnet_architecture(**{**PSP, **fine})
    )
    texts = texts_of(figure)
    assert {"1/8 map", "1/4 map", "+ 1/8 map: 3×3 conv, 64", "+ 1/4 map: 3×3 conv, 64", "1×1 conv, 11"} <= set(texts)
    assert "bilinear upsampling ×4" in texts and "EfficientNet-Lite0\nto stride 16" in texts
    assert texts.index("+ 1/8 map: 3×3 conv, 64") < texts.index("+ 1/4 map: 3×3 conv, 64")
    assert "joined by the map of stride 8, joined by the map of stride 4" in figure.get_label()
    assert_legible(figure)


@pytest.mark.parametrize("bins", [(1,), (1, 2, 4), (1, 2, 3, 4, 6)])
def test_pspnet_stays_legible_with_any_number_of_levels(bins, assert_legible):
    figure = pspnet_architecture(**{**PSP, "pyramid_bins": bins, "stages": 5, "pyramid_channels": 8})
    assert f"concatenated\n32×32×{512 + 8 * len(bins)}" in texts_of(figure)
    assert_legible(figure)


def test_the_description_names_the_settings():
    assert "rates 12, 24, 36" in deeplabv3_architecture(**DEEPLAB).get_label()
    assert "1, 2, 3, 6 cells" in pspnet_architecture(**PSP).get_label()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output_stride": 12}, "power of two"),
        ({"output_stride": 64}, "from 2 to 32"),
        ({"atrous_rates": ()}, "at least one rate"),
        ({"num_classes": 0}, "positive whole numbers"),
        ({"input_size": (64, 64, 3)}, "input size"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        deeplabv3_architecture(**{**DEEPLAB, **change})


def test_pspnet_without_a_level_is_refused():
    with pytest.raises(InputError, match="at least one rate or bin"):
        pspnet_architecture(**{**PSP, "pyramid_bins": ()})
