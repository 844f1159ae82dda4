"""Fits one network: the loop is Lightning's, the choices are made here."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, WeightAveraging
from timm.layers import convert_sync_batchnorm
from torch.optim.swa_utils import get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.fitted import load_network
from facefair_lib.settings.labels import IGNORE_INDEX
from facefair_lib.settings.profiles import ModelSettings, TrainingSettings
from facefair_lib.store import results
from facefair_lib.training import ranks
from facefair_lib.training.batches import ArrayBatches, Batch, ordered_batches, training_batches
from facefair_lib.training.device import Device, assigned_cores, choose_device, cpu_announces_bf16, use_cores
from facefair_lib.training.history import History
from facefair_lib.training.network import SegmentationTask
from facefair_lib.training.number_format import NumberFormat, chosen_here
from facefair_lib.training.resume import (
    HISTORY,
    LAST,
    TIMINGS,
    WEIGHTS,
    finish,
    fit_key,
    recall,
    remember,
    start_or_resume,
)

_AVERAGED_STEPS = 100  # the saved weights are a moving average over about this many steps


@dataclass(frozen=True)
class FitResult:
    """What a fit leaves behind.

    Attributes
    ----------
    history : rows of ``history.csv``
    description : the network's row of ``model.csv``: what was fitted, on which device
    timings : row of ``timings.csv``: seconds, also per epoch; training pictures per second; bf16's speed-up, if timed
    weights : path of the best epoch's weights, a plain state dict
    """

    history: pd.DataFrame
    description: pd.DataFrame
    timings: pd.DataFrame
    weights: Path


def fit(
    name: str,
    model: ModelSettings,
    training: TrainingSettings,
    images: np.ndarray,
    labels: np.ndarray,
    rows: dict[str, np.ndarray],
    folder: Path,
    seed: int,
    start: Path | None = None,
) -> FitResult:
    """Fit one network and save the weights of the epoch with the lowest validation loss.

    An interrupted fit resumes after the last complete epoch and ends with the weights it would have had; a finished one
    is not repeated. Both hold only for the same settings, data, seed and code: files of another fit are removed.

    A fit uses one device. Processes that have joined (``ranks``) use one each, call this with the same arguments and
    get the same result; they also resume a fit that another number of processes began.

    Parameters
    ----------
    name : network, as ``build_model`` knows it
    images, labels : (N, H, W, 3) and (N, H, W) uint8 packed arrays
    rows : split name -> row numbers; ``train`` and ``validation`` are needed
    folder : gets ``history.csv``, ``timings.csv``, ``best.pt`` and, until the fit is complete, its checkpoints
    start : ``best.pt`` of an earlier fit of this network, to start from instead of the weights that ``model`` names

    Raises
    ------
    InputError
        if there are fewer training images than one batch, or a split has no labelled pixel; if a batch cannot be
        divided evenly among several processes; or if an epoch's loss is not finite
    """
    _check_ranks(training.batch_size, ranks.size())
    _check_rows(rows, training.batch_size)
    _check_labels(labels, rows)
    key = fit_key(name, model, training, images, labels, rows, seed, start)
    description = ranks.on_first(lambda: start_or_resume(folder, key))
    if description is None:
        description, timings = _fit(name, model, training, images, labels, rows, folder, seed, start)
        ranks.on_first(lambda: finish(folder, key, description, timings))
    history, timings = ranks.on_first(lambda: [results.read_csv(folder / name) for name in (HISTORY, TIMINGS)])
    return FitResult(history, pd.DataFrame([description]), timings, folder / WEIGHTS)


def _fit(
    name: str,
    model: ModelSettings,
    training: TrainingSettings,
    images: np.ndarray,
    labels: np.ndarray,
    rows: dict[str, np.ndarray],
    folder: Path,
    seed: int,
    start: Path | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit from the start or from ``last.ckpt``, and write ``best.pt``; returns the description and the timings."""
    use_cores(assigned_cores())
    lightning.seed_everything(seed, verbose=False)
    task = _task(name, model, training, seed, start)
    first = ArrayBatches(images, labels, rows["train"][: training.batch_size])[:]
    device = choose_device(partial(task.try_step, first) if ranks.size() == 1 else None)
    if device.accelerator == "gpu":
        torch.cuda.reset_peak_memory_stats()
        if ranks.size() > 1:  # Lightning's own conversion would drop the activations within timm's layers
            task.network = convert_sync_batchnorm(task.network)
    number_format = ranks.on_first(lambda: _number_format(device, task, first, folder))
    loaders = _loaders(images, labels, rows, training.batch_size, seed, device)
    history = History(folder / HISTORY, model.epochs, name)
    best = _Checkpoint(folder, filename="best", monitor="validation_loss", enable_version_counter=False)
    # A separate callback: `save_last` would save only epochs that are better than all before.
    # It comes after `best`, because it also stores which epoch was best.
    last = _Checkpoint(folder, filename=Path(LAST).stem, enable_version_counter=False)
    steps = len(rows["train"]) // training.batch_size * model.epochs
    callbacks = [weight_averaging(device, steps), history, best, last]
    resumed = ranks.on_first(lambda: folder / LAST if (folder / LAST).exists() else None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")  # advice on worker counts and log intervals
        trainer = trainer_for(model.epochs, folder, device, number_format.precision, callbacks)
        trainer.fit(task, *loaders, ckpt_path=resumed, weights_only=True)
    ranks.on_first(lambda: _save_weights(Path(best.best_model_path), folder / WEIGHTS))
    timings = _timings(name, history, len(rows["train"]), device, number_format)
    return _describe(name, model, task, history, device, number_format), timings


class _Checkpoint(ModelCheckpoint):
    """Knows its best epoch also where the folder has been moved since; Lightning forgets it then."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        def here(path: str) -> str:
            return str(Path(self.dirpath, Path(path).name)) if path else path

        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        moved = {name: here(state_dict[name]) for name in paths}
        moved["best_k_models"] = {here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})


def _check_ranks(batch_size: int, several: int) -> None:
    if batch_size % several:
        raise InputError(
            f"a fit by {several} processes",
            found=f"training.batch_size {batch_size}",
            expected=f"a multiple of {several}: each takes the same share of a batch",
            do="start another number of processes, or set another batch size in a profile of your own",
        )


def _check_rows(rows: dict[str, np.ndarray], batch_size: int) -> None:
    for split, least in (("train", batch_size), ("validation", 1)):
        found = len(rows.get(split, ()))
        if found < least:
            raise InputError(
                f"split {split!r}",
                found=f"{found} images",
                expected=f"at least {least} (batch size {batch_size})",
                do="lower training.batch_size, or keep more images (data.subsample)",
            )


def _check_labels(labels: np.ndarray, rows: dict[str, np.ndarray]) -> None:
    for split in ("train", "validation"):
        if not any((labels[row] != IGNORE_INDEX).any() for row in rows[split]):
            raise InputError(
                f"split {split!r}",
                found=f"no labelled pixel on {len(rows[split])} images: every label says ignore ({IGNORE_INDEX})",
                expected="at least one pixel with the label of a class",
                do="check the data set's labels (facefair datasets check NAME FOLDER --all), or choose another seed",
            )


def averaging_decay(steps: int) -> float:
    """Decay per step of the weights' moving average: over 100 steps, or a tenth of a short fit's steps, as otherwise
    its average would stay close to the initial weights.
    """
    return 1 - 1 / max(1, min(_AVERAGED_STEPS, steps / 10))


def _loaders(
    images: np.ndarray, labels: np.ndarray, rows: dict[str, np.ndarray], batch_size: int, seed: int, device: Device
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    splits = rows["train"], rows["validation"]
    place = device.place_for_pictures(sum(map(len, splits)) * (images[0].nbytes + labels[0].nbytes))
    seen, held_out = (ArrayBatches(images, labels, split, place) for split in splits)
    return training_batches(seen, batch_size, seed), ordered_batches(held_out, batch_size)


def weight_averaging(device: Device, steps: int) -> WeightAveraging:
    """Moving average of the weights, on the fit's device: by default it would stay in main memory.

    All weights are averaged at once; one by one, as in ``EMAWeightAveraging``, takes thousands of small operations a
    step.
    """
    return WeightAveraging(device.place, multi_avg_fn=get_ema_multi_avg_fn(averaging_decay(steps)))


def _task(
    name: str, model: ModelSettings, training: TrainingSettings, seed: int, start: Path | None
) -> SegmentationTask:
    network = load_network(name, model, start) if start else model_from_settings(name, model)
    return SegmentationTask(
        network.to(memory_format=torch.channels_last).train(),
        learning_rate=model.learning_rate,
        training=training,
        small_start=model.small_start,
        seed=seed,
    )


def _number_format(device: Device, task: SegmentationTask, batch: Batch, folder: Path) -> NumberFormat:
    """The format that this fit began with; for a new fit that of the device, or on a CPU the faster one."""
    if device.accelerator != "cpu":
        return NumberFormat(device.precision)
    begun = recall(folder, "number_format")
    if begun is not None:
        return NumberFormat(*begun)
    found = NumberFormat(device.precision)
    if cpu_announces_bf16():
        found = chosen_here(task.network, batch, task.settings.dice_weight, device.description)
    remember(folder, "number_format", [found.precision, found.bf16_speedup])
    return found


def trainer_for(
    epochs: int, folder: Path, device: Device, precision: str, callbacks: list[Callback]
) -> lightning.Trainer:
    """Lightning's trainer with the choices that every fit shares."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # its banner repeats what model.csv records
    return lightning.Trainer(
        max_epochs=epochs,
        accelerator=device.accelerator,
        # One device: with several GPUs, Lightning would start the stage's process once for each.
        devices=[device.place.index] if device.accelerator == "gpu" else 1,
        num_nodes=ranks.size(),
        strategy="ddp" if ranks.size() > 1 else "auto",
        plugins=[ranks.JoinedProcess()],
        precision=precision,
        benchmark=device.accelerator == "gpu",  # cuDNN times its convolutions for this picture size
        default_root_dir=folder,
        callbacks=callbacks,
        gradient_clip_val=5.0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _save_weights(checkpoint: Path, path: Path) -> None:
    """Write the network's part of a checkpoint as a plain state dict."""
    prefix = "network."
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    network = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    with results.replacing(path) as temporary, temporary.open("wb") as file:
        torch.save(network, file)  # given a path, torch would store its name, here a random one, in the file


def _describe(
    name: str,
    model: ModelSettings,
    task: SegmentationTask,
    history: History,
    device: Device,
    number_format: NumberFormat,
) -> dict[str, Any]:
    validation = [row for row in history.rows if row["split"] == "validation"]
    return {
        "model": name,
        "backbone": model.backbone,
        "fine_maps": bool(model.fine_maps),
        "weights": model.weights,
        "parameters": sum(parameter.numel() for parameter in task.network.parameters()),
        "epochs": len(validation),
        "best_epoch": min(validation, key=lambda row: row["loss"])["epoch"],
        "device": device.description if ranks.size() == 1 else f"{ranks.size()} × {device.description}",
        "precision": number_format.precision,
    }


def _timings(name: str, history: History, images: int, device: Device, number_format: NumberFormat) -> dict[str, Any]:
    epochs, seconds = len(history.rows) // 2, history.seconds  # two rows an epoch, one for each split
    return {
        "model": name,
        "seconds": seconds,
        "seconds_per_epoch": seconds / epochs,
        "images_per_second": images * epochs / seconds,
        "bf16_speedup": number_format.bf16_speedup,
        "gpu_peak_bytes": torch.cuda.max_memory_allocated() if device.accelerator == "gpu" else None,
    }
