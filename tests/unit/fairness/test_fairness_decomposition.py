import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefair_lib.errors import InputError
from facefair_lib.fairness.decomposition import COMPONENTS, effects_table, shapley
from facefair_lib.fairness.paired import paired_table

GROUPS = ("asian", "black", "caucasian")


def test_hand_worked_person():
    # rows: asian, black; columns: tone of asian, tone of black
    scores = np.array([[[0.90, 0.80], [0.86, 0.70]]])
    result = shapley(scores, [0, 1], ["asian", "black"])
    # total .90 - .70; morphology ((.90 - .86) + (.80 - .70)) / 2; tone ((.90 - .80) + (.86 - .70)) / 2
    np.testing.assert_allclose(result.values[0, 0], [0.20, 0.07, 0.13])
    assert result.names["component"].tolist() == list(COMPONENTS)
    assert result.names["contrast"].unique().tolist() == ["asian-black"]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.permutations(range(3)))
def test_morphology_and_tone_add_up_to_the_total_of_every_person(seed, tones):
    scores = np.random.default_rng(seed).random((5, 3, 3))
    total, morphology, tone = np.moveaxis(shapley(scores, tones, GROUPS).values, -1, 0)
    np.testing.assert_allclose(total, morphology + tone, rtol=0, atol=1e-12)
    np.testing.assert_allclose(total[:, 0], scores[:, 0, tones[0]] - scores[:, 1, tones[1]])


def test_effects_of_one_cause_alone_stay_with_it():
    group, tone = np.array([0.0, 0.1, 0.3]), np.array([0.0, 0.05, 0.2])
    only_shape = np.broadcast_to(group[:, None], (4, 3, 3))
    only_tone = np.broadcast_to(tone, (4, 3, 3))
    assert np.abs(shapley(only_shape, [0, 1, 2], GROUPS).values[..., 2]).max() == 0
    assert np.abs(shapley(only_tone, [0, 1, 2], GROUPS).values[..., 1]).max() == 0
    both = shapley(only_shape + only_tone, [0, 1, 2], GROUPS).values[0]
    np.testing.assert_allclose(both[0], [-0.15, -0.10, -0.05])  # without interaction the order of changing is all one


def test_planted_effects_of_shape_and_tone_are_told_apart():
    rng = np.random.default_rng(0)
    effect = np.array([0.0, -0.04, 0.0])[:, None] + np.array([0.0, 0.0, 0.03])
    scores = 0.8 + rng.normal(0, 0.08, (24, 1, 1)) + effect + rng.normal(0, 0.01, (24, 3, 3))
    table = effects_table(shapley(scores, [0, 1, 2], GROUPS)).set_index(["contrast", "component"])
    truth = {("asian-black", "morphology"): 0.04, ("asian-caucasian", "tone"): -0.03, ("asian-black", "tone"): 0.0}
    for key, value in truth.items():
        assert table.loc[key, "low"] <= value <= table.loc[key, "high"]
        assert (table.loc[key, "p_adjusted"] < 0.05) == (value != 0)
    assert table["n_subjects"].unique().tolist() == [24]


def test_whether_groups_differ_is_adjusted_apart_from_where_it_comes_from():
    scores = 0.8 + np.random.default_rng(4).normal(0, 0.05, (20, 3, 3))
    parts = shapley(scores, [0, 1, 2], GROUPS)
    table = effects_table(parts, permutations=300)
    for totals in (True, False):
        rows = ((parts.names["component"] == "total") == totals).to_numpy()
        alone = paired_table(parts.differences[:, rows], parts.names[rows], permutations=300)
        chosen = table[rows].reset_index(drop=True)
        np.testing.assert_array_equal(chosen["p_adjusted"], alone["p_adjusted"])


def test_a_missing_picture_leaves_the_person_out_of_the_pairs_that_need_it():
    scores = np.random.default_rng(0).random((6, 3, 3))
    scores[2, 0, 1] = np.nan  # asian in the tone of black
    table = effects_table(shapley(scores, [0, 1, 2], GROUPS))
    assert table["n_subjects"].tolist() == [5] * 3 + [6] * 6
    totals = table[table["component"] == "total"]["difference"].to_numpy()
    parts = table[table["component"] != "total"].groupby("contrast", sort=False)["difference"].sum().to_numpy()
    np.testing.assert_allclose(totals, parts)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="one name and one typical tone per group"):
        shapley(np.zeros((4, 3, 3)), [0, 1], GROUPS)
    with pytest.raises(InputError, match="positions from 0 to 2"):
        shapley(np.zeros((4, 3, 3)), [0, 1, 3], GROUPS)
