"""The report's table of the compared networks: costs, scores and gaps side by side."""

from __future__ import annotations

import pandas as pd

from facefair_lib import latex
from facefair_lib.latex import count, escape, estimate, fixed, percent, tabular
from facefair_lib.titles import NETWORK_TITLES, backbone_title, in_order, title


def comparison(rows: pd.DataFrame) -> str:
    """One row per network: what it costs, what it reaches, and how far its groups lie apart.

    Parameters
    ----------
    rows : ``comparison.csv``
    """
    order = in_order(rows["model"], NETWORK_TITLES)
    ranked = rows.sort_values("model", key=lambda models: models.map(order.index), kind="stable")
    body = []
    for row in ranked.to_dict("records"):
        costs = [
            fixed(row["parameters"] / 1e6),
            fixed(row["flops"] / 1e9),
            fixed(row["peak_bytes"] / 1e6, 0),
            fixed(row["images_per_second"]),
            latex.duration(row["seconds"]),
        ]
        scores = [estimate(row[key], row[f"{key}_low"], row[f"{key}_high"]) for key in ("iou", "f1")]
        gap = [percent(row["gap"]), percent(row["expected_by_chance"]), latex.p_value(row["p_value"])]
        sizes = [count(row[column]) for column in ("n_images", "n_subjects")]
        name = [title(row["model"]), escape(backbone_title(row["backbone"]))]
        body.append([*name, *costs, *scores, *gap, *sizes])
    heads = ["Network", "Backbone", "Par.\\,(M)", "GFLOP", "MB", "Img/s", "Training"]
    heads += ["IoU", "F1", "Gap", "Chance", "$p$", "Images", "People"]
    return tabular("llrrrrrccrrrrr", [heads], [body])
