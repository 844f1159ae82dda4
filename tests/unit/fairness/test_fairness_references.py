"""Fairlearn computes the same group scores where both apply (one picture per person, mean of a score)."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame

from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.group_gap import gaps
from facefair_lib.fairness.groups import by_group, group_bootstrap, overall
from facefair_lib.scores.metrics import image_scores


@pytest.fixture
def cohort(make_cohort):
    return make_cohort(0, errors=(0.1, 0.2, 0.3), people=12, images=1)


@pytest.fixture
def frame(cohort):
    scores = image_scores(cohort.counts)["image_iou"]
    mean = lambda truth, prediction: float(np.mean(prediction))  # noqa: E731
    return MetricFrame(metrics=mean, y_true=scores, y_pred=scores, sensitive_features=cohort.groups)


def tables(cohort):
    bootstrap = group_bootstrap(cohort.subjects, cohort.groups, replicates=50)
    groups = by_group(cohort.counts, cohort.groups, bootstrap, ["image_iou"])
    return groups, overall(cohort.counts, bootstrap, estimands=["image_iou"])


def test_group_scores_are_fairlearns(cohort, frame):
    groups, whole = tables(cohort)
    for name, value in frame.by_group.items():
        assert groups.set_index("group").loc[name, "value"] == pytest.approx(value)
    assert whole["value"].item() == pytest.approx(frame.overall)


def test_the_gap_is_fairlearns_difference(cohort, frame):
    gap = gaps(cohort.counts, cohort.groups, cohort.subjects, estimands=["image_iou"], permutations=50)
    assert gap["image_iou"].gap == pytest.approx(frame.difference(method="between_groups"))


def test_class_values_and_relative_are_fairlearns(cohort, frame):
    scores = image_scores(cohort.counts)["image_iou"][:, None]
    table = class_family(scores, cohort.groups, cohort.subjects, classes=["all"], permutations=50)
    np.testing.assert_allclose(table["value"], frame.by_group)
    np.testing.assert_allclose(table["relative"], frame.by_group - frame.by_group.mean())
