"""Fits under the protocol: small, but real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facefair_lib import analysis
from facefair_lib.legacy import ladder
from facefair_lib.legacy.pool import divide, draw, with_near_duplicates
from facefair_lib.legacy.protocol import AS_PUBLISHED, PUBLISHED_KEY
from facefair_lib.legacy.run import Run, fit, reported_scores

EPOCHS = 25


@pytest.fixture(scope="module")
def run(pool, settings, tmp_path_factory) -> Run:
    model = settings.models.pspnet.model_copy(update={"epochs": EPOCHS})
    rows, folder = divide(pool.table, AS_PUBLISHED), tmp_path_factory.mktemp("fit")
    return fit("pspnet", model, settings.training, AS_PUBLISHED, pool, rows, pool.images[:3], folder, 7)


def test_as_published_reports_an_iou_that_its_f1_forbids(run):
    scores = reported_scores(run, AS_PUBLISHED)
    assert scores["f1"] > 0.3
    assert scores["iou"] < scores["f1"] / (2 - scores["f1"])


def test_one_threshold_makes_the_same_fit_possible(run):
    scores = reported_scores(run, replace(AS_PUBLISHED, iou_thresholds=AS_PUBLISHED.f1_thresholds))
    assert scores["iou"] >= scores["f1"] / (2 - scores["f1"])


def test_the_last_short_batch_is_dropped_in_training_and_kept_in_testing(pool, settings, tmp_path):
    model = settings.models.pspnet.model_copy(update={"epochs": 1})
    protocol = replace(AS_PUBLISHED, test_share=0.3)
    rows = divide(pool.table, protocol)
    assert (len(rows["train"]), len(rows["test"])) == (14, 5)
    batches = fit("pspnet", model, settings.training, protocol, pool, rows, pool.images[:1], tmp_path, 7).batches[1]
    assert [counts[0].sum() for counts in batches["train"]] == [4 * 3 * 32 * 32] * 3
    assert [counts[0].sum() for counts in batches["test"]] == [4 * 3 * 32 * 32, 1 * 3 * 32 * 32]


def test_the_kept_epoch_has_the_lowest_test_loss(run):
    test = run.losses[run.losses["split"] == "test"].set_index("epoch")["loss"]
    assert run.kept_epoch == test.idxmin()
    assert list(test.index) == list(range(1, EPOCHS + 1))


def test_the_same_seed_gives_the_same_fit(run, pool, settings, tmp_path):
    model = settings.models.pspnet.model_copy(update={"epochs": EPOCHS})
    rows = divide(pool.table, AS_PUBLISHED)
    again = fit("pspnet", model, settings.training, AS_PUBLISHED, pool, rows, pool.images[:3], tmp_path, 7)
    pd.testing.assert_frame_equal(again.losses, run.losses)


@pytest.fixture(scope="module")
def steps(pool, settings, tmp_path_factory) -> list[ladder.Step]:
    """Both ends of both ladders; DeepLabV3's with two seeds each."""
    seeds = settings.reproduction.seeds.model_copy(update={"ends": 2})
    shaped = settings.reproduction.model_copy(update={"ladder": (), "seeds": seeds})
    small = settings.model_copy(update={"reproduction": shaped})
    return ladder.climb(small, pool, pool.images[:4], tmp_path_factory.mktemp("climb"))


@pytest.fixture(scope="module")
def fits(steps, pool) -> pd.DataFrame:
    return ladder.fits_table(steps, pool, pool.labels[:4])


@pytest.fixture(scope="module")
def table(steps, fits, pool) -> pd.DataFrame:
    counts = ladder.unseen_counts(steps, pool.labels[:4])
    return ladder.ladder_table(fits, analysis.ladder_changes(counts, pool.table[:4], replicates=50))


def test_every_step_is_scored_on_the_same_unseen_pictures(fits):
    assert list(fits["model"]) == ["deeplabv3"] * 4 + ["pspnet"] * 4
    assert list(fits["step"]) == [PUBLISHED_KEY, PUBLISHED_KEY, "recipe", "recipe"] * 2
    assert list(fits["seed"]) == [0, 1] * 4
    assert ((fits[["f1", "iou", "true_iou"]] >= 0) & (fits[["f1", "iou", "true_iou"]] <= 1)).all(axis=None)
    below = fits["iou"] < fits["f1"] / (2 - fits["f1"]) - 1e-9
    assert (below == fits["impossible"]).all()


def test_fits_of_a_step_differ_in_their_seed(steps):
    for step in steps:
        assert not step.runs[0].losses.equals(step.runs[1].losses)


def test_the_ladder_is_the_mean_over_fits_and_says_what_was_learnt_from(table, fits, pool):
    assert list(table["step"]) == [PUBLISHED_KEY, "recipe"] * 2
    first = fits[(fits["model"] == "deeplabv3") & (fits["step"] == PUBLISHED_KEY)]
    assert table["true_iou"].iloc[0] == pytest.approx(first["true_iou"].mean())
    assert table["luck"].iloc[0] == pytest.approx(np.ptp(first["true_iou"]))
    assert table["n_fits"].eq(2).all()
    assert table["train"].iloc[0] + table["test"].iloc[0] == 19  # the twin has gone, the near-duplicate is there
    assert list(table["copies"]) == [1, 0] * 2
    assert table["shared_people"].iloc[0] > table["shared_people"].iloc[1] == 0


def test_steps_that_only_score_differently_share_their_fits(pool, settings, tmp_path):
    climbed = settings.model_copy(
        update={"reproduction": settings.reproduction.model_copy(update={"ladder": ("pspnet",)})}
    )
    called = []
    steps = ladder.climb(climbed, pool, pool.images[:2], tmp_path, lambda done, total: called.append((done, total)))
    mine = {step.key: step for step in steps if step.model == "pspnet"}
    assert mine["published"].runs is mine["zero"].runs is mine["threshold"].runs
    assert mine["order"].runs is not mine["threshold"].runs
    assert called[-1][0] == called[-1][1] == 9 + 2
    counts = ladder.unseen_counts(steps, pool.labels[:2])["pspnet"]
    changes = analysis.ladder_changes({"pspnet": counts}, pool.table[:2], replicates=20).set_index("step")
    assert changes.loc[["zero", "threshold"], ["change", "change_low", "change_high"]].eq(0).all(axis=None)
    assert np.isnan(changes.loc["published", "change"])


def test_the_headline_sets_the_paper_beside_both_ends(steps, table):
    paper = pd.DataFrame([{"model": model, "f1": 0.5, "device": "laptop"} for model in ("deeplabv3", "pspnet")])
    headline = ladder.headline_table(steps, table, paper)
    assert list(headline["protocol"]) == ["paper", "published", "corrected"] * 2
    assert headline["seconds_per_epoch"].notna().sum() == 4
    assert headline["size"].dropna().unique().tolist() == [32]
    assert headline.loc[headline["protocol"] == "published", "f1"].tolist() == table["f1"].tolist()[::2]


def test_the_history_has_a_row_per_epoch_and_split(steps, settings):
    history = ladder.history_table(steps)
    assert len(history) == 2 * 2 * settings.reproduction.epochs
    assert set(history["split"]) == {"train", "test"}


def test_pictures_of_both_ends_stand_side_by_side(steps, pool):
    columns = ladder.picture_columns(steps[0], steps[1], pool)
    assert [kind for _, kind in columns[0]] == ["image", "mask", "image", "mask", "mask"]


def test_a_profile_plans_all_steps_or_both_ends(settings):
    assert len(ladder.planned("deeplabv3", settings)) > 2
    assert len(ladder.planned("pspnet", settings)) == 2


def people(count: int, pictures: int) -> pd.DataFrame:
    rows = [(f"p{p}_{i}", f"p{p}", "female") for p in range(count) for i in range(pictures)]
    return pd.DataFrame(rows, columns=["image_id", "subject_id", "category"])


def test_a_draw_is_the_same_for_the_same_seed_and_takes_only_its_splits():
    prepared = people(10, 2).assign(row=range(20), split=["train", "test"] * 10)
    first, again = (draw(prepared, 5, ("train",), 1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert first["image_id"].str.endswith("_0").all()
    assert len(draw(prepared, None, ("train", "test"), 1)) == 20


def test_near_duplicates_of_drawn_pictures_come_back_after_them():
    manifest = people(4, 2)
    drawn = manifest[manifest["image_id"].isin(["p0_0", "p1_0"])].reset_index(drop=True)
    duplicates = pd.DataFrame(
        {"kind": ["near", "exact", "near"], "kept_id": ["p0_0", "p1_0", "p3_0"], "removed_id": ["p0_1", "p1_1", "p3_1"]}
    )
    table = with_near_duplicates(drawn, manifest, duplicates)
    assert list(table["image_id"]) == ["p0_0", "p1_0", "p0_1"]
    assert list(table["near"]) == [False, False, True]
