"""Augmentation of whole batches: one affine map and one colour change per image, all images at once."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional

from facefair_lib.settings.profiles import AugmentationSettings
from facefair_lib.training.cameras import coarsen_some, compress_some

_MAX_ROTATION = math.radians(25)
_MAX_ZOOM = 0.35  # in log2 units around 1
_MAX_SHIFT = 0.12  # of the picture's half size
_WIDE_SHIFT = 0.4  # the same, per octave of `zoom`
_EXPOSURE, _WIDE_EXPOSURE = 0.5, 0.6  # in log2 units around 1, for `colour` and for `camera`
_BALANCE, _WIDE_BALANCE = 0.12, 0.25  # likewise, of one channel
_GREY_SHARE = 0.15
_BLUR_SHARE = 0.3
_LUMA = (0.299, 0.587, 0.114)


def augment(
    images: torch.Tensor, labels: torch.Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Augment a batch.

    Parameters
    ----------
    images : (B, 3, H, W) uint8
    labels : (B, H, W) uint8
    settings : strengths of four kinds of change; 0 leaves that kind out
    generator : source of every random number, on the CPU

    Returns
    -------
    images : (B, 3, H, W) float32 in 0..255
    labels : (B, H, W) uint8; pixels that come from outside the picture are 255 (ignore)
    """
    with torch.autocast(images.device.type, enabled=False):  # pictures stay fp32, whatever format the fit uses
        changed = images.float()
        if settings.geometric > 0 or settings.zoom > 0:
            changed, labels = warp(changed, labels, settings.geometric, generator, settings.zoom)
        if settings.camera > 0:
            changed = coarsen_some(changed, settings.camera, generator)
        if settings.colour > 0 or settings.camera > 0:
            changed = recolour(changed, settings.colour, generator, settings.camera)
        if settings.camera > 0:
            changed = compress_some(changed, settings.camera, generator)
    return changed, labels


def shrink(images: torch.Tensor, labels: torch.Tensor, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Make a batch smaller: antialiased bilinear for images, nearest neighbour for labels.

    Parameters
    ----------
    images : (B, 3, H, W) uint8
    labels : (B, H, W) uint8
    scale : below 1; sides are rounded to whole pixels
    """
    size = [round(side * scale) for side in images.shape[-2:]]
    exact = images if images.device.type == "cpu" else images.float()  # only a CPU interpolates bytes
    smaller = functional.interpolate(exact, size, mode="bilinear", align_corners=False, antialias=True)
    images = smaller.round().to(torch.uint8)
    return images, functional.interpolate(labels.unsqueeze(1), size, mode="nearest-exact").squeeze(1)


def augmented_examples(
    images: np.ndarray, labels: np.ndarray, settings: AugmentationSettings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and masks as they are, followed by the same augmented as in training, to be shown.

    Parameters
    ----------
    images, labels : (N, H, W, 3) and (N, H, W) uint8

    Returns
    -------
    (2N, H, W, 3) and (2N, H, W) uint8
    """
    batch = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)  # (N, 3, H, W)
    generator = torch.Generator().manual_seed(seed)
    changed, moved = augment(batch, torch.from_numpy(np.array(labels)), settings, generator)
    shown = changed.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return np.concatenate([images, shown]), np.concatenate([labels, moved.numpy()])


def warp(
    images: torch.Tensor, labels: torch.Tensor, strength: float, generator: torch.Generator, octaves: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirror, rotate, zoom and shift: bilinear for images, nearest neighbour for labels.

    ``octaves`` widens the zoom in both directions, and the shift with it: heads far away, off centre, cut by the frame.
    """
    count = len(images)
    angle, zoom_x, zoom_y, shift_x, shift_y = _uniform((5, count), generator)
    angle = angle * _MAX_ROTATION * strength
    common = torch.exp2(zoom_x * (_MAX_ZOOM * strength + octaves))
    shift = _MAX_SHIFT * strength + _WIDE_SHIFT * octaves
    stretch = torch.exp2(zoom_y * 0.1 * strength)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rows = torch.stack(
        [
            torch.stack([common * stretch * cosine * mirror, -common * sine, shift_x * shift], -1),
            torch.stack([common * sine * mirror, common / stretch * cosine, shift_y * shift], -1),
        ],
        dim=1,
    )  # (B, 2, 3)
    grid = functional.affine_grid(rows.to(images.device), list(images.shape), align_corners=False)  # (B, H, W, 2)
    warped = functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    # Sampling pads with zeros, which are to become ignore (255): uint8 wraps around, 255 + 1 is 0 and 0 - 1 is 255.
    shifted = (labels + 1).float().unsqueeze(1)  # (B, 1, H, W)
    sampled = functional.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return warped, sampled.squeeze(1).to(torch.uint8) - 1


def recolour(images: torch.Tensor, strength: float, generator: torch.Generator, camera: float = 0.0) -> torch.Tensor:
    """Change exposure, contrast, gamma, colour balance and saturation; some images turn grey, blurred or noisy.

    ``camera`` in [0, 1] widens exposure and colour balance to the errors of real cameras.
    """
    count, device = len(images), images.device
    exposure, contrast, gamma, saturation = _uniform((4, count), generator).to(device)
    exposure = exposure * (_EXPOSURE * strength + _WIDE_EXPOSURE * camera)
    contrast, gamma, saturation = contrast * strength, gamma * strength, saturation * strength
    balance = (_uniform((count, 3), generator) * (_BALANCE * strength + _WIDE_BALANCE * camera)).to(device)
    grey = torch.rand(count, generator=generator) < _GREY_SHARE * strength
    # In place where possible: a step of a light network waits for memory as long as for arithmetic.
    x = (images / 255).clamp_(1e-4, 1).pow_(torch.exp2(gamma * 0.5).view(-1, 1, 1, 1))
    x *= (torch.exp2(exposure).view(-1, 1) * torch.exp2(balance)).view(-1, 3, 1, 1)
    x = torch.lerp(x.mean((1, 2, 3), keepdim=True), x, torch.exp2(contrast * 0.5).view(-1, 1, 1, 1))
    luma = (x * torch.tensor(_LUMA, device=device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    keep = torch.where(grey.to(device), 0.0, torch.exp2(saturation)).view(-1, 1, 1, 1)
    x = torch.lerp(luma, x, keep)
    x = _blur_some(x, strength, generator)
    noise = torch.randn(x.shape, generator=generator).to(device)
    level = (torch.rand(count, generator=generator) * 0.04 * strength).to(device).view(-1, 1, 1, 1)
    return x.addcmul_(noise, level).clamp_(0, 1).mul_(255)


def _blur_some(images: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Blur a share of the images, in place, with a 3 x 3 binomial kernel: the mean of 2 x 2 pixels, twice."""
    chosen = (torch.rand(len(images), generator=generator) < _BLUR_SHARE * strength).to(images.device)
    padded = functional.pad(images[chosen], (1, 1, 1, 1), mode="reflect")
    images[chosen] = functional.avg_pool2d(functional.avg_pool2d(padded, 2, 1), 2, 1)
    return images


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=generator) * 2 - 1
