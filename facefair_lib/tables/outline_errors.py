"""How the metric itself affects groups: areas, the cost of one pixel, and errors measured as lengths instead."""

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
from facefair_lib.tables.checks import label_rows, per_model

COLUMNS = ["model", "group", "class", "area_share", "interocular", "one_pixel_f1", "boundary_error", "n_images"]


def traps_table(labels: np.ndarray, masks_by_model: Mapping[str, np.ndarray], people: pd.DataFrame) -> pd.DataFrame:
    """Measure true areas, the F1 of masks eroded by one pixel, and the boundary error of every model.

    Parameters
    ----------
    labels : (N, H, W) true classes
    masks_by_model : model -> (N, H, W) predicted classes
    people : N rows with group and interocular, the distance between the eyes in pixels

    Returns
    -------
    ``COLUMNS``; the rows of the true masks have no model and no boundary error
    """
    groups, interocular = people["group"].to_numpy(), people["interocular"].to_numpy(float)
    place = {group: position for position, group in enumerate(GROUPS)}
    tables = []
    for model, masks in {"": None, **masks_by_model}.items():
        table = outline_errors.traps_table(np.asarray(labels), masks, groups, interocular)
        table = table.sort_values("group", key=lambda names: names.map(place), kind="stable", ignore_index=True)
        tables.append(label_rows(table, model=model))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def outlines_table(
    labels: np.ndarray,
    masks_by_model: Mapping[str, np.ndarray],
    people: pd.DataFrame,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the outline errors of groups class by class, with p values adjusted for the number of comparisons.

    An error that does not depend on size: the mean distance between predicted and true contour as a share of the
    distance between the eyes, at most ``MISSED``, which is also the error of a missed part. Where two eyes are not
    visible, the median distance of the other pictures is taken.

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
    options = {"classes": OUTLINES, "order": GROUPS, "permutations": permutations, "seed": seed}
    groups, unit = people["group"].to_numpy(), units(people)
    return per_model(masks_by_model, lambda masks: class_family(outline_shares(labels, masks), groups, unit, **options))
