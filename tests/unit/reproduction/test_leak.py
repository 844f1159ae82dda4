"""People on both sides: a cross-over in which every tested person is known to one network and new to the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.reproduction import leak


def people(count: int, pictures: int, others: int = 40) -> pd.DataFrame:
    """``count`` people with ``pictures`` each, and ``others`` with one picture."""
    named = [(f"p{p:02d}_{i}", f"p{p:02d}", "female", True) for p in range(count) for i in range(pictures)]
    single = [(f"s{p:02d}", f"s{p:02d}", "real", False) for p in range(others)]
    return pd.DataFrame([*named, *single], columns=["image_id", "subject_id", "category", "named"])


def subjects(table: pd.DataFrame, rows: np.ndarray) -> set[str]:
    return set(table.loc[rows, "subject_id"])


@pytest.mark.parametrize(("count", "pictures"), [(12, 4), (13, 5)])
def test_each_network_knows_one_half_has_never_met_the_other_and_shares_all_else(count: int, pictures: int):
    table = people(count, pictures)
    plan = leak.plan(table, 1)
    for half in (0, 1):
        known, new = (subjects(table, plan.test[(plan.half == half) == same]) for same in (True, False))
        learnt = subjects(table, plan.train[half])
        assert {len(known), len(new)} == {count // 2, count - count // 2}
        assert known <= learnt and not new & learnt
        assert not set(plan.train[half]) & set(plan.test)  # no tested picture is learnt
        assert not learnt & subjects(table, plan.validation)
    assert not subjects(table, plan.test) & subjects(table, plan.validation)
    assert len(plan.train[0]) == len(plan.train[1])
    others = [set(rows) & set(table.index[~table["named"]]) for rows in plan.train]
    assert others[0] == others[1] != set()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("pictures", [2, 3, 4])
def test_whoever_is_tested_is_known_to_one_network_though_the_halves_are_cut_to_one_size(seed: int, pictures: int):
    table = people(11, pictures)  # six in one half, five in the other
    plan = leak.plan(table, seed)
    for half in (0, 1):
        assert subjects(table, plan.test[plan.half == half]) <= subjects(table, plan.train[half])
    assert len(plan.train[0]) == len(plan.train[1])
    assert len(plan.half) == len(plan.test)
    assert len(subjects(table, plan.test)) == (11 if pictures == 4 else 10)  # of one picture each, one has none left


def test_where_few_people_have_one_picture_a_third_of_the_named_are_the_others():
    table = people(15, 4, others=0)
    plan = leak.plan(table, 1)
    assert len(subjects(table, plan.test)) == 10
    assert len(plan.validation)
    assert not subjects(table, plan.validation) & subjects(table, plan.train[0])


def test_fewer_than_eight_people_with_several_pictures_give_no_plan_and_empty_tables():
    table = people(7, 3)
    assert leak.plan(table, 1) is None
    empty = leak.difference_table({}, table, None)
    assert empty.empty
    assert list(empty.columns) == leak.COLUMNS
    assert list(leak.people_table({}, table, None).columns) == ["subject_id", "images", "known", "new"]


def test_counts_are_sorted_by_whether_the_network_knows_the_person():
    counts = np.arange(2 * 3).reshape(2, 3, 1, 1) * np.ones((1, 1, 11, 11), int)
    sides = leak.by_knowledge(counts, np.array([0, 1, 0]))
    assert sides["known"][:, 0, 0].tolist() == [0, 4, 2]
    assert sides["new"][:, 0, 0].tolist() == [3, 1, 5]


def test_a_better_network_alone_makes_no_difference():
    """One network right everywhere, the other half wrong everywhere: knowing people, as such, does nothing."""
    table = people(12, 4)
    plan = leak.plan(table, 1)
    right, wrong = np.zeros((2, 11, 11), np.int64)
    right[0, 0], right[4, 4] = 50, 50
    wrong[0, 4], wrong[4, 0], wrong[0, 0], wrong[4, 4] = 25, 25, 25, 25
    counts = np.stack([np.broadcast_to(part, (len(plan.test), 11, 11)) for part in (right, wrong)])
    sides = leak.by_knowledge(counts, plan.half)
    rows = leak.difference_table(sides, table, plan, replicates=200)
    image_iou = rows[rows["metric"] == "image_iou"].iloc[0]
    assert image_iou["difference"] == pytest.approx(0)
    assert image_iou["low"] < 0 < image_iou["high"]


def test_knowing_people_shows_as_a_difference_person_by_person():
    table = people(12, 4)
    plan = leak.plan(table, 1)
    known, new = (np.zeros((len(plan.test), 11, 11), np.int64) for _ in range(2))
    known[:, [0, 4], [0, 4]] = 50
    new[:, [0, 4], [0, 4]], new[:, 4, 0] = 40, 10
    both = {"known": known, "new": new}
    rows = leak.difference_table(both, table, plan, replicates=100)
    assert (rows.loc[rows["metric"] == "image_iou", "low"] > 0).all()
    assert set(rows["n_images"]) == {24}
    tested = leak.people_table(both, table, plan)
    assert tested["images"].tolist() == [2] * 12
    assert tested["known"].tolist() == [1] * 12
    assert tested["new"].to_numpy() == pytest.approx(np.full(12, (40 / 50 + 40 / 50) / 2))


def test_the_pool_has_whole_people_and_no_crowd():
    prepared = people(5, 4, others=9).drop(columns="named")
    crowd = people(1, 2, others=0).drop(columns="named").assign(subject_id="crowd", image_id=["c1", "c2"])
    prepared = pd.concat([prepared, crowd.assign(category="multi")], ignore_index=True).assign(row=0, split="train")
    pool = leak.people_pool(prepared, 10, 3)
    assert pool["named"].sum() == 8  # two of the people; a third would be too many
    assert set(pool[pool["named"]].groupby("subject_id").size()) == {4}
    pool = leak.people_pool(prepared, 23, 3)
    assert pool["named"].sum() == 20
    assert (~pool["named"]).sum() == 3
    assert "crowd" not in set(pool["subject_id"])
    assert len(leak.people_pool(prepared, None, 3)) == 29
