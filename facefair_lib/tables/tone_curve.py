"""Tables of the tone curve: the same people at every tone, and the curve averaged over each group's own tones.

Everybody is shown with the morphology of their own group, so only the tone changes. Scores are ``metrics.fixed_iou``
per picture; people are the unit of resampling, and each is compared with themself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from facefair_lib.fairness.paired import paired_table, sign_flip_test
from facefair_lib.fairness.subjects import contrasts
from facefair_lib.scores.metrics import fixed_iou
from facefair_lib.scores.resampling import PERMUTATIONS, REPLICATES, percentile_interval, subject_bootstrap
from facefair_lib.settings.labels import GROUPS
from facefair_lib.tables.checks import CountsByModel, check_tables, label_rows, on_curve, stacked

CURVE_COLUMNS = [
    "model", "skin_tone", "value", "low", "high", "n_images", "n_subjects", "relative", "relative_low",
    "relative_high", "difference", "difference_low", "difference_high", "p_adjusted",
]  # fmt: skip
GROUP_COLUMNS = ["model", "group", "value", "low", "high", "relative", "relative_low", "relative_high", "n_subjects"]
EFFECT_COLUMNS = [
    "model", "tones", "contrast", "difference", "low", "high", "p_value", "p_adjusted", "n_subjects", "detectable",
]  # fmt: skip

Shares = Callable[[str, Sequence[float]], np.ndarray]
"""(group, tones) -> weights of the tones in the group, such as ``population.tone_shares``."""


def curves(counts_by_model: CountsByModel, people: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Score every identity at every tone: model, (S, T) of the identities that have all tones; no empty tables.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) counts of the counterfactual cohort
    people : N rows with image_id, subject_id, design, group, skin_tone
    """
    check_tables(counts_by_model, people, ("design", "group", "skin_tone"))
    rows = on_curve(people)
    for model, counts in counts_by_model.items():
        scored = people[rows].assign(value=fixed_iou(counts[rows]))
        by_tone = scored.pivot_table(index="subject_id", columns="skin_tone", values="value", sort=True).dropna()
        if not by_tone.empty:
            yield model, by_tone


def tones_table(
    counts_by_model: CountsByModel,
    people: pd.DataFrame,
    *,
    replicates: int = REPLICATES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Score the same people at every tone, with shape and shot held fixed.

    Returns
    -------
    ``CURVE_COLUMNS``; ``relative`` is the difference from the identity's own mean over the tones, which removes
    differences between people; ``difference`` is that from the tone with the highest mean, with the interval and the p
    value of a sign-flip test

    Notes
    -----
    The best tone is chosen by the same scores, so ``p_adjusted`` is adjusted for all pairs of tones. The differences
    themselves come out a little too large.
    """
    table = []
    for model, by_tone in curves(counts_by_model, people):
        drawn = subject_bootstrap(by_tone.index.to_numpy(), replicates=replicates, seed=seed)
        relative = by_tone.sub(by_tone.mean(axis=1), axis=0)
        below = _below_best(by_tone.to_numpy(), permutations, seed)
        for tone, off_best in zip(by_tone, below, strict=True):
            value, off = (mean_with_interval(part[tone].to_numpy(), drawn.weights) for part in (by_tone, relative))
            table.append((model, tone, *value, len(by_tone), len(by_tone), *off, *off_best))
    return pd.DataFrame(table, columns=CURVE_COLUMNS)


def _below_best(scores: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """Compare every tone with the best one, (S, T) -> (T, 4): difference, low, high, p value adjusted for all pairs."""
    best, tones = int(scores.mean(0).argmax()), range(scores.shape[1])
    compared = np.full((len(tones), 4), np.nan)
    compared[best, 0] = 0.0
    others = [tone for tone in tones if tone != best]
    if others:
        first, second = np.array([*((tone, best) for tone in others), *combinations(others, 2)]).T
        test = sign_flip_test(scores[:, first] - scores[:, second], permutations=permutations, seed=seed)
        fields = (test.difference, test.low, test.high, test.p_adjusted)
        compared[others] = np.stack(fields, -1)[: len(others)]
    return compared


def mean_with_interval(values: np.ndarray, weights: np.ndarray) -> tuple[float, float, float]:
    """Mean over subjects and its percentile interval; (S,), (B, S)."""
    interval = percentile_interval(weights @ values / weights.sum(1), people=len(values))
    return float(values.mean()), interval.low, interval.high


def tone_groups_table(
    counts_by_model: CountsByModel,
    people: pd.DataFrame,
    shares: Shares,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Average the curve over each group's own tones: what all these people would score with the tones of a group.

    Parameters
    ----------
    shares : how often a group has each tone; see `Shares`

    Returns
    -------
    ``GROUP_COLUMNS``; ``relative`` as in `tones_table`
    """
    table = []
    for model, by_tone in curves(counts_by_model, people):
        drawn = subject_bootstrap(by_tone.index.to_numpy(), replicates=replicates, seed=seed)
        for group in GROUPS:
            value = by_tone.to_numpy() @ shares(group, list(by_tone))  # (S,)
            both = (mean_with_interval(part, drawn.weights) for part in (value, value - by_tone.mean(axis=1)))
            table.append((model, group, *next(both), *next(both), len(value)))
    return pd.DataFrame(table, columns=GROUP_COLUMNS)


def tone_effects_table(
    counts_by_model: CountsByModel,
    people: pd.DataFrame,
    shares: Shares,
    typical_tones: Mapping[str, float],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every pair of groups by tone alone: the same people with the tones of one and with those of the other.

    Returns
    -------
    ``EFFECT_COLUMNS``; ``tones`` is ``own`` where the curve is averaged over each group's tones, and ``typical`` where
    only each group's typical tone is taken. p values are adjusted for the pairs of a model and kind of tones.
    """
    tables = []
    for model, by_tone in curves(counts_by_model, people):
        averaged = {
            "own": [by_tone.to_numpy() @ shares(group, list(by_tone)) for group in GROUPS],
            "typical": [by_tone[typical_tones[group]].to_numpy() for group in GROUPS],
        }
        for tones, scores in averaged.items():
            pairs = {name: scores[first] - scores[second] for name, first, second in contrasts(GROUPS)}  # (S,) each
            table = paired_table(np.stack(list(pairs.values()), -1), list(pairs), permutations=permutations, seed=seed)
            tables.append(label_rows(table.assign(tones=tones), model=model))
    return stacked(tables, EFFECT_COLUMNS)
