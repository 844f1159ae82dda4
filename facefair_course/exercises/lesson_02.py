"""Lesson 2: from one convolution to a network."""

from __future__ import annotations

import numpy as np
from scipy.signal import correlate2d

from facefair_course.exercise import Case, Exercise, Mistake, expect


def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Weighted sums under a kernel at every place where it fits, as networks compute them."""
    return correlate2d(picture, kernel, mode="valid")


def _convolve_cases() -> list[Case]:
    random = np.random.default_rng(4)
    ramp = np.arange(20.0).reshape(4, 5)
    picture = random.normal(size=(7, 9))
    edge = np.array([[-1.0, 0.0, 1.0]])
    one = np.zeros((3, 3))
    one[0, 1] = 1.0
    tries = {
        "a kernel that only copies one neighbour": (ramp, one),
        "an edge kernel of one row and three columns": (ramp, edge),
        "a 3 × 3 kernel of random numbers on a 7 × 9 picture": (picture, random.normal(size=(3, 3))),
        "a 2 × 3 kernel": (picture, random.normal(size=(2, 3))),
    }
    hint = "Each result is the sum of kernel × patch. How many places are there where the kernel fits completely?"
    return [expect(title, given, convolve(*given), hint) for title, given in tries.items()]


def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """Side of the square of input pixels that one output value sees; a layer is (kernel, stride, dilation)."""
    side, step = 1, 1
    for kernel, stride, dilation in layers:
        side += (kernel - 1) * dilation * step
        step *= stride
    return side


def _without_stride(layers: list[tuple[int, int, int]]) -> int:
    return receptive_field([(kernel, 1, dilation) for kernel, _, dilation in layers])


def _without_dilation(layers: list[tuple[int, int, int]]) -> int:
    return receptive_field([(kernel, stride, 1) for kernel, stride, _ in layers])


def _stride_too_early(layers: list[tuple[int, int, int]]) -> int:
    side, step = 1, 1
    for kernel, stride, dilation in layers:
        step *= stride
        side += (kernel - 1) * dilation * step
    return side


def _receptive_cases() -> list[Case]:
    tries = {
        "no layer at all": [],
        "one 3 × 3 layer": [(3, 1, 1)],
        "three 3 × 3 layers": [(3, 1, 1)] * 3,
        "a 7 × 7 layer with stride 2, then a 3 × 3 layer": [(7, 2, 1), (3, 1, 1)],
        "a 3 × 3 layer with dilation 4": [(3, 1, 4)],
        "five layers with strides and dilations": [(7, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 2), (1, 1, 1)],
    }
    hint = "Go layer by layer and keep two numbers: how far you see so far, and how many input pixels one step is."
    return [expect(title, (layers,), receptive_field(layers), hint) for title, layers in tries.items()]


def count_weights(layers: list[tuple[int, int, int]]) -> int:
    """Numbers to be learnt, biases included; a layer is (channels in, channels out, kernel)."""
    return sum(out * (into * kernel * kernel + 1) for into, out, kernel in layers)


def _weights_cases() -> list[Case]:
    tries = {
        "one 1 × 1 layer from one channel to one": [(1, 1, 1)],
        "one 3 × 3 layer from 3 to 16 channels": [(3, 16, 3)],
        "three layers from a picture to eleven classes": [(3, 16, 3), (16, 16, 3), (16, 11, 1)],
    }
    hint = "Each output channel has its own kernel, and that kernel reaches through all input channels."
    return [expect(title, (layers,), count_weights(layers), hint) for title, layers in tries.items()]


def _to_mask_cases() -> list[Case]:
    random = np.random.default_rng(5)
    logits = random.normal(size=(11, 4, 6))
    square = random.normal(size=(5, 5, 5)) - 3
    hint = "The logits have the shape (classes, height, width): over which axis do the classes compete?"
    return [
        expect("logits of 11 classes on 4 × 6 pixels", (logits,), logits.argmax(0), hint),
        expect("5 classes on 5 × 5 pixels, all logits negative", (square,), square.argmax(0), hint),
    ]


EXERCISES = {
    "convolve": Exercise(
        _convolve_cases,
        (
            Mistake(
                "This is the convolution of mathematics, which flips the kernel first. Networks do not flip it.",
                lambda picture, kernel: correlate2d(picture, kernel[::-1, ::-1], mode="valid"),
            ),
            Mistake(
                "The result is as large as the picture. Here, only places where the whole kernel fits count.",
                lambda picture, kernel: correlate2d(picture, kernel, mode="same"),
            ),
        ),
        "You have written the operation on which a segmentation network spends nearly all its time.",
    ),
    "receptive_field": Exercise(
        _receptive_cases,
        (
            Mistake("Does a step after a stride-2 layer still mean one pixel of the input?", _without_stride),
            Mistake("What does dilation do to the distance between the taps?", _without_dilation),
            Mistake("A layer's own stride widens the steps of later layers, not its own kernel.", _stride_too_early),
            Mistake(
                "The kernel sizes were added up. Two 3 × 3 layers overlap: how far beyond the first does "
                "the second reach?",
                lambda layers: sum(kernel for kernel, _, _ in layers),
            ),
        ),
        "Stride and dilation make a network see far with few layers; the price of stride is resolution.",
    ),
    "count_weights": Exercise(
        _weights_cases,
        (
            Mistake(
                "Nearly: each output channel also learns one number that is added, the bias.",
                lambda layers: sum(out * into * kernel * kernel for into, out, kernel in layers),
            ),
            Mistake(
                "Does a kernel look at one input channel or at all of them?",
                lambda layers: sum(out * (kernel * kernel + 1) for _, out, kernel in layers),
            ),
        ),
        "The picture's size is not in the formula: the same weights work on pictures of any size.",
    ),
    "to_mask": Exercise(
        _to_mask_cases,
        (
            Mistake("The pixels of a row compete here, not the classes.", lambda logits: logits.argmax(-1)),
            Mistake("This is the largest logit itself. Which class has it?", lambda logits: logits.max(0)),
        ),
        "No softmax was needed: it changes the numbers and not their order.",
    ),
}
