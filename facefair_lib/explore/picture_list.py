"""Pictures to browse: who and which classes they show, and how well each network segmented them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.explore.controls import stage_of
from facefair_lib.scores.metrics import confusion_counts, image_scores
from facefair_lib.settings.labels import INDEX, NUM_CLASSES
from facefair_lib.settings.profiles import Profile
from facefair_lib.store import stages

ATTRIBUTES = ("split", "group", "emotion")
"""Columns by which pictures can be filtered, besides the classes they show."""
EVERY = ""
"""No restriction."""


@dataclass(frozen=True)
class Gallery:
    """Pictures with their attributes, masks and scores.

    Attributes
    ----------
    table : N rows with image_id and attributes; ``<model>_image_iou``, ``_image_f1`` and ``_accuracy`` are NaN for
        pictures that the model has not segmented
    images, labels : (N, H, W, 3) and (N, H, W) uint8, memory-mapped or not
    predictions : model -> {row of the table: (H, W) uint8}
    """

    table: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray
    predictions: Mapping[str, Mapping[int, np.ndarray]]

    @cached_property
    def shows(self) -> np.ndarray:
        """Which classes each picture's true mask contains, (N, 11) bool."""
        return np.stack([np.bincount(mask.ravel(), minlength=256)[:NUM_CLASSES] > 0 for mask in self.labels])

    def values(self, column: str) -> list[str]:
        """The values of an attribute, sorted; empty if the table lacks it."""
        known = self.table[column].dropna() if column in self.table else ()
        return sorted({str(value) for value in known} - {""})

    def select(
        self, chosen: Mapping[str, str] | None = None, shown_class: str = EVERY, worst_of: str = EVERY
    ) -> np.ndarray:
        """Filter and sort the pictures.

        Parameters
        ----------
        chosen : attribute -> value; ``EVERY`` restricts nothing
        shown_class : name of a class that the true mask must contain
        worst_of : model whose worst pictures come first; pictures that it has not segmented are left out. By default
            the table's order

        Returns
        -------
        (M,) int64, rows of the table
        """
        kept = np.ones(len(self.table), bool)
        for column, value in (chosen or {}).items():
            if value != EVERY:
                kept &= (self.table[column] == value).to_numpy()
        if shown_class != EVERY:
            kept &= self.shows[:, INDEX[shown_class]]
        if worst_of == EVERY:
            return np.flatnonzero(kept)
        score = self.table[f"{worst_of}_image_iou"].to_numpy(float)
        order = np.argsort(score, kind="stable")
        return order[kept[order] & np.isfinite(score[order])]


def gallery_of_arrays(
    table: pd.DataFrame, images: np.ndarray, labels: np.ndarray, predictions: Mapping[str, np.ndarray]
) -> Gallery:
    """Make a gallery of pictures that were all segmented; see ``explore.pictures``.

    Raises
    ------
    InputError
        if the numbers of pictures differ
    """
    sizes = {"table": len(table), "images": len(images), "labels": len(labels)}
    sizes |= {f"predictions of {model}": len(masks) for model, masks in predictions.items()}
    if len(set(sizes.values())) != 1:
        raise InputError(
            "pictures to explore",
            found=", ".join(f"{name}: {size}" for name, size in sizes.items()),
            expected="one row, image, mask and prediction per picture",
            do="give all of them for the same pictures",
        )
    table = table.reset_index(drop=True)
    for model, masks in predictions.items():
        scores = image_scores(confusion_counts(np.asarray(labels), np.asarray(masks)))
        table = table.assign(**{f"{model}_{name}": values for name, values in scores.items()})
    return Gallery(table, images, labels, {model: dict(enumerate(masks)) for model, masks in predictions.items()})


def gallery_of_study(profile: Profile) -> Gallery:
    """Make a gallery of a study's prepared pictures, with test pictures segmented by the networks fitted so far.

    Raises
    ------
    InputError
        if the data have not been prepared
    """
    prepared = stage_of(profile, "01_data_preparation")
    table = prepared.table("prepared").sort_values("row").reset_index(drop=True)
    images, labels = prepared.arrays()
    predictions: dict[str, dict[int, np.ndarray]] = {}
    for model, name in stages.TRAINING_STAGES.items():
        stage = stage_of(profile, name)
        if not stage.path("test_images.csv").exists():
            continue
        rows = stage.table("test_images")["row"].to_numpy()
        predictions[model] = dict(zip(rows.tolist(), stage.array("test_predictions"), strict=True))
        for score, values in image_scores(stage.array("test_counts", memory_map=False)).items():
            table[f"{model}_{score}"] = pd.Series(values, index=rows)
    return Gallery(table, images, labels, predictions)
