"""Computations of the group explorer: scores by group within the levels of another attribute, and each level's gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.data.grid import UNKNOWN
from facefair_lib.errors import InputError
from facefair_lib.fairness.group_gap import Gap, gaps
from facefair_lib.fairness.groups import MIN_SUBJECTS, by_group, group_bootstrap
from facefair_lib.fairness.subjects import units
from facefair_lib.scores import titles
from facefair_lib.tables.checks import check_tables

FEATURE_TITLES: Mapping[str, str] = {
    "group": "Group",
    "emotion": "Emotion",
    "gender": "Gender",
    "age_band": "Age",
    "skin_tone_band": "Skin tone",
    "light": "Light",
    "view": "Turn of the head",
}
"""Attributes by which people can be grouped, in the order in which they are offered."""
_BANDS = {
    "age_band": ("age", (-np.inf, 30, 45, 60, np.inf), ("below 30", "30 to 44", "45 to 59", "60 and above")),
    "skin_tone_band": ("skin_tone", (-np.inf, 3.5, 6.5, np.inf), ("Monk 1 to 3", "Monk 4 to 6", "Monk 7 to 10")),
    "view": ("turn", (-np.inf, 15, 45, np.inf), ("frontal, to 15°", "15° to 45°", "beyond 45°")),
}
NO_CONTROL = ""
"""No control feature: everybody is in one level."""


@dataclass(frozen=True)
class Comparison:
    """Scores of groups.

    Attributes
    ----------
    table : model, level, group, value, low, high, n_images, n_subjects, small; value and bounds from 0 to 1
    gaps : (model, level) -> gap between the groups with enough people, or the reason why there is none
    """

    table: pd.DataFrame
    gaps: dict[tuple[str, str], Gap | str]


def with_bands(table: pd.DataFrame) -> pd.DataFrame:
    """Add bands of age, skin tone and turn of the head, if these are known; unknown values are a group of their own."""
    table = table.reset_index(drop=True)
    numbers = table.assign(turn=table["yaw"].abs()) if "yaw" in table else table
    for name, (column, edges, words) in _BANDS.items():
        if column in numbers and numbers[column].notna().any():
            table[name] = pd.cut(numbers[column], edges, labels=words, right=False).astype(object).fillna(UNKNOWN)
    known = [name for name in FEATURE_TITLES if name in table]
    return table.assign(**{name: table[name].fillna("").replace("", UNKNOWN) for name in known})


def features_of(table: pd.DataFrame) -> list[str]:
    """Attributes of a table from ``with_bands`` that have at least two values."""
    return [name for name in FEATURE_TITLES if name in table and len(table[name].unique()) > 1]


def values_in_order(column: pd.Series, name: str) -> list[str]:
    """Sort the values of an attribute as in all tables; bands go from low to high, unknown is last."""
    if name in _BANDS:
        order = dict.fromkeys(_BANDS[name][2])
    else:
        order = {"group": titles.GROUP_TITLES, "emotion": titles.EMOTION_TITLES}.get(name, {})
    found = titles.in_order(column, order)
    return sorted(found, key=lambda value: value == UNKNOWN)


def compare(
    counts: Mapping[str, np.ndarray],
    table: pd.DataFrame,
    metric: str,
    feature: str,
    control: str = NO_CONTROL,
    *,
    replicates: int,
    seed: int = 0,
) -> Comparison:
    """Score every group within every level of a control feature.

    Parameters
    ----------
    counts : model -> (N, 11, 11) integer confusion counts
    table : N rows in the order of the counts, from ``with_bands``
    metric : key of ``metrics.ESTIMANDS``
    feature, control : columns of the table; without a control, all people are in one level
    replicates : number of bootstrap samples of people, matched ones together, and of permutations
    """
    check_tables(counts, table, [feature] if control == NO_CONTROL else [feature, control])
    levels = [""] if control == NO_CONTROL else values_in_order(table[control], control)
    parts: list[pd.DataFrame] = []
    found: dict[tuple[str, str], Gap | str] = {}
    for model, model_counts in counts.items():
        for level in levels:
            kept = np.ones(len(table), bool) if control == NO_CONTROL else (table[control] == level).to_numpy()
            people, scored = table[kept], model_counts[kept]
            groups, unit = people[feature].to_numpy(object), units(people)
            drawn = group_bootstrap(unit, groups, replicates=replicates, seed=seed)
            scores = by_group(scored, groups, drawn, [metric], values_in_order(people[feature], feature))
            of_group = people.groupby(feature)["subject_id"].nunique()
            parts.append(scores.assign(model=model, level=level, n_subjects=scores["group"].map(of_group)))
            options = {"estimands": [metric], "replicates": replicates, "permutations": replicates, "seed": seed}
            try:
                found[model, level] = gaps(scored, groups, unit, **options)[metric]
            except InputError as error:  # such as when few people are shown with two emotions
                found[model, level] = f"no gap is stated: {error.found}"
    columns = ["model", "level", "group", "value", "low", "high", "n_images", "n_subjects", "small"]
    return Comparison(pd.concat(parts, ignore_index=True)[columns], found)


def describe_gap(gap: Gap | str, metric_title: str) -> str:
    """Describe a gap in words, in points (per cent)."""
    if isinstance(gap, str):
        return gap
    if not np.isfinite(gap.gap):
        return f"fewer than two groups of at least {MIN_SUBJECTS} people: no gap is stated"
    chance = "p < 0.01" if gap.p_value < 0.01 else f"p = {gap.p_value:.2f}"
    pair = f"{titles.title(gap.best)} over {titles.title(gap.worst)}"
    return (
        f"largest gap in {metric_title} {100 * gap.gap:.1f} points ({pair}), "
        f"95 % interval {100 * max(gap.low, 0):.1f} to {100 * gap.high:.1f}; "
        f"chance alone makes {100 * gap.expected_by_chance:.1f}, {chance}"
    )
