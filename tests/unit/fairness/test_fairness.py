import numpy as np
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness import group_gap
from facefair_lib.fairness.groups import by_group, group_bootstrap, overall
from facefair_lib.scores.metrics import ESTIMANDS, pixel_accuracy
from facefair_lib.tables.checks import interval_bounds


def gap_of(cohort, seed=0, permutations=199, replicates=200):
    sizes = {"permutations": permutations, "replicates": replicates, "seed": seed}
    return group_gap.gaps(cohort.counts, cohort.groups, cohort.subjects, estimands=["accuracy"], **sizes)["accuracy"]


def test_group_rows_score_the_images_of_the_group_alone(make_cohort):
    cohort = make_cohort(0, errors=(0.1, 0.2, 0.3), people=12, images=2)
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=200)
    table = by_group(cohort.counts, cohort.groups, bootstrap)
    assert list(table["group"].unique()) == ["asian", "black", "caucasian"]
    for _, row in table.iterrows():
        alone = cohort.counts[cohort.groups == row["group"]]
        assert row["value"] == pytest.approx(ESTIMANDS[row["metric"]].function(alone))
        assert row["low"] < row["value"] < row["high"]
        assert (row["n_images"], row["n_subjects"], row["small"], row["dropped"]) == (24, 12, False, 0)


def test_overall_row_scores_all_images(make_cohort):
    cohort = make_cohort(0, people=5)
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=100)
    table = overall(cohort.counts, bootstrap).set_index("metric")
    assert list(table.index) == list(ESTIMANDS)
    assert table.loc["accuracy", "value"] == pytest.approx(pixel_accuracy(cohort.counts.sum(0)))
    assert table["small"].all()
    assert (table["n_images"] == 15).all()


def test_rows_follow_the_order_asked_for_and_an_empty_group_is_nan(make_cohort):
    cohort = make_cohort(0, errors=(0.1, 0.2), people=10)
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=50)
    table = by_group(cohort.counts, cohort.groups, bootstrap, ["iou"], order=["latino", "black", "asian"])
    assert table["group"].tolist() == ["latino", "black", "asian"]
    assert table.loc[0, ["value", "low", "high"]].isna().all()
    assert table.loc[0, ["n_images", "n_subjects"]].tolist() == [0, 0]


def test_one_person_has_no_interval(make_cohort):
    cohort = make_cohort(0, people=1, images=5)
    row = overall(cohort.counts, group_bootstrap(cohort.subjects, cohort.groups)).iloc[0]
    assert np.isfinite(row["value"])
    assert np.isnan([row["low"], row["high"]]).all()


def test_the_interval_of_few_people_is_as_long_as_students(make_cohort):
    cohort = make_cohort(0, people=8, images=1)
    counts = cohort.counts.astype(float)
    accuracy = np.trace(counts, axis1=1, axis2=2) / counts.sum((1, 2))
    row = overall(cohort.counts, group_bootstrap(cohort.subjects, cohort.groups)).set_index("metric").loc["accuracy"]
    low, high = stats.t.interval(0.95, 7, accuracy.mean(), stats.sem(accuracy))
    assert row["high"] - row["low"] == pytest.approx(high - low, rel=0.1)  # plain percentiles are a fifth shorter
    replicates = np.random.default_rng(0).normal(size=2000)
    (few_low, few_high), (low, high) = (interval_bounds(replicates, people) for people in (8, 800))
    assert few_high - few_low > 1.2 * (high - low)


def test_people_are_drawn_within_their_group_so_that_no_replicate_loses_one(make_cohort):
    cohort = make_cohort(0, errors=(0.1, 0.2), people=3, images=2)
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=200)
    for name in np.unique(cohort.groups):
        own = np.unique(bootstrap.unit[cohort.groups == name])
        assert (bootstrap.weights[:, own].sum(1) == 3).all()
    for refused in (
        lambda labels: group_bootstrap(cohort.subjects, labels),
        lambda labels: by_group(cohort.counts, labels, bootstrap),
    ):
        with pytest.raises(InputError, match=r"labels[\s\S]*12 labels, one per image"):
            refused(cohort.groups[:-1])


def test_people_shown_in_several_groups_are_drawn_with_all_their_images(make_paired_cohort):
    cohort = make_paired_cohort(0, people=15)
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=50)
    assert bootstrap.weights.shape == (50, 15)
    assert (bootstrap.weights.sum(1) == 15).all()


def test_gap_leaves_out_groups_of_fewer_than_ten_people(make_cohort):
    large, tiny = make_cohort(0, errors=(0.2, 0.2), people=12), make_cohort(1, errors=(0.9,), people=9)
    counts = np.concatenate([large.counts, tiny.counts])
    groups = np.concatenate([large.groups, np.full(len(tiny.groups), "caucasian")])
    subjects = np.concatenate([large.subjects, np.char.add(tiny.subjects, "x")])
    sizes = {"estimands": ["accuracy"], "replicates": 100, "permutations": 99}
    with_tiny = group_gap.gaps(counts, groups, subjects, **sizes)["accuracy"]
    assert with_tiny == group_gap.gaps(large.counts, large.groups, large.subjects, **sizes)["accuracy"]
    assert with_tiny.gap < 0.1


def test_gap_is_nan_with_fewer_than_two_groups_to_rank(make_cohort):
    cohort = make_cohort(0, errors=(0.2, 0.3), people=9)
    gap = gap_of(cohort)
    assert np.isnan([gap.gap, gap.corrected, gap.low, gap.high, gap.p_value]).all()
    assert gap.best == gap.worst == ""


def test_gap_names_the_best_and_the_worst_group(make_cohort):
    cohort = make_cohort(0, errors=(0.2, 0.1, 0.3), people=20)
    gap = gap_of(cohort)
    assert (gap.best, gap.worst) == ("black", "caucasian")
    values = [pixel_accuracy(cohort.counts[cohort.groups == name].sum(0)) for name in ("black", "caucasian")]
    assert gap.gap == pytest.approx(values[0] - values[1])
    assert gap.corrected == pytest.approx(gap.gap - gap.expected_by_chance)
    assert gap.low < gap.corrected < gap.high
    assert gap.p_value == pytest.approx(1 / 200)


def test_gap_agrees_with_scipys_permutation_test(make_cohort):
    cohort = make_cohort(4, errors=(0.2, 0.2, 0.22), people=15, images=1)
    accuracy = pixel_accuracy(cohort.counts)
    samples = [accuracy[cohort.groups == name] for name in ("asian", "black", "caucasian")]

    def statistic(*groups, axis=-1):
        means = [group.mean(axis) for group in groups]
        return np.max(means, 0) - np.min(means, 0)

    reference = stats.permutation_test(
        samples, statistic, n_resamples=4000, vectorized=True, alternative="greater", rng=np.random.default_rng(1)
    )
    gap = gap_of(cohort, permutations=4000)
    assert gap.gap == pytest.approx(reference.statistic)
    assert 0.05 < gap.p_value < 0.95
    assert gap.p_value == pytest.approx(reference.pvalue, abs=0.035)
    assert gap.expected_by_chance == pytest.approx(reference.null_distribution.mean(), rel=0.03)


def test_no_gap_raises_few_false_alarms(make_cohort):
    """Of 100 worlds without a gap at most 7 may look unfair."""
    gaps = [gap_of(make_cohort(seed, errors=(0.2, 0.2, 0.2), people=20, images=2), seed) for seed in range(100)]
    assert sum(gap.p_value < 0.05 for gap in gaps) <= 7
    assert sum(gap.low > 0 for gap in gaps) <= 7
    assert abs(np.mean([gap.corrected for gap in gaps])) < 0.002  # the gap itself averages about 0.015
    assert np.mean([gap.gap for gap in gaps]) > 0.01


def test_interval_never_contradicts_the_permutation_test(make_cohort):
    for seed in range(40):
        gap = gap_of(make_cohort(seed, errors=(0.2, 0.21, 0.22), people=10, images=2), seed)
        assert gap.low <= 0 or gap.p_value <= 0.055, seed
        assert gap.low < gap.corrected < gap.high, seed


def test_planted_gap_of_three_points_is_found_and_covered(make_cohort):
    gaps = [gap_of(make_cohort(seed, errors=(0.20, 0.215, 0.23), people=100), seed) for seed in range(20)]
    assert sum(gap.p_value < 0.05 for gap in gaps) >= 18
    assert sum((gap.best, gap.worst) == ("asian", "caucasian") for gap in gaps) >= 18
    assert sum(gap.low <= 0.03 <= gap.high for gap in gaps) >= 18


def test_interval_of_a_large_gap_measures_its_error_and_not_its_size(make_cohort):
    gap = gap_of(make_cohort(0, errors=(0.1, 0.3), people=60))
    assert gap.low <= 0.2 <= gap.high
    assert gap.high - gap.low < 0.12


def test_paired_people_show_a_small_gap_that_unpaired_ones_hide(make_paired_cohort):
    cohort = make_paired_cohort(0, errors=(0.20, 0.21, 0.22), people=30)
    assert gap_of(cohort).p_value == pytest.approx(1 / 200)
    everyone_once = cohort.subjects + cohort.groups
    unpaired = group_gap.gaps(
        cohort.counts, cohort.groups, everyone_once, estimands=["accuracy"], replicates=100, permutations=199
    )["accuracy"]
    assert unpaired.p_value > 0.2


def test_paired_people_without_a_gap_raise_few_false_alarms(make_paired_cohort):
    gaps = [gap_of(make_paired_cohort(seed, people=20), seed) for seed in range(100)]
    assert sum(gap.p_value < 0.05 for gap in gaps) <= 7


def test_the_interval_reaches_as_far_as_the_largest_error_of_any_two_groups_in_95_of_100_replicates():
    observed = np.array([0.5, 0.7, 0.8])
    errors = np.random.default_rng(0).normal(0, [0.01, 0.02, 0.05], (400, 3))
    gap = group_gap._describe_gap(np.array(list("abc")), observed, np.zeros((9, 3)), observed + errors)
    reach = np.quantile([max(row) - min(row) for row in errors], 0.95)
    assert (gap.low, gap.high) == (pytest.approx(0.3 - reach), pytest.approx(0.3 + reach))


def test_gap_does_not_depend_on_the_order_of_images(make_cohort):
    cohort = make_cohort(0, errors=(0.2, 0.22), people=12)
    order = np.random.default_rng(0).permutation(len(cohort.counts))
    sizes = {"replicates": 50, "permutations": 50}
    plain = group_gap.gaps(cohort.counts, cohort.groups, cohort.subjects, **sizes)
    mixed = group_gap.gaps(cohort.counts[order], cohort.groups[order], cohort.subjects[order], **sizes)
    for key, gap in plain.items():
        for field, value in vars(gap).items():
            assert vars(mixed[key])[field] == (value if isinstance(value, str) else pytest.approx(value)), (key, field)


def test_missing_group_labels_are_refused(make_cohort):
    cohort = make_cohort(0, people=10)
    labels = cohort.groups.astype(object)
    labels[3] = np.nan
    with pytest.raises(InputError, match="1 images, the first at position 3"):
        group_gap.gaps(cohort.counts, labels, cohort.subjects)
    with pytest.raises(InputError, match="30 labels, one per image"):
        group_gap.gaps(cohort.counts, cohort.groups[:-1], cohort.subjects)
    with pytest.raises(InputError, match=r"subject_id[\s\S]*30 labels, one per image"):
        group_gap.gaps(cohort.counts, cohort.groups, cohort.subjects[:-1])
