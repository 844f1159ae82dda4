import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from facefair_lib.fairness.power import detectable_gap, detectable_paired, detectable_unpaired
from facefair_lib.scores.resampling import permutation_p_value, permuted_totals


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


def in_sets(rng, sets, gap=0.0):
    """Scores of matched sets of three people, labels and sets; those who scatter most are ``gap`` apart."""
    scores = (
        0.7
        + rng.normal(0, 0.2, (sets, 1))
        + rng.normal(0, [0.02, 0.05, 0.05], (sets, 3))
        + gap * np.array([0, 0.5, -0.5])
    )
    return scores.ravel(), np.tile(["asian", "black", "caucasian"], sets), np.repeat(np.arange(sets), 3)


def test_the_gap_of_two_groups_is_nearly_that_of_their_t_test():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0.8, 0.05, 120), np.repeat(["asian", "black"], 60)
    spread = np.sqrt((scores[:60].var(ddof=1) + scores[60:].var(ddof=1)) / 2)
    assert detectable_gap(scores, labels, np.arange(120)) == pytest.approx(detectable_unpaired(spread, 60), rel=0.06)
    spread = (scores[:60] - scores[60:]).std(ddof=1)
    paired = detectable_gap(scores, labels, np.tile(np.arange(60), 2))
    assert paired == pytest.approx(detectable_paired(spread, 60), rel=0.06)
    assert np.isnan(detectable_gap(scores[:65], labels[:65], np.arange(65)))  # five people of the second group


def test_the_gap_is_found_in_four_of_five_studies_of_matched_sets_by_the_test_that_is_reported():
    rng = np.random.default_rng(1)
    gap = np.mean([detectable_gap(*in_sets(rng, 60), replicates=999, permutations=999) for _ in range(9)])
    found = []
    for study in range(300):
        scores, labels, sets = in_sets(rng, 60, gap)
        null = permuted_totals(scores[:, None], labels, sets, permutations=199, seed=study)[..., 0]
        observed = np.ptp([scores[labels == group].sum() for group in np.unique(labels)])
        found.append(permutation_p_value(observed, np.ptp(null, axis=1)) < 0.05)
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)


def test_a_gap_already_there_does_not_change_what_could_be_found():
    scores, labels, sets = in_sets(np.random.default_rng(2), 20)
    apart = scores + 0.3 * (labels == "asian")
    assert detectable_gap(apart, labels, sets) == pytest.approx(detectable_gap(scores, labels, sets))


def test_one_person_can_find_nothing():
    assert np.isnan(detectable_paired(1.0, 1))
    assert np.isnan(detectable_unpaired(1.0, 1))


def test_power_of_three_people_is_what_drawing_them_gives():
    # statsmodels is 2 % off here (2 degrees of freedom, alpha 0.01), so the reference is the experiment itself
    rng = np.random.default_rng(0)
    gap = detectable_paired(1.0, 3, alpha=0.01)
    t = stats.ttest_1samp(rng.normal(gap, 1, (3, 200_000)), 0)
    assert np.mean(t.pvalue < 0.01) == pytest.approx(0.8, abs=0.004)


def test_a_family_without_spread_has_no_detectable_difference() -> None:
    assert np.isnan(detectable_paired(0.1, 9, critical=1e15))
    assert np.isnan(detectable_paired(0.0, 9, critical=0.0))
    assert np.isfinite(detectable_paired(0.1, 9, critical=12.0))
