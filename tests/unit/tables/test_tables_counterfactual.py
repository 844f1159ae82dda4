"""Tables of notebook 07: known effects come back, and each compares what its name says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.power import detectable_gap
from facefair_lib.scores.metrics import image_scores
from facefair_lib.settings.labels import INDEX, NUM_CLASSES
from facefair_lib.tables import counterfactual
from facefair_lib.tables.composition import composition_points, composition_table, scores_of_fits, slope_table
from facefair_lib.tables.counterfactual import (
    adjusted_table,
    class_gap_table,
    effects_table,
    equivalence_table,
    mean_pairs,
    model_gaps_table,
    pairs_table,
    relative_pairs,
    sources_table,
    typical,
)
from facefair_lib.tables.features import features_table, optional_parts_table, with_face_share
from facefair_lib.tables.outline_errors import traps_table
from facefair_lib.tables.quality import picture_table, quality_table, with_truth

GROUPS = ("asian", "black", "caucasian")
TONES = {"asian": 4.0, "black": 7.0, "caucasian": 3.0}
PIXELS = 1_000_000


def counts_of(scores: np.ndarray) -> np.ndarray:
    """Counts of pictures whose fixed-class IoU is ``scores`` (N,): all face, the rest called nose."""
    counts = np.zeros((len(scores), NUM_CLASSES, NUM_CLASSES), np.int64)
    right = np.round(np.asarray(scores) * PIXELS).astype(int)
    counts[:, INDEX["face"], INDEX["face"]] = right
    counts[:, INDEX["face"], INDEX["nose"]] = PIXELS - right
    return counts


def factorial_people(identities: int) -> pd.DataFrame:
    rows = [
        {"subject_id": f"identity_{number}", "group": group, "skin_tone": tone, "design": "factorial"}
        for number in range(identities)
        for group in GROUPS
        for tone in TONES.values()
    ]
    return named(pd.DataFrame(rows))


def named(people: pd.DataFrame) -> pd.DataFrame:
    return people.assign(image_id=[f"picture_{number}" for number in range(len(people))])


MORPHOLOGY = {"asian": 0.02, "black": 0.0, "caucasian": -0.01}
TONE = {4.0: 0.0, 7.0: -0.03, 3.0: 0.01}


def additive(people: pd.DataFrame, noise: float = 0.0) -> np.ndarray:
    """Scores to which the identity, the group and the tone add."""
    generator = np.random.default_rng(3)
    own = people["subject_id"].map({name: generator.normal(0, 0.05) for name in people["subject_id"].unique()})
    values = 0.3 + own + people["group"].map(MORPHOLOGY) + people["skin_tone"].map(TONE)
    return values.to_numpy() + generator.normal(0, noise, len(people))


def test_effects_are_those_that_were_put_in_and_the_parts_add_up() -> None:
    people = factorial_people(12)
    table = effects_table({"deeplabv3": counts_of(additive(people))}, people, TONES, permutations=200)
    assert list(table.columns) == counterfactual.EFFECT_COLUMNS
    values = table.set_index(["contrast", "component"])["difference"]
    assert values["asian-black", "morphology"] == pytest.approx(0.02, abs=1e-5)
    assert values["asian-black", "tone"] == pytest.approx(0.03, abs=1e-5)
    assert values["black-caucasian", "tone"] == pytest.approx(-0.04, abs=1e-5)
    for contrast in ("asian-black", "asian-caucasian", "black-caucasian"):
        parts = values[contrast, "morphology"] + values[contrast, "tone"]
        assert values[contrast, "total"] == pytest.approx(parts, abs=1e-12)
    assert set(table["n_images"]) == {12 * 9}
    assert set(table["n_subjects"]) == {12}


def test_the_order_of_the_rows_changes_no_effect() -> None:
    people = factorial_people(7)
    counts = counts_of(additive(people, noise=0.01))
    order = np.random.default_rng(0).permutation(len(people))
    first = effects_table({"pspnet": counts}, people, TONES, permutations=100)
    again = effects_table({"pspnet": counts[order]}, people.iloc[order].reset_index(drop=True), TONES, permutations=100)
    pd.testing.assert_frame_equal(first, again)


def test_pictures_of_other_designs_take_no_part_in_effects_and_pairs() -> None:
    people = factorial_people(6)
    counts = counts_of(additive(people))
    further = people.iloc[:3].assign(design="emotion")
    both = named(pd.concat([people, further], ignore_index=True))
    more = np.concatenate([counts, counts_of(np.full(3, 0.01))])
    expected = effects_table({"m": counts}, people, TONES, permutations=100)
    pd.testing.assert_frame_equal(effects_table({"m": more}, both, TONES, permutations=100), expected)
    pd.testing.assert_frame_equal(pairs_table({"m": more}, both, TONES), pairs_table({"m": counts}, people, TONES))


def test_a_pair_has_every_group_in_its_own_tone_and_differs_by_the_total_effect() -> None:
    people = factorial_people(5).iloc[::-1].reset_index(drop=True)
    people["score"] = additive(people, noise=0.01)
    counts = {"m": counts_of(people["score"])}
    table = pairs_table(counts, people, TONES)
    own = people[people["skin_tone"] == people["group"].map(TONES)].sort_values(["subject_id", "group"])
    assert table["subject_id"].tolist() == own["subject_id"].tolist()
    assert table["group"].tolist() == own["group"].tolist()
    np.testing.assert_allclose(table["value"], own["score"], atol=1 / PIXELS)
    mean = table.groupby("group")["value"].mean()
    for row in effects_table(counts, people, TONES, permutations=100).query("component == 'total'").itertuples():
        first, second = row.contrast.split("-")
        assert row.difference == pytest.approx(mean[first] - mean[second])


def test_without_fits_tables_have_no_rows() -> None:
    none = np.zeros((0, 0, NUM_CLASSES, NUM_CLASSES), np.int64)
    fits, nobody = fits_of(1).iloc[:0], people_to_test(1).iloc[:0]
    assert composition_table(fits, none, nobody).empty
    assert slope_table(fits, none, nobody).empty


def unpaired(per_group: int, gap: float, seed: int = 0) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    generator = np.random.default_rng(seed)
    groups = np.repeat(GROUPS, per_group)
    people = pd.DataFrame({"group": groups, "subject_id": [f"person_{n}" for n in range(len(groups))]})
    people = named(people).assign(
        emotion=np.tile(["sad", "happy", "angry"], per_group),
        light=generator.choice(["soft", "hard"], len(groups)),
        turn=generator.uniform(0, 90, len(groups)),
    )
    scores = 0.3 + gap * (groups == "asian") + generator.normal(0, 0.02, len(groups))
    return {"deeplabv3": counts_of(scores), "pspnet": counts_of(scores - 0.5 * gap * (groups == "asian"))}, people


def test_sources_stand_in_their_order_and_find_the_best_group() -> None:
    paired = factorial_people(12)
    shown = typical(paired, TONES).to_numpy()
    counts = counts_of(additive(paired, noise=0.005)[shown])
    people = paired[shown].reset_index(drop=True)
    cohorts: Mapping = {
        "counterfactual": ({"deeplabv3": counts, "pspnet": counts}, people),
        "balanced": unpaired(15, 0.1),
    }
    table = sources_table(cohorts, replicates=200, permutations=200)
    assert table[["model", "cohort"]].to_numpy().tolist() == [
        ["deeplabv3", "balanced"],
        ["deeplabv3", "counterfactual"],
        ["pspnet", "balanced"],
        ["pspnet", "counterfactual"],
    ]
    assert set(table["best"]) == {"asian"}
    assert (table["p_value"] < 0.05).all()
    assert table["n_images"].tolist() == [45, 36, 45, 36]
    assert table["n_subjects"].tolist() == [45, 12, 45, 12]


def test_every_cohort_says_what_its_own_test_would_find() -> None:
    paired = factorial_people(15)
    shown = typical(paired, TONES).to_numpy()
    scores, people = additive(paired, noise=0.02)[shown], paired[shown].reset_index(drop=True)
    sizes = {"replicates": 99, "permutations": 99}
    table = sources_table({"counterfactual": ({"m": counts_of(scores)}, people)}, **sizes)
    found = detectable_gap(scores, people["group"].to_numpy(), people["subject_id"].to_numpy(), **sizes)
    assert table["detectable"].item() == pytest.approx(found, rel=1e-2)


def test_too_few_people_are_not_adjusted_and_enough_are() -> None:
    few = adjusted_table({"wild": unpaired(4, 0.1)}, ["turn", "light"])
    assert len(few) == 2 * 3 * 2
    assert few["estimate"].isna().all()
    enough = adjusted_table({"wild": unpaired(15, 0.1)}, ["turn", "light"])
    assert set(enough.loc[enough["kind"] == "adjusted", "method"]) == {"ols_hc3"}, "one picture each: no levels"
    estimate = enough.set_index(["model", "contrast", "kind"])["estimate"]
    assert estimate["deeplabv3", "asian-black", "adjusted"] == pytest.approx(0.1, abs=0.02)
    assert estimate["pspnet", "asian-black", "adjusted"] == pytest.approx(0.05, abs=0.02)


def test_model_gaps_are_first_minus_second() -> None:
    table = model_gaps_table({"balanced": unpaired(15, 0.1)}, replicates=200)
    row = table.iloc[0]
    assert row["interaction_p"] < 0.01 and row["f"] > 10
    assert row["difference"] == pytest.approx(row["gap_first"] - row["gap_second"])
    assert row["difference"] == pytest.approx(0.05, abs=0.02)


def test_equal_groups_are_equivalent_within_a_margin_and_different_ones_are_not() -> None:
    cohorts = {"balanced": unpaired(40, 0.1)}
    table = equivalence_table(cohorts).query("model == 'deeplabv3' and delta == 0.03").set_index("contrast")
    assert table.loc["black-caucasian", "equivalent"]
    assert not table.loc["asian-black", "equivalent"]


def in_sets(per_group: int, gap: float) -> tuple[np.ndarray, pd.DataFrame]:
    """Scores of sets that differ much from each other; within each, Asian people are ahead and chance is small."""
    generator = np.random.default_rng(8)
    people = people_to_test(per_group).assign(emotion="sad")
    people = people.assign(matched_set=np.tile([f"set_{n:02d}" for n in range(per_group)], 3))
    own = pd.Series(generator.normal(0, 0.1, per_group), people["matched_set"].unique())
    scores = 0.4 + people["matched_set"].map(own) + gap * (people["group"] == "asian")
    return scores.to_numpy() + generator.normal(0, 0.01, len(people)), people


def test_matched_people_are_compared_within_their_set() -> None:
    scores, people = in_sets(30, 0.03)
    apart = people.drop(columns="matched_set")
    asian, black = (scores[(people["group"] == group).to_numpy()] for group in GROUPS[:2])  # in the order of the sets
    counts = {"deeplabv3": counts_of(scores), "pspnet": counts_of(scores)}
    matched, unmatched = ({"balanced": (counts, table)} for table in (people, apart))
    pair = equivalence_table(matched).query("contrast == 'asian-black' and delta == 0.01").iloc[0]
    assert (pair["difference"], pair["n_subjects"]) == (pytest.approx((asian - black).mean(), abs=1e-6), 30)
    reach = stats.ttest_rel(asian, black).confidence_interval(0.9)
    assert (pair["low90"], pair["high90"]) == pytest.approx((reach.low, reach.high), abs=1e-5)
    found, alone = (sources_table(cohort, replicates=200, permutations=200).iloc[0] for cohort in (matched, unmatched))
    assert found["p_value"] < 0.01 < 0.2 < alone["p_value"]
    assert found["detectable"] < 0.3 * alone["detectable"]
    assert found["n_subjects"] == alone["n_subjects"] == 90
    raw, other = (
        adjusted_table(cohort, []).query("contrast == 'asian-black' and kind == 'raw'").iloc[0]
        for cohort in (matched, unmatched)
    )
    assert raw["estimate"] == pytest.approx(other["estimate"]) and raw["p_value"] < 0.01 < 0.2 < other["p_value"]
    assert raw["n_subjects"] == 90
    compared, loosely = (model_gaps_table(cohort, replicates=200).iloc[0] for cohort in (matched, unmatched))
    assert compared["difference"] == loosely["difference"] == 0
    assert class_gap_table(counts, people, permutations=99).query("`class` == 'face'")["p_value"].min() < 0.05


def test_compositions_are_compared_within_matched_sets() -> None:
    scores, people = in_sets(30, 0.03)
    fits = fits_of(1)
    counts = np.stack([counts_of(scores)] * len(fits))
    tables = [
        composition_table(fits, counts, table).query("group == 'asian'").iloc[0]
        for table in (people, people.drop(columns="matched_set"))
    ]
    assert tables[0]["relative"] == pytest.approx(tables[1]["relative"])
    within, between = (row["high"] - row["low"] for row in tables)
    assert within < 0.3 * between
    assert abs(slope_table(fits, counts, people)["slope"].item()) < 1e-9
    broken = composition_table(fits, counts[:, 1:], people.iloc[1:]).query("group == 'asian'").iloc[0]
    assert broken["high"] - broken["low"] > 3 * within, "a set that lacks somebody: all are compared as strangers"


def test_class_gaps_cover_every_class_of_every_group() -> None:
    counts, people = unpaired(12, 0.1)
    table = class_gap_table(counts, people, permutations=200)
    assert len(table) == 2 * 3 * NUM_CLASSES
    face = table[(table["class"] == "face") & (table["model"] == "deeplabv3")].set_index("group")
    assert face.loc["asian", "relative"] == pytest.approx(0.1 * 2 / 3, abs=0.02)  # of the mean of the groups
    assert face.loc["asian", "p_adjusted"] < 0.05
    assert table.loc[table["class"] == "teeth", "value"].isna().all()


def fits_of(repetitions: int) -> pd.DataFrame:
    from facefair_lib.experiments.composition.plan import compositions

    return pd.DataFrame(
        [
            {"fit": f"{c.name}_{r}", "composition": c.name, "focus": c.focus, "seed": r}
            | {f"share_{group}": share for group, share in c.shares.items()}
            for r in range(repetitions)
            for c in compositions()
        ]
    )


def people_to_test(per_group: int) -> pd.DataFrame:
    groups = np.repeat(GROUPS, per_group)
    return named(pd.DataFrame({"group": groups, "subject_id": [f"person_{n}" for n in range(len(groups))]}))


LEVELS = {"asian": 0.05, "black": 0.0, "caucasian": 0.02}
GAIN = 0.08  # of a group's score, per unit of its share


def fitted_counts(fits: pd.DataFrame, people: pd.DataFrame, noise: float) -> np.ndarray:
    generator = np.random.default_rng(5)
    own = people["group"].map(LEVELS).to_numpy() + generator.normal(0, 0.03, len(people))
    rows = [
        counts_of(0.25 + own + GAIN * people["group"].map(shares).to_numpy() + generator.normal(0, noise))
        for shares in fits.filter(like="share_")
        .rename(columns=lambda name: name.removeprefix("share_"))
        .to_dict("records")
    ]
    return np.stack(rows)


def test_the_slope_is_the_gain_that_was_put_in_whatever_the_levels_of_the_groups() -> None:
    fits, people = fits_of(3), people_to_test(8)
    table = slope_table(fits, fitted_counts(fits, people, noise=0.01), people)
    # Shares add up to one: what a group gains, the others lose half of each.
    assert table["slope"].item() == pytest.approx(0.1 * 1.5 * GAIN, abs=1e-4)
    assert table["low"].item() <= table["slope"].item() <= table["high"].item()
    assert table["n_fits"].item() == 21


def test_compositions_are_compared_with_the_other_groups() -> None:
    fits, people = fits_of(2), people_to_test(200)
    table = composition_table(fits, fitted_counts(fits, people, noise=0.0), people)
    assert len(table) == 7 * 3
    rows = table.set_index(["composition", "group"])
    mostly = rows.loc["mostly_black", "black"]
    assert mostly["share"] == pytest.approx(0.9)
    assert mostly["n_seeds"] == 2
    expected = LEVELS["black"] + 0.9 * GAIN - (LEVELS["asian"] + LEVELS["caucasian"]) / 2 - 0.05 * GAIN
    assert mostly["relative"] == pytest.approx(expected, abs=0.01)
    assert rows.loc["without_black", "black"]["relative"] < mostly["relative"]
    assert table.groupby("composition", sort=False)["relative"].sum().abs().max() < 1e-9


def test_scores_of_fits_average_the_pictures_of_a_person() -> None:
    people = named(pd.DataFrame({"subject_id": ["b", "a", "b"], "group": ["black", "asian", "black"]}))
    scores, who = scores_of_fits(counts_of(np.array([0.1, 0.2, 0.3]))[None], people)
    assert scores == pytest.approx(np.array([[0.2, 0.2]]))
    assert who.to_numpy().tolist() == [["asian", "a"], ["black", "b"]]


def square_masks(sizes: list[int]) -> np.ndarray:
    masks = np.zeros((len(sizes), 32, 32), np.uint8)
    for mask, size in zip(masks, sizes, strict=True):
        mask[4 : 4 + size, 4 : 4 + size] = INDEX["nose"]
    return masks


def test_one_pixel_costs_a_small_part_more_and_the_truth_has_no_error_of_its_own() -> None:
    people = pd.DataFrame({"group": ["asian", "black", "caucasian"], "interocular": [10.0, 10.0, 10.0]})
    masks = square_masks([6, 12, 20])
    table = traps_table(masks, {"deeplabv3": masks}, people)
    nose = table[table["class"] == "nose"].set_index(["model", "group"])
    # 6 x 6 loses its border and 4 x 4 stays: F1 = 2 * 16 / (16 + 36).
    assert nose.loc[("", "asian"), "one_pixel_f1"] == pytest.approx(32 / 52)
    assert nose.loc[("", "asian"), "one_pixel_f1"] < nose.loc[("", "black"), "one_pixel_f1"]
    assert nose.loc[("", "asian"), "area_share"] == pytest.approx(36 / 32**2)
    assert np.isnan(nose.loc[("", "asian"), "boundary_error"])
    assert nose.loc[("deeplabv3", "asian"), "boundary_error"] == 0
    assert table["model"].drop_duplicates().tolist() == ["", "deeplabv3"]


def test_the_share_of_the_face_leaves_hair_and_background_out() -> None:
    masks = np.full((1, 4, 4), INDEX["hair"], np.uint8)
    masks[0, 0] = INDEX["face"]
    masks[0, 1, :2] = INDEX["background"]
    people = with_face_share(pd.DataFrame({"yaw": [-40.0]}), masks)
    assert people["face_share"].item() == 0.25
    assert people["turn"].item() == 40


def test_features_are_scored_one_at_a_time_and_crossed() -> None:
    counts, people = unpaired(12, 0.1)
    table = features_table(counts, people, replicates=100)
    assert {"group", "emotion", "group_emotion", "light"} <= set(table["feature"])
    row = table[(table["model"] == "deeplabv3") & (table["level"] == "asian")].iloc[0]
    assert row["value"] == pytest.approx(0.4, abs=0.02)
    assert row["n_subjects"] == 12
    crossed = table[(table["feature"] == "group_emotion") & (table["model"] == "pspnet")]
    assert crossed["n_subjects"].tolist() == [4] * 9
    assert crossed["small"].all()
    assert features_table(counts, people.iloc[:0]).empty


def test_nothing_that_is_compared_changes_where_a_network_invents_spectacles_or_one_group_shows_its_teeth() -> None:
    counts, people = unpaired(12, 0.1)
    plain = {model: part.copy() for model, part in counts.items()}
    for model, part in counts.items():
        part[::2, INDEX["face"], INDEX["specs"]] = part[::2, INDEX["face"], INDEX["nose"]]  # invented, as the nose is
        part[::2, INDEX["face"], INDEX["nose"]] = 0
        asian = (people["group"] == "asian").to_numpy()
        part[asian, INDEX["teeth"], INDEX["background"]] = 500  # never found
        assert (image_scores(part)["image_iou"][asian] < image_scores(plain[model])["image_iou"][asian]).all()
    for table in (
        lambda c: features_table(c, people, replicates=50),
        lambda c: sources_table({"balanced": (c, people)}, replicates=50, permutations=50),
        lambda c: equivalence_table({"balanced": (c, people)}),
        lambda c: model_gaps_table({"balanced": (c, people)}, replicates=50),
    ):
        pd.testing.assert_frame_equal(table(counts), table(plain))


def test_parts_that_a_face_may_lack_are_scored_on_the_pictures_that_show_them() -> None:
    counts, people = unpaired(12, 0.1)
    teeth = INDEX["teeth"]
    for part in counts.values():
        part[:18, teeth, teeth], part[:18, teeth, INDEX["lips"]] = 30, 70  # all Asian people, half of the Black ones
        part[18:, INDEX["face"], teeth] = 9  # invented: no score, not one of 0
    table = optional_parts_table(counts, people, replicates=50).set_index(["class", "model", "feature", "level"])
    assert list(dict.fromkeys(table.index.get_level_values("class"))) == ["specs", "facial_hair", "teeth"]
    table = table.sort_index()
    row = table.loc[("teeth", "pspnet", "group", "black")]
    assert (row["value"], row["n_images"], row["n_subjects"], row["small"]) == (pytest.approx(0.3), 6, 6, True)
    assert not table.loc[("teeth", "pspnet", "group", "asian"), "small"]
    nobody = table.loc[("teeth", "deeplabv3", "group", "caucasian")]
    assert np.isnan(nobody["value"]) and nobody["n_images"] == 0
    assert table.loc["specs", "value"].isna().all()
    assert optional_parts_table(counts, people.iloc[:0]).empty


def test_a_class_is_compared_on_the_pictures_that_show_it() -> None:
    counts, people = unpaired(12, 0.1)
    table = class_gap_table(counts, people, permutations=50).set_index(["model", "class", "group"]).sort_index()
    assert (table.loc[("pspnet", "face"), "n_images"] == 12).all()
    assert (table.loc[("pspnet", "nose"), "n_images"] == 0).all(), "the nose is only invented"


def test_measures_without_a_mask_are_listed_per_picture_and_model_and_compared_with_the_truth() -> None:
    people = people_to_test(10).assign(emotion="sad")
    generator = np.random.default_rng(1)
    truth = generator.uniform(0.1, 0.4, len(people))
    masks = {"deeplabv3": square_masks([8] * 30), "pspnet": square_masks([8] * 30)}
    noise = generator.uniform(size=len(people))
    looks = {m: {"flip_consistency": truth, "scale_consistency": noise, "entropy": 1 - truth} for m in masks}
    pictures = picture_table(masks, looks, people)
    assert len(pictures) == 30 * 2 * 5
    assert (pictures.loc[pictures["measure"] == "model_agreement", "value"] == 1).all()
    known = with_truth(pictures, {m: counts_of(truth) for m in masks}, people)
    table = quality_table(known, replicates=100).set_index(["measure", "model"])
    assert table.loc[("flip_consistency", "deeplabv3"), "correlation"] == pytest.approx(1)
    assert table.loc[("entropy", "pspnet"), "correlation"] == pytest.approx(-1)
    assert abs(table.loc[("scale_consistency", "pspnet"), "correlation"]) < 0.6


def test_the_points_of_a_composition_set_each_group_against_the_others() -> None:
    fits = pd.DataFrame({"fit": ["a"], "composition": ["without_asian"], "share_asian": [0.0], "share_black": [0.5]})
    fits["share_caucasian"] = 0.5
    scores = pd.DataFrame({"fit": "a", "group": list(GROUPS), "fixed_image_iou": [0.3, 0.5, 0.7]})
    points = composition_points(fits, scores)
    assert list(points["share"]) == [0.0, 0.5, 0.5]
    np.testing.assert_allclose(points["relative"], [-0.3, 0.0, 0.3])


def test_pairs_stand_around_each_identitys_own_mean_with_a_t_interval() -> None:
    pairs = pairs_table({"m": counts_of(additive(factorial_people(12), 0.01))}, factorial_people(12), TONES)
    relative = relative_pairs(pairs)
    wide = relative.pivot(index="subject_id", columns="group", values="relative")
    np.testing.assert_allclose(wide.sum(axis=1), 0, atol=1e-12)
    for row in mean_pairs(relative).itertuples():
        test = stats.ttest_1samp(wide[row.group], 0).confidence_interval()
        assert (row.relative, row.low, row.high) == pytest.approx((wide[row.group].mean(), *test))
        assert row.n_subjects == 12


def test_only_identities_seen_once_in_every_group_are_compared() -> None:
    pairs = pd.DataFrame({"model": "m", "subject_id": list("aaabb"), "group": [*GROUPS, "asian", "black"]})
    relative = relative_pairs(pairs.assign(value=[0.1, 0.2, 0.6, 0.5, 0.5]))
    assert set(relative["subject_id"]) == {"a"}
    assert relative["relative"].tolist() == pytest.approx([-0.2, -0.1, 0.3])
    assert mean_pairs(relative)[["low", "high"]].isna().all(axis=None)  # of one identity
    with pytest.raises(InputError, match="twice in a group"):
        relative_pairs(pairs.assign(group="asian", value=0.5))
