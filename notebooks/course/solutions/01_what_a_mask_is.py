"""Solutions of lesson 1."""

import numpy as np


def class_shares(mask):
    """Share of each of the 11 classes: (H, W) -> (11,)."""
    pixels = np.bincount(mask[mask != 255], minlength=11)
    return pixels / pixels.sum()


def decode(picture, colours):
    """Class number of every pixel: (H, W, 3), (K, 3) -> (H, W)."""
    mask = np.full(picture.shape[:2], 255)
    for number, colour in enumerate(colours):
        mask[(picture == colour).all(-1)] = number
    return mask


def resize_nearest(mask, height, width):
    """Each new pixel takes the old pixel under its centre: (H, W) -> (height, width)."""
    rows = ((np.arange(height) + 0.5) / height * mask.shape[0]).astype(int)
    columns = ((np.arange(width) + 0.5) / width * mask.shape[1]).astype(int)
    return mask[rows][:, columns]
