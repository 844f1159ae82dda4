"""Made-up confusion counts whose true scores are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

PIXELS = np.array([600, 400])
"""Target pixels of the two classes in every made-up image."""


@dataclass(frozen=True)
class Cohort:
    """People with images: counts (N, 2, 2), subjects (N,), groups (N,)."""

    counts: np.ndarray
    subjects: np.ndarray
    groups: np.ndarray


def _two_class_counts(errors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw wrong pixels of both classes at the given rates, (N,) -> (N, 2, 2)."""
    wrong = rng.binomial(PIXELS, errors[:, None])  # (N, 2)
    counts = np.empty((len(errors), 2, 2), np.int64)
    counts[:, 0, 0], counts[:, 0, 1] = PIXELS[0] - wrong[:, 0], wrong[:, 0]
    counts[:, 1, 1], counts[:, 1, 0] = PIXELS[1] - wrong[:, 1], wrong[:, 1]
    return counts


@pytest.fixture
def make_cohort():
    """Return a maker of cohorts: one mean error per group, people who differ by ``spread``, several images each."""

    def make(seed, errors=(0.2,), people=40, images=3, spread=0.05):
        rng = np.random.default_rng(seed)
        group_of_person = np.repeat(np.arange(len(errors)), people)
        person_error = np.asarray(errors)[group_of_person] + rng.uniform(-1, 1, len(group_of_person)) * spread * 3**0.5
        subjects = np.repeat(np.arange(len(group_of_person)), images)
        counts = _two_class_counts(np.clip(person_error, 0, 1)[subjects], rng)
        names = np.array(["asian", "black", "caucasian"])[group_of_person[subjects]]
        return Cohort(counts, np.array([f"person{s:04d}" for s in subjects]), names)

    return make


@pytest.fixture
def make_paired_cohort():
    """Return a maker of people seen once under each label, who differ much more than the labels do."""

    def make(seed, errors=(0.2, 0.2, 0.2), people=40, spread=0.08):
        rng = np.random.default_rng(seed)
        person_error = 0.2 + rng.uniform(-1, 1, people) * spread * 3**0.5
        error = (person_error[:, None] + np.asarray(errors) - 0.2).ravel()
        subjects = np.repeat([f"person{s:04d}" for s in range(people)], len(errors))
        labels = np.tile(["angry", "happy", "sad"][: len(errors)], people)
        return Cohort(_two_class_counts(np.clip(error, 0, 1), rng), subjects, labels)

    return make
