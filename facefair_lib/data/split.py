"""Split a manifest into train, validation and test so that no person is in two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from facefair_lib.data.subsample import rank
from facefair_lib.errors import InputError

SPLITS = ("train", "validation", "test")

PROPORTIONS: Mapping[str, float] = MappingProxyType({"train": 0.7, "validation": 0.1, "test": 0.2})
"""Share of the images wanted in each split."""


def split_by_subject(
    manifest: pd.DataFrame,
    proportions: Mapping[str, float] = PROPORTIONS,
    seed: int = 0,
    by: Sequence[str] = ("category",),
) -> pd.DataFrame:
    """Assign each person, with all their images, to one split.

    In each stratum people are assigned in descending order of their number of images; each goes to the split that lacks
    most images, which brings the numbers closest to the wanted ones (least squares). Later strata make up for what a
    stratum of few people cannot meet. The seed orders people with equally many images.

    Parameters
    ----------
    manifest : as ``check_manifest`` returns it
    proportions : share of images for each of ``SPLITS``, summing to 1
    seed : other seeds give other splits
    by : columns whose combinations are the strata. A person's stratum is that of their first image

    Returns
    -------
    A copy with the column split, in the order given. Each split holds at least one person

    Raises
    ------
    InputError
        for fewer than three people, or proportions that are not positive shares summing to 1
    """
    _check_proportions(proportions)
    subjects = manifest.groupby("subject_id", sort=True).agg({**dict.fromkeys(by, "first"), "image_id": "size"})
    if len(subjects) < len(SPLITS):
        raise InputError(
            "the split",
            found=f"{len(subjects)} person(s) on {len(manifest)} images",
            expected="at least three people, one for each of train, validation and test",
            do="add people, or raise the numbers in data.subsample",
        )
    # dropna=False: without categories the column is read back from CSV as NaN, which is a stratum like any other.
    strata = subjects.groupby(list(by), sort=True, dropna=False).ngroup().to_numpy()  # (P,)
    sizes = subjects["image_id"].to_numpy()  # (P,)
    ranks = [rank(seed, name) for name in subjects.index]
    order = sorted(range(len(subjects)), key=lambda person: (-sizes[person], ranks[person]))
    wanted = np.array([proportions[name] for name in SPLITS])
    assigned = _fill_empty(_assign(order, sizes, strata, wanted), sizes, wanted)
    split = dict(zip(subjects.index, np.array(SPLITS)[assigned].tolist(), strict=True))
    return manifest.assign(split=manifest["subject_id"].map(split))


def _check_proportions(proportions: Mapping[str, float]) -> None:
    right = set(proportions) == set(SPLITS) and all(share > 0 for share in proportions.values())
    if not right or abs(sum(proportions.values()) - 1) > 1e-6:
        raise InputError(
            "data.split",
            found=str(dict(proportions)),
            expected=f"positive shares of {', '.join(SPLITS)} that sum to 1",
            do="correct the profile's data.split",
        )


def _assign(order: Sequence[int], sizes: np.ndarray, strata: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    images = np.bincount(strata, weights=sizes)  # (strata,)
    assigned = np.zeros(len(sizes), int)
    left_over = np.zeros(len(wanted))  # surplus images of each split from the strata done
    # Strata that hold the people with most images come first: the others make up for them, in proportion to their size.
    largest_first = sorted(range(len(images)), key=lambda stratum: (-sizes[strata == stratum].max(), stratum))
    for position, stratum in enumerate(largest_first):
        repair = left_over * images[stratum] / images[largest_first[position:]].sum()
        excess = -images[stratum] * wanted + repair  # (splits,) images held minus images wanted
        for person in (person for person in order if strata[person] == stratum):
            # The squared error grows by (x + s)^2 - x^2 = s (2 x + s): least where the excess x is least.
            assigned[person] = choice = int(np.argmin(excess))
            excess[choice] += sizes[person]
        left_over += excess - repair
    return assigned


def _fill_empty(assigned: np.ndarray, sizes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Give each empty split the person with fewest images from the fullest split that has two people or more."""
    assigned = assigned.copy()
    for empty in range(len(wanted)):
        people = np.bincount(assigned, minlength=len(wanted))
        if people[empty]:
            continue
        images = np.bincount(assigned, weights=sizes, minlength=len(wanted)) / wanted
        donor = int(np.argmax(np.where(people > 1, images, -1)))
        candidates = np.flatnonzero(assigned == donor)
        assigned[candidates[np.argmin(sizes[candidates])]] = empty
    return assigned
