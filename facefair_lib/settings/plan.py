"""The analysis plan: what is tested on people not used before, read from ``config/analysis_plan.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.settings.profile_files import read_yaml, shown
from facefair_lib.settings.profiles import Section, Share

FamilyName = Literal["tones_of_groups", "darkest_tone", "morphology", "total", "emotions", "outlines", "networks"]


class Family(Section):
    """Endpoints that answer one question; their p values are adjusted together."""

    name: FamilyName
    question: str
    measure: str
    margin: bool = False


class AnalysisPlan(Section):
    """The whole plan; the file explains each field."""

    people_seed: Annotated[int, Field(ge=0)]
    score: Literal["fixed_image_iou"]
    alpha: Share
    margin: Share
    middle_tone: Annotated[float, Field(ge=1, le=10)]
    families: Annotated[tuple[Family, ...], Field(min_length=1)]


def load_plan(path: Path = paths.PLAN) -> AnalysisPlan:
    """Read and check the plan.

    Raises
    ------
    InputError
        if it does not exist, is not YAML, or a key is unknown, missing or out of range; the message names file and key
    """
    try:
        return AnalysisPlan.model_validate(read_yaml(path, "the analysis plan"))
    except ValidationError as error:
        # A misspelt key is also missing under its right name: what was typed is reported.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        key = ".".join(map(str, first["loc"])) or "the plan"
        found = "no such key" if first["type"] == "missing" else shown(first["input"])
        raise InputError(f"{path_text(path)}: {key}", found=found, expected=first["msg"], do="correct it") from error
