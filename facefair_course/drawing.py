"""The lessons' own figures: few marks, large type, a description with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from facefair_lib.figures import style
from facefair_lib.figures.pictures import Picture, picture_rows

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#6b6b6b")


def as_picture(values: np.ndarray, *, signed: bool = False) -> np.ndarray:
    """Show numbers as greys: (H, W) -> (H, W, 3) uint8.

    Parameters
    ----------
    signed : whether 0 is middle grey; otherwise the smallest value is black and the largest white
    """
    values = np.asarray(values, float)
    low, high = (-np.abs(values).max(), np.abs(values).max()) if signed else (values.min(), values.max())
    grey = (values - low) / max(high - low, 1e-12)
    return np.rint(255 * grey).astype(np.uint8)[..., None].repeat(3, -1)


def enlarged(picture: np.ndarray, size: int) -> np.ndarray:
    """Bring a square picture or mask to ``size`` pixels by repeating pixels, so that single pixels can be seen."""
    place = np.arange(size) * picture.shape[0] // size
    return np.ascontiguousarray(picture[place][:, place])


def numbers(image: np.ndarray, mask: np.ndarray) -> Figure:
    """A small part of a picture beside its mask, with the class number written on every pixel."""
    import seaborn

    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, style.PAGE_WIDTH / 2)
        left, right = figure.subplots(1, 2)
        left.imshow(image, interpolation="nearest")
        seaborn.heatmap(
            mask, cmap=style.mask_colours(), norm=style.MASK_NORM, annot=True, fmt="d", annot_kws={"fontsize": 7},
            square=True, cbar=False, ax=right,
        )  # fmt: skip
        for axes, title in ((left, "Picture: three numbers per pixel"), (right, "Mask: one number per pixel")):
            axes.set(xticks=[], yticks=[], title=title)
    text = f"A part of a picture, {mask.shape[0]} by {mask.shape[1]} pixels, and its mask with a class number on each."
    return style.describe(figure, text)


def taps_on_picture(image: np.ndarray, rates: Sequence[int], place: tuple[int, int]) -> Figure:
    """Where the nine taps of a 3 × 3 kernel land on a picture at each rate, all centred on one place."""
    with style.look():
        figure = style.new_figure(style.PAGE_WIDTH, style.PAGE_WIDTH / len(rates) + 0.2)
        for axes, rate in zip(np.ravel(figure.subplots(1, len(rates))), rates, strict=True):
            axes.imshow(image)
            steps = np.array([-rate, 0, rate])
            rows, columns = (grid.ravel() for grid in np.meshgrid(place[0] + steps, place[1] + steps, indexing="ij"))
            axes.scatter(columns, rows, s=11, marker="s", facecolor="#ffd400", edgecolor="black", linewidth=0.6)
            axes.set(xticks=[], yticks=[], title=f"Rate {rate}")
            axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    return style.describe(figure, f"Nine taps drawn on a face at the rates {', '.join(map(str, rates))}: ever wider.")


def lines(
    table: pd.DataFrame, x: str, y: str, by: str, *, labels: tuple[str, str], title: str = "", log_x: bool = False
) -> Figure:
    """Lines over a table's column ``x``, one for each value of the column ``by``.

    Parameters
    ----------
    labels : of the x and the y axis
    """
    import seaborn

    table = table.astype({by: str})
    names = list(dict.fromkeys(table[by]))
    markers = len(table) < 15 * len(names) and list("osD^v"[: len(names)])
    with style.look():
        figure = style.new_figure(0.8 * style.PAGE_WIDTH, 2.6)
        axes = figure.subplots()
        look = {"hue": by, "style": by, "palette": COLOURS[: len(names)], "markers": markers, "markersize": 5}
        seaborn.lineplot(table, x=x, y=y, errorbar=None, **look, ax=axes)
        axes.set(xlabel=labels[0], ylabel=labels[1], title=title)
        if log_x:
            axes.set_xscale("log", base=2)
            axes.set_xticks(sorted(set(table[x])), [f"{value:g}" for value in sorted(set(table[x]))])
        axes.yaxis.grid(True)
        figure.legend(loc="outside right upper", title=by)
        axes.get_legend().remove()
    text = f"{title or labels[1]}: one line for each of {', '.join(names)}, over {labels[0]}."
    return style.describe(figure, text)


def bars(table: pd.DataFrame, *, label: str, title: str = "") -> Figure:
    """Horizontal bars: one row per index entry, one bar per column."""
    import seaborn

    with style.look():
        figure = style.new_figure(0.8 * style.PAGE_WIDTH, 0.6 + 0.095 * len(table) * (len(table.columns) + 1))
        axes = figure.subplots()
        rows = table.rename_axis("row").reset_index().melt("row", var_name="column")
        look = {"palette": COLOURS[: len(table.columns)], "saturation": 1, "legend": len(table.columns) > 1}
        seaborn.barplot(rows, x="value", y="row", hue="column", orient="h", errorbar=None, **look, ax=axes)
        axes.set(xlabel=label, ylabel="", title=title)
        axes.xaxis.grid(True)
        if axes.get_legend():
            figure.legend(loc="outside right upper")
            axes.get_legend().remove()
    text = f"{title or label}: bars for {', '.join(map(str, table.index))}."
    return style.describe(figure, text)


def histogram(values: np.ndarray, *, label: str, title: str, mark: float | None = None, mark_label: str = "") -> Figure:
    """A histogram of values that chance gives, and a line at the observed one."""
    import seaborn

    with style.look():
        figure = style.new_figure(0.7 * style.PAGE_WIDTH, 2.3)
        axes = figure.subplots()
        seaborn.histplot(values, bins=40, color=COLOURS[0], alpha=1, edgecolor="white", linewidth=0.3, ax=axes)
        if mark is not None:
            axes.axvline(mark, color=COLOURS[1], linewidth=2, linestyle="--", label=mark_label or "observed")
            axes.legend(loc="upper right")
        axes.set(xlabel=label, ylabel="how often", title=title, yticks=[])
    where = f"; {mark_label or 'observed'} at {mark:.3g}" if mark is not None else ""
    return style.describe(figure, f"{title}: a histogram of {label}{where}.")


def compare(
    images: np.ndarray, masks: np.ndarray, found: Mapping[str, np.ndarray], shown: Sequence[int], *, title: str = ""
) -> Figure:
    """Some pictures beside their true masks and the masks of several answers.

    Parameters
    ----------
    found : title of an answer -> (N, H, W) uint8 masks
    shown : which of the pictures to draw, one row each
    """
    rows = [
        [Picture(images[i]), Picture(masks[i], "mask"), *(Picture(answer[i], "mask") for answer in found.values())]
        for i in shown
    ]
    width = min(style.PAGE_WIDTH, 1.7 * (len(found) + 2))
    figure = picture_rows(rows, column_titles=("Picture", "Truth", *found), title=title, width=width)
    return style.describe(figure, f"{len(shown)} pictures with the true mask and the masks of: {', '.join(found)}.")


def with_box(image: np.ndarray, place: tuple[int, int], side: int) -> Figure:
    """A picture with a square drawn around a place."""
    with style.look():
        figure = style.new_figure(2.4, 2.4)
        axes = figure.subplots()
        axes.imshow(image)
        corner = (place[1] - side / 2 - 0.5, place[0] - side / 2 - 0.5)
        axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="#ffd400", linewidth=2))
        axes.set(xticks=[], yticks=[])
    return style.describe(figure, "A face with a square around the patch that was shown alone before.")
