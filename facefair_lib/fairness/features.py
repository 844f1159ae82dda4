"""The columns by which people are compared (sensitive features) and those held fixed (control features).

Groups and tones are as rendered, or as the data set labels them; they say nothing about how people see themselves.

Source: Monk Skin Tone scale with its three bands: Monk, "The Monk Skin Tone Scale" (2023); Schumann et al., "Consensus
and subjectivity of skin tone annotation for ML fairness", NeurIPS 2023.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.subjects import check_scores, subject_scores, units
from facefair_lib.scores.resampling import REPLICATES, percentile_interval, subject_bootstrap

SENSITIVE = ("group", "skin_tone", "tone_band", "gender", "age_band", "emotion", "group_gender", "group_emotion")
CONTROL = ("yaw_band", "light", "face_size", "glasses", "occluder")

TONE_BANDS = {"light (1-3)": (1, 3), "medium (4-6)": (4, 6), "dark (7-10)": (7, 10)}
AGE_BANDS = {"under 30": 30, "30-44": 45, "45-59": 60, "60 and over": np.inf}
"""Band -> first age above it."""
YAW_BANDS = {"front (up to 15)": 15, "turned (15 to 45)": 45, "side (over 45)": np.inf}
"""Band -> largest angle in it, degrees to either side."""
FACE_SIZES = ("small", "middle", "large")


def levels(people: pd.DataFrame) -> pd.DataFrame:
    """Turn what is known about the people into levels to compare.

    Parameters
    ----------
    people : one row per image; any of the columns group, gender, age (years), emotion, skin_tone (Monk, 1 to 10,
        fractions allowed), yaw (degrees), light, glasses, occluder, interocular (pixels) and face_share

    Returns
    -------
    Same index; the columns of ``SENSITIVE`` and ``CONTROL`` that follow from people, in that order, as text; None where
    a value is missing. ``skin_tone`` is the nearest of the ten tones, "1" to "10". ``face_size`` divides these images
    into thirds by the distance between the eyes or, without that column, by the share of the image that the face fills.
    """
    made: dict[str, pd.Series] = {}
    for name in ("group", "gender", "emotion", "light", "glasses", "occluder"):
        if name in people:
            made[name] = people[name].astype(object)
    if "skin_tone" in people:
        tone = pd.to_numeric(people["skin_tone"]).clip(1, 10)
        tone = np.floor(tone + 0.5)  # halves up: 3.5 is tone 4
        made["skin_tone"] = tone.map(lambda value: str(int(value)), na_action="ignore")
        made["tone_band"] = tone.map(_tone_band, na_action="ignore")
    if "age" in people:
        made["age_band"] = _banded(pd.to_numeric(people["age"]), AGE_BANDS, right=False)
    if "yaw" in people:
        made["yaw_band"] = _banded(pd.to_numeric(people["yaw"]).abs(), YAW_BANDS, right=True)
    size = next((name for name in ("interocular", "face_share") if name in people), None)
    if size is not None:
        made["face_size"] = _thirds(pd.to_numeric(people[size]))
    for name in ("gender", "emotion"):
        if "group" in made and name in made:
            both = made["group"].notna() & made[name].notna()
            joined = made["group"].astype(str) + " " + made[name].astype(str)
            made[f"group_{name}"] = joined.astype(object).where(both, None)
    columns = [name for name in (*SENSITIVE, *CONTROL) if name in made]
    table = pd.DataFrame({name: made[name] for name in columns}, index=people.index, dtype=object)
    return table.where(table.notna(), None)


def feature_table(
    scores: np.ndarray, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Score every level of every feature.

    Parameters
    ----------
    scores : (N,) one per image, NaN = absent
    people : N rows with subject_id and columns that `levels` can use
    replicates, seed : of the bootstrap over the subjects of each level, matched ones together (``subjects.units``)

    Returns
    -------
    feature, level, value (mean of subjects' means), low, high (95 %, percentile interval expanded for few people),
    small, n_images, n_subjects; levels in the order of their scale. Images without a level are left out of a feature.
    """
    scores = check_scores(scores, len(people))
    table, subjects = levels(people), people["subject_id"].to_numpy()
    unit_of = dict(zip(subjects, units(people), strict=True))
    rows = []
    for feature in table:
        for level in _in_order(feature, table[feature].dropna().unique()):
            chosen = (table[feature] == level).to_numpy(bool) & np.isfinite(scores)
            low = high = value = np.nan
            means = np.empty(0)
            if chosen.any():
                averaged = subject_scores(scores[chosen], subjects[chosen])
                means, unit = averaged.scores, np.array([unit_of[subject] for subject in averaged.subjects], object)
                value, (low, high) = means.mean(), _mean_interval(means, unit, replicates, seed)
            sizes = (len(means) < MIN_SUBJECTS, int(chosen.sum()), len(means))
            rows.append((feature, level, value, low, high, *sizes))
    return pd.DataFrame(rows, columns=["feature", "level", "value", "low", "high", "small", "n_images", "n_subjects"])


def _mean_interval(means: np.ndarray, unit: np.ndarray, replicates: int, seed: int) -> tuple[float, float]:
    """Bootstrap the mean of one number per subject, (S,), whose units (S,) are drawn whole."""
    drawn = subject_bootstrap(unit, replicates=replicates, seed=seed)
    if drawn.subjects() < 2:
        return np.nan, np.nan
    total, size = drawn.totals(np.column_stack([means, np.ones(len(means))])).T  # (B,) each
    interval = percentile_interval(total / size, people=drawn.subjects())
    return interval.low, interval.high


def _tone_band(tone: float) -> str:
    return next(name for name, (first, last) in TONE_BANDS.items() if first <= tone <= last)


def _banded(values: pd.Series, bands: dict[str, float], *, right: bool) -> pd.Series:
    cut = pd.cut(values, [-np.inf, *bands.values()], labels=list(bands), right=right)
    return cut.astype(object)


def _thirds(values: pd.Series) -> pd.Series:
    """Cut into thirds by rank; ties go together."""
    share = values.rank(method="average") / values.notna().sum()
    return pd.cut(share, [0, 1 / 3, 2 / 3, np.inf], labels=list(FACE_SIZES)).astype(object)


def _in_order(feature: str, found: np.ndarray) -> list[str]:
    """Sort levels by the scale to which they belong, else by name."""
    scales = {
        "skin_tone": [str(tone) for tone in range(1, 11)],
        "tone_band": list(TONE_BANDS),
        "age_band": list(AGE_BANDS),
        "yaw_band": list(YAW_BANDS),
        "face_size": list(FACE_SIZES),
    }
    scale = scales.get(feature, [])
    return sorted(found, key=lambda level: (scale.index(level) if level in scale else len(scale), str(level)))
