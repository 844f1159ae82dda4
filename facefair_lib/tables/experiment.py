"""Tables of notebook 05: scores by group and emotion, and the gaps between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.data.grid import UNKNOWN, names_emotions
from facefair_lib.errors import InputError
from facefair_lib.fairness.group_gap import Gap, gaps
from facefair_lib.fairness.groups import group_bootstrap, overall
from facefair_lib.fairness.subjects import units
from facefair_lib.scores.metrics import ESTIMANDS, image_scores
from facefair_lib.scores.resampling import PERMUTATIONS, REPLICATES
from facefair_lib.settings.labels import EMOTIONS, GROUPS
from facefair_lib.tables.checks import SCORE_COLUMNS, CountsByModel, check_tables, label_rows


def nine_table(counts_by_model: Mapping[str, np.ndarray | None], people: pd.DataFrame) -> pd.DataFrame:
    """Add each model's image IoU to a table of people, as ``<model>_iou``; NaN where the counts are None (no masks)."""
    check_tables({model: counts for model, counts in counts_by_model.items() if counts is not None}, people)
    scores = {
        f"{model}_iou": np.nan if counts is None else image_scores(counts)["image_iou"]
        for model, counts in counts_by_model.items()
    }
    return people.reset_index(drop=True).assign(**scores)


def cell_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each model on each cell of group and emotion.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) integer counts
    people : N rows in the order of the counts, with image_id, subject_id, group and emotion
    replicates, seed : of the bootstrap; people are drawn within groups, matched people together (``subjects.units``)

    Returns
    -------
    model, group, emotion, metric, value, low, high, n_images, n_subjects. Every combination of the groups and emotions
    present has rows; an empty cell holds NaN and 0. Fewer than ``groups.MIN_SUBJECTS`` people are too few to compare.
    """
    return _sliced(counts_by_model, people, ["group", "emotion"], replicates, seed)


def group_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each model on each group: model, group, metric, value, low, high, n_images, n_subjects."""
    return _sliced(counts_by_model, people, ["group"], replicates, seed)


def emotion_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each model on each emotion: model, emotion, metric, value, low, high, n_images, n_subjects.

    No rows where nobody's emotion is known.
    """
    people = people if names_emotions(people) else people.iloc[:0]
    return _sliced(counts_by_model, people, ["emotion"], replicates, seed)


def gap_table(
    counts_by_model: CountsByModel,
    people: pd.DataFrame,
    *,
    features: Sequence[str] = ("group", "emotion"),
    estimands: Sequence[str] = tuple(ESTIMANDS),
    replicates: int = REPLICATES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure each model's gap between groups and between emotions.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) integer counts
    people : N rows with image_id, subject_id and the features
    features : columns of people; the gap is measured between their values
    estimands : scores, as ``metrics.ESTIMANDS`` names them
    replicates, permutations, seed : of bootstrap and permutation test

    Returns
    -------
    model, feature, metric, gap, expected_by_chance, corrected, low, high, p_value, best, worst (`group_gap.Gap`)

    Notes
    -----
    Labels are shuffled over people, and within matched sets and people shown with several values (``subjects.units``).
    People whose feature is unknown are left out. Where most people have one value and a few have several, no shuffling
    fits both, and the few are left out as well.
    """
    columns = ["model", "feature", "metric", *(field.name for field in fields(Gap))]
    if people.empty:  # photographs without masks: nobody can be scored, so the table has no rows
        return pd.DataFrame(columns=columns)
    check_tables(counts_by_model, people, features)
    table = []
    sizes = {"estimands": estimands, "replicates": replicates, "permutations": permutations, "seed": seed}
    for (model, counts), feature in itertools.product(counts_by_model.items(), features):
        for metric, gap in _gaps(counts, people[feature], units(people), **sizes).items():
            table.append({"model": model, "feature": feature, "metric": metric, **vars(gap)})
    return pd.DataFrame(table, columns=columns)


def _gaps(counts: np.ndarray, labels: pd.Series, unit: np.ndarray, **sizes: Any) -> dict[str, Gap]:
    """Gaps between the values of ``labels`` (N,), shuffled over or within the units (N,)."""
    known = (labels != UNKNOWN).to_numpy()

    def among(rows: np.ndarray) -> dict[str, Gap]:
        if not rows.any():
            return dict.fromkeys(sizes["estimands"], Gap())
        return gaps(counts[rows], labels.to_numpy()[rows], unit[rows], **sizes)

    try:
        return among(known)
    except InputError:
        values_of_unit = labels[known].groupby(unit[known]).nunique()
        return among(known & pd.Series(unit).map(values_of_unit).eq(1).to_numpy())


def _sliced(
    counts_by_model: CountsByModel, people: pd.DataFrame, features: list[str], replicates: int, seed: int
) -> pd.DataFrame:
    """Score every model on every combination of the features' values; no rows without people."""
    if people.empty:
        return pd.DataFrame(columns=["model", *features, *SCORE_COLUMNS])
    check_tables(counts_by_model, people, features)
    strata = people["group"].to_numpy() if "group" in people else np.zeros(len(people), int)
    bootstrap = group_bootstrap(units(people), strata, replicates=replicates, seed=seed)
    tables = []
    for model, counts in counts_by_model.items():
        for names, rows in _slices(people, features):
            table = overall(counts, bootstrap, rows)[SCORE_COLUMNS].assign(
                n_subjects=people["subject_id"][rows].nunique()
            )
            tables.append(label_rows(table, model=model, **names))
    return pd.concat(tables, ignore_index=True)


def _slices(people: pd.DataFrame, features: list[str]) -> Iterator[tuple[dict[str, str], np.ndarray]]:
    """Names and rows, (N,) bool, of each combination, in the order of the tables."""
    known = {"group": GROUPS, "emotion": EMOTIONS}
    values = [_ordered(people[feature].astype(str).unique(), known[feature]) for feature in features]
    for combination in itertools.product(*values):
        names = dict(zip(features, combination, strict=True))
        yield names, np.logical_and.reduce([people[f].astype(str).to_numpy() == name for f, name in names.items()])


def _ordered(values: Sequence[str], known: Sequence[str]) -> list[str]:
    """Sort values as in ``known``, then the others by name."""
    return [name for name in known if name in values] + sorted(set(values) - set(known))
