from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.explore.group_comparison import (
    UNKNOWN,
    compare,
    describe_gap,
    features_of,
    values_in_order,
    with_bands,
)
from facefair_lib.explore.group_explorer import GroupExplorer
from facefair_lib.fairness.groups import MIN_SUBJECTS

ASIAN, BLACK, FEW = 12, 12, 3


def people() -> tuple[np.ndarray, pd.DataFrame]:
    """27 people with one picture each: 80 of 100 pixels right, 60 for black people, 50 for a group of few."""
    groups = ["asian"] * ASIAN + ["black"] * BLACK + ["caucasian"] * FEW
    right = np.array([{"asian": 80, "black": 60, "caucasian": 50}[group] for group in groups])
    right = right + np.tile([-2, 0, 2], 9)  # people of one group differ a little
    counts = np.zeros((len(groups), 11, 11), np.int64)
    counts[:, 4, 4], counts[:, 4, 5] = right, 100 - right
    names = [f"p{number}" for number in range(len(groups))]
    table = pd.DataFrame({"image_id": names, "subject_id": names, "group": groups})
    table["gender"] = np.tile(["female", "male", "female"], 9)
    table["age"] = np.linspace(20, 70, len(groups))
    return counts, with_bands(table)


def test_each_group_has_its_score_and_few_people_are_marked() -> None:
    counts, table = people()
    found = compare({"pspnet": counts}, table, "accuracy", "group", replicates=200)
    rows = found.table.set_index("group")
    assert rows.loc["asian", "value"] == pytest.approx(0.80)
    assert rows.loc["black", "value"] == pytest.approx(0.60)
    assert rows["small"].to_dict() == {"asian": False, "black": False, "caucasian": True}
    assert rows.loc["asian", "low"] <= 0.80 <= rows.loc["asian", "high"]
    assert rows["n_subjects"].to_dict() == {"asian": ASIAN, "black": BLACK, "caucasian": FEW}


def test_matched_people_are_compared_within_their_set_and_counted_one_by_one() -> None:
    table = pd.DataFrame({"matched_set": np.repeat(np.arange(12), 2).astype(str), "group": ["asian", "black"] * 12})
    table = table.assign(image_id=[f"p{n}" for n in range(24)], emotion=np.repeat(["sad", "happy"], 12))
    table["subject_id"] = table["image_id"]
    right = 40 + 4 * np.repeat(np.arange(12), 2) + 2 * (table["group"] == "asian").to_numpy()
    counts = np.zeros((24, 11, 11), np.int64)
    counts[:, 4, 4], counts[:, 4, 5] = right, 100 - right
    options = {"metric": "accuracy", "replicates": 300}
    found = compare({"m": counts}, table, feature="group", **options)
    assert found.gaps["m", ""].gap == pytest.approx(0.02) and found.gaps["m", ""].p_value < 0.02
    alone = compare({"m": counts}, table.drop(columns="matched_set"), feature="group", **options)
    assert alone.gaps["m", ""].p_value > 0.3
    by_emotion = compare({"m": counts}, table, feature="emotion", **options).table
    assert by_emotion["n_subjects"].tolist() == [12, 12] and by_emotion["small"].all(), "six sets each"


def test_the_gap_leaves_small_groups_out() -> None:
    counts, table = people()
    gap = compare({"pspnet": counts}, table, "accuracy", "group", replicates=200).gaps["pspnet", ""]
    assert gap.gap == pytest.approx(0.20)
    assert (gap.best, gap.worst) == ("asian", "black")
    assert "largest gap in pixel accuracy 20.0 points (Asian over Black)" in describe_gap(gap, "pixel accuracy")


def test_a_control_feature_gives_scores_within_each_of_its_levels() -> None:
    counts, table = people()
    found = compare({"pspnet": counts}, table, "accuracy", "group", "gender", replicates=200)
    assert set(found.table["level"]) == {"female", "male"}
    within = found.table[(found.table["level"] == "male") & (found.table["group"] == "asian")].iloc[0]
    chosen = (table["gender"] == "male") & (table["group"] == "asian")
    assert within["value"] == pytest.approx(counts[chosen, 4, 4].sum() / (100 * chosen.sum()))
    assert within["n_subjects"] == chosen.sum() < MIN_SUBJECTS
    assert "no gap is stated" in describe_gap(found.gaps["pspnet", "male"], "accuracy")


def test_a_gap_that_cannot_be_tested_says_why_and_the_scores_stay() -> None:
    counts, table = people()
    table = pd.concat([table, table.iloc[:2].assign(image_id=["again0", "again1"], group="black")], ignore_index=True)
    counts = np.concatenate([counts, counts[:2]])
    found = compare({"pspnet": counts}, table, "accuracy", "group", replicates=200)
    assert "2 of 24 subjects" in describe_gap(found.gaps["pspnet", ""], "accuracy")
    assert found.table["value"].notna().all()


def test_bands_hold_their_lower_edge_and_what_is_unknown_is_a_group_of_its_own() -> None:
    table = pd.DataFrame(
        {"age": [29.9, 30.0, 60.0, np.nan], "skin_tone": [1.0, 3.5, 6.49, 10.0], "yaw": [-50.0, 3, 15, 44]}
    )
    banded = with_bands(table)
    assert banded["age_band"].tolist() == ["below 30", "30 to 44", "60 and above", UNKNOWN]
    assert banded["skin_tone_band"].tolist() == ["Monk 1 to 3", "Monk 4 to 6", "Monk 4 to 6", "Monk 7 to 10"]
    assert banded["view"].tolist() == ["beyond 45°", "frontal, to 15°", "15° to 45°", "15° to 45°"]
    assert values_in_order(banded["age_band"], "age_band") == ["below 30", "30 to 44", "60 and above", UNKNOWN]


def test_only_attributes_that_tell_people_apart_are_offered() -> None:
    _, table = people()
    assert features_of(table.assign(emotion="happy")) == ["group", "gender", "age_band"]


def test_the_widget_follows_its_controls_and_greys_few_people() -> None:
    counts, table = people()
    explorer = GroupExplorer({"pspnet": counts}, table)
    assert "too few" in explorer.numbers.value
    explorer.feature.value = "gender"
    assert "Female" in explorer.numbers.value
    assert "Caucasian" not in explorer.numbers.value
    explorer.control.value = "group"
    assert "Asian · Female" in explorer.chart.value
    assert 'role="img"' in explorer.chart.value
