"""From as published to as corrected, one item at a time: what each does to the reported score and to the true one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib import metrics
from facefair_lib.config import ModelSettings, ModelsSettings, Profile
from facefair_lib.legacy.colours import decode_prediction, shown_prediction
from facefair_lib.legacy.pool import Pool, divide
from facefair_lib.legacy.protocol import (
    AS_CORRECTED,
    AS_PUBLISHED,
    PUBLISHED_KEY,
    REPEAT_KEY,
    Protocol,
    protocols,
)
from facefair_lib.legacy.run import Run, fit, reported_scores
from facefair_lib.legacy.scoring import SCORES, epoch_scores

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Step:
    """One step of one network's ladder."""

    model: str
    key: str
    title: str
    protocol: Protocol
    run: Run


def planned(model: str, settings: Profile) -> list[tuple[str, str, Protocol]]:
    """The steps that a profile asks for: all of them, or only the two ends."""
    steps = list(protocols())
    return steps if model in settings.reproduction.ladder else [steps[0], steps[-1]]


def climb(
    settings: Profile, pool: Pool, unseen: np.ndarray, folder: Path, progress: Advance | None = None
) -> list[Step]:
    """Fit every step of both networks' ladders; steps that differ only in how they are scored share a fit.

    Parameters
    ----------
    settings : the profile; its section ``reproduction`` gives epochs and says which networks climb step by step
    pool : pictures that may be learnt from
    unseen : (N, S, S, 3) uint8 pictures of other people, on which every step is compared
    folder : receives what the study's own fits write
    progress : called with (fits done, fits in all)

    Returns
    -------
    the steps, network by network; a network that climbs step by step has one more, ``repeat``: as published with
    another seed, to show what luck alone does
    """
    todo = [(model, *step) for model in ModelsSettings.model_fields for step in planned(model, settings)]
    total = len({(model, protocol.fitting) for model, _, _, protocol in todo}) + len(settings.reproduction.ladder)
    runs: dict[tuple[str, Protocol, int], Run] = {}
    steps = []

    def run_of(model: str, protocol: Protocol, seed: int) -> Run:
        key = (model, protocol.fitting, seed)
        if key not in runs:
            rows = divide(pool.table, protocol)
            shaped = budgeted(model, settings)
            runs[key] = fit(model, shaped, settings.training, protocol, pool, rows, unseen, folder / model, seed)
            if progress:
                progress(len(runs), total)
        return runs[key]

    for model, key, title, protocol in todo:
        steps.append(Step(model, key, title, protocol, run_of(model, protocol, settings.seed)))
        if key == PUBLISHED_KEY and model in settings.reproduction.ladder:
            again = run_of(model, protocol, settings.seed + 1)
            steps.append(Step(model, REPEAT_KEY, "as published, another seed", protocol, again))
    return steps


def budgeted(model: str, settings: Profile) -> ModelSettings:
    """The profile's network with the epochs of the reproduction."""
    return getattr(settings.models, model).model_copy(update={"epochs": settings.reproduction.epochs})


def ladder_table(steps: Sequence[Step], unseen_labels: np.ndarray) -> pd.DataFrame:
    """What each step would have reported, and what it is worth.

    Parameters
    ----------
    steps : of ``climb``
    unseen_labels : (N, S, S) uint8, truth of the pictures that no step has seen

    Returns
    -------
    columns model, step, title, f1, iou (as the step reports them on its own test pictures), true_iou (class mean on the
    unseen pictures, colours decoded to the nearest label colour), impossible (IoU below what its F1 allows)
    """
    rows = []
    for step in steps:
        scores = reported_scores(step.run, step.protocol)
        counts = metrics.confusion_counts(unseen_labels, step.run.unseen).sum(0)
        rows.append(
            {
                "model": step.model,
                "step": step.key,
                "title": step.title,
                "f1": scores["f1"],
                "iou": scores["iou"],
                "true_iou": float(metrics.mean_iou(counts)),
                "impossible": bool(scores["iou"] < scores["f1"] / (2 - scores["f1"]) - 1e-9),
            }
        )
    return pd.DataFrame(rows)


def headline_table(steps: Sequence[Step], table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The paper's final test scores beside both ends of the ladder.

    Parameters
    ----------
    steps : of ``climb``
    table : of ``ladder_table``
    published : columns model, accuracy, precision, recall, f1, iou, seconds_per_epoch, device: the paper's finals

    Returns
    -------
    the same columns and protocol (paper | published | corrected), true_iou, pictures
    """
    rows = [{**row, "protocol": "paper"} for row in published.to_dict("records")]
    for step in steps:
        name = {AS_PUBLISHED: "published", AS_CORRECTED: "corrected"}.get(step.protocol)
        if name is None or step.key == REPEAT_KEY:
            continue
        true = table.loc[(table["model"] == step.model) & (table["step"] == step.key), "true_iou"].item()
        scores = reported_scores(step.run, step.protocol)
        about = {"seconds_per_epoch": step.run.seconds_per_epoch, "device": step.run.device}
        rows.append({"model": step.model, "protocol": name, **scores, "true_iou": true, **about})
    columns = ["model", "protocol", *SCORES, "true_iou", "seconds_per_epoch", "device"]
    order = {"paper": 0, "published": 1, "corrected": 2}
    frame = pd.DataFrame(rows).reindex(columns=columns)
    return frame.sort_values(
        ["model", "protocol"], key=lambda c: c.map(order).fillna(0) if c.name == "protocol" else c, ignore_index=True
    )


def history_table(steps: Sequence[Step]) -> pd.DataFrame:
    """Epoch by epoch what the published protocol reports: model, epoch, split, loss and the scores."""
    rows = []
    for step in (step for step in steps if step.key == PUBLISHED_KEY):
        for loss in step.run.losses.to_dict("records"):
            counts = step.run.batches[loss["epoch"]][loss["split"]]
            rows.append({"model": step.model, **loss, **epoch_scores(counts, step.protocol)})
    return pd.DataFrame(rows)


def picture_columns(first: Step, last: Step, unseen: Pool) -> list[list[tuple[np.ndarray, str]]]:
    """Rows of (pixels, kind): picture, truth, prediction as published, its nearest labels, and the corrected labels.

    Parameters
    ----------
    first, last : a step that predicts colours, and one that predicts classes
    unseen : the pictures that both were asked for
    """
    nearest = decode_prediction(first.run.shown, first.protocol)
    return [
        [
            (unseen.images[row], "image"),
            (unseen.labels[row], "mask"),
            (shown_prediction(prediction, first.protocol), "image"),
            (nearest[row], "mask"),
            (last.run.unseen[row], "mask"),
        ]
        for row, prediction in enumerate(first.run.shown)
    ]
