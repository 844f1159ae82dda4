from functools import partial

import numpy as np
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.equivalence import equivalence_paired, equivalence_table, equivalence_unpaired
from facefair_lib.fairness.paired import sign_flip_test


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("delta", [0.01, 0.02, 0.05])
def test_the_test_is_the_less_sure_of_two_one_sided_ones(paired, delta):
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.81, 0.02, 30), rng.normal(0.8, 0.08, 30 if paired else 17)
    test = stats.ttest_rel if paired else partial(stats.ttest_ind, equal_var=False)
    result = equivalence_paired(first - second, delta) if paired else equivalence_unpaired(first, second, delta)
    above, below = test(first + delta, second, alternative="greater"), test(first - delta, second, alternative="less")
    assert result.p_value == pytest.approx(max(above.pvalue, below.pvalue))
    assert (result.low90, result.high90) == pytest.approx(tuple(test(first, second).confidence_interval(0.9)))
    assert result.equivalent == (result.p_value < 0.05)
    assert result.difference == pytest.approx(first.mean() - second.mean())
    assert result.delta == delta
    assert result.n_subjects == (30 if paired else 47)


def test_groups_are_equivalent_exactly_where_the_90_per_cent_interval_lies_inside_the_margin():
    rng = np.random.default_rng(2)
    called = []
    for _ in range(200):
        result = equivalence_paired(rng.normal(0.005, 0.03, 20), 0.02)
        called.append(result.equivalent)
        assert result.equivalent == (result.low90 > -0.02 and result.high90 < 0.02)
    assert 0.1 < np.mean(called) < 0.95


def test_a_large_p_value_of_a_difference_is_no_equivalence():
    values = np.random.default_rng(0).normal(0, 0.1, 8)
    assert sign_flip_test(values).p_value[0] > 0.1
    assert not equivalence_paired(values, 0.02).equivalent


def test_table_pairs_people_who_are_in_both_groups():
    subjects, labels = np.repeat(np.arange(12), 2), np.tile(["asian", "black"], 12)
    scores = np.repeat(np.random.default_rng(0).normal(0.8, 0.1, 12), 2) + 0.004 * (labels == "asian")
    paired = equivalence_table(scores, labels, subjects, deltas=[0.01])
    apart = equivalence_table(scores, labels, np.arange(24), deltas=[0.01])
    assert paired.loc[0, "contrast"] == "asian-black"
    assert paired.loc[0, "difference"] == pytest.approx(0.004)
    assert paired.loc[0, "equivalent"]
    assert not apart.loc[0, "equivalent"]
    assert (paired.loc[0, "n_subjects"], apart.loc[0, "n_subjects"]) == (12, 24)
    turned = equivalence_table(scores, labels, subjects, deltas=[0.01], order=["black", "asian"])
    assert (turned.loc[0, "contrast"], turned.loc[0, "difference"]) == ("black-asian", pytest.approx(-0.004))


def test_too_few_people_are_never_equivalent_and_without_spread_the_difference_itself_decides():
    for result, people in ((equivalence_paired([0.0], 0.1), 1), (equivalence_unpaired([0.1], [0.1, 0.2], 0.1), 3)):
        assert np.isnan([result.difference, result.low90, result.high90, result.p_value]).all()
        assert (result.delta, result.equivalent, result.n_subjects) == (0.1, False, people)
    for result in (equivalence_paired([0.0, 0.01], 0.1), equivalence_unpaired([0.1, 0.2], [0.1, 0.2], 0.1)):
        assert np.isfinite(result.p_value), "two people are enough"
    assert equivalence_paired(np.full(5, 0.01), 0.02).equivalent
    assert not equivalence_paired(np.full(5, 0.03), 0.02).equivalent


def test_margins_and_people_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="a positive number"):
        equivalence_paired([0.0, 0.1], 0.0)
    with pytest.raises(InputError, match="average the images"):
        equivalence_paired(np.zeros((3, 2)), 0.1)
    with pytest.raises(InputError, match="1 subjects in both groups and 1 in one"):
        equivalence_table(np.zeros(3), list("aba"), list("ppq"))
