"""What a handful of pictures can show: simulations of the 3 x 3 experiment under pure chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.power import detectable_unpaired
from facefair_lib.scores.metrics import image_scores

REPLICATES = 20_000


def spread_of_pictures(counts_by_model: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Standard deviation of the image IoU of single pictures, and its mean; each averaged over models.

    Parameters
    ----------
    counts_by_model : model -> (N, 11, 11) counts of the test pictures
    """
    scores = [image_scores(counts)["image_iou"] for counts in counts_by_model.values()]  # (N,) each
    return float(np.mean([np.nanstd(part, ddof=1) for part in scores])), float(np.nanmean(scores))


def best_minus_worst(spread: float, cells: int, *, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    """Best minus worst of equally good cells with one picture each: (replicates,) in the unit of ``spread``.

    Parameters
    ----------
    spread : standard deviation of the score of one picture
    cells : number of cells
    """
    _check(spread, cells)
    scores = np.random.default_rng(seed).normal(0, spread, (replicates, cells))
    return np.ptp(scores, axis=1)


def imaginary_experiments(
    spread: float, mean: float, shape: tuple[int, int], number: int, *, seed: int = 0
) -> np.ndarray:
    """Scores of experiments with one picture per cell and no difference between cells: ``(number, *shape)``.

    Parameters
    ----------
    spread : standard deviation of the score of one picture
    mean : true score of every cell
    shape : numbers of groups and emotions
    number : of experiments
    """
    _check(spread, number)
    return np.random.default_rng(seed).normal(mean, spread, (number, *shape))


def right_ranking(
    gaps: Sequence[float],
    spread: float,
    per_group: int,
    groups: int = 3,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """How often the pictures rank equally spaced groups in their true order.

    Parameters
    ----------
    gaps : true differences between best and worst group, one simulation each
    spread : standard deviation of the score of one picture
    per_group : pictures per group
    groups : number of groups

    Returns
    -------
    columns gap, whole_order, best_group (shares of the simulated experiments that get it right)
    """
    _check(spread, per_group)
    noise = np.random.default_rng(seed).normal(0, spread / np.sqrt(per_group), (replicates, groups))
    rows = []
    for gap in gaps:
        order = np.argsort(noise + np.linspace(0, gap, groups), axis=1)  # (replicates, groups)
        whole = (order == np.arange(groups)).all(1).mean()
        rows.append({"gap": gap, "whole_order": float(whole), "best_group": float((order[:, -1] == groups - 1).mean())})
    return pd.DataFrame(rows)


def smallest_p_value(per_group: int) -> float:
    """Smallest two-sided p value of an exact permutation test between two groups of ``per_group`` pictures."""
    return 2 / math.comb(2 * per_group, per_group)


def nine_photos(spread: float, *, seed: int = 0) -> pd.DataFrame:
    """The 3 x 3 experiment in numbers: columns measure, value.

    ``noise_range`` is the mean of best minus worst cell if all cells are equal and ``noise_range_high`` its 95th
    percentile, ``right_order`` how often equal groups come out in one given order, ``smallest_p`` the smallest p value
    that two groups can reach, however far apart, ``detectable_gap`` the smallest gap found with power 0.8.
    """
    ranges = best_minus_worst(spread, 9, seed=seed)
    rows = {
        "per_group": 3,
        "spread": spread,
        "noise_range": ranges.mean(),
        "noise_range_high": np.quantile(ranges, 0.95),
        "right_order": right_ranking([0.0], spread, 3, seed=seed)["whole_order"].item(),
        "smallest_p": smallest_p_value(3),
        "detectable_gap": detectable_unpaired(spread, 3),
    }
    return pd.DataFrame({"measure": list(rows), "value": [float(value) for value in rows.values()]})


def _check(spread: float, number: int) -> None:
    if not spread > 0 or number < 1:
        raise InputError(
            "simulation", found=f"spread {spread}, {number} pictures", expected="both above 0", do="correct them"
        )


def detectable_table(spread: float, sizes: Sequence[int]) -> pd.DataFrame:
    """The smallest gap found with power 0.8 for each number of pictures per group: columns per_group, gap."""
    return pd.DataFrame({"per_group": list(sizes), "gap": [detectable_unpaired(spread, size) for size in sizes]})
