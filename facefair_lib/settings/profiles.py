"""Profiles: every setting of a study, read from ``config/<profile>.yaml`` and checked once.

A profile may name another in ``extends`` and give only what differs (``profile_files``); the merged whole is checked.
An unknown key is an error, never a warning. The YAML files explain each field.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profile_files import EXTENDS, names_in, read_profile, shown

Share = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
Side = Annotated[int, Field(ge=32, le=1024)]
Location = tuple[int | str, ...]


class Section(BaseModel):
    """A part of a profile: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortSettings(Section):
    """The rendered people that serve as a data set."""

    real: CountOrZero
    people: CountOrZero
    shots: Count
    two_folders: CountOrZero
    multiperson: CountOrZero
    exact_duplicates: CountOrZero
    near_duplicates: CountOrZero
    size: Side
    samples: Annotated[int, Field(ge=1, le=4)]
    candid: Fraction = 0.0
    even_tones: bool = False
    any_looks: bool = False


class SubsampleSettings(Section):
    """How many images of each kind are kept; ``null`` keeps all."""

    real: Count | None
    multi: Count | None
    per_folder: Count | None


class DataSettings(Section):
    """Which data set is read and how it is prepared."""

    source: str
    palette: Literal["auto", "paper", "vendor"]
    size: Side
    fit: Literal["stretch", "pad"]
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]
    subsample: SubsampleSettings
    validation: Share
    test: Share

    @field_validator("source")
    @classmethod
    def _source_has_masks(cls, source: str) -> str:
        from facefair_lib.settings.labels import SCORED_CLASSES  # here, as importing settings need not wait for NumPy

        if source not in SCORED_CLASSES:
            raise ValueError(f"a data set with masks: {', '.join(SCORED_CLASSES)}")
        return source


class SmallStart(Section):
    """First epochs on smaller pictures, which take less time: their share of all epochs, and the pictures' scale."""

    epochs: Share
    scale: Annotated[float, Field(ge=0.25, lt=1)]


class ModelSettings(Section):
    """One network: its backbone, where its weights start, its head, and how long it is fitted."""

    backbone: str
    weights: Literal["none", "imagenet", "coco"]
    output_stride: Literal[4, 8, 16, 32]
    channels: Count
    epochs: Count
    learning_rate: Positive
    small_start: SmallStart | None = None
    fine_maps: bool = False


class DeepLabSettings(ModelSettings):
    """DeepLabV3: the dilation rates of its atrous spatial pyramid."""

    atrous_rates: tuple[int, int, int]


class ModelsSettings(Section):
    """The two networks of the course paper."""

    deeplabv3: DeepLabSettings
    pspnet: ModelSettings


class AugmentationSettings(Section):
    """How strongly pictures are changed while a network is fitted to them."""

    geometric: Fraction
    colour: Fraction
    zoom: Annotated[float, Field(ge=0, le=2)] = 0.0
    camera: Fraction = 0.0

    def scaled(self, by: float) -> AugmentationSettings:
        """All four strengths, multiplied."""
        return AugmentationSettings(**{name: by * getattr(self, name) for name in AugmentationSettings.model_fields})


class TrainingSettings(AugmentationSettings):
    """Settings that both networks' fits share."""

    batch_size: Annotated[int, Field(ge=2)]
    weight_decay: Annotated[float, Field(ge=0)]
    dice_weight: Annotated[float, Field(ge=0)]


class View(Section):
    """How a picture is shown to a fitted network: enlarged by `scale`, and mirrored or not."""

    scale: Annotated[float, Field(ge=0.25, le=4)]
    mirrored: bool


Views = Annotated[tuple[View, ...], Field(min_length=1)]


class InferenceSettings(Section):
    """How a fitted network labels a picture.

    The probabilities of all views are averaged. A class that then covers less than ``least_share`` of the picture is
    replaced by the most likely one that covers more, so that a few stray pixels do not make spectacles.
    """

    views: Views
    least_share: Annotated[float, Field(ge=0, lt=1)] = 0.0


ONE_VIEW = InferenceSettings(views=(View(scale=1.0, mirrored=False),))


class AnalysisSettings(Section):
    """Resampling behind every interval and p value."""

    replicates: Annotated[int, Field(ge=100)]
    examples: Count


class ExperimentSettings(Section):
    """The 3 x 3 experiment: people rendered beyond the nine that are shown."""

    people_per_cell: Count


class CounterfactualSettings(Section):
    """People of whom one attribute at a time is changed, and people whose attributes are correlated with group."""

    identities: Annotated[int, Field(ge=6, multiple_of=6)]
    further_tones: tuple[Annotated[float, Field(ge=1, le=10)], ...]
    wild_per_group: CountOrZero
    views: Views


class CompositionSettings(Section):
    """Small networks fitted to training sets of equal size that differ in who is in them."""

    seeds: Count
    images: Annotated[int, Field(ge=12)]
    size: Side
    backbone: str
    channels: Count
    epochs: Count
    batch_size: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    augmentation: Fraction


class ComparedNetwork(Section):
    """One network of the comparison; null takes the library's default, and of ``weights`` that of the comparison."""

    model: str
    backbone: str
    weights: Literal["none", "imagenet"] | None = None
    output_stride: Literal[4, 8, 16, 32] | None = None
    atrous_rates: tuple[int, int, int] | None = None
    channels: Count | None = None
    fine_maps: bool | None = None


class ComparisonSettings(Section):
    """Networks that are compared after fits with one budget."""

    networks: Annotated[tuple[ComparedNetwork, ...], Field(min_length=2)]
    weights: Literal["none", "imagenet"]
    epochs: Count
    learning_rate: Positive
    views: Views

    @model_validator(mode="after")
    def _networks_differ(self) -> ComparisonSettings:
        names = [(n.model, n.backbone, bool(n.fine_maps), n.weights or self.weights) for n in self.networks]
        twice = [f"{name[0]} with {name[1]}" for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"each network once; listed twice: {twice[0]}")
        return self


class ComparedModelSettings(ModelSettings):
    """A compared network as a fit takes it, with the budget; null takes the library's default."""

    output_stride: Literal[4, 8, 16, 32] | None
    atrous_rates: tuple[int, int, int] | None
    channels: Count | None
    fine_maps: bool | None = None


class ReproductionSeeds(Section):
    """Fits per step of the ladder, each with its own seed."""

    ends: Count
    steps: Count


class ReproducedNetwork(Section):
    """A network as the reproduction builds it, if it differs from the study's."""

    backbone: str
    weights: Literal["none", "imagenet", "coco"]
    output_stride: Literal[4, 8, 16, 32]
    atrous_rates: tuple[int, int, int] | None = None
    channels: Count
    learning_rate: Positive
    small_start: SmallStart | None = None


class ReproducedNetworks(Section):
    """The two networks of the course paper, as the reproduction builds them."""

    deeplabv3: ReproducedNetwork
    pspnet: ReproducedNetwork


FittedAlone = Literal["order", "normalise", "masks", "duplicates", "people", "validation", "classes"]
"""Corrections of ``reproduction.protocol`` that need fits of their own to be made, or left out, alone."""


class PretrainedFits(Section):
    """Fits from pretrained weights, each with its own seed, for each way of feeding pictures."""

    epochs: Count
    seeds: Count


class ReproductionSettings(Section):
    """The course paper's protocol, as published and corrected step by step."""

    networks: ReproducedNetworks | None
    images: Count | None
    unseen: Count | None
    size: Annotated[int, Field(ge=16, le=1024)]
    epochs: Count
    ladder: tuple[Literal["deeplabv3", "pspnet"], ...]
    seeds: ReproductionSeeds
    alone: tuple[FittedAlone, ...]
    pretrained: PretrainedFits
    known_images: Count | None


class AdaptationSettings(Section):
    """Networks trained on rendered people whose training continues on a few labelled photographs."""

    photographs: Annotated[tuple[CountOrZero, ...], Field(min_length=1)]
    draws: Count
    steps: Count
    learning_rate: Positive


class Profile(Section):
    """A whole study."""

    name: str
    title: str
    seed: CountOrZero
    people_seed: CountOrZero
    runs: Count
    cohort: CohortSettings | None
    data: DataSettings
    models: ModelsSettings
    training: TrainingSettings
    inference: InferenceSettings
    analysis: AnalysisSettings
    experiment: ExperimentSettings
    counterfactuals: CounterfactualSettings
    composition: CompositionSettings
    comparison: ComparisonSettings | None
    reproduction: ReproductionSettings
    mitigated_by: str | None
    transfer_from: str | None
    adaptation: AdaptationSettings | None

    @model_validator(mode="after")
    def _rendered_data_needs_a_cohort(self) -> Profile:
        if self.data.source == "rendered" and self.cohort is None:
            raise ValueError("data.source is 'rendered', so the section 'cohort' must say how many people to render")
        return self


def profile_names() -> list[str]:
    """Names of the profiles in ``config/``, sorted."""
    return names_in(paths.PROFILES)


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read and check one profile, with all that it extends.

    Raises
    ------
    InputError
        if there is no such profile, it is not YAML, a key is unknown, missing or out of range, or ``extends`` names no
        profile or forms a circle; the message names the file that gives the key
    """
    files = read_profile(name, folder or paths.PROFILES)
    return parse_profile({"name": name, **files.merged}, files.layers[0][0], files.origin)


def parse_profile(values: Any, where: object, origin: Callable[[Location], object] | None = None) -> Profile:
    """Check the plain values of a profile.

    Parameters
    ----------
    where : names the values in errors
    origin : the location of a value -> what errors name instead

    Raises
    ------
    InputError
        if a key is unknown, missing or out of range
    """
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        # A misspelt key is also missing under its right name: what was typed is reported.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        location = first["loc"]
        key = ".".join(str(part) for part in location) or "the profile"
        found, expected, do = shown(first["input"]), first["msg"], "correct this key"
        if first["type"] == "missing":
            found, do = "no such key", "add it"
        if first["type"] == "extra_forbidden":
            known = _known_keys(location[:-1])
            close = difflib.get_close_matches(str(location[-1]), known, 1)
            expected = f"one of {', '.join(known)}"
            do = f"did you mean {close[0]!r}?" if close else "remove this key"
        raise InputError(
            f"{origin(location) if origin else where}: {key}", found=found, expected=expected, do=do
        ) from error


def _known_keys(location: Location) -> list[str]:
    """Keys of the section at ``location``; at the top, those that a file may have."""
    section: Any = Profile
    for part in location:
        if isinstance(part, int):  # a place in a list, whose entries are of one kind
            continue
        annotation = section.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return sorted(section.model_fields if location else {*section.model_fields, EXTENDS} - {"name"})
