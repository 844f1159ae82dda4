"""Tables of notebook 08: what labelled photographs add to training on rendered people, and scores by skin tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.tone_slope import tone_slope
from facefair_lib.scores.confusion import merge_counts
from facefair_lib.scores.metrics import f1_per_class, mean_f1_foreground
from facefair_lib.scores.resampling import REPLICATES, subject_bootstrap
from facefair_lib.settings import labels
from facefair_lib.tables.checks import check_tables, interval_bounds


def adaptation_table(
    runs: pd.DataFrame,
    counts: np.ndarray,
    images: pd.DataFrame,
    *,
    groups: Mapping[str, Sequence[str]] = labels.FASSEG_GROUPS,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Score the networks of every number of training photographs on the same test photographs.

    Parameters
    ----------
    runs : R rows with model, start, photographs, draw
    counts : (R, N, 11, 11) integer, in the order of ``runs``
    images : N rows with image_id and subject_id
    groups : merged name -> class names, the background group first

    Returns
    -------
    model, start, photographs, class, f1, low, high, n_draws, n_images, n_subjects: the mean over draws of training
    photographs, with a 95 % interval that resamples draws and test people; class "mean" is the mean over the foreground
    classes

    Notes
    -----
    With few draws the interval covers little but the test people, and is too short: two draws come out as the same one
    twice in half of the replicates. With one draw it covers test people alone.
    """
    check_tables({f"run {run}": part for run, part in enumerate(counts)}, images)
    names, lookup = labels.merge_lookup(groups)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    size = (len(images), bootstrap.subjects())
    table = []
    for key, rows in runs.reset_index(drop=True).groupby(["model", "start", "photographs"], sort=False):
        merged = merge_counts(counts[rows.index], lookup)  # (D, N, K, K)
        value = _scores(merged.sum(1)).mean(0)  # (K,)
        totals = np.stack([bootstrap.totals(draw) for draw in merged])  # (D, B, K, K)
        resampled = _over_draws(_scores(totals), seed)  # (B, K)
        for index, name in enumerate([*names[1:], "mean"]):
            low, high = interval_bounds(resampled[:, index], size[1])
            table.append((*key, name, value[index], low, high, len(rows), *size))
    columns = ["model", "start", "photographs", "class", "f1", "low", "high", "n_draws", "n_images", "n_subjects"]
    return pd.DataFrame(table, columns=columns)


def tone_table(
    counts_by: Mapping[tuple[str, str], np.ndarray],
    images: pd.DataFrame,
    *,
    groups: Mapping[str, Sequence[str]] = labels.FASSEG_GROUPS,
) -> pd.DataFrame:
    """Relate the scores of photographs to the skin tone measured on them.

    Parameters
    ----------
    counts_by : (trained_on, model) -> (N, 11, 11) integer counts on the same N photographs
    images : N rows with image_id, subject_id, folder and tone, degrees (``skin_tone.typology_angle``)
    groups : merged name -> class names, the background group first

    Returns
    -------
    trained_on, model, slope (of the mean F1 of a picture, per 10 degrees lighter skin), low, high, darkest, lightest,
    n_images, n_subjects, within_person, small. Photographs are compared within the folders of their data set (``V2``
    and ``V3``). ``within_person`` is the mean standard deviation of the tones of one person's photographs, degrees, NaN
    where nobody has several: skin stays the same, so this much of the tone comes from the light.
    """
    check_tables(counts_by, images, ("folder",))
    _, lookup = labels.merge_lookup(groups)
    subjects, collections = images["subject_id"].to_numpy(), images["folder"].str.partition("/")[0].to_numpy()
    light = float(images.groupby("subject_id")["tone"].std().mean())
    table = []
    for (trained_on, model), counts in counts_by.items():
        scores = mean_f1_foreground(merge_counts(counts, lookup))  # (N,)
        found = vars(tone_slope(scores, images["tone"].to_numpy(), subjects, collections))
        tens = {name: 10 * found[name] for name in ("slope", "low", "high")}
        more = {"within_person": light, "small": found["n_subjects"] < MIN_SUBJECTS}
        table.append({"trained_on": trained_on, "model": model, **found, **tens, **more})
    return pd.DataFrame(table)


def _scores(totals: np.ndarray) -> np.ndarray:
    """F1 of the foreground classes and, last, their mean: (..., K, K) -> (..., K)."""
    return np.concatenate([f1_per_class(totals)[..., 1:], mean_f1_foreground(totals)[..., None]], -1)


def _over_draws(scores: np.ndarray, seed: int) -> np.ndarray:
    """Mean over draws, which are resampled with replacement, (D, B, K) -> (B, K)."""
    draws, replicates = scores.shape[:2]
    chosen = np.random.default_rng(seed).integers(draws, size=(draws, replicates))  # (D, B)
    return np.take_along_axis(scores, chosen[..., None], axis=0).mean(0)
