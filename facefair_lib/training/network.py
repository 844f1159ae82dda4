"""The Lightning module: one network, its loss, its optimiser, and confusion counts of every epoch."""

from __future__ import annotations

import math

import lightning
import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES
from facefair_lib.settings.profiles import SmallStart, TrainingSettings
from facefair_lib.training.augment import augment, shrink
from facefair_lib.training.batches import Batch, normalise
from facefair_lib.training.loss import segmentation_loss

_AUXILIARY_WEIGHT = 0.4  # of the auxiliary head's loss, as in PSPNet (Zhao et al. 2017, section 4.2)


class SegmentationTask(lightning.LightningModule):
    """Fits one network to (images, labels) batches.

    Parameters
    ----------
    network : returns ``{"out": logits[, "aux": logits]}``
    learning_rate : the top of the one-cycle schedule
    training : AdamW's weight decay, the loss's weight of Dice, and augmentation
    small_start : first epochs on smaller pictures, or None
    seed : source of augmentation, together with the step number
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        learning_rate: float,
        training: TrainingSettings,
        small_start: SmallStart | None,
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.learning_rate, self.settings, self.small_start, self.seed = learning_rate, training, small_start, seed
        self.counts = {"train": _no_counts(), "validation": _no_counts()}
        self.loss_sums = {"train": [0.0, 0], "validation": [0.0, 0]}

    def training_step(self, batch: Batch, batch_index: int) -> torch.Tensor:
        """One step on an augmented batch. Its randomness depends on the seed and the step only, so a resumed fit
        repeats it.
        """
        seed = self.seed * 1_000_003 + self.global_step
        torch.manual_seed(seed)  # dropout draws from the global generator
        generator = torch.Generator().manual_seed(seed)
        if self._starts_small():
            batch = shrink(*batch, self.small_start.scale)
        images, labels = augment(*batch, self.settings, generator)
        return self._loss("train", images, labels)

    def _starts_small(self) -> bool:
        """Whether this epoch sees smaller pictures: learning begins with coarse shapes, which take fewer pixels.

        Source: progressive resizing, Tan and Le, "EfficientNetV2", ICML 2021, section 4.
        """
        if self.small_start is None:
            return False
        return self.current_epoch < round(self.small_start.epochs * self.trainer.max_epochs)

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Score a batch as it is."""
        self._loss("validation", *batch)

    def on_train_epoch_start(self) -> None:
        """Start the epoch's counts afresh and tell the sampler which epoch it is."""
        for split in self.counts:
            self.counts[split] = _no_counts()
            self.loss_sums[split] = [0.0, 0]
        self.trainer.train_dataloader.sampler.sampler.epoch = self.current_epoch

    def on_validation_epoch_end(self) -> None:
        """Log the validation loss, by which the best weights are chosen."""
        self.log("validation_loss", self.mean_loss("validation"))

    def mean_loss(self, split: str) -> float:
        """Mean loss per image of the epoch so far; images of which nothing is labelled count nowhere."""
        total, images = self.loss_sums[split]
        return total / images if images else float("nan")

    def configure_optimizers(self) -> dict[str, object]:
        """AdamW under a one-cycle schedule that is stepped every batch."""
        optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.learning_rate,
            weight_decay=self.settings.weight_decay,
            fused=self.trainer.precision == "32-true",  # a quarter of the time; mixed precision cannot clip for it
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.learning_rate, total_steps=steps, pct_start=0.2)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, split: str, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        target = labels.long()
        outputs = self.network(normalise(images).contiguous(memory_format=torch.channels_last))
        loss = segmentation_loss(outputs["out"], target, self.settings.dice_weight)
        if self.training and "aux" in outputs:
            loss = loss + _AUXILIARY_WEIGHT * segmentation_loss(outputs["aux"], target, self.settings.dice_weight)
        self._refuse_no_number(split, value := float(loss.detach()))
        self.counts[split] += count_pairs(target, outputs["out"].detach().argmax(1))
        images_scored = int((labels != IGNORE_INDEX).flatten(1).any(1).sum())
        self.loss_sums[split][0] += value * images_scored
        self.loss_sums[split][1] += images_scored
        return loss

    def _refuse_no_number(self, split: str, loss: float) -> None:
        """Stop a fit that has come apart: no later epoch would be better than the last one before."""
        if math.isfinite(loss):
            return
        raise InputError(
            f"the fit of {type(self.network).__name__}, epoch {self.current_epoch + 1}",
            found=f"the {split} loss {loss}",
            expected="a finite number",
            do=f"lower its learning_rate in the profile (now {self.learning_rate:g}) and run the study again; "
            "unchanged, it goes on behind the last complete epoch",
        )


def count_pairs(target: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """Confusion counts of a batch on its own device: (B, H, W) pairs -> (C, C) int64 on the CPU, rows = target."""
    scored = target != IGNORE_INDEX
    pairs = target[scored] * NUM_CLASSES + prediction[scored]
    return torch.bincount(pairs, minlength=NUM_CLASSES**2).reshape(NUM_CLASSES, NUM_CLASSES).cpu()


def _no_counts() -> torch.Tensor:
    return torch.zeros((NUM_CLASSES, NUM_CLASSES), dtype=torch.int64)
