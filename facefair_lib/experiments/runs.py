"""Runs: each network fitted several times, from different seeds, and every run's scores on the same people.

The first run is that of notebooks 02 and 03. Each run keeps one number per person and question, from which notebook 10
estimates effects over people and runs; the first also keeps its masks of the counterfactual people for notebook 07.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import nn

from facefair_lib.data.pictures import Pictures
from facefair_lib.experiments.people import rendered_people
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.calibration import reliability
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.metrics import fixed_iou, mean_iou
from facefair_lib.scores.outline_errors import outline_shares
from facefair_lib.settings.labels import as_labelled
from facefair_lib.settings.profiles import InferenceSettings, Profile
from facefair_lib.store import results, stages
from facefair_lib.store.processes import WHOLE, assigned_to, share_of, spread
from facefair_lib.store.progress import Advance
from facefair_lib.store.results import Stage
from facefair_lib.tables.checks import on_curve
from facefair_lib.tables.run_scores import KINDS, MASKS
from facefair_lib.training.device import assigned_cores, use_cores
from facefair_lib.training.predict import classes, in_batches, mean_probability, predict
from facefair_lib.training.resume import WEIGHTS

if TYPE_CHECKING:
    from facefair_lib.training.fit import FitResult

COLUMNS = ["model", "run", "seed", "test_iou", "epochs"]
_SCORES = "scores.npz"


def run_seed(seed: int, run: int) -> int:
    """Seed of a run's weights, order and augmentation; the first run's is the study's own."""
    return seed if run == 1 else seed * 1000 + run


def write_runs(
    root: Path, profile: Profile, workers: int, progress: Advance | None = None, shard: tuple[int, int] = WHOLE
) -> set[Path]:
    """Fit the further runs and score all of them.

    Parameters
    ----------
    root : results of the profile; its folder ``runs`` receives ``runs.csv`` and per network ``<network>_<kind>.npy`` of
        ``KINDS`` and ``<network>_changed_masks.npy`` (N, H, W) of the first run; and a folder per run, from which an
        interrupted stage resumes
    workers : cores; runs share them, a GPU is used by one run at a time
    progress : called with (runs done, runs in all)
    shard : (k, n) fits and scores every n-th run from the k-th on and writes no table

    Returns
    -------
    files of other stages that were read
    """
    folder = root / stages.RUNS
    every_run = [(model, run) for run in range(1, profile.runs + 1) for model in stages.TRAINING_STAGES]
    planned = share_of(every_run, shard)
    side_by_side = 1 if torch.cuda.is_available() else min(workers, len(planned))
    jobs = [(root, profile, model, run, max(1, workers // side_by_side)) for model, run in planned]
    rows, read = [], set[Path]()
    if progress:
        progress(0, len(jobs))
    for row, files in spread(_do_run, jobs, side_by_side):
        rows.append(row)
        read.update(files)
        if progress:
            progress(len(rows), len(jobs))
    if shard != WHOLE:
        return read
    for model in stages.TRAINING_STAGES:
        kept = [results.read_arrays(_folder(root, model, run) / _SCORES) for run in range(1, profile.runs + 1)]
        for kind in KINDS:
            results.write_array(folder / f"{model}_{kind}.npy", np.stack([scores[kind] for scores in kept]))
        masks = results.read_array(_folder(root, model, 1) / f"{MASKS}.npy")
        results.write_array(folder / f"{model}_{MASKS}.npy", masks)
    table = pd.DataFrame(rows, columns=COLUMNS).sort_values(["model", "run"], ignore_index=True)
    results.write_csv(folder / "runs.csv", table)
    return read


def _folder(root: Path, model: str, run: int) -> Path:
    return root / stages.RUNS / f"{model}_{run}"


def _do_run(root: Path, profile: Profile, model: str, run: int, cores: int) -> tuple[dict[str, object], list[Path]]:
    """Fit one run, unless it is the first or already done, and score it; a row of ``runs.csv``, and the files read."""
    read: list[Path] = []
    with assigned_to(cores):
        weights, epochs = _weights_of(root, profile, model, run, read)
        test_iou = _score(root, profile, model, run, weights, read)
    seed = run_seed(profile.seed, run)
    return dict(zip(COLUMNS, (model, run, seed, test_iou, epochs), strict=True)), read


def _weights_of(root: Path, profile: Profile, model: str, run: int, read: list[Path]) -> tuple[Path, int]:
    """Weights of a run, and its epochs."""
    if run == 1:
        stage = Stage(root / stages.TRAINING_STAGES[model], read.append)
        row = stage.table("model").iloc[0]
        return stage.existing(WEIGHTS), int(row["epochs"])
    result = fit_run(root, profile, model, run, read.append)
    return result.weights, int(result.description["epochs"].item())


def fit_run(
    root: Path, profile: Profile, model: str, run: int, on_read: Callable[[Path], None] | None = None
) -> FitResult:
    """Fit one run in the folder where the study looks for it; the first belongs to notebook 02 or 03."""
    from facefair_lib.training.fit import fit  # Lightning takes seconds to import: only when something is fitted

    data = Stage(root / "01_data_preparation", on_read)
    images, labels = data.arrays()
    rows = Pictures(data.table("prepared"), images, labels).rows()
    settings, seed = getattr(profile.models, model), run_seed(profile.seed, run)
    folder = root / stages.TRAINING_STAGES[model] if run == 1 else _folder(root, model, run)
    return fit(model, settings, profile.training, images, labels, rows, folder, seed)


def _score(root: Path, profile: Profile, model: str, run: int, weights: Path, read: list[Path]) -> float:
    """Score all people and keep the scores, unless that is done; returns the pooled mean IoU of the test pictures."""
    people = rendered_people(Stage(root / stages.EXPERIMENT, read.append)).scored
    cohort = Stage(root / stages.COUNTERFACTUALS, read.append)
    changed = Pictures(cohort.table("people"), *cohort.arrays())
    data = Stage(root / "01_data_preparation", read.append)
    prepared = data.table("prepared")
    test = prepared.loc[prepared["split"] == "test", "row"].to_numpy()
    images, labels = (array[test] for array in data.arrays())
    one_view = profile.inference.model_copy(update={"views": profile.counterfactuals.views})
    pictures = (images, labels, people.images, people.labels, changed.images, changed.labels, on_curve(changed.table))
    key = _key(weights, (profile.inference, one_view, profile.data.source), pictures)
    kept = _folder(root, model, run) / _SCORES
    if kept.exists() and (run > 1 or kept.with_name(f"{MASKS}.npy").exists()):
        stored = results.read_arrays(kept)
        if str(stored["key"]) == key:
            return float(stored["test_iou"])
    network = load_network(model, getattr(profile.models, model), weights)
    tested = as_labelled(predict(network, images, views=profile.inference), profile.data.source)
    test_iou = float(mean_iou(confusion_counts(labels, tested).sum(0)))
    seen = predict(network, people.images, views=profile.inference)
    masks, scores = _look_at_changed(network, changed, one_view)
    if run == 1:
        results.write_array(kept.with_name(f"{MASKS}.npy"), masks)
    scored = fixed_iou(confusion_counts(people.labels, seen))
    with results.replacing(kept) as temporary:
        np.savez_compressed(temporary, key=key, test_iou=test_iou, people=scored, **scores)
    return test_iou


def _look_at_changed(
    network: nn.Module, changed: Pictures, views: InferenceSettings
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Predicted masks of the counterfactual people, and their scores by kind."""
    use_cores(assigned_cores())

    def look(inputs: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        probability = mean_probability(network, inputs, views)  # (B, C, H, W)
        return classes(probability), probability.amax(1).float().cpu().numpy().astype(np.float16)

    masks, confidence = (np.concatenate(part) for part in zip(*in_batches(network, changed.images, look), strict=True))
    labels, curve = np.asarray(changed.labels), on_curve(changed.table)
    outlines = np.full(len(labels), np.nan)
    if curve.any():  # none in a cohort without further tones
        outlines[curve] = np.nanmean(outline_shares(labels[curve], masks[curve]), axis=1)
    sure = reliability(labels, masks, confidence)
    sure[~curve] = 0
    scores = {"changed": fixed_iou(confusion_counts(labels, masks)), "outlines": outlines, "reliability": sure}
    return masks, scores


def _key(weights: Path, settings: tuple[object, ...], arrays: tuple[np.ndarray, ...]) -> str:
    """Digest of everything that decides a run's scores, the version of the code included."""
    digest = hashlib.sha256(weights.read_bytes())
    digest.update(repr((settings, stages.code_version(stages.RUNS))).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
