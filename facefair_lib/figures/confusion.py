"""A confusion matrix as a picture: what each true class was taken for."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from facefair_lib.figures import style
from facefair_lib.labels import CLASS_TITLES, NUM_CLASSES

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
        axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)  # the root brings small confusions out
        for row, column in np.argwhere(shares >= _PRINT_FROM):
            dark = shares[row, column] > 0.35
            text = f"{100 * shares[row, column]:.0f}" if shares[row, column] >= 0.01 else "<1"
            axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=6.5)
        places = range(NUM_CLASSES)
        axes.set_xticks(places, CLASS_TITLES, rotation=45, ha="right")
        axes.set_yticks(places, CLASS_TITLES)
        axes.set(xlabel="predicted", ylabel="true", title=title)
        axes.spines[:].set_visible(False)
    return style.describe(figure, "Confusion matrix: per cent of each true class's pixels by predicted class.")
