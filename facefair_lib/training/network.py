"""The Lightning module: one network, its loss, its optimiser, and confusion counts of every epoch."""

from __future__ import annotations

import copy
import math

import lightning
import torch
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES
from facefair_lib.settings.profiles import SmallStart, TrainingSettings
from facefair_lib.training import ranks
from facefair_lib.training.augment import augment, shrink
from facefair_lib.training.batches import Batch, normalise
from facefair_lib.training.loss import segmentation_loss

_AUXILIARY_WEIGHT = 0.4  # of the auxiliary head's loss, as in PSPNet (Zhao et al. 2017, section 4.2)


class SegmentationTask(lightning.LightningModule):
    """Fits one network to (images, labels) batches.

    Parameters
    ----------
    network : returns ``{"out": logits[, "aux": logits]}``
    learning_rate : the maximum of the one-cycle schedule
    training : AdamW's weight decay, the weight of Dice in the loss, and augmentation
    small_start : first epochs on smaller pictures, or None
    seed : source of augmentation, together with the step number

    Notes
    -----
    With several ranks, each runs its share of a batch through the network; all else is as with one: the batch, its
    augmentation, the loss, the counts. Two things differ: dropout draws different numbers on each rank, and batch norm
    takes its statistics from the whole batch on GPUs only; on a CPU, from the rank's share.
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
        # Loss, images scored and confusion counts of each step of the epoch, on the network's device.
        self._steps: dict[str, list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]] = {"train": [], "validation": []}

    def training_step(self, batch: Batch, batch_index: int) -> torch.Tensor:
        """One step on an augmented batch. Its randomness depends on the seed and the step only, so a resumed fit
        repeats it.
        """
        seed = self.seed * 1_000_003 + self.global_step
        # Dropout draws from the global generator; the ranks' seeds are larger than those of all steps.
        torch.manual_seed(seed + (ranks.rank() << 40))
        generator = torch.Generator().manual_seed(seed)
        if self._starts_small():
            batch = shrink(*batch, self.small_start.scale)
        images, labels = augment(*batch, self.settings, generator)
        return self._loss("train", images, labels)

    def try_step(self, batch: Batch, device: torch.device) -> None:
        """Take a step with a copy of the network on a device, up to its gradients; raises what torch raises."""
        trial = copy.deepcopy(self).to(device)
        images, labels = (part.to(device) for part in batch)
        if self.small_start:
            images, labels = shrink(images, labels, self.small_start.scale)
        images, labels = augment(images, labels, self.settings, torch.Generator().manual_seed(self.seed))
        trial._loss("train", images, labels).backward()
        trial._recorded("train")

    def _starts_small(self) -> bool:
        """Whether this epoch sees smaller pictures: learning begins with coarse shapes, which need fewer pixels.

        Source: progressive resizing, Tan and Le, "EfficientNetV2", ICML 2021, section 4.
        """
        if self.small_start is None:
            return False
        return self.current_epoch < round(self.small_start.epochs * self.trainer.max_epochs)

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Score a batch as it is."""
        self._loss("validation", *batch)

    def on_train_epoch_start(self) -> None:
        """Clear the epoch's record and tell the sampler which epoch it is."""
        for steps in self._steps.values():
            steps.clear()
        self.trainer.train_dataloader.sampler.sampler.epoch = self.current_epoch

    def on_validation_epoch_start(self) -> None:
        """Check the losses of the steps just trained."""
        self._refuse_no_number("train")

    def on_validation_epoch_end(self) -> None:
        """Log the validation loss, by which the best weights are chosen."""
        self._refuse_no_number("validation")
        self.log("validation_loss", self.mean_loss("validation"))

    def mean_loss(self, split: str) -> float:
        """Mean loss per image of the epoch so far, without images that have no labelled pixel."""
        losses, scored, _ = self._recorded(split)
        total = sum(loss * images for loss, images in zip(losses, scored, strict=True))
        return total / sum(scored) if any(scored) else float("nan")

    def counts(self, split: str) -> torch.Tensor:
        """Confusion counts (C, C) int64 of the epoch so far, rows = target."""
        return self._recorded(split)[2]

    def _recorded(self, split: str) -> tuple[list[float], list[int], torch.Tensor]:
        """Losses and numbers of scored images of the epoch's steps, and the sum of their counts.

        This waits for the GPU; doing so after every step would leave it idle.
        """
        losses, scored, counts = (torch.stack(values) for values in zip(*self._steps[split], strict=True))
        return losses.tolist(), scored.tolist(), counts.sum(0).cpu()

    def configure_optimizers(self) -> dict[str, object]:
        """AdamW under a one-cycle schedule that is stepped every batch."""
        optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.learning_rate,
            weight_decay=self.settings.weight_decay,
            fused=self.trainer.precision == "32-true",  # a quarter of the time, but mixed precision cannot clip with it
        )
        # A fit of five steps would divide by zero: OneCycleLR gives its warm-up a fifth of them, less one.
        steps = max(6, int(self.trainer.estimated_stepping_batches))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.learning_rate, total_steps=steps, pct_start=0.2)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, split: str, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        target = labels.long()
        outputs = self._outputs(images)
        loss = segmentation_loss(outputs["out"], target, self.settings.dice_weight)
        if self.training and "aux" in outputs:
            loss = loss + _AUXILIARY_WEIGHT * segmentation_loss(outputs["aux"], target, self.settings.dice_weight)
        scored = (labels != IGNORE_INDEX).flatten(1).any(1).sum()
        self._steps[split].append((loss.detach(), scored, count_pairs(target, outputs["out"].detach().max(1).indices)))
        return loss

    def _outputs(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """The network's outputs for a batch (B, 3, H, W), of which each rank computes its share."""
        own = images if ranks.size() == 1 else images[ranks.own_share(len(images)).to(images.device)]
        outputs = self.network(normalise(own).contiguous(memory_format=torch.channels_last))
        if ranks.size() == 1:
            return outputs
        # As every rank has the whole loss, a share gets gradients once from each: too large by the number of ranks, by
        # which DDP divides.
        gathered = self.all_gather(outputs, sync_grads=True)  # (ranks, share, C, H, W)
        return {name: logits.flatten(0, 1)[: len(images)] for name, logits in gathered.items()}

    def _refuse_no_number(self, split: str) -> None:
        """Stop a fit that has diverged: no later epoch would be better than those before."""
        losses = [loss for loss in self._recorded(split)[0] if not math.isfinite(loss)]
        if not losses:
            return
        raise InputError(
            f"the fit of {type(self.network).__name__}, epoch {self.current_epoch + 1}",
            found=f"the {split} loss {losses[0]}",
            expected="a finite number",
            do=f"lower its learning_rate in the profile (now {self.learning_rate:g}) and run the study again; "
            "unchanged, it resumes after the last complete epoch",
        )


def count_pairs(target: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """Confusion counts of a batch on its own device: (B, H, W) pairs -> (C, C) int64, rows = target."""
    ignored = NUM_CLASSES**2  # a bin of their own: leaving them out, or `bincount`, would have to wait for a GPU
    pairs = torch.where(target == IGNORE_INDEX, ignored, target * NUM_CLASSES + prediction).flatten()
    counts = torch.zeros(ignored + 1, dtype=torch.int64, device=pairs.device)
    return counts.index_add_(0, pairs, torch.ones_like(pairs))[:ignored].reshape(NUM_CLASSES, NUM_CLASSES)
