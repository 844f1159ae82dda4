"""Sentences that follow from results: each says what the intervals and p values allow, and nothing more.

The report's text must stay true when a study is rerun with other data or another size. So what depends on a result is
written here, as a choice between sentences, and reaches the text as a macro.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import optimize, stats

from facefair_lib import latex
from facefair_lib.latex import count, fixed, percent
from facefair_lib.titles import in_text, title

ALPHA = 0.05
"""A permutation p value at or above this is "not distinguishable from chance"."""
POWER = 0.8


@dataclass(frozen=True)
class Difference:
    """First minus second, as shares, with the interval of the paired bootstrap."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0; an undefined interval decides nothing."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


@dataclass(frozen=True)
class GapTest:
    """One row of ``gaps.csv``: best minus worst group (or emotion) of one model."""

    model: str
    feature: str
    gap: float
    chance: float
    corrected: float
    low: float
    high: float
    p: float
    best: str
    worst: str

    @property
    def tested(self) -> bool:
        """Whether there were enough people for a gap and its test."""
        return not (math.isnan(self.gap) or math.isnan(self.p))

    @property
    def distinguishable(self) -> bool:
        """Whether the permutation test tells the gap from chance."""
        return self.tested and self.p < ALPHA


def difference_verdict(first: str, second: str, measure: str, difference: Difference, *, brief: bool = False) -> str:
    """Which of two models is ahead, if the interval says so; ``brief`` leaves out what an undecided interval means."""
    if math.isnan(difference.value):
        return f"{first} and {second} cannot be compared in {measure}"
    size, ends = percent(abs(difference.value)), sorted((abs(difference.low), abs(difference.high)))
    if difference.sign == 0:
        span = rf"{percent(difference.low)} to {percent(difference.high)}"
        if brief:
            return f"{first} and {second} differ by {size} points of {measure} (interval {span}, which includes zero)"
        return (
            f"{first} and {second} differ by {size} points of {measure}, and the interval of the difference ({span}) "
            "includes zero: these people do not tell which of the two is ahead"
        )
    ahead, behind = (first, second) if difference.sign > 0 else (second, first)
    span = f"interval {percent(ends[0])} to {percent(ends[1])}"
    return f"{ahead} is ahead of {behind} by {size} points of {measure} ({span})"


def order_verdict(first: str, second: str, published: float, difference: Difference) -> str:
    """Whether the two models stand in the order that the course paper reports; ``published`` in points."""
    theirs = first if published > 0 else second
    lead = f"the course paper puts {theirs} ahead by {fixed(abs(published))} points of its IoU"
    if difference.sign == 0:
        return f"{lead}; our test people do not separate the two models"
    ours = first if difference.sign > 0 else second
    return f"{lead}; here, too, {ours} is ahead" if ours == theirs else f"{lead}; here {ours} is ahead"


def classes_verdict(first: str, second: str, differences: Sequence[Difference]) -> str:
    """In how many classes each model is ahead by more than its interval."""
    signs = [difference.sign for difference in differences]
    ahead, behind, open_ = signs.count(1), signs.count(-1), signs.count(0)
    decided = latex.listed(
        [f"{name} is ahead in {latex.words(n)}" for name, n in ((first, ahead), (second, behind)) if n]
        or ["neither is ahead in any"]
    )
    rest = f"; in {latex.words(open_)} the interval includes zero" if open_ else ""
    return f"of the {latex.words(len(signs))} classes that occur, {decided}{rest}"


def learning_verdict(model: str, best: int, epochs: int, train: float, validation: float) -> str:
    """When the validation loss was lowest, and how far training and validation scores lay apart there."""
    when = (
        "the only one"
        if epochs == 1
        else "the last one, so that a longer run might still gain"
        if best == epochs
        else ""
    )
    where = f"{model} had its lowest validation loss in epoch {best} of {epochs}" + (f", {when}" if when else "")
    scores = rf"{percent(train)}\,\% on training and {percent(validation)}\,\% on validation pictures"
    return f"{where}; its IoU was then {scores}"


def p_phrase(p: float) -> str:
    """A p value inside a sentence: ``$p = 0.021$``."""
    return rf"$p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}$"


def gap_verdict(test: GapTest) -> str:
    """What one gap test allows to say."""
    model, kind = title(test.model), "people" if test.feature == "group" else "faces"
    if not test.tested:
        return f"{model} cannot be judged here, since there were too few people with masks"
    names = (title(k) if test.feature == "group" else in_text(title(k)) for k in (test.best, test.worst))
    best, worst = map(latex.escape, names)
    p = p_phrase(test.p)
    seen = (
        f"{model} scores best on {best} and worst on {worst} {kind}, {percent(test.gap)} points apart, where chance "
        f"alone would put them {percent(test.chance)} points apart on average"
    )
    if not test.distinguishable:
        bound = f"a true gap of up to {percent(test.high)} points would agree with the data"
        return f"{seen}; this gap is not distinguishable from chance ({p}), and {bound}"
    rest = f"{percent(test.corrected)} points remain once chance is taken off"
    span = f"interval of the true gap {percent(test.low)} to {percent(test.high)}"
    return f"{seen}; this gap is distinguishable from chance ({p}), and {rest} ({span})"


def gap_summary(feature: str, tests: Sequence[GapTest]) -> str:
    """All models' gap tests of one feature in one clause."""
    what = {"group": "the ethnic groups", "emotion": "the emotions"}.get(
        feature, f"the values of {latex.escape(feature)}"
    )
    clear = [title(test.model) for test in tests if test.distinguishable]
    unclear = [title(test.model) for test in tests if test.tested and not test.distinguishable]
    if not clear and not unclear:
        return f"there were too few people with masks to compare {what}"
    if not clear:
        no, who = ("", "neither model") if len(unclear) > 1 else ("not ", unclear[0])
        return f"the gap between {what} is {no}distinguishable from chance for {who}"
    if not unclear:
        who = "both models" if len(clear) == 2 else latex.listed(clear)
        return f"the gap between {what} is distinguishable from chance for {who}"
    who = f"{latex.listed(clear)} and not for {latex.listed(unclear)}"
    return f"the gap between {what} is distinguishable from chance for {who}"


def transfer_verdict(source: str, scores: Mapping[str, tuple[float, float, float]], images: int) -> str:
    """How the models that were trained on one source do on photographs; ``scores`` = model -> mean F1, low, high."""
    parts = [
        rf"{percent(f1)}\,\% ({title(model)}, interval {percent(low)} to {percent(high)})"
        for model, (f1, low, high) in scores.items()
    ]
    where = rf"networks of the profile \emph{{{latex.escape(source)}}} reach a mean F1 of"
    return f"{where} {latex.listed(parts)} on {count(images)} photographs"


def smallest_detectable_gap(spread: float, per_group: int) -> float:
    """Gap between two groups that a two-sided t test finds with power 0.8 at level 0.05.

    Parameters
    ----------
    spread : standard deviation of the score of one image
    per_group : images in each group

    Returns
    -------
    gap in the unit of ``spread``; NaN for a single image per group

    Source: power of the two-sample t test by the noncentral t distribution (Cohen 1988, chapter 2).
    """
    if per_group < 2:
        return math.nan
    freedom = 2 * per_group - 2
    critical = stats.t.ppf(1 - ALPHA / 2, freedom)

    def lack(noncentrality: float) -> float:  # the other tail adds less than 1e-6 at this power
        return stats.nct.sf(critical, freedom, noncentrality) - POWER

    return spread * optimize.brentq(lack, 0, critical + 6) * math.sqrt(2 / per_group)


def smallest_p_value(per_group: int) -> float:
    """Smallest two-sided p value of an exact permutation test between two groups of ``per_group`` images."""
    return 2 / math.comb(2 * per_group, per_group)
