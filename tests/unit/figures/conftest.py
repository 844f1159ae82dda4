"""Tables of the reference study with the cases that figures must show, and a reader of what a figure shows."""

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from facefair_lib.settings import labels

SIDE = 24


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def images(random):
    return random.integers(0, 256, (9, SIDE, SIDE, 3), np.uint8)


@pytest.fixture
def masks(random):
    return random.integers(0, labels.NUM_CLASSES, (9, SIDE, SIDE), np.uint8)


@pytest.fixture
def people(reference_table):
    """Nine people, listed against the order of the figure."""
    return reference_table("05_ethnicity_emotion_experiment/nine")[::-1].reset_index(drop=True)


@pytest.fixture
def history(reference_table):
    return reference_table("02_train_deeplabv3/history")


@pytest.fixture
def classes(reference_table):
    """Both models on every class; teeth occur in no image."""
    table = reference_table("04_metric_analysis/classes")
    table.loc[table["class"] == "teeth", ["value", "low", "high", "n_images"]] = [np.nan, np.nan, np.nan, 0]
    return table


@pytest.fixture
def differences(reference_table):
    return reference_table("04_metric_analysis/differences")


@pytest.fixture
def cells(reference_table):
    """Three people in black / angry, none in caucasian / happy."""
    table = reference_table("05_ethnicity_emotion_experiment/cells").set_index(["group", "emotion"])
    table.loc[("black", "angry"), ["n_images", "n_subjects"]] = 3
    table.loc[("caucasian", "happy"), ["value", "n_images", "n_subjects"]] = [np.nan, 0, 0]
    return table.reset_index()


@pytest.fixture
def groups(reference_table):
    return reference_table("05_ethnicity_emotion_experiment/groups")


@pytest.fixture
def shares(reference_table):
    """Listed against the order of the figure."""
    return reference_table("01_data_preparation/class_shares")[::-1]


@pytest.fixture
def flow(reference_table):
    return reference_table("01_data_preparation/flow")


def shown_texts(figure: Figure) -> list[Text]:
    """Every text that the figure draws: no empty ones, no tick labels beyond the ends of an axis."""
    found = [*figure.texts, *itertools.chain.from_iterable(legend.get_texts() for legend in figure.legends)]
    for axes in figure.axes:
        if axes.get_legend():
            found += axes.get_legend().get_texts()
        found += [*axes.texts, axes.title, axes._left_title, *_axis_texts(axes)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _axis_texts(axes: Axes) -> list[Text]:
    if not axes.axison:
        return []
    found = [axes.xaxis.label, axes.yaxis.label]
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        found += [
            tick.label1
            for tick in axis.get_major_ticks()
            if low <= tick.get_loc() <= high and tick.label1.get_visible()
        ]
    return found


@pytest.fixture
def assert_legible():
    """Check that nothing leaves the figure and that no two texts touch."""

    def check(figure: Figure) -> None:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        width, height = figure.get_size_inches()
        drawn = figure.get_tightbbox(renderer)  # inches
        assert min(drawn.x0, drawn.y0) > -0.01 and drawn.x1 < width + 0.01 and drawn.y1 < height + 0.01, drawn
        boxes = [(text.get_text(), text.get_window_extent(renderer).padded(-1)) for text in shown_texts(figure)]
        assert boxes
        touching = [(a, b) for (a, first), (b, second) in itertools.combinations(boxes, 2) if first.overlaps(second)]
        assert not touching, touching

    return check
