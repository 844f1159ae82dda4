"""Fits a light PSPNet as one of several processes: run by torchrun in ``test_ranks.py``, and there as a single process.

Without batch norm and dropout, in which ranks on a CPU differ from one process, unless ``as_published`` is asked for.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facefair_lib.settings.profiles import ModelSettings, TrainingSettings
from facefair_lib.training import device, ranks
from facefair_lib.training import fit as fitting

SIZE = 32


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """(15, 32, 32, 3) and (15, 32, 32) uint8: discs of class 4, everywhere else; a part is ignored."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE]
    labels = np.stack([((y - a) ** 2 + (x - b) ** 2 < 64) * 4 for a, b in generator.integers(10, 22, (15, 2))])
    images = np.where(labels[..., None] == 4, 200, 50) + generator.integers(-20, 20, (15, SIZE, SIZE, 3))
    labels[::4, : SIZE // 2] = 255
    return images.astype(np.uint8), labels.astype(np.uint8)


def without_statistics(network: nn.Module) -> nn.Module:
    """Group norm in place of batch norm, and no dropout."""
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(network, name, nn.GroupNorm(1, child.num_features))
        elif isinstance(child, nn.Dropout | nn.Dropout2d):
            setattr(network, name, nn.Identity())
        else:
            without_statistics(child)
    return network


def main(folder: Path, as_published: bool, killed: str) -> None:
    """Fit, and end as by a failing machine if ``killed`` names this rank, in the step that it names: "01@3"."""
    which, _, when = killed.partition("@")
    torch.set_num_threads(1)
    device._cpu_field = lambda key: ""  # fp32, whatever this CPU announces
    build = fitting.model_from_settings
    if not as_published:
        fitting.model_from_settings = lambda name, model: without_statistics(build(name, model))
    model = ModelSettings(
        backbone="resnet18", weights="none", output_stride=8, channels=8, epochs=3, learning_rate=0.002
    )
    training = TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1, geometric=0.5, colour=0.5)
    rows = {"train": np.arange(10), "validation": np.arange(10, 15)}  # the last validation batch has one picture
    norms: list[float] = []
    with ranks.joined():
        step = fitting.SegmentationTask.training_step

        def or_die(task: fitting.SegmentationTask, batch: object, batch_index: int) -> torch.Tensor:
            if str(ranks.rank()) in which and task.global_step == int(when):
                os.kill(os.getpid(), signal.SIGKILL)
            return step(task, batch, batch_index)

        def note_norm(task: fitting.SegmentationTask, optimizer: object) -> None:
            norms.append(torch.stack([value.grad.norm() for value in task.network.parameters()]).norm().item())

        fitting.SegmentationTask.training_step = or_die
        fitting.SegmentationTask.on_before_optimizer_step = note_norm
        fitting.fit("pspnet", model, training, *pictures(), rows, folder, seed=5)
        if ranks.rank() == 0:
            np.save(folder.with_suffix(".npy"), norms)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "as_published", sys.argv[3])
