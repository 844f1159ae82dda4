"""How keys are printed in tables and in the report's text: one spelling for each model, group, emotion and metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from facefair_lib.labels import CLASSES
from facefair_lib.metrics import ESTIMANDS

MODEL_TITLES: Mapping[str, str] = MappingProxyType({"deeplabv3": "DeepLabV3", "pspnet": "PSPNet"})
"""The two models, in the order of every table."""

GROUP_TITLES: Mapping[str, str] = MappingProxyType({"asian": "Asian", "black": "Black", "caucasian": "Caucasian"})
EMOTION_TITLES: Mapping[str, str] = MappingProxyType({"sad": "Sad", "happy": "Happy", "angry": "Angry"})

METRIC_TITLES: Mapping[str, str] = MappingProxyType(
    {**{key: estimand.title for key, estimand in ESTIMANDS.items()}, "loss": "Loss"}
)

SPLIT_TITLES: Mapping[str, str] = MappingProxyType({"train": "Training", "validation": "Validation", "test": "Test"})

CLASS_TITLES: Mapping[str, str] = MappingProxyType({face_class.name: face_class.title for face_class in CLASSES})

_ALL = {**GROUP_TITLES, **EMOTION_TITLES, **METRIC_TITLES, **SPLIT_TITLES, **CLASS_TITLES, **MODEL_TITLES}


def title(key: str) -> str:
    """Title of any key; a key of the user's own data, such as a group, is capitalised and keeps its words."""
    return _ALL.get(key, key.replace("_", " ").strip().capitalize())


def in_order(keys: Iterable[str], order: Mapping[str, str]) -> list[str]:
    """Sort ``keys``: those of ``order`` first, in its order, then the user's own in alphabetical order."""
    present = set(keys)
    return [key for key in order if key in present] + sorted(present - set(order))


def in_text(heading: str) -> str:
    """A title inside a sentence: ``Pixel accuracy`` loses its capital, ``IoU`` and ``F1`` keep theirs."""
    first = heading.split()[0]
    return (
        heading
        if first[1:] != first[1:].lower() or any(c.isdigit() for c in first)
        else heading[0].lower() + heading[1:]
    )
