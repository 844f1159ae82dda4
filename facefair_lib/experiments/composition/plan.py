"""Training sets of equal size: balanced, mostly of one group, or without one group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.settings.labels import GROUPS

MOST = 0.9
"""Share of the group that makes up most of a training set."""
FEWEST = 8
"""Number of pictures below which nothing is fitted, nor with fewer than a batch."""


@dataclass(frozen=True)
class Composition:
    """One kind of training set: the group that it varies ("" for balanced) and the share of every group."""

    name: str
    focus: str
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Fit:
    """One fit: its composition, its repetition (``seed``), and the rows of the training arrays that it sees."""

    name: str
    composition: Composition
    seed: int
    rows: np.ndarray


def compositions() -> list[Composition]:
    """Balanced first, then mostly of each group, then without each group."""
    planned = [Composition("balanced", "", dict.fromkeys(GROUPS, 1 / len(GROUPS)))]
    for kind, share in (("mostly", MOST), ("without", 0.0)):
        rest = dict.fromkeys(GROUPS, (1 - share) / (len(GROUPS) - 1))
        planned += [Composition(f"{kind}_{focus}", focus, {**rest, focus: share}) for focus in GROUPS]
    return planned


def usable(prepared: pd.DataFrame) -> pd.DataFrame:
    """Prepared pictures of a single person of a known group, of any split: the networks are tested on other people."""
    known = prepared["group"].isin(GROUPS) & (prepared["category"] != "multi")
    return prepared[known].sort_values("image_id")


def pictures_per_fit(pictures: pd.DataFrame, wanted: int) -> int:
    """How many pictures every fit can have: ``wanted``, or fewer if a group has too few for its largest share."""
    fewest = min(int((pictures["group"] == group).sum()) for group in GROUPS)
    return min(wanted, math.floor(fewest / MOST))


def why_not(pictures: pd.DataFrame, wanted: int, batch_size: int) -> str:
    """Say why nothing can be fitted; empty if something can."""
    present = sorted(set(pictures["group"]))
    if not present:
        return "the data set does not label the group of the people in its pictures"
    if len(present) < len(GROUPS):
        return f"the data set labels people of {', '.join(present)} only; {len(GROUPS)} groups are compared"
    found, needed = pictures_per_fit(pictures, wanted), max(FEWEST, batch_size)
    if found < needed:
        return f"training sets would have {found} pictures each; at least {needed} are needed"
    return ""


def plan_fits(pictures: pd.DataFrame, wanted: int, seeds: int, seed: int) -> list[Fit]:
    """List every fit, repetition by repetition.

    The pictures of each group are shuffled once per repetition, and every composition takes its share from the front:
    training sets of one repetition have as many pictures in common as possible, which sharpens their comparison.

    Parameters
    ----------
    pictures : of ``usable``, with group and row
    wanted : pictures of each fit, if there are enough
    seeds : number of repetitions
    seed : the study's seed
    """
    count = pictures_per_fit(pictures, wanted)
    fits = []
    for repetition in range(seeds):
        generator = np.random.default_rng([seed, repetition])
        shuffled = {
            group: generator.permutation(pictures.loc[pictures["group"] == group, "row"].to_numpy()) for group in GROUPS
        }
        for composition in compositions():
            numbers = whole_numbers(composition.shares, count)
            rows = np.concatenate([shuffled[group][:number] for group, number in numbers.items()])
            fits.append(Fit(f"{composition.name}_seed{repetition}", composition, repetition, np.sort(rows)))
    return fits


def whole_numbers(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Divide ``total`` by shares that sum to 1; what rounding down leaves goes to the largest remainders."""
    exact = {group: share * total for group, share in shares.items()}
    numbers = {group: math.floor(value + 1e-9) for group, value in exact.items()}
    by_remainder = sorted(exact, key=lambda group: numbers[group] - exact[group])
    for group in by_remainder[: total - sum(numbers.values())]:
        numbers[group] += 1
    return numbers
