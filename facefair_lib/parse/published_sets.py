"""Compares parsed pictures of published data sets with the sets' own masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.readers.opening import open_reader
from facefair_lib.parse.parser import Parser
from facefair_lib.scores.confusion import confusion_counts, merge_counts
from facefair_lib.scores.metrics import f1_per_class, precision_per_class, recall_per_class
from facefair_lib.settings.labels import SCORED_CLASSES, merge_lookup


def scores_by_class(parser: Parser, source: str, folder: Path | str, faces: str = "one") -> pd.DataFrame:
    """Scores of every class that a data set labels, from the pixels of all its pictures together, at their own size.

    Parameters
    ----------
    source : a data set with masks, as `facefair datasets` names it
    folder : the data set's folder
    faces : see ``Parser.parse``

    Returns
    -------
    a row per class of ``SCORED_CLASSES[source]``, without the background: ``f1``, ``precision``, ``recall``; the number
    of pictures in ``attrs["pictures"]``

    Raises
    ------
    InputError
        if the folder is not that of the set, or a picture cannot be read
    """
    names, lookup = merge_lookup(SCORED_CLASSES[source])
    reader = open_reader(source, folder)
    counts = np.zeros((len(lookup), len(lookup)), np.int64)
    rows = reader.read().to_dict("records")
    for row in rows:
        image, mask = reader.pair(row)
        counts += confusion_counts(mask[None], parser.parse(image, faces).mask[None])[0]
    merged = merge_counts(counts, lookup)
    metrics = {"f1": f1_per_class, "precision": precision_per_class, "recall": recall_per_class}
    scores = pd.DataFrame({name: metric(merged) for name, metric in metrics.items()}, names)[1:]
    scores.attrs["pictures"] = len(rows)
    return scores
