import numpy as np
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness import model_gaps
from facefair_lib.fairness.groups import group_bootstrap
from facefair_lib.fairness.model_gaps import compare_gaps, model_by_group
from facefair_lib.scores.resampling import permutation_p_value


def two_models(seed=0, people=30, first=(0, 0, 0), second=(0, 0, 0)):
    rng = np.random.default_rng(seed)
    group, subjects = np.repeat(np.arange(3), people), np.arange(3 * people)
    common = 0.8 + rng.normal(0, 0.05, len(group))
    noise = rng.normal(0, 0.01, (2, len(group)))
    labels = np.array(["asian", "black", "caucasian"])[group]
    return common + np.array(first)[group] + noise[0], common + np.array(second)[group] + noise[1], labels, subjects


def test_gaps_are_those_of_the_group_means():
    first, second, labels, subjects = two_models(first=(0, 0.05, 0.1))
    result = compare_gaps(first, second, labels, subjects, replicates=199)
    for scores, gap in ((first, result.gap_first), (second, result.gap_second)):
        assert gap == pytest.approx(np.ptp([scores[labels == name].mean() for name in np.unique(labels)]))
    assert result.difference == pytest.approx(result.gap_first - result.gap_second)
    assert result.low < 0.1 < result.high
    assert result.p_value == pytest.approx(2 / 200)  # the smallest of a two-sided test


def test_exchanging_the_models_mirrors_the_result():
    first, second, labels, subjects = two_models(1, first=(0, 0.02, 0.06))
    plain = compare_gaps(first, second, labels, subjects, replicates=300)
    mirrored = compare_gaps(second, first, labels, subjects, replicates=300)
    assert mirrored.difference == pytest.approx(-plain.difference)
    assert (mirrored.low, mirrored.high) == (pytest.approx(-plain.high), pytest.approx(-plain.low))
    assert mirrored.p_value == pytest.approx(plain.p_value)
    same = compare_gaps(first, first, labels, subjects, replicates=199)
    assert (same.difference, same.p_value) == (0, 1)


def test_interval_excludes_zero_exactly_where_p_is_below_5_per_cent():
    decided = []
    for seed in range(40):
        result = compare_gaps(*two_models(seed, first=(0, 0.01, 0.05)), replicates=199, seed=seed)
        decided.append(result.p_value < 0.05)
        assert decided[-1] == (result.low > 0 or result.high < 0)
    assert 0.1 < np.mean(decided) < 1


def test_the_ends_of_the_interval_are_the_last_points_that_the_p_value_keeps():
    errors = np.random.default_rng(0).permutation(np.arange(1.0, 200.0))
    low, high, _ = model_gaps._one_side_at_a_time(0.0, [errors])
    for end, sample in ((-low, errors), (high, -errors)):
        assert end == max(point for point in sample if permutation_p_value(point, sample) >= 0.025)
    few = compare_gaps(*two_models(), replicates=19)
    assert (few.low, few.high) == (-np.inf, np.inf), "1 of 20 is no 2.5 per cent"


def test_errors_of_few_people_are_those_of_the_bootstrap_expanded_to_students_t():
    first, second, labels, subjects = two_models(people=10)
    code = np.unique(labels, return_inverse=True)[1]
    errors = model_gaps._bootstrap_errors(code, subjects, np.stack([first, second], 1), 3, 50, 7)
    drawn = group_bootstrap(subjects, code, replicates=50, seed=7)
    for group in range(3):
        plain = drawn.totals(first, code == group) / 10 - first[code == group].mean()
        expansion = np.sqrt(10 / 9) * stats.t.isf(0.025, 9) / stats.norm.isf(0.025)
        np.testing.assert_allclose(errors[:, group, 0], plain * expansion, atol=1e-12)
    assert np.isfinite(compare_gaps(first, second, labels, subjects, replicates=99).p_value), "ten people are enough"


def test_a_model_that_is_better_everywhere_is_not_thereby_fairer():
    first, second, labels, subjects = two_models(2)
    level = compare_gaps(first, second, labels, subjects, replicates=199)
    lifted = compare_gaps(first + 0.15, second, labels, subjects, replicates=199)
    assert lifted.difference == pytest.approx(level.difference)
    assert lifted.p_value == pytest.approx(level.p_value)


def test_same_people_in_all_groups_are_drawn_with_all_their_pictures():
    rng = np.random.default_rng(0)
    subjects, group = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    common = rng.normal(0.7, 0.1, 20)[subjects]
    labels = np.array(list("abc"))[group]
    first, second = common + rng.normal(0, 0.005, (2, 60))
    first = first + 0.03 * group
    paired = compare_gaps(first, second, labels, subjects, replicates=199)
    assert paired.p_value == pytest.approx(0.01)
    assert 0 < paired.low < paired.high < 0.1
    assert paired.high - paired.low < 0.03  # people differ by 0.1, and it does not matter


def test_groups_of_few_people_and_images_without_a_score_are_left_out():
    first, second, labels, subjects = two_models(first=(0, 0, 0.1))
    few = np.append(np.arange(60), np.arange(60, 69))  # nine people of the third group
    result = compare_gaps(first[few], second[few], labels[few], subjects[few], replicates=99)
    alone = compare_gaps(first[:60], second[:60], labels[:60], subjects[:60], replicates=99)
    assert result == alone
    first[:5] = np.nan
    assert np.isfinite(compare_gaps(first, second, labels, subjects, replicates=99).p_value)
    for images in (slice(0, 5), slice(0, 30)):  # no score at all; one group
        nothing = compare_gaps(first[images], second[images], labels[images], subjects[images])
        assert np.isnan(list(vars(nothing).values())).all()


def test_interaction_is_the_f_of_the_models_difference():
    first, second, labels, subjects = two_models(first=(0, 0.01, 0))
    by_group = [(first - second)[labels == group] for group in np.unique(labels)]
    f, p_value = stats.f_oneway(*by_group)
    found = model_by_group(first, second, labels, subjects, permutations=1999)
    assert found.f == pytest.approx(f)
    assert found.p_value == pytest.approx(p_value, abs=0.01)
    assert model_by_group(first + 0.1, second, labels, subjects, permutations=1999).p_value == found.p_value


def test_interaction_within_matched_sets_is_the_f_of_two_ways():
    rng = np.random.default_rng(3)
    sets, labels = np.repeat(np.arange(20), 3), np.tile(["a", "b", "c"], 20)
    apart = rng.normal(0, 0.1, 20)[sets] + rng.normal(0, 0.01, 60) + 0.006 * (labels == "a")
    cube = apart.reshape(20, 3)
    left = cube - cube.mean(1, keepdims=True) - cube.mean(0) + cube.mean()
    f = 20 * ((cube.mean(0) - cube.mean()) ** 2).sum() / 2 / ((left**2).sum() / 38)
    found = model_by_group(apart, np.zeros(60), labels, sets, permutations=1999)
    assert found.f == pytest.approx(f)
    assert found.p_value == pytest.approx(stats.f.sf(f, 2, 38), abs=0.015)
    assert found.p_value < 0.2 < model_by_group(apart, np.zeros(60), labels, np.arange(60)).p_value


def test_interaction_finds_what_the_difference_of_two_gaps_misses_and_raises_few_false_alarms():
    shuffles = {"permutations": 199}
    alike = [model_by_group(*two_models(seed), **shuffles).p_value < 0.05 for seed in range(120)]
    assert np.mean(alike) < 0.1
    worlds = [two_models(seed, first=(0, 0.02, 0)) for seed in range(12)]
    assert np.mean([model_by_group(*world, **shuffles).p_value < 0.05 for world in worlds]) == 1
    assert np.mean([compare_gaps(*world, replicates=199).p_value < 0.05 for world in worlds]) < 0.5


def test_interaction_of_few_people_is_not_asked():
    first, second, labels, subjects = two_models(people=9)
    assert np.isnan(model_by_group(first, second, labels, subjects).p_value)


def test_models_on_different_images_are_refused():
    with pytest.raises(InputError, match="one per image"):
        compare_gaps([0.1], [0.1, 0.2], ["a"], ["p"])
