"""How the composition of a training set affects the groups in it: from counts of many small fits to two tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from facefair_lib.fairness.seeds import TwoLevel, two_level_estimate
from facefair_lib.fairness.subjects import units
from facefair_lib.scores.metrics import COMPARED_BY, fixed_iou
from facefair_lib.scores.resampling import encode_labels, sum_by
from facefair_lib.settings.labels import GROUPS

COLUMNS = ["composition", "focus", "group", "share", "value", "relative", "low", "high", "n_seeds"]
SLOPE_COLUMNS = ["slope", "low", "high", "p_value", "detectable", "n_fits"]
POINTS = 0.1
"""The slope is given per this share of the training pictures."""


def scores_of_fits(counts: np.ndarray, people: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Mean fixed-class IoU per fit and person.

    Parameters
    ----------
    counts : (F, N, 11, 11)
    people : N rows with subject_id and group

    Returns
    -------
    scores : (F, S)
    who : S rows with group and unit (``subjects.units``)
    """
    scores = pd.DataFrame(fixed_iou(counts).T).groupby(people["subject_id"].to_numpy()).mean()
    who = people.assign(unit=units(people)).groupby("subject_id")[["group", "unit"]].first()
    return scores.to_numpy().T, who.loc[scores.index].reset_index(drop=True)


def _effect(scores: np.ndarray, who: pd.DataFrame, contrast: Mapping[str, float]) -> TwoLevel:
    """A contrast of group means over fits and people, (R, S); within matched sets where all sets are complete."""
    by_set = who.groupby("unit")["group"]
    if not ((by_set.size() == len(contrast)) & (by_set.nunique() == len(contrast))).all():
        return two_level_estimate(scores, who["group"].to_numpy(), contrast)
    unit, names = encode_labels(who["unit"].to_numpy(), "matched_set")
    return two_level_estimate(sum_by(unit, (scores * who["group"].map(contrast).to_numpy()).T, len(names)).T)


def composition_table(fits: pd.DataFrame, counts: np.ndarray, people: pd.DataFrame) -> pd.DataFrame:
    """Score every group under every composition.

    Parameters
    ----------
    fits : ``fits.csv`` of the stage, in the order of the counts
    counts : (F, N, 11, 11)
    people : N rows with subject_id and group

    Returns
    -------
    ``COLUMNS``: ``share`` of the group in training, ``value`` its mean score, ``relative`` its score minus the mean of
    the other groups, with an interval over training seeds and people; no rows where nothing was fitted
    """
    if fits.empty:
        return pd.DataFrame(columns=COLUMNS)
    scores, who = scores_of_fits(counts, people)
    table = []
    for composition, rows in fits.groupby("composition", sort=False):
        part, first = scores[rows.index], rows.iloc[0]
        for group in GROUPS:
            others = [other for other in GROUPS if other != group]
            contrast = {group: 1.0, **{other: -1 / len(others) for other in others}}
            gap = _effect(part, who, contrast)
            value = float(part[:, who["group"] == group].mean())
            share = float(first[f"share_{group}"])
            table.append((composition, first["focus"], group, share, value, gap.value, gap.low, gap.high, gap.n_seeds))
    return pd.DataFrame(table, columns=COLUMNS)


def composition_points(fits: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Set each group against the others, fit by fit.

    Parameters
    ----------
    fits : columns fit, composition, share_<group> for every group (``composition/fits.csv``)
    scores : columns fit, group, fixed_image_iou (``composition/scores.csv``)

    Returns
    -------
    fit, composition, group, share (of the group in training), relative (its score minus the mean of the other groups)
    """
    wide = scores.pivot_table(COMPARED_BY, "fit", "group")
    rows = [
        {
            "fit": fit["fit"], "composition": fit["composition"], "group": group, "share": fit[f"share_{group}"],
            "relative": wide.loc[fit["fit"], group] - wide.loc[fit["fit"]].drop(group).mean(),
        }
        for fit in fits.to_dict("records") for group in GROUPS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def slope_table(fits: pd.DataFrame, counts: np.ndarray, people: pd.DataFrame) -> pd.DataFrame:
    """Estimate how much a group gains on the others per ten points of its share in training.

    The slope is that of a line through all fits and groups, with an intercept per group, since some faces may be harder
    whatever the training set. It is a sum of group means with fixed weights and is tested as such.

    Returns
    -------
    ``SLOPE_COLUMNS``, one row; ``detectable`` is the smallest slope found with power 0.8; no rows where nothing was
    fitted
    """
    if fits.empty:
        return pd.DataFrame(columns=SLOPE_COLUMNS)
    scores, who = scores_of_fits(counts, people)
    names = fits["composition"].drop_duplicates()
    shares = fits.groupby("composition", sort=False)[[f"share_{g}" for g in GROUPS]].first()  # (C, G)
    weights = _weights(shares.loc[names].to_numpy())  # (C, G)
    column = {group: place for place, group in enumerate(GROUPS)}
    own = weights[:, [column[group] for group in who["group"]]]  # (C, S)
    by_seed = [
        sum(own[place] * scores[rows.index[rows["composition"] == name][0]] for place, name in enumerate(names))
        for _, rows in fits.groupby("seed")
    ]  # (R, S)
    everyone = dict.fromkeys(GROUPS, 1.0)
    slope = _effect(np.stack(by_seed), who, everyone)
    value, low, high, detectable = (POINTS * part for part in (slope.value, slope.low, slope.high, slope.detectable))
    return pd.DataFrame([(value, low, high, slope.p_value, detectable, len(fits))], columns=SLOPE_COLUMNS)


def _weights(shares: np.ndarray) -> np.ndarray:
    """Weights of the group means, (C, G), whose weighted sum is the slope of relative score over share, (C, G).

    Least squares with an intercept per group weights relative scores by w = (x - mean x) / sum of squares. A relative
    score is the group's mean minus the mean of the others, which moves part of each weight to the other groups.
    """
    centred = shares - shares.mean(0)
    on_relative = centred / (centred**2).sum()  # (C, G)
    others = on_relative.sum(1, keepdims=True) - on_relative
    return on_relative - others / (shares.shape[1] - 1)
