"""Pictures, their masks and their metadata in one record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from facefair_lib.data.images import resize_image, resize_mask


@dataclass(frozen=True)
class Pictures:
    """Pictures with their table.

    Attributes
    ----------
    table : N rows in the order of the arrays, with image_id, subject_id and whatever else is known
    images : (N, H, W, 3) uint8 RGB
    labels : (N, H, W) uint8 class indices, 255 where there is no mask
    """

    table: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray

    def take(self, chosen: pd.Series | np.ndarray) -> Self:
        """The pictures for which ``chosen`` (N,) bool is true."""
        chosen = np.asarray(chosen, bool)
        table = self.table[chosen].reset_index(drop=True)
        return replace(self, table=table, images=self.images[chosen], labels=self.labels[chosen])

    def rows(self) -> dict[str, np.ndarray]:
        """Row numbers of each split, from the table's columns split and row."""
        return {str(split): part["row"].to_numpy() for split, part in self.table.groupby("split")}

    def resized(self, size: int) -> Self:
        """The same pictures and masks, resized to squares of ``size`` pixels a side."""
        shape = (size, size)
        images = np.stack([resize_image(np.asarray(image), shape) for image in self.images])
        labels = np.stack([resize_mask(np.asarray(mask), shape) for mask in self.labels])
        return replace(self, images=images, labels=labels)
