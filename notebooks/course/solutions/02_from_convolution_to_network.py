"""Solutions of lesson 2."""

import numpy as np


def convolve(picture, kernel):
    """Weighted sums under the kernel: (H, W), (h, w) -> (H - h + 1, W - w + 1)."""
    height, width = picture.shape[0] - kernel.shape[0] + 1, picture.shape[1] - kernel.shape[1] + 1
    result = np.zeros((height, width))
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            result += kernel[row, column] * picture[row : row + height, column : column + width]
    return result


def receptive_field(layers):
    """Side of the square of input pixels that one output value sees."""
    side, step = 1, 1
    for kernel, stride, dilation in layers:
        side += (kernel - 1) * dilation * step
        step *= stride
    return side


def count_weights(layers):
    """Numbers to be learnt in all layers together."""
    return sum(out * (into * kernel**2 + 1) for into, out, kernel in layers)


def to_mask(logits):
    """Class with the largest logit at each pixel: (C, H, W) -> (H, W)."""
    return logits.argmax(0)
