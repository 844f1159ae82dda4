import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.mixed_linear_model import MixedLM

from facefair_lib.errors import InputError
from facefair_lib.fairness.regression import adjusted
from facefair_lib.fairness.regression.adjusted import adjusted_gaps
from facefair_lib.fairness.regression.design import build_design
from facefair_lib.fairness.regression.random_intercept import fit_random_intercept

GROUPS = ["asian", "black", "caucasian"]
CONTROLS = ["yaw", "light"]


def cohort(seed=0, people=15, images=3, effect=0.0):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(3 * people), images)
    group = np.repeat(np.arange(3), people)[subject]
    table = pd.DataFrame(
        {
            "subject_id": subject,
            "group": np.array(GROUPS)[group],
            "emotion": np.resize(["angry", "happy", "sad"], len(subject)),
            "yaw": rng.normal(0, 20, len(subject)) + 10 * group,
            "light": rng.choice(["dim", "hard", "soft"], len(subject)),
        }
    )
    score = 0.8 + 0.05 * rng.normal(size=3 * people)[subject] + 0.04 * rng.normal(size=len(subject))
    return score - 0.002 * table["yaw"].to_numpy() + effect * (group == 2), table


def adjusted_of(table):
    return table[table["kind"] == "adjusted"].set_index("contrast")


def test_random_intercept_agrees_with_statsmodels():
    score, people = cohort(1)
    score = 100 * score  # statsmodels takes any variance below 0.01 for a boundary
    design = build_design(people, GROUPS, CONTROLS)
    own = fit_random_intercept(score, design.matrix, people["subject_id"].to_numpy())
    reference = MixedLM(score, design.matrix, groups=people["subject_id"]).fit(reml=True, method="bfgs")
    np.testing.assert_allclose(own.estimate, reference.fe_params, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(own.covariance)), reference.bse_fe, rtol=0.02)
    assert own.subject_variance == pytest.approx(reference.cov_re[0, 0], rel=1e-3)
    assert own.noise_variance == pytest.approx(reference.scale, rel=1e-3)
    assert own.log_likelihood == pytest.approx(reference.llf, abs=1e-4)


def test_random_intercept_of_a_balanced_design_is_the_analysis_of_variance():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (20, 1)) + rng.normal(0, 1, (20, 4))
    within = scores.var(axis=1, ddof=1).mean()
    between = scores.mean(1).var(ddof=1)
    fit = fit_random_intercept(scores.ravel(), np.ones((80, 1)), np.repeat(np.arange(20), 4))
    assert fit.noise_variance == pytest.approx(within, rel=1e-4)
    assert fit.subject_variance == pytest.approx(between - within / 4, rel=1e-4)
    assert fit.covariance[0, 0] == pytest.approx(between / 20, rel=1e-4)


def test_adjusted_gap_is_the_marginal_contrast_of_the_mixed_model():
    score, people = cohort(2, effect=0.03)
    score = 100 * score  # statsmodels takes any variance below 0.01 for a boundary
    table = adjusted_of(adjusted_gaps(score, people, CONTROLS))
    assert set(table["method"]) == {"mixed"}
    formula = "score ~ C(group) * C(emotion, Sum) + yaw + C(light)"
    model = MixedLM.from_formula(formula, people.assign(score=score), groups="subject_id")
    reference = model.fit(reml=True, method="bfgs")
    # with emotions coded to sum 0 the coefficient of a group is its mean difference over emotions
    assert -table.loc["asian-black", "estimate"] == pytest.approx(reference.params["C(group)[T.black]"], abs=1e-3)
    assert -table.loc["asian-caucasian", "estimate"] == pytest.approx(
        reference.params["C(group)[T.caucasian]"], abs=1e-3
    )


def test_one_picture_each_is_ordinary_least_squares_with_hc3_and_says_so():
    score, people = cohort(3, people=20, images=1)
    rows = adjusted_of(adjusted_gaps(score, people, CONTROLS))
    design = build_design(people, GROUPS, CONTROLS)
    reference = OLS(score, design.matrix).fit(cov_type="HC3", use_t=True)
    line = design.margins[0] - design.margins[1]
    test = reference.t_test(line)
    row = rows.loc["asian-black"]
    assert row["method"] == "ols_hc3"
    assert "0 subjects with several pictures" in row["note"]
    assert row["estimate"] == pytest.approx(test.effect.item())
    assert row["p_value"] == pytest.approx(float(test.pvalue))
    assert (row["low"], row["high"]) == tuple(pytest.approx(end) for end in test.conf_int()[0])


def test_few_subjects_with_several_pictures_are_clusters():
    score, people = cohort(4, people=20)
    keep = people["subject_id"].lt(5) | ~people["subject_id"].duplicated()
    rows = adjusted_of(adjusted_gaps(score[keep], people[keep], CONTROLS))
    assert set(rows["method"]) == {"ols_cluster"}
    assert rows["note"].str.contains("5 subjects with several pictures").all()


def test_subjects_who_differ_no_more_than_pictures_are_clusters_too():
    _, people = cohort(0)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=len(people))
    noise -= 0.9 * pd.Series(noise).groupby(people["subject_id"].to_numpy()).transform("mean").to_numpy()
    rows = adjusted_of(adjusted_gaps(0.8 + 0.01 * noise, people, []))
    assert set(rows["method"]) == {"ols_cluster"}
    assert rows["note"].str.contains("differ no more than pictures do").all()


def test_raw_gap_is_welchs_or_the_paired_t_test_on_subjects_means():
    score, people = cohort(5)
    table = adjusted_gaps(score, people, CONTROLS)
    raw = table[table["kind"] == "raw"].set_index("contrast").loc["asian-black"]
    means = pd.Series(score).groupby([people["group"], people["subject_id"]]).mean()
    expected = stats.ttest_ind(means["asian"], means["black"], equal_var=False)
    assert (raw["method"], raw["p_value"], raw["note"]) == ("welch", pytest.approx(expected.pvalue), "")
    assert (raw["low"], raw["high"]) == tuple(pytest.approx(end) for end in expected.confidence_interval())
    people = people.assign(subject_id=np.resize(np.arange(45), len(people)))  # everybody in all groups
    table = adjusted_gaps(score, people, CONTROLS)
    raw = table[table["kind"] == "raw"].set_index("contrast").loc["asian-black"]
    first, second = (score[people["group"] == name] for name in ("asian", "black"))
    assert (raw["method"], raw["p_value"]) == ("paired_t", pytest.approx(stats.ttest_rel(first, second).pvalue))


def test_constant_and_repeated_controls_are_left_out_by_name():
    score, people = cohort(6)
    people = people.assign(glasses="none", turned=people["yaw"] * 2 + 1)
    plain = adjusted_of(adjusted_gaps(score, people, CONTROLS))
    table = adjusted_of(adjusted_gaps(score, people, [*CONTROLS, "glasses", "turned"]))
    np.testing.assert_allclose(table["estimate"], plain["estimate"])
    note = table["note"].iloc[0]
    assert "glasses is none throughout: left out" in note
    assert "turned follows from the columns before it: 1 of its columns left out" in note
    assert (plain["note"] == "").all()


def test_a_missing_cell_leaves_the_interaction_out_and_says_so():
    score, people = cohort(7)
    keep = ~((people["group"] == "asian") & (people["emotion"] == "sad"))
    table = adjusted_of(adjusted_gaps(score[keep], people[keep], CONTROLS))
    assert table["note"].str.contains("no image in 1 cells of group and emotion: without their interaction").all()
    assert table["estimate"].notna().all()
    assert adjusted_of(adjusted_gaps(score, people.assign(emotion="sad"), CONTROLS))["estimate"].notna().all()


def test_images_without_a_score_are_left_out():
    score, people = cohort(9)
    score[::7] = np.nan
    table = adjusted_gaps(score, people, CONTROLS)
    defined = np.isfinite(score)
    pd.testing.assert_frame_equal(table, adjusted_gaps(score[defined], people[defined], CONTROLS))
    assert (table["n_images"] == defined.sum()).all()


def test_a_picture_that_alone_shows_a_category_decides_nothing_else():
    score, people = cohort(10, images=1, people=20)
    people.loc[0, "light"] = "candle"
    table = adjusted_of(adjusted_gaps(score, people, CONTROLS))
    without = adjusted_of(adjusted_gaps(score[1:], people[1:], CONTROLS))
    np.testing.assert_allclose(table["estimate"], without["estimate"])
    np.testing.assert_allclose(table["p_value"], without["p_value"], rtol=1e-6)


def test_adjusting_takes_off_what_pose_costs():
    score, people = cohort(11, people=80)
    table = adjusted_gaps(score, people, CONTROLS).set_index(["contrast", "kind"])
    assert table.loc[("asian-caucasian", "raw"), "low"] > 0.01  # 20 degrees more, 0.002 each
    assert table.loc[("asian-caucasian", "adjusted"), "low"] < 0 < table.loc[("asian-caucasian", "adjusted"), "high"]


@pytest.mark.parametrize(
    ("change", "controls", "message"),
    [
        (lambda p: p.drop(columns="yaw"), CONTROLS, "also yaw"),
        (lambda p: p.assign(light=p["light"].where(p.index > 3)), CONTROLS, "4 images without a value"),
        (lambda p: p.assign(group="asian"), CONTROLS, "45 subjects in asian"),
        (
            lambda p: p.assign(tone=p["group"].map({"asian": 1, "black": 2, "caucasian": 2})),
            ["tone"],
            "determine the group",
        ),
        (lambda p: p.assign(tone=p["group"] + " tone"), ["tone"], "determine the group"),
        (lambda p: p.assign(number=p["subject_id"].astype(str)), ["number"], "determine the group"),
        (lambda p: p.assign(emotion=p["group"]), [], "compare groups whose emotions overlap"),
        (lambda p: p.assign(size=p["yaw"].where(p.index > 0, np.inf)), ["size"], "an infinite value"),
    ],
)
def test_tables_that_cannot_be_adjusted_are_refused(change, controls, message):
    score, people = cohort(0)
    with pytest.raises(InputError, match=message):
        adjusted_gaps(score, change(people), controls)


def test_too_few_people_for_the_columns_are_refused():
    score, people = cohort(0, people=3, images=1)
    with pytest.raises(InputError, match="9 subjects and 9 images for 9 coefficients"):
        adjusted_gaps(score, people.assign(emotion=["angry", "happy", "sad"] * 3), [])


def test_subjects_and_not_pictures_give_the_degrees_of_freedom():
    people = pd.DataFrame({"subject_id": np.repeat(np.arange(12), 3), "group": np.repeat(["a", "b"], 18)})
    people["emotion"] = [
        "angry",
        "happy",
        "sad",
    ] * 12  # of whom everybody shows each: only the groups differ between them
    score = np.random.default_rng(0).normal(size=36)
    _, _, freedom, _, _ = adjusted._fit(score, build_design(people, ["a", "b"], []), people["subject_id"].to_numpy())
    assert freedom == 12 - 2


def test_errors_are_those_of_leaving_out_one_subject_after_the_other_however_many_pictures_each_has():
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(9), [1, 1, 1, 2, 2, 3, 3, 3, 5])
    matrix, score = np.column_stack([np.ones(len(unit)), rng.normal(size=(len(unit), 2))]), rng.normal(size=len(unit))
    estimate, covariance = adjusted._least_squares(score, matrix, unit)
    without = [np.linalg.lstsq(matrix[unit != one], score[unit != one])[0] - estimate for one in range(9)]
    np.testing.assert_allclose(covariance, sum(np.outer(change, change) for change in without))


def test_two_more_subjects_than_coefficients_are_enough():
    people = pd.DataFrame({"subject_id": range(4), "group": list("aabb"), "emotion": "happy", "yaw": [0, 5, 0, 9]})
    table = adjusted_gaps([0.1, 0.2, 0.4, 0.5], people, [], order=["a", "b"])
    assert adjusted_of(table).loc["a-b", "estimate"] == pytest.approx(-0.3)
    turned = adjusted_gaps([0.1, 0.2, 0.4, 0.5], people, [], order=["b", "a"])
    assert adjusted_of(turned).loc["b-a", "estimate"] == pytest.approx(0.3)
    with pytest.raises(InputError, match="4 subjects and 4 images for 3 coefficients"):
        adjusted_gaps([0.1, 0.2, 0.4, 0.5], people, ["yaw"], order=["a", "b"])
