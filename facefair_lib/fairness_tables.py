"""The tables of counterfactual fairness: effects, equivalence, features, compositions, quality without masks."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from facefair_lib import latex
from facefair_lib.fairness import MIN_SUBJECTS
from facefair_lib.latex import count, escape, estimate, fixed, percent, signed, tabular
from facefair_lib.titles import (
    COHORT_TITLES,
    COMPONENT_TITLES,
    FEATURE_TITLES,
    GROUP_TITLES,
    MEASURE_TITLES,
    MODEL_TITLES,
    in_order,
    title,
)


def contrast_title(contrast: str) -> str:
    """``asian-black`` -> ``Asian $-$ Black``."""
    return " $-$ ".join(escape(title(group)) for group in contrast.split("-"))


def composition_title(composition: str) -> str:
    """``mostly_asian`` -> ``Mostly Asian``; ``balanced`` -> ``Balanced``."""
    first, *rest = str(composition).split("_", 1)
    return escape(" ".join([first.capitalize(), *(title(group) for group in rest)]))


def effects(rows: pd.DataFrame) -> str:
    """Difference of every two groups, split into its parts, with the adjusted p value of the whole."""
    blocks = []
    for model in in_order(rows["model"], MODEL_TITLES):
        own = rows[rows["model"] == model].set_index(["contrast", "component"])
        block = [[rf"\multicolumn{{8}}{{@{{}}l}}{{\emph{{{title(model)}}}}}"]]
        for contrast in own.index.get_level_values("contrast").unique():
            parts = own.loc[contrast].reindex(list(COMPONENT_TITLES))
            cells = [estimate(r["difference"], r["low"], r["high"], signed) for _, r in parts.iterrows()]
            total = parts.loc["total"]
            sizes = [percent(total["detectable"]), count(total["n_images"]), count(total["n_subjects"])]
            block.append([contrast_title(contrast), *cells, latex.p_value(total["p_adjusted"]), *sizes])
        blocks.append(block)
    heads = ["Difference", *COMPONENT_TITLES.values(), "$p$", "Detectable", "Images", "People"]
    return tabular("lcccrrrr", [heads], blocks)


def equivalence(rows: pd.DataFrame, sources: pd.DataFrame) -> str:
    """Which differences are shown to be smaller than which margin, with the p value of each test.

    Parameters
    ----------
    rows : ``equivalence.csv``, one row per model, cohort, contrast and margin
    sources : ``sources.csv``, for the numbers of images and people of the cohorts
    """
    sizes: Mapping[tuple[str, str], tuple[float, float]] = {
        (r["model"], r["cohort"]): (r["n_images"], r["n_subjects"]) for r in sources.to_dict("records")
    }
    margins = sorted(set(rows["delta"]))
    blocks = []
    for cohort in in_order(rows["cohort"], COHORT_TITLES):
        block = [[rf"\multicolumn{{{5 + len(margins)}}}{{@{{}}l}}{{\emph{{{title(cohort)}}}}}"]]
        part = rows[rows["cohort"] == cohort]
        for model in in_order(part["model"], MODEL_TITLES):
            own = part[part["model"] == model]
            for position, contrast in enumerate(dict.fromkeys(own["contrast"])):
                tests = own[own["contrast"] == contrast].set_index("delta").reindex(margins)
                first = tests.dropna(subset=["difference"]).iloc[:1].to_dict("records")
                shown = [estimate(r["difference"], r["low90"], r["high90"], signed) for r in first] or [latex.MISSING]
                answers = [_answer(r) for r in tests.to_dict("records")]
                name, (images, people) = title(model) if position == 0 else "", sizes.get((model, cohort), (None, None))
                block.append([name, contrast_title(contrast), *shown, *answers, count(images), count(people)])
        blocks.append(block)
    heads = ["Model", "Difference", "Points", *(rf"Within {percent(margin)}" for margin in margins), "Images", "People"]
    return tabular("llc" + "l" * len(margins) + "rr", [heads], blocks)


def _answer(test: Mapping[str, object]) -> str:
    """``yes (0.012)``: whether a difference is shown to be smaller than the margin, and the p value."""
    if latex.is_missing(test["p_value"]):
        return latex.MISSING
    return f"{'yes' if is_true(test['equivalent']) else 'no'} ({latex.p_value(test['p_value'])})"


def is_true(value: object) -> bool:
    """A truth value as a CSV gives it back: True, or the word where other cells are empty."""
    return str(value) == "True"


def composition(rows: pd.DataFrame) -> str:
    """Score of each group under each composition of the training people, and its distance from the other groups."""
    groups = in_order(rows["group"], GROUP_TITLES)
    blocks: dict[str, list[list[str]]] = {}
    for name in dict.fromkeys(rows["composition"]):
        part = rows[rows["composition"] == name].set_index("group").reindex(groups)
        cells = []
        for _, r in part.iterrows():
            cells += [percent(r["share"], 0), percent(r["value"]), estimate(r["relative"], r["low"], r["high"], signed)]
        line = [composition_title(name), *cells, count(part["n_seeds"].max())]
        blocks.setdefault(str(name).split("_")[0], []).append(line)
    spans = "".join(rf" & \multicolumn{{3}}{{c}}{{{escape(title(group))}}}" for group in groups)
    rules = "".join(rf"\cmidrule(lr){{{2 + 3 * i}-{4 + 3 * i}}}" for i in range(len(groups)))
    columns = ["Training people", *["Share", "Score", "To others"] * len(groups), "Fits"]
    return tabular("l" + "rrc" * len(groups) + "r", [[spans + r" & \\" + "\n" + rules], columns], list(blocks.values()))


def features(rows: pd.DataFrame) -> str:
    """Score of every level of every feature, both models; levels with too few people in grey."""
    models = in_order(rows["model"], MODEL_TITLES)
    blocks = []
    for feature in FEATURE_TITLES:
        part = rows[rows["feature"] == feature]
        block = [[rf"\multicolumn{{{3 + len(models)}}}{{@{{}}l}}{{\emph{{{escape(FEATURE_TITLES[feature])}}}}}"]]
        for level in dict.fromkeys(part["level"]):
            own = part[part["level"] == level].set_index("model").reindex(models)
            scores = [estimate(r["value"], r["low"], r["high"], percent) for _, r in own.iterrows()]
            sizes = [count(own[column].max()) for column in ("n_images", "n_subjects")]
            line = [level_title(level), *scores, *sizes]
            block.append(latex.greyed(line) if own["n_subjects"].max() < MIN_SUBJECTS else line)
        if len(block) > 1:
            blocks.append(block)
    heads = [["Level", *(title(model) for model in models), "Images", "People"]]
    return tabular("l" + "c" * len(models) + "rr", heads, blocks)


def level_title(level: object) -> str:
    """``asian female`` -> ``Asian female``, ``18-29`` -> ``18--29``."""
    text = escape(str(level)[:1].upper() + str(level)[1:])
    return re.sub(r"(?<=\d)-(?=\d)", "--", text)


def quality(rows: pd.DataFrame) -> str:
    """Rank correlation of every measure with the true score, both models."""
    models = in_order(rows["model"], MODEL_TITLES)
    body = []
    for measure in in_order(rows["measure"], MEASURE_TITLES):
        part = rows[rows["measure"] == measure].set_index("model").reindex(models)
        cells = [estimate(r["correlation"], r["low"], r["high"], two_decimals) for _, r in part.iterrows()]
        sizes = [count(part[column].max()) for column in ("n_images", "n_subjects")]
        body.append([escape(title(measure)), *cells, *sizes])
    heads = [["Measure", *(title(model) for model in models), "Images", "People"]]
    return tabular("l" + "c" * len(models) + "rr", heads, [body])


def two_decimals(value: float) -> str:
    """A correlation as it is printed."""
    return fixed(value, 2)
