import math

import pytest

from facefair_lib import latex


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (48.25, 1, "48.2"),
        (1234.5, 0, "1,234"),
        (-0.04, 1, "0.0"),
        (-0.06, 1, "$-$0.1"),
        (math.nan, 1, "--"),
        (0.0, 1, "0.0"),
    ],
)
def test_fixed_rounds_groups_and_never_prints_a_negative_zero(value, digits, text):
    assert latex.fixed(value, digits) == text


def test_percent_multiplies_a_share_by_hundred():
    assert latex.percent(0.4818) == "48.2"
    assert latex.percent(math.nan) == latex.MISSING


@pytest.mark.parametrize(("share", "text"), [(0.012, "+1.2"), (-0.012, "$-$1.2"), (0.0, "0.0"), (math.nan, "--")])
def test_a_difference_carries_its_sign_unless_it_is_zero(share, text):
    assert latex.signed(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(112620, r"31\,h 17\,min"), (245, r"4\,min 5\,s"), (11.6, r"12\,s"), (3599.6, r"1\,h 0\,min")]
)
def test_a_duration_shows_its_two_largest_units(seconds, text):
    assert latex.duration(seconds) == text


def test_escaping_leaves_no_character_that_latex_would_read():
    assert latex.escape(r"male_50% & #1 \x{y}") == r"male\_50\% \& \#1 \textbackslash{}x\{y\}"


def test_a_value_without_interval_stands_alone():
    assert latex.estimate(0.5, 0.4, 0.6) == r"\est{50.0}{40.0}{60.0}"
    assert latex.estimate(0.5, math.nan, 0.6) == "50.0"
    assert latex.estimate(math.nan, 0.4, 0.6) == latex.MISSING


@pytest.mark.parametrize(("p", "text"), [(0.0004, "$<$0.001"), (0.001, "0.001"), (0.21, "0.210"), (math.nan, "--")])
def test_small_p_values_are_not_printed_as_zero(p, text):
    assert latex.p_value(p) == text


@pytest.mark.parametrize(("items", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_running_text(items, text):
    assert latex.listed(items) == text


def test_counted_things_agree_with_their_number():
    assert latex.counted(1, "epoch") == "1 epoch"
    assert latex.counted(1234, "epoch") == "1,234 epochs"
    assert latex.words(0) == "no"
    assert latex.words(11) == "eleven"
    assert latex.words(13) == "13"
