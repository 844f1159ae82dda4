"""Photographs and a network that are known to the last pixel."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from facefair_lib.parse.squares import Box
from facefair_lib.settings.labels import INDEX, PALETTES
from facefair_lib.training.batches import MEAN, STANDARD_DEVIATION

SIZE = 64
PARTS = {
    "hair": [(0, 1, 0, 0.8)],
    "face": [(0.2, 1, 0.1, 0.7)],
    "eyes": [(0.4, 0.5, 0.2, 0.35), (0.4, 0.5, 0.45, 0.6)],
    "nose": [(0.5, 0.68, 0.34, 0.46)],
    "lips": [(0.75, 0.85, 0.25, 0.55)],
}
"""Class -> rows from and to, columns from and to, in shares of a head's height."""


class ReadsColours(nn.Module):
    """A network that knows a pixel's class by its colour in the paper's palette: what parsing does is then exact."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Parameter(torch.tensor(PALETTES["paper"]) / 255)  # (11, 3)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STANDARD_DEVIATION))
        rgb = images * deviation + mean  # (B, 3, H, W), 0 to 1
        distance = (rgb[:, None] - self.colours[..., None, None]).square().sum(2)  # (B, 11, H, W)
        return {"out": -100 * distance}


def detect(picture: np.ndarray, least: float) -> list[tuple[Box, float]]:
    """A detector that knows a face, from its forehead to its chin, by the same colours."""
    mask = ((picture[:, :, None] - PALETTES["paper"].astype(int)) ** 2).sum(-1).argmin(-1)
    regions, _ = ndimage.label(np.isin(mask, [INDEX[name] for name in ("face", "eyes", "nose", "lips")]))
    places = ndimage.find_objects(regions)
    boxes = [Box(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in places]
    scored = [(box, min(1.0, box.width / (0.75 * box.height))) for box in boxes if box.height >= 25]
    return [(box, score) for box, score in scored if score >= least]


def scene(shape: tuple[int, int], *heads: tuple[int, int, int]) -> np.ndarray:
    """Class indices (H, W) of a picture with heads at (top, left, height)."""
    mask = np.zeros(shape, np.uint8)
    for top, left, height in heads:
        for name, boxes in PARTS.items():
            for box in boxes:
                r0, r1, c0, c1 = (round(height * share) for share in box)
                mask[top + r0 : top + r1, left + c0 : left + c1] = INDEX[name]
    return mask


def coloured(mask: np.ndarray) -> np.ndarray:
    """Photograph (H, W, 3) that ``ReadsColours`` understands."""
    return PALETTES["paper"][mask]
