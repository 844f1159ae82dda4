"""Lesson 1: what a mask is."""

from __future__ import annotations

import numpy as np

from facefair_course.exercise import Case, Exercise, Mistake, expect
from facefair_lib.settings import labels

_IGNORED = labels.IGNORE_INDEX


def class_shares(mask: np.ndarray) -> np.ndarray:
    """Share of each of the 11 classes among the pixels that are not ignored."""
    pixels = np.bincount(mask[mask != _IGNORED], minlength=labels.NUM_CLASSES)
    return pixels / pixels.sum()


def _shares_with_ignored(mask: np.ndarray) -> np.ndarray:
    return np.bincount(mask[mask != _IGNORED], minlength=labels.NUM_CLASSES) / mask.size


def _class_shares_cases() -> list[Case]:
    random = np.random.default_rng(1)
    half = np.zeros((4, 6), np.uint8)
    half[:, 3:] = 10
    few = random.integers(0, 4, (5, 7)).astype(np.uint8)
    holes = random.integers(0, 11, (8, 8)).astype(np.uint8)
    holes[2:5, :3] = _IGNORED
    pairs = {
        "a mask that is half background, half specs": half,
        "a mask with only the first four classes": few,
        "a mask with all classes and some ignored pixels": holes,
    }
    hint = "There are eleven classes, even where a mask does not show them all; absent ones have the share 0."
    return [expect(title, (mask,), class_shares(mask), hint) for title, mask in pairs.items()]


def _decode(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    return labels.decode(picture, colours)[0]


def _decode_cases() -> list[Case]:
    random = np.random.default_rng(2)
    paper, vendor = labels.PALETTES["paper"], labels.PALETTES["vendor"]
    mask = random.integers(0, 11, (5, 6))
    strange = paper[mask].copy()
    strange[0, 0], strange[3, 2] = (1, 2, 3), (254, 0, 0)
    return [
        expect("a label picture in the paper's colours", (paper[mask], paper), mask),
        expect("a label picture in the vendor's colours", (vendor[mask], vendor), mask),
        expect("a small table of two colours", (paper[[[0, 1, 1]]], paper[:2]), np.array([[0, 1, 1]])),
        expect(
            "a picture with two colours that are in no table",
            (strange, paper),
            _decode(strange, paper),
            "What should a pixel whose colour means nothing become? Not a class: nobody said which.",
        ),
    ]


def _decode_unknown_as_background(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    mask = _decode(picture, colours)
    return np.where(mask == _IGNORED, 0, mask)


def _decode_nearest(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    return labels.decode_nearest(picture, colours)[0]


def resize_nearest(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Take for each new pixel the old pixel under its centre."""
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
    return mask[rows][:, columns]


def _resize_corner(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    rows, columns = np.arange(height) * mask.shape[0] // height, np.arange(width) * mask.shape[1] // width
    return mask[rows][:, columns]


def _resize_cases() -> list[Case]:
    random = np.random.default_rng(3)
    small = np.array([[0, 4], [5, 3]], np.uint8)
    large = random.integers(0, 11, (9, 15)).astype(np.uint8)
    tries = {
        "enlarging 2 × 2 to 4 × 6": (small, 4, 6),
        "shrinking 9 × 15 to 3 × 5": (large, 3, 5),
        "shrinking 9 × 15 to 4 × 6, which does not divide evenly": (large, 4, 6),
        "keeping the size": (large, 9, 15),
    }
    hint = "Compute a row number for each new row and a column number for each new column, then index with both."
    return [expect(title, given, resize_nearest(*given), hint) for title, given in tries.items()]


EXERCISES = {
    "class_shares": Exercise(
        _class_shares_cases,
        (
            Mistake(
                "The shares do not add up to 1. Which pixels are counted in the denominator, but not in the numerator?",
                _shares_with_ignored,
            ),
            Mistake(
                "These are numbers of pixels. A share is a number of pixels divided by another one.",
                lambda mask: np.bincount(mask[mask != _IGNORED], minlength=labels.NUM_CLASSES),
            ),
        ),
        "Shares add up to 1 because ignored pixels are in neither numerator nor denominator.",
    ),
    "decode": Exercise(
        _decode_cases,
        (
            Mistake(
                "Unknown colours became background. Background is a class like any other; who says it is there?",
                _decode_unknown_as_background,
            ),
            Mistake(
                "Unknown colours became the nearest class. A colour between red and black may be next to anything: "
                "it must come out as unknown.",
                _decode_nearest,
            ),
        ),
        "An unknown colour stays visible as 255, so that someone can find out what it is.",
    ),
    "resize_nearest": Exercise(
        _resize_cases,
        (
            Mistake(
                "Close: the corner of each new pixel is used. Half a pixel is missing: where is its centre?",
                _resize_corner,
            ),
        ),
        "Every value that comes out was there before: no class is invented.",
    ),
}
