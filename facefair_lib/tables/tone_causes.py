"""Tables that ask why scores drop at dark tones: what is confused, how much contrast is left, what a camera changes.

Unless noted otherwise, each person's dark pictures are compared with their middle ones; the tests resample people.
"""

from __future__ import annotations

from itertools import permutations as ordered_pairs

import numpy as np
import pandas as pd

from facefair_heads.sets.counterfactual_cohort import DARK
from facefair_lib.data.skin_tone import cielab
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.fairness.paired import paired_table
from facefair_lib.scores.metrics import fixed_iou
from facefair_lib.scores.resampling import PERMUTATIONS, REPLICATES, subject_bootstrap
from facefair_lib.settings.labels import CLASS_NAMES, INDEX
from facefair_lib.tables.checks import CountsByModel, check_tables, label_rows, on_curve, own_group, stacked
from facefair_lib.tables.tone_curve import mean_with_interval

MIDDLE_TONES = (4.0, 6.0)
"""First and last tone of the middle one of the Monk scale's three bands."""
CONFUSION_COLUMNS = [
    "model", "target", "predicted", "middle", "dark", "difference", "low", "high", "p_adjusted", "n_subjects",
]  # fmt: skip
CONTRAST_COLUMNS = ["measure", "skin_tone", "value", "low", "high", "n_subjects"]
CAMERA_COLUMNS = [
    "model", "design", "skin_tone", "middle", "plain", "changed", "difference", "low", "high", "p_value", "p_adjusted",
    "n_subjects",
]  # fmt: skip
_RARE = 0.005  # a smaller share of a class's pixels is too rare to list
_BESIDE_FACE = ("hair", "eyebrows", "background")


def tone_confusions_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """List which classes are mistaken for which more often at dark tones than at middle ones.

    Returns
    -------
    ``CONFUSION_COLUMNS``, the largest differences first; ``middle`` and ``dark`` are the shares of the target class's
    pixels that get the predicted class, at tones in ``MIDDLE_TONES`` and from ``DARK`` on, averaged over the people who
    show it. A model's pairs are listed, and p values adjusted for their number, where ``MIN_SUBJECTS`` people show the
    class and the mean of both shares is at least ``_RARE``; this choice does not depend on which share is larger.
    """
    check_tables(counts_by_model, people, ("design", "group", "skin_tone"))
    own = on_curve(people)
    pairs = list(ordered_pairs(range(len(CLASS_NAMES)), 2))
    names = pd.DataFrame([(CLASS_NAMES[i], CLASS_NAMES[j]) for i, j in pairs], columns=["target", "predicted"])
    tables = []
    for model, counts in counts_by_model.items():
        shares = _shares_confused(counts, pairs)
        middle, dark = (
            shares[rows].groupby(people["subject_id"][rows]).mean()
            for rows in (own & people["skin_tone"].between(*MIDDLE_TONES), own & (people["skin_tone"] >= DARK))
        )
        if not len(dark):
            continue
        known = ((dark + middle).count() >= MIN_SUBJECTS) & ((dark + middle).mean() / 2 >= _RARE)  # (K,)
        middle, dark, kept = middle.loc[:, known], dark.loc[:, known], names[known.to_numpy()]
        table = paired_table((dark - middle).to_numpy(), kept, permutations=permutations, seed=seed)
        table = table.assign(middle=middle.mean().to_numpy(), dark=dark.mean().to_numpy())
        tables.append(label_rows(table.sort_values("difference", ascending=False, kind="stable"), model=model))
    return stacked(tables, CONFUSION_COLUMNS)


def _shares_confused(counts: np.ndarray, pairs: list[tuple[int, int]]) -> pd.DataFrame:
    """Share of each target class's pixels that are predicted as another, (N, C, C) -> N rows, one column per pair."""
    pixels = counts.sum(-1, keepdims=True)
    shares = np.divide(counts, pixels, out=np.full(counts.shape, np.nan), where=pixels > 0)
    target, predicted = np.array(pairs).T
    return pd.DataFrame(shares[:, target, predicted])


def tone_contrasts_table(
    images: np.ndarray, labels: np.ndarray, people: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Measure in the pictures themselves how far the face is in colour from what surrounds it, at every tone.

    Parameters
    ----------
    images, labels : (N, H, W, 3) uint8 RGB, (N, H, W) true classes
    people : N rows with subject_id, design, group, skin_tone

    Returns
    -------
    ``CONTRAST_COLUMNS``; measures: ``lightness`` of the face (CIELAB L*), and ``face_hair``, ``face_eyebrows`` and
    ``face_background``, the distances of mean colours (CIELAB, 1976), over the people who show both at every tone
    """
    rows = on_curve(people)
    shown = people[rows].reset_index(drop=True)
    measured = [_contrasts(images[place], labels[place]) for place in np.flatnonzero(rows)]
    measures = ["lightness", *(f"face_{name}" for name in _BESIDE_FACE)]
    shown = shown.join(pd.DataFrame(measured, columns=measures))
    table = []
    for measure in measures:
        by_tone = shown.pivot_table(index="subject_id", columns="skin_tone", values=measure).dropna()
        if by_tone.empty:
            continue
        drawn = subject_bootstrap(by_tone.index.to_numpy(), replicates=replicates, seed=seed)
        table += [
            (measure, tone, *mean_with_interval(by_tone[tone].to_numpy(), drawn.weights), len(by_tone))
            for tone in by_tone
        ]
    return pd.DataFrame(table, columns=CONTRAST_COLUMNS)


def _contrasts(image: np.ndarray, label: np.ndarray) -> list[float]:
    """Lightness of the face and its distance from each of ``_BESIDE_FACE``; NaN where either is not seen."""
    face, *others = (
        cielab(image[label == INDEX[name]]).mean(0) if (label == INDEX[name]).any() else np.full(3, np.nan)
        for name in ("face", *_BESIDE_FACE)
    )
    return [float(face[0]), *(float(np.linalg.norm(face - other)) for other in others)]


def tone_cameras_table(
    counts_by_model: CountsByModel, people: pd.DataFrame, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Measure what exposing for the face, and a camera without noise, gain at dark tones.

    Returns
    -------
    ``CAMERA_COLUMNS``; ``plain`` is the score of the unchanged picture, ``changed`` that with the change named by
    ``design``, ``middle`` that of the same people at the middle tones; ``difference`` is changed minus plain, paired by
    person. p values are adjusted for the number of a model's rows.
    """
    check_tables(counts_by_model, people, ("design", "group", "skin_tone"))
    own, changes = own_group(people), ("exposed", "noiseless")
    tables = []
    for model, counts in counts_by_model.items():
        scored = people[own].assign(value=fixed_iou(counts[own]))
        scored["design"] = scored["design"].where(scored["design"].isin(changes), "plain")
        by = scored.pivot_table(index="subject_id", columns=["design", "skin_tone"], values="value")
        names = pd.DataFrame([key for key in by if key[0] in changes], columns=["design", "skin_tone"])
        if names.empty:
            continue
        plain, changed = by["plain"][names["skin_tone"]].to_numpy(), by[[tuple(n) for n in names.to_numpy()]].to_numpy()
        table = paired_table(changed - plain, names, permutations=permutations, seed=seed)
        middle = by["plain"].loc[:, slice(*MIDDLE_TONES)].mean(axis=1)
        table = table.assign(middle=middle.mean(), plain=plain.mean(0), changed=changed.mean(0))
        tables.append(label_rows(table, model=model))
    return stacked(tables, CAMERA_COLUMNS)
