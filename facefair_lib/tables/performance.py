"""Tables of notebook 04: how well each model segments, class by class and picture by picture."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import overall
from facefair_lib.scores.confusion import merge_counts
from facefair_lib.scores.metrics import (
    CLASS_METRICS,
    ESTIMANDS,
    evaluate,
    f1_per_class,
    image_scores,
    mean_f1_foreground,
)
from facefair_lib.scores.resampling import REPLICATES, SubjectBootstrap, subject_bootstrap
from facefair_lib.settings import labels
from facefair_lib.tables.checks import SCORE_COLUMNS, CountsByModel, check_tables, interval_bounds, per_model

CLEAR_PIXELS = 10
"""Number of pixels from which an invented part is conspicuous in a picture of 128 x 128 pixels."""


def summary_table(
    counts_by_model: CountsByModel, images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each model on all images.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) integer counts, rows = target
    images : N rows in the order of the counts, with image_id and subject_id
    replicates, seed : of the bootstrap

    Returns
    -------
    model, metric, value, low, high, n_images, n_subjects
    """
    check_tables(counts_by_model, images)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    return per_model(counts_by_model, lambda counts: overall(counts, bootstrap)[SCORE_COLUMNS])


def class_table(
    counts_by_model: CountsByModel, images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score each model on each class, from the summed counts of all images.

    Returns
    -------
    model, class, metric, value, low, high, n_images, n_subjects; the sizes count images and people whose
    target holds the class, since only they inform its recall
    """
    check_tables(counts_by_model, images)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    table = []
    for model, counts in counts_by_model.items():
        totals = bootstrap.totals(counts)  # (B, C, C)
        values = {metric: score(counts.sum(0)) for metric, score in CLASS_METRICS.items()}  # (C,)
        resampled = {metric: score(totals) for metric, score in CLASS_METRICS.items()}  # (B, C)
        for (index, name), metric in itertools.product(enumerate(labels.CLASS_NAMES), CLASS_METRICS):
            numbers = _numbers(counts, index, bootstrap)
            bounds = interval_bounds(resampled[metric][:, index], numbers[1])
            table.append((model, name, metric, values[metric][index], *bounds, *numbers))
    return pd.DataFrame(table, columns=["model", "class", *SCORE_COLUMNS])


def difference_table(
    counts_by_model: CountsByModel, images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Compare two models on the same images: first minus second, paired by bootstrap replicate.

    Returns
    -------
    class, metric, difference, low, high; class "all" holds every estimand, the single classes hold precision, recall,
    f1 and iou

    Raises
    ------
    InputError
        if there are not exactly two models
    """
    check_tables(counts_by_model, images)
    if len(counts_by_model) != 2:
        found = ", ".join(counts_by_model)
        raise InputError("model comparison", found=found, expected="two models", do="choose the two to compare")
    first, second = counts_by_model.values()
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    n_subjects = bootstrap.subjects()
    values = [evaluate(counts, lambda parts: parts.sum(0)) for counts in (first, second)]
    resampled = [evaluate(counts, bootstrap.totals) for counts in (first, second)]
    table = []
    for metric in ESTIMANDS:
        bounds = interval_bounds(resampled[0][metric] - resampled[1][metric], n_subjects)
        table.append(("all", metric, float(values[0][metric] - values[1][metric]), *bounds))
    totals = [bootstrap.totals(counts) for counts in (first, second)]  # (B, C, C) each
    pooled = [counts.sum(0) for counts in (first, second)]
    change = {metric: score(pooled[0]) - score(pooled[1]) for metric, score in CLASS_METRICS.items()}  # (C,)
    changes = {metric: score(totals[0]) - score(totals[1]) for metric, score in CLASS_METRICS.items()}  # (B, C)
    for (index, name), metric in itertools.product(enumerate(labels.CLASS_NAMES), CLASS_METRICS):
        table.append((name, metric, change[metric][index], *interval_bounds(changes[metric][:, index], n_subjects)))
    return pd.DataFrame(table, columns=["class", "metric", "difference", "low", "high"])


def parts_table(
    counts_by_model: CountsByModel, images: pd.DataFrame, source: str, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Count the pictures in which a model invents or misses an optional part.

    Parameters
    ----------
    source : name of the data set with masks; parts that are no class of their own there have no rows

    Returns
    -------
    class, model; of the ``n_without`` pictures (``n_subjects`` people) without the part: the number in which the model
    shows it (``invented``; ``invented_clearly``: on ``CLEAR_PIXELS`` or more) and the ``share`` invented, with low and
    high; of the ``n_with`` pictures with it: the number in which the model shows none of it (``missed``). Where it is
    invented in none or in all pictures, resampling people is uninformative: low and high are NaN.
    """
    check_tables(counts_by_model, images)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    own = [name for name in labels.OPTIONAL_PARTS if (name,) in labels.SCORED_CLASSES[source].values()]
    table = []
    for name, (model, counts) in itertools.product(own, counts_by_model.items()):
        index = labels.INDEX[name]
        there, shown = counts[:, index].sum(-1) > 0, counts[:, :, index].sum(-1)  # (N,) bool, (N,) pixels
        invented, n_without = ~there & (shown > 0), int((~there).sum())
        drawn = bootstrap.totals(np.stack([invented, ~there], 1))  # (B, 2)
        varies = 0 < invented.sum() < n_without
        shares = np.divide(*drawn.T, out=np.full(len(drawn), np.nan), where=(drawn[:, 1] > 0) & varies)
        people = bootstrap.subjects(~there)
        numbers = n_without, int(invented.sum()), int((invented & (shown >= CLEAR_PIXELS)).sum())
        share = invented.sum() / n_without if n_without else np.nan
        missed = int(there.sum()), int((there & (shown == 0)).sum())
        table.append((name, model, *numbers, share, *interval_bounds(shares, people), people, *missed))
    columns = ["class", "model", "n_without", "invented", "invented_clearly", "share", "low", "high", "n_subjects"]
    return pd.DataFrame(table, columns=[*columns, "n_with", "missed"])


def image_table(counts_by_model: CountsByModel, images: pd.DataFrame) -> pd.DataFrame:
    """Score each image on its own: model, image_id, subject_id, image_iou, image_f1, accuracy."""
    check_tables(counts_by_model, images)
    names = images[["image_id", "subject_id"]].reset_index(drop=True)
    return per_model(counts_by_model, lambda counts: names.assign(**image_scores(counts)))


def examples_table(counts_by_model: CountsByModel, images: pd.DataFrame) -> pd.DataFrame:
    """Choose images to show by a fixed rule.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) integer counts
    images : N rows with image_id, subject_id and row (position in the arrays)

    Returns
    -------
    rank, image_id, row, model, image_iou: each model's best image, the one nearest the median and the worst; with two
    or more models also ``largest_difference``, the image on which the first two differ most, one row for each. Ties go
    to the earlier image.
    """
    check_tables(counts_by_model, images, ("row",))
    scores = {model: image_scores(counts)["image_iou"] for model, counts in counts_by_model.items()}  # (N,) each
    chosen = []
    for model, score in scores.items():
        if not np.isfinite(score).any():
            raise InputError(
                f"examples of {model}",
                found="no image with a score",
                expected="images with labelled pixels",
                do="check that the label pictures were decoded",
            )
        typical = np.nanmedian(score)
        chosen += [
            ("best", np.nanargmax(score), model),
            ("median", np.nanargmin(abs(score - typical)), model),
            ("worst", np.nanargmin(score), model),
        ]
    if len(scores) > 1:
        first, second = list(scores)[:2]
        gap = np.nan_to_num(abs(scores[first] - scores[second]), nan=-1.0)
        chosen += [("largest_difference", gap.argmax(), model) for model in (first, second)]
    names, rows = images["image_id"].to_numpy(), images["row"].to_numpy()
    table = [(rank, names[image], rows[image], model, scores[model][image]) for rank, image, model in chosen]
    return pd.DataFrame(table, columns=["rank", "image_id", "row", "model", "image_iou"])


def transfer_table(
    counts_by: Mapping[tuple[str, str], np.ndarray],
    images: pd.DataFrame,
    *,
    groups: Mapping[str, Sequence[str]] = labels.FASSEG_GROUPS,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Score models of several training sets on the classes that a set of photographs labels.

    Parameters
    ----------
    counts_by : (trained_on, model) -> (N, 11, 11) integer counts on the same N photographs
    images : N rows with image_id and subject_id
    groups : merged name -> class names, the background group first

    Returns
    -------
    trained_on, model, class, f1, low, high, n_images, n_subjects; class "mean" is the mean over the foreground classes
    """
    check_tables(counts_by, images)
    names, lookup = labels.merge_lookup(groups)
    if lookup[labels.INDEX["background"]] != 0:
        raise InputError("merged classes", found=", ".join(names), expected="the background first", do="reorder groups")
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    table = []
    for (trained_on, model), counts in counts_by.items():
        merged = merge_counts(counts, lookup)  # (N, K, K)
        totals, pooled = bootstrap.totals(merged), merged.sum(0)  # (B, K, K), (K, K)
        values, resampled = f1_per_class(pooled), f1_per_class(totals)  # (K,), (B, K)
        for index, name in list(enumerate(names))[1:]:
            numbers = _numbers(merged, index, bootstrap)
            bounds = interval_bounds(resampled[:, index], numbers[1])
            table.append((trained_on, model, name, values[index], *bounds, *numbers))
        bounds = interval_bounds(mean_f1_foreground(totals), bootstrap.subjects())
        everyone = (len(merged), bootstrap.subjects())
        table.append((trained_on, model, "mean", float(mean_f1_foreground(pooled)), *bounds, *everyone))
    columns = ["trained_on", "model", "class", "f1", "low", "high", "n_images", "n_subjects"]
    return pd.DataFrame(table, columns=columns)


def _numbers(counts: np.ndarray, index: int, bootstrap: SubjectBootstrap) -> tuple[int, int]:
    """Count the images and the subjects whose target holds a class."""
    holds = counts[:, index].sum(-1) > 0  # (N,)
    return int(holds.sum()), bootstrap.subjects(holds)
