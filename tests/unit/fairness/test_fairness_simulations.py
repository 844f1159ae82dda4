"""Worlds whose truth is known: every test shipped must stay quiet without an effect, and every interval must cover one.

At the nominal 5 % a valid test would exceed 7 false alarms in one run of 100 worlds out of eight, by chance alone. So
each runs in more worlds than that wherever it is cheap; the limits stay 7 and 92 in 100.
"""

import functools

import numpy as np
import pandas as pd
import pytest

from facefair_lib.fairness import families
from facefair_lib.fairness.decomposition import shapley
from facefair_lib.fairness.equivalence import equivalence_paired, equivalence_unpaired
from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.model_gaps import compare_gaps
from facefair_lib.fairness.paired import sign_flip_test
from facefair_lib.fairness.regression.adjusted import adjusted_gaps
from facefair_lib.fairness.seeds import TwoLevel, two_level_difference, two_level_estimate
from facefair_lib.scores.resampling import percentile_interval, times_drawn
from facefair_lib.scores.without_masks import predicts

GAP = 0.03
GROUPS = np.array(["asian", "black", "caucasian"])


def differences(people, worlds, effect=0.0, seed=0):
    """Paired differences (people, worlds) with the spread of counterfactual pairs."""
    return effect + np.random.default_rng(seed).normal(0, 0.036, (people, worlds))


def cohort(seed, people=20, images=2, effect=0.0, columns=1):
    """Scores (N, columns) of different people in three groups, the last one better by the effect."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(3), people)
    subject = np.repeat(np.arange(3 * people), images)
    level = 0.8 + 0.05 * rng.normal(size=(3 * people, columns)) + effect * (group == 2)[:, None]
    return level[subject] + 0.04 * rng.normal(size=(len(subject), columns)), GROUPS[group[subject]], subject


def counterfactuals(seed, people=24, effect=0.0, columns=1):
    """Scores (N, columns) of people shown once in each of three groups."""
    rng = np.random.default_rng(seed)
    subject, group = np.repeat(np.arange(people), 3), np.tile(np.arange(3), people)
    level = 0.8 + 0.08 * rng.normal(size=(people, columns))
    noise = 0.025 * rng.normal(size=(len(subject), columns))
    return level[subject] + noise + effect * (group == 2)[:, None], GROUPS[group], subject


def two_models(seed, first, second, people=25):
    """Scores of two models, alike on the same image, with given group means."""
    scores, labels, subjects = cohort(seed, people)
    noise = 0.02 * np.random.default_rng([seed, 1]).normal(size=(2, len(scores)))
    code = np.searchsorted(GROUPS, labels)
    shifts = np.asarray([first, second])[:, code]  # (2, N)
    return *(scores[:, 0] + shifts + noise), labels, subjects


def confounded(seed, images, people=20, effect=0.0, subject_spread=0.05):
    """Scores and people where groups differ in pose, and pose costs."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(3 * people), images)
    group = np.repeat(np.arange(3), people)[subject]
    yaw, light = rng.normal(size=len(subject)) + 0.5 * group, rng.choice(["dim", "hard", "soft"], len(subject))
    score = 0.8 + subject_spread * rng.normal(size=3 * people)[subject] + 0.05 * rng.normal(size=len(subject))
    score += effect * (group == 2) - 0.03 * yaw - 0.02 * (light == "dim")
    table = {"subject_id": subject, "group": GROUPS[group], "yaw": yaw, "light": light}
    return score, pd.DataFrame(table).assign(emotion=np.resize(["angry", "happy", "sad"], len(subject)))


def seeds_and_people(seed, seeds, effect=0.0, people=30):
    rng = np.random.default_rng(seed)
    return (
        effect
        + 0.01 * rng.normal(size=(seeds, 1)) * (seeds > 1)
        + 0.05 * rng.normal(size=(1, people))
        + 0.02 * rng.normal(size=(seeds, people))
    )


def quality(seed, correlation, people=40, images=3):
    """Measure and truth whose people and images both correlate by this much."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(people), images)
    person, image = rng.normal(size=(2, people)), rng.normal(size=(2, len(subject)))
    both = 0.6**0.5 * person[:, subject] + 0.4**0.5 * image
    return both[0], correlation * both[0] + (1 - correlation**2) ** 0.5 * both[1], subject


@functools.cache
def adjusted(method):
    """Rows of all worlds of one design: mixed, ols_hc3 (one picture each), ols_cluster (few have several).

    The third group is better by the gap; the first and the second are equal.
    """
    tables = []
    for world in range(120):
        images = {"mixed": 3, "ols_hc3": 1, "ols_cluster": np.where(np.arange(75) % 15 == 0, 3, 1)}[method]
        score, people = confounded(world, images, 20 if method == "mixed" else 25, GAP)
        tables.append(adjusted_gaps(score, people, ["yaw", "light"]))
    rows = pd.concat(tables)
    assert set(rows.loc[rows["kind"] == "adjusted", "method"]) == {method}
    return rows.set_index(["kind", "contrast"]).sort_index()


def p_adjusted(method):
    return adjusted(method).loc[("adjusted", "asian-black"), "p_value"]


def family(maker, worlds=150):
    """Smallest p value of a whole family of groups and classes, world by world."""
    smallest = []
    for world in range(worlds):
        scores, labels, subjects = maker(world, columns=6)
        table = class_family(scores, labels, subjects, classes=list("uvwxyz"), permutations=199, seed=world)
        smallest.append(table["p_adjusted"].min())
    return smallest


def one_class_each(maker, effect=0.0, worlds=600):
    """Rows of the last group, one class per world."""
    scores, labels, subjects = maker(0, effect=effect, columns=worlds)
    table = class_family(scores, labels, subjects, classes=list(range(worlds)), permutations=499)
    return table[table["group"] == "caucasian"]


def paired_families(holm, worlds=300):
    smallest = []
    for world in range(worlds):
        rng = np.random.default_rng(world)
        scores = rng.normal(size=(24, 1, 1)) + rng.normal(size=(24, 3, 3))
        differences = shapley(scores, [0, 1, 2], GROUPS).differences
        test = sign_flip_test(differences, permutations=499, seed=world)
        smallest.append((families.holm(test.p_value) if holm else test.p_adjusted).min())
    return smallest


def compared(first, second, worlds=150, people=25):
    return [
        compare_gaps(*two_models(world, first, second, people), replicates=199, seed=world) for world in range(worlds)
    ]


def two_level(seeds, effect=0.0, worlds=300):
    return [two_level_estimate(seeds_and_people(world, seeds, effect)) for world in range(worlds)]


NO_EFFECT = {
    "sign flips, 24 people": lambda: sign_flip_test(differences(24, 1000), permutations=999).p_value,
    "sign flips, exact": lambda: sign_flip_test(differences(10, 1000)).p_value,
    "family of effects, max-|t|": lambda: paired_families(holm=False),
    "family of effects, Holm": lambda: paired_families(holm=True),
    "classes, different people": lambda: one_class_each(cohort)["p_value"],
    "classes, same people": lambda: one_class_each(counterfactuals)["p_value"],
    "family of classes, different people, max-|t|": lambda: family(cohort),
    "family of classes, same people, max-|t|": lambda: family(counterfactuals),
    "model gaps, no gaps": lambda: [g.p_value for g in compared((0, 0, 0), (0, 0, 0))],
    "model gaps, equal and alike": lambda: [g.p_value for g in compared((0, 0.03, 0.06), (0.05, 0.08, 0.11))],
    "model gaps, equal and elsewhere": lambda: [g.p_value for g in compared((0, 0, 0.06), (0.06, 0, 0))],
    "adjusted gap, mixed": lambda: p_adjusted("mixed"),
    "adjusted gap, one picture each": lambda: p_adjusted("ols_hc3"),
    "adjusted gap, few with several pictures": lambda: p_adjusted("ols_cluster"),
    "three seeds": lambda: [effect.p_value for effect in two_level(3)],
    "five seeds": lambda: [effect.p_value for effect in two_level(5)],
    "one seed": lambda: [effect.p_value for effect in two_level(1)],
}
"""Test -> its p values in worlds without the effect that it tests."""


@pytest.mark.parametrize("name", NO_EFFECT)
def test_at_most_7_of_100_worlds_without_an_effect_raise_an_alarm(name):
    p_values = np.asarray(NO_EFFECT[name]())
    assert len(p_values) >= 100
    assert np.mean(p_values < 0.05) <= 0.07


def test_a_raw_gap_between_equal_groups_that_differ_in_pose_alone_raises_false_alarms():
    raw = adjusted("mixed").loc[("raw", "asian-black"), "p_value"]
    assert np.mean(raw < 0.05) > 0.1  # what adjusting is for


@pytest.mark.parametrize("paired", [True, False])
def test_groups_at_the_margin_are_called_equivalent_in_at_most_7_of_100_worlds(paired):
    rng = np.random.default_rng(0)
    called = []
    for values in GAP + rng.normal(0, 0.03, (600, 40)):
        other = rng.normal(0, 0.04, 60)
        test = equivalence_paired(values, GAP) if paired else equivalence_unpaired(values, other, GAP)
        called.append(test.equivalent)
    assert 0.02 < np.mean(called) <= 0.07


def test_an_unrelated_measure_predicts_quality_in_at_most_7_of_100_worlds():
    found = [predicts(*quality(world, 0.0), replicates=200, seed=world) for world in range(150)]
    assert np.mean([not p.low <= 0 <= p.high for p in found]) <= 0.07


def ends(results):
    return np.array([[result.low, result.high] for result in results]).T


def flips(people):
    test = sign_flip_test(differences(people, 1000, GAP), permutations=999)
    return test.low, test.high


def rows_of(table, value):
    return table["low"].to_numpy(), table["high"].to_numpy(), value


def planted_adjusted(method):
    return rows_of(adjusted(method).loc[("adjusted", "asian-caucasian")], -GAP)


def expanded_percentiles():
    values = differences(12, 300, GAP).T
    low_high = [
        percentile_interval(times_drawn(np.zeros(12, int), 500, np.random.default_rng(world)) @ row / 12, people=12)
        for world, row in enumerate(values)
    ]
    return *ends(low_high), GAP


PLANTED = {
    "sign flips, 24 people": lambda: (*flips(24), GAP),
    "sign flips, 8 people": lambda: (*flips(8), GAP),
    "classes, different people": lambda: rows_of(one_class_each(cohort, GAP), GAP * 2 / 3),
    "classes, same people": lambda: rows_of(one_class_each(counterfactuals, GAP), GAP * 2 / 3),
    "model gaps": lambda: (*ends(compared((0, 0, GAP), (0, 0, 0))), GAP),
    "adjusted gap, mixed": lambda: planted_adjusted("mixed"),
    "adjusted gap, one picture each": lambda: planted_adjusted("ols_hc3"),
    "adjusted gap, few with several pictures": lambda: planted_adjusted("ols_cluster"),
    "three seeds": lambda: (*ends(two_level(3, GAP)), GAP),
    "one seed": lambda: (*ends(two_level(1, GAP)), GAP),
    "expanded percentiles, 12 people": expanded_percentiles,
}
"""Interval -> (low, high, the planted value) in many worlds."""


@pytest.mark.parametrize("name", PLANTED)
def test_interval_covers_a_planted_three_point_gap_in_at_least_92_of_100_worlds(name):
    low, high, truth = PLANTED[name]()
    assert len(low) >= 100
    assert np.mean((low <= truth) & (truth <= high)) >= 0.92


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_interval_of_a_rank_correlation_covers_it(correlation):
    truth = 6 / np.pi * np.arcsin(correlation / 2)  # Spearman's of a bivariate normal distribution
    found = [predicts(*quality(world, correlation), replicates=200, seed=world) for world in range(150)]
    assert np.mean([p.low <= truth <= p.high for p in found]) >= 0.92


FOUND = {
    "sign flips, 24 people": lambda: sign_flip_test(differences(24, 300, GAP), permutations=999).p_value,
    "classes, same people": lambda: one_class_each(counterfactuals, GAP, 200)["p_value"],
    "model gaps": lambda: [g.p_value for g in compared((0, 0, 2 * GAP), (0, 0, GAP / 2), 50, people=200)],
    "adjusted gap, mixed": lambda: [
        adjusted_gaps(*confounded(world, 3, 100, GAP), ["yaw", "light"])["p_value"].iloc[4] for world in range(50)
    ],
    "three seeds": lambda: [two_level_estimate(0.3 * seeds_and_people(w, 3) + GAP).p_value for w in range(50)],
}


@pytest.mark.parametrize("name", FOUND)
def test_planted_gap_is_found_in_at_least_8_of_10_worlds(name):
    assert np.mean(np.asarray(FOUND[name]()) < 0.05) >= 0.8


def test_percentile_interval_of_eight_people_is_too_short_and_the_inverted_test_is_not():
    values = differences(8, 300, GAP)
    drawn = times_drawn(np.zeros(8, int), 400, np.random.default_rng(0)) / 8
    plain = np.quantile(drawn @ values, [0.025, 0.975], axis=0)
    assert np.mean((plain[0] <= GAP) & (plain[1] >= GAP)) < 0.91


RUNS_OF = [(3, 0.004), (3, 0.02), (5, 0.004), (5, 0.02)]
"""Runs, and how far they scatter; people scatter by 0.02, so 24 of them by 0.004."""


def scattered_runs(rng, runs, scatter, people):
    """Scores (runs, people) of networks of which some are better by luck; people differ, and runs at each person."""
    return scatter * rng.normal(size=(runs, 1)) + people + 0.005 * rng.normal(size=(runs, len(people)))


@functools.cache
def studies(runs: int, scatter: float, worlds: int = 400) -> tuple[list[TwoLevel], list[TwoLevel], list[TwoLevel]]:
    """Worlds in which the planted gap is exactly the margin: all runs, the first alone, and all without the gap."""
    whole, alone, without = [], [], []
    for world in range(worlds):
        rng = np.random.default_rng([world, runs])
        scores = scattered_runs(rng, runs, scatter, 0.02 * rng.normal(size=24))
        gap = GAP if world % 2 else -GAP
        whole.append(two_level_estimate(scores + gap, margin=GAP))
        alone.append(two_level_estimate(scores[:1]))
        without.append(two_level_estimate(scores, margin=GAP))
    return whole, alone, without


@pytest.mark.parametrize(("runs", "scatter"), RUNS_OF)
def test_several_runs_keep_to_the_promised_error_where_one_run_is_sure_of_its_luck(runs, scatter):
    whole, alone, without = studies(runs, scatter)
    truth = np.resize([-GAP, GAP], len(whole))
    low, high = ends(whole)
    assert np.mean((low <= truth) & (truth <= high)) >= 0.93
    assert np.mean([study.p_value < 0.05 for study in without]) <= 0.06
    assert np.mean([study.p_value < 0.05 for study in alone]) > (0.1 if scatter < 0.01 else 0.5)


@pytest.mark.parametrize(("runs", "scatter"), RUNS_OF)
def test_an_effect_of_exactly_the_margin_is_called_smaller_in_at_most_6_of_100_worlds(runs, scatter):
    whole, _, without = studies(runs, scatter)
    assert 0.01 < np.mean([study.p_margin < 0.05 for study in whole]) <= 0.06
    if scatter < 0.01:
        assert np.mean([study.p_margin < 0.05 for study in without]) > 0.95, "no effect is called small"


@pytest.mark.parametrize("runs", [(5, 2), (3, 3)])
@pytest.mark.parametrize("scatter", [0.004, 0.02])
def test_two_kinds_of_training_are_told_apart_by_several_runs_of_each_and_not_by_one(runs, scatter):
    covered, alarms, of_one_run = [], [], []
    for world in range(400):
        rng = np.random.default_rng([world, *runs])
        people = 0.05 * rng.normal(size=24)  # of both kinds: the same people are tested
        other = people + GAP + 0.02 * rng.normal(size=24)
        first, second = (
            scattered_runs(rng, count, scatter, who) for count, who in zip(runs, (other, people), strict=True)
        )
        found = two_level_difference(first, second)
        covered.append(found.low <= GAP <= found.high)
        alarms.append(two_level_difference(first - GAP, second).p_value < 0.05)
        of_one_run.append(two_level_estimate(first[:1] - GAP - second[:1]).p_value < 0.05)
    assert np.mean(covered) >= 0.93
    assert np.mean(alarms) <= 0.07
    assert np.mean(of_one_run) > (0.1 if scatter < 0.01 else 0.5)
