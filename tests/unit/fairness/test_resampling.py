import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.scores import resampling
from facefair_lib.scores.metrics import ESTIMANDS, evaluate

PEOPLE = np.array(["b", "a", "b", "c", "a", "b"])


def test_labels_that_vary_within_two_of_five_subjects_can_be_shuffled_neither_way():
    labels, subjects = list("abab") + list("aab"), [0, 0, 1, 1, 2, 3, 4]
    with pytest.raises(InputError):
        resampling.permuted_totals(np.ones((7, 1)), labels, subjects, permutations=3)


@pytest.mark.parametrize(("labels", "length"), [([], None), ([["a", "b"]], None), (["a"], 2)])
def test_labels_are_one_per_image(labels, length):
    with pytest.raises(InputError, match="pass one label per image"):
        resampling.encode_labels(labels, "labels", length)


def test_totals_add_images_as_often_as_their_subject_was_drawn():
    bootstrap = resampling.SubjectBootstrap(np.array([0, 0, 1]), np.array([[2, 0], [1, 1]], np.uint16))
    assert bootstrap.totals(np.array([[1.0], [10.0], [100.0]])).tolist() == [[22.0], [111.0]]
    assert bootstrap.totals(np.array([1.0, 10.0, 100.0]), np.array([False, True, True])).tolist() == [20.0, 110.0]
    many = np.random.default_rng(0).integers(0, 2 * 10**12, (3, 11, 11))
    exact = [2 * (many[0] + many[1]), many[0] + many[1] + many[2]]
    assert bootstrap.totals(many).tolist() == np.array(exact).tolist(), "every pixel of 1e14"


def test_every_replicate_draws_as_many_subjects_as_there_are_in_every_stratum():
    strata = np.repeat(["asian", "black"], [10, 30])
    weights = resampling.subject_bootstrap(np.arange(40), strata=strata, replicates=300).weights
    assert weights.shape == (300, 40)
    assert (weights[:, :10].sum(1) == 10).all() and (weights[:, 10:].sum(1) == 30).all()


def test_times_drawn_follow_the_multinomial_distribution():
    weights = resampling.subject_bootstrap(np.arange(5), replicates=20_000, seed=3).weights
    np.testing.assert_allclose(weights.mean(0), 1, atol=0.03)
    np.testing.assert_allclose(weights.var(0), 1 - 1 / 5, atol=0.04)
    np.testing.assert_allclose(np.cov(weights.T)[0, 1:], -1 / 5, atol=0.03)


def test_replicates_equal_scoring_the_resampled_images_themselves():
    rng = np.random.default_rng(0)
    counts = rng.poisson(2, (6, 3, 3))
    bootstrap = resampling.subject_bootstrap(PEOPLE, replicates=25, seed=5)
    values = evaluate(counts, bootstrap.totals)
    for replicate in range(25):
        drawn = np.repeat(np.arange(6), bootstrap.weights[replicate][bootstrap.unit])
        for key, estimand in ESTIMANDS.items():
            assert values[key][replicate] == pytest.approx(estimand.function(counts[drawn]), nan_ok=True)


def test_same_seed_gives_the_same_replicates_and_another_seed_does_not():
    first, second, other = (resampling.subject_bootstrap(np.arange(50), seed=seed).weights for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(6)))
def test_replicates_do_not_depend_on_the_order_of_images(order):
    values = np.arange(6.0)[:, None]
    plain = resampling.subject_bootstrap(PEOPLE, replicates=10).totals(values)
    shuffled = resampling.subject_bootstrap(PEOPLE[order], replicates=10).totals(values[order])
    np.testing.assert_allclose(plain, shuffled)


def test_interval_drops_and_counts_replicates_without_a_value_and_is_nan_where_too_few_are_left():
    interval = resampling.percentile_interval(np.array([np.nan, *np.linspace(0, 1, 101), np.nan]))
    assert (interval.low, interval.high, interval.dropped) == (pytest.approx(0.025), pytest.approx(0.975), 2)
    assert resampling.percentile_interval(np.array([0.0, 1.0])).low == pytest.approx(0.025), "two are enough"
    nothing = resampling.percentile_interval(np.array([np.nan, np.nan, 0.4]))
    assert np.isnan([nothing.low, nothing.high]).all() and nothing.dropped == 2


def test_intervals_cover_the_true_score_when_people_are_drawn_and_not_when_images_are(make_cohort):
    truth = {"accuracy": 0.8, "iou": (480 / (480 + 120 + 80) + 320 / (320 + 80 + 120)) / 2}
    covered = {(unit, key): 0 for unit in ("people", "images") for key in truth}
    for seed in range(200):
        cohort = make_cohort(seed, people=40, images=4)
        units = {"people": cohort.subjects, "images": np.arange(len(cohort.subjects))}
        for unit, subjects in units.items():
            bootstrap = resampling.subject_bootstrap(subjects, replicates=300, seed=seed)
            for key, values in evaluate(cohort.counts, bootstrap.totals, truth).items():
                interval = resampling.percentile_interval(values)
                covered[unit, key] += interval.low <= truth[key] <= interval.high
    for key in truth:
        assert 180 <= covered["people", key] <= 198, covered  # 90 to 99 %, nominal 95 %
        assert covered["images", key] <= 160, covered  # pictures of one person are no independent witnesses


def test_all_replicates_of_ten_thousand_images_are_never_in_memory_as_floats():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 100, (10_000, 11, 11))
    tracemalloc.start()
    bootstrap = resampling.subject_bootstrap(np.arange(10_000), replicates=2000)
    evaluate(counts, bootstrap.totals)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < bootstrap.weights.size * 8  # bytes


def test_p_value_is_never_zero_counts_ties_and_is_nan_of_an_undefined_statistic():
    assert resampling.permutation_p_value(5.0, np.zeros(99)) == pytest.approx(1 / 100)
    assert resampling.permutation_p_value(0.3, np.array([0.1 + 0.2, 0.1, np.nan])) == pytest.approx(2 / 3)
    assert resampling.permutation_p_value(1e6, np.array([1e6 - 1e-7])) == 1, "the last bits of a large sum"
    assert resampling.permutation_p_value(1e-6, np.array([1e-6 - 1e-10])) == pytest.approx(1 / 2)
    assert np.isnan(resampling.permutation_p_value(np.nan, np.zeros(9)))
    assert np.isnan(resampling.permutation_p_value(1.0, np.full(9, np.nan)))


def test_shuffling_keeps_group_sizes_and_whole_subjects():
    subjects = np.repeat(np.arange(6), [1, 2, 3, 1, 2, 3])
    labels = np.where(subjects < 2, "a", "b")
    images_of = np.eye(6)[subjects]  # (12, 6): which subject each image adds to
    totals = resampling.permuted_totals(images_of, labels, subjects, permutations=200)  # (P, 2, 6)
    whole = (totals == 0) | (totals == np.bincount(subjects))
    assert whole.all()
    assert ((totals > 0).sum(-1) == [2, 4]).all()
    assert len(np.unique(totals[:, 0], axis=0)) == 15  # all choices of 2 subjects of 6


def test_subjects_under_several_labels_are_shuffled_within_themselves():
    subjects, labels = np.repeat(np.arange(4), 2), np.tile(["happy", "sad"], 4)
    values = np.eye(4)[subjects]
    totals = resampling.permuted_totals(values, labels, subjects, permutations=50)
    assert (totals == 1).all()  # every label keeps one image of every subject
    numbered = resampling.permuted_totals(np.arange(8.0)[:, None], labels, subjects, permutations=500)
    assert len(np.unique(numbered[:, 0])) == 5  # 12 + number of the 4 subjects that were flipped


def test_shuffling_gives_the_exact_permutation_distribution():
    values, labels = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), np.array(list("aaabbb"))
    exact = sorted({sum(choice) for choice in itertools.combinations(values, 3)})
    totals = resampling.permuted_totals(values[:, None], labels, np.arange(6), permutations=20_000)[:, 0, 0]
    seen, times = np.unique(totals, return_counts=True)
    assert seen.tolist() == exact
    assert stats.chisquare(times).pvalue > 0.001


def test_sets_in_which_few_subjects_change_label_are_refused():
    subjects, labels = np.array([0, 0, 1, 2, 3]), np.array(list("ababa"))
    with pytest.raises(InputError, match="1 of 4 subjects under several labels"):
        resampling.permuted_totals(np.ones((5, 1)), labels, subjects)
    with pytest.raises(InputError, match="5 labels, one per image"):
        resampling.permuted_totals(np.ones((5, 1)), labels[:-1], subjects)


@pytest.mark.parametrize(
    ("subjects", "options", "message"),
    [
        (np.array(["a", None, float("nan")], object), {}, "2 images, the first at position 1"),
        (PEOPLE, {"strata": np.array(["x", "y"])}, "6 labels, one per image"),
        (PEOPLE, {"strata": np.array(list("xyxyxy"))}, "one stratum per subject"),
        (PEOPLE, {"replicates": 0}, "0 replicates"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(subjects, options, message):
    with pytest.raises(InputError, match=message):
        resampling.subject_bootstrap(subjects, **options)
