"""Lesson 3: atrous convolution and ASPP."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefair_course.exercise import Case, Exercise, Mistake, expect


def atrous(signal: np.ndarray, kernel: np.ndarray, rate: int) -> np.ndarray:
    """Three taps that lie ``rate`` apart, zeros beyond the ends: (N,), (3,) -> (N,)."""
    padded = np.pad(signal, rate)
    return sum(kernel[tap] * padded[tap * rate : tap * rate + len(signal)] for tap in range(3))


def _wrapped(signal: np.ndarray, kernel: np.ndarray, rate: int) -> np.ndarray:
    return sum(kernel[tap] * np.roll(signal, (1 - tap) * rate) for tap in range(3))


def _unpadded(signal: np.ndarray, kernel: np.ndarray, rate: int) -> np.ndarray:
    return atrous(signal, kernel, rate)[rate:-rate]


def _atrous_cases() -> list[Case]:
    random = np.random.default_rng(6)
    impulse = np.zeros(9)
    impulse[4] = 1.0
    kernel = np.array([1.0, 2.0, 4.0])
    signal = random.normal(size=12)
    tries = {
        "a single 1 among zeros, rate 1": (impulse, kernel, 1),
        "a single 1 among zeros, rate 3": (impulse, kernel, 3),
        "twelve random numbers, rate 2": (signal, random.normal(size=3), 2),
        "a rate so large that the outer taps fall outside everywhere": (signal, kernel, 20),
    }
    hint = "out[i] is kernel[0] × the value rate places before i, plus kernel[1] × the value at i, and so on."
    return [expect(title, given, atrous(*given), hint) for title, given in tries.items()]


def valid_taps(size: int, rate: int) -> np.ndarray:
    """How many of a 3 × 3 kernel's nine taps lie inside a size × size map: (size, size)."""
    place = np.arange(size)
    line = 1 + (place >= rate).astype(int) + (place + rate < size)  # taps of one axis
    return np.outer(line, line)


def _valid_taps_cases() -> list[Case]:
    tries = {
        "a 5 × 5 map at rate 1": (5, 1),
        "an 8 × 8 map at rate 3": (8, 3),
        "a 4 × 4 map at rate 6: only the middle tap is left": (4, 6),
        "a 1 × 1 map": (1, 1),
    }
    hint = "Count along one line first: how many of the three places i - rate, i, i + rate lie in 0 … size - 1?"
    return [expect(title, given, valid_taps(*given), hint) for title, given in tries.items()]


def pyramid_of_rates(signal: np.ndarray, kernel: np.ndarray, rates: Sequence[int]) -> np.ndarray:
    """ASPP on a signal: itself, one atrous branch per rate, and its average everywhere: (2 + R, N)."""
    average = np.full_like(signal, signal.mean())
    return np.stack([signal, *(atrous(signal, kernel, rate) for rate in rates), average])


def _pyramid_cases() -> list[Case]:
    random = np.random.default_rng(7)
    signal, kernel = random.normal(size=14), random.normal(size=3)
    hint = "Rows in this order: the signal itself, one atrous branch per rate, the average repeated at every place."
    tries = {"two rates": (signal, kernel, (1, 3)), "three rates": (signal, kernel, (2, 4, 6))}
    return [expect(title, given, pyramid_of_rates(*given), hint) for title, given in tries.items()]


EXERCISES = {
    "atrous": Exercise(
        _atrous_cases,
        (
            Mistake(
                "Right for rate 1. Where do the outer taps lie at another rate?",
                lambda signal, kernel, rate: atrous(signal, kernel, 1),
            ),
            Mistake("The kernel is flipped; networks use it as it is.", lambda s, k, r: atrous(s, k[::-1], r)),
            Mistake("What comes before the first value? Here it is zero, not the signal's other end.", _wrapped),
            Mistake("The ends are missing. Give the signal some zeros on both sides first.", _unpadded),
        ),
        "Three weights at any rate: the reach grows, the number of weights does not.",
    ),
    "valid_taps": Exercise(
        _valid_taps_cases,
        (
            Mistake(
                "This is a share. The exercise asks for a number of taps.",
                lambda size, rate: valid_taps(size, rate) / 9,
            ),
        ),
        "A rate is large or small only in relation to the map it works on.",
    ),
    "pyramid_of_rates": Exercise(
        _pyramid_cases,
        (
            Mistake(
                "The picture-wide average is missing. It is one number; repeat it at every place.",
                lambda s, k, rates: pyramid_of_rates(s, k, rates)[:-1],
            ),
            Mistake("The signal itself is missing: the 1 × 1 branch.", lambda s, k, r: pyramid_of_rates(s, k, r)[1:]),
            Mistake(
                "This is the sum of the branches. The network should weigh them itself: keep them apart.",
                lambda s, k, rates: pyramid_of_rates(s, k, rates).sum(0),
            ),
        ),
        "Side by side, and a 1 × 1 convolution afterwards decides how much of each view to believe.",
    ),
}
