"""Chooses a fit's number format: on a CPU fp32, unless bf16 is clearly faster there for this network."""

from __future__ import annotations

import copy
import hashlib
import time
from dataclasses import dataclass

import torch
from torch import nn

from facefair_lib.settings.paths import cache_dir
from facefair_lib.store import results
from facefair_lib.training.batches import Batch, normalise
from facefair_lib.training.loss import segmentation_loss

FP32, BF16 = "32-true", "bf16-mixed"  # as Lightning names them
CLEARLY_FASTER = 1.25  # times as fast
_BEYOND_DOUBT = 1.6  # times as fast: further steps, each of which may take many seconds, would not change the choice
_PAIRS = 4


@dataclass(frozen=True)
class NumberFormat:
    """A precision as Lightning names it, and how many times as fast a step was in bf16, or None if not timed."""

    precision: str
    bf16_speedup: float | None = None


def chosen_here(network: nn.Module, batch: Batch, dice_weight: float, device: str) -> NumberFormat:
    """The format that was chosen when this machine first fitted such a network to such pictures; timed if none was.

    Timed again, a gain close to the limit would decide the other way now and then, and two runs of one seed would
    differ.

    Parameters
    ----------
    network, batch, dice_weight : as in ``time_number_formats``
    device : kind of CPU and number of threads
    """
    what = (torch.__version__, device, str(tuple(batch[0].shape)), str(network))
    key = hashlib.sha256("\n".join(what).encode()).hexdigest()[:16]
    kept = cache_dir() / "number_formats" / f"{key}.json"
    if not kept.exists():
        found = time_number_formats(network, batch, dice_weight)
        if not kept.exists():  # by a fit of the same network, meanwhile
            results.write_json(kept, vars(found))
    return NumberFormat(**results.read_json(kept))


def time_number_formats(network: nn.Module, batch: Batch, dice_weight: float) -> NumberFormat:
    """Time training steps of a network in both formats on the CPU, and choose.

    Parameters
    ----------
    network : in training mode; neither it nor the state of the random numbers is changed
    batch : as the fit will see it, (B, 3, H, W) and (B, H, W) uint8

    Notes
    -----
    A CPU's support of bf16 does not say what it gains. On ResNet-18's first two stages, a bf16 step takes .6 of fp32's
    time on one kind of CPU and 1.4 times as much on another; with EfficientNet-Lite0 it takes longer on the first too.

    The same seed on two CPUs gives different weights even in one format, because sums are rounded in another order, and
    more so in two: bf16 keeps 8 bits of a number, fp32 24. The fits then differ as those of two seeds do. So their
    scores agree within the scatter between runs, and smaller differences cannot be read from one run.
    """
    trial = copy.deepcopy(network)
    seconds: dict[str, list[float]] = {FP32: [], BF16: []}
    with torch.random.fork_rng(devices=[]):
        for pair in range(1 + _PAIRS):
            for precision, taken in seconds.items():
                taken.append(_step_seconds(trial, batch, dice_weight, precision))
            # The first step includes set-up. Of the others the fastest counts: other programs can only add time.
            single, half = (min(taken[1:], default=taken[0]) for taken in seconds.values())
            speedup = single / half
            if pair and not 1 / _BEYOND_DOUBT < speedup < _BEYOND_DOUBT:
                break
    return NumberFormat(BF16 if speedup >= CLEARLY_FASTER else FP32, speedup)


def _step_seconds(network: nn.Module, batch: Batch, dice_weight: float, precision: str) -> float:
    """CPU seconds of one step without its update; wall-clock time would include other programs."""
    images, labels = batch
    begin = time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == BF16):
        logits = network(normalise(images).contiguous(memory_format=torch.channels_last))["out"]
        loss = segmentation_loss(logits, labels.long(), dice_weight)
    loss.backward()
    return time.process_time() - begin
