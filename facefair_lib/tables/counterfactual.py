"""Tables of notebook 07: gaps with everything but one attribute held fixed, beside gaps with nothing held fixed.

All scores are ``metrics.fixed_iou`` per picture, averaged per person: the mean over the same classes for everybody.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness import decomposition, equivalence
from facefair_lib.fairness.decomposition import shapley
from facefair_lib.fairness.families import class_family
from facefair_lib.fairness.group_gap import gaps
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.model_gaps import compare_gaps, model_by_group
from facefair_lib.fairness.power import detectable_gap
from facefair_lib.fairness.regression.adjusted import adjusted_gaps
from facefair_lib.fairness.subjects import contrasts, subject_array, units
from facefair_lib.scores.metrics import COMPARED_BY, fixed_iou, shown_iou_per_class
from facefair_lib.scores.resampling import LEVEL, PERMUTATIONS, REPLICATES
from facefair_lib.settings.labels import CLASS_NAMES, GROUPS
from facefair_lib.tables.checks import CountsByModel, check_tables, label_rows, per_model

COHORTS = ("balanced", "wild", "counterfactual")
EFFECT_COLUMNS = [
    "model", "contrast", "component", "difference", "low", "high", "p_value", "p_adjusted", "n_images", "n_subjects",
    "detectable",
]  # fmt: skip
ADJUSTED_COLUMNS = ["contrast", "kind", "estimate", "low", "high", "p_value", "n_images", "n_subjects", "method"]

Cohorts = Mapping[str, tuple[CountsByModel, pd.DataFrame]]
"""Cohort -> the counts of each model and the table of its people, row by row."""


def factorial(people: pd.DataFrame) -> pd.Series:
    """Which rows belong to the groups x tones design, (N,) bool."""
    return people["design"] == "factorial"


def typical(people: pd.DataFrame, typical_tones: Mapping[str, float]) -> pd.Series:
    """Which rows show a base identity as a group with that group's typical tone, (N,) bool."""
    return factorial(people) & (people["skin_tone"] == people["group"].map(typical_tones))


def effects_table(
    counts_by_model: CountsByModel,
    people: pd.DataFrame,
    typical_tones: Mapping[str, float],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Split the gap between every pair of groups into the parts due to morphology and to tone.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) counts of the counterfactual cohort
    people : N rows with image_id, subject_id, design, group, skin_tone
    typical_tones : group -> tone, in the order of the groups

    Returns
    -------
    ``EFFECT_COLUMNS``; ``n_images`` counts the pictures of the whole factorial design
    """
    check_tables(counts_by_model, people, ("design", "group", "skin_tone"))
    rows, order = factorial(people).to_numpy(), list(typical_tones)
    shown = people[rows]
    tones = sorted(set(typical_tones.values()))
    place = [tones.index(tone) for tone in typical_tones.values()]
    factors = {"group": shown["group"].to_numpy(), "tone": shown["skin_tone"].to_numpy()}
    levels = {"group": order, "tone": tones}

    def split(counts: np.ndarray) -> pd.DataFrame:
        cells = subject_array(fixed_iou(counts[rows]), shown["subject_id"].to_numpy(), factors, levels)
        parts = shapley(cells.scores, place, order)
        table = decomposition.effects_table(parts, permutations=permutations, seed=seed)
        return table.assign(n_images=int(rows.sum()))

    return per_model(counts_by_model, split)[EFFECT_COLUMNS]


def pairs_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, typical_tones: Mapping[str, float]
) -> pd.DataFrame:
    """Score every base identity as every group in that group's typical tone: model, subject_id, group, value.

    The difference of two groups is the ``total`` of ``effects_table``.
    """
    check_tables(counts_by_model, people, ("design", "group", "skin_tone"))
    rows = typical(people, typical_tones).to_numpy()

    def score(counts: np.ndarray) -> pd.DataFrame:
        scored = people[rows].assign(value=fixed_iou(counts[rows]))
        return scored.sort_values(["subject_id", "group"], ignore_index=True)[["subject_id", "group", "value"]]

    return per_model(counts_by_model, score)


def relative_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Subtract each identity's own mean from its scores.

    Parameters
    ----------
    pairs : of ``pairs_table``; identities that lack a group are left out

    Returns
    -------
    model, subject_id, group, relative
    """
    if pairs.duplicated(["model", "subject_id", "group"]).any():
        raise InputError("pairs", found="an identity twice in a group", expected="one row each", do="take the mean")
    identity = pairs.groupby(["model", "subject_id"], sort=False)["value"]
    whole = identity.transform("count") == pairs["group"].nunique()
    return pairs.assign(relative=pairs["value"] - identity.transform("mean"))[whole].drop(columns="value")


def mean_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Average ``relative_pairs``: model, group, relative, low, high (95 % t interval over identities), n_subjects."""
    means = pairs.groupby(["model", "group"], sort=False)["relative"].agg(["mean", "sem", "count"])
    reach = stats.t.ppf((1 + LEVEL) / 2, means["count"] - 1) * means["sem"]
    table = {"relative": means["mean"], "low": means["mean"] - reach, "high": means["mean"] + reach}
    return pd.DataFrame({**table, "n_subjects": means["count"]}).reset_index()


def sources_table(
    cohorts: Cohorts, *, replicates: int = REPLICATES, permutations: int = PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Set the gaps between groups of the three cohorts side by side.

    Parameters
    ----------
    cohorts : counts and people of each; of the counterfactual cohort only the pictures with typical tones. Matched
        people are compared within their set (``subjects.units``).

    Returns
    -------
    model, cohort, the fields of ``group_gap.Gap``, n_images, n_subjects, detectable (by the same test,
    ``power.detectable_gap``)
    """
    table = []
    for model, cohort, counts, people in _each(cohorts):
        groups, unit = people["group"].to_numpy(), units(people)
        sizes = {"replicates": replicates, "permutations": permutations, "seed": seed}
        gap = gaps(counts, groups, unit, estimands=[COMPARED_BY], **sizes)[COMPARED_BY]
        numbers = {"n_images": len(people), "n_subjects": people["subject_id"].nunique()}
        least = detectable_gap(fixed_iou(counts), groups, unit, **sizes)
        table.append({"model": model, "cohort": cohort, **vars(gap), **numbers, "detectable": least})
    return pd.DataFrame(table)


def _each(cohorts: Cohorts) -> Iterator[tuple[str, str, np.ndarray, pd.DataFrame]]:
    """Every model and cohort with its counts and people, model by model, in the order of ``COHORTS``."""
    models = dict.fromkeys(model for counts, _ in cohorts.values() for model in counts)
    known = [cohort for cohort in COHORTS if cohort in cohorts]
    for cohort in known:
        check_tables(*cohorts[cohort], ("group",))
    for model, cohort in itertools.product(models, known):
        counts_by_model, people = cohorts[cohort]
        yield model, cohort, counts_by_model[model], people


def adjusted_table(cohorts: Cohorts, controls: Sequence[str]) -> pd.DataFrame:
    """Compare raw gaps with gaps adjusted for what differs between pictures.

    Parameters
    ----------
    cohorts : without the counterfactual one, which is adjusted by design
    controls : columns of the tables of people

    Returns
    -------
    model, cohort and ``ADJUSTED_COLUMNS``; NaN where a group has fewer than ``groups.MIN_SUBJECTS`` people, too few
    to adjust for the controls
    """
    tables = []
    for model, cohort, counts, people in _each(cohorts):
        smallest = people.groupby("group")["subject_id"].nunique().min()
        if smallest < MIN_SUBJECTS or people["group"].nunique() < len(GROUPS):
            rows = [(contrast, kind) for contrast, _, _ in contrasts(GROUPS) for kind in ("raw", "adjusted")]
            table = pd.DataFrame(rows, columns=["contrast", "kind"]).assign(n_images=len(people))
        else:
            matched = people.assign(subject_id=units(people))  # the people of a set share a level
            table = adjusted_gaps(fixed_iou(counts), matched, controls, order=GROUPS)
        table = table.assign(n_subjects=people["subject_id"].nunique()).reindex(columns=ADJUSTED_COLUMNS)
        tables.append(label_rows(table, model=model, cohort=cohort))
    return pd.concat(tables, ignore_index=True)


def equivalence_table(cohorts: Cohorts) -> pd.DataFrame:
    """Test every pair of groups for equivalence within a margin.

    Returns
    -------
    model, cohort, contrast, delta, difference, low90, high90, p_value, equivalent, n_subjects (the number of pairs for
    matched and counterfactual people)
    """
    tables = []
    for model, cohort, counts, people in _each(cohorts):
        groups = people["group"].to_numpy()
        table = equivalence.equivalence_table(fixed_iou(counts), groups, units(people), order=GROUPS)
        tables.append(label_rows(table, model=model, cohort=cohort))
    return pd.concat(tables, ignore_index=True)


def model_gaps_table(
    cohorts: Cohorts, *, replicates: int = REPLICATES, permutations: int = PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Test whether the two models treat groups differently, and how much their gaps differ, on the same pictures.

    Returns
    -------
    cohort, f and interaction_p (``model_gaps.model_by_group``), gap_first, gap_second, difference (first model minus
    second), low, high, p_value (``model_gaps.compare_gaps``)
    """
    table = []
    for cohort in (cohort for cohort in COHORTS if cohort in cohorts):
        counts_by_model, people = cohorts[cohort]
        first, second = (fixed_iou(counts) for counts in counts_by_model.values())
        same = (first, second, people["group"].to_numpy(), units(people))
        test = model_by_group(*same, permutations=permutations, seed=seed)
        gap = compare_gaps(*same, replicates=replicates, seed=seed)
        table.append({"cohort": cohort, "f": test.f, "interaction_p": test.p_value, **vars(gap)})
    return pd.DataFrame(table)


def class_gap_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Compare each group with the mean of the groups, class by class, on the pictures that show the class.

    Returns
    -------
    model, group, class, value, relative, low, high, p_value, p_adjusted (over all groups and classes), n_images,
    n_subjects and small
    """
    check_tables(counts_by_model, people, ("group",))
    groups, unit = people["group"].to_numpy(), units(people)
    options = {"classes": CLASS_NAMES, "order": GROUPS, "permutations": permutations, "seed": seed}
    return per_model(counts_by_model, lambda counts: class_family(shown_iou_per_class(counts), groups, unit, **options))
