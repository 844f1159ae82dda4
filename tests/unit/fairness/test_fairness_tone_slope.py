"""The slope of scores over measured tone: whose it is, what it is free of, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from facefair_lib.fairness.tone_slope import tone_slope


def people(count: int, slope: float, noise: float, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Two collections of people with two pictures each; the second is lighter and scores lower as a whole."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(2 * count), 2)
    second = person >= count
    tone = random.uniform(0, 40, 2 * count)[person] + 30 * second
    own = random.normal(0, noise, 2 * count)[person]
    return 0.5 + slope * tone - 0.4 * second + own, tone, person.astype(str), np.where(second, "V3", "V2")


def test_the_slope_is_found_within_collections_although_they_differ_the_other_way():
    scores, tones, subjects, collections = people(20, 0.004, 0)
    found = tone_slope(scores, tones, subjects, collections)
    assert found.slope == pytest.approx(0.004) and found.low == pytest.approx(0.004)
    assert (found.n_images, found.n_subjects) == (80, 40)
    assert (found.darkest, found.lightest) == (tones.min(), tones.max())
    assert np.polyfit(tones, scores, 1)[0] < 0, "a line through all of them falls"
    assert tone_slope(scores, tones / 1000, subjects, collections).slope == pytest.approx(4)


def test_a_person_counts_once_however_many_pictures_there_are():
    scores, tones, subjects, collections = people(15, 0.002, 0.05)
    again = np.r_[np.arange(len(scores)), np.tile([0, 1], 50)]
    repeated = tone_slope(*(part[again] for part in (scores, tones, subjects, collections)))
    once = tone_slope(scores, tones, subjects, collections)
    assert repeated.slope == pytest.approx(once.slope) and repeated.high == pytest.approx(once.high)
    assert repeated.n_images == once.n_images + 100


def test_intervals_hold_the_true_slope_about_as_often_as_they_say():
    inside = 0
    for seed in range(200):
        found = tone_slope(*people(10, 0.001, 0.1, seed))
        inside += found.low <= 0.001 <= found.high
    assert 180 <= inside <= 199


def test_pictures_without_tone_and_collections_of_too_few_people_are_left_out():
    scores, tones, subjects, collections = people(10, 0.003, 0.02)
    alone = collections.copy()
    alone[:4] = "V1"  # two people
    left = tone_slope(scores, np.where(np.arange(len(tones)) < 4, np.nan, tones), subjects, collections)
    assert tone_slope(scores, tones, subjects, alone) == left and left.n_subjects == 18


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_people_have_no_slope(count):
    found = tone_slope(*people(count, 0.001, 0.1))
    assert np.isnan(found.slope) and np.isnan(found.low)
    assert (found.n_images, found.n_subjects) == (0, 0), "collections of fewer than three people are left out"


def test_people_of_one_tone_have_no_slope():
    scores, tones, subjects, collections = people(10, 0.001, 0.1)
    found = tone_slope(scores, np.full_like(tones, 20.0), subjects, collections)
    assert np.isnan(found.slope) and found.darkest == found.lightest == 20
    assert (found.n_images, found.n_subjects) == (40, 20)
    three = collections == "V3"
    three &= np.isin(subjects, ["10", "11", "12"])
    few = tone_slope(*(part[three] for part in (scores, tones, subjects, collections)))
    assert np.isfinite(few.slope) and (few.n_images, few.n_subjects) == (6, 3), "three people are enough"
