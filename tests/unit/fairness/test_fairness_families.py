import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from facefair_lib.errors import InputError
from facefair_lib.fairness import families
from facefair_lib.fairness.families import class_family, holm, max_t_p_values
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.paired import sign_flip_test


def people_of_three_groups(seed=0, sizes=(12, 15, 18), classes=2):
    rng = np.random.default_rng(seed)
    labels = np.repeat(["asian", "black", "caucasian"], sizes)
    return rng.normal(0.8, 0.05, (len(labels), classes)), labels, np.arange(len(labels))


@pytest.mark.parametrize("size", [1, 33])
def test_holm_agrees_with_statsmodels(size):
    p_values = np.round(np.random.default_rng(size).beta(0.3, 1, size), 2)  # many small ones, some equal
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_the_largest_of_the_steps_up_to_each_member(p_values):
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    steps = [min(1.0, p_values[member] * (len(order) - rank)) for rank, member in enumerate(order)]
    adjusted = holm(p_values)
    for rank, member in enumerate(order):
        assert adjusted[member] == pytest.approx(max(steps[: rank + 1]))
    with_nan = holm([*p_values, np.nan])
    assert with_nan[:-1].tolist() == adjusted.tolist() and np.isnan(with_nan[-1])


def test_hand_worked_largest_t():
    null = np.array([[0.5, 3.0], [1.5, -0.2], [-2.5, np.nan], [0.1, 0.2]])  # largest 3, 1.5, 2.5, 0.2
    p_values = max_t_p_values(np.array([2.0, -1.0]), null)
    assert p_values.tolist() == [3 / 5, 4 / 5]
    assert np.isnan(max_t_p_values(np.array([2.0, np.nan]), null)[1])
    # the second member is no longer in the family, so only |t| of the first counts
    assert max_t_p_values(np.array([2.0, np.nan]), null)[0] == 2 / 5
    assert max_t_p_values(np.array([2.5, 1.5]), null).tolist() == [3 / 5, 4 / 5]  # a shuffle as extreme counts


def test_values_and_relative_of_hand_worked_groups():
    scores = np.array([[0.5], [0.7], [0.9], [0.9], [np.nan], [0.4]])
    table = class_family(scores, list("aabbab"), ["p", "p", "q", "q", "p", "r"], classes=["nose"], permutations=20)
    # p counts once with 0.6; group b holds q with 0.9 and r with 0.4
    assert table["value"].tolist() == pytest.approx([0.6, 0.65])
    assert table["relative"].tolist() == pytest.approx([-0.025, 0.025])
    assert table["n_images"].tolist() == [2, 3]
    assert table["n_subjects"].tolist() == [1, 2]
    assert table[["low", "high", "p_value", "p_adjusted"]].isna().all(axis=None)  # one person has no spread


def test_two_groups_agree_with_scipys_welch_statistic_under_permutation():
    scores, labels, subjects = people_of_three_groups(3, (14, 0, 20), classes=1)
    scores[labels == "asian"] += 0.03
    table = class_family(scores, labels, subjects, classes=["nose"], permutations=4000)
    first, second = scores[labels == "asian", 0], scores[labels == "caucasian", 0]
    reference = stats.permutation_test(
        (first, second),
        lambda a, b, axis: np.abs(stats.ttest_ind(a, b, equal_var=False, axis=axis).statistic),
        n_resamples=4000,
        vectorized=True,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    assert 0.05 < reference.pvalue < 0.95
    assert table["p_value"].iloc[0] == pytest.approx(reference.pvalue, abs=0.02)
    low, high = stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    # half the difference: group minus the mean of both
    assert table["low"].iloc[0] == pytest.approx(low / 2, abs=0.002)
    assert table["high"].iloc[0] == pytest.approx(high / 2, abs=0.002)


def test_same_people_are_compared_within_themselves():
    scores, labels, subjects = np.empty((0, 1)), np.tile(["asian", "black"], 20), np.repeat(np.arange(20), 2)
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.1, 20)[subjects] + 0.01 * (labels == "black") + rng.normal(0, 0.01, 40)
    table = class_family(scores[:, None], labels, subjects, classes=["nose"], permutations=1000)
    difference = scores[1::2] - scores[::2]
    assert table["relative"].iloc[1] == pytest.approx(difference.mean() / 2)
    flipped = sign_flip_test(difference)
    assert table["p_value"].iloc[1] == pytest.approx(flipped.p_value[0], abs=0.01)
    for end in ("low", "high"):  # of half the difference: group minus the mean of both
        assert table[end].iloc[1] == pytest.approx(getattr(flipped, end)[0] / 2, abs=0.001)
    apart = class_family(scores[:, None], labels, np.arange(40), classes=["nose"], permutations=1000)
    assert table["p_value"].iloc[1] < 0.02 < 0.5 < apart["p_value"].iloc[1]


def test_the_error_of_a_group_against_the_mean_of_three_is_that_of_its_parts():
    scores, code = np.random.default_rng(0).normal(size=(30, 1)), np.repeat([0, 1, 2], [5, 10, 15])
    family = families._Family(scores, code, 3, paired=False)
    relative, error = family.relative(np.stack([family.summands[code == group].sum(0) for group in range(3)]))
    means = np.array([scores[code == group].mean() for group in range(3)])
    variances = np.array([scores[code == group].var(ddof=1) / (code == group).sum() for group in range(3)])
    for group, weights in enumerate(np.eye(3) - 1 / 3):  # the group's own mean less a third of every mean
        assert relative[group, 0] == pytest.approx(weights @ means)
        assert error[group, 0] == pytest.approx(np.sqrt(weights**2 @ variances))


def test_people_without_a_class_in_one_group_are_left_out_of_that_class_alone():
    labels, subjects = np.tile(["asian", "black"], 20), np.repeat(np.arange(20), 2)
    scores = np.random.default_rng(0).normal(0.8, 0.1, (40, 2)) + 0.2 * (labels == "black")[:, None]
    scores[[0, 4], 1] = np.nan  # persons 0 and 2 as asian
    whole = ~np.isin(subjects, [0, 2])
    found = class_family(scores, labels, subjects, classes=["nose", "specs"], permutations=50)
    alone = class_family(scores[whole, 1:], labels[whole], subjects[whole], classes=["specs"], permutations=50)
    np.testing.assert_allclose(found.loc[found["class"] == "specs", "relative"], alone["relative"])
    nose = found[found["class"] == "nose"].set_index("group")["relative"]
    assert nose["black"] == pytest.approx((scores[1::2, 0] - scores[::2, 0]).mean() / 2)
    assert found["n_subjects"].tolist() == [20, 18, 20, 18] and found["n_images"].tolist() == [20, 18, 20, 20]


def test_interval_excludes_zero_exactly_where_p_is_below_5_per_cent():
    scores, labels, subjects = people_of_three_groups(1, classes=40)
    scores += np.linspace(0, 0.05, 40) * (labels == "black")[:, None]
    table = class_family(scores, labels, subjects, classes=list(range(40)), permutations=199)
    outside = (table["low"] > 0) | (table["high"] < 0)
    assert 0.1 < outside.mean() < 0.9
    assert (outside == (table["p_value"] < 0.05)).all()
    for shuffles, finite in ((20, True), (19, False)):  # of 19 not even the largest is beyond 5 per cent
        few = class_family(scores, labels, subjects, classes=list(range(40)), permutations=shuffles)
        assert np.isfinite(few[["low", "high"]]).all(axis=None) == finite


def test_classes_that_few_people_of_a_group_show_are_no_members_of_the_family():
    scores, labels, subjects = people_of_three_groups()
    few = scores.copy()
    few[np.flatnonzero(labels == "black")[5:], 1] = np.nan
    both = class_family(few, labels, subjects, classes=["nose", "specs"], permutations=300)
    alone = class_family(few[:, :1], labels, subjects, classes=["nose"], permutations=300)
    specs, nose = (both[both["class"] == name] for name in ("specs", "nose"))
    assert specs["small"].all()
    assert specs[["p_adjusted", "p_holm"]].isna().all(axis=None)
    assert specs["p_value"].notna().all()
    assert not nose["small"].any()
    enough = scores.copy()
    enough[np.flatnonzero(labels == "black")[MIN_SUBJECTS:], 1] = np.nan
    assert not class_family(enough, labels, subjects, classes=["nose", "specs"], permutations=20)["small"].any()
    few[labels == "black", 1] = np.nan  # nobody of the group
    nobody = class_family(few, labels, subjects, classes=["nose", "specs"], permutations=20).iloc[3]
    assert np.isnan(nobody["value"]) and nobody["n_subjects"] == 0
    np.testing.assert_allclose(nose["p_adjusted"], alone["p_adjusted"])


def test_one_clear_class_does_not_make_the_others_clear():
    scores, labels, subjects = people_of_three_groups(2, (30, 30, 30), classes=6)
    scores[labels == "black", 0] -= 0.1
    table = class_family(scores, labels, subjects, classes=list("nuvwxy"), permutations=499)
    assert table.loc[table["class"] == "n", "p_adjusted"].min() == pytest.approx(1 / 500)
    assert (table.loc[table["class"] != "n", "p_adjusted"] > 0.05).all()
    assert (table["p_adjusted"] >= table["p_value"]).all()
    np.testing.assert_allclose(table["p_holm"], holm(table["p_value"]))


def test_rows_follow_the_order_asked_for():
    scores, labels, subjects = people_of_three_groups()
    sizes = {"classes": ["nose", "eyes"], "permutations": 50}
    plain = class_family(scores, labels, subjects, **sizes).set_index(["group", "class"])
    ordered = class_family(scores, labels, subjects, order=["caucasian", "asian", "black"], **sizes)
    assert ordered["group"].tolist() == ["caucasian"] * 2 + ["asian"] * 2 + ["black"] * 2
    for _, row in ordered.iterrows():
        assert row["value"] == plain.loc[(row["group"], row["class"]), "value"]


def test_subjects_in_some_of_the_groups_are_refused():
    with pytest.raises(InputError, match="1 of 4 subjects in several groups"):
        class_family(np.ones((5, 1)), list("abcab"), list("pqrsp"), classes=["nose"])
    with pytest.raises(InputError, match="one group"):
        class_family(np.ones((2, 1)), list("aa"), list("pq"), classes=["nose"])
    with pytest.raises(InputError, match="3 columns of scores for 11 classes"):
        class_family(np.ones((2, 3)), list("ab"), list("pq"))
