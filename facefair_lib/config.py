"""Profiles: every setting of a study, read from ``config/<profile>.yaml`` and checked once.

An unknown key is an error, never a warning. Each field's meaning stands beside it in the YAML files.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from facefair_lib import paths
from facefair_lib.errors import InputError

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of a profile: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortSettings(Section):
    """The rendered people that stand in for a data set."""

    real: Annotated[int, Field(ge=0)]
    people: Annotated[int, Field(ge=0)]
    shots: Count
    two_folders: Annotated[int, Field(ge=0)]
    multiperson: Annotated[int, Field(ge=0)]
    exact_duplicates: Annotated[int, Field(ge=0)]
    near_duplicates: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=32, le=1024)]
    samples: Annotated[int, Field(ge=1, le=4)]


class SubsampleSettings(Section):
    """How many images of each kind are kept; ``null`` keeps all."""

    real: Count | None
    multi: Count | None
    per_folder: Count | None


class DataSettings(Section):
    """Which data set is read and how it is prepared."""

    source: Literal["rendered", "mut1ny", "fasseg"]
    palette: Literal["auto", "paper", "vendor"]
    size: Annotated[int, Field(ge=32, le=1024)]
    fit: Literal["stretch", "pad"]
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]
    subsample: SubsampleSettings
    validation: Share
    test: Share


class ModelSettings(Section):
    """One network: its backbone, where its weights start, the channels of its head, and how long it is fitted."""

    backbone: str
    weights: Literal["none", "imagenet", "coco"]
    output_stride: Literal[4, 8, 16]
    channels: Count
    epochs: Count
    learning_rate: Annotated[float, Field(gt=0)]


class DeepLabSettings(ModelSettings):
    """DeepLabV3: the dilation rates of its atrous spatial pyramid."""

    atrous_rates: tuple[int, int, int]


class ModelsSettings(Section):
    """The two networks of the course paper."""

    deeplabv3: DeepLabSettings
    pspnet: ModelSettings


class TrainingSettings(Section):
    """What both networks share while they are fitted."""

    batch_size: Annotated[int, Field(ge=2)]
    weight_decay: Annotated[float, Field(ge=0)]
    dice_weight: Annotated[float, Field(ge=0)]
    geometric: Annotated[float, Field(ge=0, le=1)]
    colour: Annotated[float, Field(ge=0, le=1)]


class View(Section):
    """How a picture is shown to a fitted network: enlarged by `scale`, and mirrored or not."""

    scale: Annotated[float, Field(ge=0.25, le=4)]
    mirrored: bool


class InferenceSettings(Section):
    """The views of a picture that a fitted network sees; the probabilities of all views are averaged."""

    views: Annotated[tuple[View, ...], Field(min_length=1)]


ONE_VIEW = InferenceSettings(views=(View(scale=1.0, mirrored=False),))


class AnalysisSettings(Section):
    """Resampling behind every interval and p value."""

    replicates: Annotated[int, Field(ge=100)]
    examples: Count


class ExperimentSettings(Section):
    """The 3 x 3 experiment: people rendered beyond the nine that are shown."""

    people_per_cell: Count


class CounterfactualSettings(Section):
    """People of whom one thing at a time is changed, and people whose attributes hang together by group."""

    identities: Annotated[int, Field(ge=6, multiple_of=6)]
    varied: Annotated[int, Field(ge=0, multiple_of=6)]
    further_tones: tuple[Annotated[float, Field(ge=1, le=10)], ...]
    wild_per_group: Count
    views: Annotated[tuple[View, ...], Field(min_length=1)]


class CompositionSettings(Section):
    """Small networks fitted to training sets of equal size that differ in who is in them."""

    seeds: Count
    images: Annotated[int, Field(ge=12)]
    size: Annotated[int, Field(ge=32, le=1024)]
    backbone: str
    channels: Count
    epochs: Count
    batch_size: Annotated[int, Field(ge=2)]
    learning_rate: Annotated[float, Field(gt=0)]
    augmentation: Annotated[float, Field(ge=0, le=1)]


class ReproductionSettings(Section):
    """The course paper's own protocol, as published and corrected step by step."""

    images: Count | None
    unseen: Count | None
    size: Annotated[int, Field(ge=16, le=1024)]
    epochs: Count
    ladder: tuple[Literal["deeplabv3", "pspnet"], ...]
    image_spread: Annotated[float, Field(gt=0, lt=1)]


class AdaptationSettings(Section):
    """Networks trained on rendered people that go on with a few labelled photographs."""

    photographs: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    draws: Count
    steps: Count
    learning_rate: Annotated[float, Field(gt=0)]


class Profile(Section):
    """A whole study."""

    name: str
    title: str
    seed: Annotated[int, Field(ge=0)]
    cohort: CohortSettings | None
    data: DataSettings
    models: ModelsSettings
    training: TrainingSettings
    inference: InferenceSettings
    analysis: AnalysisSettings
    experiment: ExperimentSettings
    counterfactuals: CounterfactualSettings
    composition: CompositionSettings
    reproduction: ReproductionSettings
    transfer_from: str | None
    adaptation: AdaptationSettings | None

    @model_validator(mode="after")
    def _rendered_data_needs_a_cohort(self) -> Profile:
        if self.data.source == "rendered" and self.cohort is None:
            raise ValueError("data.source is 'rendered', so the section 'cohort' must say how many people to render")
        return self


def profile_names() -> list[str]:
    """Names of the profiles in ``config/``, sorted."""
    return sorted(path.stem for path in paths.PROFILES.glob("*.yaml"))


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read and check one profile.

    Raises
    ------
    InputError
        if there is no such profile, it is not YAML, or a key is unknown, missing or out of range
    """
    path = (folder or paths.PROFILES) / f"{name}.yaml"
    if not path.is_file():
        raise InputError(
            f"profile {name!r}",
            found=f"no file {path}",
            expected=f"one of {', '.join(sorted(p.stem for p in path.parent.glob('*.yaml')))}",
            do="choose one of these, for example: make study PROFILE=quick",
        )
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(
            path, found=f"no valid YAML: {error}", expected="a profile", do="mend the line named"
        ) from error
    return parse_profile({"name": name, **values} if isinstance(values, dict) else values, path)


def parse_profile(values: Any, where: object) -> Profile:
    """Check the plain values of a profile; ``where`` names them in errors."""
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the profile"
        expected, do = first["msg"], "mend this key"
        if first["type"] == "extra_forbidden":
            known = _known_keys(first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
            expected = f"one of {', '.join(known)}"
            do = f"did you mean {close[0]!r}?" if close else "remove this key"
        raise InputError(f"{where}: {key}", found=repr(first["input"]), expected=expected, do=do) from error


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys that the section at ``location`` knows."""
    section: Any = Profile
    for part in location:
        annotation = section.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return sorted(section.model_fields)
