import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import jaccard_score

from facefair_lib.errors import InputError
from facefair_lib.scores import without_masks


def test_agreement_is_the_mean_iou_of_two_maps_whatever_their_order():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 11, (2, 3, 8, 9))
    values = without_masks.label_agreement(first, second)
    expected = [jaccard_score(a.ravel(), b.ravel(), average="macro") for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(values, expected)
    np.testing.assert_allclose(values, without_masks.label_agreement(second, first))
    assert without_masks.label_agreement(first, first).tolist() == [1.0] * 3


def test_entropy_of_hand_worked_pixels():
    certain, torn, background = [0.0, 1.0, 0.0], [0.0, 0.5, 0.5], [0.8, 0.1, 0.1]
    picture = np.array([certain, torn, background]).T.reshape(1, 3, 1, 3)
    assert without_masks.mean_entropy(picture)[0] == pytest.approx((0 + np.log(2)) / 2 / np.log(3))
    even = np.full((1, 3, 2, 2), 1 / 3) + np.array([-2e-9, 1e-9, 1e-9])[:, None, None]
    assert without_masks.mean_entropy(even)[0] == pytest.approx(1)
    assert np.isnan(without_masks.mean_entropy(np.array([1.0, 0.0]).reshape(1, 2, 1, 1)))[0]


def test_logits_are_refused():
    with pytest.raises(InputError, match="take the softmax"):
        without_masks.mean_entropy(np.random.default_rng(0).normal(size=(1, 3, 4, 4)))
    with pytest.raises(InputError, match="take the softmax"):
        without_masks.mean_entropy(np.array([1.2, -0.2]).reshape(1, 2, 1, 1))
    with pytest.raises(InputError, match=r"shape \(images, classes, height, width\)"):
        without_masks.mean_entropy(np.ones((3, 4, 4)))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=3, max_size=12))
def test_weighted_rank_correlation_is_that_of_the_repeated_images(rows):
    first, second, times = np.array(rows, float).T
    repeated = np.repeat(np.arange(len(rows)), times.astype(int))
    own = without_masks._weighted_spearman(first, second, times[None])[0] if times.any() else np.nan
    if len({first[i] for i in repeated}) < 2 or len({second[i] for i in repeated}) < 2:
        assert np.isnan(own)
    else:
        assert own == pytest.approx(stats.spearmanr(first[repeated], second[repeated]).statistic)


def test_correlation_is_scipys_and_its_interval_that_of_scipys_bootstrap():
    rng = np.random.default_rng(0)
    measure = rng.normal(size=150)
    truth = measure + rng.normal(size=150)
    result = without_masks.predicts(measure, truth, np.arange(150))
    assert result.correlation == pytest.approx(stats.spearmanr(measure, truth).statistic)
    reference = stats.bootstrap(
        (measure, truth),
        lambda a, b: stats.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=400,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert (result.low, result.high) == (
        pytest.approx(reference.low, abs=0.04),
        pytest.approx(reference.high, abs=0.04),
    )
    assert (result.n_images, result.n_subjects) == (150, 150)


def test_pictures_of_one_person_are_no_independent_witnesses():
    rng = np.random.default_rng(1)
    measure, truth = rng.normal(size=(2, 20))
    people = np.repeat(np.arange(20), 10)
    clustered = without_masks.predicts(measure[people], truth[people], people, replicates=500)
    apart = without_masks.predicts(measure[people], truth[people], np.arange(200), replicates=500)
    assert clustered.correlation == pytest.approx(apart.correlation)
    assert clustered.high - clustered.low > 2 * (apart.high - apart.low)


def test_the_interval_is_fishers_with_students_t_for_few_people():
    low, high = without_masks._fisher_interval(np.tanh(0.5), np.tanh([-1.0, 0.0, 1.0, np.nan]), 5)
    reach = stats.t.ppf(0.975, 4) * np.sqrt(5 / 4) * 1.0  # the standard deviation of -1, 0 and 1
    assert (low, high) == (pytest.approx(np.tanh(0.5 - reach)), pytest.approx(np.tanh(0.5 + reach)))
    assert np.isnan(without_masks._fisher_interval(0.5, np.array([0.5, np.nan]), 5)).all()
    assert without_masks._fisher_interval(1.0, np.array([1.0, 1.0]), 5) == (pytest.approx(1), pytest.approx(1))


def test_images_without_both_numbers_are_left_out_and_counted():
    measure, truth = np.array([0.1, np.nan, 0.3, 0.2, 0.5]), np.array([1.0, 2.0, np.nan, 3.0, 4.0])
    result = without_masks.predicts(measure, truth, list("ppqrs"), replicates=50)
    assert (result.n_images, result.n_subjects) == (3, 3)
    assert result.correlation == pytest.approx(1)
    nothing = without_masks.predicts(np.full(3, np.nan), np.ones(3), list("abc"))
    assert (nothing.n_images, nothing.n_subjects, np.isnan(nothing.low)) == (0, 0, True)
    constant = without_masks.predicts(np.ones(10), np.arange(10.0), np.arange(10), replicates=50)
    assert np.isnan([constant.correlation, constant.low, constant.high]).all()


def test_numbers_of_different_images_are_refused():
    with pytest.raises(InputError, match="align the three"):
        without_masks.predicts(np.ones(3), np.ones(4), np.arange(3))
