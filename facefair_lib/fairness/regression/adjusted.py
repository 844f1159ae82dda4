"""Gaps with other features held fixed: score ~ group * emotion + controls + (1 | subject).

A raw gap confounds the groups with whatever is correlated with them in these pictures: pose, light, size of the face.
The adjusted gap compares groups at equal controls, averaged over the emotions with equal weights (marginal means).

A subject's own level is a random effect. It can be told from noise only if enough subjects have several pictures;
otherwise ordinary least squares is used, with standard errors that do not assume equal variances: HC3 for one picture
each, and its form for clusters (the jackknife over subjects, CR3) for several. The column ``method`` says which.

Source: Pinheiro and Bates, Mixed-Effects Models in S and S-PLUS (2000); Searle, Speed and Milliken, The American
Statistician 34 (1980) (marginal means); MacKinnon and White, Journal of Econometrics 29 (1985) (HC3); Bell and
McCaffrey, Survey Methodology 28 (2002) (clusters).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.regression.design import Design, build_design
from facefair_lib.fairness.regression.random_intercept import fit_random_intercept
from facefair_lib.fairness.subjects import PAIRED, check_scores, contrasts, pair_of_groups, subject_scores
from facefair_lib.scores.resampling import LEVEL, sum_by

WELCH, PAIRED_T, MIXED, OLS_HC3, OLS_CLUSTER = "welch", "paired_t", "mixed", "ols_hc3", "ols_cluster"
RAW, ADJUSTED = "raw", "adjusted"
COLUMNS = ("contrast", "kind", "estimate", "low", "high", "p_value", "n_images", "n_subjects", "method", "note")


def adjusted_gaps(
    score: np.ndarray,
    people: pd.DataFrame,
    controls: Sequence[str],
    *,
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Estimate the gap of every pair of groups, raw and at equal controls.

    Parameters
    ----------
    score : (N,) one per image; images without a score (NaN) are left out
    people : N rows with subject_id, group, emotion and the controls
    controls : columns; numbers enter linearly, everything else as categories
    order : groups in the order of the contrasts; sorted by default, others are left out

    Returns
    -------
    contrast, kind (raw, adjusted), estimate, low, high (95 %), p_value, n_images, n_subjects, method, note. Method of a
    raw gap: ``welch`` (different people) or ``paired_t``, on subjects' means; of an adjusted one: ``mixed`` (REML, t
    with the subjects' degrees of freedom), ``ols_hc3`` or ``ols_cluster``. Note: what was left out and why.

    Raises
    ------
    InputError
        if a column or value is missing, there are fewer than two groups, a group has fewer than two subjects, subjects
        are too few for the columns, or a control determines the group, so that the two cannot be told apart

    Notes
    -----
    p values are not adjusted for the number of pairs (``families.holm`` does that). Adjusting for something that the
    group itself causes (beards, hair) removes part of its effect.
    """
    score = check_scores(score, len(people))
    _check_columns(people, controls)
    names = sorted(people["group"].unique()) if order is None else list(order)
    kept = np.isfinite(score) & people["group"].isin(names).to_numpy()
    score, people = score[kept], people[kept].reset_index(drop=True)
    _check_groups(people, names)
    design = build_design(people, names, controls)
    estimate, covariance, freedom, method, reason = _fit(score, design, people["subject_id"].to_numpy())
    note = "; ".join(text for text in (*design.notes, reason) if text)
    rows = _raw_rows(score, people, names)
    for contrast, first, second in contrasts(names):
        line = design.margins[first] - design.margins[second]  # (p,)
        error = float(np.sqrt(line @ covariance @ line))
        rows.append((contrast, ADJUSTED, *_inference(float(line @ estimate), error, freedom), method, note))
    sizes = {"n_images": len(people), "n_subjects": people["subject_id"].nunique()}
    named = ("contrast", "kind", "estimate", "low", "high", "p_value", "method", "note")
    return pd.DataFrame(rows, columns=named).assign(**sizes)[list(COLUMNS)]


def _raw_rows(score: np.ndarray, people: pd.DataFrame, names: list[str]) -> list[tuple]:
    """Compare the groups' means over subjects."""
    rows, table = subject_scores(score, people["subject_id"].to_numpy(), people["group"].to_numpy()), []
    for contrast, first, second in contrasts(names):
        kind, a, b = pair_of_groups(rows, names[first], names[second])
        test = stats.ttest_rel(a, b) if kind == PAIRED else stats.ttest_ind(a, b, equal_var=False)
        numbers = (a.mean() - b.mean(), *test.confidence_interval(LEVEL), test.pvalue)
        table.append((contrast, RAW, *numbers, PAIRED_T if kind == PAIRED else WELCH, ""))
    return table


def _fit(score: np.ndarray, design: Design, subjects: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, str, str]:
    """Fit the model that the data allow: coefficients (p,), covariance (p, p), freedom, method, why not ``mixed``."""
    unit, size = np.unique(subjects, return_inverse=True, return_counts=True)[1:]
    people, several = len(size), int((size > 1).sum())
    between = np.linalg.matrix_rank(sum_by(unit, design.matrix, people) / size[:, None])
    # Groups differ between subjects, so subjects, not images, provide the degrees of freedom.
    freedom = min(people - between, len(score) - design.matrix.shape[1])
    if freedom < 2:
        raise InputError(
            "adjusted gap",
            found=f"{people} subjects and {len(score)} images for {design.matrix.shape[1]} coefficients",
            expected="at least two more subjects than coefficients",
            do="leave controls out, merge their categories, or score more people",
        )
    reason = "" if several >= MIN_SUBJECTS else f"{several} subjects with several pictures: no random effect of subject"
    if not reason:
        mixed = fit_random_intercept(score, design.matrix, unit)
        if mixed.subject_variance > 0:
            return mixed.estimate, mixed.covariance, freedom, MIXED, ""
        reason = "subjects differ no more than pictures do: no random effect of subject"
    method = OLS_CLUSTER if several else OLS_HC3
    return *_least_squares(score, design.matrix, unit), freedom, method, reason


def _least_squares(score: np.ndarray, matrix: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance by the jackknife over subjects, which is HC3 if each has one picture."""
    inverse = np.linalg.inv(matrix.T @ matrix)  # (p, p)
    estimate = inverse @ matrix.T @ score
    residual = score - matrix @ estimate  # (N,)
    meat = np.zeros_like(inverse)
    order, size = np.argsort(unit, kind="stable"), np.bincount(unit)
    start = np.cumsum(size) - size
    for length in np.unique(size):  # subjects with equally many pictures are handled together
        rows = order[start[size == length][:, None] + np.arange(length)]  # (s, m)
        own = matrix[rows]  # (s, m, p)
        # A picture that alone decides a coefficient has residual 0 and leverage 1: by the pseudo-inverse it adds 0.
        kept = np.eye(length) - own @ inverse @ own.swapaxes(1, 2)  # (s, m, m)
        left_out = np.linalg.pinv(kept, rcond=1e-9, hermitian=True) @ residual[rows][:, :, None]  # (s, m, 1)
        pull = (own * left_out).sum(1)  # (s, p)
        meat += pull.T @ pull
    return estimate, inverse @ meat @ inverse


def _inference(estimate: float, error: float, freedom: float) -> tuple[float, float, float, float]:
    """Estimate, ends of its interval and two-sided p value by t."""
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom)) if error > 0 else float(estimate == 0)
    return estimate, estimate - reach, estimate + reach, p_value


def _check_columns(people: pd.DataFrame, controls: Sequence[str]) -> None:
    for name in ("subject_id", "group", "emotion", *controls):
        if name not in people:
            raise InputError(
                "adjusted gap",
                found=f"the columns {', '.join(map(str, people.columns))}",
                expected=f"also {name}",
                do="add the column, or leave the control out",
            )
        missing = int(people[name].isna().sum())
        if missing:
            raise InputError(
                f"adjusted gap, column {name}",
                found=f"{missing} images without a value",
                expected="a value for every image",
                do="leave these images or this control out",
            )


def _check_groups(people: pd.DataFrame, names: list[str]) -> None:
    subjects = people.groupby("group")["subject_id"].nunique().reindex(names, fill_value=0)
    if len(names) < 2 or subjects.min() < 2:
        raise InputError(
            "adjusted gap",
            found=", ".join(f"{count} subjects in {name}" for name, count in subjects.items()) or "no image",
            expected="at least two groups of two subjects with a score",
            do="leave small groups out of order, or score more people",
        )
