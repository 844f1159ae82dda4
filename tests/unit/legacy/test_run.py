"""Fits under the protocol: small, but real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facefair_lib import analysis
from facefair_lib.legacy import ladder, leak
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


def test_the_last_short_batch_is_dropped_in_training_and_kept_in_testing(run):
    assert len(run.batches[1]["train"]) == 15 // 4
    assert len(run.batches[1]["test"]) == 1
    assert run.batches[1]["test"][0, 0].sum() == 4 * 3 * 32 * 32


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
    small = settings.model_copy(update={"reproduction": settings.reproduction.model_copy(update={"ladder": ()})})
    return ladder.climb(small, pool, pool.images[:4], tmp_path_factory.mktemp("climb"))


def test_the_ladder_scores_every_step_on_the_same_unseen_pictures(steps, pool):
    table = ladder.ladder_table(steps, pool.labels[:4])
    assert list(table["model"]) == ["deeplabv3"] * 2 + ["pspnet"] * 2
    assert list(table["step"]) == [PUBLISHED_KEY, "recipe"] * 2
    assert ((table[["f1", "iou", "true_iou"]] >= 0) & (table[["f1", "iou", "true_iou"]] <= 1)).all(axis=None)
    below = table["iou"] < table["f1"] / (2 - table["f1"]) - 1e-9
    assert (below == table["impossible"]).all()


def test_the_headline_sets_the_paper_beside_both_ends(steps, pool):
    paper = pd.DataFrame([{"model": model, "f1": 0.5, "device": "laptop"} for model in ("deeplabv3", "pspnet")])
    headline = ladder.headline_table(steps, ladder.ladder_table(steps, pool.labels[:4]), paper)
    assert list(headline["protocol"]) == ["paper", "published", "corrected"] * 2
    assert headline["seconds_per_epoch"].notna().sum() == 4


def test_pictures_of_both_ends_stand_side_by_side(steps, pool):
    columns = ladder.picture_columns(steps[0], steps[1], pool)
    assert [kind for _, kind in columns[0]] == ["image", "mask", "image", "mask", "mask"]


def test_a_profile_plans_all_steps_or_both_ends(settings):
    assert len(ladder.planned("deeplabv3", settings)) > 2
    assert len(ladder.planned("pspnet", settings)) == 2


def people(count: int, pictures: int) -> pd.DataFrame:
    rows = [(f"p{p}_{i}", f"p{p}", "female") for p in range(count) for i in range(pictures)]
    return pd.DataFrame(rows, columns=["image_id", "subject_id", "category"])


def test_both_training_sets_are_equally_large_and_only_one_knows_the_tested_people():
    table = people(12, 4)
    plan = leak.plan(table, 1)
    subjects = {name: set(table.loc[rows, "subject_id"]) for name, rows in plan.train.items()}
    tested = set(table.loc[plan.test, "subject_id"])
    assert len(plan.train["shared"]) == len(plan.train["apart"])
    assert len(subjects["shared"]) == pytest.approx(len(subjects["apart"]), abs=1)
    assert tested <= subjects["shared"]
    assert not tested & subjects["apart"]
    for rows in plan.train.values():
        assert not set(rows) & (set(plan.test) | set(plan.validation))


def test_fewer_than_eight_people_with_several_pictures_give_no_plan_and_an_empty_table():
    table = people(7, 3)
    assert leak.plan(table, 1) is None
    empty = leak.difference_table({}, table, None, analysis.difference_table)
    assert empty.empty
    assert list(empty.columns) == leak.COLUMNS


def test_the_difference_of_equal_counts_is_zero():
    table = people(12, 4)
    plan = leak.plan(table, 1)
    counts = np.tile(np.eye(11, dtype=np.int64) * 5 + 1, (len(plan.test), 1, 1))
    both = {"shared": counts, "apart": counts}
    rows = leak.difference_table(both, table, plan, analysis.difference_table, replicates=100)
    assert (rows["difference"] == 0).all()
    assert set(rows["n_images"]) == {len(plan.test)}


def test_named_people_have_two_pictures_at_least_and_are_no_crowd():
    prepared = pd.concat([people(2, 2), people(1, 1).assign(subject_id="lone", image_id="x")])
    crowd = people(1, 2).assign(subject_id="crowd", image_id=["c1", "c2"], category="multi")
    prepared = pd.concat([prepared, crowd]).assign(row=0, split="train")
    assert set(leak.named_people(prepared)["subject_id"]) == {"p0", "p1"}


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
