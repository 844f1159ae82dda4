"""Lesson 8: who is in the data."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd

from facefair_course.compare import difference, plain
from facefair_course.exercise import Case, Exercise, Mistake, expect


def difference_hash(small: np.ndarray) -> np.ndarray:
    """64 bits of a tiny grey picture: is a pixel brighter than its left neighbour? (8, 9) -> (8, 8) bool."""
    return small[:, 1:] > small[:, :-1]


def _hash_cases() -> list[Case]:
    random = np.random.default_rng(15)
    ramp = np.tile(np.arange(9), (8, 1))
    tries = {
        "a picture that brightens to the right": ramp,
        "a picture of one grey": np.full((8, 9), 7),
        "random greys": random.integers(0, 256, (8, 9)),
        "random greys of the type uint8": random.integers(0, 256, (8, 9)).astype(np.uint8),
    }
    hint = "Compare each pixel with its left neighbour in the same row: nine columns make eight comparisons."
    return [expect(title, (small,), difference_hash(small), hint) for title, small in tries.items()]


def person_of(folder: str) -> str:
    """Name of the person behind a folder name: without the number of the folder."""
    sex, digits, name = re.fullmatch(r"(female|male)(?:(\d{2})(?:_\d)?|([a-z]+?)\d?)", folder).groups()
    return sex + (digits or name)


def _person_cases() -> list[Case]:
    hints = {
        "femaleanna": "Nothing needs to be removed here.",
        "femaleanna2": "The last digit says that it is Anna's second or third folder.",
        "male07": "The two digits are this man's name: without them he would be the same as male08.",
        "male07_2": "After the underscore comes the number of the folder.",
    }
    more = {"maletheo1": hints["femaleanna2"], "female12_1": hints["male07_2"], "female12": hints["male07"]}
    return [expect(f"the folder {name!r}", (name,), person_of(name), hint) for name, hint in (hints | more).items()]


Split = Callable[[np.ndarray, float, int], np.ndarray]


def split_people(people: np.ndarray, share: float, seed: int) -> np.ndarray:
    """True for the pictures of a random ``share`` of the people: (N,) -> (N,) bool."""
    names = np.unique(people)
    chosen = np.random.default_rng(seed).permutation(names)[: round(share * len(names))]
    return np.isin(people, chosen)


def _check_split(people: np.ndarray, share: float, given: object) -> str | None:
    test = plain(given)
    if not isinstance(test, np.ndarray) or test.shape != people.shape:
        return difference(np.zeros(len(people)), given) or "One True or False per picture was expected."
    if test.dtype != bool:
        return f"Values of type {test.dtype} came back; True (test) or False (training) was expected for each picture."
    both = sorted(set(people[test]) & set(people[~test]))
    if both:
        return f"{len(both)} people are on both sides, such as {both[0]}. Draw people, not pictures."
    wanted, found = round(share * len(np.unique(people))), len(np.unique(people[test]))
    return None if wanted == found else f"{found} people are in the test set; {wanted} were expected."


def _split_cases() -> list[Case]:
    people = np.array([f"p{number:02d}" for number in (3, 1, 3, 0, 2, 1, 3, 4, 5, 5, 6, 7, 8, 9, 9, 9)])
    alone = np.array([f"q{number}" for number in range(20)])

    def repeatable(answers: tuple[object, object, object]) -> str | None:
        if any(_check_split(people, 0.4, part) for part in answers):
            return _check_split(people, 0.4, answers[0]) or "Other seeds break the rules above."
        first, again, *_ = (plain(part) for part in answers)
        return None if np.array_equal(first, again) else "The same seed gave two different splits."

    def varied(answers: list[object]) -> str | None:
        if _check_split(alone, 0.25, answers[0]):
            return _check_split(alone, 0.25, answers[0])
        different = {plain(part).tobytes() for part in answers}
        return None if len(different) > 1 else "Every seed gave the same people. Shuffle them with the seed."

    thrice = lambda f, p, s: tuple(f(p.copy(), s, seed) for seed in (7, 7, 8))  # noqa: E731
    many = lambda f, p, s: [f(p.copy(), s, seed) for seed in range(8)]  # noqa: E731
    return [
        Case("ten people with 16 pictures, 20 per cent", (people, 0.2, 1), lambda g: _check_split(people, 0.2, g)),
        Case("the same people, 50 per cent", (people, 0.5, 2), lambda g: _check_split(people, 0.5, g)),
        Case("the same seed twice", (people, 0.4), repeatable, call=thrice),
        Case("eight seeds", (alone, 0.25), varied, call=many),
    ]


def thin_cells(table: pd.DataFrame, fewest: int) -> set[tuple[str, str]]:
    """Combinations of group and emotion that fewer than ``fewest`` PEOPLE show, never seen ones included."""
    found = table.groupby(["group", "emotion"])["person"].nunique()
    every = product(table["group"].unique(), table["emotion"].unique())
    return {cell for cell in every if found.get(cell, 0) < fewest}


def _cells_by_pictures(table: pd.DataFrame, fewest: int) -> set[tuple[str, str]]:
    return thin_cells(table.assign(person=range(len(table))), fewest)


def _cells_that_occur(table: pd.DataFrame, fewest: int) -> set[tuple[str, str]]:
    found = table.groupby(["group", "emotion"])["person"].nunique()
    return set(found[found < fewest].index)


def _cells_cases() -> list[Case]:
    rows = [("a", "x", "sad"), ("a", "x", "sad"), ("a", "x", "sad"), ("b", "x", "happy"), ("c", "x", "happy")]
    rows += [("d", "y", "happy"), ("e", "y", "happy"), ("f", "y", "happy"), ("f", "y", "happy")]
    table = pd.DataFrame(rows, columns=["person", "group", "emotion"])
    filled = [*rows, ("g", "y", "sad"), ("h", "y", "sad"), ("i", "x", "sad")]
    full = pd.DataFrame(filled, columns=table.columns)
    hint = "Count different people, and think of the combinations of a group and an emotion that no row has."
    return [
        expect("two people per cell", (table, 2), thin_cells(table, 2), hint),
        expect("one person per cell", (table, 1), thin_cells(table, 1), hint),
        expect("a table in which every cell is filled", (full, 2), thin_cells(full, 2), hint),
    ]  # fmt: skip


EXERCISES = {
    "difference_hash": Exercise(
        _hash_cases,
        (
            Mistake("The comparison is reversed: brighter than the LEFT one.", lambda s: s[:, 1:] < s[:, :-1]),
            Mistake("Equal greys are not brighter.", lambda s: s[:, 1:] >= s[:, :-1]),
            Mistake(
                "Unsigned integers cannot be negative: 3 - 5 wraps round to 254. Compare with >, or convert first.",
                lambda s: s[:, 1:] - s[:, :-1] > 0,
            ),
        ),
        "64 bits that survive another file format, a little noise, another size.",
    ),
    "person_of": Exercise(
        _person_cases, (), "A folder is not a person. Find out what your data set's names mean before you split it."
    ),
    "split_people": Exercise(_split_cases, (), "Nobody is on both sides, however many pictures they have."),
    "thin_cells": Exercise(
        _cells_cases,
        (
            Mistake("Pictures were counted. Ten pictures of one person are one person.", _cells_by_pictures),
            Mistake("A combination that never occurs has 0 people, and is not in groupby's result.", _cells_that_occur),
        ),
        "The empty cells are the ones that no table shows by itself.",
    ),
}
