from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_datasets import manifest_of, rows_of

from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.split import SPLITS, split_by_subject
from facefair_lib.errors import InputError

PROPORTIONS = {"train": 0.6, "validation": 0.2, "test": 0.2}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=3, max_size=25), st.integers(0, 50))
def test_no_person_stands_on_two_sides_and_no_side_is_empty(sizes, seed):
    manifest = manifest_of({f"male{number:02d}": size for number, size in enumerate(sizes)})
    split = split_by_subject(manifest, PROPORTIONS, seed)
    assert (split.groupby("subject_id")["split"].nunique() == 1).all()
    assert set(split["split"]) == set(SPLITS)
    assert split["image_id"].tolist() == manifest["image_id"].tolist()


def test_people_with_one_image_each_give_the_exact_proportions():
    split = split_by_subject(manifest_of({f"real{n:03d}": 1 for n in range(100)}, "real"))
    assert split["split"].value_counts().to_dict() == {"train": 70, "test": 20, "validation": 10}


def test_each_category_meets_the_proportions():
    rows = [
        *rows_of({f"r{n:03d}": 1 for n in range(50)}, "real"),
        *rows_of({f"m{n:02d}": 5 for n in range(10)}, "male"),
        *rows_of({f"f{n:02d}": 5 for n in range(10)}, "female"),
    ]
    split = split_by_subject(make_manifest(rows), PROPORTIONS)
    counts = split.groupby(["category", "split"]).size()
    for category in ("real", "male", "female"):
        assert [counts[category, name] for name in SPLITS] == [30, 10, 10]


def test_strata_of_many_people_make_up_for_what_large_people_miss():
    rows = [*rows_of({f"m{n}": 8 for n in range(4)}, "male"), *rows_of({f"r{n:03d}": 1 for n in range(68)}, "real")]
    split = split_by_subject(make_manifest(rows), PROPORTIONS)
    assert split["split"].value_counts().to_dict() == {"train": 60, "validation": 20, "test": 20}
    assert sorted(split[split["category"] == "male"]["split"].value_counts()) == [8, 8, 16]


def test_strata_may_be_groups():
    rows = [
        row | {"group": group}
        for group in ("asian", "black", "caucasian")
        for row in rows_of({f"{group}{n}": 1 for n in range(10)}, "real")
    ]
    split = split_by_subject(make_manifest(rows), PROPORTIONS, by=("group",))
    assert split.groupby("group")["split"].value_counts().unstack().loc[:, "test"].tolist() == [2, 2, 2]


def test_the_seed_decides_who_goes_where():
    manifest = manifest_of({f"r{n:02d}": 1 for n in range(40)}, "real")
    first, again, other = (split_by_subject(manifest, seed=seed)["split"].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_three_people_of_very_unequal_size_still_fill_three_splits():
    split = split_by_subject(manifest_of({"a": 50, "b": 1, "c": 1}))
    assert split.groupby("subject_id")["split"].first().nunique() == 3
    assert (split.loc[split["subject_id"] == "a", "split"] == "train").all()


def test_fewer_than_three_people_and_bad_proportions_are_refused():
    with pytest.raises(InputError, match=r"2 person\(s\) on 9 images"):
        split_by_subject(manifest_of({"a": 4, "b": 5}))
    manifest = manifest_of({"a": 1, "b": 1, "c": 1})
    for wrong in ({"train": 0.5, "validation": 0.1, "test": 0.1}, {"train": 1.0}, PROPORTIONS | {"test": -0.2}):
        with pytest.raises(InputError, match="sum to 1"):
            split_by_subject(manifest, wrong)


def test_people_without_a_category_are_one_stratum() -> None:
    table = pd.DataFrame({"image_id": list("abcdef"), "subject_id": list("abcdef"), "category": [float("nan")] * 6})
    split = split_by_subject(table, {"train": 0.5, "validation": 0.25, "test": 0.25}, seed=1)["split"]
    assert set(split) == {"train", "validation", "test"}


def test_people_whose_names_look_alike_as_numbers_are_different_people():
    names = ["007", "7", "7.0", "NA", "nan", "None", "1e3", "1000"]
    split = split_by_subject(manifest_of(dict.fromkeys(names, 3)), PROPORTIONS)
    assert split["subject_id"].nunique() == len(names) and split["split"].notna().all()
    assert (split.groupby("subject_id")["split"].nunique() == 1).all()
