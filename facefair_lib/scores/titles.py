"""How keys are printed in tables and in text: one spelling for each model, group, emotion and metric."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from facefair_lib.scores.metrics import COMPARED_BY, ESTIMANDS
from facefair_lib.settings.labels import CLASSES

MODEL_TITLES: Mapping[str, str] = MappingProxyType({"deeplabv3": "DeepLabV3", "pspnet": "PSPNet"})
"""The two models, in the order of every table."""

NETWORK_TITLES: Mapping[str, str] = MappingProxyType(
    {
        **MODEL_TITLES,
        **{"fcn": "FCN", "unet": "U-Net", "segnet": "SegNet", "deeplabv3plus": "DeepLabV3+", "upernet": "UPerNet"},
        "segformer": "SegFormer",
    }
)
"""Every network that ``build_model`` knows, the two of the study first."""

GROUP_TITLES: Mapping[str, str] = MappingProxyType({"asian": "Asian", "black": "Black", "caucasian": "Caucasian"})
_PUBLISHED_GROUPS = {
    name: name.title() for name in ("east asian", "southeast asian", "middle eastern", "latino hispanic")
}
EMOTION_TITLES: Mapping[str, str] = MappingProxyType({"sad": "Sad", "happy": "Happy", "angry": "Angry"})

METRIC_TITLES: Mapping[str, str] = MappingProxyType(
    {**{key: estimand.title for key, estimand in ESTIMANDS.items()}, "loss": "Loss"}
)

COHORT_TITLES: Mapping[str, str] = MappingProxyType(
    {"wild": "Correlated attributes", "balanced": "Balanced attributes", "counterfactual": "Counterfactual"}
)
"""How people were drawn: with correlated or with balanced attributes, or one person with one attribute changed."""

COMPONENT_TITLES: Mapping[str, str] = MappingProxyType(
    {"total": "Total", "morphology": "Morphology", "tone": "Skin tone"}
)
"""What changes between two groups of a counterfactual person; the total is the sum of the two parts."""

MEASURE_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "model_agreement": "Agreement of the models",
        "flip_consistency": "Consistency when mirrored",
        "scale_consistency": "Consistency across scales",
        "entropy": "Entropy",
        "plausibility": "Plausible layout",
    }
)
"""Measures of quality that need no mask."""

SPLIT_TITLES: Mapping[str, str] = MappingProxyType({"train": "Training", "validation": "Validation", "test": "Test"})

CLASS_TITLES: Mapping[str, str] = MappingProxyType({face_class.name: face_class.title for face_class in CLASSES})

_ALL = {
    **COHORT_TITLES, **COMPONENT_TITLES, **MEASURE_TITLES,
    **GROUP_TITLES, **_PUBLISHED_GROUPS, **EMOTION_TITLES,
    **METRIC_TITLES, **SPLIT_TITLES, **CLASS_TITLES, **NETWORK_TITLES,
}  # fmt: skip


def title(key: str) -> str:
    """Title of any key; an unknown one, such as a group of the user's own data, is capitalised and keeps its words."""
    return _ALL.get(key, key.replace("_", " ").strip().capitalize())


def in_order(keys: Iterable[str], order: Mapping[str, str]) -> list[str]:
    """Sort ``keys`` without repeats: first those of ``order``, in its order, then all others alphabetically."""
    present = set(keys)
    return [key for key in order if key in present] + sorted(present - set(order))


def in_text(heading: str) -> str:
    """A title inside a sentence: ``Pixel accuracy`` loses its capital, ``IoU`` and ``F1`` keep theirs."""
    first = heading.split()[0]
    if first[1:] != first[1:].lower() or any(c.isdigit() for c in first):
        return heading
    return heading[0].lower() + heading[1:]


COMPARED_BY_TITLE = METRIC_TITLES[COMPARED_BY]
COMPARED_BY_TEXT = in_text(COMPARED_BY_TITLE)
"""The score by which people are compared, as the title of an axis and inside a sentence."""

_LITE = "efficientnet_lite0"


def backbone_title(backbone: str, model: str = "") -> str:
    """A backbone as its paper spells it, with the stride to which a network uses it if not the whole.

    Parameters
    ----------
    backbone : such as ``resnet18``; an unknown name stays as it is
    model : the network, as ``build_model`` knows it; without it, the backbone alone is named
    """
    whole = _spelled(backbone)
    if model == "pspnet" or (model in ("deeplabv3", "fcn") and backbone in ("resnet18", "resnet34", _LITE)):
        return f"{whole} to stride {16 if backbone == _LITE else 8}"
    return whole


def network_title(model: str, fine_maps: object = False) -> str:
    """Title of a network, which says if fine maps were added to the published one (only if they are ``True``)."""
    return f"{title(model)} with fine maps" if fine_maps is True else title(model)


def _spelled(backbone: str) -> str:
    known = {
        "mobilenet_v3_large": "MobileNetV3-Large", "mobilenet_v3_small": "MobileNetV3-Small",
        _LITE: "EfficientNet-Lite0",
    }  # fmt: skip
    families = {r"resnet(\d+)": r"ResNet-\1", r"vgg(\d+)_bn": r"VGG-\1", r"mit_b(\d)": r"MiT-B\1"}
    for pattern, spelling in families.items():
        if re.fullmatch(pattern, backbone):
            return re.sub(pattern, spelling, backbone)
    return known.get(backbone, backbone)
