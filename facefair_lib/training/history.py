"""The history of a fit: one row per epoch and split, written after every epoch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import lightning
import pandas as pd

from facefair_lib.scores import metrics
from facefair_lib.store import results
from facefair_lib.store.progress import Progress
from facefair_lib.training.network import SegmentationTask

COLUMNS = ["epoch", "split", "loss", "accuracy", "precision", "recall", "f1", "iou"]


class History(lightning.Callback):
    """Writes ``history.csv`` after every epoch and reports the fit's progress.

    Training rows are scored on the augmented batches while the weights still change, as is usual; validation rows on
    whole, unchanged images at the end of the epoch.

    Parameters
    ----------
    path : the CSV; rows of an interrupted fit that is resumed are kept
    epochs : total number of epochs
    title : the network's name, for the progress line
    """

    def __init__(self, path: Path, epochs: int, title: str) -> None:
        self.path, self.rows = path, []
        self.seconds = 0.0  # of the epochs in `rows`, whichever run they were fitted in
        self._begin = 0.0
        self.progress = Progress(title, epochs)

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint stores."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Restore what a checkpoint stored."""
        self.seconds = state_dict["seconds"]

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the rows of the epochs that the checkpoint holds, and no others, even where no epoch is left to fit."""
        epochs = checkpoint["epoch"] + 1
        if self.path.exists():
            kept = pd.read_csv(self.path)
            self.rows = kept[kept["epoch"] <= epochs].to_dict("records")
        self.progress.done = epochs

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start the epoch's clock."""
        self._begin = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: SegmentationTask) -> None:
        """Add the epoch's two rows."""
        epoch = trainer.current_epoch + 1
        self.seconds += time.monotonic() - self._begin
        for split in ("train", "validation"):
            pooled = pl_module.counts(split).numpy()[None]  # (1, C, C): the estimands take a stack of images
            row = {name: metrics.ESTIMANDS[name].function(pooled) for name in COLUMNS[3:]}
            self.rows.append({"epoch": epoch, "split": split, "loss": pl_module.mean_loss(split), **row})
        if not trainer.is_global_zero:
            return
        results.write_csv(self.path, pd.DataFrame(self.rows)[COLUMNS])
        last = self.rows[-1]
        self.progress.advance(note=f"validation loss {last['loss']:.3f}, mean IoU {last['iou']:.3f}")
