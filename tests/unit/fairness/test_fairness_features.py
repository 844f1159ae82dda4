import numpy as np
import pandas as pd
import pytest

from facefair_lib.fairness.features import (
    AGE_BANDS,
    CONTROL,
    FACE_SIZES,
    SENSITIVE,
    TONE_BANDS,
    YAW_BANDS,
    feature_table,
    levels,
)

PEOPLE = pd.DataFrame(
    {
        "subject_id": list("pqrstu"),
        "group": ["asian", "asian", "black", "black", "caucasian", None],
        "gender": ["female", "male", "female", "male", "female", "male"],
        "emotion": "sad",
        "age": [18, 29.9, 30, 45, 59.5, 80],
        "skin_tone": [0.4, 3.49, 3.5, 6.5, 10.7, np.nan],
        "yaw": [0, -15, 15.1, -45, 50, np.nan],
        "interocular": [10, 20, 30, 40, 50, 60],
        "glasses": ["none", "clear", "none", "none", "sunglasses", "none"],
    },
    index=[10, 11, 12, 13, 14, 15],
)


def test_levels_of_hand_worked_people():
    table = levels(PEOPLE)
    assert table.index.tolist() == PEOPLE.index.tolist()
    assert table["skin_tone"].tolist() == ["1", "3", "4", "7", "10", None]
    assert table["tone_band"].tolist() == [
        "light (1-3)", "light (1-3)", "medium (4-6)", "dark (7-10)", "dark (7-10)", None,
    ]  # fmt: skip
    assert table["age_band"].tolist() == ["under 30", "under 30", "30-44", "45-59", "45-59", "60 and over"]
    assert table["yaw_band"].tolist() == [
        "front (up to 15)", "front (up to 15)", "turned (15 to 45)", "turned (15 to 45)", "side (over 45)", None,
    ]  # fmt: skip
    assert table["face_size"].tolist() == ["small", "small", "middle", "middle", "large", "large"]
    assert table["group_gender"].tolist()[::5] == ["asian female", None]
    assert table["group_emotion"].tolist()[2] == "black sad"


def test_only_columns_that_people_allows_in_the_order_of_the_features():
    table = levels(PEOPLE)
    expected = [name for name in (*SENSITIVE, *CONTROL) if name not in ("light", "occluder")]
    assert table.columns.tolist() == expected
    assert levels(PEOPLE[["subject_id", "gender"]]).columns.tolist() == ["gender"]
    seen = levels(pd.DataFrame({"occluder": ["hand"], "light": ["soft"]}))
    assert seen.to_dict("list") == {"light": ["soft"], "occluder": ["hand"]}


def test_matched_people_are_drawn_together_and_counted_one_by_one():
    names = [f"{place:02d}" for place in range(60)]
    people = pd.DataFrame({"subject_id": names, "emotion": "sad", "matched_set": np.repeat(names[:20], 3)})
    scores = np.repeat(np.random.default_rng(2).normal(0.5, 0.1, 20), 3)  # all of a set score alike
    found = feature_table(scores, people, replicates=2000).iloc[0]
    alone = feature_table(scores[::3], people[::3], replicates=2000).iloc[0]
    assert found[["value", "low", "high"]].tolist() == pytest.approx(alone[["value", "low", "high"]].tolist())
    assert (found["n_subjects"], alone["n_subjects"]) == (60, 20)
    unmatched = feature_table(scores, people.drop(columns="matched_set"), replicates=2000).iloc[0]
    assert unmatched["high"] - unmatched["low"] < 0.7 * (found["high"] - found["low"])


def test_equal_faces_are_of_one_size():
    table = levels(pd.DataFrame({"face_share": [0.5, 0.5, 0.5, np.nan]}))
    assert table["face_size"].tolist() == ["middle", "middle", "middle", None]


def test_feature_table_averages_subjects_and_keeps_the_order_of_scales():
    rng = np.random.default_rng(0)
    people = pd.concat([PEOPLE, PEOPLE], ignore_index=True)
    scores = rng.random(12)
    table = feature_table(scores, people, replicates=200)
    scales = {"tone_band": TONE_BANDS, "age_band": AGE_BANDS, "yaw_band": YAW_BANDS, "face_size": FACE_SIZES}
    for feature, scale in scales.items():
        assert table.loc[table["feature"] == feature, "level"].tolist() == list(scale)
    bands = table[table["feature"] == "tone_band"]
    row = bands.iloc[0]
    assert row["value"] == pytest.approx(scores[[0, 1, 6, 7]].mean())
    assert (row["n_images"], row["n_subjects"], row["small"]) == (4, 2, True)
    assert row["low"] < row["value"] < row["high"]
    tones = table[table["feature"] == "skin_tone"]
    assert tones["level"].tolist() == ["1", "3", "4", "7", "10"]
    assert tones[["low", "high"]].isna().all(axis=None)  # one person each


def test_people_without_a_level_or_a_score_are_left_out_of_the_feature():
    scores = np.array([0.5, np.nan, 0.5, 0.5, 0.5, 0.5])
    table = feature_table(scores, PEOPLE, replicates=20)
    counts = table.groupby("feature")["n_images"].sum()
    assert (counts["group"], counts["gender"], counts["skin_tone"]) == (4, 5, 4)
    nobody = table.loc[table["level"] == "3", ["value", "low", "n_images", "n_subjects"]]
    assert nobody.to_numpy().tolist()[0] == pytest.approx([np.nan, np.nan, 0, 0], nan_ok=True)
