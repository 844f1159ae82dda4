import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from facefair_lib import verdicts
from facefair_lib.verdicts import Difference, GapTest

CLEAR = GapTest("pspnet", "group", 0.041, 0.022, 0.019, 0.004, 0.078, 0.002, "black", "asian")
UNCLEAR = dataclasses.replace(CLEAR, model="deeplabv3", p=0.05)
UNTESTED = dataclasses.replace(CLEAR, gap=math.nan, p=math.nan, best="", worst="")


@pytest.mark.parametrize(
    ("difference", "begin"),
    [
        (Difference(0.02, 0.01, 0.03), "A is ahead of B by 2.0 points of IoU (interval 1.0 to 3.0)"),
        (Difference(-0.02, -0.03, -0.01), "B is ahead of A by 2.0 points of IoU (interval 1.0 to 3.0)"),
        (Difference(0.02, -0.01, 0.05), "A and B differ by 2.0 points of IoU"),
        (Difference(math.nan, math.nan, math.nan), "A and B cannot be compared"),
    ],
)
def test_a_model_is_ahead_only_where_the_interval_excludes_zero(difference, begin):
    assert verdicts.difference_verdict("A", "B", "IoU", difference).startswith(begin)


@given(st.floats(-0.3, 0.3), st.floats(0, 0.2), st.floats(0, 0.2))
def test_an_interval_that_holds_zero_never_yields_a_winner(value, below, above):
    difference = Difference(value, value - below, value + above)
    ahead = "is ahead of" in verdicts.difference_verdict("A", "B", "IoU", difference)
    assert ahead == (difference.low > 0 or difference.high < 0)


def test_a_p_value_of_five_per_cent_is_not_distinguishable_from_chance():
    assert "not distinguishable from chance ($p = 0.050$)" in verdicts.gap_verdict(UNCLEAR)
    assert "a true gap of up to 7.8 points" in verdicts.gap_verdict(UNCLEAR)
    text = verdicts.gap_verdict(CLEAR)
    assert "is distinguishable from chance ($p = 0.002$)" in text
    assert "1.9 points remain once chance is taken off" in text


def test_a_gap_without_enough_people_is_not_judged():
    assert verdicts.gap_verdict(UNTESTED) == "PSPNet cannot be judged here, since there were too few people with masks"


@pytest.mark.parametrize(
    ("tests", "end"),
    [
        ([CLEAR, CLEAR], "is distinguishable from chance for both models"),
        ([UNCLEAR, UNCLEAR], "is distinguishable from chance for neither model"),
        ([UNCLEAR, CLEAR], "is distinguishable from chance for PSPNet and not for DeepLabV3"),
        ([UNTESTED, UNTESTED], "there were too few people with masks to compare the ethnic groups"),
        ([UNTESTED, UNCLEAR], "is not distinguishable from chance for DeepLabV3"),
        ([UNTESTED, CLEAR], "is distinguishable from chance for PSPNet"),
    ],
)
def test_the_summary_names_the_models_that_each_statement_holds_for(tests, end):
    assert verdicts.gap_summary("group", tests).endswith(end)


def test_emotions_are_told_of_faces_and_groups_of_people():
    assert "on Black and worst on Asian people" in verdicts.gap_verdict(CLEAR)
    emotion = dataclasses.replace(CLEAR, feature="emotion", best="happy", worst="sad")
    assert "on happy and worst on sad faces" in verdicts.gap_verdict(emotion)


@pytest.mark.parametrize(
    ("difference", "end"),
    [
        (Difference(0.1, 0.05, 0.15), "here, too, A is ahead"),
        (Difference(-0.1, -0.15, -0.05), "here B is ahead"),
        (Difference(-0.1, -0.25, 0.05), "our test people do not separate the two models"),
    ],
)
def test_the_published_order_is_held_against_our_interval(difference, end):
    assert verdicts.order_verdict("A", "B", 14.72, difference).endswith(end)


@pytest.mark.parametrize(
    ("signs", "text"),
    [
        (
            (1, 1, -1, 0),
            "of the four classes that occur, A is ahead in two and B is ahead in one; "
            "in one the interval includes zero",
        ),
        ((0, 0), "of the two classes that occur, neither is ahead in any; in two the interval includes zero"),
        ((-1,), "of the one classes that occur, B is ahead in one"),
    ],
)
def test_classes_are_counted_by_the_side_of_zero_they_lie_on(signs, text):
    differences = [Difference(sign * 0.1, sign * 0.1 - 0.05, sign * 0.1 + 0.05) for sign in signs]
    assert verdicts.classes_verdict("A", "B", differences) == text


@pytest.mark.parametrize(
    ("best", "epochs", "part"),
    [
        (1, 1, "epoch 1 of 1, the only one;"),
        (9, 9, "the last one, so that a longer run"),
        (7, 9, "epoch 7 of 9; its IoU"),
    ],
)
def test_the_training_sentence_says_whether_the_best_epoch_was_the_last(best, epochs, part):
    assert part in verdicts.learning_verdict("PSPNet", best, epochs, 0.6, 0.5)


def test_the_smallest_detectable_gap_of_nine_pictures_agrees_with_a_known_value():
    # research note: three against three with a spread of 8 points need 24.6 points
    assert verdicts.smallest_detectable_gap(8.0, 3) == pytest.approx(24.6, abs=0.05)


def test_the_smallest_detectable_gap_has_the_power_it_promises():
    gap, n = verdicts.smallest_detectable_gap(1.0, 10), 10
    critical = stats.t.ppf(0.975, 2 * n - 2)
    power = 1 - stats.nct.cdf(critical, 2 * n - 2, gap * math.sqrt(n / 2))
    assert power == pytest.approx(0.8, abs=1e-4)


def test_three_against_three_cannot_go_below_ten_per_cent():
    assert verdicts.smallest_p_value(3) == pytest.approx(0.1)


def test_one_picture_per_group_can_detect_nothing():
    assert math.isnan(verdicts.smallest_detectable_gap(8.0, 1))
