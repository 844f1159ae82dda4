"""Degrades whole batches as photographs are: low resolution and JPEG compression."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

_COARSE_SHARE, _JPEG_SHARE = 0.35, 0.6  # of the pictures, at full strength
_COARSEST = 0.25  # of a side's pixels
_QUALITY = (12, 90)
_BLOCK = 8
# Tables K.1 and K.2 of the JPEG standard (ITU-T T.81, 1992): steps of brightness and of colour at quality 50.
_LUMA_STEPS = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA_STEPS = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, *[99] * 38
)  # fmt: skip
# JFIF: red, green, blue -> brightness and two colour differences.
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def coarsen_some(images: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Shrink a share of the pictures and enlarge them again; all chosen ones by the same factor.

    Parameters
    ----------
    images : (B, 3, H, W) float in 0..255
    strength : in (0, 1]
    """
    chosen = torch.rand(len(images), generator=generator) < _COARSE_SHARE * strength
    scale = 1 - (1 - _COARSEST) * strength * torch.rand((), generator=generator).item()
    if not chosen.any():
        return images
    size = images.shape[-2:]
    small = functional.interpolate(
        images[chosen], [max(1, round(side * scale)) for side in size], mode="bilinear", antialias=True
    )
    changed = images.clone()
    changed[chosen] = functional.interpolate(small, size, mode="bilinear")
    return changed


def compress_some(images: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Give a share of the pictures JPEG artefacts, each at its own quality.

    Parameters
    ----------
    images : (B, 3, H, W) float in 0..255
    strength : in (0, 1]
    """
    chosen = torch.rand(len(images), generator=generator) < _JPEG_SHARE * strength
    quality = torch.empty(len(images)).uniform_(*_QUALITY, generator=generator)
    if not chosen.any():
        return images
    changed = images.clone()
    changed[chosen] = jpeg(images[chosen], quality[chosen].to(images.device))
    return changed


def jpeg(images: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """Quantise pictures as JPEG does, in the cosine transform of 8 x 8 blocks, without chroma subsampling.

    Parameters
    ----------
    images : (B, 3, H, W) float in 0..255
    quality : (B,) on libjpeg's scale, 1 to 100

    Returns
    -------
    (B, 3, H, W) float in 0..255
    """
    height, width = images.shape[-2:]
    padding = (0, -width % _BLOCK, 0, -height % _BLOCK)
    to_ycc = torch.tensor(_TO_YCC, device=images.device)
    planes = torch.einsum("pc,bchw->bphw", to_ycc, functional.pad(images, padding, mode="replicate"))
    planes[:, 0] -= 128
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(-1, 1, 1, 1, 1, 1)
    table = torch.tensor((_LUMA_STEPS, _CHROMA_STEPS, _CHROMA_STEPS), device=images.device)
    steps = (table.view(1, 3, 1, 1, _BLOCK, _BLOCK) * scale).round().clamp(1, 255)
    cosines = _cosines(images.device)
    blocks = planes.unflatten(3, (-1, _BLOCK)).unflatten(2, (-1, _BLOCK)).transpose(3, 4)  # (B, 3, h, w, 8, 8)
    rounded = torch.round(cosines @ blocks @ cosines.T / steps) * steps
    planes = (cosines.T @ rounded @ cosines).transpose(3, 4).flatten(4, 5).flatten(2, 3)[..., :height, :width]
    planes = planes + torch.tensor((128.0, 0, 0), device=images.device).view(1, 3, 1, 1)
    return torch.einsum("cp,bphw->bchw", torch.linalg.inv(to_ycc), planes).clamp(0, 255)


def _cosines(device: torch.device) -> torch.Tensor:
    """Matrix of the orthonormal cosine transform of eight values, (8, 8)."""
    frequency, place = torch.meshgrid(torch.arange(_BLOCK), torch.arange(_BLOCK), indexing="ij")
    rows = torch.cos(math.pi * (2 * place + 1) * frequency / (2 * _BLOCK)) * math.sqrt(2 / _BLOCK)
    rows[0] /= math.sqrt(2)
    return rows.to(device)
