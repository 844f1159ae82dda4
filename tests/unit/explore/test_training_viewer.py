from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_lib.explore import charts
from facefair_lib.explore.training_viewer import RECORD, TrainingViewer, best_row, describe, is_complete
from facefair_lib.store.results import write_csv
from facefair_lib.training.history import COLUMNS
from facefair_lib.training.resume import finish, start_or_resume


def history(epochs: int) -> pd.DataFrame:
    """Losses fall to 0.4 in the third epoch and rise again."""
    rows = []
    for epoch in range(1, epochs + 1):
        loss = [0.9, 0.6, 0.4, 0.5][epoch - 1]
        for split, more in (("train", 0.0), ("validation", 0.1)):
            rows.append([epoch, split, loss + more, *[0.5 + 0.1 * epoch] * 5])
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_best_epoch_is_the_one_whose_weights_a_fit_keeps() -> None:
    assert best_row(history(4))["epoch"] == 3


@pytest.mark.parametrize(
    ("total", "seconds", "words"),
    [
        (None, 5, "Epoch 2 of 2.</b> Finished"),
        (4, 5, "Epoch 2 of 4.</b> Running, or interrupted: the last epoch ended 5 s ago"),
        (4, 7200, "Epoch 2 of 4.</b> Interrupted 2 h ago"),
    ],
)
def test_the_state_of_a_fit_is_told(total: int | None, seconds: float, words: str) -> None:
    assert words in describe(history(2), total, seconds)


def test_a_complete_fit_is_finished_although_its_profile_now_asks_for_more(tmp_path: Path) -> None:
    start_or_resume(tmp_path, "key")  # what a fit does first
    assert not is_complete(tmp_path / RECORD)
    history(3).to_csv(tmp_path / "history.csv", index=False)
    finish(tmp_path, "key", {"epochs": 3}, {"seconds": 9.0})  # what a fit does last
    viewer = TrainingViewer({"pspnet": (tmp_path / "history.csv", 25)}, refresh=threading.TIMEOUT_MAX)
    viewer.close()
    assert "Epoch 3 of 3.</b> Finished" in viewer.status.value


def test_the_viewer_follows_a_fit_from_before_its_first_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    viewer = TrainingViewer({"pspnet": (path, 4)}, refresh=0.02)
    try:
        assert "Not begun" in viewer.status.value
        drawn = threading.Event()
        viewer.status.observe(lambda told: "Epoch 1 of 4" in told["new"] and drawn.set(), "value")
        write_csv(path, history(1))  # at once, as a fit does: the viewer never sees half a file
        assert drawn.wait(600), "the test hangs"
        assert viewer.curves.value.count("<svg") == 6
    finally:
        viewer.close()
    assert not viewer._poller._thread.is_alive()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.37, 0.42), (1, 25), (-3.0, 812.0), (0.5, 0.5)])
def test_ticks_are_few_round_and_within_the_axis(low: float, high: float) -> None:
    ticks = charts.ticks(low, high)
    assert 1 <= len(ticks) <= 7
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[:1])


def test_a_value_without_an_interval_is_drawn_as_a_dot_alone() -> None:
    with_bounds = charts.interval_chart("t", ["a"], [charts.Mark(0, 50, 40, 60, "#000000")], "d")
    alone = charts.interval_chart("t", ["a"], [charts.Mark(0, 50, np.nan, np.nan, "#000000")], "d")
    assert with_bounds.count('stroke-width="2"') == 1
    assert alone.count('stroke-width="2"') == 0
    assert alone.count("<circle") == 1


def test_a_description_cannot_break_out_of_its_attribute() -> None:
    assert 'aria-label="&quot;&gt;&lt;b&gt;"' in charts.interval_chart("t", ["a"], [], '"><b>')
