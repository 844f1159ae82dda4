"""One fit under one protocol, and its predictions and counts, from which scores are computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.models.build import model_from_settings
from facefair_lib.models.fitted import load_network
from facefair_lib.reproduction.colours import colour_labels, decode_prediction, nearest_labels
from facefair_lib.reproduction.pool import Pool
from facefair_lib.reproduction.protocol import Protocol
from facefair_lib.reproduction.scoring import epoch_scores, tracked_counts
from facefair_lib.reproduction.table_checks import SCORES
from facefair_lib.scores import metrics
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES
from facefair_lib.settings.profiles import ModelSettings, TrainingSettings
from facefair_lib.training.batches import normalise
from facefair_lib.training.device import assigned_cores, choose_device, use_cores
from facefair_lib.training.predict import predict

_COLOUR_CHANNELS = 3


@dataclass(frozen=True)
class Run:
    """The result of a fit.

    Attributes
    ----------
    losses : columns epoch (1-based), split (train | validation | test), loss
    batches : epoch -> split -> (batches, 2, 4) counts of ``scoring.tracked_counts``; empty for classes
    classes : epoch -> (11, 11) confusion counts of the test pictures; empty for colours
    kept_epoch, epochs : the epoch with the lowest loss on the selecting set, and the number of epochs
    unseen : (N, S, S) uint8 labels that the kept weights predict for pictures no protocol has seen
    shown : (K, 3, S, S) float32, raw predictions for the first of these; empty for classes
    seconds_per_epoch : without scoring
    device : description of the device
    weights : file of the kept weights; None if they are not written
    """

    losses: pd.DataFrame
    batches: dict[int, dict[str, np.ndarray]]
    classes: dict[int, np.ndarray]
    kept_epoch: int
    epochs: int
    unseen: np.ndarray
    shown: np.ndarray
    seconds_per_epoch: float
    device: str
    weights: Path | None = None


def reported_scores(run: Run, protocol: Protocol) -> dict[str, float]:
    """The test scores that a paper with this protocol would print: accuracy, precision, recall, F1 and IoU."""
    last = protocol.reported_epoch == "last" and protocol.recipe == "adam"
    epoch = run.epochs if last else run.kept_epoch
    if protocol.target == "colours":
        return epoch_scores(run.batches[epoch]["test"], protocol)
    pooled = run.classes[epoch][None]  # (1, 11, 11)
    return {name: float(metrics.ESTIMANDS[name].function(pooled)) for name in SCORES}


@dataclass(frozen=True)
class Task:
    """What a network is to learn, and from which pictures.

    Attributes
    ----------
    pool, rows : pictures, and which of them are train, validation and test
    unseen : (N, S, S, 3) uint8 RGB pictures on which all protocols are compared
    """

    protocol: Protocol
    pool: Pool
    rows: dict[str, np.ndarray]
    unseen: np.ndarray


def fit(
    name: str, model: ModelSettings, training: TrainingSettings, task: Task, folder: Path, seed: int, shown: int = 4
) -> Run:
    """Fit one network under one protocol.

    Parameters
    ----------
    name, model : the network; ``model.epochs`` is the budget
    training : used only by the recipe ``study``, with the protocol's batch size
    folder : receives what the study's own fit writes
    seed : of the weights and of the order of pictures
    shown : number of raw predictions to keep
    """
    use_cores(assigned_cores())
    protocol, rows = task.protocol, task.rows
    if protocol.recipe == "study":
        return _fit_as_the_study_does(name, model, training, task, folder, seed)
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    channels = _COLOUR_CHANNELS if protocol.target == "colours" else NUM_CLASSES
    network = model_from_settings(name, model, channels).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=protocol.learning_rate, fused=True)  # fused is only faster
    inputs, targets = network_inputs(task.pool.images, protocol), network_targets(task.pool, protocol)
    log, best, seconds = _Log(protocol), (np.inf, 0, network.state_dict()), 0.0
    for epoch in range(1, model.epochs + 1):
        begin = time.monotonic()
        network.train()
        for batch in _shuffled(rows["train"], protocol, seed, epoch):
            loss, output = _step(network, optimiser, inputs[batch].to(device), targets[batch].to(device), protocol)
            log.add(epoch, "train", loss, output, targets[batch])
        seconds += time.monotonic() - begin
        network.eval()
        for split in ("validation", "test") if protocol.selection == "validation" else ("test",):
            for scored in _scored(network, inputs[rows[split]], targets[rows[split]], protocol, device):
                log.add(epoch, split, *scored)
        loss = log.mean_loss(epoch, protocol.selection)
        if loss < best[0]:
            best = (loss, epoch, deepcopy(network.state_dict()))
    network.load_state_dict(best[2])
    raw = _predict(network.eval(), network_inputs(task.unseen, protocol), device)
    masks = decode_prediction(raw, protocol) if protocol.target == "colours" else raw.argmax(1).astype(np.uint8)
    kept = raw[:shown] if protocol.target == "colours" else raw[:0, :_COLOUR_CHANNELS]
    description = choose_device().description
    seconds /= model.epochs
    return Run(log.losses(), log.batches(), log.classes(), best[1], model.epochs, masks, kept, seconds, description)


def network_inputs(images: np.ndarray, protocol: Protocol) -> torch.Tensor:
    """The network's input: (N, S, S, 3) uint8 RGB -> (N, 3, S, S) float32."""
    ordered = images[..., ::-1] if protocol.channel_order == "bgr" else images
    batch = torch.from_numpy(np.ascontiguousarray(ordered)).permute(0, 3, 1, 2)  # (N, 3, S, S)
    return normalise(batch) if protocol.imagenet_normalisation else batch.float() / 255


def network_targets(pool: Pool, protocol: Protocol) -> torch.Tensor:
    """The network's target: (N, 3, S, S) float32 colours in 0..1, or (N, S, S) int64 classes.

    If masks were resized with blending, classes are those of the nearest label colours.
    """
    if protocol.target == "classes":
        blended = protocol.masks == "bilinear"
        labels = np.stack([nearest_labels(picture) for picture in pool.colours]) if blended else pool.labels
        return torch.from_numpy(labels.astype(np.int64))
    colours = pool.colours if protocol.masks == "bilinear" else np.stack([colour_labels(mask) for mask in pool.labels])
    ordered = colours[..., ::-1] if protocol.channel_order == "bgr" else colours
    return torch.from_numpy(np.ascontiguousarray(ordered)).permute(0, 3, 1, 2).float() / 255


def batch_loss(output: torch.Tensor, target: torch.Tensor, protocol: Protocol) -> torch.Tensor:
    """Mean squared error of colours, or cross-entropy of classes."""
    if protocol.target == "colours":
        return functional.mse_loss(output, target)
    return functional.cross_entropy(output, target, ignore_index=IGNORE_INDEX)


def _step(
    network: nn.Module, optimiser: torch.optim.Optimizer, images: torch.Tensor, target: torch.Tensor, protocol: Protocol
) -> tuple[float, torch.Tensor]:
    output = network(images.contiguous(memory_format=torch.channels_last))["out"]
    loss = batch_loss(output, target, protocol)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach()), output.detach().cpu()


def _shuffled(rows: np.ndarray, protocol: Protocol, seed: int, epoch: int) -> Iterator[np.ndarray]:
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    end = len(order) - len(order) % protocol.batch_size if protocol.drop_last else len(order)
    for start in range(0, end, protocol.batch_size):
        yield order[start : start + protocol.batch_size]


@torch.inference_mode()
def _scored(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, protocol: Protocol, device: torch.device
) -> Iterator[tuple[float, torch.Tensor, torch.Tensor]]:
    """Yield loss, output and target of each batch."""
    for images, target in zip(inputs.split(protocol.batch_size), targets.split(protocol.batch_size), strict=True):
        output = network(images.to(device, memory_format=torch.channels_last))["out"].cpu()
        yield float(batch_loss(output, target, protocol)), output, target


@torch.inference_mode()
def _predict(network: nn.Module, inputs: torch.Tensor, device: torch.device) -> np.ndarray:
    parts = [network(part.to(device, memory_format=torch.channels_last))["out"].cpu() for part in inputs.split(32)]
    return torch.cat(parts).numpy()


class _Log:
    """Losses and counts of a fit, batch by batch."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._rows: list[tuple[int, str, float, int, np.ndarray]] = []

    def add(self, epoch: int, split: str, loss: float, output: torch.Tensor, target: torch.Tensor) -> None:
        if self._protocol.target == "colours":
            counts = tracked_counts(target.numpy(), output.numpy())
        else:
            counts = metrics.confusion_counts(target.numpy(), output.argmax(1).numpy()).sum(0)
        self._rows.append((epoch, split, loss, len(target), counts))

    def mean_loss(self, epoch: int, split: str) -> float:
        chosen = [(loss, images) for e, s, loss, images, _ in self._rows if (e, s) == (epoch, split)]
        return float(np.average([loss for loss, _ in chosen], weights=[images for _, images in chosen]))

    def losses(self) -> pd.DataFrame:
        keys = dict.fromkeys((epoch, split) for epoch, split, *_ in self._rows)
        return pd.DataFrame([{"epoch": e, "split": s, "loss": self.mean_loss(e, s)} for e, s in keys])

    def batches(self) -> dict[int, dict[str, np.ndarray]]:
        return self._grouped(np.stack) if self._protocol.target == "colours" else {}

    def classes(self) -> dict[int, np.ndarray]:
        if self._protocol.target == "colours":
            return {}
        return {epoch: splits["test"] for epoch, splits in self._grouped(sum).items()}

    def _grouped(self, join: Callable[[list[np.ndarray]], np.ndarray]) -> dict[int, dict[str, np.ndarray]]:
        groups: dict[int, dict[str, list[np.ndarray]]] = {}
        for epoch, split, _, _, counts in self._rows:
            groups.setdefault(epoch, {}).setdefault(split, []).append(counts)
        return {epoch: {s: join(parts) for s, parts in splits.items()} for epoch, splits in groups.items()}


def _fit_as_the_study_does(
    name: str, model: ModelSettings, training: TrainingSettings, task: Task, folder: Path, seed: int
) -> Run:
    """Fit as notebooks 02 and 03 do, with their loss and augmentation, on these pictures and with this budget."""
    from facefair_lib.training.fit import fit as study_fit  # Lightning takes seconds to import

    pool, test = task.pool, task.rows["test"]
    training = training.model_copy(update={"batch_size": task.protocol.batch_size})
    result = study_fit(name, model, training, pool.images, pool.labels, task.rows, folder, seed)
    network = load_network(name, model, result.weights)
    description = result.description.iloc[0]
    best = int(description["best_epoch"])
    counts = metrics.confusion_counts(pool.labels[test], predict(network, pool.images[test])).sum(0)
    losses = result.history[["epoch", "split", "loss"]]
    masks = predict(network, task.unseen)
    none = np.empty((0, _COLOUR_CHANNELS, *task.unseen.shape[1:3]), np.float32)
    seconds, device = float(result.timings["seconds_per_epoch"].item()), str(description["device"])
    return Run(losses, {}, {best: counts}, best, model.epochs, masks, none, seconds, device, result.weights)
