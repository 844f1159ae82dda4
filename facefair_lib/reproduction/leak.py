"""Do scores rise if the tested people were trained on? A crossover: each of two networks knows half of the people.

Whether a network knows a person must not be confounded with which network it is, or with who the person is. So two
networks are fitted to equally many pictures, and each tested person is known to one of them and new to the other. The
two are compared on the same pictures, and differences between the networks cancel out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.readers.base import Reader
from facefair_lib.data.subsample import rank
from facefair_lib.reproduction.ladder import budgeted
from facefair_lib.reproduction.pool import load
from facefair_lib.reproduction.protocol import AS_CORRECTED
from facefair_lib.reproduction.run import Task, fit
from facefair_lib.scores import metrics
from facefair_lib.settings.profiles import Profile
from facefair_lib.store.progress import Advance
from facefair_lib.tables import performance

FEWEST_PEOPLE = 8
"""Number of people with several pictures below which nothing is compared."""
_VALIDATION_SHARE = 0.15  # of the people in neither half
KNOWN, NEW = "known", "new"
COLUMNS = ["class", "metric", "difference", "low", "high", "n_images", "n_subjects"]


@dataclass(frozen=True)
class Plan:
    """Row numbers: what each network learns from, what chooses its epoch, and what is tested.

    Attributes
    ----------
    train : for each half of the people, the rows of the network that knows it; equally many
    validation : rows of people who are in no other part
    test : rows of the people in both halves, which neither network trains on
    half : (len(test),) 0 or 1, the network that knows the person in each tested picture
    """

    train: tuple[np.ndarray, np.ndarray]
    validation: np.ndarray
    test: np.ndarray
    half: np.ndarray


def people_pool(prepared: pd.DataFrame, images: int | None, seed: int) -> pd.DataFrame:
    """The study's pictures of people who have several, and of others to learn from; without pictures of several people.

    Parameters
    ----------
    prepared : the study's pictures, of every split
    images : at most this many pictures, people with several first, each with all of theirs; ``None`` takes all

    Returns
    -------
    the columns of ``prepared`` except row and split, and named (bool: one of several pictures), sorted by image_id
    """
    single = prepared[prepared["category"] != "multi"].drop(columns=["row", "split"])
    of_person = single.groupby("subject_id")["image_id"].transform("size")
    ranks = single["subject_id"].map(lambda name: rank(seed, str(name)))
    table = single.assign(named=of_person >= 2, _size=of_person, _rank=ranks)
    table = table.sort_values(["named", "_rank", "image_id"], ascending=[False, True, True])
    first = ~table["subject_id"].duplicated()
    together = table["_size"].where(first, 0).cumsum()  # counts whole people
    drawn = table if images is None else table[together <= images]
    return drawn.drop(columns=["_size", "_rank"]).sort_values("image_id", ignore_index=True)


def plan(table: pd.DataFrame, seed: int) -> Plan | None:
    """Divide people with several pictures into two halves; ``None`` if there are fewer than ``FEWEST_PEOPLE``.

    Every second picture of a person is tested; the network that knows their half learns from the others, from as many
    in both halves. Who then has none left to learn from is not tested. Both networks also learn from all other people's
    pictures, except those that choose the epoch. If few people have only one picture, every third of the people with
    several joins these others.

    Parameters
    ----------
    table : of ``people_pool``
    """
    people = sorted(table.loc[table["named"], "subject_id"].unique(), key=lambda name: rank(seed, str(name)))
    if (~table["named"]).sum() < len(people):
        people = [name for position, name in enumerate(people) if position % 3]
    if len(people) < FEWEST_PEOPLE:
        return None
    half_of = {name: position % 2 for position, name in enumerate(people)}
    dealt = table[table["subject_id"].isin(people)]
    half, turn = dealt["subject_id"].map(half_of), dealt.groupby("subject_id").cumcount() % 2
    known = [dealt.index[(turn == 1) & (half == number)].to_numpy() for number in (0, 1)]
    generator = np.random.default_rng(seed)
    common, validation = _common(table.drop(index=dealt.index), generator)
    count = min(map(len, known))
    learnt = [_cut(table["subject_id"], part, count, generator) for part in known]
    first, second = (np.sort(np.concatenate([common, part])) for part in learnt)
    met = dealt["subject_id"].isin(table.loc[np.concatenate(learnt), "subject_id"])
    tested = (turn == 0) & met
    return Plan((first, second), validation, dealt.index[tested].to_numpy(), half[tested].to_numpy())


def _cut(subjects: pd.Series, rows: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw ``count`` of the rows, one of each person before a second of anybody."""
    drawn = subjects.loc[generator.permutation(rows)]
    return drawn.index[np.argsort(drawn.duplicated(), kind="stable")][:count].to_numpy()


def _common(others: pd.DataFrame, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows from which both networks learn, and rows of other people that choose their epoch."""
    people = generator.permutation(sorted(others["subject_id"].unique()))
    choosing = people[: max(1, round(len(people) * _VALIDATION_SHARE))]
    chosen = others["subject_id"].isin(choosing)
    return others.index[~chosen].to_numpy(), others.index[chosen].to_numpy()


def compare(
    settings: Profile,
    model: str,
    table: pd.DataFrame,
    reader: Reader,
    planned: Plan | None,
    folder: Path,
    progress: Advance | None = None,
) -> dict[str, np.ndarray]:
    """Fit both networks as corrected, and score every tested picture with each: known to one of them, new to the other.

    Parameters
    ----------
    table : of ``people_pool``
    planned : of ``plan``
    progress : called with (fits done, fits in all)

    Returns
    -------
    ``known`` and ``new`` -> (N, 11, 11) confusion counts of the same test pictures; empty without a plan
    """
    if planned is None:
        return {}
    people = load(table, reader, settings.reproduction.size)
    shaped, truth = budgeted(model, settings), people.labels[planned.test]
    counts = []
    for half, train in enumerate(planned.train):
        rows = {"train": train, "validation": planned.validation, "test": planned.test}
        task = Task(AS_CORRECTED, people, rows, people.images[planned.test])
        run = fit(model, shaped, settings.training, task, folder / f"leak_{half}", settings.seed)
        counts.append(metrics.confusion_counts(truth, run.unseen))
        if progress:
            progress(len(counts), len(planned.train))
    return by_knowledge(np.stack(counts), planned.half)


def by_knowledge(counts: np.ndarray, half: np.ndarray) -> dict[str, np.ndarray]:
    """Rearrange the counts of two networks by whether they know the person.

    Parameters
    ----------
    counts : (2, N, 11, 11) of both networks
    half : (N,) the network that knows the person in each picture

    Returns
    -------
    ``known`` and ``new`` -> (N, 11, 11)
    """
    pictures = np.arange(len(half))
    return {KNOWN: counts[half, pictures], NEW: counts[1 - half, pictures]}


def difference_table(
    counts: dict[str, np.ndarray], table: pd.DataFrame, planned: Plan | None, **resampling: int
) -> pd.DataFrame:
    """Known minus new, with intervals over people: ``COLUMNS``, no rows without a plan.

    ``resampling`` is passed to ``tables.performance.difference_table``.
    """
    if planned is None:
        return pd.DataFrame(columns=COLUMNS)
    tested = table.loc[planned.test, ["image_id", "subject_id"]].reset_index(drop=True)
    rows = performance.difference_table(counts, tested, **resampling)
    rows = rows[rows["class"] == "all"]
    return rows.assign(n_images=len(tested), n_subjects=tested["subject_id"].nunique())[COLUMNS]


def people_table(counts: dict[str, np.ndarray], table: pd.DataFrame, planned: Plan | None) -> pd.DataFrame:
    """Mean image IoU of every tested person: columns subject_id, images, known, new; no rows without a plan."""
    if planned is None:
        return pd.DataFrame(columns=["subject_id", "images", KNOWN, NEW])
    scores = {name: metrics.image_scores(part)["image_iou"] for name, part in counts.items()}
    pictures = pd.DataFrame({"subject_id": table.loc[planned.test, "subject_id"].to_numpy(), **scores})
    people = pictures.groupby("subject_id")
    return people.agg(images=(KNOWN, "size"), known=(KNOWN, "mean"), new=(NEW, "mean")).reset_index()
