"""The numbers and sentences of counterfactual fairness, as macros: chosen by the results, never typed."""

from __future__ import annotations

import pandas as pd

from facefair_lib import latex
from facefair_lib.evidence import FAIRNESS, Evidence, Table
from facefair_lib.fairness_tables import is_true
from facefair_lib.fairness_verdicts import (
    Effect,
    adjusted_verdict,
    class_gap_verdict,
    effect_clause,
    effect_verdict,
    equivalence_verdict,
    extremes_phrase,
    features_verdict,
    leading,
    model_gap_verdict,
    parts_verdict,
    quality_verdict,
    slope_verdict,
    sources_verdict,
    tone_verdict,
)
from facefair_lib.latex import count, fixed, percent, words
from facefair_lib.macros import Macros, macro_name
from facefair_lib.titles import GROUP_TITLES, MODEL_TITLES, in_order, in_text, title

TOGGLE = "counterfactual"
_COHORT = "counterfactual"
_PARTS = {
    "tones": (), "sources": (), "adjusted": (), "equivalence": ("sources",), "classes": (), "traps": (),
    "composition": (), "composition_slope": (), "quality": (), "model_gaps": (), "features": (),
}  # fmt: skip
"""Parts of the section that a study may lack: table -> the other tables that the part needs."""


def add_fairness(macros: Macros, evidence: Evidence) -> None:
    """Add the macros of the section on counterfactual fairness, where the study has its results.

    Every part of the section has a toggle of its own, so that a profile may lack the training compositions or the
    quality measures and keep the rest.
    """
    effects = f"{FAIRNESS}/effects"
    present = evidence.has(effects)
    macros.switch(TOGGLE, present, f"{effects}.csv all rows")
    for stem, needs in _PARTS.items():
        there = present and all(evidence.has(f"{FAIRNESS}/{name}") for name in (stem, *needs))
        macros.switch(macro_name(TOGGLE, stem), there, f"{FAIRNESS}/{stem}.csv all rows")
    if not present:
        return
    table, models = evidence.table(effects), list(MODEL_TITLES)
    margins = _equivalence(macros, evidence, models)
    _effects(macros, table, models, margins)
    _by_model(macros, evidence, models)
    _gaps_of_models(macros, evidence)
    if evidence.has(f"{FAIRNESS}/sources"):
        _sizes(macros, evidence.table(f"{FAIRNESS}/sources"))
    if evidence.has(f"{FAIRNESS}/traps"):
        _traps(macros, evidence.table(f"{FAIRNESS}/traps"))
    _composition(macros, evidence)


def _effects(macros: Macros, table: Table, models: list[str], margins: dict[str, dict[str, float]]) -> None:
    """The answer: each model's largest difference, in brief and in full, and its two parts."""
    clauses = []
    for model in models:
        by_component = {part: effects_of(table.rows, model, part) for part in ("total", "morphology", "tone")}
        totals = by_component["total"]
        origin = f"{table.name}.csv model={model} difference,low,high,p_adjusted"
        clauses.append(f"for {title(model)}, {effect_clause(totals)}")
        verdict = effect_verdict(model, totals, margins[model])
        _sentence(macros, macro_name(TOGGLE, "verdict", model), verdict, origin)
        _sentence(macros, macro_name(TOGGLE, "parts", model), _parts(model, by_component), origin)
    rows = table.rows[table.rows["component"] == "total"]
    macros.add("CounterfactualSummary", "; ".join(clauses), table.whole(None, "difference,p_adjusted").origin)
    macros.add("CounterfactualPeople", count(rows["n_subjects"].max()), table.whole(None, "n_subjects").origin)
    macros.add("CounterfactualImages", count(rows["n_images"].max()), table.whole(None, "n_images").origin)


def effects_of(rows: pd.DataFrame, model: str, component: str) -> list[Effect]:
    """One model's effects of one component, in the order of the table."""
    part = rows[(rows["model"] == model) & (rows["component"] == component)]
    return [
        Effect(r["contrast"], r["difference"], r["low"], r["high"], r["p_adjusted"], r["detectable"])
        for r in part.to_dict("records")
    ]


def _parts(model: str, by_component: dict[str, list[Effect]]) -> str:
    total = leading(by_component["total"])
    if total is None:
        return f"the parts of the difference could not be tested for {title(model)}"
    parts = {
        component: next(effect for effect in by_component[component] if effect.contrast == total.contrast)
        for component in ("morphology", "tone")
    }
    return parts_verdict(model, total, **parts)


def _equivalence(macros: Macros, evidence: Evidence, models: list[str]) -> dict[str, dict[str, float]]:
    """Model -> contrast -> smallest margin shown among the counterfactual pictures; adds the sentences."""
    name = f"{FAIRNESS}/equivalence"
    if not evidence.has(name):
        return {model: {} for model in models}
    table, margins = evidence.table(name), {}
    for model in models:
        rows = table.rows[(table.rows["model"] == model) & (table.rows["cohort"] == _COHORT)].dropna(subset="p_value")
        rows = rows.assign(shown=rows["equivalent"].map(is_true))
        margins[model] = {
            str(contrast): part.loc[part["shown"], "delta"].min() for contrast, part in rows.groupby("contrast")
        }
        answers = {float(delta): list(part["shown"]) for delta, part in rows.groupby("delta")}
        origin = f"{name}.csv model={model},cohort={_COHORT} delta,equivalent"
        _sentence(macros, macro_name(TOGGLE, "equivalence", model), equivalence_verdict(model, answers), origin)
    return margins


def _sentence(macros: Macros, name: str, text: str, origin: str) -> None:
    """Add a verdict as a whole sentence, without its full stop."""
    macros.add(name, text[0].upper() + text[1:], origin)


def _by_model(macros: Macros, evidence: Evidence, models: list[str]) -> None:
    """Sentences that need one table and one model."""
    sentences = {
        "tones": tone_verdict,
        "sources": sources_verdict,
        "classes": class_gap_verdict,
        "features": features_verdict,
        "quality": quality_verdict,
    }
    for stem, sentence in sentences.items():
        if not evidence.has(f"{FAIRNESS}/{stem}"):
            continue
        rows = evidence.table(f"{FAIRNESS}/{stem}").rows
        for model in models:
            text = sentence(model, rows[rows["model"] == model])
            origin = f"{FAIRNESS}/{stem}.csv model={model} rows"
            _sentence(macros, macro_name(TOGGLE, stem, "verdict", model), text, origin)
    name = f"{FAIRNESS}/adjusted"
    if evidence.has(name):
        rows = evidence.table(name).rows
        for model in models:
            for cohort in ("wild", "balanced"):
                text = adjusted_verdict(model, rows[(rows["model"] == model) & (rows["cohort"] == cohort)])
                origin = f"{name}.csv model={model},cohort={cohort} estimate,low,high"
                _sentence(macros, macro_name(TOGGLE, "adjusted", cohort, model), text, origin)


def _gaps_of_models(macros: Macros, evidence: Evidence) -> None:
    name = f"{FAIRNESS}/model_gaps"
    if evidence.has(name):
        rows = evidence.table(name).rows
        rows = rows[rows["cohort"] == _COHORT]
        text = model_gap_verdict(rows.iloc[0]) if len(rows) else "the gaps of the networks were not compared"
        _sentence(macros, "CounterfactualModelGaps", text, f"{name}.csv cohort={_COHORT} difference,low,high,p_value")


def _sizes(macros: Macros, sources: Table) -> None:
    """People and pictures of the cohorts, and the smallest gap that each could have shown."""
    for cohort in ("wild", "balanced", _COHORT):
        rows = sources.rows[sources.rows["cohort"] == cohort]
        for tag, column, form in (
            ("people", "n_subjects", count), ("images", "n_images", count), ("detectable", "detectable", percent),
        ):  # fmt: skip
            text = form(rows[column].max()) if len(rows) else latex.MISSING
            macros.add(
                macro_name(TOGGLE, "cohort", cohort, tag),
                text,
                f"{sources.name}.csv cohort={cohort} {column} (largest)",
            )


def _traps(macros: Macros, traps: Table) -> None:
    """What one pixel costs a small and a large structure, and how far apart that alone puts the groups."""
    rows = traps.rows.drop_duplicates(["class", "group"])
    means = rows.groupby("class", sort=False)[["area_share", "one_pixel_f1"]].mean().dropna()
    ranked = means[means["area_share"] > 0].sort_values("area_share")
    origin = traps.whole(None, "area_share,one_pixel_f1").origin
    for tag, position in (("small", 0), ("large", -1)):
        name, r = ranked.index[position], ranked.iloc[position]
        macros.add(macro_name("trap", tag, "class"), latex.escape(in_text(title(str(name)))), origin)
        macros.add(
            macro_name("trap", tag, "area"), percent(r["area_share"], 2 if r["area_share"] < 0.01 else 0), origin
        )
        macros.add(macro_name("trap", tag, "null"), percent(r["one_pixel_f1"]), origin)
    spread = rows.groupby("class", sort=False)["one_pixel_f1"].agg(lambda values: values.max() - values.min())
    macros.add("TrapNullGap", percent(spread.max()), origin)
    macros.add("TrapNullGapClass", latex.escape(in_text(title(str(spread.idxmax())))), origin)
    scored = traps.rows.dropna(subset=["boundary_error"])
    for model in MODEL_TITLES:
        groups = scored[scored["model"] == model].groupby("class", sort=False)["boundary_error"]
        apart = groups.max() - groups.min()
        origin = f"{traps.name}.csv model={model} boundary_error"
        where = in_text(title(str(apart.idxmax()))) if len(apart) else latex.MISSING
        macros.add(macro_name("trap", "boundary", "gap", model), fixed(apart.max()), origin)
        macros.add(macro_name("trap", "boundary", "class", model), latex.escape(where), origin)


def _composition(macros: Macros, evidence: Evidence) -> None:
    slopes, scores = (f"{FAIRNESS}/{stem}" for stem in ("composition_slope", "composition"))
    if evidence.has(slopes):
        table = evidence.table(slopes)
        text = slope_verdict(table.rows.iloc[0])
        _sentence(macros, "CompositionSlopeVerdict", text, table.whole(None, "slope,low,high,p_value").origin)
        macros.add("CompositionFits", words(int(table.rows["n_fits"].iloc[0])), table.whole(None, "n_fits").origin)
    if evidence.has(scores):
        table = evidence.table(scores)
        groups = in_order(table.rows["group"], GROUP_TITLES)
        ordered = table.rows.set_index("group").loc[groups].reset_index()
        macros.add("CompositionExtremes", extremes_phrase(ordered), table.whole(None, "relative,share").origin)
