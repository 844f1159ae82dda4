"""Loads whole batches: the arrays are indexed once per batch, and everything after that is vectorised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, Sampler, SequentialSampler

from facefair_lib.models.weights import MEAN, STANDARD_DEVIATION

Batch = tuple[torch.Tensor, torch.Tensor]
_MAIN_MEMORY = torch.device("cpu")


class ArrayBatches(Dataset[Batch]):
    """Rows of the packed arrays, a batch per item.

    Parameters
    ----------
    images : (N, H, W, 3) uint8
    labels : (N, H, W) uint8
    rows : (M,) int, the rows that belong to this split
    device : where a copy of the rows is kept. For main memory none is made: each batch is read from the arrays, which
        in a study are memory-mapped files and may be larger than memory
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, rows: np.ndarray, device: torch.device = _MAIN_MEMORY
    ) -> None:
        self._arrays, self._rows = (images, labels), rows
        if device != _MAIN_MEMORY:
            self._arrays, self._rows = tuple(part.to(device) for part in self._read(slice(None))), np.arange(len(rows))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, indices: list[int] | slice) -> Batch:
        images, labels = self._read(indices)
        return images.permute(0, 3, 1, 2), labels  # (B, 3, H, W), (B, H, W)

    def _read(self, indices: list[int] | slice) -> tuple[torch.Tensor, ...]:
        return tuple(torch.as_tensor(part[self._rows[indices]]) for part in self._arrays)


def training_batches(dataset: ArrayBatches, batch_size: int, seed: int) -> DataLoader[Batch]:
    """Shuffled batches; a last batch that is not full is dropped, because batch norm cannot train on one image."""
    return DataLoader(
        dataset, sampler=BatchSampler(EpochSampler(len(dataset), seed), batch_size, True), batch_size=None
    )


def ordered_batches(dataset: ArrayBatches, batch_size: int) -> DataLoader[Batch]:
    """All rows, in order."""
    return DataLoader(dataset, sampler=BatchSampler(SequentialSampler(dataset), batch_size, False), batch_size=None)


class EpochSampler(Sampler[int]):
    """A new order each epoch, which depends on the seed and the epoch only: a resumed fit sees the same batches.

    Parameters
    ----------
    length : number of rows
    seed : the study's seed
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        yield from RandomSampler(range(self.length), generator=generator)


def normalise(images: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) values in 0..255 of any dtype -> float, with ImageNet's mean and standard deviation."""
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1) * 255
    deviation = torch.tensor(STANDARD_DEVIATION, device=images.device).view(3, 1, 1) * 255
    return (images.float() - mean) / deviation
