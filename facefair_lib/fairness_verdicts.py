"""Sentences of counterfactual fairness: each is chosen by the tables, so that it holds whichever way they fall.

A difference is called distinguishable where its p value, adjusted for the number of comparisons, is below
``verdicts.ALPHA``; it is called smaller than a margin only where an equivalence test says so. A large p value alone
shows nothing, and the sentence then says how large a difference would have been found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from facefair_lib import latex
from facefair_lib.fairness import MIN_SUBJECTS
from facefair_lib.latex import fixed, percent, signed, words
from facefair_lib.titles import COHORT_TITLES, FEATURE_TITLES, MEASURE_TITLES, MODEL_TITLES, in_order, in_text, title
from facefair_lib.verdicts import ALPHA, Difference, p_phrase

_PERSONAL = ("skin_tone", "gender", "age_band")
"""Features of the person, beside which those of the picture are seen."""


@dataclass(frozen=True)
class Effect:
    """Score of one group minus that of another with all else held fixed: one row of ``effects.csv``."""

    contrast: str
    value: float
    low: float
    high: float
    p: float
    detectable: float = math.nan

    @property
    def tested(self) -> bool:
        """Whether there were enough identities for a difference and its test."""
        return not (math.isnan(self.value) or math.isnan(self.p))

    @property
    def distinguishable(self) -> bool:
        """Whether the sign-flip test, adjusted for the number of comparisons, tells it from zero."""
        return self.tested and self.p < ALPHA

    @property
    def groups(self) -> tuple[str, str]:
        """Titles of the higher and the lower group."""
        first, second = (title(group) for group in self.contrast.split("-"))
        return (first, second) if self.value >= 0 else (second, first)

    @property
    def span(self) -> str:
        """The interval, turned to the side of the higher group."""
        low, high = (self.low, self.high) if self.value >= 0 else (-self.high, -self.low)
        return f"interval {percent(low)} to {percent(high)}"


def leading(effects: Sequence[Effect]) -> Effect | None:
    """The effect to speak of: the largest of the distinguishable ones, else the largest; None where none was tested."""
    tested = [effect for effect in effects if effect.tested]
    return max(tested, key=lambda effect: (effect.distinguishable, abs(effect.value))) if tested else None


def effect_clause(effects: Sequence[Effect]) -> str:
    """One model's answer, brief: size, direction, interval, and whether it is distinguishable from zero."""
    effect = leading(effects)
    if effect is None:
        return "too few identities were scored to tell"
    higher, lower = effect.groups
    what = "difference" if _is_largest(effect, effects) else "clear difference"
    size = f"the largest {what} is {percent(abs(effect.value))} points of image IoU"
    clear = "" if effect.distinguishable else "not "
    who = f"{higher} above {lower}, {effect.span}"
    return f"{size} ({who}), {clear}distinguishable from zero ({p_phrase(effect.p)} after adjustment)"


def _is_largest(effect: Effect, effects: Sequence[Effect]) -> bool:
    return all(abs(other.value) <= abs(effect.value) for other in effects if other.tested)


def effect_verdict(model: str, effects: Sequence[Effect], margins: Mapping[str, float]) -> str:
    """One model's answer in full.

    Parameters
    ----------
    effects : the totals of all contrasts
    margins : contrast -> the smallest margin that equivalence was shown for, as a share, NaN where it was for none;
        empty where that was not tested
    """
    lead = f"for {title(model)}, {effect_clause(effects)}"
    effect = leading(effects)
    if effect is None:
        return lead
    if effect.distinguishable:
        margin = margins.get(effect.contrast, math.nan)
        small = f"; an equivalence test shows it to be smaller than {percent(margin)} points all the same"
        return lead if math.isnan(margin) else lead + small
    widest = max((margins.get(other.contrast, math.inf) for other in effects), key=_nan_last)
    if math.isfinite(widest):
        return (
            f"{lead}; equivalence tests show every difference between two groups to be smaller than "
            f"{percent(widest)} points"
        )
    if math.isnan(effect.detectable):
        return lead
    rest = f"a true difference of {percent(effect.detectable)} points or more would mostly have been found"
    return f"{lead}; that does not show equality: {rest}, a smaller one may exist"


def _nan_last(margin: float) -> float:
    return math.inf if math.isnan(margin) else margin


def parts_verdict(model: str, total: Effect, morphology: Effect, tone: Effect) -> str:
    """How a difference divides between the shape of the head and the tone of the skin."""
    if not (morphology.tested and tone.tested):
        return f"the parts of the difference could not be tested for {title(model)}"
    turn = 1 if total.value >= 0 else -1

    def part(effect: Effect) -> str:
        low, high = sorted((turn * effect.low, turn * effect.high))
        return f"{signed(turn * effect.value)} points ({signed(low)} to {signed(high)})"

    clear = [name for name, effect in (("morphology", morphology), ("skin tone", tone)) if effect.distinguishable]
    end = {
        0: "neither part alone is distinguishable from zero",
        1: f"only the part of {clear[0] if clear else ''} is distinguishable from zero",
        2: "both parts are distinguishable from zero",
    }[len(clear)]
    between = " and ".join(total.groups)
    return (
        f"for {title(model)}, the difference between {between} people consists of {part(morphology)} that come with "
        f"morphology and {part(tone)} with skin tone; {end}"
    )


def equivalence_verdict(model: str, shown: Mapping[float, Sequence[bool]]) -> str:
    """How many of a model's differences are shown to be smaller than each margin; ``shown``: margin -> answers."""
    tested = {margin: answers for margin, answers in sorted(shown.items()) if answers}
    if not tested:
        return f"for {title(model)}, equivalence could not be tested"
    n = max(len(answers) for answers in tested.values())
    counts = ["all" if all(answers) else words(sum(answers)) if any(answers) else "none" for answers in tested.values()]
    verb = "is" if counts[0] in ("none", "one") else "are"
    first, *rest = [f"than {percent(margin)} points" for margin in tested]
    lead = f"{counts[0]} of the {words(n)} differences {verb} shown to be smaller {first}"
    parts = [lead, *(f"{number} {than}" for number, than in zip(counts[1:], rest, strict=True))]
    return f"for {title(model)}, {latex.listed(parts)}"


def sources_verdict(model: str, rows: pd.DataFrame) -> str:
    """A model's gaps in the cohorts, beside chance, and which of them are distinguishable from it."""
    tested = rows.dropna(subset=["gap", "p_value"]).set_index("cohort")
    if tested.empty:
        return f"for {title(model)}, no gap could be tested"
    phrases = {
        "wild": "among people whose attributes go together",
        "balanced": "among people whose attributes are drawn apart",
        "counterfactual": "in the counterfactual pictures",
    }
    cohorts = in_order(tested.index, COHORT_TITLES)
    parts = []
    for cohort in cohorts:
        r, where = tested.loc[cohort], phrases.get(cohort, f"in {latex.escape(cohort)}")
        size, chance = percent(r["gap"]), percent(r["expected_by_chance"])
        parts.append(f"{size} points {where} (chance alone {chance}, {p_phrase(r['p_value'])})")
    end = _which_gaps(cohorts, [c for c in cohorts if tested.loc[c, "p_value"] < ALPHA])
    return f"for {title(model)}, best and worst group lie apart by {latex.listed(parts)}; {end}"


def _which_gaps(cohorts: Sequence[str], clear: Sequence[str]) -> str:
    """Which of the cohorts' gaps are distinguishable from chance."""
    if len(cohorts) == 1:
        return f"it is {'' if clear else 'not '}distinguishable from chance"
    if not clear:
        return "none of these gaps is distinguishable from chance"
    if len(clear) == len(cohorts):
        return "all of these gaps are distinguishable from chance"
    names = {"wild": "the observational", "balanced": "the balanced", "counterfactual": "the counterfactual"}
    which = latex.listed([names.get(cohort, latex.escape(cohort)) for cohort in clear])
    return f"only {which} gap{' is' if len(clear) == 1 else 's are'} distinguishable from chance"


def model_gap_verdict(row: pd.Series) -> str:
    """Whether one network treats the groups more differently than the other."""
    first, second = (title(model) for model in MODEL_TITLES)
    value, low, high, p = (float(row[column]) for column in ("difference", "low", "high", "p_value"))
    if math.isnan(value) or math.isnan(p):
        return f"the gaps of {first} and {second} could not be compared"
    larger, smaller = (first, second) if value >= 0 else (second, first)
    low, high = (low, high) if value >= 0 else (-high, -low)
    lead = f"the gap of {larger} is {percent(abs(value))} points larger than that of {smaller}"
    span = f"interval {percent(low)} to {percent(high)}, {p_phrase(p)}"
    if p < ALPHA:
        return f"{lead} ({span})"
    return f"{lead} ({span}), which is not distinguishable from no difference"


def adjusted_verdict(model: str, rows: pd.DataFrame) -> str:
    """What adjustment does to the largest raw difference of one model and cohort."""
    by_kind = {kind: rows[rows["kind"] == kind].set_index("contrast") for kind in ("raw", "adjusted")}
    both = (
        by_kind["raw"]
        .dropna(subset=["estimate"])
        .index.intersection(by_kind["adjusted"].dropna(subset=["estimate"]).index)
    )
    if both.empty:
        return f"for {title(model)}, no adjusted difference could be estimated"
    contrast = by_kind["raw"].loc[both, "estimate"].abs().idxmax()
    before, after = (
        Difference(*by_kind[kind].loc[contrast, ["estimate", "low", "high"]].astype(float))
        for kind in ("raw", "adjusted")
    )
    first, second = (title(group) for group in str(contrast).split("-"))
    moved = f"{_signed(before)} before and {_signed(after)} after adjustment"
    end = {
        (False, False): "both intervals include zero",
        (True, False): "the interval excludes zero only before",
        (False, True): "the interval excludes zero only after",
        (True, True): "both intervals exclude zero",
    }[before.sign != 0, after.sign != 0]
    return f"for {title(model)}, the largest raw difference, {first} minus {second}, is {moved}; {end}"


def _signed(difference: Difference) -> str:
    span = f"{signed(difference.low)} to {signed(difference.high)}"
    return f"{signed(difference.value)} points ({span})"


def tone_verdict(model: str, rows: pd.DataFrame) -> str:
    """At which skin tones a model's mean score is highest and lowest, and whether those two intervals overlap."""
    known = rows.dropna(subset=["value"])
    if len(known) < 2:
        return f"for {title(model)}, too few tones were scored"
    relative = {"relative", "relative_low", "relative_high"} <= set(known.columns)
    low, high = ("relative_low", "relative_high") if relative else ("low", "high")
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    size = percent(best["value"] - worst["value"])
    overlap = "overlap" if not best[low] > worst[high] else "do not overlap"
    return (
        f"for {title(model)}, the mean score is highest at tone {best['skin_tone']:g} and lowest at tone "
        f"{worst['skin_tone']:g}, {size} points below; the intervals of these two {overlap}"
    )


def class_gap_verdict(model: str, rows: pd.DataFrame) -> str:
    """How many differences of a group and class from the mean of the groups survive adjustment, and the largest."""
    known = rows[(rows["n_subjects"] >= MIN_SUBJECTS) & rows["relative"].notna() & rows["p_adjusted"].notna()]
    if known.empty:
        return f"for {title(model)}, no class was shown by enough people of every group"
    clear = known[known["p_adjusted"] < ALPHA]
    pool = clear if len(clear) else known
    r = pool.loc[pool["relative"].abs().idxmax()]
    where = f"{latex.escape(in_text(title(str(r['class']))))} of {title(str(r['group']))} people"
    size = f"{signed(r['relative'])} points ({signed(r['low'])} to {signed(r['high'])})"
    count = "none" if clear.empty else words(len(clear))
    verb = "remain" if len(clear) > 1 else "remains"
    which = "it" if len(clear) == 1 else "the largest of them" if len(clear) else "the largest"
    return (
        f"for {title(model)}, {count} of the {words(len(known))} differences of a group from the mean of the groups in "
        f"one class {verb} after adjustment; {which} is that for {where}, {size}"
    )


def slope_verdict(row: pd.Series) -> str:
    """Whether a group's score follows its share of the training people."""
    value, low, high, p = (float(row[column]) for column in ("slope", "low", "high", "p_value"))
    if math.isnan(value) or math.isnan(p):
        return "whether a group's score follows its share could not be tested"
    span = f"interval {signed(low, 2)} to {signed(high, 2)}, {p_phrase(p)}"
    if p >= ALPHA:
        return (
            "ten points more of a group's share of the training people change its score relative to the other groups "
            f"by {signed(value, 2)} points ({span}), which is not distinguishable from no effect"
        )
    verb = "raise" if value > 0 else "lower"
    size = percent(abs(value), 2)
    return (
        f"ten points more of a group's share of the training people {verb} its score relative to the other groups by "
        f"{size} points ({span})"
    )


def extremes_phrase(rows: pd.DataFrame) -> str:
    """Each group's relative score where it is left out of training and where most people are of it."""
    own = rows[rows["focus"] == rows["group"]]
    parts = []
    for group in dict.fromkeys(own["group"]):
        part = own[own["group"] == group].sort_values("share")
        if len(part) > 1:
            low, high = part.iloc[0], part.iloc[-1]
            ends = [f"{signed(r['relative'])} at a share of {percent(r['share'], 0)}" + r"\,\%" for r in (low, high)]
            parts.append(f"{title(group)} people {ends[0]} and {ends[1]}")
    return latex.listed(parts) if parts else "no group was varied"


def quality_verdict(model: str, rows: pd.DataFrame) -> str:
    """Which measure follows a model's true score best, and which do not follow it."""
    known = rows.dropna(subset=["correlation", "low", "high"]).set_index("measure")
    if known.empty:
        return f"for {title(model)}, no measure could be compared with the true score"
    lost = [m for m in in_order(known.index, MEASURE_TITLES) if known.loc[m, "low"] <= 0 <= known.loc[m, "high"]]
    best = known["correlation"].abs().idxmax()
    r = known.loc[best]
    name = latex.escape(in_text(title(str(best))))
    size = f"Spearman {fixed(r['correlation'], 2)}, interval {fixed(r['low'], 2)} to {fixed(r['high'], 2)}"
    if len(lost) == len(known):
        return f"for {title(model)}, no measure follows the true score distinguishably ({name}: {size})"
    names = latex.listed([latex.escape(in_text(title(measure))) for measure in lost]) if lost else ""
    end = f"the intervals of {names} include zero" if len(lost) > 1 else f"the interval of {names} includes zero"
    rest = end if lost else "no interval includes zero" if len(known) > 1 else ""
    return f"for {title(model)}, {name} follows the true score most closely ({size}){'; ' if rest else ''}{rest}"


def features_verdict(model: str, rows: pd.DataFrame) -> str:
    """Which feature sets the scores of its levels furthest apart, levels of too few people and crossings left out."""
    rows = rows[(rows["n_subjects"] >= MIN_SUBJECTS) & rows["value"].notna()]
    spreads = {}
    for feature in FEATURE_TITLES:
        part = rows[rows["feature"] == feature].set_index("level")["value"].astype(float)
        if len(part) > 1 and feature != "group_gender":
            spreads[feature] = (part.max() - part.min(), str(part.idxmax()), str(part.idxmin()))
    if not spreads:
        return f"for {title(model)}, no feature has two levels with enough people"
    widest = max(spreads, key=lambda feature: spreads[feature][0])
    points, best, worst = spreads[widest]
    text = f"for {title(model)}, the levels of {_feature(widest)} lie furthest apart, by {percent(points)} points "
    text += f"({latex.escape(best)} over {latex.escape(worst)})"
    others = [
        f"{_feature(name)} {percent(spreads[name][0])}" for name in _PERSONAL if name in spreads and name != widest
    ]
    return f"{text}; by comparison {latex.listed(others)}" if others else text


def _feature(name: str) -> str:
    """``Age (years)`` -> ``age``."""
    return in_text(FEATURE_TITLES[name].split(" (")[0])
