"""From as published to as corrected, one item at a time: the effect of each on the reported and on the true score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.reproduction.colours import decode_prediction, shown_prediction
from facefair_lib.reproduction.pool import Pool, divide
from facefair_lib.reproduction.protocol import AS_CORRECTED, AS_PUBLISHED, PUBLISHED_KEY, Protocol, protocols
from facefair_lib.reproduction.run import Run, Task, fit, reported_scores
from facefair_lib.reproduction.scoring import epoch_scores
from facefair_lib.reproduction.table_checks import SCORES
from facefair_lib.scores import metrics
from facefair_lib.settings.profiles import (
    ComparedModelSettings,
    ModelSettings,
    ModelsSettings,
    Profile,
    TrainingSettings,
)
from facefair_lib.store.progress import Advance

Fit = tuple[str, Protocol]
"""A network, and the protocol by which it is fitted."""


@dataclass(frozen=True)
class Step:
    """One step of one network's ladder, fitted with one or several seeds.

    Attributes
    ----------
    rows : ``train``, ``validation`` and ``test`` -> row numbers of the pool, the same for all seeds
    runs : one per seed, the study's own seed first
    """

    model: str
    key: str
    title: str
    protocol: Protocol
    rows: dict[str, np.ndarray]
    runs: tuple[Run, ...]

    @property
    def run(self) -> Run:
        """The run with the study's own seed."""
        return self.runs[0]


def planned(model: str, settings: Profile) -> list[tuple[str, str, Protocol]]:
    """Key, title and protocol of the steps that a profile asks for: all of them, or only the two ends."""
    steps = list(protocols())
    return steps if model in settings.reproduction.ladder else [steps[0], steps[-1]]


def seeds_of(model: str, protocol: Protocol, settings: Profile) -> list[int]:
    """Seeds of a step's fits: the study's own and the numbers after it; one for a network that does not climb."""
    at_end = protocol.fitting in (AS_PUBLISHED.fitting, AS_CORRECTED.fitting)
    seeds = settings.reproduction.seeds
    if model not in settings.reproduction.ladder:
        return [settings.seed]
    return [settings.seed + number for number in range(seeds.ends if at_end else seeds.steps)]


def climb(
    settings: Profile, pool: Pool, unseen: np.ndarray, folder: Path, progress: Advance | None = None
) -> list[Step]:
    """Fit every step of both networks' ladders; steps that differ only in how they are scored share their fits.

    Parameters
    ----------
    settings : the profile; its section ``reproduction`` gives epochs, seeds and the networks that climb step by step
    pool : pictures that may be learnt from
    unseen : (N, S, S, 3) uint8 pictures of other people, on which all steps are compared
    folder : receives what the study's own fits write
    progress : called with (fits done, fits in all)
    """
    todo = [(model, *step) for model in ModelsSettings.model_fields for step in planned(model, settings)]
    wanted = {(model, protocol.fitting): seeds_of(model, protocol, settings) for model, _, _, protocol in todo}
    networks = {model: budgeted(model, settings) for model in ModelsSettings.model_fields}
    runs = fit_all(wanted, networks, settings.training, pool, unseen, folder, progress)
    return [
        Step(model, key, title, protocol, divide(pool.table, protocol), runs[model, protocol.fitting])
        for model, key, title, protocol in todo
    ]


def fit_all(
    wanted: Mapping[Fit, Sequence[int]],
    networks: Mapping[str, ModelSettings],
    training: TrainingSettings,
    pool: Pool,
    unseen: np.ndarray,
    folder: Path,
    progress: Advance | None = None,
) -> dict[Fit, tuple[Run, ...]]:
    """Fit networks by protocols, once per seed.

    Parameters
    ----------
    wanted : (model, protocol) -> seeds
    networks : model -> the network and its epochs
    pool, unseen, folder, progress : see ``climb``
    """
    runs: dict[Fit, tuple[Run, ...]] = {}
    done, total = 0, sum(map(len, wanted.values()))
    for (model, protocol), seeds in wanted.items():
        task, fits = Task(protocol, pool, divide(pool.table, protocol), unseen), []
        for seed in seeds:
            fits.append(fit(model, networks[model], training, task, folder / f"{model}_{seed}", seed))
            done += 1
            if progress:
                progress(done, total)
        runs[model, protocol] = tuple(fits)
    return runs


def budgeted(model: str, settings: Profile) -> ModelSettings:
    """The reproduction's network, or the study's if it names none, with the epochs of the reproduction."""
    own, epochs = settings.reproduction.networks, settings.reproduction.epochs
    if own is None:
        return getattr(settings.models, model).model_copy(update={"epochs": epochs})
    return ComparedModelSettings(**getattr(own, model).model_dump(), epochs=epochs)


def fits_table(steps: Sequence[Step], pool: Pool, unseen_labels: np.ndarray) -> pd.DataFrame:
    """What every fit of every step would have reported, and its true score.

    Parameters
    ----------
    steps : of ``climb``
    pool : the pictures they were fitted to
    unseen_labels : (N, S, S) uint8, truth of the pictures that no step has seen

    Returns
    -------
    columns model, step, title, seed (counted from 0), train, test (pictures), copies (near-duplicates among them),
    shared_people (people on both sides), accuracy, precision, recall, f1, iou (as the step reports them on its own test
    pictures), true_iou (class mean on the unseen pictures, colours decoded to the nearest label colour), impossible
    (IoU below what its F1 allows)
    """
    rows = []
    for step in steps:
        about = {"model": step.model, "step": step.key, "title": step.title}
        sizes = _sizes(step.rows, pool.table)
        for seed, run in enumerate(step.runs):
            scores = reported_scores(run, step.protocol)
            true = metrics.mean_iou(metrics.confusion_counts(unseen_labels, run.unseen).sum(0))
            impossible = bool(scores["iou"] < metrics.iou_floor(scores["f1"]) - 1e-9)
            rows.append({**about, "seed": seed, **sizes, **scores, "true_iou": float(true), "impossible": impossible})
    return pd.DataFrame(rows)


def _sizes(rows: dict[str, np.ndarray], table: pd.DataFrame) -> dict[str, int]:
    train, test = rows["train"], rows["test"]
    copies = int(table.loc[np.union1d(train, test), "near"].sum())
    shared = set(table.loc[train, "subject_id"]) & set(table.loc[test, "subject_id"])
    return {"train": len(train), "test": len(test), "copies": copies, "shared_people": len(shared)}


def ladder_table(fits: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """One row per step: means over its fits, and the effect of the step on the true score.

    Parameters
    ----------
    fits : of ``fits_table``
    changes : of ``tables.reproduction.ladder_changes``

    Returns
    -------
    the columns of ``fits`` except seed, n_fits, and low, high, change, change_low, change_high, luck of ``changes``
    """
    keys = ["model", "step"]
    groups = fits.groupby(keys, sort=False)
    first = groups[["title", "train", "test", "copies", "shared_people"]].first()
    means = groups[[*SCORES, "true_iou"]].mean()
    table = first.join(means).assign(impossible=groups["impossible"].all(), n_fits=groups.size())
    return table.join(changes.set_index(keys).drop(columns="value")).reset_index()


def unseen_counts(steps: Sequence[Step], labels: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Confusion counts on the pictures that no step has seen: model -> step -> (fits, N, 11, 11) int64.

    Steps that share their fits share the array.
    """
    arrays: dict[int, np.ndarray] = {}
    counts: dict[str, dict[str, np.ndarray]] = {}
    for step in steps:
        if id(step.runs) not in arrays:
            arrays[id(step.runs)] = fit_counts(step.runs, labels)
        counts.setdefault(step.model, {})[step.key] = arrays[id(step.runs)]
    return counts


def fit_counts(runs: Sequence[Run], labels: np.ndarray) -> np.ndarray:
    """Confusion counts of several fits on the pictures that none has seen, (fits, N, 11, 11) int64."""
    return np.stack([metrics.confusion_counts(labels, run.unseen) for run in runs])


def headline_table(steps: Sequence[Step], ladder: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The paper's final test scores beside both ends of the ladder.

    Parameters
    ----------
    steps : of ``climb``
    ladder : of ``ladder_table``
    published : of ``table_checks.paper_finals``

    Returns
    -------
    the columns of ``published``, protocol (paper | published | corrected) and true_iou
    """
    rows = [{**row, "protocol": "paper"} for row in published.to_dict("records")]
    for step in steps:
        name = {AS_PUBLISHED: "published", AS_CORRECTED: "corrected"}.get(step.protocol)
        if name is None:
            continue
        scores = ladder[(ladder["model"] == step.model) & (ladder["step"] == step.key)].iloc[0]
        about = {"seconds_per_epoch": step.run.seconds_per_epoch, "device": step.run.device, "epochs": step.run.epochs}
        about |= {"train": len(step.rows["train"]), "size": step.run.unseen.shape[1]}
        row = {name: scores[name] for name in (*SCORES, "true_iou")}
        rows.append({"model": step.model, "protocol": name, **row, **about})
    about = ["train", "size", "epochs", "seconds_per_epoch", "device"]
    frame = pd.DataFrame(rows).reindex(columns=["model", "protocol", *SCORES, "true_iou", *about])
    order = {"paper": 0, "published": 1, "corrected": 2}
    return frame.sort_values(
        ["model", "protocol"], key=lambda c: c.map(order) if c.name == "protocol" else c, ignore_index=True
    )


def history_table(steps: Sequence[Step]) -> pd.DataFrame:
    """Epoch by epoch what the published protocol reports: model, epoch, split (train | test), loss and the scores."""
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
    unseen : the pictures that both predicted
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
