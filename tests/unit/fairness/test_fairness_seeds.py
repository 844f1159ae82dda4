import numpy as np
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.seeds import two_level_difference, two_level_estimate


def test_value_is_the_mean_over_seeds_and_people():
    scores = np.array([[0.1, 0.3, 0.2], [0.2, 0.2, 0.5]])
    result = two_level_estimate(scores)
    assert result.value == pytest.approx(0.25)
    assert result.seed_spread == pytest.approx(np.std([0.2, 0.3], ddof=1))
    assert (result.n_seeds, result.n_subjects, result.level) == (2, 3, "seeds and subjects")


def test_contrast_is_the_difference_of_the_groups_means():
    scores, labels = np.array([[0.1, 0.3, 0.8, 0.6, 9.0]]), ["a", "a", "b", "b", "c"]
    result = two_level_estimate(scores, labels, {"b": 1, "a": -1})
    assert result.value == pytest.approx(0.5)
    assert (result.n_subjects, result.level) == (4, "subjects")
    assert np.isnan(result.seed_spread)


def test_one_seed_gives_students_and_welchs_interval():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.02, 0.05, (1, 40))
    result = two_level_estimate(scores)
    expected = stats.ttest_1samp(scores[0], 0)
    low, high = expected.confidence_interval()
    assert (result.low, result.high) == (pytest.approx(low, abs=4e-4), pytest.approx(high, abs=4e-4))
    assert result.p_value == pytest.approx(expected.pvalue, abs=0.01)
    labels = np.repeat(["a", "b"], [15, 25])
    welch = stats.ttest_ind(scores[0, :15], scores[0, 15:], equal_var=False).confidence_interval()
    result = two_level_estimate(scores, labels, {"a": 1, "b": -1})
    assert (result.low, result.high) == (pytest.approx(welch.low, abs=8e-4), pytest.approx(welch.high, abs=8e-4))


def test_seeds_that_decide_everything_give_students_interval_over_seeds():
    by_seed = np.array([0.01, 0.05, 0.03])
    result = two_level_estimate(np.repeat(by_seed[:, None], 30, axis=1))
    expected = stats.ttest_1samp(by_seed, 0)
    low, high = expected.confidence_interval()
    assert (result.low, result.high) == (pytest.approx(low, rel=0.03), pytest.approx(high, rel=0.03))
    assert result.p_value == pytest.approx(expected.pvalue, rel=0.06)


def drawn_anew(scores, labels, contrast, rng, replicates=20_000):
    """Standard deviation of a crossed bootstrap with rescaled weights, replicate by replicate."""
    runs, people = scores.shape
    names, sizes = np.unique(labels, return_counts=True)
    values = np.empty(replicates)
    for replicate in range(replicates):
        times = np.bincount(rng.integers(runs, size=runs), minlength=runs)
        seeds = (1 + np.sqrt(runs / (runs - 1)) * (times - 1)) / runs
        weights = np.zeros(people)
        for name, size in zip(names, sizes, strict=True):
            times = np.bincount(rng.integers(size, size=size), minlength=size)
            weights[labels == name] = contrast[name] * (1 + np.sqrt(size / (size - 1)) * (times - 1)) / size
        values[replicate] = seeds @ scores @ weights
    return values.std(ddof=1)


def test_the_standard_error_is_that_of_a_crossed_bootstrap_of_many_replicates():
    rng = np.random.default_rng(5)
    scores = rng.normal(0, 0.02, (4, 1)) + rng.normal(0, 0.05, 15) + rng.normal(0, 0.04, (4, 15))
    labels, contrast = np.array(["a"] * 9 + ["b"] * 6), {"a": 1.0, "b": -1.0}
    result = two_level_estimate(scores, labels, contrast)
    errors = [two_level_estimate(k * scores, labels, contrast) for k in (1, 3)]
    assert (errors[1].high - errors[1].low) == pytest.approx(3 * (errors[0].high - errors[0].low))
    by_run = scores[:, :9].mean(1) - scores[:, 9:].mean(1)
    run = by_run.var(ddof=1) / 4
    people = sum(part.mean(0).var(ddof=1) / part.shape[1] for part in (scores[:, :9], scores[:, 9:]))
    freedom = people**2 / sum(
        (part.mean(0).var(ddof=1) / part.shape[1]) ** 2 / (part.shape[1] - 1) for part in (scores[:, :9], scores[:, 9:])
    )
    critical = (run * stats.t.ppf(0.975, 3) + people * stats.t.ppf(0.975, freedom)) / (run + people)
    assert (result.high - result.low) / 2 / critical == pytest.approx(
        drawn_anew(scores, labels, contrast, rng), rel=0.02
    )


def test_interval_excludes_zero_exactly_where_p_is_below_5_per_cent():
    rng = np.random.default_rng(1)
    for _ in range(60):
        scores = 0.02 + rng.normal(0, 0.01, (3, 1)) + rng.normal(0, 0.04, (1, 25))
        result = two_level_estimate(scores)
        assert (result.p_value < 0.05) == (result.low > 0 or result.high < 0)


def test_training_again_widens_the_interval():
    people = np.random.default_rng(0).normal(0.02, 0.02, 30)
    same = two_level_estimate(np.tile(people, (4, 1)))
    other = two_level_estimate(people + np.array([-0.03, -0.01, 0.01, 0.03])[:, None])
    assert other.value == pytest.approx(same.value)
    assert other.high - other.low > 3 * (same.high - same.low)


def test_missing_scores_and_groups_are_refused():
    with pytest.raises(InputError, match="with missing scores"):
        two_level_estimate([[0.1, np.nan]])
    with pytest.raises(InputError, match="fewer than two subjects in b, c"):
        two_level_estimate(np.zeros((2, 3)), ["a", "a", "b"], {"a": 1, "b": -0.5, "c": -0.5})
    with pytest.raises(InputError, match="both or neither"):
        two_level_estimate(np.zeros((2, 3)), ["a", "a", "b"])


def test_the_detectable_value_is_found_in_four_of_five_studies():
    rng = np.random.default_rng(4)

    def study(value):
        return value + rng.normal(0, 0.02, (5, 1)) + rng.normal(0, 0.05, 30) + rng.normal(0, 0.01, (5, 30))

    value = np.mean([two_level_estimate(study(0.0)).detectable for _ in range(40)])
    found = [two_level_estimate(study(value)).p_value < 0.05 for _ in range(150)]
    assert 0.68 < np.mean(found) < 0.92


@pytest.mark.parametrize("comparisons", [1, 10])
def test_in_a_larger_family_only_a_larger_value_can_be_found(comparisons):
    scores = np.random.default_rng(2).normal(0, 0.03, (1, 40))
    reach = stats.t.ppf(1 - 0.05 / comparisons / 2, 39) + stats.t.ppf(0.8, 39)
    found = two_level_estimate(scores, comparisons=comparisons).detectable
    assert found == pytest.approx(reach * scores.std(ddof=1) / np.sqrt(40))


def test_where_seeds_and_people_cancel_out_the_interval_is_that_of_their_interaction():
    result = two_level_estimate([[1.0, -1.0], [-1.0, 1.0]])
    assert (result.value, result.high) == (0, pytest.approx(stats.t.ppf(0.975, 1)))


def test_one_seed_gives_the_two_one_sided_tests_of_student():
    scores = np.random.default_rng(2).normal(0.012, 0.03, (1, 40))
    result = two_level_estimate(scores, margin=0.02)
    above = stats.ttest_1samp(scores[0], -0.02, alternative="greater").pvalue
    below = stats.ttest_1samp(scores[0], 0.02, alternative="less").pvalue
    assert result.p_margin == pytest.approx(max(above, below), rel=0.05)
    assert two_level_estimate(-scores, margin=0.02).p_margin == pytest.approx(result.p_margin)
    assert np.isnan(two_level_estimate(scores).p_margin)


def test_a_value_beyond_the_margin_is_not_within_it():
    scores = 0.05 + np.random.default_rng(3).normal(0, 0.02, (3, 30))
    assert two_level_estimate(scores, margin=0.02).p_margin > 0.95
    assert two_level_estimate(scores - 0.05, margin=0.05).p_margin < 0.01


def test_margin_test_and_90_per_cent_interval_agree():
    scores = np.random.default_rng(1).normal(0.005, 0.03, (1, 50))
    margin = np.abs(stats.ttest_1samp(scores[0], 0).confidence_interval(0.9)).max()
    for factor, within in ((1.03, True), (0.97, False)):
        assert (two_level_estimate(scores, margin=factor * margin).p_margin < 0.05) == within


def test_two_kinds_of_training_differ_by_the_difference_of_their_means():
    first, second = np.array([[0.1, 0.3, 0.2], [0.2, 0.2, 0.5]]), np.array([[0.1, 0.1, 0.1], [0.3, 0, 0], [0, 0, 0]])
    result = two_level_difference(first, second)
    assert result.value == pytest.approx(0.25 - 0.6 / 9)
    spreads = [np.var(kind.mean(1), ddof=1) for kind in (first, second)]
    assert result.seed_spread == pytest.approx(np.sqrt(np.mean(spreads)))
    assert (result.n_seeds, result.n_subjects, result.level) == (2, 3, "seeds and subjects")


def test_seeds_that_decide_everything_give_welchs_interval_between_kinds_of_training():
    first, second = np.array([0.01, 0.05, 0.03, 0.02]), np.array([0.0, -0.01, 0.015])
    result = two_level_difference(*(np.repeat(kind[:, None], 30, axis=1) for kind in (first, second)))
    expected = stats.ttest_ind(first, second, equal_var=False)
    low, high = expected.confidence_interval()
    assert (result.low, result.high) == (pytest.approx(low, rel=0.05, abs=2e-4), pytest.approx(high, rel=0.03))
    assert result.p_value == pytest.approx(expected.pvalue, rel=0.06)


def test_people_that_decide_everything_give_students_paired_interval_between_kinds_of_training():
    rng = np.random.default_rng(0)
    who = rng.normal(0.8, 0.2, 40)
    first, second = who + rng.normal(0.02, 0.03, 40), who
    result = two_level_difference(np.tile(first, (3, 1)), np.tile(second, (2, 1)))
    expected = stats.ttest_rel(first, second)
    low, high = expected.confidence_interval()
    assert (result.low, result.high) == (pytest.approx(low, abs=4e-4), pytest.approx(high, abs=4e-4))


def test_one_seed_of_a_kind_of_training_tells_nothing_of_the_kind():
    for first, second in ((1, 3), (3, 1)):
        with pytest.raises(InputError, match=rf"{first} and {second} seeds(.|\n)*fit more runs"):
            two_level_difference(np.zeros((first, 4)), np.zeros((second, 4)))
