"""The common style of all figures: sizes, type, colours and mask legend, and how figures are saved.

Figures are made without pyplot, so drawing them changes no global state and needs no display. The typeface ships with
matplotlib, so a figure is the same file on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib import style as mpl_style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.patches import Patch

from facefair_lib.errors import InputError
from facefair_lib.scores import titles
from facefair_lib.settings import labels
from facefair_lib.store.results import replacing

COLUMN_WIDTH = 3.5
"""Width of one IEEE text column, inches."""
PAGE_WIDTH = 7.16
"""Width of both IEEE text columns, inches."""
TEXT_SIZE, SMALL_SIZE = 8.0, 7.0  # points
PIXELS_PER_INCH = 300

INK, GREY, PALE = "#1a1a1a", "#6b6b6b", "#e9e9e9"
SMALL_CELL = "#dcdcdc"
"""Fill of a cell with too few people for a comparison."""

# Okabe and Ito's colour-blind-safe palette; models also differ in marker.
MODEL_COLOURS: Mapping[str, str] = MappingProxyType({"deeplabv3": "#0072b2", "pspnet": "#d55e00"})
MODEL_MARKERS: Mapping[str, str] = MappingProxyType({"deeplabv3": "o", "pspnet": "s"})
GROUP_COLOURS: Mapping[str, str] = MappingProxyType({"asian": "#009e73", "black": "#cc79a7", "caucasian": "#e69f00"})
SPLIT_COLOURS: Mapping[str, str] = MappingProxyType({"train": "#4c6a92", "validation": "#d98c3f", "test": "#7a9e6b"})

MASK_NORM = BoundaryNorm(np.arange(labels.NUM_CLASSES + 1) - 0.5, labels.NUM_CLASSES)
"""The norm of every mask that is drawn: class index k takes colour k, whichever classes the picture contains."""

SWATCHES: Mapping[str, float] = MappingProxyType(
    {"handlelength": 1.0, "handleheight": 1.0, "columnspacing": 1.1, "handletextpad": 0.45, "labelspacing": 0.35}
)
"""Legend settings for colour swatches."""

_LOOK = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": TEXT_SIZE,
    "axes.titlesize": TEXT_SIZE,
    "axes.titleweight": "bold",
    "axes.labelsize": TEXT_SIZE,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "legend.fontsize": SMALL_SIZE,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.4,
    "figure.dpi": 150,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.045,
    "pdf.fonttype": 42,  # TrueType: publishers refuse Type 3 fonts
    "pdf.compression": 6,
    "savefig.facecolor": "white",
}


class PaperFigure(Figure):
    """A figure that notebooks display without pyplot."""

    def _repr_png_(self) -> bytes:
        return _rendered(self, "png", {"Software": None})


@contextmanager
def look() -> Iterator[None]:
    """Draw with the common style; the caller's settings are restored afterwards."""
    with mpl_style.context(["default", _LOOK]):  # "default" first: a user's matplotlibrc must not change a byte
        yield


def new_figure(width: float, height: float, *, constrained: bool = True) -> PaperFigure:
    """Make an empty figure of ``width`` by ``height`` inches; call it inside ``look()``."""
    return PaperFigure(figsize=(width, height), layout="constrained" if constrained else None)


def canvas(width: float, height: float) -> tuple[PaperFigure, Axes]:
    """Make a figure with one invisible axes whose data units are inches; call it inside ``look()``."""
    figure = new_figure(width, height, constrained=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return figure, axes


def describe(figure: Figure, text: str) -> Figure:
    """Give a figure its one-sentence description: it is saved with the figure and read out by screen readers."""
    figure.set_label(" ".join(text.split()))
    return figure


def save(figure: Figure, folder: Path | str, stem: str) -> Path:
    """Save ``stem.pdf`` and ``stem.png``; equal figures give equal bytes.

    Parameters
    ----------
    figure : a figure with a description (``describe``)
    folder : created if it is missing
    stem : file name without extension, such as ``fig4_deeplabv3_metrics``

    Returns
    -------
    Path
        the PNG, which a notebook shows; the PDF is next to it

    Raises
    ------
    InputError
        if the figure has no description, or if the stem is not a plain file name
    """
    text = figure.get_label()
    if not text:
        raise InputError(
            f"figure {stem!r}", found="no description", expected="one sentence", do="call style.describe(figure, text)"
        )
    if not stem or Path(stem).name != stem or Path(stem).suffix in {".png", ".pdf"}:
        raise InputError(
            f"figure stem {stem!r}",
            found="a path or an extension",
            expected="a plain name such as 'fig1_deeplabv3_architecture'",
            do="give the folder separately and leave out the extension",
        )
    folder = Path(folder)
    # Fixed entries only: dates and library versions would change the bytes of an unchanged figure.
    notes = {"Creator": "facefair", "Producer": None, "CreationDate": None, "Title": stem, "Subject": text}
    contents = {
        "pdf": _rendered(figure, "pdf", notes),
        "png": _rendered(figure, "png", {"Software": None, "Title": stem, "Description": text}),
    }
    for kind, content in contents.items():
        with replacing(folder / f"{stem}.{kind}") as temporary:
            temporary.write_bytes(content)
    return folder / f"{stem}.png"


def _rendered(figure: Figure, kind: str, metadata: Mapping[str, str | None]) -> bytes:
    buffer = BytesIO()
    with look():
        _settle(figure)
        figure.savefig(buffer, format=kind, dpi=PIXELS_PER_INCH, metadata=dict(metadata))
    return buffer.getvalue()


def _settle(figure: Figure) -> None:
    """Run the layout engine once and then freeze the layout.

    Constrained layout starts from the positions of the previous draw and from the text sizes of the file format. A
    second draw, or the PNG after the PDF, would otherwise differ by some hundredths of a point.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        for _ in range(3):  # ticks depend on the panels' sizes, which depend on the ticks
            engine.execute(figure)
        figure.set_layout_engine("none")


def mask_colours(palette: str = "paper") -> ListedColormap:
    """Make the colour map of a palette in ``labels.PALETTES``; ignored pixels look as in ``labels.encode``."""
    ignored = labels.encode(np.array([[labels.IGNORE_INDEX]], np.uint8), palette)[0, 0] / 255
    colours = ListedColormap(labels.PALETTES[palette] / 255, name=f"facefair_{palette}")
    return colours.with_extremes(over=ignored, under=ignored)


def mask_handles(palette: str = "paper", *, ignored: bool = False) -> list[Patch]:
    """Make one legend swatch per class, in class order, and, if asked, one for ignored pixels."""
    entries = [*zip(labels.PALETTES[palette] / 255, labels.CLASS_TITLES, strict=True)]
    if ignored:
        entries.append((mask_colours(palette).get_over()[:3], "Ignored"))
    return [Patch(facecolor=rgb, edgecolor=GREY, linewidth=0.4, label=title) for rgb, title in entries]


def mask_legend(target: Figure | SubFigure | Axes, palette: str = "paper", **options: object) -> Legend:
    """Add a legend of the mask colours, with all classes in class order row by row.

    Parameters
    ----------
    target : the figure, subfigure or axes that gets the legend
    palette : a name in ``labels.PALETTES``
    options : passed to ``legend``, such as ``ncols`` or ``loc``
    """
    settings = {**SWATCHES, **options}
    return target.legend(handles=by_rows(mask_handles(palette), int(settings.get("ncols", 1))), **settings)


def by_rows(handles: Sequence[Artist], columns: int) -> list[Artist]:
    """Reorder legend handles so that they read row by row; matplotlib fills a legend column by column."""
    return [handle for column in range(columns) for handle in handles[column::columns]]


def require_columns(table: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Raise ``InputError`` if a table is empty or lacks a column that a figure reads."""
    missing = [column for column in columns if column not in table.columns]
    if missing or table.empty:
        raise InputError(
            name,
            found=f"{len(table)} rows with the columns {', '.join(map(str, table.columns)) or '(none)'}",
            expected=f"at least one row with the columns {', '.join(columns)}",
            do=f"add {', '.join(missing)}" if missing else "run the stage that writes this table",
        )


def rows_of(table: pd.DataFrame, metric: str, name: str) -> pd.DataFrame:
    """Select the rows of one metric; raise ``InputError`` if there are none."""
    require_columns(table, ("metric",), name)
    rows = table[table["metric"] == metric]
    if rows.empty:
        raise InputError(
            name,
            found=f"the metrics {', '.join(sorted(set(table['metric'])))}",
            expected=f"rows of the metric {metric!r}",
            do="choose one of the metrics of the table",
        )
    return rows


def title_of(key: str, known: Mapping[str, str], what: str) -> str:
    """Look up a display title; the ``InputError`` for an unknown key lists the known ones."""
    if key not in known:
        raise InputError(
            f"{what} {key!r}", found="no such name", expected=f"one of {', '.join(known)}", do="check the spelling"
        )
    return known[key]


def models_in(table: pd.DataFrame) -> list[str]:
    """List a table's models in the order of all figures; raise ``InputError`` for a model that has no colour."""
    models = titles.in_order(table["model"], titles.MODEL_TITLES)
    for model in models:
        title_of(model, titles.MODEL_TITLES, "model")
    return models
