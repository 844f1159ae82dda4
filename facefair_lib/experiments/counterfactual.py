"""The people of notebook 07: balanced, as collected "in the wild", and counterfactual; and what networks predict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_heads.sets.counterfactual_cohort import COLUMNS, TYPICAL_TONES
from facefair_lib.errors import InputError
from facefair_lib.experiments.people import People
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.store.results import Stage
from facefair_lib.tables.counterfactual import typical
from facefair_lib.tables.features import with_face_share

CONTROLS = ("turn", "light", "face_share", "glasses")
"""Held fixed in adjusted gaps: turn of the head, light, size of the face in the picture, glasses."""

Masks = Mapping[str, np.ndarray]


def study_cohorts(experiment: Stage, counterfactuals: Stage) -> dict[str, People]:
    """Load the three cohorts.

    Parameters
    ----------
    experiment, counterfactuals : the stages that rendered them

    Returns
    -------
    ``balanced`` (the experiment's scored people), ``wild`` and ``counterfactual``; their tables also have
    ``face_share`` and ``turn`` (see ``features.with_face_share``)

    Raises
    ------
    InputError
        if the counterfactual people were rendered by an older version, without some column
    """
    balanced = People(experiment.table("people"), *experiment.arrays()).scored
    table = counterfactuals.table("people")
    absent = [column for column in COLUMNS if column not in table]
    if absent:
        raise InputError(
            counterfactuals.path("people.csv"),
            found=f"no column {', '.join(absent)}",
            expected=", ".join(COLUMNS),
            do="render the cohort again: facefair study --until counterfactuals",
        )
    changed = People(table, *counterfactuals.arrays())
    cohorts = {"balanced": balanced} | {
        name: changed.take(table["cohort"] == name) for name in ("wild", "counterfactual")
    }
    return {
        name: People(with_face_share(people.table, people.labels), people.images, people.labels)
        for name, people in cohorts.items()
    }


def count_people(people: People, masks: Masks) -> dict[str, np.ndarray]:
    """Confusion counts of every network, model -> (N, 11, 11)."""
    return {model: confusion_counts(people.labels, mask) for model, mask in masks.items()}


def as_typical(people: People, by_model: Masks) -> tuple[dict[str, np.ndarray], People]:
    """Keep each base identity as each group in that group's typical tone, in every model's arrays and in people."""
    rows = typical(people.table, TYPICAL_TONES).to_numpy()
    return {model: part[rows] for model, part in by_model.items()}, people.take(rows)


def is_example(people: pd.DataFrame) -> np.ndarray:
    """Say which rows are the 3 x 3 pictures of one identity, (N,) bool; by rule: the one seen most from the front.

    Identities without glasses, headwear and anything in front of the face are preferred.
    """
    factorial = people[people["design"] == "factorial"]
    hidden = (factorial[["glasses", "headwear", "occluder"]] != "none").sum(axis=1)
    order = factorial.assign(_hidden=hidden).sort_values(["_hidden", "turn", "image_id"])
    return ((people["subject_id"] == order["subject_id"].iloc[0]) & (people["design"] == "factorial")).to_numpy()
