"""Fits under the protocol: small, but real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facefair_lib.reproduction import ladder
from facefair_lib.reproduction.pool import divide, draw, found_duplicates, near_duplicates, with_near_duplicates
from facefair_lib.reproduction.protocol import AS_PUBLISHED, PUBLISHED_KEY, protocols
from facefair_lib.reproduction.run import Run, Task, fit, reported_scores
from facefair_lib.tables.reproduction import ladder_changes

EPOCHS = 25


@pytest.fixture(scope="module")
def run(pool, settings, tmp_path_factory) -> Run:
    model = settings.models.pspnet.model_copy(update={"epochs": EPOCHS})
    task = Task(AS_PUBLISHED, pool, divide(pool.table, AS_PUBLISHED), pool.images[:3])
    return fit("pspnet", model, settings.training, task, tmp_path_factory.mktemp("fit"), 7)


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
    task = Task(protocol, pool, rows, pool.images[:1])
    batches = fit("pspnet", model, settings.training, task, tmp_path, 7).batches[1]
    assert [counts[0].sum() for counts in batches["train"]] == [4 * 3 * 32 * 32] * 3
    assert [counts[0].sum() for counts in batches["test"]] == [4 * 3 * 32 * 32, 1 * 3 * 32 * 32]


def test_the_kept_epoch_has_the_lowest_test_loss(run):
    test = run.losses[run.losses["split"] == "test"].set_index("epoch")["loss"]
    assert run.kept_epoch == test.idxmin()
    assert list(test.index) == list(range(1, EPOCHS + 1))


def test_the_same_seed_gives_the_same_fit(pool, settings, tmp_path):
    model = settings.models.pspnet.model_copy(update={"epochs": 2})
    task = Task(AS_PUBLISHED, pool, divide(pool.table, AS_PUBLISHED), pool.images[:3])
    first, again = (fit("pspnet", model, settings.training, task, tmp_path / name, 7) for name in ("first", "again"))
    pd.testing.assert_frame_equal(again.losses, first.losses)


@pytest.fixture(scope="module")
def steps(pool, settings, tmp_path_factory) -> list[ladder.Step]:
    """PSPNet climbs, its ends with two seeds each; of DeepLabV3 there are the two ends."""
    seeds = settings.reproduction.seeds.model_copy(update={"ends": 2})
    shaped = settings.reproduction.model_copy(update={"ladder": ("pspnet",), "seeds": seeds})
    called = []
    done = ladder.climb(
        settings.model_copy(update={"reproduction": shaped}), pool, pool.images[:4],
        tmp_path_factory.mktemp("climb"), lambda fits, total: called.append((fits, total)),
    )  # fmt: skip
    assert called == [(number, 13) for number in range(1, 14)]
    return done


@pytest.fixture(scope="module")
def fits(steps, pool) -> pd.DataFrame:
    return ladder.fits_table(steps, pool, pool.labels[:4])


@pytest.fixture(scope="module")
def table(steps, fits, pool) -> pd.DataFrame:
    counts = ladder.unseen_counts(steps, pool.labels[:4])
    return ladder.ladder_table(fits, ladder_changes(counts, pool.table[:4], replicates=50))


def test_every_fit_is_scored_on_the_same_unseen_pictures(fits):
    assert list(fits.loc[fits["model"] == "deeplabv3", "step"]) == [PUBLISHED_KEY, "recipe"]
    keys = [key for key, _, _ in protocols()]
    twice = {"published", "zero", "threshold", "recipe"}
    mine = fits[fits["model"] == "pspnet"]
    assert list(mine["step"]) == [key for key in keys for _ in range(1 + (key in twice))]
    assert set(mine["seed"]) == {0, 1}
    assert ((fits[["f1", "iou", "true_iou"]] >= 0) & (fits[["f1", "iou", "true_iou"]] <= 1)).all(axis=None)
    below = fits["iou"] < fits["f1"] / (2 - fits["f1"]) - 1e-9
    assert (below == fits["impossible"]).all()


def test_fits_of_a_step_differ_in_their_seed(steps):
    for step in (step for step in steps if len(step.runs) > 1):
        assert not step.runs[0].losses.equals(step.runs[1].losses)


def test_the_ladder_is_the_mean_over_fits_and_says_what_was_learnt_from(table, fits):
    row = table[(table["model"] == "pspnet") & (table["step"] == PUBLISHED_KEY)].iloc[0]
    both = fits[(fits["model"] == "pspnet") & (fits["step"] == PUBLISHED_KEY)]
    assert row["true_iou"] == pytest.approx(both["true_iou"].mean())
    assert row["luck"] == pytest.approx(np.ptp(both["true_iou"]))
    assert row["n_fits"] == 2
    assert row["train"] + row["test"] == 19  # the twin has gone, the near-duplicate is there
    by_step = table[table["model"] == "pspnet"].set_index("step")
    assert by_step["copies"].tolist() == [1] * 6 + [0] * 5
    assert by_step.loc["duplicates", "shared_people"] > 0
    assert (by_step.loc["people":, "shared_people"] == 0).all()


def test_steps_that_only_score_differently_share_their_fits(steps, table):
    mine = {step.key: step for step in steps if step.model == "pspnet"}
    assert mine["published"].runs is mine["zero"].runs is mine["threshold"].runs
    assert mine["order"].runs is not mine["threshold"].runs
    by_step = table[table["model"] == "pspnet"].set_index("step")
    assert by_step.loc[["zero", "threshold"], ["change", "change_low", "change_high"]].eq(0).all(axis=None)
    assert np.isnan(by_step.loc["published", "change"])
    assert by_step.loc["order", "change"] != 0


def test_the_headline_sets_the_paper_beside_both_ends(steps, table):
    paper = pd.DataFrame([{"model": model, "f1": 0.5, "device": "laptop"} for model in ("deeplabv3", "pspnet")])
    headline = ladder.headline_table(steps, table, paper)
    assert list(headline["protocol"]) == ["paper", "published", "corrected"] * 2
    assert headline["seconds_per_epoch"].notna().sum() == 4
    assert headline["size"].dropna().unique().tolist() == [32]
    ends = table.loc[table["step"] == PUBLISHED_KEY, "f1"]
    assert headline.loc[headline["protocol"] == "published", "f1"].tolist() == ends.tolist()


def test_the_history_has_a_row_per_epoch_and_split(steps, settings):
    history = ladder.history_table(steps)
    assert len(history) == 2 * 2 * settings.reproduction.epochs
    assert set(history["split"]) == {"train", "test"}


def test_pictures_of_both_ends_stand_side_by_side(steps, pool):
    columns = ladder.picture_columns(steps[0], steps[1], pool)  # DeepLabV3's ends
    assert [kind for _, kind in columns[0]] == ["image", "mask", "image", "mask", "mask"]


def test_a_profile_plans_all_steps_or_both_ends(settings):
    chosen = settings.model_copy(
        update={"reproduction": settings.reproduction.model_copy(update={"ladder": ("pspnet",)})}
    )
    assert len(ladder.planned("pspnet", chosen)) > 2
    assert len(ladder.planned("deeplabv3", chosen)) == 2


def people(count: int, pictures: int) -> pd.DataFrame:
    rows = [(f"p{p}_{i}", f"p{p}", "female") for p in range(count) for i in range(pictures)]
    return pd.DataFrame(rows, columns=["image_id", "subject_id", "category"])


def test_a_draw_is_the_same_for_the_same_seed_and_takes_only_its_splits():
    prepared = people(10, 2).assign(row=range(20), split=["train", "test"] * 10)
    first, again = (draw(prepared, 5, ("train",), 1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert first["image_id"].str.endswith("_0").all()
    assert len(draw(prepared, None, ("train", "test"), 1)) == 20


def test_pictures_that_must_be_drawn_are_drawn_first():
    prepared = people(10, 2).assign(row=range(20), split="train")
    wanted = pd.Series(["p7_1", "p3_0"])
    assert set(wanted) <= set(draw(prepared, 2, ("train",), 1, wanted)["image_id"])
    assert set(wanted) < set(draw(prepared, 5, ("train",), 1, wanted)["image_id"])


def test_near_duplicates_of_drawn_pictures_come_back_after_them():
    manifest = people(4, 2)
    drawn = manifest[manifest["image_id"].isin(["p0_0", "p1_0"])].reset_index(drop=True)
    duplicates = pd.DataFrame(
        {"kind": ["near", "exact", "near"], "kept_id": ["p0_0", "p1_0", "p3_0"], "removed_id": ["p0_1", "p1_1", "p3_1"]}
    )
    table = with_near_duplicates(drawn, manifest, near_duplicates(duplicates))
    assert list(table["image_id"]) == ["p0_0", "p1_0", "p0_1"]
    assert list(table["near"]) == [False, False, True]


def test_the_papers_rule_finds_the_copies_whose_hash_is_equal():
    table = pd.DataFrame({"near": [False, False, True, True, True], "twin": [False, True, True, False, True]})
    assert found_duplicates(table) == (2, 3)
