"""What a few labelled photographs add to networks that were trained on rendered people.

Every draw shuffles the training photographs and takes the first few, so a larger budget of the same draw contains the
smaller ones. The same photographs also train networks that saw no rendered people, for the same number of steps, which
shows what the rendered people are worth.

Source: question and design follow E. Wood et al., "Fake it till you make it: face analysis in the wild using synthetic
data alone", ICCV 2021, sections 4 and 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.pictures import Pictures
from facefair_lib.errors import InputError
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.profiles import AdaptationSettings, InferenceSettings, ModelSettings, TrainingSettings
from facefair_lib.training.predict import Advance, predict

STARTS = ("rendered", "alone")
"""Where a network starts: from weights learnt on rendered people, or from those that the profile names for a fit."""


@dataclass(frozen=True)
class Trained:
    """A network that was trained on rendered people.

    Attributes
    ----------
    name, model : the network; ``model.learning_rate`` is the peak for fits to the photographs alone, and
        ``model.epochs`` is not used
    training : how it is fitted to photographs
    weights : its ``best.pt``
    """

    name: str
    model: ModelSettings
    training: TrainingSettings
    weights: Path


@dataclass(frozen=True)
class Budget:
    """One network to be fitted: where it starts, how many photographs it gets, and in which draw."""

    start: str
    photographs: int
    draw: int


@dataclass(frozen=True)
class Adapted:
    """What the networks of all budgets predict for the test photographs.

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
    """List what is fitted; zero photographs need neither several draws nor a network fitted to them alone."""
    for count in photographs:
        for start in STARTS if count else STARTS[:1]:
            for draw in range(draws if count else 1):
                yield Budget(start, count, draw)


def drawn_photographs(rows: np.ndarray, count: int, draw: int, seed: int) -> np.ndarray:
    """The photographs of one draw, (count,) of the row numbers ``rows``; a larger count contains the smaller ones.

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
    network: Trained,
    settings: AdaptationSettings,
    photographs: Pictures,
    views: InferenceSettings,
    folder: Path,
    seed: int,
    progress: Advance | None = None,
) -> Adapted:
    """Fit a network to growing numbers of photographs, starting from rendered people and from none.

    No photographs can be set aside for choosing an epoch, so it is chosen by the loss on the photographs that the
    network is fitted to. Finished fits are not repeated.

    Parameters
    ----------
    settings : numbers of photographs (0 for the rendered people alone), draws of each number, steps of every fit, and
        the peak learning rate of networks that start from rendered people: lower, so that they do not forget them
    photographs : with split and row in their table; ``train`` and ``test`` are needed
    views : how test photographs are seen
    folder : receives one folder per fit
    seed : of the draws and of the fits
    progress : called with (fits done, fits in all)
    """
    from facefair_lib.training.fit import fit  # Lightning takes seconds to import: only when something is fitted

    rows, training = photographs.rows(), network.training
    chosen = list(budgets(settings.photographs, settings.draws))
    masks = []
    for done, budget in enumerate(chosen):
        if progress:
            progress(done, len(chosen))
        fitted = network.weights
        epochs = _epochs(budget.photographs, training.batch_size, settings.steps)
        rate = settings.learning_rate if budget.start == "rendered" else network.model.learning_rate
        model = network.model.model_copy(update={"epochs": epochs, "learning_rate": rate, "small_start": None})
        if budget.photographs:
            few = drawn_photographs(rows["train"], budget.photographs, budget.draw, seed)
            place = folder / f"{network.name}_{budget.start}_{budget.photographs}_{budget.draw}"
            begin = network.weights if budget.start == "rendered" else None
            own = {"train": few, "validation": few}
            pictures = photographs.images, photographs.labels
            fitted = fit(network.name, model, training, *pictures, own, place, seed + budget.draw, begin).weights
        adapted = load_network(network.name, model, fitted)
        masks.append(predict(adapted, photographs.images[rows["test"]], views=views))
    if progress:
        progress(len(chosen), len(chosen))
    table = pd.DataFrame([dataclasses.asdict(budget) for budget in chosen])
    sizes = table["photographs"]
    table["epochs"] = [_epochs(count, training.batch_size, settings.steps) if count else 0 for count in sizes]
    counts = np.stack([confusion_counts(photographs.labels[rows["test"]], predicted) for predicted in masks])
    return Adapted(table, counts, np.stack(masks))


def _epochs(photographs: int, batch_size: int, steps: int) -> int:
    """Number of epochs that make about ``steps`` steps; incomplete batches are dropped."""
    return max(1, round(steps / max(1, photographs // batch_size)))
