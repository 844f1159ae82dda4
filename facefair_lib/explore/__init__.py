"""Explorers: widgets for pictures, training curves, groups, a rendered person to change, and published scores.

Each function returns one widget, for the end of a notebook cell; most take an open study or the name of a profile::

    from facefair_lib import explore

    explore.images("quick")

Explorers read results and write none. Their modules are therefore imported by name when they are called: a stage whose
notebook shows an explorer does not depend on the explorer's code, and is not run again when a widget changes.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from IPython.display import Markdown

from facefair_lib.store.progress import PROGRESS_FILE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from facefair_lib.study.open import Study

__all__ = ["counterfactual", "groups", "images", "pictures", "score_groups", "scores", "training"]


def images(study: Study | str) -> Any:
    """Browse a study's pictures with their masks, the networks' segmentations, errors and scores."""
    return _show("image_browser", "browse_study", study)


def pictures(
    table: pd.DataFrame, images: np.ndarray, labels: np.ndarray, predictions: dict[str, np.ndarray] | None = None
) -> Any:
    """Browse pictures in a notebook's memory, such as those of notebook 05.

    Parameters
    ----------
    table : N rows with image_id and, where known, group, emotion, gender, age, skin_tone, split
    images : (N, H, W, 3) uint8
    labels : (N, H, W) uint8, 255 where there is no mask
    predictions : model -> (N, H, W) uint8
    """
    return _show("image_browser", "browse_pictures", table, images, labels, predictions or {})


def training(study: Study | str) -> Any:
    """Watch the fits of a study while they run, or look at them afterwards."""
    return _show("training_viewer", "watch_study", study)


def groups(study: Study | str) -> Any:
    """Compare groups of a study's test people by any score and attribute, also within the levels of another one."""
    return _show("group_explorer", "explore_study", study)


def score_groups(counts: dict[str, np.ndarray], table: pd.DataFrame) -> Any:
    """Compare groups from counts in a notebook's memory.

    Parameters
    ----------
    counts : model -> (N, 11, 11) integer confusion counts
    table : N rows in the order of the counts, with image_id, subject_id and the attributes to compare
    """
    return _show("group_explorer", "GroupExplorer", counts, table)


def counterfactual(study: Study | str) -> Any:
    """Change one thing about a rendered person and see at once what the networks predict.

    Parameters
    ----------
    study : the networks' study; ``"shipped"`` takes those that come with the package and needs no study
    """
    return _show("person_explorer", "explore_person", study)


def scores() -> Any:
    """Type a published row of scores and see at once whether they are possible; no study is needed."""
    return _show("score_checker", "check_published")


def _show(module: str, function: str, *arguments: Any) -> Any:
    if PROGRESS_FILE in os.environ:  # the study runs without a screen: nobody could move a slider
        return Markdown("*Open this notebook in JupyterLab and run it to see an explorer here.*")
    return getattr(import_module(f"{__name__}.{module}"), function)(*arguments)
