import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from facefair_lib.errors import InputError
from facefair_lib.fairness.power import detectable_between, detectable_paired, detectable_unpaired


@pytest.mark.parametrize(("gap", "people"), [(1, 1006), (2, 253), (3, 113), (5, 42)])
def test_the_protocols_numbers_of_people_find_its_gaps_and_one_fewer_does_not(gap, people):
    assert detectable_unpaired(8, people) <= gap < detectable_unpaired(8, people - 1)


@pytest.mark.parametrize(("gap", "correlation", "people"), [(2, 0.9, 28), (2, 0.95, 15), (1, 0.9, 103)])
def test_the_protocols_numbers_of_base_identities_find_its_gaps_and_one_fewer_does_not(gap, correlation, people):
    spread = 8 * np.sqrt(2 * (1 - correlation))
    assert detectable_paired(spread, people) <= gap < detectable_paired(spread, people - 1)


@pytest.mark.parametrize("people", [5, 8, 40, 500])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_detectable_gaps_agree_with_statsmodels(people, alpha):
    unpaired = TTestIndPower().solve_power(nobs1=people, alpha=alpha, power=0.8)
    paired = TTestPower().solve_power(nobs=people, alpha=alpha, power=0.8)
    assert detectable_unpaired(8, people, alpha=alpha) == pytest.approx(8 * unpaired, rel=1e-4)
    assert detectable_paired(3, people, alpha=alpha) == pytest.approx(3 * paired, rel=1e-4)


def test_gap_between_groups_of_these_data():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0.8, 0.05, 40), np.repeat(["asian", "black"], 20)
    spread = np.sqrt((scores[:20].var(ddof=1) + scores[20:].var(ddof=1)) / 2)
    assert detectable_between(scores, labels, np.arange(40)) == pytest.approx(detectable_unpaired(spread, 20))
    paired = detectable_between(scores, labels, np.tile(np.arange(20), 2))
    spread = (scores[:20] - scores[20:]).std(ddof=1)
    assert paired == pytest.approx(detectable_paired(spread, 20))
    assert np.isnan(detectable_between(scores[:21], labels[:21], np.arange(21)))


def test_one_person_can_find_nothing_and_impossible_settings_are_refused():
    assert np.isnan(detectable_paired(1.0, 1))
    assert np.isnan(detectable_unpaired(1.0, 1))
    with pytest.raises(InputError, match=r"power 0\.01"):
        detectable_paired(1.0, 10, power=0.01)


def test_power_of_three_people_is_what_drawing_them_gives():
    # statsmodels is 2 % off here (2 degrees of freedom, alpha 0.01), so the reference is the experiment itself
    rng = np.random.default_rng(0)
    gap = detectable_paired(1.0, 3, alpha=0.01)
    t = stats.ttest_1samp(rng.normal(gap, 1, (3, 200_000)), 0)
    assert np.mean(t.pvalue < 0.01) == pytest.approx(0.8, abs=0.004)
