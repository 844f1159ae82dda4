"""What the metric itself does to groups: areas, the cost of one pixel, and errors measured in lengths instead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.subjects import units
from facefair_lib.scores import outline_errors
from facefair_lib.scores.outline_errors import OUTLINES, outline_shares
from facefair_lib.scores.resampling import PERMUTATIONS
from facefair_lib.settings.labels import GROUPS
from facefair_lib.tables.checks import label_rows

COLUMNS = ["model", "group", "class", "area_share", "interocular", "one_pixel_f1", "boundary_error", "n_images"]


def traps_table(labels: np.ndarray, masks_by_model: Mapping[str, np.ndarray], people: pd.DataFrame) -> pd.DataFrame:
    """Measure true areas, the F1 that losing one pixel all round leaves, and the boundary error of every model.

    Parameters
    ----------
    labels : (N, H, W) true classes
    masks_by_model : model -> (N, H, W) predicted classes
    people : N rows with group and interocular

    Returns
    -------
    ``COLUMNS``; the rows of the truth itself have no model and no boundary error
    """
    groups, interocular = people["group"].to_numpy(), people["interocular"].to_numpy(float)
    tables = []
    for model, masks in {"": None, **masks_by_model}.items():
        tables.append(
            label_rows(outline_errors.traps_table(np.asarray(labels), masks, groups, interocular), model=model)
        )
    joined = pd.concat(tables, ignore_index=True)[COLUMNS]
    place = joined["group"].map({group: place for place, group in enumerate(GROUPS)})
    order = {model: place for place, model in enumerate(("", *masks_by_model))}
    return (
        joined.assign(_model=joined["model"].map(order), _group=place)
        .sort_values(["_model", "_group"], kind="stable", ignore_index=True)
        .drop(columns=["_model", "_group"])
    )


def outlines_table(
    labels: np.ndarray,
    masks_by_model: Mapping[str, np.ndarray],
    people: pd.DataFrame,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare how far predicted outlines are off between groups, class by class, corrected for their number.

    A score that size does not change: the mean distance of predicted and true rim, in shares of the distance between
    the eyes, at most ``MISSED``, which a missed part is given. Pictures without two visible eyes are measured by the
    median distance of the others.

    Parameters
    ----------
    labels : (N, H, W) true classes
    masks_by_model : model -> (N, H, W) predicted classes
    people : N rows with subject_id, group and, of matched people, matched_set

    Returns
    -------
    model, then the columns of ``families.class_family`` (a positive ``relative`` is a worse outline); no rows where a
    group is missing
    """
    if people.empty or set(people["group"]) != set(GROUPS):
        return pd.DataFrame(columns=["model", "group", "class", "value", "relative", "low", "high", "p_adjusted"])
    tables = []
    for model, masks in masks_by_model.items():
        error = outline_shares(labels, masks)
        table = class_family(
            error, people["group"].to_numpy(), units(people), classes=OUTLINES, order=GROUPS,
            permutations=permutations, seed=seed,
        )  # fmt: skip
        tables.append(label_rows(table, model=model))
    return pd.concat(tables, ignore_index=True)
