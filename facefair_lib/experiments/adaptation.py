"""What a few labelled photographs add to networks that were trained on rendered people.

Every draw puts the training photographs in an order of its own and takes the first few of it, so a larger budget of
one draw holds the smaller ones. The same photographs also train networks that saw no rendered people, with as many
steps, which shows what the rendered people are worth.

Source: the question and its shape follow E. Wood et al., "Fake it till you make it: face analysis in the wild using
synthetic data alone", ICCV 2021, sections 4 and 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.profiles import InferenceSettings, ModelSettings, TrainingSettings
from facefair_lib.training.predict import Advance, predict

STARTS = ("rendered", "alone")
"""Where a network begins: with weights learnt from rendered people, or with those that the profile names for a fit."""


@dataclass(frozen=True)
class Budget:
    """One network to be fitted: where it starts, how many photographs it gets, and which draw of them."""

    start: str
    photographs: int
    draw: int


@dataclass(frozen=True)
class Adapted:
    """What the networks of all budgets do with the test photographs.

    Attributes
    ----------
    runs : R rows: start, photographs, draw, epochs
    counts : (R, N, 11, 11) int64, rows of a matrix = target
    masks : (R, N, H, W) uint8 predicted classes
    """

    runs: pd.DataFrame
    counts: np.ndarray
    masks: np.ndarray


def budgets(photographs: Sequence[int], draws: int) -> Iterator[Budget]:
    """List what is fitted; without photographs there is nothing to draw, and nothing to be fitted to alone."""
    for count in photographs:
        for start in STARTS if count else STARTS[:1]:
            for draw in range(draws if count else 1):
                yield Budget(start, count, draw)


def drawn_photographs(rows: np.ndarray, count: int, draw: int, seed: int) -> np.ndarray:
    """The photographs of one draw, (count,) of the row numbers ``rows``; a larger count holds the smaller ones.

    Raises
    ------
    InputError
        if there are fewer rows than asked for
    """
    if count > len(rows):
        raise InputError(
            "photographs for adaptation",
            found=f"{len(rows)} training photographs",
            expected=f"at least {count}",
            do="lower the numbers in adaptation.photographs",
        )
    return np.random.default_rng([seed, draw]).permutation(rows)[:count]


def adapt(
    name: str,
    model: ModelSettings,
    training: TrainingSettings,
    images: np.ndarray,
    labels: np.ndarray,
    rows: dict[str, np.ndarray],
    weights: Path,
    views: InferenceSettings,
    folder: Path,
    *,
    photographs: Sequence[int],
    draws: int,
    steps: int,
    learning_rate: float,
    seed: int,
    progress: Advance | None = None,
) -> Adapted:
    """Fit a network to growing numbers of photographs, from rendered people and to the photographs alone.

    There are no photographs to spare for choosing an epoch, so the epoch is chosen by the loss on the photographs that
    the network is fitted to. Finished fits are not repeated.

    Parameters
    ----------
    name, model : the network; ``model.learning_rate`` tops the schedule of the photographs alone; no ``model.epochs``
    images, labels : (M, H, W, 3) and (M, H, W) uint8 photographs
    rows : split name -> row numbers; ``train`` and ``test`` are needed
    weights : ``best.pt`` of the network trained on rendered people
    views : how test photographs are seen
    folder : receives one folder per fit
    photographs : budgets, 0 for the rendered people alone
    draws : of photographs, per budget
    steps : of every fit
    learning_rate : top of the schedule for networks that start from rendered people: lower, so as not to forget them
    progress : called with (fits done, fits in all)
    """
    from facefair_lib.training.fit import fit  # Lightning takes seconds to import: only where something is fitted

    chosen = list(budgets(photographs, draws))
    masks = []
    for done, budget in enumerate(chosen):
        if progress:
            progress(done, len(chosen))
        fitted = weights
        epochs = _epochs(budget.photographs, training.batch_size, steps)
        rate = learning_rate if budget.start == "rendered" else model.learning_rate
        settings = model.model_copy(update={"epochs": epochs, "learning_rate": rate, "small_start": None})
        if budget.photographs:
            few = drawn_photographs(rows["train"], budget.photographs, budget.draw, seed)
            place = folder / f"{name}_{budget.start}_{budget.photographs}_{budget.draw}"
            begin = weights if budget.start == "rendered" else None
            own = {"train": few, "validation": few}
            fitted = fit(name, settings, training, images, labels, own, place, seed + budget.draw, begin).weights
        masks.append(predict(load_network(name, settings, fitted), images[rows["test"]], views=views))
    if progress:
        progress(len(chosen), len(chosen))
    table = pd.DataFrame([dataclasses.asdict(budget) for budget in chosen])
    table["epochs"] = [_epochs(count, training.batch_size, steps) if count else 0 for count in table["photographs"]]
    counts = np.stack([confusion_counts(labels[rows["test"]], predicted) for predicted in masks])
    return Adapted(table, counts, np.stack(masks))


def _epochs(photographs: int, batch_size: int, steps: int) -> int:
    """Epochs that make about ``steps`` steps; batches that are not full are dropped."""
    return max(1, round(steps / max(1, photographs // batch_size)))
