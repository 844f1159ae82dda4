"""What the course paper's programs did, item by item, and the corrections that lead from there to this study.

Source: the paper, and its author's public programs (GitHub ``esilvacunha/uni``), from which facts were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from facefair_lib.errors import InputError

Thresholds = tuple[float, float]


@dataclass(frozen=True)
class Protocol:
    """One way to fit and score a network. The defaults are the course paper's, so ``Protocol()`` is "as published".

    Attributes
    ----------
    channel_order : order of the colour channels in input and target
    imagenet_normalisation : whether pictures are normalised to the mean and spread that published backbones expect;
        else they are only divided by 255
    masks : how label pictures are resized: ``bilinear`` blends their colours, ``nearest`` invents none
    target : ``colours``: three channels fitted to the label picture's colours by mean squared error; ``classes``: one
        channel per class, fitted by cross-entropy
    near_duplicates : whether near-duplicates of other pictures are kept; only pictures with the same 8 x 8 difference
        hash are then removed
    split : what is divided at random into training and test: single pictures, or people with all their pictures
    split_seed, test_share : of that division; the number of training pictures is rounded up
    selection : the set whose loss chooses the epoch that is kept
    recipe : ``adam``: fixed learning rate, no augmentation; ``study``: as in notebooks 02 and 03
    learning_rate : of Adam
    batch_size : pictures per step
    drop_last : whether an incomplete last batch is left out. A single picture breaks DeepLabV3's batch normalisation
        (pytorch/vision issue 2151), and in the paper's training set the last batch is one picture
    spurious_zero : whether each epoch's list of batch scores begins with a zero that stays in its mean
    f1_thresholds : above which a channel counts as on, in truth and in prediction, for accuracy, precision, recall, F1
    iou_thresholds : the same for IoU
    reported_epoch : the epoch whose scores are reported: the ``last``, or the one ``kept``, the only one that the
        recipe ``study`` scores
    display : ``minmax``: each prediction stretched to its own range, channels in their own order; ``labels``: in the
        label colours

    Raises
    ------
    InputError
        if the recipe is ``study`` and some item has a value that the study's own fit does not support
    """

    channel_order: Literal["bgr", "rgb"] = "bgr"
    imagenet_normalisation: bool = False
    masks: Literal["bilinear", "nearest"] = "bilinear"
    target: Literal["colours", "classes"] = "colours"
    near_duplicates: bool = True
    split: Literal["image", "person"] = "image"
    split_seed: int = 100
    test_share: float = 0.2
    selection: Literal["test", "validation"] = "test"
    recipe: Literal["adam", "study"] = "adam"
    learning_rate: float = 1e-4
    batch_size: int = 4
    drop_last: bool = True
    spurious_zero: bool = True
    f1_thresholds: Thresholds = (0.0, 0.1)
    iou_thresholds: Thresholds = (0.5, 0.5)
    reported_epoch: Literal["last", "kept"] = "last"
    display: Literal["minmax", "labels"] = "minmax"

    def __post_init__(self) -> None:
        wanted = {"channel_order": "rgb", "imagenet_normalisation": True, "masks": "nearest", "target": "classes"}
        wanted |= {"selection": "validation"}
        other = [name for name, value in wanted.items() if getattr(self, name) != value]
        if self.recipe == "study" and other:
            raise InputError(
                "protocol",
                found=f"recipe 'study' with another {', '.join(other)}",
                expected="the items that the study's own fit supports",
                do="correct these items as well, or use recipe 'adam'",
            )

    @property
    def fitting(self) -> Protocol:
        """The same protocol with the items that only concern scores and display reset: equal ones share a fit."""
        return replace(self, **{name: getattr(AS_PUBLISHED, name) for name in _AFTER_FITTING})


_AFTER_FITTING = ("spurious_zero", "f1_thresholds", "iou_thresholds", "reported_epoch", "display")


@dataclass(frozen=True)
class Correction:
    """One step of the ladder: a name, a title for tables, and the items it changes."""

    key: str
    title: str
    changes: Mapping[str, Any] = field(hash=False)


AS_PUBLISHED = Protocol()

CORRECTIONS: tuple[Correction, ...] = tuple(
    Correction(key, title, MappingProxyType(changes))
    for key, title, changes in (
        ("zero", "no spurious zero in the means", {"spurious_zero": False}),
        ("threshold", "one threshold for F1 and IoU", {"iou_thresholds": AS_PUBLISHED.f1_thresholds}),
        ("order", "red, green and blue in order", {"channel_order": "rgb"}),
        ("normalise", "pictures normalised", {"imagenet_normalisation": True}),
        ("masks", "masks without blended colours", {"masks": "nearest"}),
        ("duplicates", "near-duplicates removed", {"near_duplicates": False}),
        ("people", "nobody in training and test", {"split": "person"}),
        ("validation", "epoch chosen on validation people", {"selection": "validation", "reported_epoch": "kept"}),
        ("classes", "one channel per class", {"target": "classes", "display": "labels"}),
        ("recipe", "this study's training", {"recipe": "study"}),
    )
)
"""In order: first what needs no new fit, then pictures, people, the network's task, and its training."""

PUBLISHED_KEY = "published"


def protocols() -> Iterator[tuple[str, str, Protocol]]:
    """Key, title and protocol of every step, from "as published" to "as corrected", each including all steps before."""
    protocol = AS_PUBLISHED
    yield PUBLISHED_KEY, "as published", protocol
    for correction in CORRECTIONS:
        protocol = replace(protocol, **correction.changes)
        yield correction.key, correction.title, protocol


AS_CORRECTED = list(protocols())[-1][2]
BEFORE_TRAINING = replace(AS_CORRECTED, recipe=AS_PUBLISHED.recipe)
"""All corrections but this study's training, which requires most of the others."""


def first_in(correction: Correction) -> tuple[Protocol, Protocol] | None:
    """Protocols before and after a correction that is made first; None for this study's training."""
    if correction.changes.get("recipe"):
        return None
    return AS_PUBLISHED, replace(AS_PUBLISHED, **correction.changes)


def last_in(correction: Correction) -> tuple[Protocol, Protocol]:
    """Protocols before and after a correction that is made last, or last but this study's training."""
    after = AS_CORRECTED if correction.changes.get("recipe") else BEFORE_TRAINING
    return replace(after, **{name: getattr(AS_PUBLISHED, name) for name in correction.changes}), after
