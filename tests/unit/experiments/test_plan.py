"""Training sets of equal size that differ in their people only."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefair_lib.experiments.composition.plan import (
    FEWEST,
    GROUPS,
    compositions,
    pictures_per_fit,
    plan_fits,
    usable,
    whole_numbers,
    why_not,
)


def pictures(**numbers: int) -> pd.DataFrame:
    groups = [group for group, number in numbers.items() for _ in range(number)]
    table = pd.DataFrame({"group": groups, "category": "real"})
    return table.assign(row=range(len(table)), image_id=[f"i{n:04d}" for n in range(len(table))])


EVEN = {"asian": 60, "black": 60, "caucasian": 60}


def test_there_is_one_balanced_set_and_two_about_each_group() -> None:
    names = [composition.name for composition in compositions()]
    assert names == [
        "balanced",
        *("mostly_asian", "mostly_black", "mostly_caucasian"),
        *("without_asian", "without_black", "without_caucasian"),
    ]
    assert all(sum(composition.shares.values()) == pytest.approx(1) for composition in compositions())
    assert compositions()[0].focus == ""


@given(st.lists(st.floats(0, 1), min_size=2, max_size=4).filter(lambda shares: sum(shares) > 0.1), st.integers(0, 1000))
def test_whole_numbers_add_up_and_are_less_than_one_from_their_share(shares: list[float], total: int) -> None:
    parts = {str(place): share / sum(shares) for place, share in enumerate(shares)}
    numbers = whole_numbers(parts, total)
    assert sum(numbers.values()) == total
    assert all(abs(numbers[name] - parts[name] * total) < 1 + 1e-6 for name in parts)


def test_every_fit_has_as_many_pictures_and_the_shares_of_its_composition() -> None:
    table = pictures(**EVEN)
    fits = plan_fits(table, wanted=60, seeds=2, seed=20)
    assert len(fits) == 14
    assert {len(fit.rows) for fit in fits} == {60}
    groups = table.set_index("row")["group"]
    numbers = {fit.name: groups[fit.rows].value_counts().to_dict() for fit in fits}
    assert numbers["balanced_seed0"] == {"asian": 20, "black": 20, "caucasian": 20}
    assert numbers["mostly_black_seed1"] == {"black": 54, "asian": 3, "caucasian": 3}
    assert numbers["without_asian_seed0"] == {"black": 30, "caucasian": 30}
    assert all(len(set(fit.rows)) == 60 for fit in fits)


def test_sets_of_one_repetition_share_pictures_and_repetitions_do_not_repeat_each_other() -> None:
    fits = {fit.name: set(fit.rows) for fit in plan_fits(pictures(**EVEN), 60, seeds=2, seed=20)}
    black = set(range(60, 120))
    assert fits["balanced_seed0"] & black < fits["mostly_black_seed0"] & black
    assert fits["balanced_seed0"] != fits["balanced_seed1"]


def test_a_small_group_makes_every_set_smaller() -> None:
    assert pictures_per_fit(pictures(asian=100, black=45, caucasian=100), wanted=80) == 50
    assert pictures_per_fit(pictures(**EVEN), wanted=30) == 30


def test_what_cannot_be_compared_is_said_in_words() -> None:
    assert why_not(pictures(**EVEN), 60, 60) == ""
    assert "does not label the group" in why_not(pictures(), 60, 4)
    assert "asian, black only" in why_not(pictures(asian=50, black=50), 60, 4)
    assert f"at least {FEWEST}" in why_not(pictures(asian=50, black=50, caucasian=3), 60, 4)
    assert "60 pictures each; at least 64" in why_not(pictures(**EVEN), 60, 64)


def test_crowds_and_people_of_no_known_group_are_left_out() -> None:
    table = pictures(asian=2, black=2, caucasian=2)
    table.loc[0, "category"] = "multi"
    table.loc[2, "group"] = None
    table.loc[4, "group"] = "other"
    assert usable(table)["row"].tolist() == [1, 3, 5]
    assert set(usable(table)["group"]) == set(GROUPS)
