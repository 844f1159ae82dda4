"""Photographs and a network that are known to the last pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from facefair_lib.parse.parser import Parser
from facefair_lib.settings.labels import INDEX, NUM_CLASSES, PALETTES
from facefair_lib.training.batches import MEAN, STANDARD_DEVIATION

SIZE = 64


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


@pytest.fixture(scope="session")
def parser() -> Parser:
    return Parser(ReadsColours(), SIZE)


def draw_head(mask: np.ndarray, top: int, left: int, height: int) -> None:
    """Draw a head of that height: hair above, and a face with brows, eyes, nose and mouth."""

    def block(name: str, rows: tuple[float, float], columns: tuple[float, float]) -> None:
        r0, r1 = (top + round(height * share) for share in rows)
        c0, c1 = (left + round(height * share) for share in columns)
        mask[r0:r1, c0:c1] = INDEX[name]

    block("hair", (0, 1), (0, 0.8))
    block("face", (0.2, 1), (0.1, 0.7))
    block("eyes", (0.4, 0.5), (0.2, 0.35))
    block("eyes", (0.4, 0.5), (0.45, 0.6))
    block("nose", (0.5, 0.68), (0.34, 0.46))
    block("lips", (0.75, 0.85), (0.25, 0.55))


def scene(shape: tuple[int, int], *heads: tuple[int, int, int]) -> np.ndarray:
    """Class indices (H, W) of a picture with heads at (top, left, height)."""
    mask = np.zeros(shape, np.uint8)
    for head in heads:
        draw_head(mask, *head)
    assert mask.max() < NUM_CLASSES
    return mask


def coloured(mask: np.ndarray) -> np.ndarray:
    """Photograph (H, W, 3) that ``ReadsColours`` understands."""
    return PALETTES["paper"][mask]
