"""Every sentence of counterfactual fairness holds whichever way the numbers fall."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefair_lib import fairness_verdicts as verdicts
from facefair_lib.fairness_verdicts import Effect

CLEAR = Effect("asian-black", 0.03, 0.021, 0.041, 0.002, 0.014)
TURNED = Effect("black-caucasian", -0.036, -0.045, -0.025, 0.004, 0.014)
OPEN = Effect("asian-caucasian", -0.006, -0.015, 0.005, 0.31, 0.014)
UNTESTED = Effect("asian-black", math.nan, math.nan, math.nan, math.nan)


def test_a_difference_is_told_from_the_side_of_the_higher_group():
    text = verdicts.effect_clause([CLEAR, TURNED, OPEN])
    assert text == (
        "the largest difference is 3.6 points of image IoU (Caucasian above Black, interval 2.5 to 4.5), "
        "distinguishable from zero ($p = 0.004$ after adjustment)"
    )


def test_a_difference_at_five_per_cent_is_not_distinguishable():
    text = verdicts.effect_clause([dataclasses.replace(CLEAR, p=0.05)])
    assert "not distinguishable from zero ($p = 0.050$ after adjustment)" in text


def test_a_clear_difference_goes_before_a_larger_unclear_one_and_is_not_called_the_largest():
    large = dataclasses.replace(OPEN, value=-0.08)
    assert verdicts.leading([large, CLEAR]) is CLEAR
    assert verdicts.effect_clause([large, CLEAR]).startswith("the largest clear difference is 3.0 points")
    assert verdicts.effect_clause([large, OPEN]).startswith("the largest difference is 8.0 points")


def test_too_few_identities_give_no_answer():
    assert verdicts.effect_clause([UNTESTED]) == "too few identities were scored to tell"
    assert verdicts.effect_verdict("pspnet", [UNTESTED], {}) == "for PSPNet, too few identities were scored to tell"


@pytest.mark.parametrize(
    ("effects", "margins", "end"),
    [
        ([CLEAR, OPEN], {}, "distinguishable from zero ($p = 0.002$ after adjustment)"),
        (
            [CLEAR, OPEN],
            {"asian-black": math.nan, "asian-caucasian": 0.01},
            "distinguishable from zero ($p = 0.002$ after adjustment)",
        ),
        ([CLEAR, OPEN], {"asian-black": 0.05}, "shows it to be smaller than 5.0 points all the same"),
        ([OPEN], {"asian-caucasian": 0.02}, "every difference between two groups to be smaller than 2.0 points"),
        ([OPEN], {"asian-caucasian": math.nan}, "a smaller one may exist"),
        ([OPEN], {}, "a true difference of 1.4 points or more would mostly have been found, a smaller one may exist"),
        (
            [dataclasses.replace(OPEN, detectable=math.nan)],
            {},
            "not distinguishable from zero ($p = 0.310$ after adjustment)",
        ),
    ],
)
def test_the_full_answer_says_shown_not_shown_or_shown_to_be_small(effects, margins, end):
    assert verdicts.effect_verdict("deeplabv3", effects, margins).endswith(end)


def test_equality_is_claimed_only_where_every_difference_is_shown_to_be_small():
    other = dataclasses.replace(OPEN, contrast="asian-black", value=0.001)
    one = verdicts.effect_verdict("pspnet", [OPEN, other], {"asian-caucasian": 0.01})
    both = verdicts.effect_verdict("pspnet", [OPEN, other], {"asian-caucasian": 0.01, "asian-black": 0.03})
    assert "does not show equality" in one
    assert both.endswith("smaller than 3.0 points"), "the widest margin holds for all"


@given(st.floats(-0.2, 0.2), st.floats(0, 1), st.floats(0.001, 0.1))
def test_a_large_p_value_never_yields_a_claim_of_a_difference(value, p, reach):
    effect = Effect("asian-black", value, value - reach, value + reach, p, 0.02)
    text = verdicts.effect_verdict("pspnet", [effect], {})
    assert ("not distinguishable" in text) == (p >= 0.05)
    assert ("equivalence" in text) is False


@pytest.mark.parametrize(
    ("p_morphology", "p_tone", "end"),
    [
        (0.3, 0.01, "only the part of skin tone is distinguishable from zero"),
        (0.01, 0.3, "only the part of morphology is distinguishable from zero"),
        (0.01, 0.01, "both parts are distinguishable from zero"),
        (0.3, 0.3, "neither part alone is distinguishable from zero"),
    ],
)
def test_the_parts_name_those_that_are_distinguishable(p_morphology, p_tone, end):
    morphology = Effect("black-caucasian", -0.008, -0.017, 0.003, p_morphology)
    tone = Effect("black-caucasian", -0.028, -0.037, -0.017, p_tone)
    text = verdicts.parts_verdict("pspnet", TURNED, morphology, tone)
    assert text.endswith(end)
    assert "between Caucasian and Black people" in text
    assert "+0.8 points ($-$0.3 to +1.7) that come with morphology and +2.8 points (+1.7 to +3.7) with skin" in text


def test_untested_parts_are_said_to_be_untested():
    assert "could not be tested" in verdicts.parts_verdict("pspnet", CLEAR, UNTESTED, CLEAR)


@pytest.mark.parametrize(
    ("shown", "end"),
    [
        (
            {0.02: [True] * 3, 0.01: [False] * 3},
            "none of the three differences is shown to be smaller than 1.0 points and all than 2.0 points",
        ),
        ({0.02: [True, True, False]}, "two of the three differences are shown to be smaller than 2.0 points"),
        ({0.02: [True, False, False]}, "one of the three differences is shown to be smaller than 2.0 points"),
        ({}, "equivalence could not be tested"),
    ],
)
def test_equivalence_counts_the_differences_by_margin(shown, end):
    assert verdicts.equivalence_verdict("pspnet", shown) == f"for PSPNet, {end}"


def sources(p_values):
    rows = [
        {"cohort": cohort, "gap": 0.02, "expected_by_chance": 0.01, "p_value": p}
        for cohort, p in zip(("wild", "balanced", "counterfactual"), p_values, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("p_values", "end"),
    [
        ((0.2, 0.3, 0.05), "none of these gaps is distinguishable from chance"),
        ((0.01, 0.01, 0.01), "all of these gaps are distinguishable from chance"),
        ((0.01, 0.2, 0.2), "only the observational gap is distinguishable from chance"),
        ((0.2, 0.2, 0.01), "only the counterfactual gap is distinguishable from chance"),
        ((0.2, 0.01, 0.01), "only the balanced and the counterfactual gaps are distinguishable from chance"),
        ((math.nan, math.nan, 0.2), "it is not distinguishable from chance"),
        ((math.nan, 0.01, math.nan), "it is distinguishable from chance"),
    ],
)
def test_the_gaps_name_the_cohorts_in_which_they_are_distinguishable(p_values, end):
    assert verdicts.sources_verdict("pspnet", sources(p_values)).endswith(f"; {end}")


def test_without_a_test_no_gap_is_told():
    assert "no gap could be tested" in verdicts.sources_verdict("pspnet", sources([math.nan] * 3))


@pytest.mark.parametrize(
    ("difference", "p", "parts"),
    [
        (0.02, 0.01, ("gap of DeepLabV3 is 2.0 points larger than that of PSPNet (interval 1.0 to 3.0",)),
        (-0.02, 0.01, ("gap of PSPNet is 2.0 points larger than that of DeepLabV3 (interval 1.0 to 3.0",)),
        (0.02, 0.2, ("2.0 points larger", "not distinguishable from no difference")),
        (math.nan, math.nan, ("could not be compared",)),
    ],
)
def test_the_models_gaps_are_compared_from_the_side_of_the_larger(difference, p, parts):
    row = pd.Series({"difference": difference, "low": difference - 0.01, "high": difference + 0.01, "p_value": p})
    text = verdicts.model_gap_verdict(row)
    assert all(part in text for part in parts)


@pytest.mark.parametrize(
    ("raw", "adjusted", "end"),
    [
        (0.05, 0.04, "both intervals exclude zero"),
        (0.05, 0.01, "the interval excludes zero only before"),
        (0.01, 0.05, "the interval excludes zero only after"),
        (0.01, -0.01, "both intervals include zero"),
    ],
)
def test_adjustment_compares_both_intervals_with_zero(raw, adjusted, end):
    rows = [
        {"contrast": "asian-black", "kind": kind, "estimate": value, "low": value - 0.02, "high": value + 0.02}
        for kind, value in (("raw", raw), ("adjusted", adjusted))
    ]
    text = verdicts.adjusted_verdict("pspnet", pd.DataFrame(rows))
    assert text.endswith(f"; {end}")
    assert "Asian minus Black" in text


def test_without_an_adjusted_estimate_none_is_told():
    rows = pd.DataFrame([{"contrast": "asian-black", "kind": "raw", "estimate": 0.1, "low": 0.0, "high": 0.2}])
    assert "no adjusted difference" in verdicts.adjusted_verdict("pspnet", rows)
    assert "no adjusted difference" in verdicts.adjusted_verdict("pspnet", rows.head(0))


def tones(reach, relative=False):
    table = pd.DataFrame({"skin_tone": [1, 5, 10.0], "value": [0.52, 0.55, 0.5]})
    table = table.assign(low=table["value"] - reach, high=table["value"] + reach)
    if relative:
        table = table.assign(relative=table["value"] - 0.52, relative_low=table["value"] - 0.53)
        table["relative_high"] = table["value"] - 0.51
    return table


@pytest.mark.parametrize(("reach", "relative", "end"), [(0.1, False, "overlap"), (0.1, True, "do not overlap"),
                                                        (0.01, False, "do not overlap")])  # fmt: skip
def test_the_tones_at_both_ends_of_the_score_are_named(reach, relative, end):
    text = verdicts.tone_verdict("pspnet", tones(reach, relative))
    assert "highest at tone 5 and lowest at tone 10, 5.0 points below" in text
    assert text.endswith(f"these two {end}")


def test_a_single_tone_is_no_curve():
    assert "too few tones" in verdicts.tone_verdict("pspnet", tones(0.1).head(1))


def class_rows(p_values, people=40):
    rows = [
        {"group": group, "class": "nose", "relative": value, "low": value - 0.01, "high": value + 0.01,
         "p_adjusted": p, "n_subjects": people}
        for group, value, p in zip(("asian", "black", "caucasian"), (0.02, -0.05, 0.03), p_values, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("p_values", "count", "rest"),
    [
        (
            (0.2, 0.3, 0.4),
            "none of the three",
            "remains after adjustment; the largest is that for nose of Black people",
        ),
        ((0.2, 0.3, 0.01), "one of the three", "remains after adjustment; it is that for nose of Caucasian people"),
        ((0.01, 0.3, 0.01), "two of the three", "remain after adjustment; the largest of them is that for nose of Cau"),
    ],
)
def test_classes_are_named_only_after_adjustment(p_values, count, rest):
    text = verdicts.class_gap_verdict("pspnet", class_rows(p_values))
    assert f"{count} differences of a group from the mean of the groups in one class {rest}" in text


def test_classes_that_few_people_show_are_not_judged():
    assert "no class was shown by enough people" in verdicts.class_gap_verdict("pspnet", class_rows([0.01] * 3, 9))


@pytest.mark.parametrize(
    ("slope", "p", "part"),
    [
        (0.004, 0.01, "raise its score relative to the other groups by 0.40 points"),
        (-0.004, 0.01, "lower its score relative to the other groups by 0.40 points"),
        (0.004, 0.05, "by +0.40 points (interval +0.30 to +0.50, $p = 0.050$), which is not distinguishable"),
        (math.nan, math.nan, "could not be tested"),
    ],
)
def test_the_slope_is_a_claim_only_where_its_test_allows(slope, p, part):
    row = pd.Series({"slope": slope, "low": slope - 0.001, "high": slope + 0.001, "p_value": p})
    assert part in verdicts.slope_verdict(row)


def test_the_ends_of_the_composition_are_those_of_the_own_group():
    rows = pd.DataFrame(
        [("without_asian", "asian", "asian", 0.0, -0.015), ("without_asian", "asian", "black", 0.5, 0.9),
         ("mostly_asian", "asian", "asian", 0.8, 0.025), ("balanced", "", "asian", 1 / 3, 0.5)],
        columns=["composition", "focus", "group", "share", "relative"],
    )  # fmt: skip
    phrase = verdicts.extremes_phrase(rows)
    assert phrase == r"Asian people $-$1.5 at a share of 0\,\% and +2.5 at a share of 80\,\%"
    assert verdicts.extremes_phrase(rows.head(0)) == "no group was varied"


def quality(lows):
    rows = [
        {"measure": measure, "correlation": value, "low": low, "high": value + 0.1}
        for measure, value, low in zip(
            ("entropy", "flip_consistency", "plausibility"), (-0.6, 0.5, 0.2), lows, strict=True
        )
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("lows", "part"),
    [
        ((-0.7, 0.4, 0.1), "interval $-$0.70 to $-$0.50); no interval includes zero"),
        ((-0.7, 0.4, -0.1), "; the interval of plausible layout includes zero"),
        ((-0.7, -0.1, -0.1), "; the intervals of consistency when mirrored and plausible layout include zero"),
    ],
)
def test_a_measure_whose_interval_holds_zero_is_named(lows, part):
    assert part in verdicts.quality_verdict("pspnet", quality(lows))


def test_where_no_measure_follows_the_score_none_is_praised():
    rows = quality((-0.7, -0.1, -0.1)).assign(high=0.9)
    text = verdicts.quality_verdict("pspnet", rows)
    assert "no measure follows the true score distinguishably (entropy: Spearman" in text
    assert "no measure could be compared" in verdicts.quality_verdict("pspnet", rows.assign(low=np.nan))


def levels(*rows):
    return pd.DataFrame(rows, columns=["feature", "level", "value", "n_subjects"])


def test_the_feature_whose_levels_lie_furthest_apart_is_named_beside_those_of_the_person():
    rows = levels(
        ("gender", "female", 0.50, 40), ("gender", "male", 0.53, 40), ("face_size", "small", 0.42, 40),
        ("face_size", "large", 0.57, 40), ("skin_tone", "3", 0.52, 40), ("skin_tone", "10", 0.26, 2),
        ("group_gender", "asian female", 0.1, 40), ("group_gender", "asian male", 0.9, 40),
    )  # fmt: skip
    assert verdicts.features_verdict("pspnet", rows) == (
        "for PSPNet, the levels of size of the face lie furthest apart, by 15.0 points (large over small); "
        "by comparison gender 3.0"
    )
    assert "no feature has two levels" in verdicts.features_verdict("pspnet", rows.assign(n_subjects=3))


def test_no_sentence_prints_nan(counterfactual):
    for (stem, sentence), model in itertools.product(
        {
            "sources": verdicts.sources_verdict, "tones": verdicts.tone_verdict, "classes": verdicts.class_gap_verdict,
            "quality": verdicts.quality_verdict, "features": verdicts.features_verdict,
        }.items(),
        ("deeplabv3", "pspnet"),
    ):  # fmt: skip
        rows = counterfactual[stem]
        text = sentence(model, rows[rows["model"] == model])
        assert "nan" not in text
        assert "--" not in text
