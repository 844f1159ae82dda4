"""Planned effects: what was planted comes out at its size, and what several runs say against what each says alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from facefair_heads.people.population import tone_shares
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import EMOTIONS, GROUPS
from facefair_lib.settings.plan import AnalysisPlan, load_plan
from facefair_lib.tables import answer
from facefair_lib.tables.answer import (
    Effect,
    calibration_table,
    curve_table,
    effects_table,
    mitigation_table,
    plan_table,
    planned_effects,
    runs_table,
    scatter_table,
    survival_table,
)
from facefair_lib.tables.run_scores import KINDS, RunScores

TONES = tuple(map(float, range(1, 11)))
TYPICAL = (3.0, 4.0, 7.0)
DARK = {8.0: -0.05, 9.0: -0.1, 10.0: -0.15}
"""What a tone does to everybody's score, in both networks."""
MORE_DARK = {10.0: -0.1}
"""What it does besides in DeepLabV3."""
SHAPES = {"asian": 0.0, "black": -0.04, "caucasian": 0.0}
MOODS = {"sad": 0.0, "happy": 0.06, "angry": 0.0}
NETWORKS = ("deeplabv3", "pspnet")
RUNS, PEOPLE = 5, 24
KEY = ["family", "contrast", "model"]


@pytest.fixture(scope="module")
def plan() -> AnalysisPlan:
    return load_plan()


def cohort(tones: tuple[float, ...] = TONES) -> pd.DataFrame:
    """Every identity as each group at the typical tones, as its own group at all others, and brighter; wild people."""
    rows = []
    for number in range(PEOPLE):
        name, own = f"identity_{number:02d}", GROUPS[number % 3]
        rows += [(name, group, tone, "factorial") for group in GROUPS for tone in TYPICAL]
        rows += [(name, own, tone, "tone") for tone in tones if tone not in TYPICAL]
        rows += [(name, own, 10.0, design) for design in ("exposed", "noiseless")]
    rows += [(f"wild_{number}", GROUPS[number % 3], 5.5, "wild") for number in range(6)]
    people = pd.DataFrame(rows, columns=["subject_id", "group", "skin_tone", "design"])
    return people.sample(frac=1, random_state=0)  # neither the order of the rows nor their index matters


def matched_people(per_emotion: int = 12) -> pd.DataFrame:
    """Sets of three people of one emotion."""
    emotion = np.repeat(EMOTIONS, 3 * per_emotion)
    sets = [f"set_{number:02d}" for number in np.arange(len(emotion)) // 3]
    return pd.DataFrame({"matched_set": sets, "emotion": emotion}).sample(frac=1, random_state=1)


def scatter(rng: np.random.Generator, units: pd.Series, runs: int, person: float) -> np.ndarray:
    """Luck of runs, differences between units, and noise of pictures, (runs, N)."""
    code, names = pd.factorize(units)
    return (
        0.004 * rng.normal(size=(runs, 1))
        + person * rng.normal(size=len(names))[code]
        + 0.004 * rng.normal(size=(runs, len(units)))
    )


def scored(changed: pd.DataFrame, people: pd.DataFrame, runs: int = RUNS) -> dict[str, RunScores]:
    """Networks into whose scores the effects above were put; relit and wild pictures are far off."""
    tone, shape = (changed[name].map(of).fillna(0) for name, of in (("skin_tone", DARK), ("group", SHAPES)))
    extra = changed["skin_tone"].map(MORE_DARK).fillna(0)
    else_seen = changed["design"].isin(["exposed", "noiseless", "wild"]) * 0.3
    mood = people["emotion"].map(MOODS).to_numpy()
    networks = {}
    for number, name in enumerate(NETWORKS):
        rng = np.random.default_rng([number, runs])
        planted = (tone + shape + else_seen + (extra if name == "deeplabv3" else 0)).to_numpy()
        outlines = np.where(else_seen == 0, 0.1 - tone.to_numpy() / 2, np.nan)
        networks[name] = RunScores(
            0.7 + mood + scatter(rng, people["matched_set"], runs, 0.01),
            0.7 + planted + scatter(rng, changed["subject_id"], runs, 0.05),
            outlines + scatter(rng, changed["subject_id"], runs, 0.01),
            np.zeros((runs, len(changed), 10, 3)),
        )
    return networks


CHANGED, MATCHED = cohort(), matched_people()
SCORED = scored(CHANGED, MATCHED)


@pytest.fixture(scope="module")
def effects(plan: AnalysisPlan) -> list[Effect]:
    return planned_effects(plan, SCORED, MATCHED, CHANGED, tone_shares)


@pytest.fixture(scope="module")
def table(effects: list[Effect], plan: AnalysisPlan) -> pd.DataFrame:
    return effects_table(effects, plan)


def curve_of(scores: np.ndarray) -> pd.Series:
    """Mean over runs and people at every tone, of pictures that show people as they are."""
    own = CHANGED["subject_id"].str.extract(r"identity_(\d+)")[0].astype(float) % 3
    shown = CHANGED.assign(score=scores.mean(0))
    shown = shown[(shown["group"] == own.map(dict(enumerate(GROUPS)))) & shown["design"].isin(["factorial", "tone"])]
    return shown.groupby("skin_tone")["score"].mean()


def along_tones(scores: np.ndarray) -> dict[str, float]:
    """The comparisons of the first two families."""
    curve = curve_of(scores)
    own = {group: float(tone_shares(group, TONES) @ curve) for group in GROUPS}
    expected = {f"{first}-{second}": own[first] - own[second] for first, second in combinations(GROUPS, 2)}
    return expected | {"tone 10-tone 4": curve[10] - curve[4]}


def expected_values() -> dict[tuple[str, str, str], float]:
    """Every planned effect by plain arithmetic."""
    expected = {}
    for model, scores in SCORED.items():
        tones, outlines = along_tones(scores.changed), along_tones(scores.outlines)
        factorial = CHANGED.assign(score=scores.changed.mean(0)).query("design == 'factorial'")
        shapes = factorial.groupby("group")["score"].mean()
        moods = MATCHED.assign(score=scores.people.mean(0)).groupby("emotion")["score"].mean()
        expected["darkest_tone", "tone 10-tone 4", model] = tones["tone 10-tone 4"]
        for first, second in combinations(GROUPS, 2):
            name = f"{first}-{second}"
            expected["tones_of_groups", name, model] = tones[name]
            expected["morphology", name, model] = shapes[first] - shapes[second]
            expected["total", name, model] = tones[name] + shapes[first] - shapes[second]
        for first, second in combinations(EMOTIONS, 2):
            expected["emotions", f"{first}-{second}", model] = moods[first] - moods[second]
        expected |= {("outlines", name, model): value for name, value in outlines.items()}
    first, second = (along_tones(SCORED[model].changed) for model in NETWORKS)
    return expected | {("networks", name, "deeplabv3-pspnet"): first[name] - second[name] for name in first}


def by_key(table: pd.DataFrame, column: str) -> dict[tuple[str, str, str], object]:
    return table.set_index(KEY)[column].to_dict()


def test_every_effect_of_the_plan_is_the_one_that_plain_arithmetic_gives(
    table: pd.DataFrame, plan: AnalysisPlan
) -> None:
    expected = expected_values()
    found = by_key(table, "difference")
    assert set(found) == set(expected) and len(table) == len(expected)
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, abs=1e-12), key
    assert list(table.columns) == answer.EFFECT_COLUMNS
    assert list(dict.fromkeys(table["family"])) == [family.name for family in plan.families]
    assert set(table["n_runs"]) == {RUNS}
    units = table["n_units"] == np.where(table["family"] == "emotions", 2 * 12, PEOPLE)
    assert units.all() and set(table["level"]) == {"seeds and subjects"}


def test_planted_effects_come_out_at_their_size(table: pd.DataFrame) -> None:
    planted = {(family, model): 0.0 for family in ("tones_of_groups", "outlines") for model in NETWORKS}
    for model, extra in (("deeplabv3", MORE_DARK), ("pspnet", {})):
        by_tone = np.array([DARK.get(tone, 0) + extra.get(tone, 0) for tone in TONES])
        planted["tones_of_groups", model] = (tone_shares("asian", TONES) - tone_shares("black", TONES)) @ by_tone
        planted["darkest_tone", model] = by_tone[-1]
        planted["morphology", model] = 0.04
        planted["total", model] = planted["tones_of_groups", model] + 0.04
        planted["emotions", model] = -0.06
        alike = np.array([DARK.get(tone, 0) for tone in TONES]) / -2
        planted["outlines", model] = (tone_shares("asian", TONES) - tone_shares("black", TONES)) @ alike
    planted["networks", "deeplabv3-pspnet"] = (
        planted["tones_of_groups", "deeplabv3"] - (planted["tones_of_groups", "pspnet"])
    )
    effect = {"darkest_tone": "tone 10-tone 4", "emotions": "sad-happy"}
    rows = table.set_index(KEY)
    for (family, model), value in planted.items():
        row = rows.loc[(family, effect.get(family, "asian-black"), model)]
        assert abs(value) > 0.005, "something was planted"
        assert row["difference"] == pytest.approx(value, abs=0.008), (family, model)
        assert row["low"] - 0.002 <= value <= row["high"] + 0.002, (family, model)


def test_what_was_planted_is_found_and_what_was_not_is_within_the_margin(table: pd.DataFrame) -> None:
    found = by_key(table, "finding")
    for model in NETWORKS:
        assert found["tones_of_groups", "asian-black", model] == "more"
        assert found["tones_of_groups", "black-caucasian", model] == "less"
        assert found["darkest_tone", "tone 10-tone 4", model] == "less"
        assert found["morphology", "asian-black", model] == "more"
        assert found["morphology", "asian-caucasian", model] == "within the margin"
        assert found["total", "black-caucasian", model] == "less"
        assert found["emotions", "sad-happy", model] == "less" and found["emotions", "happy-angry", model] == "more"
        assert found["emotions", "sad-angry", model] == "within the margin"
        assert found["outlines", "tone 10-tone 4", model] == "more", "a longer distance"
    assert found["networks", "tone 10-tone 4", "deeplabv3-pspnet"] == "less"
    assert found["networks", "asian-caucasian", "deeplabv3-pspnet"] == "within the margin"


def test_p_values_are_adjusted_within_a_family_over_all_networks_and_a_margin_is_the_plans(
    table: pd.DataFrame, plan: AnalysisPlan
) -> None:
    for family in plan.families:
        rows = table[table["family"] == family.name]
        expected = multipletests(rows["p_value"], method="holm")[1]
        np.testing.assert_allclose(rows["p_adjusted"], expected)
        assert rows["p_margin"].notna().all() == family.margin
        sure = (rows["p_adjusted"] < plan.alpha) & (rows["difference"] != 0)
        assert (rows["finding"].isin(["more", "less"]) == sure).all()


def test_without_a_margin_no_effect_is_called_small(effects: list[Effect], plan: AnalysisPlan) -> None:
    families = tuple(family.model_copy(update={"margin": False}) for family in plan.families)
    table = effects_table(effects, plan.model_copy(update={"families": families}))
    assert "within the margin" not in set(table["finding"])
    assert by_key(table, "finding")["morphology", "asian-caucasian", "pspnet"] == "open"


def single_run(family: str, name: str, t: float, error: float = 0.01, units: int = 40) -> Effect:
    """One run, in which the difference is exactly t standard errors."""
    scores = np.random.default_rng(units).normal(size=units)
    scores = (scores - scores.mean()) / scores.std(ddof=1) * error * np.sqrt(units)
    return Effect(family, name, "pspnet", scores[None] + t * error)


def test_what_is_found_is_found_after_adjusting_and_at_the_plans_level(plan: AnalysisPlan) -> None:
    three = [single_run("tones_of_groups", name, 2.25) for name in ("a-b", "a-c", "b-c")]
    alone, together = (effects_table(members, plan) for members in (three[:1], three))
    assert (together["p_value"] < 0.05).all() and together["finding"].tolist() == ["open"] * 3
    assert alone["finding"].tolist() == ["more"]
    assert together["detectable"].iloc[0] > 1.1 * alone["detectable"].iloc[0], "it takes more among three"
    near = [single_run("morphology", "a-b", plan.margin / 0.01 - off) for off in (1.45, 1.95)]
    findings = [effects_table([effect], plan).iloc[0] for effect in near]
    assert [row["finding"] for row in findings] == ["open", "within the margin"]
    assert 0.05 < findings[0]["p_margin"] < 0.1


def test_the_plan_is_shown_as_confirmatory_of_its_own_people_alone(plan: AnalysisPlan) -> None:
    own, others = (plan_table(plan, seed) for seed in (plan.people_seed, plan.people_seed + 1))
    assert own["confirmatory"].all() and not others["confirmatory"].any()
    assert own["family"].tolist() == [family.name for family in plan.families]
    asked = {family.name: family.margin for family in plan.families}
    assert (own["margin"].notna() == own["family"].map(asked)).all() and set(own["margin"].dropna()) == {plan.margin}


def test_the_scatter_of_kept_runs_stands_beside_the_effects_of_a_single_one(
    table: pd.DataFrame, effects: list[Effect], plan: AnalysisPlan
) -> None:
    single = effects_table([effect.of_run(0) for effect in effects], plan)
    beside = scatter_table(single, table.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(beside[[*KEY, "difference"]], single[[*KEY, "difference"]])
    np.testing.assert_array_equal(beside["seed_spread"], table["seed_spread"])
    assert scatter_table(single, table.head(1))["seed_spread"].notna().sum() == 1


def noise(runs: int, units: int, person: float = 0.005) -> np.ndarray:
    return person * np.random.default_rng([runs, units]).normal(size=units) * np.ones((runs, 1))


def lucky(by_run: list[float]) -> list[Effect]:
    """One effect of 20 people whose size is a matter of the run."""
    return [Effect("darkest_tone", "tone 10-tone 4", "pspnet", np.array(by_run)[:, None] + noise(len(by_run), 20))]


def test_runs_that_contradict_each_other_are_sure_alone_and_leave_the_question_open_together(
    plan: AnalysisPlan,
) -> None:
    effects = lucky([0.03, -0.03, 0.03, -0.03, 0.03])
    together, alone = (make(effects, plan) for make in (effects_table, runs_table))
    assert together["finding"].tolist() == ["open"]
    assert alone["run"].tolist() == [1, 2, 3, 4, 5]
    assert alone["finding"].tolist() == ["more", "less", "more", "less", "more"]
    row = survival_table(together, alone).iloc[0]
    assert (row["n_agreeing"], row["n_runs"]) == (0, 5)
    assert set(row["other_findings"].split(", ")) == {"3 x more", "2 x less"}


def test_a_conclusion_survives_the_runs_that_draw_it_alone(plan: AnalysisPlan) -> None:
    effects = lucky([0.05, 0.06, 0.05, 0.04, 0.0])
    together, alone = (make(effects, plan) for make in (effects_table, runs_table))
    assert together["finding"].tolist() == ["more"]
    row = survival_table(together, alone).iloc[0]
    assert list(survival_table(together, alone).columns) == answer.SURVIVAL_COLUMNS
    assert (row["n_agreeing"], row["n_runs"], row["other_findings"]) == (4, 5, "1 x open")


def test_a_run_alone_is_tested_as_a_study_of_its_own(
    table: pd.DataFrame, effects: list[Effect], plan: AnalysisPlan
) -> None:
    alone = runs_table(effects, plan)
    assert list(alone.columns) == answer.RUN_COLUMNS and len(alone) == RUNS * len(table)
    for run in range(RUNS):
        one = {model: RunScores(*(getattr(s, kind)[[run]] for kind in KINDS)) for model, s in SCORED.items()}
        study = effects_table(planned_effects(plan, one, MATCHED, CHANGED, tone_shares), plan)
        assert set(study["level"]) == {"subjects"} and study["seed_spread"].isna().all()
        of_run = alone[alone["run"] == run + 1].drop(columns="run").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_run, study[of_run.columns])
    np.testing.assert_allclose(
        alone.groupby(KEY)["difference"].mean().loc[list(by_key(table, "difference"))], table["difference"], atol=1e-12
    )


def test_survival_counts_the_runs_that_agree(table: pd.DataFrame, effects: list[Effect], plan: AnalysisPlan) -> None:
    alone = runs_table(effects, plan)
    survived = survival_table(table, alone)
    pd.testing.assert_frame_equal(survived[[*KEY, "finding"]], table[[*KEY, "finding"]])
    joined = alone.merge(table[[*KEY, "finding"]], on=KEY, suffixes=("_alone", ""))
    agreeing = joined.assign(same=joined["finding_alone"] == joined["finding"]).groupby(KEY)["same"].sum()
    assert by_key(survived, "n_agreeing") == agreeing.to_dict()
    assert set(survived["n_runs"]) == {RUNS}
    assert ((survived["other_findings"] == "") == (survived["n_agreeing"] == RUNS)).all()
    assert by_key(survived, "n_agreeing")["darkest_tone", "tone 10-tone 4", "deeplabv3"] == RUNS


def test_the_curve_is_compared_with_the_tone_chosen_before() -> None:
    table = curve_table(SCORED, CHANGED, 4.0)
    assert list(table.columns) == answer.CURVE_COLUMNS
    for model, rows in table.groupby("model"):
        rows = rows.set_index("skin_tone")
        curve = curve_of(SCORED[model].changed)
        assert rows.index.tolist() == list(TONES)
        np.testing.assert_allclose(rows["value"], curve)
        np.testing.assert_allclose(rows["difference"], curve - curve[4], atol=1e-12)
        assert rows.loc[4, ["low", "high", "p_adjusted"]].isna().all()
        planted = set(DARK)
        assert set(rows.index[rows["p_adjusted"] < 0.05]) == planted
        off = rows.loc[list(planted)]
        assert ((off["low"] < off["difference"]) & (off["difference"] < off["high"]) & (off["high"] < 0)).all()
    deep, psp = (table[table["model"] == model].set_index("skin_tone")["difference"] for model in NETWORKS)
    assert deep[10] - psp[10] == pytest.approx(MORE_DARK[10], abs=0.005)
    assert curve_table(SCORED, CHANGED, 4.5).empty


def brighter(networks: Mapping[str, RunScores], won: float) -> dict[str, RunScores]:
    """Two runs of networks that do better at tone 10, in pictures of all kinds."""
    gained = np.where(CHANGED["skin_tone"] == 10, won, 0)
    return {model: replace(scored, changed=scored.changed + gained) for model, scored in networks.items()}


def test_what_other_training_people_win_is_a_difference_on_the_same_tested_people() -> None:
    mitigated = brighter(scored(CHANGED, MATCHED, runs=2), 0.1)
    table = mitigation_table(SCORED, mitigated, CHANGED, tone_shares)
    assert list(table.columns) == answer.MITIGATION_COLUMNS
    assert set(table["n_runs"]) == {2} and set(table["n_units"]) == {PEOPLE}
    for model, rows in table.groupby("model"):
        after, before = (curve_of(kind[model].changed) for kind in (mitigated, SCORED))
        found = rows.set_index(["of", "level"])["difference"]
        np.testing.assert_allclose(found["tone"], after - before)
        assert found["tone"].index.tolist() == [f"{tone:g}" for tone in TONES]
        expected = [tone_shares(group, TONES) @ (after - before) for group in GROUPS]
        np.testing.assert_allclose(found["tones_of_groups"][list(GROUPS)], expected)
        adjusted = rows.set_index(["of", "level"])["p_adjusted"]
        assert adjusted["tone", "10"] < 0.05 and (adjusted["tone"].drop("10") > 0.05).all()


def test_one_run_of_a_kind_of_training_tells_no_mitigation() -> None:
    one = {model: replace(kind, changed=kind.changed[:1]) for model, kind in SCORED.items()}
    with pytest.raises(InputError, match="1 and 5 seeds"):
        mitigation_table(SCORED, one, CHANGED, tone_shares)


def reliabilities(runs: int = 3) -> np.ndarray:
    """Counts (R, N, 10, 3): surer than right by 0.2 at tones 9 and 10, elsewhere half too sure and half too modest."""
    counts = np.zeros((runs, len(CHANGED), 10, 3))
    counts[:, :, 9] = 50, 47.5, 42.5  # pixels, confidence, right: surer than right by a tenth
    counts[:, :, 5] = 50, 27.5, 32.5
    dark = CHANGED["skin_tone"].isin([9, 10]).to_numpy()
    counts[:, dark, 9], counts[:, dark, 5] = (50, 47.5, 37.5), (50, 27.5, 17.5)
    counts[:, CHANGED["design"].isin(["exposed", "noiseless", "wild"]).to_numpy()] = 0
    return counts


def test_overconfidence_is_told_for_every_tone_and_every_groups_tones() -> None:
    table = calibration_table({"pspnet": reliabilities()}, CHANGED, tone_shares)
    assert list(table.columns) == answer.CALIBRATION_COLUMNS
    found = table.set_index(["of", "level"])
    dark = np.array([0.2 if tone >= 9 else 0.0 for tone in TONES])
    np.testing.assert_allclose(found.loc["tone", "overconfidence"], dark, atol=1e-12)
    # Where errors of both signs cancel, the mean says nothing and the calibration error does.
    np.testing.assert_allclose(found.loc["tone", "calibration_error"], np.where(dark > 0, 0.2, 0.1))
    for group in GROUPS:
        shares = tone_shares(group, TONES)
        assert found.loc[("tones_of_groups", group), "overconfidence"] == pytest.approx(shares @ dark)
        error = found.loc[("tones_of_groups", group), "calibration_error"]
        assert error == pytest.approx(0.1 + 0.5 * shares @ dark)


def test_overconfidence_carries_people_and_runs() -> None:
    counts = reliabilities()
    counts[1, :, 9, 2] -= 10  # one run is right less often
    run = calibration_table({"pspnet": counts}, CHANGED, tone_shares).iloc[0]
    assert run["overconfidence"] == pytest.approx(0.1 / 3)
    assert run["low"] < 0 and run["high"] > 0.1, "who fits once more may get the overconfident one"


def test_a_tone_that_somebody_lacks_is_left_out() -> None:
    lacking = (CHANGED["skin_tone"] == 8) & (CHANGED["subject_id"] == "identity_05")
    changed = CHANGED[~lacking]
    networks = {"pspnet": replace(SCORED["pspnet"], changed=SCORED["pspnet"].changed[:, ~lacking.to_numpy()])}
    table = curve_table(networks, changed, 4.0)
    assert table["skin_tone"].tolist() == [tone for tone in TONES if tone != 8]


def test_a_cohort_that_lacks_the_darkest_tone_leaves_that_family_out_and_keeps_the_others(plan: AnalysisPlan) -> None:
    changed = cohort(tones=(1.0, 5.0))
    networks = scored(changed, MATCHED, runs=2)
    table = effects_table(planned_effects(plan, networks, MATCHED, changed, tone_shares), plan)
    assert set(table["family"]) == {family.name for family in plan.families} - {"darkest_tone"}


def test_without_further_tones_shapes_and_emotions_are_still_compared(plan: AnalysisPlan) -> None:
    changed = cohort(tones=())
    networks = scored(changed, MATCHED, runs=2)
    effects = planned_effects(plan, networks, MATCHED, changed, tone_shares)
    assert {effect.family for effect in effects} == {"morphology", "emotions"}
    assert len(effects_table(effects, plan)) == 2 * (3 + 3)
    assert curve_table(networks, changed, 4.0).empty
    assert mitigation_table(networks, networks, changed, tone_shares).empty
    counts = {"pspnet": np.zeros((2, len(changed), 10, 3))}
    assert calibration_table(counts, changed, tone_shares).empty


def test_an_emotion_shown_by_one_set_alone_is_not_compared(plan: AnalysisPlan) -> None:
    people = pd.concat([MATCHED[MATCHED["emotion"] != "sad"], MATCHED[MATCHED["emotion"] == "sad"].head(1)])
    networks = scored(CHANGED, people, runs=2)
    effects = planned_effects(plan, networks, people, CHANGED, tone_shares)
    assert {effect.name for effect in effects if effect.family == "emotions"} == {"happy-angry"}


def test_no_effects_make_empty_tables_with_their_columns(plan: AnalysisPlan) -> None:
    together, alone = effects_table([], plan), runs_table([], plan)
    assert together.empty and list(together.columns) == answer.EFFECT_COLUMNS
    assert alone.empty and list(alone.columns) == answer.RUN_COLUMNS
    assert list(survival_table(together, alone).columns) == answer.SURVIVAL_COLUMNS
