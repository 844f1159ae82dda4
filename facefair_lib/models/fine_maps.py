"""Fine maps: a head's coarse output is sharpened with earlier, finer maps of the same trunk.

The idea is that of U-Net's and DeepLabV3+'s decoders (Ronneberger et al. 2015, arXiv:1505.04597; Chen et al. 2018,
arXiv:1802.02611), in few channels: an eye or a brow can be smaller than one cell of a map of stride 8 or 16, which no
head on that map can make up for.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

MAP_CHANNELS = 32  # of a fine map before joining: borders take fewer numbers to describe than what lies between them
# After joining: a 3 x 3 convolution at stride 4 takes most of the head's time, which grows with their square.
MIX_CHANNELS = 64


class FineMaps(nn.Module):
    """Joins a coarse map with finer ones, one after the other.

    Parameters
    ----------
    coarse : channels of the coarse map
    finer : channels of the trunk's finer maps, coarsest first
    """

    def __init__(self, coarse: int, finer: Sequence[int]) -> None:
        super().__init__()
        before = [coarse, *[MIX_CHANNELS] * (len(finer) - 1)]
        self.reduce = nn.ModuleList(convolution(channels, MAP_CHANNELS, 1) for channels in finer)
        self.mix = nn.ModuleList(convolution(channels + MAP_CHANNELS, MIX_CHANNELS, 3) for channels in before)

    def forward(self, coarse: torch.Tensor, finer: Sequence[torch.Tensor]) -> torch.Tensor:
        """(B, C, h, w) and the finer maps -> (B, 64, H', W'), as large as the last of them."""
        values = coarse
        for reduce, mix, fine in zip(self.reduce, self.mix, finer, strict=True):
            values = mix(torch.cat([enlarge(values, fine), reduce(fine)], 1))
        return values


def convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """A convolution that keeps the size, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def enlarge(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Resize (B, C, h, w) bilinearly to the height and width of another tensor."""
    return functional.interpolate(values, like.shape[-2:], mode="bilinear", align_corners=False)
