"""The three shapes of sentences: they say what the tables allow, and never more."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefair_lib.report.results_reader import Results, Row
from facefair_lib.report.sentences import against_chance, ahead, leading, shown_smaller
from facefair_lib.scores.metrics import COMPARED_BY

EFFECTS, GAPS = "07_counterfactual_fairness/effects", "05_ethnicity_emotion_experiment/gaps"


def changed(row: Row, **values: Any) -> Row:
    return Row(row.table, row.line, {**row, **values})


@pytest.fixture(scope="module")
def difference(results: Results) -> Row:
    return results.row("04_metric_analysis/differences", class_="all", metric="iou")


@pytest.fixture(scope="module")
def effect(results: Results) -> Row:
    return results.rows(EFFECTS, model="deeplabv3", component="total")[0]


@pytest.fixture(scope="module")
def gap(results: Results) -> Row:
    return results.row(GAPS, model="pspnet", feature="group", metric=COMPARED_BY)


def test_the_interval_decides_who_is_ahead(difference: Row) -> None:
    behind = changed(difference, difference=-0.04, low=-0.06, high=-0.02)
    text = ahead(behind, "IoU", "A", "B")
    assert text == "B is ahead of A by 4.0 points of IoU (interval 2.0 to 6.0)"
    assert {source.column for _, source in text.numbers} == {"difference", "low", "high"}
    assert ahead(changed(difference, difference=0.04, low=0.02, high=0.06), "IoU", "A", "B").startswith("A is ahead")


@given(st.floats(-1, 0), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_an_interval_that_holds_zero_never_yields_a_winner(low: float, high: float, share: float, p: float) -> None:
    values = {"difference": low + share * (high - low), "low": low, "high": high}
    for row in (values, values | {"contrast": "asian-black", "p_adjusted": p}):
        text = ahead(Row("a/table", 2, row), "IoU", "A", "B")
        assert "ahead" not in text
        assert "not distinguishable" in text


def test_a_p_value_that_is_not_small_yields_no_winner_either(effect: Row) -> None:
    clear = changed(effect, difference=0.02, low=0.01, high=0.03, p_adjusted=0.01)
    assert ahead(clear, "image IoU").startswith("Asian people are ahead of Black people by 2.0 points of image IoU")
    assert "not distinguishable" in ahead(changed(clear, p_adjusted=0.2), "image IoU")
    assert "p = 0.200$ after adjustment" in ahead(changed(clear, p_adjusted=0.2), "image IoU")


def test_nothing_is_said_of_what_was_not_measured(difference: Row) -> None:
    nan = math.nan
    assert ahead(changed(difference, difference=nan, low=nan, high=nan), "IoU", "A", "B") == (
        "A and B could not be compared"
    )
    assert "could not be compared" in ahead(None, "IoU")
    assert "not distinguishable" in ahead(changed(difference, difference=0.1, low=nan, high=nan), "IoU", "A", "B")


def test_groups_of_ones_own_are_escaped_once(effect: Row) -> None:
    assert r"A \& b people" in ahead(changed(effect, contrast="a & b-black"), "IoU")


def test_a_clear_difference_goes_before_a_larger_unclear_one(effect: Row) -> None:
    clear = changed(effect, difference=-0.01, p_adjusted=0.01)
    unclear, untested = (
        changed(effect, difference=0.09, p_adjusted=0.3),
        changed(effect, difference=1, p_adjusted=math.nan),
    )
    assert leading([unclear, clear, untested]) is clear
    assert leading([changed(effect, difference=0.01, p_adjusted=0.3), unclear]) is unclear
    assert leading([untested]) is None


@pytest.mark.parametrize(
    ("p_values", "end"),
    [
        ([0.2], "it is not distinguishable from chance"),
        ([0.01], "it is distinguishable from chance"),
        ([0.2, 0.3], "neither is distinguishable from chance"),
        ([0.01, 0.02], "both are distinguishable from chance"),
        ([0.01, 0.2], "only that for A is distinguishable from chance"),
        ([0.01, 0.2, 0.02], "only those for A and for C are distinguishable from chance"),
        ([0.2, 0.3, 0.4], "none of them is distinguishable from chance"),
        ([0.01, 0.01, 0.01], "all of them are distinguishable from chance"),
        ([0.05], "it is not distinguishable from chance"),
    ],
)
def test_a_gap_is_set_against_the_gap_that_chance_makes(gap: Row, p_values: list[float], end: str) -> None:
    rows = {f"for {name}": changed(gap, p_value=p) for name, p in zip("ABC", p_values, strict=False)}
    text = against_chance(rows, "the ethnic groups")
    assert text.startswith(f"the gap between the ethnic groups is {100 * gap['gap']:.1f} points for A (chance alone ")
    assert text.endswith(f"; {end}")


def test_gaps_of_too_few_people_are_left_out(gap: Row) -> None:
    empty = changed(gap, gap=math.nan, p_value=math.nan)
    assert against_chance({"for A": empty}, "the emotions") == (
        "there were too few people with masks to compare the emotions"
    )
    assert "for A" not in against_chance({"for A": empty, "for B": gap}, "the emotions")


def answers(results: Results, equivalent: dict[float, list[bool]]) -> list[Row]:
    row = results.rows("07_counterfactual_fairness/equivalence")[0]
    return [
        changed(row, delta=margin, equivalent=answer, p_value=0.01)
        for margin, shown in equivalent.items()
        for answer in shown
    ]


def test_the_smallest_margin_that_holds_for_every_difference_is_named(results: Results) -> None:
    tests = answers(results, {0.01: [True, False], 0.02: [True, True], 0.03: [True, True]})
    assert shown_smaller(tests) == "every difference is shown to be smaller than 2.0 points"


def test_equality_is_not_claimed_without_a_test_that_shows_it(results: Results) -> None:
    tests = answers(results, {0.01: [False, False], 0.03: [True, False]})
    assert shown_smaller(tests).startswith("not every difference is shown to be smaller than 3.0 points")
    untested = [changed(row, p_value=math.nan) for row in tests]
    assert shown_smaller(untested) == "no difference could be tested against a margin"
