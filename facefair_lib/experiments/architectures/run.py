"""The stage ``comparison``: fit every network on the same budget, then score and measure them one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.data.pictures import Pictures
from facefair_lib.experiments.architectures.cost import COST_COLUMNS, SPEED_COLUMNS, measure_costs
from facefair_lib.experiments.architectures.plan import Contender, contenders
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.labels import NUM_CLASSES, as_labelled
from facefair_lib.settings.profiles import InferenceSettings, Profile, TrainingSettings
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE, assigned_to, share_of, spread
from facefair_lib.store.progress import Advance
from facefair_lib.store.results import COMPLETE, SKIPPED, Stage
from facefair_lib.training.predict import predict
from facefair_lib.training.resume import WEIGHTS

NETWORK_COLUMNS = ["network", "model", "backbone", "fine_maps", "weights", "learning_rate", "epochs", "best_epoch"]
TIMING_COLUMNS = ["network", "seconds", *SPEED_COLUMNS]
NOT_ASKED = "the profile lists no networks to compare (comparison: null); make study PROFILE=models compares a dozen"


def write_comparison(
    folder: Path,
    profile: Profile,
    data: Stage,
    people: Pictures,
    workers: int,
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> None:
    """Fit, score and measure every network that the profile lists.

    Parameters
    ----------
    folder : receives ``status.csv``, ``networks.csv``, ``costs.csv``, ``timings.csv``, ``test_counts.npy`` (networks,
        N, 11, 11) with ``test_images.csv``, ``people_counts.npy`` (networks, P, 11, 11) with ``people.csv``, and
        ``fits/``, from which an interrupted run resumes
    profile : its section ``comparison`` lists the networks and their common budget; if null, the tables are written
        without rows and ``status.csv`` says why. A class that the profile's data set does not label is scored as the
        class that the set labels it as.
    data : the stage whose pictures, split into train, validation and test, the networks are fitted to and scored on
    people : the experiment's
    workers : cores; the fits share them, a GPU is used by one fit at a time
    progress : called with (fits done, fits in all)
    shard : (k, n) fits every n-th network from the k-th on, and scores and writes nothing
    """
    settings = profile.comparison
    if settings is None:
        nothing = people.table.iloc[:0], np.zeros((0, 0, NUM_CLASSES, NUM_CLASSES), np.int64)
        _write(folder, [], pd.DataFrame(columns=[*COST_COLUMNS, *SPEED_COLUMNS]), nothing, nothing)
        results.write_status(folder, SKIPPED, NOT_ASKED)
        return
    prepared = Pictures(data.table("prepared"), *data.arrays())
    size = prepared.images.shape[1]
    chosen = contenders(settings, size)
    fitted = _fit_all(chosen, profile, data.folder, prepared.rows(), folder / "fits", workers, progress, shard)
    if shard != WHOLE:
        return
    networks = {c.name: load_network(c.model, c.settings, folder / "fits" / c.name / WEIGHTS) for c in chosen}
    views = profile.inference.model_copy(update={"views": settings.views})
    test = prepared.table[prepared.table["split"] == "test"]
    seen = prepared.images[test["row"]], prepared.labels[test["row"]]
    tested = test[["image_id", "subject_id", "row"]], _count_all(networks, *seen, views, profile.data.source)
    grouped = people.table, _count_all(networks, people.images, people.labels, views, "rendered")
    _write(folder, [fitted[c.name] for c in chosen], measure_costs(networks, views, size), tested, grouped)
    results.write_status(folder, COMPLETE, "")


def _fit_all(
    chosen: Sequence[Contender],
    profile: Profile,
    data: Path,
    rows: dict[str, np.ndarray],
    kept: Path,
    workers: int,
    progress: Advance | None,
    shard: tuple[int, int],
) -> dict[str, dict[str, object]]:
    """Fit in parallel, the longest first; fits of networks that are no longer listed are removed."""
    names = {contender.name for contender in chosen}
    for other in kept.glob("*"):
        if other.name not in names:
            shutil.rmtree(other, ignore_errors=True)  # another shard may be removing it too
    chosen = share_of(sorted(chosen, key=lambda contender: (-contender.flops, contender.name)), shard)
    side_by_side = 1 if torch.cuda.is_available() else min(workers, len(chosen))
    cores = max(1, workers // side_by_side)
    jobs = [(c, profile.training, data, rows, kept / c.name, profile.seed, cores) for c in chosen]
    if progress:
        progress(0, len(jobs))
    described = {}
    for row in spread(_fit_one, jobs, side_by_side):
        described[row["network"]] = row
        if progress:
            progress(len(described), len(jobs))
    return described


def _fit_one(
    contender: Contender,
    training: TrainingSettings,
    data: Path,
    rows: dict[str, np.ndarray],
    folder: Path,
    seed: int,
    cores: int,
) -> dict[str, object]:
    """Fit one network as notebooks 02 and 03 do, and describe it; a finished fit is not repeated."""
    from facefair_lib.training.fit import fit  # Lightning takes seconds to import: only when something is fitted

    images, labels = Stage(data).arrays()
    with assigned_to(cores):
        result = fit(contender.model, contender.settings, training, images, labels, rows, folder, seed)
    found = result.description.iloc[0].to_dict() | {"seconds": result.timings["seconds"].item()}
    found |= {"network": contender.name, "learning_rate": contender.settings.learning_rate}
    return {column: found[column] for column in (*NETWORK_COLUMNS, "seconds")}


def _count_all(
    networks: Mapping[str, nn.Module], images: np.ndarray, labels: np.ndarray, views: InferenceSettings, source: str
) -> np.ndarray:
    """Confusion counts of every network, (K, N, 11, 11), rows of a matrix = target."""
    if not len(images):
        return np.zeros((len(networks), 0, NUM_CLASSES, NUM_CLASSES), np.int64)
    masks = (as_labelled(predict(network, images, views=views), source) for network in networks.values())
    return np.stack([confusion_counts(labels, mask) for mask in masks])


def _write(
    folder: Path,
    networks: list[dict[str, object]],
    costs: pd.DataFrame,
    tested: tuple[pd.DataFrame, np.ndarray],
    grouped: tuple[pd.DataFrame, np.ndarray],
) -> None:
    table = pd.DataFrame(networks, columns=[*NETWORK_COLUMNS, "seconds"])
    results.write_csv(folder / "networks.csv", table[NETWORK_COLUMNS])
    results.write_csv(folder / "costs.csv", costs[COST_COLUMNS])
    results.write_csv(folder / f"{results.TIMINGS}.csv", table.merge(costs, on="network")[TIMING_COLUMNS])
    results.write_csv(folder / "test_images.csv", tested[0])
    results.write_array(folder / "test_counts.npy", tested[1])
    results.write_csv(folder / "people.csv", grouped[0])
    results.write_array(folder / "people_counts.npy", grouped[1])
