from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_datasets import manifest_of, rows_of

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.subsample import subsample
from facefair_lib.errors import InputError


@pytest.fixture
def pool() -> pd.DataFrame:
    rows = [
        *rows_of({"real": 30}, "real"),
        *rows_of({"multiperson": 20}, "multi"),
        *rows_of({"male01": 15, "male23": 4}, "male"),
        *rows_of({"femaleaisha1": 15}, "female"),
    ]
    return make_manifest(rows)


def test_all_real_some_crowds_and_ten_per_folder_are_drawn(pool):
    drawn = subsample(pool, multi=7, per_folder=10, seed=1)
    counts = drawn["folder"].value_counts().to_dict()
    assert counts == {"real": 30, "multiperson": 7, "male01": 10, "femaleaisha1": 10, "male23": 4}
    assert drawn["image_id"].is_monotonic_increasing


def test_the_course_papers_numbers_come_out():
    people = {f"male{number:02d}": 30 for number in range(33)}
    rows = [*rows_of({"real": 1716}, "real"), *rows_of({"multiperson": 90}, "multi"), *rows_of(people)]
    assert len(subsample(make_manifest(rows))) == 1716 + 50 + 33 * 10 == 2096


def test_the_draw_follows_the_seed_and_not_the_other_folders(pool):
    drawn = set(subsample(pool, seed=1, per_folder=5)["image_id"])
    assert drawn == set(subsample(pool, seed=1, per_folder=5)["image_id"])
    assert drawn != set(subsample(pool, seed=2, per_folder=5)["image_id"])
    alone = subsample(pool[pool["folder"] == "male01"], seed=1, per_folder=5)
    assert set(alone["image_id"]) == {name for name in drawn if name.startswith("male01/")}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30), st.integers(0, 1000))
def test_a_smaller_draw_is_part_of_a_larger_one(count, seed):
    manifest = manifest_of({"male01": 30, "male02": 30})
    smaller, larger = (subsample(manifest, per_folder=n, seed=seed)["image_id"] for n in (max(count, 1), count + 1))
    assert set(smaller) <= set(larger)


def test_none_keeps_everything_and_zero_or_less_is_refused_where_nothing_is_left(pool):
    assert len(subsample(pool, multi=None, per_folder=None)) == len(pool)
    assert (subsample(pool, multi=0)["category"] != "multi").all()
    with pytest.raises(InputError, match="multi: -1"):
        subsample(pool, multi=-1)
    with pytest.raises(InputError, match="no image left"):
        subsample(pool, real=0, multi=0, per_folder=0)
