"""How scores depend on measured skin tone: a straight line fitted to people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from facefair_lib.fairness.subjects import check_scores, subject_scores
from facefair_lib.scores.resampling import LEVEL

_FEWEST = 3  # people of a collection below which it says nothing about a slope


@dataclass(frozen=True)
class Slope:
    """The slope of a line.

    Parameters
    ----------
    slope : change of the score per degree; NaN if there are too few people or all have the same tone
    low, high : 95 % interval over people
    darkest, lightest : range of the people's tones, degrees
    n_images, n_subjects : images and people that were used
    """

    slope: float = np.nan
    low: float = np.nan
    high: float = np.nan
    darkest: float = np.nan
    lightest: float = np.nan
    n_images: int = 0
    n_subjects: int = 0


def tone_slope(scores: np.ndarray, tones: np.ndarray, subjects: np.ndarray, collections: np.ndarray) -> Slope:
    """Fit score = level of the collection + slope x tone to people, each with the means of their pictures.

    Parameters
    ----------
    scores, tones : (N,) of each image, the tone in degrees; images that lack either (NaN) are left out
    subjects : (N,) subject of each image
    collections : (N,) where each image comes from. People are compared only within a collection, because collections
        differ in camera, light and labels; those of fewer than three people are left out.

    Returns
    -------
    Slope with the interval of HC3 errors, which need no equal variances (MacKinnon and White, Journal of Econometrics
    29, 1985)
    """
    both = np.stack([check_scores(scores, len(subjects)), check_scores(tones, len(subjects))], 1)  # (N, 2)
    kept = np.isfinite(both).all(1)
    if not kept.any():
        return Slope()
    people = subject_scores(both[kept], subjects[kept], collections[kept])
    found, members = np.unique(people.labels, return_inverse=True)
    large = np.bincount(members)[members] >= _FEWEST
    images = int((kept & np.isin(subjects, people.subjects[large])).sum())
    score, tone = people.scores[large].T
    levels = np.eye(len(found))[members[large]]  # (S, K)
    levels = levels[:, levels.any(0)]
    if not len(tone) or len(tone) - levels.shape[1] < 2:
        return Slope(n_images=images, n_subjects=len(tone))
    return _line(score, tone, levels, images)


def _line(score: np.ndarray, tone: np.ndarray, levels: np.ndarray, images: int) -> Slope:
    import statsmodels.api

    sizes = {"n_images": images, "n_subjects": len(tone)}
    ends = {"darkest": float(tone.min()), "lightest": float(tone.max())}
    within = tone - levels @ (levels.T @ tone / levels.sum(0))
    if within.std() < 1e-9:
        return Slope(**ends, **sizes)
    fit = statsmodels.api.OLS(score, np.column_stack([within, levels])).fit(cov_type="HC3", use_t=True)
    reach = stats.t.ppf((1 + LEVEL) / 2, fit.df_resid) * fit.bse[0]
    value = float(fit.params[0])
    return Slope(value, float(value - reach), float(value + reach), **ends, **sizes)
