"""Laying out the examples of the two models for a figure: one row per picture, both scores beside it."""

from __future__ import annotations

import pandas as pd

from facefair_lib.titles import title


def example_pictures(examples: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row per picture to show.

    Parameters
    ----------
    examples : ``examples_table``
    scores : ``image_table``, which has every model's score of every image

    Returns
    -------
    rank (with the model whose rank it is), row, image_id and ``<model>_iou``; a picture that two models share stands twice
    """
    wide = scores.pivot(index="image_id", columns="model", values="image_iou").add_suffix("_iou")
    chosen = examples.drop_duplicates(["rank", "image_id", "model"])
    apart = chosen["rank"] == "largest_difference"
    chosen = pd.concat([chosen[~apart], chosen[apart].drop_duplicates("image_id").assign(model="")])
    whose = chosen["model"].map(lambda model: title(model) if model else "")
    ranks = (chosen["rank"] + " " + whose).str.strip()
    return chosen.assign(rank=ranks).join(wide, on="image_id").reset_index(drop=True)
