"""Tables of notebook 05: scores by group and emotion, and the gaps between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
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
    """Add each model's image IoU to a table of people, as ``<model>_iou``; None stands for pictures without masks."""
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
    replicates, seed : of the bootstrap; people are drawn within groups, matched ones together (``subjects.units``)

    Returns
    -------
    model, group, emotion, metric, value, low, high, n_images, n_subjects. Every pair that could occur has its rows; an
    empty cell holds NaN and 0. Cells of fewer than ``groups.MIN_SUBJECTS`` people are too small to compare.
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
    features : columns of people between whose values the gap is measured
    estimands : scores, as ``metrics.ESTIMANDS`` names them
    replicates, permutations, seed : of bootstrap and permutation test

    Returns
    -------
    model, feature, metric, gap, expected_by_chance, corrected, low, high, p_value, best, worst (`group_gap.Gap`)

    Notes
    -----
    Labels are shuffled over people, and within those who were matched or are shown with several values
    (``subjects.units``). People of whom the feature is unknown are left out. Where a few people are seen with several
    of its values, and most with one, no way of shuffling fits both, and the few are left out as well.
    """
    columns = ["gap", "expected_by_chance", "corrected", "low", "high", "p_value", "best", "worst"]
    columns = ["model", "feature", "metric", *columns]
    if people.empty:  # photographs without masks: nobody can be scored, and the table says so by having no rows
        return pd.DataFrame(columns=columns)
    check_tables(counts_by_model, people, features)
    table = []
    sizes = {"estimands": estimands, "replicates": replicates, "permutations": permutations, "seed": seed}
    for (model, counts), feature in itertools.product(counts_by_model.items(), features):
        for metric, gap in _gaps(counts, people[feature], units(people), **sizes).items():
            table.append({"model": model, "feature": feature, "metric": metric, **vars(gap)})
    return pd.DataFrame(table, columns=columns)


def _gaps(counts: np.ndarray, labels: pd.Series, unit: np.ndarray, **sizes: Any) -> dict[str, Gap]:
    """Gaps between the values of ``labels`` (N,), which are shuffled over or within the units (N,)."""
    known = (labels != UNKNOWN).to_numpy()
    try:
        return _gaps_among(counts, labels, unit, known, **sizes)
    except InputError:
        values_of_unit = labels[known].groupby(unit[known]).nunique()
        steady = pd.Series(unit).map(values_of_unit).eq(1).to_numpy()
        return _gaps_among(counts, labels, unit, known & steady, **sizes)


def _gaps_among(
    counts: np.ndarray, labels: pd.Series, unit: np.ndarray, rows: np.ndarray, **sizes: Any
) -> dict[str, Gap]:
    if not rows.any():
        return dict.fromkeys(sizes["estimands"], Gap())
    return gaps(counts[rows], labels.to_numpy()[rows], unit[rows], **sizes)


def _sliced(
    counts_by_model: CountsByModel, people: pd.DataFrame, features: list[str], replicates: int, seed: int
) -> pd.DataFrame:
    """Score every model on every combination of the features' values; no people, no rows."""
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
    """Give the names and the (N,) bool rows of each combination, in the order of the tables."""
    known = {"group": GROUPS, "emotion": EMOTIONS}
    values = [_ordered(people[feature].astype(str).unique(), known[feature]) for feature in features]
    for combination in itertools.product(*values):
        names = dict(zip(features, combination, strict=True))
        yield names, np.logical_and.reduce([people[f].astype(str).to_numpy() == name for f, name in names.items()])


def _ordered(values: Sequence[str], known: Sequence[str]) -> list[str]:
    """Sort values as ``known``, then those that it does not hold by name."""
    return [name for name in known if name in values] + sorted(set(values) - set(known))
