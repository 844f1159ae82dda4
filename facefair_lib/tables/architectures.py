"""The table of notebook 09: what each network costs, how well it segments, and how large its gap between groups is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.fairness.families import holm
from facefair_lib.scores.metrics import ESTIMANDS
from facefair_lib.scores.resampling import REPLICATES, subject_bootstrap
from facefair_lib.tables.checks import CountsByModel, check_tables, interval_bounds
from facefair_lib.tables.performance import summary_table

GAP_COLUMNS = ["metric", "gap", "expected_by_chance", "low", "high", "p_value", "best", "worst"]
COMPARISON_COLUMNS = [
    *("network", "model", "backbone", "fine_maps", "weights", "epochs", "best_epoch", "learning_rate"),
    *("parameters", "flops", "peak_bytes", "size", "views", "device"),
    *("iou", "iou_low", "iou_high", "f1", "f1_low", "f1_high", "behind", "behind_low", "behind_high", "front"),
    *("gap_metric", "gap", "expected_by_chance", "gap_low", "gap_high", "p_value", "p_adjusted", "best", "worst"),
    *("n_images", "n_subjects"),
]


def comparison_table(
    networks: pd.DataFrame,
    costs: pd.DataFrame,
    counts: CountsByModel,
    images: pd.DataFrame,
    group_gaps: pd.DataFrame,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Set the networks side by side.

    Parameters
    ----------
    networks : a row per network: network, model, backbone, fine_maps, weights, epochs, best_epoch, learning_rate
    costs : of ``architectures.cost.measure_costs``, for the same networks
    counts : network -> (N, 11, 11) integer counts on the test pictures
    images : N rows with image_id and subject_id
    group_gaps : model (the network's name) and ``GAP_COLUMNS``, a row per network, or no rows
    replicates, seed : of the bootstrap over people, the same for all networks

    Returns
    -------
    ``COMPARISON_COLUMNS``, in the order of ``networks``. ``behind`` is the best network's mean IoU minus the network's
    own, with a paired interval; ``front`` marks the Pareto front of mean IoU and operations; ``p_adjusted`` is adjusted
    for the number of networks (Holm)
    """
    scores = summary_table(counts, images, replicates=replicates, seed=seed)
    by_metric = {metric: rows.set_index("model") for metric, rows in scores.groupby("metric")}
    table = networks.merge(costs, on="network", how="left", validate="one_to_one").set_index("network")
    for metric in ("iou", "f1"):
        for column, end in (("value", ""), ("low", "_low"), ("high", "_high")):
            table[f"{metric}{end}"] = by_metric[metric][column]
    for column in ("n_images", "n_subjects"):
        table[column] = by_metric["iou"][column]
    table = table.join(behind_best(counts, images, replicates=replicates, seed=seed).set_index("network"))
    table["front"] = pareto_front(table["flops"].to_numpy(), table["iou"].to_numpy())
    names = {"metric": "gap_metric", "low": "gap_low", "high": "gap_high"}
    table = table.join(group_gaps.set_index("model")[GAP_COLUMNS].rename(columns=names))
    table["p_adjusted"] = holm(table["p_value"].to_numpy(float))
    return table.reset_index()[COMPARISON_COLUMNS]


def pareto_front(cost: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Mark the Pareto front: no other entry scores higher at no higher cost, or as high at a lower cost.

    Parameters
    ----------
    cost, score : (K,); an entry without a score is on no front

    Returns
    -------
    (K,) bool
    """
    cost, score = np.asarray(cost, float), np.asarray(score, float)
    no_costlier, no_worse = cost[:, None] <= cost, score[:, None] >= score  # (K, K): row against column
    better = no_costlier & no_worse & ((cost[:, None] < cost) | (score[:, None] > score))
    return np.isfinite(score) & ~better.any(0)


def behind_best(
    counts: CountsByModel, images: pd.DataFrame, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Compare each network with the one of the highest mean IoU, paired by replicate of the people.

    Returns
    -------
    network, behind, behind_low, behind_high: the best network's mean IoU minus this one's; 0 for itself. The best one
    is chosen on the same people, so the others look slightly further behind than they are.
    """
    check_tables(counts, images)
    bootstrap = subject_bootstrap(images["subject_id"].to_numpy(), replicates=replicates, seed=seed)
    iou = ESTIMANDS["iou"]
    value = {name: iou.function(part) for name, part in counts.items()}
    resampled = {name: iou.score(bootstrap.totals(part)) for name, part in counts.items()}  # (B,) each
    best = max(value, key=lambda name: value[name])
    rows = [
        (name, value[best] - value[name], *interval_bounds(resampled[best] - resampled[name], bootstrap.subjects()))
        for name in counts
    ]
    return pd.DataFrame(rows, columns=["network", "behind", "behind_low", "behind_high"])
