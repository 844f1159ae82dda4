"""Do scores rise where the test people were trained on? The same test pictures, and two training sets of equal size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib import metrics
from facefair_lib.config import Profile
from facefair_lib.data.readers.base import Reader
from facefair_lib.data.subsample import rank
from facefair_lib.legacy.ladder import Advance, budgeted
from facefair_lib.legacy.pool import load
from facefair_lib.legacy.protocol import AS_CORRECTED
from facefair_lib.legacy.run import fit

FEWEST_PEOPLE = 8
COLUMNS = ["class", "metric", "difference", "low", "high", "n_images", "n_subjects"]


@dataclass(frozen=True)
class Plan:
    """Row numbers: what each training set holds, what chooses the epoch, and what is tested.

    Attributes
    ----------
    train : ``shared`` (holds other pictures of the tested people) and ``apart`` -> rows, equally many
    validation, test : rows; nobody in them but the tested people of ``shared`` is trained on
    """

    train: dict[str, np.ndarray]
    validation: np.ndarray
    test: np.ndarray


def named_people(prepared: pd.DataFrame) -> pd.DataFrame:
    """The study's pictures of people with at least two pictures each, without crowds."""
    single = prepared[prepared["category"] != "multi"].drop(columns=["row", "split"])
    pictures = single.groupby("subject_id")["image_id"].transform("size")
    return single[pictures >= 2].sort_values("image_id", ignore_index=True)


def plan(table: pd.DataFrame, seed: int) -> Plan | None:
    """Divide people with several pictures; ``None`` where there are fewer than ``FEWEST_PEOPLE``.

    A quarter of the people is tested on every second of their pictures. "Shared" trains on their other pictures,
    "apart" on as many pictures of another quarter; both add the same pictures of the rest, of whom a few validate.
    """
    people = sorted(table["subject_id"].unique(), key=lambda name: rank(seed, str(name)))
    if len(people) < FEWEST_PEOPLE:
        return None
    quarter = len(people) // 4
    tested, replaced, rest = people[:quarter], people[quarter : 2 * quarter], people[2 * quarter :]
    rows = {name: part.index.to_numpy() for name, part in table.groupby("subject_id")}
    test = np.concatenate([rows[name][::2] for name in tested])
    shared = np.concatenate([rows[name][1::2] for name in tested])
    other = np.concatenate([rows[name] for name in replaced])
    count = min(len(shared), len(other))
    generator = np.random.default_rng(seed)
    validators = rest[: max(1, len(rest) // 5)]
    validation = np.concatenate([rows[name] for name in validators])
    common = np.concatenate([rows[name] for name in rest[len(validators) :]])
    train = {
        name: np.sort(np.concatenate([common, generator.permutation(part)[:count]]))
        for name, part in (("shared", shared), ("apart", other))
    }
    return Plan(train, np.sort(validation), np.sort(test))


def compare(
    settings: Profile,
    model: str,
    table: pd.DataFrame,
    reader: Reader,
    planned: Plan | None,
    folder: Path,
    progress: Advance | None = None,
) -> dict[str, np.ndarray]:
    """Fit one network twice as corrected, with and without other pictures of the tested people.

    Returns
    -------
    ``shared`` and ``apart`` -> (N, 11, 11) confusion counts of the same test pictures; empty without a plan
    """
    if planned is None:
        return {}
    people = load(table, reader, settings.reproduction.size)
    shaped, counts = budgeted(model, settings), {}
    for name, train in planned.train.items():
        rows = {"train": train, "validation": planned.validation, "test": planned.test}
        images, where = people.images[planned.test], folder / f"leak_{name}"
        run = fit(model, shaped, settings.training, AS_CORRECTED, people, rows, images, where, settings.seed)
        counts[name] = metrics.confusion_counts(people.labels[planned.test], run.unseen)
        if progress:
            progress(len(counts), len(planned.train))
    return counts


def difference_table(
    counts: dict[str, np.ndarray],
    table: pd.DataFrame,
    planned: Plan | None,
    difference: Callable[..., pd.DataFrame],
    **resampling: int,
) -> pd.DataFrame:
    """Shared minus apart, with intervals over people: ``COLUMNS``, no rows without a plan.

    ``difference`` is ``analysis.difference_table``, which lives on a higher floor; ``resampling`` is passed to it.
    """
    if planned is None:
        return pd.DataFrame(columns=COLUMNS)
    tested = table.loc[planned.test, ["image_id", "subject_id"]].reset_index(drop=True)
    rows = difference(counts, tested, **resampling)
    rows = rows[rows["class"] == "all"]
    return rows.assign(n_images=len(tested), n_subjects=tested["subject_id"].nunique())[COLUMNS]
