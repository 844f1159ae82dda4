"""How many pictures a second facefair trains on, against two other loops and against the processor's own peak.

Run it from the repository's root, on an otherwise idle machine or on one thread::

    OMP_NUM_THREADS=1 python benchmarks/training.py [--networks light_deeplabv3 deeplabv3 ...] [--rounds 5] [--steps 6]

The loops take turns with the same networks, sizes and batches. ``paper`` does what the course paper's program did:
fp32, channels first, Adam, mean squared error against colours, scikit-learn's scores of every batch. ``torchvision`` is
the usual loop of torchvision's references: pictures changed one by one by workers, cross-entropy, SGD. ``facefair`` is
the study's own, with all that it does in a step: augmentation, its loss, confusion counts, averaged weights.

Seconds are processor seconds, workers included, divided by the threads: other programs do not count. The peak is a
large matrix product in the number format that facefair chose; only convolutions and products count as operations.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import facefair_lib  # noqa: F401 - first: it makes torchvision importable

# isort: split
import numpy as np
import psutil
import torch
from lightning.pytorch.callbacks import LambdaCallback
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import tv_tensors
from torchvision.transforms import v2

from facefair_lib.models.build import model_from_settings
from facefair_lib.models.weights import MEAN, STANDARD_DEVIATION
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES, PALETTES
from facefair_lib.settings.profiles import ModelSettings, TrainingSettings, load_profile
from facefair_lib.training.batches import ArrayBatches, training_batches
from facefair_lib.training.device import choose_device, cpu_announces_bf16
from facefair_lib.training.fit import trainer_for, weight_averaging
from facefair_lib.training.network import SegmentationTask
from facefair_lib.training.number_format import BF16, FP32, time_number_formats

AUXILIARY_WEIGHT = 0.5  # in torchvision's references
MATRIX = 2048
Tick = Callable[[], None]
"""What a loop calls after every step."""


@dataclass(frozen=True)
class Case:
    """A network, and what it is trained on."""

    model: str
    settings: ModelSettings
    training: TrainingSettings
    images: np.ndarray
    labels: np.ndarray

    def network(self, channels: int = NUM_CLASSES) -> nn.Module:
        """The network with random weights, in training mode."""
        return model_from_settings(self.model, self.settings.model_copy(update={"weights": "none"}), channels).train()


def cases(steps: int) -> dict[str, Case]:
    """The course paper's networks at its size and batch, and the light ones of profile quick at quick's."""
    random, made = np.random.default_rng(0), {}
    for prefix, profile, batch in (("light_", load_profile("quick"), None), ("", load_profile("paper"), 4)):
        training = profile.training.model_copy(update={"batch_size": batch or profile.training.batch_size})
        shape = (training.batch_size * steps, profile.data.size, profile.data.size)
        images = random.integers(0, 256, (*shape, 3), np.uint8)
        labels = random.integers(0, NUM_CLASSES, shape, np.uint8)
        for model in type(profile.models).model_fields:
            made[prefix + model] = Case(model, getattr(profile.models, model), training, images, labels)
    return made


def facefair_task(case: Case) -> SegmentationTask:
    """What the study hands to Lightning."""
    network, rate = case.network().to(memory_format=torch.channels_last), case.settings.learning_rate
    return SegmentationTask(network, learning_rate=rate, training=case.training, small_start=None, seed=0)


def chosen_format(case: Case) -> str:
    """The number format in which facefair fits this network here."""
    if not cpu_announces_bf16():
        return FP32
    batch = ArrayBatches(case.images, case.labels, np.arange(case.training.batch_size))[:]
    return time_number_formats(facefair_task(case).network, batch, case.training.dice_weight).precision


def facefair(case: Case, tick: Tick, precision: str) -> None:
    """The study's loop; a step ends when its weights have been averaged."""
    rows, size, device = np.arange(len(case.images)), case.training.batch_size, choose_device()
    batches = training_batches(ArrayBatches(case.images, case.labels, rows), size, 0)
    callbacks = [weight_averaging(device, len(batches)), LambdaCallback(on_train_batch_end=lambda *_: tick())]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")  # advice on worker counts
        trainer_for(1, Path(folder), device, precision, callbacks).fit(facefair_task(case), batches)


def paper(case: Case, tick: Tick) -> None:
    """The course paper's loop, its pictures in memory already."""
    pictures = torch.from_numpy(case.images).permute(0, 3, 1, 2) / 255
    colours = torch.from_numpy(PALETTES["paper"][case.labels]).permute(0, 3, 1, 2) / 255
    network = case.network(channels=3)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    for inputs, target in DataLoader(TensorDataset(pictures, colours), case.training.batch_size, shuffle=True):
        optimiser.zero_grad()
        output = network(inputs)["out"]
        loss = functional.mse_loss(output, target)
        loss.backward()
        optimiser.step()
        truth, found = target.numpy().ravel(), output.detach().numpy().ravel()
        for score in (f1_score, accuracy_score, recall_score, precision_score):
            score(truth > 0, found > 0.1)
        jaccard_score(truth > 0.5, found > 0.5)
        loss.item()
        tick()


class Pictures(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Pictures one by one, changed as torchvision's references change them."""

    def __init__(self, case: Case) -> None:
        self.case, side = case, case.images.shape[1]
        self.change = v2.Compose(
            [
                v2.RandomResize(side // 2, side * 2),
                v2.RandomHorizontalFlip(),
                v2.RandomCrop(side, pad_if_needed=True, fill={tv_tensors.Mask: IGNORE_INDEX, "others": 0}),
                v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
                v2.Normalize(MEAN, STANDARD_DEVIATION),
            ]
        )

    def __len__(self) -> int:
        return len(self.case.images)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        picture = tv_tensors.Image(torch.from_numpy(self.case.images[row]).permute(2, 0, 1))
        return self.change(picture, tv_tensors.Mask(torch.from_numpy(self.case.labels[row]).long()))


def torchvision(case: Case, tick: Tick, workers: int) -> None:
    """The loop of torchvision's references for segmentation."""
    network = case.network()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    loader = DataLoader(Pictures(case), case.training.batch_size, shuffle=True, num_workers=workers, drop_last=True)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimiser, len(loader), power=0.9)
    for inputs, target in loader:
        outputs = network(inputs)
        losses = [functional.cross_entropy(logits, target, ignore_index=IGNORE_INDEX) for logits in outputs.values()]
        loss = losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        loss.item()
        tick()


def processor_seconds() -> float:
    """Processor seconds of this process and its workers."""
    here = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (here, *here.children(recursive=True)))


def seconds_per_step(loop: Callable[[Tick], None]) -> float:
    """Processor seconds of a step over the threads; the first step, which also prepares, does not count."""
    stamps: list[float] = []
    loop(lambda: stamps.append(processor_seconds()))
    return (stamps[-1] - stamps[0]) / (len(stamps) - 1) / torch.get_num_threads()


def operations(case: Case) -> int:
    """Floating-point operations of a step forwards and backwards, loss and update left out."""
    inputs = torch.zeros(case.training.batch_size, 3, *case.images.shape[1:3])
    with FlopCounterMode(display=False, custom_mapping={torch.ops.aten.convolution_backward: _backward}) as counter:
        case.network()(inputs)["out"].sum().backward()
    return counter.get_total_flops()


def _backward(grad: torch.Size, _: torch.Size, weight: torch.Size, *rest: object, **__: object) -> int:
    """As many as forwards for each gradient asked for; torch counts grouped convolutions as if they were not."""
    return 2 * sum(rest[-1][:2]) * math.prod(grad) * math.prod(weight[1:])


def peak(precision: str) -> float:
    """Operations a second of a large matrix product, the best of five."""
    factor = torch.ones(MATRIX, MATRIX, dtype=torch.bfloat16 if precision == BF16 else torch.float32)
    seconds = []
    for _ in range(6):
        begin = processor_seconds()
        factor @ factor
        seconds.append(processor_seconds() - begin)
    return 2 * MATRIX**3 / min(seconds[1:]) * torch.get_num_threads()


def main() -> None:
    """Time the loops in turn and print a line for each network."""
    names = list(cases(1))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", nargs="+", choices=names, default=names)
    options.add_argument("--rounds", type=int, default=5, help="turns of every loop; medians are printed")
    options.add_argument("--steps", type=int, default=6, help="steps that are timed in each turn")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--workers", type=int, default=2, help="of torchvision's loop")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    print(f"{choose_device().description}; images per processor second, medians of {chosen.rounds} rounds", flush=True)
    for name in chosen.networks:
        case = cases(chosen.steps + 1)[name]
        precision = chosen_format(case)
        loops: dict[str, Callable[[Tick], None]] = {
            "facefair": lambda tick, case=case, precision=precision: facefair(case, tick, precision),
            "paper": lambda tick, case=case: paper(case, tick),
            "torchvision": lambda tick, case=case: torchvision(case, tick, chosen.workers),
        }
        taken: dict[str, list[float]] = {loop: [] for loop in loops}
        rates = []
        for _ in range(chosen.rounds):
            rates.append(peak(precision))
            for loop, seconds in taken.items():
                seconds.append(seconds_per_step(loops[loop]))
        median = {loop: float(np.median(seconds)) for loop, seconds in taken.items()}
        own, share = median["facefair"], operations(case) / median["facefair"] / np.median(rates)
        speeds = ", ".join(f"{loop} {case.training.batch_size / seconds:.2f}" for loop, seconds in median.items())
        ratios = ", ".join(f"{seconds / own:.2f} x {loop}" for loop, seconds in median.items() if loop != "facefair")
        print(f"{name}: {speeds}; {ratios}; {share:.0%} of the peak ({precision})", flush=True)


if __name__ == "__main__":
    main()
