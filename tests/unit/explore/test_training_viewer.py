from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_lib.explore import charts
from facefair_lib.explore.training_viewer import TrainingViewer, best_row, describe
from facefair_lib.training.history import COLUMNS


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
    ("epochs", "seconds", "words"),
    [
        (4, 5, "Finished"),
        (2, 5, "Running, or interrupted: the last epoch ended 5 s ago"),
        (2, 7200, "Interrupted 2 h ago"),
    ],
)
def test_the_state_of_a_fit_is_told(epochs: int, seconds: float, words: str) -> None:
    told = describe(history(epochs), 4, seconds)
    assert f"Epoch {epochs} of 4" in told
    assert words in told


def test_the_viewer_follows_a_fit_from_before_its_first_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    viewer = TrainingViewer({"pspnet": (path, 4)}, refresh=0.02)
    try:
        assert "Not begun" in viewer.status.value
        history(1).to_csv(path, index=False)
        end = time.monotonic() + 20
        while "Epoch 1 of 4" not in viewer.status.value and time.monotonic() < end:
            time.sleep(0.01)
        assert "Epoch 1 of 4" in viewer.status.value
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
