"""Adapting to photographs: nested draws, fits from two starts, and their table and figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from facefair_lib.data.pictures import Pictures
from facefair_lib.errors import InputError
from facefair_lib.experiments.adaptation import Budget, Trained, adapt, budgets, drawn_photographs
from facefair_lib.figures.adaptation import adaptation_curves
from facefair_lib.settings import labels
from facefair_lib.settings.profiles import ONE_VIEW, AdaptationSettings, ModelSettings, TrainingSettings
from facefair_lib.tables.adaptation import adaptation_table
from facefair_lib.training.fit import fit

PHOTOGRAPHS = (0, 4, 8)


def test_a_larger_budget_of_a_draw_holds_the_smaller_one_and_draws_differ() -> None:
    rows = np.arange(10, 30)
    few, more = (drawn_photographs(rows, count, draw=1, seed=3) for count in (5, 12))
    assert more[:5].tolist() == few.tolist()
    assert len(set(more)) == 12
    assert set(more) <= set(rows)
    assert drawn_photographs(rows, 5, draw=2, seed=3).tolist() != few.tolist()


def test_more_photographs_than_there_are_is_an_error_that_names_both_numbers() -> None:
    with pytest.raises(InputError, match=r"(?s)6 training photographs.*at least 7"):
        drawn_photographs(np.arange(6), 7, draw=0, seed=0)


def test_without_photographs_only_the_rendered_start_is_tried_and_once() -> None:
    chosen = list(budgets((0, 5), draws=2))
    assert chosen[0] == Budget("rendered", 0, 0)
    assert {(budget.start, budget.draw) for budget in chosen[1:]} == {
        ("rendered", 0), ("rendered", 1), ("alone", 0), ("alone", 1),
    }  # fmt: skip
    assert len(chosen) == 5


@pytest.fixture(scope="module")
def squares() -> tuple[np.ndarray, np.ndarray]:
    """Sixteen pictures of a bright square (hair) on a dark ground."""
    random = np.random.default_rng(5)
    labels_ = np.zeros((16, 32, 32), np.uint8)
    for mask in labels_:
        top, left = random.integers(2, 14, 2)
        mask[top : top + 16, left : left + 16] = labels.INDEX["hair"]
    images = np.where(labels_[..., None] > 0, 200, 40) + random.integers(0, 40, (16, 32, 32, 3))
    return images.astype(np.uint8), labels_


MODEL = ModelSettings(backbone="resnet18", weights="none", output_stride=8, channels=16, epochs=4, learning_rate=0.003)
TRAINING = TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1.0, geometric=0.0, colour=0.0)


@pytest.fixture(scope="module")
def adapted(squares, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapted")
    table = pd.DataFrame({"split": ["train"] * 8 + ["validation"] * 2 + ["test"] * 6, "row": range(16)})
    photographs = Pictures(table, *squares)
    weights = fit("pspnet", MODEL, TRAINING, *squares, photographs.rows(), folder / "rendered", seed=1).weights
    network = Trained("pspnet", MODEL, TRAINING, weights)
    budget = AdaptationSettings(photographs=PHOTOGRAPHS, draws=2, steps=4, learning_rate=0.001)

    def run():
        return adapt(network, budget, photographs, ONE_VIEW, folder / "fits", seed=2)

    return run, run(), folder / "fits"


def test_every_budget_leaves_counts_of_all_test_pixels(adapted) -> None:
    _, result, _ = adapted
    assert len(result.runs) == len(result.counts) == len(result.masks) == 9
    assert (result.counts.sum((1, 2, 3)) == 6 * 32 * 32).all()
    assert result.runs.loc[result.runs["photographs"] == 8, "epochs"].eq(2).all()  # 2 batches each, 4 steps


def test_finished_fits_are_not_repeated(adapted, monkeypatch) -> None:
    run, first, folder = adapted
    before = {path: path.stat().st_mtime_ns for path in Path(folder).rglob("best.pt")}
    assert len(before) == 8
    np.testing.assert_array_equal(run().counts, first.counts)
    assert {path: path.stat().st_mtime_ns for path in Path(folder).rglob("best.pt")} == before


@pytest.fixture
def scored(adapted, squares):
    _, result, _ = adapted
    people = pd.DataFrame({"image_id": [f"i{n}" for n in range(6)], "subject_id": [f"s{n // 2}" for n in range(6)]})
    return adaptation_table(result.runs.assign(model="pspnet"), result.counts, people, replicates=200, seed=1)


def test_scores_are_means_over_draws_as_scikit_learn_gives_them(scored, adapted, squares) -> None:
    _, result, _ = adapted
    chosen = (result.runs["start"] == "alone") & (result.runs["photographs"] == 8)
    hair = [labels.INDEX[name] for name in labels.FASSEG_GROUPS["hair"]]  # brows count as hair there
    truth = np.isin(squares[1][10:], hair).ravel()
    expected = np.mean([f1_score(truth, np.isin(masks, hair).ravel()) for masks in result.masks[chosen]])
    row = scored.query("start == 'alone' and photographs == 8 and `class` == 'hair'").iloc[0]
    assert row["f1"] == pytest.approx(expected)
    assert row["low"] <= row["f1"] <= row["high"]
    assert (row["n_draws"], row["n_images"], row["n_subjects"]) == (2, 6, 3)


def test_the_figure_has_a_panel_per_network_and_a_line_per_start(scored) -> None:
    figure = adaptation_curves(pd.concat([scored, scored.assign(model="deeplabv3")]))
    assert len(figure.axes) == 2
    assert all(len(panel.lines) == 2 for panel in figure.axes)
    assert "photographs" in figure.get_label()


def test_a_missing_column_of_the_figure_is_named(scored) -> None:
    with pytest.raises(InputError, match="photographs"):
        adaptation_curves(scored.drop(columns="photographs"))
