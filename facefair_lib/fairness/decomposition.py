"""How much of a gap is due to the shape of the face and how much to the skin tone.

People of group g usually have tone t(g). The total gap between g and h compares g at t(g) with h at t(h). It changes
two things, and the order in which they are changed matters; the Shapley value averages over both orders:

    morphology = [ y(g, t(g)) - y(h, t(g)) + y(g, t(h)) - y(h, t(h)) ] / 2
    tone       = [ y(g, t(g)) - y(g, t(h)) + y(h, t(g)) - y(h, t(h)) ] / 2

They add up to the total exactly, person by person. The twofold Oaxaca-Blinder decomposition has the same formula.

Source: Shapley, Contributions to the Theory of Games II (1953); Shorrocks, Journal of Economic Inequality 11 (2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.paired import FLIPS, paired_table
from facefair_lib.fairness.subjects import contrasts

COMPONENTS = ("total", "morphology", "tone")


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The gap of every pair of groups and its two parts, person by person.

    Parameters
    ----------
    values : (S, P, 3) float64, person x pair of groups x ``COMPONENTS``; total = morphology + tone
    names : P * 3 rows with the columns contrast and component
    """

    values: np.ndarray
    names: pd.DataFrame

    @property
    def differences(self) -> np.ndarray:
        """(S, P * 3), in the order of ``names``."""
        return self.values.reshape(len(self.values), -1)


def shapley(scores: np.ndarray, typical_tone: Sequence[int], order: Sequence[str]) -> Decomposition:
    """Split each pair's gap into morphology and tone.

    Parameters
    ----------
    scores : (S, G, T) score of each base identity as each group in each tone; NaN = not rendered or no score
    typical_tone : (G,) position of each group's own tone on the last axis
    order : (G,) names of the groups

    Returns
    -------
    Decomposition; a person who lacks one of the four scores of a pair has NaN in all three components of that pair

    Raises
    ------
    InputError
        if shapes do not match or a tone does not exist
    """
    scores = np.asarray(scores, float)
    if scores.ndim != 3 or len(order) != scores.shape[1] or len(typical_tone) != len(order):
        raise InputError(
            "decomposition",
            found=f"scores of shape {scores.shape}, {len(order)} groups, {len(typical_tone)} typical tones",
            expected="shape (subjects, groups, tones), one name and one typical tone per group",
            do="arrange the scores with fairness.subjects.subject_array",
        )
    if min(typical_tone) < 0 or max(typical_tone) >= scores.shape[2]:
        raise InputError(
            "decomposition",
            found=f"typical tones {list(typical_tone)} of {scores.shape[2]} tones",
            expected=f"positions from 0 to {scores.shape[2] - 1}",
            do="give each group's position on the axis of tones",
        )
    values, names = [], []
    for contrast, g, h in contrasts(order):
        own, other = typical_tone[g], typical_tone[h]
        gg, hg, gh, hh = scores[:, g, own], scores[:, h, own], scores[:, g, other], scores[:, h, other]  # (S,)
        morphology, tone = (gg - hg + gh - hh) / 2, (gg - gh + hg - hh) / 2
        values.append(np.stack([morphology + tone, morphology, tone], -1))
        names += [(contrast, component) for component in COMPONENTS]
    return Decomposition(np.stack(values, 1), pd.DataFrame(names, columns=["contrast", "component"]))


def effects_table(decomposition: Decomposition, *, permutations: int = FLIPS, seed: int = 0) -> pd.DataFrame:
    """Describe every component of every pair: contrast, component, then `paired_table`'s columns.

    p values are adjusted within two families: the totals, which say whether groups differ, and their parts, which say
    where a difference comes from. The number of tests of one question does not weaken the other.
    """
    differences, names = decomposition.differences, decomposition.names
    total = (names["component"] == "total").to_numpy()
    families = [
        paired_table(differences[:, rows], names[rows], permutations=permutations, seed=seed)
        for rows in (total, ~total)
    ]
    tables = pd.concat(families, ignore_index=True)
    return names.merge(tables, on=list(names), how="left", validate="1:1")
