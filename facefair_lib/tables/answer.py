"""Tables of notebook 10: the planned effects over people and runs, and which conclusions each run would have reached.

An effect is one number per unit and run, (R, U); a unit is an identity or a matched set of people. The analysis plan
(``settings.plan``) says which comparisons are made, in which families and with which margin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.fairness.families import holm
from facefair_lib.fairness.seeds import TwoLevel, two_level_difference, two_level_estimate
from facefair_lib.fairness.subjects import contrasts, subject_array
from facefair_lib.scores.calibration import calibration_error, overconfidence
from facefair_lib.settings.labels import EMOTIONS, GROUPS
from facefair_lib.settings.plan import AnalysisPlan
from facefair_lib.tables.checks import on_curve
from facefair_lib.tables.run_scores import RunScores
from facefair_lib.tables.tone_curve import Shares

EFFECT_COLUMNS = [
    "family", "contrast", "model", "difference", "low", "high", "p_value", "p_adjusted", "p_margin", "finding",
    "detectable", "seed_spread", "n_runs", "n_units", "level",
]  # fmt: skip
RUN_COLUMNS = ["family", "contrast", "model", "run", "difference", "low", "high", "p_adjusted", "finding"]
SURVIVAL_COLUMNS = ["family", "contrast", "model", "finding", "n_agreeing", "n_runs", "other_findings"]
CURVE_COLUMNS = ["model", "skin_tone", "value", "difference", "low", "high", "p_adjusted", "seed_spread"]
CALIBRATION_COLUMNS = ["model", "of", "level", "overconfidence", "low", "high", "calibration_error"]
MITIGATION_COLUMNS = ["model", "of", "level", "difference", "low", "high", "p_adjusted", "n_runs", "n_units"]
LESS, MORE, WITHIN, OPEN = "less", "more", "within the margin", "open"
"""Findings: below zero, above zero, neither but within the margin, or undecided."""
DARKEST = 10.0


def plan_table(plan: AnalysisPlan, people_seed: int) -> pd.DataFrame:
    """The plan's families, one row each: family, question, measure, margin (NaN: none), confirmatory.

    ``confirmatory`` says whether these are the plan's people, whom nobody had seen when the plan was written.
    """
    return pd.DataFrame(
        {
            "family": family.name,
            "question": family.question,
            "measure": family.measure,
            "margin": plan.margin if family.margin else np.nan,
            "confirmatory": people_seed == plan.people_seed,
        }
        for family in plan.families
    )


@dataclass(frozen=True, eq=False)
class Effect:
    """One planned comparison of one network.

    Attributes
    ----------
    family, name, model : what is compared, such as ``tones_of_groups``, ``asian-black``, ``pspnet``
    scores : (R, U) each unit's difference in each run; with ``labels``, each unit's score
    labels : (U,) the two sides of a comparison between units; ``name`` is then ``first-second``
    """

    family: str
    name: str
    model: str
    scores: np.ndarray
    labels: np.ndarray | None = None

    def estimate(self, **options: Any) -> TwoLevel:
        """Estimate the effect over people and runs; see ``two_level_estimate`` for the options."""
        if self.labels is None:
            return two_level_estimate(self.scores, **options)
        first, second = self.name.split("-")
        return two_level_estimate(self.scores, self.labels, {first: 1.0, second: -1.0}, **options)

    def of_run(self, run: int) -> Effect:
        """The same effect in one run alone."""
        return replace(self, scores=self.scores[[run]])


def planned_effects(
    plan: AnalysisPlan,
    runs: Mapping[str, RunScores],
    people: pd.DataFrame,
    changed: pd.DataFrame,
    shares: Shares,
) -> list[Effect]:
    """Every comparison of the plan, family by family.

    Parameters
    ----------
    runs : model -> scores of its runs
    people, changed : tables of the experiment's scored people and of the counterfactual cohort
    shares : (group, tones) -> how often a group has each tone; see ``tone_curve.Shares``
    """
    by_name = {
        "tones_of_groups": lambda scored: _tones_of_groups(_by_tone(scored.changed, changed), shares),
        "darkest_tone": lambda scored: _darkest(_by_tone(scored.changed, changed), plan.middle_tone),
        "morphology": lambda scored: _morphology(scored.changed, changed),
        "total": lambda scored: _total(scored.changed, changed, shares),
        "outlines": lambda scored: _along_tones(_by_tone(scored.outlines, changed), plan, shares),
    }
    effects = []
    for family in plan.families:
        if family.name == "networks":
            parts = [dict(_along_tones(_by_tone(s.changed, changed), plan, shares)) for s in runs.values()]
            label = "-".join(runs)
            effects += [Effect(family.name, name, label, parts[0][name] - parts[1][name]) for name in parts[0]]
            continue
        for model, scored in runs.items():
            if family.name == "emotions":
                effects += _emotions(family.name, model, scored.people, people)
            else:
                effects += [Effect(family.name, name, model, values) for name, values in by_name[family.name](scored)]
    return effects


def _by_tone(scores: np.ndarray, people: pd.DataFrame) -> tuple[np.ndarray, list[float]]:
    """Arrange the tone curve, (R, N) -> (R, T, U) and the T tones that all identities have; T = 0 without a curve."""
    rows = on_curve(people)
    if not rows.any():
        return np.empty((len(scores), 0, 0)), []
    shown = people[rows]
    arranged = [
        subject_array(part, shown["subject_id"].to_numpy(), {"skin_tone": shown["skin_tone"].to_numpy()})
        for part in scores[:, rows]
    ]
    values = np.stack([part.scores.T for part in arranged])  # (R, T, U)
    complete = np.isfinite(values).all((0, 2))
    tones = [tone for tone, whole in zip(arranged[0].levels["skin_tone"], complete, strict=True) if whole]
    return values[:, complete], [float(tone) for tone in tones]


def _tones_of_groups(by_tone: tuple[np.ndarray, list[float]], shares: Shares) -> Iterator[tuple[str, np.ndarray]]:
    """Pairs of groups by tone alone, each (R, U)."""
    if not by_tone[1]:
        return
    averaged = {group: _in_tones_of(by_tone, group, shares) for group in GROUPS}
    for name, first, second in contrasts(GROUPS):
        yield name, averaged[GROUPS[first]] - averaged[GROUPS[second]]


def _in_tones_of(by_tone: tuple[np.ndarray, list[float]], group: str, shares: Shares) -> np.ndarray:
    """Each person's score averaged over a group's tones, (R, U)."""
    values, tones = by_tone
    return np.einsum("rtu,t->ru", values, shares(group, tones))


def _darkest(by_tone: tuple[np.ndarray, list[float]], middle: float) -> Iterator[tuple[str, np.ndarray]]:
    values, tones = by_tone
    if {DARKEST, middle} <= set(tones):
        yield f"tone {DARKEST:g}-tone {middle:g}", values[:, tones.index(DARKEST)] - values[:, tones.index(middle)]


def _along_tones(
    by_tone: tuple[np.ndarray, list[float]], plan: AnalysisPlan, shares: Shares
) -> Iterator[tuple[str, np.ndarray]]:
    """The comparisons of the first two families."""
    yield from _tones_of_groups(by_tone, shares)
    yield from _darkest(by_tone, plan.middle_tone)


def _morphology(scores: np.ndarray, people: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Pairs of face shapes, averaged over the typical tones, each (R, U)."""
    rows = (people["design"] == "factorial").to_numpy()
    shown = people[rows]
    factors = {"group": shown["group"].to_numpy(), "skin_tone": shown["skin_tone"].to_numpy()}
    values = np.stack(
        [
            subject_array(part, shown["subject_id"].to_numpy(), factors, {"group": GROUPS}).scores.mean(2).T
            for part in scores[:, rows]
        ]
    )  # (R, G, U)
    for name, first, second in contrasts(GROUPS):
        yield name, values[:, first] - values[:, second]


def _total(scores: np.ndarray, people: pd.DataFrame, shares: Shares) -> Iterator[tuple[str, np.ndarray]]:
    shapes = dict(_morphology(scores, people))
    for name, tones in _tones_of_groups(_by_tone(scores, people), shares):
        yield name, shapes[name] + tones


def _emotions(family: str, model: str, scores: np.ndarray, people: pd.DataFrame) -> Iterator[Effect]:
    """Pairs of emotions between matched sets of people."""
    by_set = pd.DataFrame(scores.T).groupby(people["matched_set"].to_numpy()).mean()
    emotion = people.groupby("matched_set")["emotion"].first().loc[by_set.index].to_numpy()
    for first, second in combinations(EMOTIONS, 2):
        if all((emotion == name).sum() > 1 for name in (first, second)):
            yield Effect(family, f"{first}-{second}", model, by_set.to_numpy().T, emotion)


def effects_table(effects: Sequence[Effect], plan: AnalysisPlan) -> pd.DataFrame:
    """Estimate every effect over people and runs.

    Returns
    -------
    ``EFFECT_COLUMNS``; ``p_adjusted`` by Holm within a family, all networks together; ``p_margin`` where the plan gives
    the family a margin; ``detectable`` is the effect that the adjusted test finds four times out of five
    """
    tables = []
    for family in plan.families:
        members = [effect for effect in effects if effect.family == family.name]
        options = {"margin": plan.margin if family.margin else None, "comparisons": len(members)}
        rows = [_row(effect, effect.estimate(**options)) for effect in members]
        tables.append(_with_findings(pd.DataFrame(rows), plan))
    return _joined([table for table in tables if len(table)], EFFECT_COLUMNS)


def _joined(tables: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Stack tables and keep these columns; no tables give an empty one whose columns are numbers."""
    return (pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()).reindex(columns=columns)


def _row(effect: Effect, estimate: TwoLevel) -> dict[str, object]:
    fields = vars(estimate)
    names = {"family": effect.family, "contrast": effect.name, "model": effect.model}
    return names | fields | {"difference": estimate.value, "n_runs": fields["n_seeds"], "n_units": fields["n_subjects"]}


def _with_findings(table: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """Adjust p values within one family and add the findings."""
    if table.empty:
        return table
    adjusted = holm(table["p_value"].to_numpy())
    sided = np.where(table["difference"] > 0, MORE, LESS)
    within = np.where(table["p_margin"] < plan.alpha, WITHIN, OPEN)
    return table.assign(p_adjusted=adjusted, finding=np.where(adjusted < plan.alpha, sided, within))


def runs_table(effects: Sequence[Effect], plan: AnalysisPlan) -> pd.DataFrame:
    """What each run alone would have found, with the same tests over people: ``RUN_COLUMNS``."""
    tables = []
    for run in range(len(effects[0].scores) if effects else 0):
        alone = effects_table([effect.of_run(run) for effect in effects], plan)
        tables.append(alone.assign(run=run + 1))
    return _joined(tables, RUN_COLUMNS)


def survival_table(table: pd.DataFrame, by_run: pd.DataFrame) -> pd.DataFrame:
    """Count the runs that, alone, would have reached the conclusion of all runs together.

    Parameters
    ----------
    table, by_run : of `effects_table` and `runs_table`

    Returns
    -------
    ``SURVIVAL_COLUMNS``; ``other_findings`` lists the findings of the runs that disagree
    """
    rows = []
    for row in table.to_dict("records"):
        key = ["family", "contrast", "model"]
        alone = by_run.loc[(by_run[key] == [row[name] for name in key]).all(axis=1), "finding"]
        others = alone[alone != row["finding"]]
        rows.append(
            {name: row[name] for name in (*key, "finding")}
            | {"n_agreeing": len(alone) - len(others), "n_runs": len(alone)}
            | {"other_findings": ", ".join(f"{n} x {name}" for name, n in others.value_counts(sort=False).items())}
        )
    return pd.DataFrame(rows, columns=SURVIVAL_COLUMNS)


def scatter_table(table: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Set the run-to-run spread of the kept study beside the effects of a single run.

    Parameters
    ----------
    table, kept : of `effects_table`, for this study and for the kept study of several runs

    Returns
    -------
    family, contrast, model, difference, low, high, seed_spread (standard deviation from run to run, as kept)
    """
    key = ["family", "contrast", "model"]
    return table[[*key, "difference", "low", "high"]].merge(kept[[*key, "seed_spread"]], on=key, how="left")


def curve_table(runs: Mapping[str, RunScores], changed: pd.DataFrame, middle: float) -> pd.DataFrame:
    """The tone curve over people and runs, as differences from one tone chosen in advance.

    Returns
    -------
    ``CURVE_COLUMNS``; p values are adjusted by Holm for a network's tones
    """
    unchanged = dict.fromkeys(("low", "high", "p_value", "seed_spread"), np.nan) | {"value": 0.0}
    tables = []
    for model, scored in runs.items():
        values, tones = _by_tone(scored.changed, changed)
        if middle not in tones:
            continue
        rows = []
        for place, tone in enumerate(tones):
            off = values[:, place] - values[:, tones.index(middle)]
            found = unchanged if tone == middle else vars(two_level_estimate(off))
            row = {"difference": found["value"], "model": model, "skin_tone": tone, "value": values[:, place].mean()}
            rows.append(found | row)
        table = pd.DataFrame(rows)
        tables.append(table.assign(p_adjusted=holm(table["p_value"].to_numpy())))
    return _joined(tables, CURVE_COLUMNS)


def mitigation_table(
    runs: Mapping[str, RunScores],
    mitigated: Mapping[str, RunScores],
    changed: pd.DataFrame,
    shares: Shares,
) -> pd.DataFrame:
    """What training on other people changes for the same test people: mitigated minus original.

    Parameters
    ----------
    runs, mitigated : model -> scores of the same pictures, at least two runs of each network

    Returns
    -------
    ``MITIGATION_COLUMNS``; ``of`` is ``tone`` (at each tone) or ``tones_of_groups``; adjusted by Holm within a model
    """
    tables = []
    for model in runs:
        kinds = [_by_tone(kind[model].changed, changed) for kind in (mitigated, runs)]
        rows = []
        for of, level, (first, second) in _levels_of(kinds, shares):
            found = two_level_difference(first, second)
            sizes = {"n_runs": found.n_seeds, "n_units": found.n_subjects}
            names = {"model": model, "of": of, "level": level, "difference": found.value}
            rows.append(vars(found) | names | sizes)  # the estimate has a level of its own, that of its interval
        if rows:
            table = pd.DataFrame(rows)
            tables.append(table.assign(p_adjusted=holm(table["p_value"].to_numpy())))
    return _joined(tables, MITIGATION_COLUMNS)


def _levels_of(
    kinds: Sequence[tuple[np.ndarray, list[float]]], shares: Shares
) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Every tone and every group's tones, with the scores (R, U) under each of two kinds of training."""
    for place, tone in enumerate(kinds[0][1]):
        yield "tone", f"{tone:g}", [values[:, place] for values, _ in kinds]
    for group in GROUPS if kinds[0][1] else ():
        yield "tones_of_groups", group, [_in_tones_of(kind, group, shares) for kind in kinds]


def calibration_table(reliability: Mapping[str, np.ndarray], changed: pd.DataFrame, shares: Shares) -> pd.DataFrame:
    """How far networks' confidence exceeds their accuracy, at every tone and over every group's tones.

    Parameters
    ----------
    reliability : model -> (R, N, 10, 3), see ``calibration.reliability``

    Returns
    -------
    ``CALIBRATION_COLUMNS``; intervals over people and runs. A tone's calibration error is over all its pixels.
    """
    rows = []
    for model, counts in reliability.items():
        by_picture = overconfidence(counts)  # (R, N)
        values, tones = _by_tone(np.nan_to_num(by_picture), changed)
        error = {
            tone: float(calibration_error(counts[:, on_curve(changed) & (changed["skin_tone"] == tone)].sum((0, 1))))
            for tone in tones
        }
        levels = [("tone", f"{tone:g}", values[:, place], error[tone]) for place, tone in enumerate(tones)]
        for group in GROUPS if tones else ():
            averaged = float(shares(group, tones) @ list(error.values()))
            levels.append(("tones_of_groups", group, _in_tones_of((values, tones), group, shares), averaged))
        for of, level, scores, wrong in levels:
            found = two_level_estimate(scores)
            rows.append((model, of, level, found.value, found.low, found.high, wrong))
    return pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)
