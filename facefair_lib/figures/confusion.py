"""A confusion matrix as a picture: what each true class was taken for."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from facefair_lib.figures import style
from facefair_lib.figures.heat_map import draw_heat_map
from facefair_lib.settings.labels import CLASS_TITLES, NUM_CLASSES

_PRINT_FROM = 0.005  # smaller shares are left blank: eleven squared numbers are too many to read


def confusion_matrix(counts: np.ndarray, title: str = "") -> Figure:
    """Draw pooled confusion counts as shares of each row.

    Parameters
    ----------
    counts : (11, 11) int, rows = target; a class without pixels stays blank

    Raises
    ------
    ValueError
        if the counts have another shape
    """
    if counts.shape != (NUM_CLASSES, NUM_CLASSES):
        raise ValueError(f"confusion counts have shape {counts.shape}; expected {(NUM_CLASSES, NUM_CLASSES)}")
    total = counts.sum(1, keepdims=True)
    shares = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    with style.look():
        figure = style.new_figure(4.6, 4.2)
        axes = figure.subplots()
        texts = np.vectorize(_percent)(np.nan_to_num(shares))
        roots = np.sqrt(shares)  # which brings small confusions out
        draw_heat_map(axes, roots, texts, (CLASS_TITLES, CLASS_TITLES), ("Blues", Normalize(0, 1)), fontsize=6.5)
        axes.set_aspect("equal")
        axes.tick_params(axis="x", labelrotation=45, labelrotation_mode="xtick")
        axes.set(xlabel="predicted", ylabel="true", title=title)
    return style.describe(figure, "Confusion matrix: per cent of each true class's pixels by predicted class.")


def _percent(share: float) -> str:
    return "" if share < _PRINT_FROM else f"{100 * share:.0f}" if share >= 0.01 else "<1"
