"""The training viewer: a fit's curves, redrawn after every epoch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from facefair_lib.explore import charts, controls
from facefair_lib.explore.latest_worker import Poller
from facefair_lib.scores import titles
from facefair_lib.store import stages
from facefair_lib.store.results import read_json

if TYPE_CHECKING:
    from facefair_lib.study.open import Study

METRICS = ("loss", "iou", "f1", "accuracy", "precision", "recall")
"""Panels, in drawing order."""
REFRESH = 2.0
"""Seconds between two checks of the file."""
RECORD = "fit.json"
"""File beside the history in which a fit records what it fits and, when it is complete, a description."""
_COLOURS = {"train": "#0072b2", "validation": "#d55e00"}


def watch_study(study: Study | str) -> TrainingViewer:
    """Watch the fits of a study; see ``explore.training``."""
    profile = controls.profile_of(study)
    files = {
        model: (controls.stage_of(profile, stage).path("history.csv"), getattr(profile.models, model).epochs)
        for model, stage in stages.TRAINING_STAGES.items()
    }
    return TrainingViewer(files)


class TrainingViewer(widgets.VBox):
    """Curves of one network at a time.

    Parameters
    ----------
    files : model -> (its history.csv, which need not exist yet; total number of epochs)
    refresh : seconds between two checks of the file

    Notes
    -----
    A thread checks the file, so that the curves also move while a cell of the same notebook is fitting.
    """

    def __init__(self, files: dict[str, tuple[Path, int]], refresh: float = REFRESH) -> None:
        super().__init__()
        self._files = files
        self._seen: tuple[str, int] | None = None  # model, time of the file last drawn
        self.model = controls.dropdown("Network", {titles.title(model): model for model in files})
        self.curves, self.status = controls.text(), controls.text()
        self.children = [controls.panel([controls.row(self.model), self.status, self.curves])]
        self.model.observe(lambda _: self.look(), "value")
        self.look()
        self._poller = Poller(self.look, refresh)

    def look(self) -> None:
        """Draw the curves again if the file has changed."""
        path, epochs = self._files[self.model.value]
        complete = is_complete(path.with_name(RECORD))
        try:
            changed = path.stat().st_mtime
            if self._seen != (self.model.value, path.stat().st_mtime_ns):
                history = pd.read_csv(path)
                self.curves.value = draw_history(history, history["epoch"].max() if complete else epochs)
                self._seen = (self.model.value, path.stat().st_mtime_ns)
                self._history = history
        except FileNotFoundError:
            self._seen, self.curves.value = None, ""
            self.status.value = '<span role="status">Not begun: the first epoch is not complete yet.</span>'
            return
        told = describe(self._history, None if complete else epochs, time.time() - changed)
        self.status.value = f'<span role="status">{told}</span>'

    def close(self) -> None:
        """Stop checking the file."""
        self._poller.close()
        super().close()


def describe(history: pd.DataFrame, epochs: int | None, seconds: float) -> str:
    """Describe the progress of a fit.

    Parameters
    ----------
    history : rows as written by a fit
    epochs : total number; None for a complete fit, whose profile may have changed since
    seconds : since the last epoch was written
    """
    done, best = int(history["epoch"].max()), best_row(history)
    if epochs is None:
        state = "Finished"
    elif seconds < 3600:
        state = f"Running, or interrupted: the last epoch ended {seconds:.0f} s ago"
    else:
        state = f"Interrupted {seconds / 3600:.0f} h ago"
    return (
        f"<b>Epoch {done} of {epochs or done}.</b> {state}. "
        f"Lowest validation loss so far: {best['loss']:.3f} in epoch {best['epoch']:.0f}, "
        f"with an IoU of {best['iou']:.1%}."
    )


def is_complete(record: Path) -> bool:
    """Whether the fit that keeps this record is complete."""
    return record.exists() and "description" in read_json(record)


def best_row(history: pd.DataFrame) -> pd.Series:
    """The validation row of the epoch whose weights a fit keeps: the one with the lowest loss."""
    validation = history[history["split"] == "validation"]
    return validation.loc[validation["loss"].idxmin()]


def draw_history(history: pd.DataFrame, epochs: int) -> str:
    """Draw all panels and their legend as HTML; ``epochs`` is the last one of the axis."""
    best = float(best_row(history)["epoch"])
    panels = []
    for metric in METRICS:
        curves = []
        for split, part in history.groupby("split", sort=True):
            part = part.sort_values("epoch")
            epoch, score = (part[column].to_numpy(float) for column in ("epoch", metric))
            dashed = split == "validation"
            curves.append(charts.Curve(titles.title(split), epoch, score, _COLOURS[split], dashed))
        panels.append(charts.curve_panel(titles.title(metric), curves, (1, epochs), marked=best))
    legend = (
        f'<span style="color: {_COLOURS["train"]}">━━</span> Training &emsp;'
        f'<span style="color: {_COLOURS["validation"]}">╍╍</span> Validation &emsp;'
        "┊ the epoch with the lowest validation loss, whose weights are kept"
    )
    return f'<div class="facefair-legend">{"".join(panels)}</div><p>{legend}</p>'
