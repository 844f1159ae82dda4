"""What every function of this room does with its inputs: it names the column that is wrong, and draws from its seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.fairness.decomposition import Decomposition, effects_table
from facefair_lib.fairness.equivalence import equivalence_table
from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.features import feature_table
from facefair_lib.fairness.group_gap import gaps
from facefair_lib.fairness.groups import by_group, group_bootstrap
from facefair_lib.fairness.model_gaps import compare_gaps, model_by_group
from facefair_lib.fairness.paired import paired_table
from facefair_lib.fairness.power import detectable_gap
from facefair_lib.fairness.seeds import two_level_estimate
from facefair_lib.fairness.subjects import subject_array, subject_scores
from facefair_lib.scores.resampling import permuted_totals, subject_bootstrap
from facefair_lib.scores.without_masks import predicts

PEOPLE = 24
RANDOM = np.random.default_rng(0)
SCORES, OTHER = RANDOM.normal(0.8, 0.1, (2, PEOPLE))
COUNTS = RANDOM.integers(1, 99, (PEOPLE, 2, 2))
LABELS = np.array(["asian", "black"] * (PEOPLE // 2), object)
SUBJECTS = np.array([f"person{number:02d}" for number in range(PEOPLE)], object)
COLUMNS = {"labels": LABELS, "subject_id": SUBJECTS}
ONE_OF_EACH = subject_bootstrap(SUBJECTS, replicates=9)

WITH_LABELS: dict[str, Callable] = {
    "gaps": lambda labels, subjects: gaps(COUNTS, labels, subjects, replicates=9, permutations=9),
    "by_group": lambda labels, _: by_group(COUNTS, labels, ONE_OF_EACH),
    "group_bootstrap": lambda labels, subjects: group_bootstrap(subjects, labels, replicates=9),
    "class_family": lambda labels, subjects: class_family(SCORES[:, None], labels, subjects, classes=["nose"]),
    "compare_gaps": lambda labels, subjects: compare_gaps(SCORES, OTHER, labels, subjects, replicates=9),
    "equivalence_table": lambda labels, subjects: equivalence_table(SCORES, labels, subjects),
    "subject_scores": lambda labels, subjects: subject_scores(SCORES, subjects, labels),
    "subject_array": lambda labels, subjects: subject_array(SCORES, subjects, {"labels": labels}),
    "two_level_estimate": lambda labels, _: two_level_estimate(SCORES[None], labels, {"asian": 1, "black": -1}),
    "permuted_totals": lambda labels, subjects: permuted_totals(SCORES[:, None], labels, subjects, permutations=9),
    "predicts": lambda _, subjects: predicts(SCORES, OTHER, subjects, replicates=9),
}
KNOWS_ONLY = {"by_group": "labels", "two_level_estimate": "labels", "predicts": "subject_id"}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", WITH_LABELS)
def test_the_column_with_a_missing_label_is_named(name: str, column: str) -> None:
    damaged = {**COLUMNS, column: np.where(np.arange(PEOPLE) == 3, None, COLUMNS[column])}
    WITH_LABELS[name](*COLUMNS.values())
    if KNOWS_ONLY.get(name, column) == column:
        with pytest.raises(InputError, match=rf"^{column}\n(.|\n)*no label for 1 images, the first at position 3"):
            WITH_LABELS[name](*damaged.values())


def test_the_strata_of_a_bootstrap_are_named() -> None:
    with pytest.raises(InputError, match=r"^strata\n"):
        subject_bootstrap(SUBJECTS, strata=[*LABELS[1:], None])


PARTS = pd.DataFrame({"contrast": "asian-black", "component": ["total", "tone"]})
FEATURES = pd.DataFrame({"subject_id": SUBJECTS, "group": LABELS})
SEEDED: dict[str, Callable] = {
    "gaps": lambda seed: gaps(COUNTS, LABELS, SUBJECTS, replicates=99, permutations=99, seed=seed),
    "group_bootstrap": lambda seed: group_bootstrap(SUBJECTS, LABELS, replicates=9, seed=seed).weights.tolist(),
    "subject_bootstrap": lambda seed: subject_bootstrap(SUBJECTS, replicates=9, seed=seed).weights.tolist(),
    "permuted_totals": lambda seed: permuted_totals(
        SCORES[:, None], LABELS, SUBJECTS, permutations=9, seed=seed
    ).tolist(),
    "class_family": lambda seed: class_family(
        SCORES[:, None], LABELS, SUBJECTS, classes=["nose"], permutations=99, seed=seed
    ).to_dict(),
    "compare_gaps": lambda seed: compare_gaps(SCORES, OTHER, LABELS, SUBJECTS, replicates=99, seed=seed),
    "model_by_group": lambda seed: model_by_group(SCORES, OTHER, LABELS, SUBJECTS, permutations=99, seed=seed),
    "feature_table": lambda seed: feature_table(SCORES, FEATURES, replicates=99, seed=seed).to_dict(),
    "predicts": lambda seed: predicts(SCORES, OTHER, SUBJECTS, replicates=99, seed=seed),
    "paired_table": lambda seed: paired_table(SCORES[:, None] - 0.8, ["a-b"], permutations=99, seed=seed).to_dict(),
    "effects_table": lambda seed: effects_table(
        Decomposition(np.stack([SCORES, OTHER], 1) - 0.8, PARTS), permutations=99, seed=seed
    ).to_dict(),
    "detectable_gap": lambda seed: detectable_gap(SCORES, LABELS, SUBJECTS, replicates=99, permutations=99, seed=seed),
}


@pytest.mark.parametrize("name", SEEDED)
def test_one_seed_gives_the_same_again_and_another_seed_something_else(name: str) -> None:
    first, again, other = (repr(SEEDED[name](seed)) for seed in (1, 1, 2))
    assert first == again != other
