import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness import paired
from facefair_lib.fairness.paired import paired_table, sign_flip_test
from facefair_lib.fairness.power import detectable_paired


def random(people, members=None, seed=0):
    shape = people if members is None else (people, members)
    return np.random.default_rng(seed).normal(0.3, 1, shape)


def test_hand_worked_flips_of_three_people():
    test = sign_flip_test([1.0, 2.0, 3.0])
    # |sum| of the four patterns that differ: 6, 4, 2, 0; none but the observed one reaches 6
    assert test.exact
    assert (test.difference[0], test.p_value[0], test.n_subjects[0]) == (2.0, 0.25, 3)
    assert test.t[0] == pytest.approx(stats.ttest_1samp([1.0, 2.0, 3.0], 0).statistic)
    assert (test.low[0], test.high[0]) == (-np.inf, np.inf)  # p of any shift is at least 1/4


def test_exact_p_value_equals_scipys_permutation_test():
    values = random(9)
    reference = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    # scipy doubles the smaller tail, which for a symmetric distribution is the share of |T*| >= |T|
    assert sign_flip_test(values).p_value[0] == pytest.approx(reference.pvalue)


def test_random_flips_approach_the_exact_p_value():
    values = random(12, seed=3) - 0.1
    exact, drawn = (sign_flip_test(values, permutations=n) for n in (10_000, 2000))
    assert exact.exact
    assert not drawn.exact
    assert 0.05 < exact.p_value[0] < 0.95
    assert drawn.p_value[0] == pytest.approx(exact.p_value[0], abs=0.03)
    assert drawn.p_value[0] * 2001 == pytest.approx(round(drawn.p_value[0] * 2001))  # (1 + #) / (1 + B)


def test_interval_holds_exactly_the_shifts_that_the_test_does_not_reject():
    values = random(10, seed=5)
    test = sign_flip_test(values)
    shifts = np.linspace(test.low[0] - 0.5, test.high[0] + 0.5, 400)
    kept = sign_flip_test(values[:, None] - shifts).p_value >= 0.05
    np.testing.assert_array_equal(kept, (shifts >= test.low[0]) & (shifts <= test.high[0]))


def test_interval_lies_near_students_for_normal_differences():
    values = random(40)
    test = sign_flip_test(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval()
    assert (test.low[0], test.high[0]) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-4, 4), min_size=2, max_size=8))
def test_flipping_every_difference_mirrors_the_result(values):
    plain, mirrored = (sign_flip_test(np.array(values, float) * sign) for sign in (1, -1))
    assert mirrored.p_value == plain.p_value
    assert (mirrored.low, mirrored.high) == (-plain.high, -plain.low)
    brute = [abs(np.dot(s, values)) for s in itertools.product((1, -1), repeat=len(values))]
    assert plain.p_value[0] == pytest.approx(np.mean(np.array(brute) >= abs(sum(values)) - 1e-9))


def test_people_without_a_difference_are_left_out_of_that_member_alone():
    values = random(10, 2)
    values[[1, 4], 0] = np.nan
    test = sign_flip_test(values)
    alone = sign_flip_test(values[np.isfinite(values[:, 0]), 0])
    assert test.n_subjects.tolist() == [8, 10]
    for name in ("difference", "low", "high", "t", "p_value"):
        assert getattr(test, name)[0] == pytest.approx(getattr(alone, name)[0]), name


def test_no_difference_is_no_finding_a_constant_one_is_the_clearest_and_one_person_shows_nothing():
    test = sign_flip_test(np.array([[0.0, 0.02]] * 8))
    assert test.p_value.tolist() == [1.0, 1 / 128]
    np.testing.assert_allclose([test.low, test.high], [[0.0, 0.02]] * 2)
    alone = sign_flip_test([[0.1], [np.nan]])
    assert np.isnan([alone.difference, alone.low, alone.high, alone.p_value, alone.p_adjusted]).all()
    assert alone.n_subjects.tolist() == [1]


def test_two_people_have_two_patterns_of_signs():
    test = sign_flip_test([[0.1], [0.3]])
    assert (test.p_value.tolist(), test.p_adjusted.tolist()) == ([0.5], [0.5])


def test_adjusted_p_values_follow_westfall_and_youngs_definition():
    values = random(8, 3, seed=2)
    patterns = np.array(list(itertools.product((1, -1), repeat=8)))
    t = stats.ttest_1samp(patterns[:, :, None] * values, 0, axis=1).statistic  # (patterns, members)
    largest = np.abs(t).max(1)
    test = sign_flip_test(values)
    np.testing.assert_allclose(test.p_adjusted, (largest[:, None] >= np.abs(test.t) - 1e-9).mean(0))
    assert (test.p_adjusted >= test.p_value).all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paired, "_CELLS", 1)  # member by member
        for name, values_alone in vars(sign_flip_test(values)).items():
            np.testing.assert_allclose(values_alone, getattr(test, name), err_msg=name)
    assert (np.abs(largest) > test.critical + 1e-9).mean() <= 0.05 < (largest > test.critical - 1e-9).mean()


def test_table_names_its_rows_and_says_what_could_be_found_among_those_that_somebody_has():
    values = np.column_stack([random(9, 2), np.full(9, np.nan)])
    names = {"contrast": ["a-b", "a-b", "a-c"], "component": ["total", "tone", "total"]}
    table = paired_table(values, pd.DataFrame(names))
    assert table.columns.tolist()[:3] == ["contrast", "component", "difference"]
    assert table["small"].all() and table["exact"].all()
    assert not paired_table(values, pd.DataFrame(names), permutations=50)["exact"].any()
    assert table[["low", "high", "p_value"]].dtypes.eq(float).all() and table.iloc[2, 2:7].isna().all()
    critical = sign_flip_test(values).critical
    found = [detectable_paired(spread, 9, critical=critical) for spread in values[:, :2].std(0, ddof=1)]
    assert table["detectable"].tolist() == pytest.approx([*found, np.nan], nan_ok=True)
    assert paired_table(values[:5], list("abc"))["detectable"].isna().all()  # their smallest p value is 1/16
    assert (table["p_adjusted"] >= table["p_value"])[:2].all()


def test_a_family_in_which_nobody_differs_has_a_table_without_detectable_differences():
    table = paired_table(np.zeros((12, 2)), ["a-b", "a-c"])
    assert table["contrast"].tolist() == ["a-b", "a-c"]
    assert (table["p_adjusted"] == 1).all() and table["detectable"].isna().all()


def test_the_detectable_difference_is_found_in_four_of_five_families():
    people, members, studies = 20, 6, 150
    family = paired_table(random(people, members), [str(member) for member in range(members)])
    spread = random(people, members).std(0, ddof=1)
    rng = np.random.default_rng(1)
    found = []
    for _ in range(studies):
        values = rng.normal(0, spread, (people, members))
        values[:, 0] += family.loc[0, "detectable"]
        found.append(sign_flip_test(values, permutations=1000).p_adjusted[0] < 0.05)
    assert 0.72 < np.mean(found) < 0.88  # by the p value alone it would be about 0.6


def test_strange_differences_are_refused():
    with pytest.raises(InputError, match="some infinite"):
        sign_flip_test([0.1, np.inf])
    with pytest.raises(InputError, match=r"shape \(subjects, 2\)"):
        paired_table(np.zeros((4, 3)), ["a", "b"])
    with pytest.raises(InputError, match="0 subjects"):
        sign_flip_test(np.empty((0, 1)))
